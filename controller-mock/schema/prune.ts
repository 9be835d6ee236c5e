/**
 * Removes what a structural schema does not know, as the API server does before it stores an object: kubernetes/apiextensions-apiserver,
 * pkg/apiserver/schema/pruning/algorithm.go PruneWithOptions.
 */
import { isPlainObject } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';
import { OBJECT_META_SCHEMA } from './object-meta-schema.ts';
import { type Holder, SchemaVisitor } from './visitor.ts';

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Drops unknown fields in place.
 * @param isResource whether the root is a whole object, whose apiVersion, kind and metadata stay
 * @returns their paths, such as `spec.template.foo` or `spec.list[2].bar`.
 */
export function prune(object: Record<string, unknown>, schema: Schema, isResource = true): string[] {
  const dropped: string[] = [];
  pruner.dropped = dropped;
  pruner.isResource = isResource;
  pruner.start(object, schema);
  return dropped;
}

class Pruner extends SchemaVisitor {
  dropped: string[] = [];
  isResource = true;

  /** Of an object within an object, metadata has the fields of all metadata, whatever its schema says (objectmeta/algorithm.go Coerce). */
  protected override fields(object: Holder, schema: Schema): void {
    super.fields(object, schema);
    const { metadata } = object;
    if (schema['x-kubernetes-embedded-resource'] !== true || !isPlainObject(metadata)) return;
    this.path.push('metadata');
    super.fields(metadata, OBJECT_META_SCHEMA);
    this.path.pop();
  }

  protected override entry(holder: Holder, key: string | number, schema: Schema): void {
    this.descend(holder[key], schema);
  }

  protected override unknown(holder: Holder, key: string, schema: Schema): void {
    if (schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true) return;
    const isRoot = this.isResource && this.path.length === 1;
    const isResource = isRoot || schema['x-kubernetes-embedded-resource'] === true;
    if (isResource && OBJECT_FIELDS.has(key)) return;
    this.dropped.push(this.pathText);
    delete holder[key];
  }
}

const pruner = new Pruner();
