/** Removes what a structural schema does not know, as the API server does before it stores an object. */
import type { Schema } from '../api/schema.ts';

const OBJECT_FIELDS = new Set(['apiVersion', 'kind', 'metadata']);

/**
 * Drops unknown fields in place.
 * @returns their paths, such as `spec.template.foo` or `spec.list[2].bar`.
 */
export function prune(object: Record<string, unknown>, schema: Schema): string[] {
  const unknown: string[] = [];
  pruneObject(object, schema, '', true, unknown);
  return unknown;
}

function pruneValue(value: unknown, schema: Schema, path: string, unknown: string[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    const items = schema.items;
    if (!items) return;
    for (let index = 0; index < value.length; index++) {
      const item = value[index];
      if (typeof item === 'object' && item !== null) pruneValue(item, items, `${path}[${index}]`, unknown);
    }
    return;
  }
  pruneObject(
    value as Record<string, unknown>,
    schema,
    path,
    schema['x-kubernetes-embedded-resource'] === true,
    unknown,
  );
}

function pruneObject(
  object: Record<string, unknown>,
  schema: Schema,
  path: string,
  isResource: boolean,
  unknown: string[],
): void {
  const properties = schema.properties;
  const additional = schema.additionalProperties;
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true || additional === true;
  for (const key of Object.keys(object)) {
    const known = properties && Object.hasOwn(properties, key) ? properties[key]! : undefined;
    const value = object[key];
    if (known) {
      if (typeof value === 'object' && value !== null) {
        pruneValue(value, known, path === '' ? key : `${path}.${key}`, unknown);
      }
    } else if (typeof additional === 'object') {
      if (typeof value === 'object' && value !== null) {
        pruneValue(value, additional, path === '' ? key : `${path}.${key}`, unknown);
      }
    } else if (!keepsUnknown && !(isResource && OBJECT_FIELDS.has(key))) {
      unknown.push(path === '' ? key : `${path}.${key}`);
      delete object[key];
    }
  }
}
