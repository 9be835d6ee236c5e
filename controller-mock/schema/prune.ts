/**
 * Removes what a structural schema does not know, as the API server does before it stores an object: kubernetes/apiextensions-apiserver,
 * pkg/apiserver/schema/pruning/algorithm.go PruneWithOptions.
 */
import type { Schema } from '../api/schema.ts';
import { type Holder, SchemaVisitor } from './visitor.ts';

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Drops unknown fields in place.
 * @returns their paths, such as `spec.template.foo` or `spec.list[2].bar`.
 */
export function prune(object: Record<string, unknown>, schema: Schema): string[] {
  const dropped: string[] = [];
  pruner.dropped = dropped;
  pruner.start(object, schema);
  return dropped;
}

class Pruner extends SchemaVisitor {
  dropped: string[] = [];

  protected override entry(holder: Holder, key: string | number, schema: Schema): void {
    this.descend(holder[key], schema);
  }

  protected override unknown(holder: Holder, key: string, schema: Schema): void {
    if (schema['x-kubernetes-preserve-unknown-fields'] === true || schema.additionalProperties === true) return;
    // The root is a whole object, too.
    const isResource = this.path.length === 1 || schema['x-kubernetes-embedded-resource'] === true;
    if (isResource && OBJECT_FIELDS.has(key)) return;
    this.dropped.push(this.pathText);
    delete holder[key];
  }
}

const pruner = new Pruner();
