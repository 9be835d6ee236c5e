/**
 * Schemas of request bodies as data, and the code that applies them the way the service's generated models do: first
 * decoding (types and unknown fields, in the order of the document), then validation (in the order of the field names).
 * The first failure is the only one reported. Upstream: assisted-service, internal/json (unknown fields) and the Validate methods of models/.
 */
import type { Json, JsonObject } from '../service-api.ts';

/** A pattern as the service quotes it, and the test of it. */
export interface Pattern {
  readonly source: string;
  test(value: string): boolean;
}

/** A pattern that is quoted as it is written. */
export const pattern = (source: string): Pattern => {
  const expression = new RegExp(source);
  return { source, test: (value) => expression.test(value) };
};

export interface StringSchema {
  readonly kind: 'string';
  /** Type name in the decoder's messages. */
  readonly goType: string;
  readonly enum?: readonly string[];
  readonly pattern?: Pattern;
  readonly format?: 'uuid' | 'date-time';
  /** Lengths in characters. */
  readonly minLength?: number;
  readonly maxLength?: number;
  /** An empty text counts as given (the model holds a pointer) and is validated. */
  readonly pointer?: boolean;
}
export interface IntegerSchema {
  readonly kind: 'integer';
  /** Type name in the decoder's messages; `int64` unless given. */
  readonly goType?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  /** Zero counts as given and is validated. */
  readonly pointer?: boolean;
}
export interface BooleanSchema {
  readonly kind: 'boolean';
}
export interface ListSchema {
  readonly kind: 'list';
  /** Type name in the decoder's messages, for lists that have one. */
  readonly goType?: string;
  readonly items: Schema;
}
export interface MapSchema {
  readonly kind: 'map';
}
export interface ObjectSchema {
  readonly kind: 'object';
  /** Type of the model in the decoder's messages, and its name alone, which types without one lack. */
  readonly goType: string;
  readonly goName: string;
  readonly fields: ReadonlyMap<string, Schema>;
  /** Fields in the order of validation. */
  readonly order: readonly { readonly name: string; readonly schema: Schema; readonly required: boolean }[];
  /** Field names by their lower-case form: the decoder ignores case. */
  readonly byLowerCase: ReadonlyMap<string, string>;
}
export type Schema = StringSchema | IntegerSchema | BooleanSchema | ListSchema | MapSchema | ObjectSchema;

type StringOptions = Omit<StringSchema, 'kind' | 'goType'> & { goType?: string };

/** A string. */
export const string = (options: StringOptions = {}): StringSchema => ({ kind: 'string', goType: 'string', ...options });
/** A string where null and absence are told from an empty text. */
export const optionalString = (options: StringOptions = {}): StringSchema => string({ pointer: true, ...options });
/** One of a fixed list of strings. */
export const choice = (values: readonly string[], options: StringOptions = {}): StringSchema =>
  string({ enum: values, ...options });
export const uuid = (options: StringOptions = {}): StringSchema => string({ format: 'uuid', ...options });
export const integer = (options: Omit<IntegerSchema, 'kind'> = {}): IntegerSchema => ({ kind: 'integer', ...options });
export const boolean: BooleanSchema = { kind: 'boolean' };
export const list = (items: Schema, goType?: string): ListSchema => ({
  kind: 'list',
  items,
  ...(goType !== undefined && { goType }),
});
/** An object with any members. */
export const map: MapSchema = { kind: 'map' };

/**
 * An object with exactly these fields; a name that ends in `*` is required, one that ends in `!` must not be empty either.
 * @param goType its name, after that of its package unless that is `models`; or the whole of a type that has no name.
 */
