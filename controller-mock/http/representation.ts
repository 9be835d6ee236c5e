/** Turns stored objects into what was negotiated: whole objects, Tables, PartialObjectMetadata. */

import { apiVersionOf, type KubeObject } from '../api/object.ts';
import type { EncodedType } from '../api/resource-type.ts';
import { shownAs } from '../registry/object-storage.ts';
import type { StoredRecord } from '../store/record.ts';
import type { Representation } from './negotiation.ts';

/** `includeObject` of Table requests. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

export interface ListMeta {
  resourceVersion?: string;
  continue?: string;
  remainingItemCount?: number;
}

/** Encodes objects of one type for one form of response; watches with equal encoders share bytes. */
export class ObjectEncoder {
  readonly type: EncodedType;
  readonly #form: Representation['form'];
  readonly #metaVersion: string;
  readonly #include: IncludeObject;
  readonly #nowMs: () => number;

  constructor(type: EncodedType, representation: Representation, include: IncludeObject, nowMs: () => number) {
    this.type = type;
    this.#form = representation.form;
    this.#metaVersion = `meta.k8s.io/${representation.metaVersion}`;
    this.#include = include;
    this.#nowMs = nowMs;
  }

  /** Equal for encoders that give equal bytes. */
  get key(): string {
    return `${apiVersionOf(this.type)}/${this.#form}/${this.#metaVersion}/${this.#include}`;
  }

  /** One object as JSON. */
  bytes(record: StoredRecord): Buffer {
    const object = shownAs(record, this.type);
    // The common case: what is stored is what is shown.
    if (this.#form === 'object' && object === record.object) return record.bytes();
    return Buffer.from(JSON.stringify(this.shape(object)));
  }

  /** One object in the negotiated form. */
  shape(object: KubeObject): unknown {
    switch (this.#form) {
      case 'object':
        return object;
      case 'partial':
        return this.#partial(object);
      case 'table':
        return this.#table([object], { resourceVersion: object.metadata.resourceVersion ?? '' });
    }
  }

  /** What a bookmark carries. */
  bookmark(resourceVersion: number, annotations: Record<string, string> | undefined): unknown {
    const metadata = {
      resourceVersion: String(resourceVersion),
      creationTimestamp: null,
      ...(annotations && { annotations }),
    };
    if (this.#form === 'partial') return { kind: 'PartialObjectMetadata', apiVersion: this.#metaVersion, metadata };
    return { kind: this.type.kind, apiVersion: apiVersionOf(this.type), metadata };
  }

  /** A whole list as JSON. */
  list(records: readonly StoredRecord[], metadata: ListMeta): Buffer {
    if (this.#form === 'table') {
      const objects = records.map((record) => shownAs(record, this.type));
      return Buffer.from(JSON.stringify(this.#table(objects, metadata)));
    }
    const partial = this.#form === 'partial';
    const kind = partial ? 'PartialObjectMetadataList' : this.type.listKind;
    const apiVersion = partial ? this.#metaVersion : apiVersionOf(this.type);
    const head = `{"kind":${JSON.stringify(kind)},"apiVersion":${JSON.stringify(apiVersion)},"metadata":${JSON.stringify(metadata)},"items":[`;
    const parts: Buffer[] = [Buffer.from(head)];
    // Nearly all objects begin with what is to go, so that their bytes are shared.
    const start = this.#hasBareItems
      ? Buffer.from(`{"kind":${JSON.stringify(this.type.kind)},"apiVersion":${JSON.stringify(apiVersion)},`)
      : undefined;
    for (let index = 0; index < records.length; index++) {
      if (index > 0) parts.push(COMMA);
      const bytes = this.bytes(records[index]!);
      if (start === undefined) parts.push(bytes);
      else if (bytes.subarray(0, start.length).equals(start)) parts.push(OPEN, bytes.subarray(start.length));
      else parts.push(Buffer.from(JSON.stringify(this.#item(shownAs(records[index]!, this.type)))));
    }
    parts.push(LIST_END);
    return Buffer.concat(parts);
  }

  /**
   * Items of built-in kinds do not say what they are: in Go they know their kind only when they stand alone. Custom
   * resources and PartialObjectMetadata do.
   */
  get #hasBareItems(): boolean {
    return this.type.builtin && this.#form === 'object';
  }

  #item(object: KubeObject): unknown {
    if (!this.#hasBareItems) return this.shape(object);
    const { kind: _kind, apiVersion: _apiVersion, ...item } = object;
    return item;
  }

  /** A list of objects that are not stored. */
  listObjects(objects: readonly KubeObject[], metadata: ListMeta): Buffer {
    const items = objects.map((object) => this.#item(object));
    const list =
      this.#form === 'table'
        ? this.#table(objects, metadata)
        : this.#form === 'partial'
          ? { kind: 'PartialObjectMetadataList', apiVersion: this.#metaVersion, metadata, items }
          : { kind: this.type.listKind, apiVersion: apiVersionOf(this.type), metadata, items };
    return Buffer.from(JSON.stringify(list));
  }

  #partial(object: KubeObject) {
    return { kind: 'PartialObjectMetadata', apiVersion: this.#metaVersion, metadata: object.metadata };
  }

  #table(objects: readonly KubeObject[], metadata: ListMeta) {
    const nowMs = this.#nowMs();
    return {
      kind: 'Table',
      apiVersion: this.#metaVersion,
      metadata,
      columnDefinitions: this.type.printer.columns,
      rows: objects.map((object) => ({
        cells: this.type.printer.cells(object, nowMs),
        ...(this.#include !== 'None' && { object: this.#include === 'Object' ? object : this.#partial(object) }),
      })),
    };
  }
}

const OPEN = Buffer.from('{');
const COMMA = Buffer.from(',');
const LIST_END = Buffer.from(']}\n');
