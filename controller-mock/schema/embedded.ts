/** Objects within custom objects, such as templates: x-kubernetes-embedded-resource. */
import { goSyntax, jsonType } from '../api/go-values.ts';
import { isPlainObject } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';
import { decodingFault } from './go-decoding.ts';
import { readNulls } from './nulls.ts';
import { OBJECT_META_SCHEMA } from './object-meta-schema.ts';
import { anywhereBelow } from './subtree.ts';
import { type Holder, SchemaVisitor } from './visitor.ts';

const hasEmbedded = anywhereBelow((schema) => schema['x-kubernetes-embedded-resource'] === true);

/** Visits whatever a schema says is an object within a value, and nothing else. */
export abstract class EmbeddedVisitor extends SchemaVisitor {
  /** @param object at {@link pathText} */
  protected abstract embedded(object: Holder): void;

  protected override descend(value: unknown, schema: Schema): void {
    if (hasEmbedded(schema)) super.descend(value, schema);
  }

  protected override fields(object: Holder, schema: Schema): void {
    if (schema['x-kubernetes-embedded-resource']) this.embedded(object);
    super.fields(object, schema);
  }

  protected override entry(holder: Holder, key: string | number, schema: Schema): void {
    this.descend(holder[key], schema);
  }
}

/**
 * Reads embedded objects in place as Go reads them: into text and metadata (kubernetes/apiextensions-apiserver,
 * pkg/apiserver/schema/objectmeta/algorithm.go Coerce).
 * @returns what the first says that cannot be read, such as `spec.template.kind: Invalid value: 1: must be a string`
 */
export function readEmbedded(object: Record<string, unknown>, schema: Schema): string | undefined {
  if (!hasEmbedded(schema)) return undefined;
  reader.fault = undefined;
  reader.start(object, schema);
  return reader.fault;
}

class EmbeddedReader extends EmbeddedVisitor {
  fault: string | undefined;

  protected override embedded(object: Holder): void {
    for (const key of ['apiVersion', 'kind']) {
      if (object[key] !== undefined && typeof object[key] !== 'string')
        this.#refuse(key, object[key], 'must be a string');
    }
    const { metadata } = object;
    if (metadata === undefined) return;
    const fault = isPlainObject(metadata)
      ? decodingFault(metadata, OBJECT_META_SCHEMA)
      : `json: cannot unmarshal ${jsonType(metadata)} into Go value of type v1.ObjectMeta`;
    if (fault !== undefined) this.#refuse('metadata', metadata, fault);
    else readNulls(metadata as Holder, OBJECT_META_SCHEMA);
  }

  #refuse(key: string, value: unknown, detail: string): void {
    const shown = typeof value === 'object' ? goSyntax(value) : String(value);
    this.fault ??= `${this.pathText}.${key}: Invalid value: ${shown}: ${detail}`;
  }
}

const reader = new EmbeddedReader();
