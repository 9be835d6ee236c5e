import type { KubeObject } from '../api/object.ts';
import { StoredRecord } from './record.ts';

/** One change. `record` of a DELETED event is the last state under the resourceVersion of the deletion. */
export interface StoreEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly record: StoredRecord;
  readonly previous: StoredRecord | undefined;
  readonly resourceVersion: number;
}

/** Hears every change of a collection, synchronously and in order. */
export type CollectionListener = (event: StoreEvent) => void;

/** Objects of one namespace (or of none), with their order. */
class Bucket {
  readonly records = new Map<string, StoredRecord>();
  #names: string[] | undefined;
  #sorted: readonly StoredRecord[] | undefined;

  put(record: StoredRecord): void {
    if (!this.records.has(record.name)) this.#names = undefined;
    this.records.set(record.name, record);
    this.#sorted = undefined;
  }

  remove(name: string): void {
    this.records.delete(name);
    this.#names = undefined;
    this.#sorted = undefined;
  }

  sorted(): readonly StoredRecord[] {
    if (!this.#sorted) {
      this.#names ??= [...this.records.keys()].sort(byCodeUnit);
      this.#sorted = this.#names.map((name) => this.records.get(name)!);
    }
    return this.#sorted;
  }
}

/** Old snapshots that are kept for the next page of a limited list. */
const SNAPSHOTS_KEPT = 8;

/**
 * All objects of one kind, and its watch cache.
 *
 *            now                          history: a ring of the last `capacity` changes
 *   ┌───────────────────┐        ┌──────┬──────┬──────┬──────┬──────┐
 *   │ namespace → name  │        │ 1041 │ 1044 │ 1045 │ 1052 │ 1053 │◄── put()/remove() append here,
 *   │   → StoredRecord ─┼──┐     └──┬───┴──────┴──┬───┴──────┴──┬───┘    listeners are called at once
 *   └───────────────────┘  │        │             │             │
 *                          │   `forgotten`:   a watch at 1045   a live watch stands here
 *                          │   older → 410    replays from here
 *                          ▼
 *        StoredRecord: object + its JSON bytes, made once, shared by the state now, by history,
 *        by every list page and by every watcher's socket queue
 *
 * A list at an older version (the second page of a limited list, resourceVersionMatch=Exact) is the state now with the
 * changes since then undone; nothing is copied when a first page is handed out. When the ring has forgotten one of
 * those changes the answer is 410, as after a compaction of etcd.
 */
export class Collection {
  readonly #nextVersion: () => number;
  readonly #capacity: number;
  readonly #buckets = new Map<string, Bucket>();
  #all: readonly StoredRecord[] | undefined;
  #count = 0;
  /** Ring: #ring[(#start + i) % capacity] for i < #length, in order of version. */
  readonly #ring: StoreEvent[] = [];
  #start = 0;
  #length = 0;
  #forgotten: number;
  #latest: number;
  readonly #listeners = new Set<CollectionListener>();
  readonly #snapshots = new Map<string, readonly StoredRecord[]>();

  /**
   * @param nextVersion draws the next resourceVersion of the whole store.
   * @param born version before the first change; a watch from before it is answered 410.
   * @param capacity changes that history keeps.
   */
  constructor(nextVersion: () => number, born: number, capacity: number) {
    this.#nextVersion = nextVersion;
    this.#capacity = capacity;
    this.#forgotten = born;
    this.#latest = born;
  }

  /** Number of objects. */
  get size(): number {
    return this.#count;
  }

  /** Version of the last change. */
  get latest(): number {
    return this.#latest;
  }

  /** Version up to which history is lost: a watch must start here or later. */
  get forgotten(): number {
    return this.#forgotten;
  }

  get(namespace: string, name: string): StoredRecord | undefined {
    return this.#buckets.get(namespace)?.records.get(name);
  }

  /** Stores a fresh object, or a new state of one; sets its resourceVersion. The caller must not change it any more. */
  put(object: KubeObject): StoredRecord {
    const version = this.#nextVersion();
    object.metadata.resourceVersion = String(version);
    const record = new StoredRecord(object, version);
    let bucket = this.#buckets.get(record.namespace);
    if (!bucket) {
      bucket = new Bucket();
      this.#buckets.set(record.namespace, bucket);
    }
    const previous = bucket.records.get(record.name);
    bucket.put(record);
    if (!previous) this.#count++;
    this.#append({ type: previous ? 'MODIFIED' : 'ADDED', record, previous, resourceVersion: version });
    return record;
  }

