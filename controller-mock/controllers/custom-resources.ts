/** Lets CustomResourceDefinitions take effect: served kinds, and removal of their objects. */
import type { ResourceType } from '../api/resource-type.ts';
import { CLEANUP_FINALIZER, CRDS, type CrdStatus } from '../crd/crd-behaviour.ts';
import { type CrdSpec, typesOfCrd } from '../crd/crd-types.ts';
import type { Cluster } from '../registry/cluster.ts';
import type { StoreChange } from '../store/store.ts';

const MANAGER = { manager: 'kube-apiserver' };

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
