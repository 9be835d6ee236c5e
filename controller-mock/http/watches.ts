import type { ResourceType } from '../api/resource-type.ts';
import type { Cluster } from '../registry/cluster.ts';
import { collectionKey } from '../registry/object-storage.ts';
import { WatchCache } from '../store/watch-cache.ts';

/** How watches come to an end: by an event that says 410, in order, by a connection that breaks, or never, and in silence. */
export type WatchEnd = 'expired' | 'closed' | 'broken' | 'silent';

/** All watches of one cluster, a cache of each collection that is or was watched, and their bookmarks. */
export class Watches {
  readonly #cluster: Cluster;
  readonly #bookmarkIntervalMs: number;
  readonly #caches = new Map<string, WatchCache>();
  #bookmarks: NodeJS.Timeout | undefined;

  /** @param bookmarkIntervalMs wall-clock milliseconds between bookmarks */
  constructor(cluster: Cluster, bookmarkIntervalMs: number) {
    this.#cluster = cluster;
    this.#bookmarkIntervalMs = bookmarkIntervalMs;
  }

  /** Number of watches under way. */
  get size(): number {
    let sum = 0;
    for (const cache of this.#caches.values()) sum += cache.size;
    return sum;
  }

  /** Where objects of a type are watched; made at the first call, which begins the bookmarks. */
  cache(type: ResourceType): WatchCache {
    const key = collectionKey(type);
    let cache = this.#caches.get(key);
    if (!cache) {
      cache = new WatchCache(this.#cluster.collection(type), () => this.#cluster.store.resourceVersion);
      this.#caches.set(key, cache);
    }
    this.#bookmarks ??= setInterval(() => {
      for (const each of this.#caches.values()) each.bookmark();
    }, this.#bookmarkIntervalMs).unref();
    return cache;
  }

  /** Ends the watches of one collection, or of all. @param key `<group>/<plural>` */
  end(end: WatchEnd, key?: string): void {
    for (const [each, cache] of this.#caches) {
      if (key !== undefined && key !== each) continue;
      if (end === 'expired') cache.expireAll();
      else if (end === 'closed') cache.endAll();
      else cache.leaveAll(end === 'broken');
    }
  }

  /** Ends all watches in order, and the bookmarks. */
  close(): void {
    clearInterval(this.#bookmarks);
    this.#bookmarks = undefined;
    this.end('closed');
  }
}