export function object(goType: string, fields: Readonly<Record<string, Schema>>): ObjectSchema {
  const entries = Object.entries(fields).map(([key, schema]) => {
    const isPointer = key.endsWith('*');
    const required = isPointer || key.endsWith('!');
    // A required text that is a pointer in the model is present when it is empty, and must keep the other rules.
    const rule = isPointer && schema.kind === 'string' ? { ...schema, pointer: true } : schema;
    return { name: required ? key.slice(0, -1) : key, schema: rule, required };
  });
  const isNamed = !goType.startsWith('struct');
  return {
    kind: 'object',
    goType: goType.includes('.') || !isNamed ? goType : `models.${goType}`,
    goName: isNamed ? goType.split('.').at(-1)! : '',
    fields: new Map(entries.map(({ name, schema }) => [name, schema])),
    order: entries.toSorted((a, b) => (sortKey(a.name) < sortKey(b.name) ? -1 : 1)),
    byLowerCase: new Map(entries.map(({ name }) => [name.toLowerCase(), name])),
  };
}

/** Generated code orders fields and parameters by their Go names, which have no separators. */
export const sortKey = (name: string): string => name.replace(/[-_]/g, '').toLowerCase();

/** A body that does not decode; the message is the decoder's. */
export class DecodeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'DecodeError';
  }
}

/** Where a value stands: the innermost model and the dotted names of the fields above it. */
interface Place {
  readonly struct: string;
  readonly path: string;
}

/** One decoding: most failures let it go on and only the first is told; types that parse themselves end it at once. */
interface Decoding {
  readonly strict: boolean;
  failure: string | null;
  hasNullItem: boolean;
}

/** What came of a decoding. */
export interface Decoded {
  readonly value: Json;
  /** A list of objects has a null among them, which the models keep: the service dies on it once it has validated the rest. */
  readonly hasNullItem: boolean;
}

/**
 * Types of a parsed body, in place: nulls of fields vanish as they do in the service's models, names take their canonical case.
 * @param strict refuse unknown fields instead of dropping them
 * @throws DecodeError
 */
export function decode(schema: Schema, value: Json, strict: boolean): Decoded {
  const decoding: Decoding = { strict, failure: null, hasNullItem: false };
  const decoded = decodeValue(schema, value, decoding, null);
  if (decoding.failure !== null) throw new DecodeError(decoding.failure);
  const { hasNullItem } = decoding;
  return { value: decoded ?? (schema.kind === 'string' ? '' : {}), hasNullItem };
}

/** RFC 3339 with any fraction, and the shorter forms the service takes. */
const DATE_TIME = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/i;

function decodeValue(schema: Schema, value: Json, decoding: Decoding, place: Place | null): Json | undefined {
  if (value === null) return undefined;
  const mismatch = (detail = ''): undefined => {
    decoding.failure ??= mismatchMessage(schema, value, place, detail);
  };
  switch (schema.kind) {
    case 'string':
      if (typeof value !== 'string') {
        if (schema.format === undefined) return mismatch();
        throw new DecodeError(mismatchMessage(schema, value, place, ''));
      }
      if (schema.format === 'date-time' && value !== '' && !DATE_TIME.test(value)) {
        const quoted = JSON.stringify(value);
        throw new DecodeError(`parsing time ${quoted} as "2006-01-02": cannot parse ${quoted} as "2006"`);
      }
      return value;
    case 'integer':
      if (typeof value !== 'number') return mismatch();
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? value : mismatch(` ${value}`);
    case 'boolean':
      return typeof value === 'boolean' ? value : mismatch();
    case 'map':
      return typeof value === 'object' && !Array.isArray(value) ? value : mismatch();
    case 'list': {
      if (!Array.isArray(value)) return mismatch();
      for (let i = 0; i < value.length; i++) {
        const item = decodeValue(schema.items, value[i]!, decoding, place);
        if (item === undefined && schema.items.kind === 'object') decoding.hasNullItem = true;
        value[i] = item ?? (schema.items.kind === 'string' ? '' : null);
      }
      return value;
    }
    case 'object':
      if (typeof value !== 'object' || Array.isArray(value)) return mismatch();
      decodeFields(schema, value, decoding, place);
      return value;
  }
}

