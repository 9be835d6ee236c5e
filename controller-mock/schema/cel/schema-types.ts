/** Types of values, as their schemas declare them: k8s.io/apiserver, pkg/cel/common/schemas.go SchemaDeclType, pkg/cel/types.go, limits.go. */
import type { Schema } from '../../api/schema.ts';
import { escapeName } from './escaping.ts';
import { withObjectMeta } from './schema-values.ts';
import { BOOL, BYTES, type CelType, DOUBLE, DURATION, DYN, INT, listOf, mapOf, STRING, TIMESTAMP } from './types.ts';

/** Bytes of the largest request. */
export const MAX_REQUEST_BYTES = 3 * 1024 * 1024;

/** A type, and what estimates of costs need to know of its values. */
export interface DeclaredType {
  readonly type: CelType;
  /** Most items, entries, or bytes of a text. 0 for what has a fixed size. */
  readonly maxElements: number;
  /** Bytes that the smallest value has in JSON. */
  readonly minBytes: number;
  readonly key?: DeclaredType;
  /** Of lists and maps. */
  readonly element?: DeclaredType;
  /** By the names that expressions use. */
  readonly fields?: ReadonlyMap<string, DeclaredType>;
}

const simple = (type: CelType, minBytes: number, maxElements = 0): DeclaredType => ({ type, minBytes, maxElements });

const MAP_KEY = simple(STRING, 2);

/**
 * @param isResource whether the schema is that of a resource, which shows its name
 * @param name of the type, for objects
 * @returns undefined for data that expressions do not see
 */
export function declareType(schema: Schema, isResource: boolean, name: string): DeclaredType | undefined {
  if (schema['x-kubernetes-int-or-string']) return simple(DYN, 1, MAX_REQUEST_BYTES - 2);
  const whole = isResource ? withObjectMeta(schema) : schema;
  switch (whole.type) {
    case 'array':
      return declareList(whole, name);
    case 'object':
      return typeof whole.additionalProperties === 'object' ? declareMap(whole, name) : declareObject(whole, name);
    case 'string':
      return declareText(whole);
    case 'boolean':
      return simple(BOOL, 4);
    case 'number':
      return simple(DOUBLE, 1);
    case 'integer':
      return simple(INT, 1);
    default:
      return undefined;
  }
}

const isEmbedded = (schema: Schema) => schema['x-kubernetes-embedded-resource'] === true;

function declareList({ items, maxItems }: Schema, name: string): DeclaredType | undefined {
  const element = items && declareType(items, isEmbedded(items), `${name}.@idx`);
  if (!element) return undefined;
  const most = maxItems ?? Math.floor((MAX_REQUEST_BYTES - 2) / (element.minBytes + 1));
  return { type: listOf(element.type), maxElements: Math.max(0, most), minBytes: 2, element };
}

function declareMap({ additionalProperties, maxProperties }: Schema, name: string): DeclaredType | undefined {
  const values = additionalProperties as Schema;
  const element = declareType(values, isEmbedded(values), `${name}.@elem`);
  if (!element) return undefined;
  const most = maxProperties ?? Math.floor((MAX_REQUEST_BYTES - 2) / (element.minBytes + 6));
  const type = mapOf(STRING, element.type);
  return { type, maxElements: Math.max(0, most), minBytes: 2, key: MAP_KEY, element };
}

function declareObject({ properties = {}, required = [] }: Schema, name: string): DeclaredType {
  const fields = new Map<string, DeclaredType>();
  let minBytes = 2;
  for (const [key, schema] of Object.entries(properties)) {
    const escaped = escapeName(key);
    const field = declareType(schema, isEmbedded(schema), `${name}.${escaped ?? key}`);
    if (!field) continue;
    if (escaped !== undefined) fields.set(escaped, field);
    const isDefaulted = schema.default !== undefined && schema.default !== null;
    if (required.includes(key) && !isDefaulted) minBytes += Buffer.byteLength(key) + field.minBytes + 4;
  }
  const types = new Map([...fields].map(([key, field]) => [key, field.type]));
  return { type: { kind: 'struct', name, params: [], fields: types }, maxElements: 0, minBytes, fields };
}

/** Lengths are those of the JSON, quotes included or not, as the API server counts them. */
function declareText({ format, maxLength, enum: choices }: Schema): DeclaredType {
  const longest = MAX_REQUEST_BYTES - 2;
  switch (format) {
    case 'byte':
      return simple(BYTES, 2, Math.max(0, maxLength ?? longest));
    case 'duration':
      return simple(DURATION, 3, 32);
    case 'date':
      return simple(TIMESTAMP, 12, 12);
    case 'date-time':
      return simple(TIMESTAMP, 21, 32);
  }
  // A character may take four bytes.
  if (maxLength !== undefined) return simple(STRING, 2, Math.max(0, maxLength) * 4);
  if (!choices?.length) return simple(STRING, 2, longest);
  const lengths = choices.map((choice) => (typeof choice === 'string' ? Buffer.byteLength(choice) : 0));
  return simple(STRING, 2, Math.max(0, ...lengths));
}
