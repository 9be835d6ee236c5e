/**
 * Reading JSON into the structs that the API server has for built-in kinds and for all metadata: the first thing that
 * does not fit, in the words of Go's decoders (sigs.k8s.io/json; apimachinery, pkg/runtime converter for what was
 * patched or applied).
 */

import { goType, jsonType } from '../api/go-values.ts';
import { isPlainObject } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';
import { base64Fault } from './base64.ts';

/**
 * How an object gets into its struct: `json` from the text of a body; `converted` from parsed values that server-side
 * apply or a strategic merge patch has put together.
 */
export type Decoding = 'json' | 'converted';

/** Types with names of their own, by struct and field; texts of other fields are plain strings. */
const NAMED_TYPES: Readonly<Record<string, string>> = {
  'ManagedFieldsEntry.operation': 'v1.ManagedFieldsOperationType',
  'NamespaceSpec.finalizers': 'v1.FinalizerName',
  'NamespaceStatus.phase': 'v1.NamespacePhase',
  'ObjectMeta.uid': 'types.UID',
  'OwnerReference.uid': 'types.UID',
  'Secret.type': 'v1.SecretType',
};

/** Layout of RFC 3339 in Go's own digits, and what stands at each place of it. */
const TIME_LAYOUT = '2006-01-02T15:04:05Z07:00';
const TIME_ELEMENTS: readonly (readonly [shown: string, pattern: RegExp])[] = [
  ['2006', /^\d{4}/],
  ['-', /^-/],
  ['01', /^\d{2}/],
  ['-', /^-/],
  ['02', /^\d{2}/],
  ['T', /^T/],
  ['15', /^\d{2}/],
  [':', /^:/],
  ['04', /^\d{2}/],
  [':', /^:/],
  ['05', /^\d{2}(?:\.\d+)?/],
  ['Z07:00', /^(?:Z|[+-]\d{2}:\d{2})/],
];

/**
 * Reads a whole object, or its metadata alone, in place: bytes get the base64 that Go writes.
 * Null fits everywhere; unknown fields are passed over.
 * @returns what Go's decoder says; undefined when everything fits.
 */
export function decodingFault(
  value: Record<string, unknown>,
  schema: Schema,
  decoding: Decoding = 'json',
): string | undefined {
  return new Reader(decoding).fields(value, schema, structName(schema));
}

class Reader {
  readonly #decoding: Decoding;
  /** Fields of structs above the value; items and keys of maps do not count. */
  readonly #path: string[] = [];

  constructor(decoding: Decoding) {
    this.#decoding = decoding;
  }

  /** @param struct the Go struct that the fields belong to. */
  fields(object: Record<string, unknown>, schema: Schema, struct: string): string | undefined {
    const { properties, additionalProperties } = schema;
    const element = typeof additionalProperties === 'object' ? additionalProperties : undefined;
    for (const key of Object.keys(object)) {
      const named = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
      const child = named ?? element;
      if (!child || object[key] === null) continue;
      if (named) this.#path.push(key);
      const fault = this.#value(object, key, child, struct);
      if (fault !== undefined) return fault;
      if (named) this.#path.pop();
    }
    return undefined;
  }