function decodeFields(schema: ObjectSchema, value: JsonObject, decoding: Decoding, place: Place | null): void {
  // A field may come twice, in different case: each occurrence is taken as it came, the last one stays.
  for (const [key, given] of Object.entries(value)) {
    const name = schema.fields.has(key) ? key : schema.byLowerCase.get(key.toLowerCase());
    if (name === undefined) {
      if (decoding.strict) decoding.failure ??= `json: unknown field ${JSON.stringify(key)}`;
      delete value[key];
      continue;
    }
    const field = decodeValue(schema.fields.get(name)!, given!, decoding, {
      struct: schema.goName,
      path: place === null ? name : `${place.path}.${name}`,
    });
    if (field === undefined || name !== key) delete value[key];
    if (field !== undefined) value[name] = field;
  }
}

function mismatchMessage(schema: Schema, value: Exclude<Json, null>, place: Place | null, detail: string): string {
  const given = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const target = place === null ? 'value' : `struct field ${place.struct}.${place.path}`;
  return `json: cannot unmarshal ${given}${detail} into Go ${target} of type ${goType(schema)}`;
}

function goType(schema: Schema): string {
  switch (schema.kind) {
    case 'string':
      return schema.goType;
    case 'integer':
      return schema.goType ?? 'int64';
    case 'boolean':
      return 'bool';
    case 'map':
      return 'map[string]interface {}';
    case 'list':
      return schema.goType ?? `[]${schema.items.kind === 'object' ? '*' : ''}${goType(schema.items)}`;
    case 'object':
      return schema.goType;
  }
}

/** First violation of a decoded body's rules in the service's words, or null. */
export function validate(schema: Schema, value: Json): string | null {
  return validateValue(schema, value, '');
}

function validateValue(schema: Schema, value: Json, name: string): string | null {
  switch (schema.kind) {
    case 'string':
      return validateString(schema, value as string, `${name} in body`);
    case 'integer': {
      const number = value as number;
      if (number === 0 && !schema.pointer) return null;
      if (schema.minimum !== undefined && number < schema.minimum) {
        return `${name} in body should be greater than or equal to ${schema.minimum}`;
      }
      if (schema.maximum !== undefined && number > schema.maximum) {
        return `${name} in body should be less than or equal to ${schema.maximum}`;
      }
      return null;
    }
    case 'list': {
      const items = value as Json[];
      for (let i = 0; i < items.length; i++) {
        if (items[i] === null) continue;
        const violation = validateValue(schema.items, items[i]!, name === '' ? `${i}` : `${name}.${i}`);
        if (violation !== null) return violation;
      }
      return null;
    }
    case 'object': {
      const fields = value as JsonObject;
      for (const { name: field, schema: rule, required } of schema.order) {
        const path = name === '' ? field : `${name}.${field}`;
        const given = fields[field];
        if (given === undefined || (given === '' && required && rule.kind === 'string' && !rule.pointer)) {
          if (required) return `${path} in body is required`;
          continue;
        }
        const violation = validateValue(rule, given, path);
        if (violation !== null) return violation;
      }
      return null;
    }
    case 'boolean':
    case 'map':
      return null;
  }
}

const UUID = /^(?:urn:uuid:)?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$|^[0-9a-f]{32}$/i;

/** What the service takes for a UUID. */
export const isUuid = (value: string): boolean => UUID.test(value);

/** First violation of a text's rules; `what` is its name and place, such as `host_role in body`. */
function validateString(schema: StringSchema, value: string, what: string): string | null {
  if (value === '' && !schema.pointer) return null;
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    return `${what} should be one of [${schema.enum.join(' ')}]`;
  }
  if (schema.format === 'uuid' && !isUuid(value)) return `${what} must be of type uuid: ${JSON.stringify(value)}`;
  if (schema.minLength !== undefined || schema.maxLength !== undefined) {
    const length = [...value].length;
    if (length < (schema.minLength ?? 0)) return `${what} should be at least ${schema.minLength} chars long`;
    if (length > (schema.maxLength ?? length)) return `${what} should be at most ${schema.maxLength} chars long`;
  }
  if (schema.pattern !== undefined && !schema.pattern.test(value)) {
    return `${what} should match '${schema.pattern.source}'`;
  }
  return null;
}
