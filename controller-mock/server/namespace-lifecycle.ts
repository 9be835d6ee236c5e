/** Fills new namespaces, empties those that are being deleted, and lets them go (the namespace controller). */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import { namespaceContents } from '../builtins/index.ts';
import type { StoreChange } from '../store/store.ts';
import { type Cluster, collectionKey } from './cluster.ts';
import type { KubeObject, ResourceType } from './resource.ts';
import { ApiStatusError } from './status.ts';

const NAMESPACES = { group: '', resource: 'namespaces' };
const MANAGER = { manager: 'kube-controller-manager' };

/** Deletions done before others get their turn. */
const BATCH = 500;

export class NamespaceLifecycle {
  readonly #cluster: Cluster;
  readonly #caPem: string;
  /** Namespaces that are being deleted. */
  readonly #terminating = new Set<string>();
  #scheduled: NodeJS.Immediate | undefined;
  readonly #stopObserving: () => void;

  /** @param caPem certificate with which clients inside of the cluster check the server. */
  constructor(cluster: Cluster, caPem: string) {
    this.#cluster = cluster;
    this.#caPem = caPem;
    this.#stopObserving = cluster.store.observe((change) => this.#follow(change));
  }

  stop(): void {
    this.#stopObserving();
    clearImmediate(this.#scheduled);
  }

  #follow(change: StoreChange): void {
    const { object } = change.record;
    if (change.collection === '/namespaces') {
      const name = object.metadata.name ?? '';
      // Not at once: other observers hear of the namespace before they hear of what is in it.
      if (change.type === 'ADDED') queueMicrotask(() => this.#fill(name));
      if (change.type === 'DELETED') this.#terminating.delete(name);
      else if (object.metadata.deletionTimestamp && !this.#terminating.has(name)) {
        this.#terminating.add(name);
        this.#schedule();
      }
    } else if (
      change.type === 'DELETED' &&
      this.#terminating.size > 0 &&
      this.#terminating.has(object.metadata.namespace ?? '')
    ) {
      this.#schedule();
    }
  }

  #fill(namespace: string): void {
    const cluster = this.#cluster;
    const live = cluster.get(NAMESPACES, '', namespace);
    if (!live || live.metadata.deletionTimestamp) return;
    for (const { resource, object } of namespaceContents(namespace, this.#caPem)) {
      // A program of ours that made the namespace may have filled it already.
      if (!cluster.get(resource, namespace, object.metadata.name ?? '')) cluster.create(resource, object, MANAGER);
    }
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      for (const namespace of [...this.#terminating]) this.#empty(namespace);
    });
  }

  #empty(namespace: string): void {
    const cluster = this.#cluster;
    let deleted = 0;
    const left = new Map<ResourceType, KubeObject[]>();
    for (const type of this.#storedNamespacedTypes()) {
      for (const { object } of [...cluster.collection(type).list(namespace)]) {
        if (object.metadata.deletionTimestamp) {
          left.set(type, [...(left.get(type) ?? []), object]);
          continue;
        }
        if (deleted === BATCH) {
          this.#schedule();
          return;
        }
        deleted++;
        try {
          const options = { propagationPolicy: 'Background' as const, gracePeriodSeconds: 0 };
          const outcome = cluster.deleteObject(type, namespace, object.metadata.name ?? '', options, false);
          if (!outcome.gone) left.set(type, [...(left.get(type) ?? []), outcome.object]);
        } catch (error) {
          // Gone already, together with something that was deleted a moment ago.
          if (!(error instanceof ApiStatusError && error.code === 404)) throw error;
        }
      }
    }
    const live = cluster.get(NAMESPACES, '', namespace);
    if (!live) return;
    if (left.size > 0) {
      this.#report(live, left);
      return;
    }
    cluster.modify(
      NAMESPACES,
      '',
      namespace,
      (draft) => {
        draft.spec = { ...(draft.spec as object), finalizers: [] };
      },
      MANAGER,
    );
  }

  #report(namespace: KubeObject, left: Map<ResourceType, KubeObject[]>): void {
    const finalizers = new Map<string, number>();
    for (const objects of left.values()) {
      for (const object of objects) {
        for (const finalizer of object.metadata.finalizers ?? []) {
          finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + 1);
        }
      }
    }
    const remaining = [...left].map(
      ([type, objects]) => `${type.plural}.${type.group} has ${objects.length} resource instances`,
    );
    const waiting = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
    const now = rfc3339(this.#cluster.clock.now());
    const condition = (type: string, on: boolean, reason: string, message: string) => ({
      type,
      status: on ? 'True' : 'False',
      lastTransitionTime: now,
      reason,
      message,
    });
    const status = (namespace.status ?? {}) as { conditions?: { type: string; status: string; message: string }[] };
    const conditions = [
      condition(
        'NamespaceContentRemaining',
        true,
        'SomeResourcesRemain',
        `Some resources are remaining: ${remaining.join(', ')}`,
      ),
      waiting.length > 0
        ? condition(
            'NamespaceFinalizersRemaining',
            true,
            'SomeFinalizersRemain',
            `Some content in the namespace has finalizers remaining: ${waiting.join(', ')}`,
          )
        : condition(
            'NamespaceFinalizersRemaining',
            false,
            'ContentHasNoFinalizers',
            'All content-preserving finalizers finished',
          ),
    ];
    const same = conditions.every((entry) =>
      status.conditions?.some(
        (before) => before.type === entry.type && before.status === entry.status && before.message === entry.message,
      ),
    );
    if (same) return;
    this.#cluster.modify(
      NAMESPACES,
      '',
      namespace.metadata.name ?? '',
      (draft) => {
        draft.status = { ...(draft.status as object), phase: 'Terminating', conditions };
      },
      MANAGER,
    );
  }

  /** One type for each collection. */
  #storedNamespacedTypes(): ResourceType[] {
    const types = new Map<string, ResourceType>();
    for (const type of this.#cluster.registry.all()) {
      if (type.namespaced && !type.virtual && !types.has(collectionKey(type))) types.set(collectionKey(type), type);
    }
    return [...types.values()];
  }
}
