/**
 * Fills new namespaces, empties those that are being deleted, and lets them go, in the rhythm of the namespace controller
 * (kubernetes, pkg/controller/namespace): some time after each change of such a namespace it deletes what is in it, and
 * while something waits for its finalizers it comes back.
 */
import { rfc3339 } from '../../model/protocol/go-time.ts';
import type { ClockTimer } from '../../model/time/clock.ts';
import type { GroupResource, KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { ApiStatusError } from '../api/status.ts';
import type { Cluster } from '../registry/cluster.ts';
import { collectionKey } from '../registry/object-storage.ts';
import type { StoreChange } from '../store/store.ts';

const NAMESPACES = { group: '', resource: 'namespaces' };
const MANAGER = { manager: 'kube-controller-manager' };

/** Deletions done before others get their turn. */
const BATCH = 500;

/** What a real controller waits after a change of a namespace that is being deleted (namespaceDeletionGracePeriod). */
export const NAMESPACE_GRACE_MS = 5000;
/** What it waits while something has finalizers: half of its estimate of 15 s, and one second more. */
const FINALIZERS_WAIT_MS = 8000;

export interface NamespaceSettings {
  /** PEM of the authority that clients inside of the cluster trust; every namespace has a ConfigMap with it. */
  caPem: string;
  /**
   * Milliseconds of the cluster's clock from a change of a namespace that is being deleted until its content is;
   * {@link NAMESPACE_GRACE_MS} on a real cluster. With 0 content goes at once, and the namespace with the last of it.
   */
  namespaceGraceMs: number;
}

/** @param caPem of the authority that clients inside of the cluster trust */
type NamespaceContents = (namespace: string, caPem: string) => { resource: GroupResource; object: KubeObject }[];

export class NamespaceLifecycle {
  readonly #cluster: Cluster;
  readonly #settings: NamespaceSettings;
  readonly #contentsOf: NamespaceContents;
  /** Namespaces that are being deleted. */
  readonly #terminating = new Set<string>();
  /** Namespaces that are waited for, with the time at which it is their turn. */
  readonly #waiting = new Map<string, { timer: ClockTimer; dueMs: number }>();
  /** Namespaces whose turn it is. */
  readonly #due = new Set<string>();
  #scheduled: NodeJS.Immediate | undefined;
  readonly #stopObserving: () => void;

  /** @param contentsOf what a new namespace gets */
  constructor(cluster: Cluster, settings: NamespaceSettings, contentsOf: NamespaceContents) {
    this.#cluster = cluster;
    this.#settings = settings;
    this.#contentsOf = contentsOf;
    this.#stopObserving = cluster.store.observe((change) => this.#follow(change));
  }

  stop(): void {
    this.#stopObserving();
    clearImmediate(this.#scheduled);
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
  }

  #follow(change: StoreChange): void {
    const { object } = change.record;
    if (change.collection === '/namespaces') {
      const name = object.metadata.name ?? '';
      // Not at once: other observers hear of the namespace before they hear of what is in it.
      if (change.type === 'ADDED') queueMicrotask(() => this.#fill(name));
      if (change.type === 'DELETED') this.#forget(name);
      else if (object.metadata.deletionTimestamp) {
        const isNew = !this.#terminating.has(name);
        this.#terminating.add(name);
        const { namespaceGraceMs } = this.#settings;
        if (namespaceGraceMs > 0) this.#enqueue(name, namespaceGraceMs);
        else if (isNew) this.#schedule(name);
      }
    } else if (change.type === 'DELETED' && this.#settings.namespaceGraceMs === 0) {
      const namespace = object.metadata.namespace ?? '';
      if (this.#terminating.has(namespace)) this.#schedule(namespace);
    }
  }

  #forget(namespace: string): void {
    this.#terminating.delete(namespace);
    this.#due.delete(namespace);
    this.#waiting.get(namespace)?.timer.cancel();
    this.#waiting.delete(namespace);
  }

  /** The earliest turn that was asked for counts. */
  #enqueue(namespace: string, delayMs: number): void {
    const { clock } = this.#cluster;
    const dueMs = clock.now() + delayMs;
    const before = this.#waiting.get(namespace);
    if (before && before.dueMs <= dueMs) return;
    before?.timer.cancel();
    const timer = clock.setTimer(delayMs, () => {
      this.#waiting.delete(namespace);
      this.#schedule(namespace);
    });
    this.#waiting.set(namespace, { timer, dueMs });
  }

  #fill(namespace: string): void {
    const cluster = this.#cluster;
    const live = cluster.get(NAMESPACES, '', namespace);
    if (!live || live.metadata.deletionTimestamp) return;
    for (const { resource, object } of this.#contentsOf(namespace, this.#settings.caPem)) {
      // A program of ours that made the namespace may have filled it already.
      if (!cluster.get(resource, namespace, object.metadata.name ?? '')) cluster.create(resource, object, MANAGER);
    }
  }

  #schedule(namespace: string): void {
    this.#due.add(namespace);
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      const due = [...this.#due];
      this.#due.clear();
      for (const each of due) this.#empty(each);
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
          this.#schedule(namespace);
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
      if (this.#settings.namespaceGraceMs > 0) this.#enqueue(namespace, FINALIZERS_WAIT_MS);
      return;
    }
    cluster.modify(
      NAMESPACES,
      '',
      namespace,
      (draft) => {
        draft.spec = { ...(draft.spec as object), finalizers: [] };
      },
      { ...MANAGER, subresource: 'finalize' },
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
