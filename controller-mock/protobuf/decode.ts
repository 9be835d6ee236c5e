/**
 * `application/vnd.kubernetes.protobuf` request bodies of typed Go clients, as JSON objects: kubernetes/apimachinery,
 * pkg/runtime/serializer/protobuf/protobuf.go Serializer.Decode.
 */

import { integerOf } from '../api/int64.ts';
import { isPlainObject } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import { badRequest, unsupportedMediaType } from '../api/status.ts';
import { messageOfKind } from '../builtins/messages/index.ts';
import type { Field, Message, Scalar } from '../builtins/messages/message-table.ts';
import { malformed, WireReader, type WireType } from './wire.ts';

const MAGIC = Buffer.from('k8s\0');

/** Nesting beyond which a body is refused; schemas of CustomResourceDefinitions are the deepest honest objects. */
const DEPTH_LIMIT = 200;

/** Values one body may have: an empty message takes two bytes on the wire and a hundred in memory. */
const VALUES_LIMIT = 500_000;

type JsonObject = Record<string, unknown>;

/**
 * Decodes the `k8s\0` envelope and the object in it. Unknown fields are skipped; fields that Go omits from JSON when
 * empty are omitted.
 * @throws ApiStatusError 400 when malformed, 415 for a kind without decoder.
 */
export function decodeProtobuf(body: Uint8Array): KubeObject {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!bytes.subarray(0, 4).equals(MAGIC)) {
    throw malformed('it does not begin with the four bytes "k8s\\0"');
  }
  return new Decoder().envelope(bytes.subarray(4), 0) as KubeObject;
}

function setField(object: JsonObject, key: string, value: unknown): void {
  // A map key may be any text, and assigning to __proto__ would change the object instead of adding a key.
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else object[key] = value;
}

const toInt = (value: bigint, bits: 32 | 64): number | bigint => integerOf(BigInt.asIntN(bits, value));

class Decoder {
  #values = 0;

  /** runtime.Unknown: typeMeta 1 {apiVersion 1, kind 2}, raw 2, contentEncoding 3, contentType 4. */
  envelope(bytes: Buffer, depth: number): JsonObject {
    let apiVersion = '';
    let kind = '';
    let raw: Buffer = Buffer.alloc(0);
    let encoding = '';
    let contentType = '';
    const reader = new WireReader(bytes);
    while (!reader.done) {
      const { number, wire } = reader.tag();
      if (wire !== 2 || number > 4) {
        reader.skip(wire);
        continue;
      }
      const value = reader.range();
      if (number === 1) {
        const meta = new WireReader(value);
        while (!meta.done) {
          const inner = meta.tag();
          if (inner.wire !== 2) meta.skip(inner.wire);
          else if (inner.number === 1) apiVersion = meta.range().toString();
          else if (inner.number === 2) kind = meta.range().toString();
          else meta.skip(inner.wire);
        }
      } else if (number === 2) raw = value;
      else if (number === 3) encoding = value.toString();
      else contentType = value.toString();
    }
    if (encoding !== '') throw unsupportedMediaType(['no contentEncoding']);
    if (contentType === 'application/json') {
      const object = parseJson(raw, 'the object in the envelope');
      if (!isPlainObject(object)) throw malformed('the object in the envelope is not a JSON object');
      return object;
    }
    if (kind === '') throw badRequest("Object 'Kind' is missing in the protobuf envelope");
    if (apiVersion === '') throw badRequest("Object 'apiVersion' is missing in the protobuf envelope");
    const message = messageOfKind(apiVersion, kind);
    if (!message) throw unsupportedMediaType(['application/json', 'application/yaml']);
    const object: JsonObject = { apiVersion, kind };
    this.#message(raw, message, object, depth + 1);
    return object;
  }

  #count(): void {
    if (++this.#values > VALUES_LIMIT) throw malformed(`it has more than ${VALUES_LIMIT} values`);
  }

