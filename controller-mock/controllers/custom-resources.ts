/**
 * Lets CustomResourceDefinitions take effect: served kinds, and removal of their objects (kubernetes/apiextensions-apiserver,
 * pkg/apiserver/customresource_handler.go updateCustomResourceDefinition, pkg/controller/finalizer/crd_finalizer.go).
 */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import { equalJson } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { CLEANUP_FINALIZER, CRDS } from '../crd/crd-behaviour.ts';
import { type CrdCondition, type CrdSpec, type CrdStatus, storedReader, typesOfCrd } from '../crd/crd-types.ts';
import type { Cluster } from '../registry/cluster.ts';
import type { StoreChange } from '../store/store.ts';

/** Objects deleted before others get their turn. */
const BATCH = 500;

/** Keeps the registry in step with the definitions in the store. */
export class CustomResources {
  readonly #cluster: Cluster;
  readonly #onChange: (collection: string) => void;
  /** Types each definition has brought, by its name. */
  readonly #served = new Map<string, ResourceType[]>();
  readonly #terminating = new Map<string, CrdSpec>();
  #scheduled: NodeJS.Immediate | undefined;
  readonly #stopObserving: () => void;

  /** @param onChange is told the collection whose kind is served in another way, or no longer: its watches end. */
  constructor(cluster: Cluster, onChange: (collection: string) => void) {
    this.#cluster = cluster;
    this.#onChange = onChange;
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
        this.#terminating.delete(name);
        this.#serve(name, []);
        this.#tellChange(crd.spec as CrdSpec);
        return;
      }
      const spec = crd.spec as CrdSpec;
      const status = crd.status as CrdStatus | undefined;
      const established = status?.conditions?.some((entry) => entry.type === 'Established' && entry.status === 'True');
      const isTerminating = crd.metadata.deletionTimestamp !== undefined;
      this.#serve(name, established ? typesOfCrd(spec, isTerminating) : []);
      const before = change.previous?.object.spec as CrdSpec | undefined;
      if (before && !equalJson(before, spec)) this.#change(spec, change.resourceVersion);
      if (isTerminating) {
        this.#terminating.set(name, spec);
        this.#schedule();
      }
    } else if (change.type === 'DELETED' && this.#terminating.size > 0) {
      this.#schedule();
    }
  }

  /** What is stored is defaulted and pruned whenever it is read, by the schema of now. */
  #change(spec: CrdSpec, version: number): void {
    this.#tellChange(spec);
    this.#cluster.store.collection(`${spec.group}/${spec.names.plural}`).reread(version, storedReader(spec));
  }

  #tellChange({ group, names }: CrdSpec): void {
    this.#onChange(`${group}/${names.plural}`);
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
    this.#setTerminating(name, 'True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');
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
    if (type) this.#setTerminating(name, 'False', 'InstanceDeletionCompleted', 'removed all instances');
    else this.#setTerminating(name, 'False', 'NeverEstablished', 'resource was never established');
  }

  /** Tells how far the removal is; at its end the definition goes with the same write. */
  #setTerminating(name: string, status: CrdCondition['status'], reason: string, message: string): void {
    if (!this.#cluster.get(CRDS, '', name)) return;
    this.#cluster.amend(CRDS, '', name, (live) => {
      const conditions = conditionsOf(live);
      if (conditions.some((entry) => entry.type === 'Terminating' && entry.status === status)) return {};
      const lastTransitionTime = rfc3339(this.#cluster.clock.now());
      const others = conditions.filter(({ type }) => type !== 'Terminating');
      const told = [...others, { type: 'Terminating', status, lastTransitionTime, reason, message }];
      const finalizers = live.metadata.finalizers?.filter((entry) => entry !== CLEANUP_FINALIZER) ?? [];
      return {
        status: { ...(live.status as CrdStatus), conditions: told },
        ...(status === 'False' && { metadata: { finalizers } }),
      };
    });
  }
}

const conditionsOf = ({ status }: KubeObject): CrdCondition[] => (status as CrdStatus | undefined)?.conditions ?? [];
