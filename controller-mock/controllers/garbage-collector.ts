/**
 * Deletes dependents of deleted owners, and finishes foreground and orphaning deletions: kubernetes/kubernetes,
 * pkg/controller/garbagecollector, garbagecollector.go attemptToDeleteItem, graph_builder.go processGraphChanges.
 */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { DeleteOptions } from '../api/cluster-access.ts';
import { equalJson } from '../api/json.ts';
import { apiVersionOf, type KubeObject, type OwnerReference } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { ApiStatusError } from '../api/status.ts';
import type { Cluster } from '../registry/cluster.ts';
import type { StoreChange } from '../store/store.ts';

interface Located {
  type: ResourceType;
  namespace: string;
  name: string;
  uid: string;
}

const MANAGER = { manager: 'kube-controller-manager' };
const CRDS = 'apiextensions.k8s.io/customresourcedefinitions';
const EVENTS = { group: '', resource: 'events' };
/** They are not looked at, whatever owners they name (graph_builder.go ignoredResources). */
const EVENTS_KEY = '/events';
const NO_OWNERS: readonly OwnerReference[] = [];

/** How an owner is, to a dependent of it. */
type Standing = 'solid' | 'waiting' | 'absent' | 'unknown';

const isBlocked = (uid: string, owners: readonly OwnerReference[]) =>
  owners.some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true);

/**
 * Follows every change of the store; keeps for each owner the set of its dependents. Work is queued and done after
 * the request that caused it, as the real collector runs beside the API server.
 */