  /** @returns the record of the deletion; undefined if there was no such object. */
  remove(namespace: string, name: string): StoredRecord | undefined {
    const bucket = this.#buckets.get(namespace);
    const previous = bucket?.records.get(name);
    if (!bucket || !previous) return undefined;
    const version = this.#nextVersion();
    const record = new StoredRecord(withVersion(previous.object, version), version);
    bucket.remove(name);
    if (bucket.records.size === 0) this.#buckets.delete(namespace);
    this.#count--;
    this.#append({ type: 'DELETED', record, previous, resourceVersion: version });
    return record;
  }

  /** In order of namespace and name. The array is shared: read only. @param namespace '' for all. */
  list(namespace = ''): readonly StoredRecord[] {
    if (namespace !== '') return this.#buckets.get(namespace)?.sorted() ?? [];
    if (!this.#all) {
      const namespaces = [...this.#buckets.keys()].sort(byCodeUnit);
      this.#all = namespaces.flatMap((key) => this.#buckets.get(key)!.sorted());
    }
    return this.#all;
  }

  /** The list as it was at `version`; undefined when history no longer reaches back so far. */
  listAt(version: number, namespace = ''): readonly StoredRecord[] | undefined {
    if (version >= this.#latest) return this.list(namespace);
    if (version < this.#forgotten) return undefined;
    const key = `${version}/${namespace}`;
    const kept = this.#snapshots.get(key);
    if (kept) return kept;
    const state = new Map(this.list(namespace).map((record) => [`${record.namespace}/${record.name}`, record]));
    for (let index = this.#length - 1; index >= 0; index--) {
      const event = this.#at(index);
      if (event.resourceVersion <= version) break;
      if (namespace !== '' && event.record.namespace !== namespace) continue;
      const id = `${event.record.namespace}/${event.record.name}`;
      if (event.previous) state.set(id, event.previous);
      else state.delete(id);
    }
    const records = [...state.values()].sort(byNamespaceAndName);
    this.#snapshots.set(key, records);
    if (this.#snapshots.size > SNAPSHOTS_KEPT) this.#snapshots.delete(this.#snapshots.keys().next().value!);
    return records;
  }

  /**
   * The first changes after `version`, at most `limit`; the place is found by bisection.
   * The caller has checked that `version` is not before {@link forgotten}.
   */
  after(version: number, limit: number): StoreEvent[] {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#at(middle).resourceVersion > version) high = middle;
      else low = middle + 1;
    }
    const events: StoreEvent[] = [];
    for (let index = low; index < this.#length && events.length < limit; index++) events.push(this.#at(index));
    return events;
  }

  /** Forgets all history, as a compaction does: older watches and continue tokens are answered 410. */
  compact(): void {
    this.#ring.length = 0;
    this.#start = 0;
    this.#length = 0;
    this.#forgotten = this.#latest;
    this.#snapshots.clear();
  }

  /**
   * Begins anew at a version of the store, as a watch cache does whose kind is read in another way: with all objects as `read` gives them
   * from now on, under the versions that they have, and without history.
   * @param read must not change what it is given.
   */
  reread(version: number, read: (object: KubeObject) => KubeObject): void {
    this.compact();
    this.#forgotten = version;
    this.#latest = version;
    this.#all = undefined;
    for (const bucket of this.#buckets.values()) {
      for (const record of [...bucket.records.values()]) {
        bucket.put(new StoredRecord(read(record.object), record.resourceVersion));
      }
    }
  }

  listen(listener: CollectionListener): void {
    this.#listeners.add(listener);
  }

  unlisten(listener: CollectionListener): void {
    this.#listeners.delete(listener);
  }

  #at(index: number): StoreEvent {
    return this.#ring[(this.#start + index) % this.#capacity]!;
  }

  #append(event: StoreEvent): void {
    this.#all = undefined;
    this.#latest = event.resourceVersion;
    if (this.#length === this.#capacity) {
      this.#forgotten = this.#at(0).resourceVersion;
      this.#ring[this.#start] = event;
      this.#start = (this.#start + 1) % this.#capacity;
    } else {
      this.#ring[(this.#start + this.#length) % this.#capacity] = event;
      this.#length++;
    }
    for (const listener of this.#listeners) listener(event);
  }
}

/** A shallow copy under another resourceVersion. */
export function withVersion(object: KubeObject, version: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function byNamespaceAndName(a: StoredRecord, b: StoredRecord): number {
  return byCodeUnit(a.namespace, b.namespace) || byCodeUnit(a.name, b.name);
}
