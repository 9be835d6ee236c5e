/** Values of objects, as their schemas have them: k8s.io/apiserver, pkg/cel/common/values.go UnstructuredToVal. */
import { isInt64 } from '../../api/int64.ts';
import { equalJson, isPlainObject } from '../../api/json.ts';
import type { Schema } from '../../api/schema.ts';
import { escapeName, unescapeName } from './escaping.ts';
import { EvaluationFault, noSuchOverload } from './fault.ts';
import { parseDateTime, parseFormatDuration } from './times.ts';
import { Dictionary, equal, List, Opaque, Timestamp, type Value } from './values.ts';

type JsonObject = Record<string, unknown>;

/** @throws EvaluationFault for a value that its schema does not take */
export function schemaValue(raw: unknown, schema: Schema): Value {
  if (raw === null || raw === undefined) {
    if (schema.nullable) return null;
    throw new EvaluationFault('invalid data, got null for schema with nullable=false');
  }
  if (schema['x-kubernetes-int-or-string']) return intOrString(raw);
  switch (schema.type) {
    case 'object':
      if (!isPlainObject(raw)) {
        throw new EvaluationFault('invalid data, expected a map for the provided schema with type=object');
      }
      return new SchemaObject(raw, schema['x-kubernetes-embedded-resource'] ? withObjectMeta(schema) : schema);
    case 'array':
      if (!Array.isArray(raw)) {
        throw new EvaluationFault('invalid data, expected an array for the provided schema with type=array');
      }
      return listValue(raw, schema);
    case 'string':
      if (typeof raw !== 'string') throw new EvaluationFault('invalid data, expected string');
      return textValue(raw, schema.format);
    case 'number':
      if (typeof raw !== 'number' && typeof raw !== 'bigint') throw new EvaluationFault('invalid data, expected float');
      return Number(raw);
    case 'integer':
      if (!isInt64(raw)) throw new EvaluationFault('invalid data, expected int');
      return BigInt(raw);
    case 'boolean':
      if (typeof raw !== 'boolean') throw new EvaluationFault('invalid data, expected bool');
      return raw;
    default:
      if (schema['x-kubernetes-preserve-unknown-fields']) return new Preserved(raw);
      throw new EvaluationFault('invalid type');
  }
}

function intOrString(raw: unknown): Value {
  if (typeof raw === 'string') return raw;
  if (isInt64(raw)) return BigInt(raw);
  throw new EvaluationFault('invalid data, expected XIntOrString value to be either a string or integer');
}

function textValue(text: string, format: string | undefined): Value {
  switch (format) {
    case 'duration':
      return parseFormatDuration(text);
    case 'date':
      return new Timestamp(BigInt(Date.parse(`${text}T00:00:00Z`)) * 1_000_000n);
    case 'date-time':
      return parseDateTime(text);
    case 'byte':
      return new Uint8Array(Buffer.from(text, 'base64'));
    default:
      return text;
  }
}

const TEXT: Schema = { type: 'string' };

/** Whether a resource's own fields are declared as they are: model/schemas.go WithTypeAndObjectMeta. */
const declaresMeta = ({ properties }: Schema) =>
  properties?.kind?.type === 'string' &&
  properties.apiVersion?.type === 'string' &&
  properties.metadata?.properties?.name?.type === 'string' &&
  properties.metadata.properties.generateName?.type === 'string';

const metaSchemas = new WeakMap<Schema, Schema>();

/** The schema of a resource with the fields that every resource shows to expressions. */
export function withObjectMeta(schema: Schema): Schema {
  if (declaresMeta(schema)) return schema;
  let complete = metaSchemas.get(schema);
  if (!complete) {
    const metadata: Schema = { type: 'object', properties: { name: TEXT, generateName: TEXT } };
    complete = { ...schema, properties: { ...schema.properties, kind: TEXT, apiVersion: TEXT, metadata } };
    metaSchemas.set(schema, complete);
  }
  return complete;
}

/** Data without a schema: it can be compared and nothing else. */
class Preserved extends Opaque {
  readonly typeName = 'unknown';
  readonly #raw: unknown;

  constructor(raw: unknown) {
    super();
    this.#raw = raw;
  }

