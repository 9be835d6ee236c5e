/** Takes nulls out of objects of built-in kinds, which Go decodes into values that have none. */
import type { Schema } from './resource.ts';

/** What Go has where a list or a map may not leave an entry out. */
const ZEROS: Readonly<Record<string, unknown>> = { string: '', boolean: false, integer: 0, number: 0 };

/**
 * Drops fields that are null, in place; a null entry of a list or a map becomes the empty value of its type. Where a
 * schema keeps unknown fields (such as raw extensions), nulls are content and stay.
 */
export function readNulls(value: unknown, schema: Schema): void {
  if (typeof value !== 'object' || value === null || schema['x-kubernetes-preserve-unknown-fields']) return;
  if (Array.isArray(value)) {
    const { items } = schema;
    if (!items) return;
    for (let index = 0; index < value.length; index++) {
      if (value[index] === null) value[index] = emptyOf(items);
      else readNulls(value[index], items);
    }
    return;
  }
  const object = value as Record<string, unknown>;
  const { properties, additionalProperties } = schema;
  for (const key of Object.keys(object)) {
    const entry = object[key];
    if (properties && Object.hasOwn(properties, key)) {
      if (entry === null) delete object[key];
      else if (typeof entry === 'object') readNulls(entry, properties[key]!);
    } else if (typeof additionalProperties === 'object') {
      if (entry === null) object[key] = emptyOf(additionalProperties);
      else if (typeof entry === 'object') readNulls(entry, additionalProperties);
    }
  }
}

/** null where any value may stand, or where null is a value of the type. */
function emptyOf(schema: Schema): unknown {
  if (schema.nullable || schema['x-kubernetes-preserve-unknown-fields']) return null;
  if (schema.type === 'array') return [];
  if (schema.type === 'object') return {};
  return schema.type === undefined ? '0' : (ZEROS[schema.type] ?? null);
}
