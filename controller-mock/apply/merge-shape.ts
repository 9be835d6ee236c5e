/**
 * How a value is merged, compared and owned field by field: what a {@link Schema} says about it, in the form that
 * server-side apply works with. Shapes are made lazily, once for a schema node, so recursive kinds are fine.
 */

import type { Schema } from '../api/schema.ts';
import { OBJECT_META_SCHEMA } from '../schema/object-meta-schema.ts';
import { fieldElement } from './field-set.ts';

export type ScalarType = 'untyped' | 'string' | 'numeric' | 'boolean';

/** What a value may be. More than one is set where the schema leaves the type open. */
export interface Shape {
  readonly scalar?: ScalarType;
  readonly list?: ListShape;
  readonly map?: MapShape;
}

export interface ListShape {
  /** `atomic` lists have one owner; items of the others are owned one by one. */
  readonly relation: 'atomic' | 'set' | 'map';
  /** Sorted by name; empty unless `map`. */
  readonly keys: readonly { name: string; default?: unknown }[];
  readonly item: Shape;
}

/** A field that the schema names. */
export interface NamedField {
  readonly element: string;
  readonly shape: Shape;
  /**
   * Value the field has for the API server when it is absent, because the Go type cannot leave it out; undefined for
   * fields that can. Shows in who owns the field itself besides its content.
   */
  readonly zero: Record<string, never> | null | undefined;
}

export interface MapShape {
  /** Owned as a whole. */
  readonly atomic: boolean;
  field(name: string): NamedField | undefined;
  /** Shape of fields without a name of their own; undefined when there may be none. */
  readonly element: Shape | undefined;
}

const ANY_ATOMIC: Shape = {
  scalar: 'untyped',
  list: {
    relation: 'atomic',
    keys: [],
    get item() {
      return ANY_ATOMIC;
    },
  },
  map: {
    atomic: true,
    field: () => undefined,
    get element() {
      return ANY_ATOMIC;
    },
  },
};

/** Values without schema: maps are owned key by key, lists as a whole. */
const DEDUCED: Shape = {
  scalar: 'untyped',
  list: { relation: 'atomic', keys: [], item: ANY_ATOMIC },
  map: {
    atomic: false,
    field: () => undefined,
    get element() {
      return DEDUCED;
    },
  },
};

/** Definitions that have a merge behaviour of their own, by the end of their name. */
const QUANTITY = 'io.k8s.apimachinery.pkg.api.resource.Quantity';
const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';

/** Kinds made from Go structs, which have fields that are never absent. */
const GO_STRUCT = /^io\.k8s\.(api|apimachinery|apiextensions-apiserver|kube-aggregator)\./;

/** Whether the API server holds values of a node in a struct of its own; other values it holds as they were sent. */
export const isGoStruct = ({ definition }: Schema) => definition !== undefined && GO_STRUCT.test(definition);

/** Of these only `metadata` is in every struct that has metadata; none of them can be absent from it. */
const STRUCTS_BESIDE_METADATA = new Set(['metadata', 'spec', 'status']);

const shapes = new WeakMap<Schema, Shape>();
/** Below a node that keeps unknown fields everything does. */
const keepingShapes = new WeakMap<Schema, Shape>();

const objectShapes = new WeakMap<Schema, Shape & { map: MapShape }>();

/** Shape of a whole kind. */
export function objectShapeOf(schema: Schema): Shape & { map: MapShape } {
  let shape = objectShapes.get(schema);
  if (!shape) {
    shape = { map: new SchemaMap(schema, schema['x-kubernetes-preserve-unknown-fields'] === true, true) };
    objectShapes.set(schema, shape);
  }
  return shape;
}

/** Shape of a part of an object. */
function shapeOf(schema: Schema, keepsUnknown = false): Shape {
  const keeps = keepsUnknown || schema['x-kubernetes-preserve-unknown-fields'] === true;
  const cache = keeps ? keepingShapes : shapes;
  let shape = cache.get(schema);
  if (!shape) {
    shape = makeShape(schema, keeps);
    cache.set(schema, shape);
  }
  return shape;
}

function makeShape(schema: Schema, keeps: boolean): Shape {
  if (schema.definition === QUANTITY) return { scalar: 'untyped' };
  if (schema.definition === RAW_EXTENSION) return ANY_ATOMIC;
  switch (schema.type) {
    case 'object':
      return { map: new SchemaMap(schema, keeps) };
    case 'array':
      return { list: new SchemaList(schema, keeps) };
    case 'integer':
    case 'number':
      return { scalar: 'numeric' };
    case 'boolean':
      return { scalar: 'boolean' };
    case 'string':
      return { scalar: !schema.format || schema.format === 'byte' ? 'string' : 'untyped' };
    default:
      return { scalar: 'untyped', list: new SchemaList(schema, keeps), map: new SchemaMap(schema, keeps) };
  }
}

