/** All built-in kinds as a server of version 1.32 has them: names, schemas, tables and behaviour put together. */

import type { KubeObject } from '../api/object.ts';
import type { ResourceType, Subresource, VirtualResource } from '../api/resource-type.ts';
import { invalid } from '../api/status.ts';
import { CRD_BEHAVIOUR } from '../crd/crd-behaviour.ts';
import { ADMINISTRATION_BEHAVIOUR } from './behaviour/administration.ts';
import { type Behaviours, READ_AND_WRITE } from './behaviour/behaviour.ts';
import { CERTIFICATE_BEHAVIOUR } from './behaviour/certificates.ts';
import { CONFIGURATION_BEHAVIOUR } from './behaviour/configuration.ts';
import { EVENT_BEHAVIOUR } from './behaviour/events.ts';
import { IDENTITY_BEHAVIOUR } from './behaviour/identity.ts';
import { METRICS_BEHAVIOUR } from './behaviour/metrics.ts';
import { NODE_BEHAVIOUR } from './behaviour/nodes.ts';
import { POD_BEHAVIOUR } from './behaviour/pods.ts';
import { SERVICE_BEHAVIOUR } from './behaviour/services.ts';
import { WORKLOAD_BEHAVIOUR } from './behaviour/workloads.ts';
import { ALL_VERBS, KINDS, type KindNames } from './kinds.ts';
import { messageOfKind } from './messages/index.ts';
import { normalise } from './normal-form.ts';
import { printerFor } from './printers/index.ts';
import { schemaOfKind } from './schema.ts';
import { ADVICE } from './validation/advice.ts';
import { RULES } from './validation/index.ts';
import { RuleSet } from './validation/rule.ts';

export { namespaceContents } from './behaviour/administration.ts';
export { setUsageSource, type Usage, type UsageSource } from './behaviour/metrics.ts';
export { type LogLine, type LogSource, PodLogs, podLogsOf } from './behaviour/pod-logs.ts';
export { setServiceNetwork } from './behaviour/service-addresses.ts';

const BEHAVIOUR: Behaviours = {
  ...POD_BEHAVIOUR,
  ...WORKLOAD_BEHAVIOUR,
  ...NODE_BEHAVIOUR,
  ...SERVICE_BEHAVIOUR,
  ...CONFIGURATION_BEHAVIOUR,
  ...ADMINISTRATION_BEHAVIOUR,
  ...EVENT_BEHAVIOUR,
  ...CERTIFICATE_BEHAVIOUR,
  ...IDENTITY_BEHAVIOUR,
  ...METRICS_BEHAVIOUR,
  'apiextensions.k8s.io/v1 CustomResourceDefinition': CRD_BEHAVIOUR,
};

/** Metadata may change with the status, where upstream's strategy does not keep it. */
const STATUS: Subresource = {
  name: 'status',
  verbs: READ_AND_WRITE,
  merge: (live, body) => ({ ...live, metadata: body.metadata, status: body.status }),
};

const STATUS_ALONE: Subresource = { ...STATUS, merge: (live, body) => ({ ...live, status: body.status }) };

function typeOf(apiVersion: string, names: KindNames): ResourceType {
  const { kind, resource } = names;
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  const message = messageOfKind(apiVersion, kind);
  if (!message) throw new Error(`${apiVersion} ${kind} has no message table`);
  const key = `${apiVersion} ${kind}`;
  const { subresources = [], setDefaults, validate, virtual, ...behaviour } = BEHAVIOUR[key] ?? {};
  const rules = new RuleSet(RULES[key] ?? []);
  const all = [...subresources];
  if (names.status && !all.some((entry) => entry.name === 'status'))
    all.push(names.statusAlone ? STATUS_ALONE : STATUS);
  const partRules = new Map(
    all.flatMap(({ name }) => {
      const own = RULES[`${key}/${name}`];
      return own ? [[name, new RuleSet(own)] as const] : [];
    }),
  );
  return {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    plural: resource,
    singular: names.singular ?? kind.toLowerCase(),
    shortNames: names.shortNames ?? [],
    categories: names.categories ?? [],
    namespaced: !names.cluster,
    verbs: names.verbs ?? ALL_VERBS,
    subresources: all.sort((a, b) => (a.name < b.name ? -1 : 1)),
    schema: schemaOfKind(message),
    printer: printerFor(apiVersion, kind),
    builtin: true,
    versionedUpdates: names.versionedUpdates ?? false,
    createsOnUpdate: names.createsOnUpdate ?? false,
    generation: names.generation ?? false,
    nameRule: names.nameRule ?? 'dns-subdomain',
    standardFinalizers: !names.anyFinalizer,
    selectableFields: {},
    ...behaviour,
    setDefaults(object) {
      normalise(object, message);
      setDefaults?.(object);
    },
    validate(object, old, context, subresource) {
      const own = subresource === '' ? rules : partRules.get(subresource);
      const causes = own?.faults(object, old, context) ?? [];
      if (validate) causes.push(...validate(object, old, context, subresource));
      return causes;
    },
    ...(ADVICE[key] && {
      adviceOn: (object: KubeObject, old: KubeObject | undefined, subresource: string) =>
        subresource === '' ? ADVICE[key]!(object, old) : [],
    }),
    ...(virtual && { virtual: checked(virtual, group, rules) }),
  };
}

/** What is asked and not stored must be in order as well; upstream its kind is not named. */
const checked = (virtual: VirtualResource, group: string, rules: RuleSet): VirtualResource => ({
  ...virtual,
  ...(virtual.create && {
    create(object, namespace, context) {
      const causes = rules.faults(object, undefined, context);
      if (causes.length > 0) throw invalid({ group, kind: '' }, '', causes);
      return virtual.create!(object, namespace, context);
    },
  }),
});

let types: readonly ResourceType[] | undefined;

/** Made once for a process and shared by all clusters. */
export function builtinTypes(): readonly ResourceType[] {
  types ??= Object.entries(KINDS).flatMap(([apiVersion, kinds]) => kinds.map((names) => typeOf(apiVersion, names)));
  return types;
}
