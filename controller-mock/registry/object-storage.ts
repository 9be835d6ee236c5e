import type { KubeObject } from '../api/object.ts';
import type { ResourceType } from '../api/resource-type.ts';
import { notFound } from '../api/status.ts';
import type { Collection } from '../store/collection.ts';
import type { StoredRecord } from '../store/record.ts';
import type { Store } from '../store/store.ts';

/** Key of the collection that objects of a type live in: `<group>/<plural>`. */
export function collectionKey(type: ResourceType): string {
  return type.storedAs?.key ?? `${type.group}/${type.plural}`;
}

/** The object of a record in the form of one type. */
export function shownAs(record: StoredRecord, type: Pick<ResourceType, 'storedAs'>): KubeObject {
  return type.storedAs ? type.storedAs.fromStored(record.object) : record.object;
}

/** The store as types see it: each reads and writes its own form of the objects. No rules of writing are here. */
export class ObjectStorage {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Where objects of a type live; types that show the same objects share one collection. */
  collection(type: ResourceType): Collection {
    return this.#store.collection(collectionKey(type));
  }

  /** @throws ApiStatusError 404 */
  live(type: ResourceType, namespace: string, name: string): KubeObject {
    const record = this.collection(type).get(namespace, name);
    if (!record) throw notFound(type, name);
    return shownAs(record, type);
  }

  /** @returns the object as it is shown from now on. */
  put(type: ResourceType, object: KubeObject): KubeObject {
    // A fresh metadata, as the store writes the version into it.
    const fresh = { ...object, metadata: { ...object.metadata } };
    const stored = type.storedAs ? type.storedAs.toStored(fresh) : fresh;
    return shownAs(this.collection(type).put(stored), type);
  }

  /** @returns the last state of the object. */
  remove(type: ResourceType, object: KubeObject): KubeObject {
    const { namespace = '', name = '' } = object.metadata;
    const record = this.collection(type).remove(namespace, name);
    return record ? shownAs(record, type) : object;
  }
}