/** Fields of Go structs that are always there have the zero value of their type when a client leaves them out. */
function zeroKey(item: Schema | undefined, name: string): unknown {
  if (!item || !isGoStruct(item) || !item.required?.includes(name)) return undefined;
  return item.properties?.[name]?.type === 'integer' ? 0 : '';
}

class SchemaList implements ListShape {
  readonly relation: ListShape['relation'];
  readonly keys: readonly { name: string; default?: unknown }[];
  readonly #schema: Schema;
  readonly #keeps: boolean;

  constructor(schema: Schema, keeps: boolean) {
    this.#schema = schema;
    this.#keeps = keeps;
    const strategy = schema['x-kubernetes-patch-strategy'] ?? '';
    const mergeKey = schema['x-kubernetes-patch-merge-key'];
    let names = schema['x-kubernetes-list-map-keys'] ?? [];
    let relation = schema['x-kubernetes-list-type'];
    if (relation === undefined && strategy.startsWith('merge')) {
      relation = mergeKey === undefined ? 'set' : 'map';
      names = mergeKey === undefined ? [] : [mergeKey];
    }
    this.relation = relation ?? 'atomic';
    this.keys = (relation === 'map' ? [...names].sort() : []).map((name) => ({
      name,
      default: schema.items?.properties?.[name]?.default ?? zeroKey(schema.items, name),
    }));
  }

  get item(): Shape {
    return this.#schema.items ? shapeOf(this.#schema.items, this.#keeps) : ANY_ATOMIC;
  }
}

class SchemaMap implements MapShape {
  readonly atomic: boolean;
  readonly #schema: Schema;
  readonly #keeps: boolean;
  readonly #isRoot: boolean;
  readonly #fields = new Map<string, NamedField | undefined>();

  constructor(schema: Schema, keeps: boolean, isRoot = false) {
    this.#schema = schema;
    this.#keeps = keeps;
    this.#isRoot = isRoot;
    this.atomic = schema['x-kubernetes-map-type'] === 'atomic';
  }

  field(name: string): NamedField | undefined {
    let field = this.#fields.get(name);
    if (field === undefined && !this.#fields.has(name)) {
      const schema = this.#schemaOf(name);
      field = schema && { element: fieldElement(name), shape: shapeOf(schema, this.#keeps), zero: this.#zeroOf(name) };
      // Names without a field are not kept: a client could send any number of them.
      if (field) this.#fields.set(name, field);
    }
    return field;
  }

  get element(): Shape | undefined {
    const { additionalProperties, properties } = this.#schema;
    if (typeof additionalProperties === 'object') return shapeOf(additionalProperties, this.#keeps);
    if (additionalProperties !== undefined) return additionalProperties ? DEDUCED : undefined;
    return this.#keeps || !properties || Object.keys(properties).length === 0 ? DEDUCED : undefined;
  }

  #schemaOf(name: string): Schema | undefined {
    const properties = this.#schema.properties;
    if (properties && Object.hasOwn(properties, name)) {
      const schema = properties[name]!;
      // A CRD's schema says no more of metadata than that it is an object.
      return name === 'metadata' && this.#isObject() && !schema.properties ? OBJECT_META_SCHEMA : schema;
    }
    if (!this.#isObject()) return undefined;
    if (name === 'metadata') return OBJECT_META_SCHEMA;
    return name === 'apiVersion' || name === 'kind' ? { type: 'string' } : undefined;
  }

  /** Whether this is a whole object, at the root or embedded. */
  #isObject(): boolean {
    return this.#isRoot || this.#schema['x-kubernetes-embedded-resource'] === true;
  }

  #zeroOf(name: string): Record<string, never> | null | undefined {
    if (this.#isRoot && name === 'metadata') return {};
    const { properties, required } = this.#schema;
    const schema = properties?.[name];
    if (!schema || !isGoStruct(this.#schema)) return undefined;
    if (name === 'creationTimestamp') return null;
    const isImplied =
      typeof schema.default === 'object' ||
      required?.includes(name) === true ||
      (properties.metadata !== undefined && STRUCTS_BESIDE_METADATA.has(name));
    if (!isImplied) return undefined;
    if (schema.type === 'object' && schema.additionalProperties === undefined) return {};
    return schema.type === 'object' || schema.type === 'array' ? null : undefined;
  }
}
