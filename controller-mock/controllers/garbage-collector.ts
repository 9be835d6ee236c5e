/** Deletes dependents of deleted owners, and finishes foreground and orphaning deletions. */

import type { KubeObject, OwnerReference } from '../api/object.ts';
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
  /** uids of all objects that live. */
  readonly #alive = new Set<string>();
  readonly #queue = new Map<string, Located>();
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
      for (const owner of owners) this.#enqueueOwner(owner, located.namespace);
      return;
    }
    this.#alive.add(uid);
    if (this.#ownersOf.get(uid) !== owners) {
      this.#unlink(uid);
      if (owners.length > 0) {
        this.#ownersOf.set(uid, owners);
        for (const owner of owners) {
          const dependents = this.#dependents.get(owner.uid) ?? new Map<string, Located>();
          this.#dependents.set(owner.uid, dependents.set(uid, located));
        }
        this.#enqueue(located);
      }
    }
    if (object.metadata.deletionTimestamp && object.metadata.finalizers?.length) this.#enqueue(located);
  }

  #locate(collection: string, object: KubeObject, uid: string): Located | undefined {
    const slash = collection.indexOf('/');
    const type = this.#cluster.registry.preferred({
      group: collection.slice(0, slash),
      resource: collection.slice(slash + 1),
    });
    return type && { type, namespace: object.metadata.namespace ?? '', name: object.metadata.name ?? '', uid };
  }

  #unlink(uid: string): void {
    for (const owner of this.#ownersOf.get(uid) ?? []) {
      const dependents = this.#dependents.get(owner.uid);
      dependents?.delete(uid);
      if (dependents?.size === 0) this.#dependents.delete(owner.uid);
    }
    this.#ownersOf.delete(uid);
  }

  #enqueueOwner(owner: OwnerReference, namespace: string): void {
    const type = this.#typeOf(owner);
    if (type) {
      this.#enqueue({ type, namespace: type.namespaced ? namespace : '', name: owner.name, uid: owner.uid });
    }
  }

  #typeOf(owner: OwnerReference): ResourceType | undefined {
    const slash = owner.apiVersion.indexOf('/');
    const group = slash < 0 ? '' : owner.apiVersion.slice(0, slash);
    return this.#cluster.registry.ofKind(group, owner.kind, owner.apiVersion.slice(slash + 1));
  }

  #enqueue(located: Located): void {
    this.#queue.set(located.uid, located);
    this.#scheduled ??= setImmediate(() => this.#work());
  }

  #work(): void {
    this.#scheduled = undefined;
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
    if (ownerReferences.length === 0) return;
    const solid = ownerReferences.filter((owner) => this.#exists(owner));
    if (solid.length === ownerReferences.length) {
      const waiting = solid.filter((owner) => this.#inForeground(owner, namespace));
      // Deleted together with an owner that goes in the foreground, once no other owner keeps it.
      if (waiting.length === solid.length) {
        this.#cluster.deleteObject(
          type,
          namespace,
          name,
          { propagationPolicy: 'Foreground', preconditions: { uid } },
          false,
        );
      }
    } else if (solid.length === 0) {
      this.#cluster.deleteObject(
        type,
        namespace,
        name,
        { propagationPolicy: 'Background', preconditions: { uid } },
        false,
      );
    } else {
      this.#change(located, (draft) => {
        draft.metadata.ownerReferences = solid;
      });
    }
  }

  /** An owner of a kind that is not served cannot be judged and counts as there. */
  #exists(owner: OwnerReference): boolean {
    return this.#alive.has(owner.uid) || !this.#typeOf(owner);
  }

  #inForeground(owner: OwnerReference, namespace: string): boolean {
    const type = this.#typeOf(owner);
    if (!type) return false;
    const object = this.#cluster.collection(type).get(type.namespaced ? namespace : '', owner.name)?.object;
    return (
      object?.metadata.uid === owner.uid &&
      !!object.metadata.deletionTimestamp &&
      (object.metadata.finalizers ?? []).includes('foregroundDeletion')
    );
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