export class GarbageCollector {
  readonly #cluster: Cluster;
  /** Owner uid → dependents by uid. */
  readonly #dependents = new Map<string, Map<string, Located>>();
  /** uid → owners, to take the index apart again. */
  readonly #ownersOf = new Map<string, readonly OwnerReference[]>();
  /** All objects that live, by uid. */
  readonly #alive = new Map<string, Located>();
  readonly #queue = new Map<string, Located>();
  /** Dependents of owners whose kind is not served: it may be one day. */
  readonly #unjudged = new Map<string, Located>();
  /** Dependents, and references of theirs to owners in other namespaces, that are still to be reported. */
  #reports: [Located, OwnerReference][] = [];
  #scheduled: NodeJS.Immediate | undefined;
  readonly #stopObserving: () => void;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#stopObserving = cluster.store.observe((change) => this.#follow(change));
  }

  stop(): void {
    this.#stopObserving();
    clearImmediate(this.#scheduled);
  }

  #follow(change: StoreChange): void {
    if (change.collection === EVENTS_KEY) return;
    if (change.collection === CRDS) this.#judgeAgain();
    const { object } = change.record;
    const uid = object.metadata.uid;
    if (!uid) return;
    const located = this.#locate(change.collection, object, uid);
    if (!located) return;
    const owners = object.metadata.ownerReferences ?? [];
    if (change.type === 'DELETED') {
      this.#alive.delete(uid);
      this.#unlink(uid);
      for (const dependent of this.#dependents.get(uid)?.values() ?? []) this.#enqueue(dependent);
      // An owner in foreground deletion may have waited for this one.
      for (const owner of owners) this.#enqueueOwner(owner);
      return;
    }
    if (!this.#alive.has(uid)) this.#welcome(located);
    this.#alive.set(uid, located);
    const before = this.#ownersOf.get(uid) ?? NO_OWNERS;
    if (before !== owners && !equalJson(before, owners)) {
      this.#unlink(uid);
      for (const owner of before)
        if (owner.blockOwnerDeletion && !isBlocked(owner.uid, owners)) this.#enqueueOwner(owner);
      if (owners.length > 0) this.#link(located, owners);
    }
    if (object.metadata.deletionTimestamp && object.metadata.finalizers?.length) this.#enqueue(located);
  }

  #judgeAgain(): void {
    for (const located of this.#unjudged.values()) this.#enqueue(located);
    this.#unjudged.clear();
  }

  #locate(collection: string, object: KubeObject, uid: string): Located | undefined {
    const slash = collection.indexOf('/');
    const type = this.#cluster.registry.preferred({
      group: collection.slice(0, slash),
      resource: collection.slice(slash + 1),
    });
    return type && { type, namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '', uid };
  }

  /** Some may have named it as their owner before it was there. */
  #welcome(owner: Located): void {
    for (const dependent of this.#dependents.get(owner.uid)?.values() ?? []) {
      const reference = this.#ownersOf.get(dependent.uid)?.find(({ uid }) => uid === owner.uid);
      if (reference) this.#lookAtNamespaces(owner, dependent, reference);
      this.#enqueue(dependent);
    }
  }

  #link(dependent: Located, owners: readonly OwnerReference[]): void {
    this.#ownersOf.set(dependent.uid, owners);
    for (const owner of owners) {
      const dependents = this.#dependents.get(owner.uid) ?? new Map<string, Located>();
      this.#dependents.set(owner.uid, dependents.set(dependent.uid, dependent));
      const known = this.#alive.get(owner.uid);
      if (known) this.#lookAtNamespaces(known, dependent, owner);
    }
    this.#enqueue(dependent);
  }

  /** An owner in another namespace counts for nothing, and whoever named it is told. */
  #lookAtNamespaces(owner: Located, dependent: Located, reference: OwnerReference): void {
    if (owner.namespace !== '' && owner.namespace !== dependent.namespace) this.#reports.push([dependent, reference]);
  }

  #unlink(uid: string): void {
    for (const owner of this.#ownersOf.get(uid) ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
    this.#ownersOf.delete(uid);
  }

  #enqueueOwner({ uid }: OwnerReference): void {
    const owner = this.#alive.get(uid);
    if (owner) this.#enqueue(owner);
  }

  /** Undefined for a kind that is not served in this version. */
  #typeOf(owner: OwnerReference): ResourceType | undefined {
    const slash = owner.apiVersion.indexOf('/');
    const group = slash < 0 ? '' : owner.apiVersion.slice(0, slash);
    const version = owner.apiVersion.slice(slash + 1);
    const type = this.#cluster.registry.ofKind(group, owner.kind, version);
    return type?.version === version ? type : undefined;
  }

  #enqueue(located: Located): void {
    this.#queue.set(located.uid, located);
    this.#scheduled ??= setImmediate(() => this.#work());
  }

  #work(): void {
    this.#scheduled = undefined;
    const reports = this.#reports;
    this.#reports = [];
    for (const [dependent, owner] of reports) this.#reportNamespace(dependent, owner);
    const batch = [...this.#queue.values()];
    this.#queue.clear();
    for (const located of batch) {
      try {
        this.#attend(located);
      } catch (error) {
        // Someone else was faster; the change that made it so has queued what is left to do.
        if (!(error instanceof ApiStatusError)) throw error;
      }
    }
  }

  #attend(located: Located): void {
    const { type, namespace, name, uid } = located;
    const object = this.#cluster.collection(type).get(namespace, name)?.object;
    if (!object || object.metadata.uid !== uid) return;
    const { deletionTimestamp, finalizers = [], ownerReferences = [] } = object.metadata;
    if (deletionTimestamp) {
      if (finalizers.includes('orphan')) this.#orphan(located);
      else if (finalizers.includes('foregroundDeletion')) this.#deleteBlocking(located);
      return;
    }
    if (ownerReferences.length > 0) this.#attendOwned(located, object, ownerReferences);
  }

  #attendOwned(located: Located, object: KubeObject, references: readonly OwnerReference[]): void {
    const standings = references.map((owner) => this.#standingOf(owner, located));
    // Of owners that cannot be judged nothing is known: the object stays as it is.
    if (standings.includes('unknown')) {
      this.#unjudged.set(located.uid, located);
      return;
    }
    const solid = references.filter((_, index) => standings[index] === 'solid');
    if (solid.length > 0) {
      if (solid.length < references.length) {
        this.#change(located, (draft) => {
          draft.metadata.ownerReferences = [...solid];
        });
      }
      return;
    }
    const dependents = this.#dependents.get(located.uid);
    if (standings.includes('waiting') && dependents) {
      if ([...dependents.values()].some((dependent) => this.#isInForeground(dependent))) this.#unblockOwners(located);
      this.#delete(located, 'Foreground');
      return;
    }
    const { finalizers = [] } = object.metadata;
    if (finalizers.includes('orphan')) this.#delete(located, 'Orphan');
    else this.#delete(located, finalizers.includes('foregroundDeletion') ? 'Foreground' : 'Background');
  }

  #delete(
    { type, namespace, name, uid }: Located,
    propagationPolicy: DeleteOptions['propagationPolicy'] & string,
  ): void {
    this.#cluster.deleteObject(type, namespace, name, { propagationPolicy, preconditions: { uid } }, false);
  }

  /** An owner is looked for in the namespace of its dependent, whatever else has its uid. */
  #standingOf(owner: OwnerReference, dependent: Located): Standing {
    const type = this.#typeOf(owner);
    // A namespace to look in is not known where the dependent has none.
    if (!type || (type.namespaced && !dependent.type.namespaced)) return 'unknown';
    const namespace = type.namespaced ? dependent.namespace : '';
    const object = this.#cluster.collection(type).get(namespace, owner.name)?.object;
    if (object?.metadata.uid !== owner.uid) return 'absent';
    return this.#isInForeground({ type, namespace, name: owner.name, uid: owner.uid }) ? 'waiting' : 'solid';
  }

  #isInForeground({ type, namespace, name, uid }: Located): boolean {
    const metadata = this.#cluster.collection(type).get(namespace, name)?.object.metadata;
    return (
      metadata?.uid === uid &&
      metadata.deletionTimestamp !== undefined &&
      (metadata.finalizers ?? []).includes('foregroundDeletion')
    );
  }

  /** Owners and dependents that wait for each other would wait for ever. */
  #unblockOwners(located: Located): void {
    this.#change(located, (draft) => {
      for (const owner of draft.metadata.ownerReferences ?? []) owner.blockOwnerDeletion = false;
    });
  }

  /** reportInvalidNamespaceOwnerRef */
  #reportNamespace({ type, namespace, name, uid }: Located, owner: OwnerReference): void {
    const now = this.#cluster.clock.now();
    const of = `[${owner.apiVersion}/${owner.kind}, namespace: ${namespace}, name: ${owner.name}, uid: ${owner.uid}]`;
    this.#cluster.create(EVENTS, {
      apiVersion: 'v1',
      kind: 'Event',
      // What client-go's recorder adds to a name are the nanoseconds, in hexadecimal digits.
      metadata: { name: `${name}.${BigInt(Math.round(now * 1e6)).toString(16)}`, namespace: namespace || 'default' },
      involvedObject: { apiVersion: apiVersionOf(type), kind: type.kind, name, namespace, uid },
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef ${of} does not exist in namespace ${JSON.stringify(namespace)}`,
      type: 'Warning',
      count: 1,
      firstTimestamp: rfc3339(now),
      lastTimestamp: rfc3339(now),
      source: { component: 'garbage-collector-controller' },
    });
  }

  #deleteBlocking(owner: Located): void {
    const dependents = [...(this.#dependents.get(owner.uid)?.values() ?? [])];
    let blocked = false;
    for (const dependent of dependents) {
      const references = this.#ownersOf.get(dependent.uid) ?? [];
      blocked ||= references.some((reference) => reference.uid === owner.uid && reference.blockOwnerDeletion === true);
      this.#enqueueIfAlive(dependent);
    }
    if (!blocked) this.#dropFinalizer(owner, 'foregroundDeletion');
  }

  #enqueueIfAlive(located: Located): void {
    const object = this.#cluster.collection(located.type).get(located.namespace, located.name)?.object;
    if (object && !object.metadata.deletionTimestamp) this.#enqueue(located);
  }

  #orphan(owner: Located): void {
    for (const dependent of [...(this.#dependents.get(owner.uid)?.values() ?? [])]) {
      this.#change(dependent, (draft) => {
        const left = draft.metadata.ownerReferences?.filter((reference) => reference.uid !== owner.uid) ?? [];
        if (left.length > 0) draft.metadata.ownerReferences = left;
        else delete draft.metadata.ownerReferences;
      });
    }
    this.#dropFinalizer(owner, 'orphan');
  }

  #dropFinalizer(located: Located, finalizer: string): void {
    this.#change(located, (draft) => {
      const left = draft.metadata.finalizers?.filter((entry) => entry !== finalizer) ?? [];
      if (left.length > 0) draft.metadata.finalizers = left;
      else delete draft.metadata.finalizers;
    });
  }

  #change(located: Located, change: (draft: KubeObject) => void): void {
    const resource = { group: located.type.group, resource: located.type.plural };
    this.#cluster.modify(resource, located.namespace, located.name, change, MANAGER);
  }
}
