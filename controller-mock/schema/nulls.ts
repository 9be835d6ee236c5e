/**
 * Nulls: Go decodes built-in kinds into values that have none; of custom resources the API server drops some
 * (kubernetes/apiextensions-apiserver, pkg/apiserver/schema/defaulting/prunenulls.go PruneNonNullableNullsWithoutDefaults).
 */
import { isPlainObject } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';
import { type EntryKind, type Holder, SchemaVisitor } from './visitor.ts';

/** What Go has where a list or a map may not leave an entry out. */
const ZEROS: Readonly<Record<string, unknown>> = { string: '', boolean: false, integer: 0, number: 0 };

/**
 * Drops fields that are null, in place; a null entry of a list or a map becomes the empty value of its type. Where a
 * schema keeps unknown fields (such as raw extensions), nulls are content and stay.
 */
export function readNulls(value: unknown, schema: Schema): void {
  nullReader.start(value, schema);
}

class NullReader extends SchemaVisitor {
  protected override descend(value: unknown, schema: Schema): void {
    if (!schema['x-kubernetes-preserve-unknown-fields']) super.descend(value, schema);
  }

  protected override entry(holder: Holder, key: string | number, schema: Schema, kind: EntryKind): void {
    const value = holder[key];
    if (value !== null) this.descend(value, schema);
    else if (kind === 'property') delete holder[key];
    else holder[key] = emptyOf(schema);
  }
}

const nullReader = new NullReader();

/**
 * Removes, in place, fields that are null where the schema of a custom resource wants something else: Go clients send them
 * for times that are not set. Fields that may be null, items of lists and what the schema does not describe stay.
 */
export function dropNulls(value: unknown, schema: Schema): void {
  nullDropper.start(value, schema);
}

class NullDropper extends SchemaVisitor {
  protected override entry(holder: Holder, key: string | number, schema: Schema, kind: EntryKind): void {
    const value = holder[key];
    const isDropped = value === null && kind !== 'item' && schema.nullable !== true && schema.default === undefined;
    if (isDropped) delete holder[key];
    else this.descend(value, schema);
  }
}

const nullDropper = new NullDropper();

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
