import { Collection, type StoreEvent } from './collection.ts';

/** One change anywhere in the store. */
export interface StoreChange extends StoreEvent {
  /** `<group>/<plural>`. */
  readonly collection: string;
}

export interface StoreOptions {
  /** Changes that each collection keeps for watches and older lists. */
  historyLength: number;
  /** resourceVersion before the first change. A restarted server begins above its last life, so old watches get 410. */
  firstResourceVersion: number;
}

/**
 * Everything one cluster holds, under one resourceVersion that grows by one with every change, as the revision of etcd does
 * (kubernetes/apiserver, pkg/storage/etcd3/store.go).
 * Synchronous: between reading and writing nobody else comes in.
 */
export class Store {
  readonly #options: StoreOptions;
  readonly #collections = new Map<string, Collection>();
  readonly #observers = new Set<(change: StoreChange) => void>();
  #version: number;
  readonly #nextVersion = (): number => ++this.#version;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.#version = options.firstResourceVersion;
  }

  /** Version of the last change. */
  get resourceVersion(): number {
    return this.#version;
  }

  /** @param key `<group>/<plural>`; made at the first call. */
  collection(key: string): Collection {
    let collection = this.#collections.get(key);
    if (!collection) {
      // Born at the first version of the store: a watch that began before the first object existed stays valid.
      collection = new Collection(this.#nextVersion, this.#options.firstResourceVersion, this.#options.historyLength);
      this.#collections.set(key, collection);
      collection.listen((event) => {
        for (const observer of this.#observers) observer({ ...event, collection: key });
      });
    }
    return collection;
  }

  /** Keys and collections that exist. */
  collections(): IterableIterator<[string, Collection]> {
    return this.#collections.entries();
  }

  /** Hears every change, synchronously and in order. @returns a function that ends it. */
  observe(observer: (change: StoreChange) => void): () => void {
    this.#observers.add(observer);
    return () => this.#observers.delete(observer);
  }

  /** Forgets the history of all collections. */
  compact(): void {
    for (const collection of this.#collections.values()) collection.compact();
  }
}
