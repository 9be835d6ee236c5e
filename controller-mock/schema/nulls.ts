/** Takes nulls out of objects of built-in kinds, which Go decodes into values that have none. */
import { isPlainObject } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';

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

/**
 * A copy as {@link readNulls} would leave the value, but for entries that are null in `live` as well: they stay. What
 * does not change is shared with `value`.
 * @param schema undefined for content that no schema describes: its nulls go.
 */
export function withoutNulls(value: unknown, live: unknown, schema: Schema | undefined): unknown {
  if (value === live || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const lives = Array.isArray(live) ? live : [];
    const items = value.map((item, index) => withoutNulls(item, lives[index], schema?.items));
    return items.every((item, index) => item === value[index]) ? value : items;
  }
  const { properties, additionalProperties } = schema ?? {};
  const lives = isPlainObject(live) ? live : {};
  let isSame = true;
  const result: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value)) {
    const named = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const child = named ?? (typeof additionalProperties === 'object' ? additionalProperties : undefined);
    let kept = withoutNulls(entry, lives[key], child);
    if (kept === null && lives[key] !== null) kept = child && !named ? emptyOf(child) : undefined;
    if (kept !== undefined) result[key] = kept;
    if (kept !== entry) isSame = false;
  }
  return isSame ? value : result;
}

/** null where any value may stand, or where null is a value of the type. */
function emptyOf(schema: Schema): unknown {
  if (schema.nullable || schema['x-kubernetes-preserve-unknown-fields']) return null;
  if (schema.type === 'array') return [];
  if (schema.type === 'object') return {};
  return schema.type === undefined ? '0' : (ZEROS[schema.type] ?? null);
}
