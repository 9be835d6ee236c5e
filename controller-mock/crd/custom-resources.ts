/** Lets CustomResourceDefinitions take effect: conditions, served kinds, removal of their objects. */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { RequestContext } from '../api/cluster-access.ts';
import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import type { Cluster } from '../registry/cluster.ts';
import type { StoreChange } from '../store/store.ts';
import { type CrdNames, type CrdSpec, typesOfCrd } from './crd-types.ts';
import { crdFaults } from './crd-validation.ts';

const CRDS = { group: 'apiextensions.k8s.io', resource: 'customresourcedefinitions' };
const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';
const MANAGER = { manager: 'kube-apiserver' };

interface Condition {
  type: string;
  status: 'True' | 'False';
  lastTransitionTime: string;
  reason: string;
  message: string;
}

interface CrdStatus {
  conditions?: Condition[];
  acceptedNames?: CrdNames;
  storedVersions?: string[];
}

/** What the kind CustomResourceDefinition does beyond its schema: it is accepted and established within the write. */
export const CRD_BEHAVIOUR: Pick<ResourceType, 'prepareCreate' | 'prepareUpdate' | 'validate' | 'deletionFinalizer'> = {
  deletionFinalizer: CLEANUP_FINALIZER,
  prepareCreate: (crd, context) => prepare(crd, undefined, context),
  prepareUpdate: (crd, old, context) => prepare(crd, old, context),
  validate: (crd, old) => crdFaults(crd, old),
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
  const condition = (type: string, on: boolean, reason: string, message: string): Condition => {
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

/** Objects deleted before others get their turn. */
const BATCH = 500;

/** Keeps the registry in step with the definitions in the store. */
export class CustomResources {
  readonly #cluster: Cluster;
  readonly #onGone: (collection: string) => void;
  /** Types each definition has brought, by its name. */
  readonly #served = new Map<string, ResourceType[]>();
  readonly #terminating = new Map<string, CrdSpec>();
  #scheduled: NodeJS.Immediate | undefined;
  readonly #stopObserving: () => void;

  /** @param onGone is told the collection whose kind is no longer served. */
  constructor(cluster: Cluster, onGone: (collection: string) => void) {
    this.#cluster = cluster;
    this.#onGone = onGone;
    this.#stopObserving = cluster.store.observe((change) => this.#follow(change));
  }

  stop(): void {
    this.#stopObserving();
    clearImmediate(this.#scheduled);
  }

  #follow(change: StoreChange): void {
    if (change.collection === `${CRDS.group}/${CRDS.resource}`) {
      const crd = change.record.object;
      const name = crd.metadata.name ?? '';
      if (change.type === 'DELETED') {
        const [gone] = this.#served.get(name) ?? [];
        this.#serve(name, []);
        this.#terminating.delete(name);
        if (gone) this.#onGone(`${gone.group}/${gone.plural}`);
        return;
      }
      const spec = crd.spec as CrdSpec;
      const status = crd.status as CrdStatus | undefined;
      const established = status?.conditions?.some((entry) => entry.type === 'Established' && entry.status === 'True');
      this.#serve(name, established ? typesOfCrd(spec) : []);
      if (crd.metadata.deletionTimestamp) {
        this.#terminating.set(name, spec);
        this.#schedule();
      }
    } else if (change.type === 'DELETED' && this.#terminating.size > 0) {
      this.#schedule();
    }
  }

  #serve(crd: string, types: ResourceType[]): void {
    const { registry } = this.#cluster;
    for (const type of this.#served.get(crd) ?? []) registry.remove(type.group, type.version, type.plural);
    for (const type of types) registry.add(type);
    if (types.length > 0) this.#served.set(crd, types);
    else this.#served.delete(crd);
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      for (const [name, spec] of [...this.#terminating]) this.#cleanUp(name, spec);
    });
  }

  #cleanUp(name: string, spec: CrdSpec): void {
    const cluster = this.#cluster;
    const type = cluster.registry.preferred({ group: spec.group, resource: spec.names.plural });
    let remaining = 0;
    if (type) {
      let deleted = 0;
      for (const { object } of [...cluster.collection(type).list()]) {
        if (object.metadata.deletionTimestamp) {
          remaining++;
          continue;
        }
        if (deleted++ === BATCH) {
          this.#schedule();
          return;
        }
        const { namespace = '', name: objectName = '' } = object.metadata;
        if (!cluster.deleteObject(type, namespace, objectName, {}, false).gone) remaining++;
      }
    }
    if (remaining > 0 || !cluster.get(CRDS, '', name)) return;
    cluster.modify(
      CRDS,
      '',
      name,
      (draft) => {
        draft.metadata.finalizers = (draft.metadata.finalizers ?? []).filter((entry) => entry !== CLEANUP_FINALIZER);
      },
      MANAGER,
    );
  }
}