  #message(bytes: Buffer, message: Message, object: JsonObject, depth: number): void {
    if (depth > DEPTH_LIMIT) throw malformed(`it is nested deeper than ${DEPTH_LIMIT} levels`);
    const reader = new WireReader(bytes);
    while (!reader.done) {
      const { number, wire } = reader.tag();
      const field = message.field(number);
      if (!field) {
        reader.skip(wire);
        continue;
      }
      this.#count();
      if (field.shape === 'map') this.#mapEntry(expectBytes(reader, wire, field), field, object, depth);
      else if (field.shape === 'list') this.#listItem(reader, wire, field, object, depth);
      else if (field.message) {
        const range = expectBytes(reader, wire, field);
        if (field.embedded) this.#message(range, field.message, object, depth + 1);
        else {
          // Parts of one message may arrive separately; they add up.
          const before = object[field.name];
          const target = isPlainObject(before) ? before : {};
          object[field.name] = target;
          this.#message(range, field.message, target, depth + 1);
        }
      } else {
        const value = this.#scalar(reader, wire, field, depth);
        if (value === undefined || (isZero(value, field) && !field.pointer && !field.required && !field.zero)) {
          delete object[field.name];
        } else object[field.name] = value;
      }
    }
    for (const { name, shape } of message.requiredLists) object[name] ??= shape === 'list' ? [] : {};
  }

  #listItem(reader: WireReader, wire: WireType, field: Field, object: JsonObject, depth: number): void {
    object[field.name] ??= [];
    const list = object[field.name] as unknown[];
    if (field.message) {
      const item: JsonObject = {};
      this.#message(expectBytes(reader, wire, field), field.message, item, depth + 1);
      list.push(item);
    } else if (wire === 2 && isVarint(field.scalar!)) {
      const packed = new WireReader(reader.range());
      while (!packed.done) {
        this.#count();
        list.push(this.#scalar(packed, 0, field, depth));
      }
    } else list.push(this.#scalar(reader, wire, field, depth) ?? null);
  }

  /** Entries are messages {key 1, value 2}. */
  #mapEntry(bytes: Buffer, field: Field, object: JsonObject, depth: number): void {
    object[field.name] ??= {};
    const map = object[field.name] as JsonObject;
    let key = '';
    let value: unknown;
    const reader = new WireReader(bytes);
    while (!reader.done) {
      const { number, wire } = reader.tag();
      if (number === 1 && wire === 2) key = reader.range().toString();
      else if (number !== 2) reader.skip(wire);
      else if (field.message) {
        const item: JsonObject = {};
        this.#message(expectBytes(reader, wire, field), field.message, item, depth + 1);
        value = item;
      } else value = this.#scalar(reader, wire, field, depth);
    }
    setField(map, key, value ?? (field.message ? {} : emptyOf(field.scalar!)));
  }

  /** @returns undefined for a value that JSON leaves out: a zero time, an empty RawExtension. */
  #scalar(reader: WireReader, wire: WireType, field: Field, depth: number): unknown {
    const scalar = field.scalar!;
    if (isVarint(scalar)) {
      if (wire !== 0) throw wrongWire(field, wire);
      const value = reader.varint();
      if (scalar === 'bool') return value !== 0n;
      return toInt(value, scalar === 'int32' ? 32 : 64);
    }
    if (scalar === 'double') {
      if (wire !== 1) throw wrongWire(field, wire);
      const value = reader.double();
      if (!Number.isFinite(value)) throw malformed(`${field.name} is not a finite number`);
      return value;
    }
    const bytes = expectBytes(reader, wire, field);
    switch (scalar) {
      case 'string':
        return bytes.toString();
      case 'bytes':
        return bytes.toString('base64');
      case 'Quantity':
        return firstOf(bytes, 1)?.toString() ?? '0';
      case 'Time':
      case 'MicroTime':
        return time(bytes, scalar, field);
      case 'Duration':
        return duration(numberIn(bytes, 1));
      case 'IntOrString':
        return numberIn(bytes, 1) === 0n ? toInt(numberIn(bytes, 2), 32) : (firstOf(bytes, 3)?.toString() ?? '');
      case 'RawExtension':
      case 'FieldsV1':
      case 'Json':
        return this.#rawJson(firstOf(bytes, 1), field, depth);
      case 'Strings':
        return allOf(bytes, 1).map((item) => {
          this.#count();
          return item.toString();
        });
      default:
        return this.#schemaOr(bytes, scalar, field, depth);
    }
  }

  #rawJson(raw: Buffer | undefined, field: Field, depth: number): unknown {
    if (!raw || raw.length === 0) return undefined;
    if (raw.subarray(0, 4).equals(MAGIC)) {
      if (depth > DEPTH_LIMIT) throw malformed(`it is nested deeper than ${DEPTH_LIMIT} levels`);
      return this.envelope(raw.subarray(4), depth + 1);
    }
    return parseJson(raw, field.name);
  }

  /**
   * The unions of a JSON schema: SchemaOrBool {allows 1, schema 2}, SchemaOrArray {schema 1, list 2},
   * SchemaOrStrings {schema 1, strings 2}.
   */
  #schemaOr(bytes: Buffer, scalar: Scalar, field: Field, depth: number): unknown {
    const schema = (raw: Buffer): JsonObject => {
      const object: JsonObject = {};
      this.#message(raw, messageOfKind('apiextensions.k8s.io/v1', 'JSONSchemaProps')!, object, depth + 1);
      return object;
    };
    if (scalar === 'SchemaOrBool') {
      const raw = firstOf(bytes, 2);
      return raw ? schema(raw) : numberIn(bytes, 1) !== 0n;
    }
    const raw = firstOf(bytes, 1);
    if (raw) return schema(raw);
    const list = allOf(bytes, 2);
    for (const _ of list) this.#count();
    if (list.length > 0) return scalar === 'SchemaOrArray' ? list.map(schema) : list.map((item) => item.toString());
    return field.shape === 'map' ? [] : undefined;
  }
}

