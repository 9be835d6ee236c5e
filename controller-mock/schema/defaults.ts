/** Fills in the `default`s of a structural schema. */
import { cloneJson } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';

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

/**
 * Sets missing fields that have a default in place. A null where null is not allowed counts as missing, also as an item
 * of a list.
 */
export function applyDefaults(value: unknown, schema: Schema): void {
  if (typeof value !== 'object' || value === null || !hasDefaults(schema)) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    for (let index = 0; index < value.length; index++) {
      if (isDefaulted(value[index], items)) value[index] = cloneJson(items.default);
      applyDefaults(value[index], items);
    }
    return;
  }
  const object = value as Record<string, unknown>;
  const { properties, additionalProperties } = schema;
  if (properties) {
    for (const key of Object.keys(properties)) {
      const child = properties[key]!;
      const present = Object.hasOwn(object, key) && object[key] !== undefined;
      if (child.default !== undefined && (!present || isDefaulted(object[key], child))) {
        object[key] = cloneJson(child.default);
      }
      if (Object.hasOwn(object, key)) applyDefaults(object[key], child);
    }
  }
  if (typeof additionalProperties === 'object') {
    for (const key of Object.keys(object)) {
      if (properties && Object.hasOwn(properties, key)) continue;
      if (isDefaulted(object[key], additionalProperties)) object[key] = cloneJson(additionalProperties.default);
      applyDefaults(object[key], additionalProperties);
    }
  }
}

/**
 * Removes, in place, fields that are null where the schema wants something else: Go clients send them for times that
 * are not set. Fields that may be null, items of lists and what the schema does not describe stay.
 */
export function dropNulls(value: unknown, schema: Schema | undefined): void {
  if (typeof value !== 'object' || value === null || !schema) return;
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item, schema.items);
    return;
  }
  const object = value as Record<string, unknown>;
  const { properties, additionalProperties } = schema;
  for (const key of Object.keys(object)) {
    const child =
      properties && Object.hasOwn(properties, key)
        ? properties[key]
        : typeof additionalProperties === 'object'
          ? additionalProperties
          : undefined;
    if (object[key] === null && child && child.nullable !== true && child.default === undefined) delete object[key];
    else dropNulls(object[key], child);
  }
}

/** Whether a value that is there gives way to the default. */
function isDefaulted(value: unknown, schema: Schema): boolean {
  return value === null && schema.default !== undefined && schema.nullable !== true;
}
