/** What stood where a value is now, and whether it is the same: k8s.io/apiserver, pkg/cel/common/equality.go, maplist.go. */
import { equalJson, isPlainObject } from '../../api/json.ts';
import type { Schema } from '../../api/schema.ts';

/** Finds items of lists of type map again by their keys. */
export function findByKeys(list: unknown, item: unknown, schema: Schema): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !Array.isArray(list) || !isPlainObject(item)) return undefined;
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  return list.find(
    (other) => isPlainObject(other) && keys.every((key) => item[key] !== undefined && equalJson(other[key], item[key])),
  );
}

/** A value beside the one before it. */
class Pair {
  readonly #value: unknown;
  readonly #old: unknown;
  readonly #schema: Schema;
  #same: boolean | undefined;

  constructor(value: unknown, old: unknown, schema: Schema) {
    this.#value = value;
    this.#old = old;
    this.#schema = schema;
  }

  /** Undefined for a field that one of them does not have, or that no schema describes. */
  field(name: string): Pair | undefined {
    const value = this.#value;
    const old = this.#old;
    if (!isPlainObject(value) || !isPlainObject(old)) return undefined;
    if (!Object.hasOwn(value, name) || !Object.hasOwn(old, name)) return undefined;
    const { properties, additionalProperties } = this.#schema;
    const element = typeof additionalProperties === 'object' ? additionalProperties : undefined;
    const schema = properties && Object.hasOwn(properties, name) ? properties[name] : element;
    return schema && new Pair(value[name], old[name], schema);
  }

  /** Undefined for an item that cannot be found again. */
  item(index: number): Pair | undefined {
    if (!Array.isArray(this.#value) || !this.#schema.items) return undefined;
    const item: unknown = this.#value[index];
    const old = findByKeys(this.#old, item, this.#schema);
    return old === undefined ? undefined : new Pair(item, old, this.#schema.items);
  }

  get isSame(): boolean {
    this.#same ??= this.#compare();
    return this.#same;
  }

  #compare(): boolean {
    const value = this.#value;
    const old = this.#old;
    if (Array.isArray(value) && Array.isArray(old)) {
      if (value.length !== old.length) return false;
      if (this.#schema['x-kubernetes-list-type'] !== 'map') return equalJson(value, old);
      return value.every((_item, index) => this.item(index)?.isSame === true);
    }
    if (isPlainObject(value) && isPlainObject(old)) {
      const keys = Object.keys(value);
      return keys.length === Object.keys(old).length && keys.every((key) => this.field(key)?.isSame === true);
    }
    return equalJson(value, old);
  }
}

/**
 * Whether faults of a value may stay, as it was before: the value itself is the same, or the nearest value around it that can be found again
 * (kubernetes/apiextensions-apiserver, pkg/apiserver/schema/cel/validation.go ratchetingOptions).
 */
export class Correlation {
  /** Of what is new, and of updates that may leave nothing. */
  static readonly NONE = new Correlation(undefined, undefined);

  readonly #pair: Pair | undefined;
  readonly #around: Pair | undefined;

  private constructor(pair: Pair | undefined, around: Pair | undefined) {
    this.#pair = pair;
    this.#around = around;
  }

  static of(value: unknown, old: unknown, schema: Schema): Correlation {
    return new Correlation(new Pair(value, old, schema), undefined);
  }

  field(name: string): Correlation {
    if (!this.#pair) return this;
    // Versions are converted before they are compared.
    if (!this.#around && (name === 'apiVersion' || name === 'kind')) return Correlation.NONE;
    return new Correlation(this.#pair.field(name), this.#pair);
  }

  item(index: number): Correlation {
    return this.#pair ? new Correlation(this.#pair.item(index), this.#pair) : this;
  }

  get isSame(): boolean {
    return (this.#pair ?? this.#around)?.isSame ?? false;
  }
}
