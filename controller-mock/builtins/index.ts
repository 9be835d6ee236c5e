/** All built-in kinds as a server of version 1.32 has them: names, schemas, tables and behaviour put together. */

import type { ResourceType, Subresource } from '../api/resource-type.ts';
import { CRD_BEHAVIOUR } from '../crd/crd-behaviour.ts';
import { ADMINISTRATION_BEHAVIOUR } from './behaviour/administration.ts';
import { type Behaviours, READ_AND_WRITE } from './behaviour/behaviour.ts';
import { CERTIFICATE_BEHAVIOUR } from './behaviour/certificates.ts';
import { CONFIGURATION_BEHAVIOUR } from './behaviour/configuration.ts';
import { EVENT_BEHAVIOUR } from './behaviour/events.ts';
import { IDENTITY_BEHAVIOUR } from './behaviour/identity.ts';
import { METRICS_BEHAVIOUR } from './behaviour/metrics.ts';
import { POD_BEHAVIOUR } from './behaviour/pods.ts';
import { SERVICE_BEHAVIOUR } from './behaviour/services.ts';
import { WORKLOAD_BEHAVIOUR } from './behaviour/workloads.ts';
import { ALL_VERBS, KINDS, type KindNames } from './kinds.ts';
import { messageOfKind } from './messages/index.ts';
import { normalise } from './normal-form.ts';
import { printerFor } from './printers/index.ts';
import { schemaOfKind } from './schema.ts';
import { RULES } from './validation/index.ts';
import { RuleSet } from './validation/rule.ts';

export { namespaceContents } from './behaviour/administration.ts';
export { setUsageSource, type Usage, type UsageSource } from './behaviour/metrics.ts';
export { type LogLine, type LogSource, PodLogs, podLogsOf } from './behaviour/pod-logs.ts';

const BEHAVIOUR: Behaviours = {
  ...POD_BEHAVIOUR,
  ...WORKLOAD_BEHAVIOUR,
  ...SERVICE_BEHAVIOUR,
  ...CONFIGURATION_BEHAVIOUR,
  ...ADMINISTRATION_BEHAVIOUR,
  ...EVENT_BEHAVIOUR,
  ...CERTIFICATE_BEHAVIOUR,
  ...IDENTITY_BEHAVIOUR,
  ...METRICS_BEHAVIOUR,
  'apiextensions.k8s.io/v1 CustomResourceDefinition': CRD_BEHAVIOUR,
};

const STATUS: Subresource = {
  name: 'status',
  verbs: READ_AND_WRITE,
  merge: (live, body) => ({ ...live, status: body.status }),
};

function typeOf(apiVersion: string, names: KindNames): ResourceType {
  const { kind, resource } = names;
  const [group, version] = apiVersion.includes('/') ? (apiVersion.split('/') as [string, string]) : ['', apiVersion];
  const message = messageOfKind(apiVersion, kind);
  if (!message) throw new Error(`${apiVersion} ${kind} has no message table`);
  const { subresources = [], setDefaults, validate, ...behaviour } = BEHAVIOUR[`${apiVersion} ${kind}`] ?? {};
  const rules = new RuleSet(RULES[`${apiVersion} ${kind}`] ?? []);
  const all = [...subresources];
  if (names.status && !all.some((entry) => entry.name === 'status')) all.push(STATUS);
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
    selectableFields: {},
    ...behaviour,
    setDefaults(object) {
      normalise(object, message);
      setDefaults?.(object);
    },
    validate: (object, old, context) => [
      ...rules.faults(object, old, context),
      ...(validate?.(object, old, context) ?? []),
    ],
  };
}

let types: readonly ResourceType[] | undefined;

/** Made once for a process and shared by all clusters. */
export function builtinTypes(): readonly ResourceType[] {
  types ??= Object.entries(KINDS).flatMap(([apiVersion, kinds]) => kinds.map((names) => typeOf(apiVersion, names)));
  return types;
}