const isVarint = (scalar: Scalar) => scalar === 'bool' || scalar === 'int32' || scalar === 'int64';

const wrongWire = (field: Field, wire: WireType) =>
  malformed(`${field.name} has wire type ${wire}, which a ${field.scalar ?? 'message'} cannot have`);

function expectBytes(reader: WireReader, wire: WireType, field: Field): Buffer {
  if (wire !== 2) throw wrongWire(field, wire);
  return reader.range();
}

/** Zero in the sense of Go's omitempty. */
function isZero(value: unknown, field: Field): boolean {
  if (field.scalar === 'IntOrString' || field.scalar === 'Quantity') return false;
  return value === 0 || value === false || value === '';
}

function emptyOf(scalar: Scalar): unknown {
  if (scalar === 'bool') return false;
  if (scalar === 'Strings') return [];
  return isVarint(scalar) || scalar === 'double' ? 0 : '';
}

/** All length-delimited values of one field. */
function allOf(bytes: Buffer, wanted: number): Buffer[] {
  const found: Buffer[] = [];
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (number === wanted && wire === 2) found.push(reader.range());
    else reader.skip(wire);
  }
  return found;
}

const firstOf = (bytes: Buffer, wanted: number): Buffer | undefined => allOf(bytes, wanted).at(-1);

/** A varint field of a small message; 0 when absent. */
function numberIn(bytes: Buffer, wanted: number): bigint {
  let value = 0n;
  const reader = new WireReader(bytes);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (number === wanted && wire === 0) value = BigInt.asIntN(64, reader.varint());
    else reader.skip(wire);
  }
  return value;
}

/** Latest second that RFC 3339 can write. */
const LAST_SECOND = 253_402_300_799n;
const FIRST_SECOND = -62_135_596_800n;

/** {seconds 1, nanos 2}; an empty message is the zero time. */
function time(bytes: Buffer, scalar: 'Time' | 'MicroTime', field: Field): string | undefined {
  if (bytes.length === 0) return undefined;
  const seconds = numberIn(bytes, 1);
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND)
    throw malformed(`${field.name} is outside of the years 1 to 9999`);
  if (seconds === FIRST_SECOND) return undefined;
  const text = new Date(Number(seconds) * 1000).toISOString();
  const whole = text.slice(0, text.indexOf('.'));
  if (scalar === 'Time') return `${whole}Z`;
  const micros = BigInt.asUintN(32, numberIn(bytes, 2)) / 1000n;
  return `${whole}.${String(micros % 1_000_000n).padStart(6, '0')}Z`;
}

/** Go's text of a duration, such as `1m30s` or `1.5s`. */
function duration(nanoseconds: bigint): string {
  if (nanoseconds === 0n) return '0s';
  const sign = nanoseconds < 0n ? '-' : '';
  const left = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  const decimal = (value: bigint, unit: bigint) => {
    const fraction = String(value % unit)
      .padStart(String(unit).length - 1, '0')
      .replace(/0+$/, '');
    return `${value / unit}${fraction && `.${fraction}`}`;
  };
  if (left < 1000n) return `${sign}${left}ns`;
  if (left < 1_000_000n) return `${sign}${decimal(left, 1000n)}µs`;
  if (left < 1_000_000_000n) return `${sign}${decimal(left, 1_000_000n)}ms`;
  const minute = 60_000_000_000n;
  const hour = 60n * minute;
  const minutes =
    left >= hour ? `${left / hour}h${(left % hour) / minute}m` : left >= minute ? `${left / minute}m` : '';
  return `${sign}${minutes}${decimal(left % minute, 1_000_000_000n)}s`;
}

function parseJson(raw: Buffer, what: string): unknown {
  try {
    return JSON.parse(raw.toString());
  } catch (error) {
    throw malformed(`${what} is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}
