/** A config as the types of its version read it. Upstream: encoding/json. */
import type { Json, JsonObject } from '../service-api.ts';
import { isList, isStruct, type Shape, type Struct } from './config-shape.ts';
import type { JsonPlace } from './json-places.ts';

/** A value that does not fit: what the decoder says, and how far it had read. */
export interface Misfit {
  readonly message: string;
  readonly offset: number;
}

/** The innermost type, and the names of fields and embedded types above a value. */
interface Field {
  readonly struct: string;
  readonly path: string;
}

/** @returns what is there, under the names of the types, and the first value that does not fit. */
export function decodeConfig(shape: Struct, value: Json, place: JsonPlace): { config: JsonObject; misfit?: Misfit } {
  const misfits: Misfit[] = [];
  const decoded = decodeValue(shape, value, place, undefined, misfits);
  const [misfit] = misfits;
  return { config: (decoded as JsonObject | undefined) ?? {}, ...(misfit && { misfit }) };
}

function decodeValue(
  shape: Shape,
  value: Json,
  place: JsonPlace | undefined,
  field: Field | undefined,
  misfits: Misfit[],
): Json | undefined {
  if (value === null) return undefined;
  if (!fits(shape, value)) {
    misfits.push({ message: messageOf(shape, value, field), offset: offsetOf(value, place) });
    return undefined;
  }
  if (isList(shape)) {
    return (value as Json[]).map(
      (item, i) => decodeValue(shape.of, item, place?.parts.get(String(i)), field, misfits) ?? emptyOf(shape.of),
    );
  }
  return isStruct(shape) ? decodeFields(shape, value as JsonObject, place, field, misfits) : value;
}

function decodeFields(
  shape: Struct,
  value: JsonObject,
  place: JsonPlace | undefined,
  field: Field | undefined,
  misfits: Misfit[],
): JsonObject {
  const decoded: JsonObject = {};
  for (const [key, given] of Object.entries(value)) {
    const name = Object.hasOwn(shape.fields, key)
      ? key
      : Object.keys(shape.fields).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
    if (name === undefined) continue;
    const above = [field?.path, shape.embedded?.[name], name].filter((part) => part !== undefined);
    const here = { struct: shape.go.replace('types.', ''), path: above.join('.') };
    const item = decodeValue(shape.fields[name]!, given!, place?.parts.get(key), here, misfits);
    if (item !== undefined) decoded[name] = item;
  }
  return decoded;
}

const emptyOf = (shape: Shape): Json => (isStruct(shape) ? {} : isList(shape) ? [] : '');

function fits(shape: Shape, value: Exclude<Json, null>): boolean {
  if (isList(shape)) return Array.isArray(value);
  if (isStruct(shape)) return typeof value === 'object' && !Array.isArray(value);
  if (shape.go === 'int') return Number.isInteger(value);
  return typeof value === (shape.go === 'bool' ? 'boolean' : 'string');
}

function goType(shape: Shape): string {
  if (isList(shape)) return shape.go ?? `[]${goType(shape.of)}`;
  return shape.go;
}

function messageOf(shape: Shape, value: Exclude<Json, null>, field: Field | undefined): string {
  const kind = Array.isArray(value) ? 'array' : typeof value === 'boolean' ? 'bool' : typeof value;
  const detail = typeof value === 'number' && goType(shape) === 'int' ? ` ${value}` : '';
  const target = field ? `struct field ${field.struct}.${field.path}` : 'value';
  return `json: cannot unmarshal ${kind}${detail} into Go ${target} of type ${goType(shape)}`;
}

/** The decoder gives up behind a bracket, and behind the whole of anything else. */
function offsetOf(value: Json, place: JsonPlace | undefined): number {
  if (!place) return 0;
  return typeof value === 'object' ? place.start : place.end;
}
