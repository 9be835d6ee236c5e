/** One stored state of one object. Immutable: a change makes a new record, so history, lists and watches share it. */
import type { KubeObject } from '../api/object.ts';

export class StoredRecord {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: number;
  #bytes: Buffer | undefined;

  /** @param object must not be changed any more; its metadata carries name, namespace and resourceVersion. */
  constructor(object: KubeObject, resourceVersion: number) {
    this.object = object;
    this.namespace = object.metadata.namespace ?? '';
    this.name = object.metadata.name ?? '';
    this.resourceVersion = resourceVersion;
  }

  /** The object as JSON, serialised at the first call only. */
  bytes(): Buffer {
    this.#bytes ??= Buffer.from(JSON.stringify(this.object));
    return this.#bytes;
  }
}