  #value(holder: Record<string, unknown>, key: string, schema: Schema, struct: string): string | undefined {
    const value = holder[key];
    if (value === null || value === undefined || schema['x-kubernetes-int-or-string'])
      return this.#choice(value, schema, struct);
    switch (schema.type) {
      case 'object':
        if (!isPlainObject(value)) return this.#misfit(value, schema, struct);
        if (schema['x-kubernetes-preserve-unknown-fields']) return undefined;
        return this.fields(value, schema, schema.definition === undefined ? struct : structName(schema));
      case 'array':
        return Array.isArray(value) ? this.#items(value, schema, struct) : this.#misfit(value, schema, struct);
      case 'string':
        if (schema.format === 'byte' && Array.isArray(value)) return this.#bytes(holder, key, value, struct);
        if (typeof value !== 'string') return this.#misfit(value, schema, struct);
        if (schema.format === 'byte') return this.#base64(holder, key, value);
        return schema.format === 'date-time' ? timeFault(value) : undefined;
      case 'boolean':
        return typeof value === 'boolean' ? undefined : this.#misfit(value, schema, struct);
      case 'integer':
      case 'number':
        if (typeof value === 'bigint' && schema.type === 'number') holder[key] = Number(value);
        return this.#number(value, schema, struct);
      default:
        return undefined;
    }
  }

  #choice(value: unknown, schema: Schema, struct: string): string | undefined {
    const fits = value === null || value === undefined || typeof value === 'string' || Number.isInteger(value);
    return fits ? undefined : this.#misfit(value, { ...INT32, description: schema.description ?? '' }, struct);
  }

  #items(list: unknown[], schema: Schema, struct: string): string | undefined {
    const { items } = schema;
    if (!items) return undefined;
    const holder = list as unknown as Record<string, unknown>;
    for (let index = 0; index < list.length; index++) {
      if (list[index] === null) continue;
      const fault = this.#value(holder, String(index), items, struct);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }

  #base64(holder: Record<string, unknown>, key: string, text: string): string | undefined {
    const at = base64Fault(text);
    if (at !== undefined) {
      return `${this.#decoding === 'json' ? '' : 'error decoding from json: '}illegal base64 data at input byte ${at}`;
    }
    // Go writes the bytes anew: without line breaks, and without bits that are left over.
    if (/[\r\n=]/.test(text)) holder[key] = Buffer.from(text, 'base64').toString('base64');
    return undefined;
  }

  #number(value: unknown, schema: Schema, struct: string): string | undefined {
    if (typeof value === 'bigint' && schema.format !== 'int32') return undefined;
    if (typeof value !== 'number') return this.#misfit(value, schema, struct);
    if (schema.type === 'number') return undefined;
    const limit = schema.format === 'int32' ? 2 ** 31 : 2 ** 63;
    if (Number.isInteger(value) && value >= -limit && value < limit) return undefined;
    if (this.#decoding === 'converted') return `cannot convert ${goType(value)} to ${typeName(schema, '')}`;
    return this.#misfit(value, schema, struct, ` ${value}`);
  }

  /** Bytes may be written as a list of numbers, too. */
  #bytes(holder: Record<string, unknown>, key: string, list: unknown[], struct: string): string | undefined {
    for (const item of list) {
      if (typeof item !== 'number') return this.#misfit(item, UINT8, struct);
      if (!Number.isInteger(item) || item < 0 || item > 255) return this.#misfit(item, UINT8, struct, ` ${item}`);
    }
    holder[key] = Buffer.from(list as number[]).toString('base64');
    return undefined;
  }

  #misfit(value: unknown, schema: Schema, struct: string, shown = ''): string {
    const field = this.#path.at(-1) ?? '';
    const wanted = typeName(schema, `${struct}.${field}`);
    if (this.#decoding === 'converted') {
      if (schema.format === 'date-time')
        return `json: cannot unmarshal ${jsonType(value)} into Go value of type string`;
      if (schema.type === 'object') return `cannot restore ${goKind(schema)} ${kindOf(value)}`;
      if (schema.type === 'array' || schema.format === 'byte') return `cannot restore slice from ${kindOf(value)}`;
      return `cannot convert ${goType(value)} to ${wanted}`;
    }
    return `json: cannot unmarshal ${jsonType(value)}${shown} into Go struct field ${struct}.${this.#path.join('.')} of type ${wanted}`;
  }
}

const INT32: Schema = { type: 'integer', format: 'int32' };
const UINT8: Schema = { type: 'integer', format: 'uint8' };

const goKind = ({ additionalProperties }: Schema) =>
  typeof additionalProperties === 'object' ? 'map from' : 'struct from:';

/** Go's kind of a parsed JSON value. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  return typeof value === 'object' ? 'map' : goType(value);
}

/** `PodSpec` of `io.k8s.api.core.v1.PodSpec`. */
const structName = ({ definition }: Schema) => definition?.slice(definition.lastIndexOf('.') + 1) ?? '';

/** Go type of a field. @param place struct and field, such as `Secret.type`. */
function typeName(schema: Schema, place: string): string {
  const { type, format, items, additionalProperties, definition } = schema;
  switch (type) {
    case 'object':
      if (typeof additionalProperties === 'object') return `map[string]${typeName(additionalProperties, place)}`;
      return definition?.split('.').slice(-2).join('.') ?? 'map[string]interface {}';
    case 'array':
      return `[]${items ? typeName(items, place) : 'interface {}'}`;
    case 'string':
      return format === 'byte' ? '[]uint8' : (NAMED_TYPES[place] ?? 'string');
    case 'boolean':
      return 'bool';
    case 'integer':
      return format ?? 'int64';
    default:
      return type === 'number' ? 'float64' : 'interface {}';
  }
}

function timeFault(text: string): string | undefined {
  const quoted = JSON.stringify(text);
  let rest = text;
  for (const [shown, pattern] of TIME_ELEMENTS) {
    const found = pattern.exec(rest)?.[0];
    if (found === undefined) {
      return `parsing time ${quoted} as "${TIME_LAYOUT}": cannot parse ${JSON.stringify(rest)} as "${shown}"`;
    }
    rest = rest.slice(found.length);
  }
  if (rest !== '') return `parsing time ${quoted}: extra text: ${JSON.stringify(rest)}`;
  const [, month, day, hour, minute, second] = text.split(/[-T:Z+.]/).map(Number);
  const isOut = (part: string) => `parsing time ${quoted}: ${part} out of range`;
  if (month! < 1 || month! > 12) return isOut('month');
  if (hour! > 23) return isOut('hour');
  if (minute! > 59) return isOut('minute');
  if (second! > 59) return isOut('second');
  return day! < 1 || day! > new Date(Date.UTC(Number(text.slice(0, 4)), month!, 0)).getUTCDate()
    ? isOut('day')
    : undefined;
}