  equals(other: Opaque): boolean {
    return other instanceof Preserved && equalJson(this.#raw, other.#raw);
  }
}

/** An object with declared fields, or a map. */
class SchemaObject extends Dictionary {
  readonly isOfObject = true;
  readonly raw: JsonObject;
  readonly #properties: Record<string, Schema> | undefined;
  readonly #element: Schema | undefined;

  constructor(raw: JsonObject, schema: Schema) {
    super();
    this.raw = raw;
    this.#properties = schema.properties;
    const { additionalProperties } = schema;
    this.#element = typeof additionalProperties === 'object' ? additionalProperties : undefined;
  }

  get size(): number {
    return Object.keys(this.raw).length;
  }

  #schemaOf(key: string): Schema | undefined {
    if (!this.#properties) return this.#element;
    return Object.hasOwn(this.#properties, key) ? this.#properties[key] : undefined;
  }

  keys(): readonly Value[] {
    const known = Object.keys(this.raw).filter((key) => this.#schemaOf(key));
    return this.#properties ? known.map((key) => escapeName(key) ?? key) : known;
  }

  find(key: Value): Value | undefined {
    if (typeof key !== 'string') throw noSuchOverload();
    const name = this.#properties ? unescapeName(key) : key;
    if (name === undefined || !Object.hasOwn(this.raw, name)) return undefined;
    const raw = this.raw[name];
    if (raw === undefined || (this.#properties && raw === null)) return undefined;
    const schema = this.#schemaOf(name);
    return schema && schemaValue(raw, schema);
  }

  override equals(other: Dictionary): boolean {
    if (this.size !== other.size) return false;
    return Object.entries(this.raw).every(([key, raw]) => {
      const schema = this.#schemaOf(key);
      if (schema) {
        const value = other.find(key);
        return value !== undefined && equal(schemaValue(raw, schema), value);
      }
      if (!(other instanceof SchemaObject)) throw noSuchOverload();
      return !Object.hasOwn(other.raw, key) || equalJson(raw, other.raw[key]);
    });
  }
}

function listValue(raw: readonly unknown[], schema: Schema): List {
  const { items } = schema;
  if (!items) throw new EvaluationFault('invalid array type, expected Items with a non-empty Schema');
  const make = () => raw.map((item) => schemaValue(item, items));
  switch (schema['x-kubernetes-list-type']) {
    case 'set':
      return new SetList(make);
    case 'map':
      return new MapList(make, schema['x-kubernetes-list-map-keys'] ?? []);
    default:
      return new List(make);
  }
}

const includes = (items: readonly Value[], wanted: Value) => items.some((item) => equal(item, wanted));

/** `x-kubernetes-list-type: set`: the order does not matter, and sums have no item twice. */
class SetList extends List {
  override equals(other: List): boolean {
    return this.size === other.size && other.items.every((item) => includes(this.items, item));
  }

  override plus(other: List): List {
    const items = [...this.items];
    for (const item of other.items) if (!includes(items, item)) items.push(item);
    return new SetList(() => items);
  }
}

/** `x-kubernetes-list-type: map`: items are told apart by their keys, and sums keep their places. */
class MapList extends List {
  readonly #keys: readonly string[];

  constructor(make: () => readonly Value[], keys: readonly string[]) {
    super(make);
    this.#keys = keys;
  }

  #isSame(a: Value, b: Value): boolean {
    if (!(a instanceof SchemaObject) || !(b instanceof SchemaObject)) return false;
    return this.#keys.every((key) => equalJson(a.raw[key] ?? null, b.raw[key] ?? null));
  }

  override equals(other: List): boolean {
    if (this.size !== other.size) return false;
    return other.items.every((item) => {
      const own = this.items.find((candidate) => this.#isSame(candidate, item));
      return own !== undefined && equal(own, item);
    });
  }

  override plus(other: List): List {
    const items = [...this.items];
    for (const item of other.items) {
      const index = items.findIndex((candidate) => this.#isSame(candidate, item));
      if (index >= 0) items[index] = item;
      else items.push(item);
    }
    return new MapList(() => items, this.#keys);
  }
}
