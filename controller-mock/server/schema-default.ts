/** Fills in the `default`s of a structural schema. */
import { cloneJson } from './json.ts';
import type { Schema } from './resource.ts';

/** Whether anything below a node has a default; decided once a node, so that most objects are not walked at all. */
const withDefaults = new WeakMap<Schema, boolean>();

function hasDefaults(schema: Schema): boolean {
  const known = withDefaults.get(schema);
  if (known !== undefined) return known;
  // Taken as "no" while its own descendants are looked at: a cycle adds nothing new.
  withDefaults.set(schema, false);
  const { additionalProperties, items, properties } = schema;
  const found =
    schema.default !== undefined ||
    (properties !== undefined && Object.values(properties).some(hasDefaults)) ||
    (typeof additionalProperties === 'object' && hasDefaults(additionalProperties)) ||
    (items !== undefined && hasDefaults(items));
  withDefaults.set(schema, found);
  return found;
}

/** Sets missing fields that have a default in place. A null where null is not allowed counts as missing. */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (typeof value !== 'object' || value === null || !hasDefaults(schema)) return;
  if (Array.isArray(value)) {
    if (schema.items) for (const item of value) applyDefaults(item, schema.items);
    return;
  }
  const object = value as Record<string, unknown>;
  const { properties, additionalProperties } = schema;
  if (properties) {
    for (const key of Object.keys(properties)) {
      const child = properties[key]!;
      const present = Object.hasOwn(object, key) && object[key] !== undefined;
      if (child.default !== undefined && (!present || (object[key] === null && child.nullable !== true))) {
        object[key] = cloneJson(child.default);
      }
      if (Object.hasOwn(object, key)) applyDefaults(object[key], child);
    }
  }
  if (typeof additionalProperties === 'object') {
    for (const key of Object.keys(object)) {
      if (!properties || !Object.hasOwn(properties, key)) applyDefaults(object[key], additionalProperties);
    }
  }
}
