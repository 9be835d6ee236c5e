/** What the kind CustomResourceDefinition does beyond its schema: it is accepted and established within the write. */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { RequestContext } from '../api/cluster-access.ts';
import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import type { CrdCondition, CrdSpec, CrdStatus } from './crd-types.ts';
import { definitionFaults } from './validation/definition.ts';

/** Where definitions are stored. */
export const CRDS = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };

/** Taken off when no object of the kind is left. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** Of the kind itself. */
export const CRD_BEHAVIOUR: Pick<ResourceType, 'prepareCreate' | 'prepareUpdate' | 'validate' | 'deletionFinalizer'> = {
  deletionFinalizer: CLEANUP_FINALIZER,
  prepareCreate: (crd, context) => prepare(crd, undefined, context),
  prepareUpdate: (crd, old, context) => prepare(crd, old, context),
  validate: (crd, old) => definitionFaults(crd, old),
};

function prepare(crd: KubeObject, old: KubeObject | undefined, context: RequestContext): void {
  const spec = crd.spec as CrdSpec | undefined;
  // Faults are reported by the validation that follows.
  if (!spec?.names?.plural || !spec.names.kind || !Array.isArray(spec.versions)) return;
  spec.names.singular ??= spec.names.kind.toLowerCase();
  spec.names.listKind ??= `${spec.names.kind}List`;
  (crd.spec as Record<string, unknown>).conversion ??= { strategy: 'None' };
  const before = (old?.status ?? {}) as CrdStatus;
  const clash = nameClash(crd, spec, context);
  const now = rfc3339(context.clock.now());
  const condition = (type: string, on: boolean, reason: string, message: string): CrdCondition => {
    const last = before.conditions?.find((entry) => entry.type === type);
    const status = on ? 'True' : 'False';
    return {
      type,
      status,
      lastTransitionTime: last?.status === status ? last.lastTransitionTime : now,
      reason,
      message,
    };
  };
  const established =
    !clash || before.conditions?.some((entry) => entry.type === 'Established' && entry.status === 'True');
  const storage = spec.versions.find((version) => version.storage)?.name;
  const stored = new Set(before.storedVersions ?? []);
  if (storage) stored.add(storage);
  crd.status = {
    ...before,
    conditions: [
      clash
        ? condition('NamesAccepted', false, clash.reason, clash.message)
        : condition('NamesAccepted', true, 'NoConflicts', 'no conflicts found'),
      established
        ? condition('Established', true, 'InitialNamesAccepted', 'the initial names have been accepted')
        : condition('Established', false, 'NotAccepted', 'not all names are accepted'),
      ...(before.conditions ?? []).filter((entry) => entry.type !== 'NamesAccepted' && entry.type !== 'Established'),
    ],
    acceptedNames: clash ? (before.acceptedNames ?? { plural: '', kind: '' }) : { ...spec.names },
    storedVersions: [...stored],
  };
}

/** Another definition of the same group that holds one of the names. */
function nameClash(crd: KubeObject, spec: CrdSpec, context: RequestContext) {
  const wanted = spec.names;
  for (const other of context.cluster.list(CRDS)) {
    if (other.metadata.name === crd.metadata.name || (other.spec as CrdSpec).group !== spec.group) continue;
    const taken = (other.status as CrdStatus | undefined)?.acceptedNames;
    if (!taken?.plural) continue;
    const names = new Set([taken.plural, taken.singular, ...(taken.shortNames ?? [])]);
    const kinds = new Set([taken.kind, taken.listKind]);
    const clashes: [reason: string, name: string | undefined][] = [
      ['PluralConflict', names.has(wanted.plural) ? wanted.plural : undefined],
      ['SingularConflict', names.has(wanted.singular) ? wanted.singular : undefined],
      ['ShortNamesConflict', wanted.shortNames?.find((name) => names.has(name))],
      ['KindConflict', kinds.has(wanted.kind) ? wanted.kind : undefined],
      ['ListKindConflict', kinds.has(wanted.listKind) ? wanted.listKind : undefined],
    ];
    // The API server reports the last one it finds.
    const last = clashes.findLast(([, name]) => name !== undefined);
    if (last) return { reason: last[0], message: `"${last[1]}" is already in use` };
  }
  return undefined;
}
