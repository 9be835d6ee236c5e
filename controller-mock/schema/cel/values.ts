/**
 * Values of CEL. Integers are BigInt, doubles are numbers; what JavaScript has no type for is a class here. Equality and order are those of
 * google/cel-go, common/types.
 */
import { EvaluationFault, noSuchOverload } from './fault.ts';

export const INT_MAX = 2n ** 63n - 1n;
export const INT_MIN = -(2n ** 63n);
export const UINT_MAX = 2n ** 64n - 1n;

/** An unsigned integer of 64 bits. */
export class Uint {
  readonly value: bigint;

  constructor(value: bigint) {
    this.value = value;
  }
}

/** A point in time. */
export class Timestamp {
  /** Since 1970, UTC. */
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** A span of time. */
export class Duration {
  readonly nanos: bigint;

  constructor(nanos: bigint) {
    this.nanos = nanos;
  }
}

/** The type of a value, by its name. */
export class TypeName {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/** A value, or none. */
export class Optional {
  static readonly NONE = new Optional(undefined);

  readonly value: Value | undefined;

  constructor(value: Value | undefined) {
    this.value = value;
  }

  /** @throws EvaluationFault */
  get(): Value {
    if (this.value === undefined) throw new EvaluationFault('optional.none() dereference');
    return this.value;
  }
}

/** Values that are told apart by what they are themselves: quantities, URLs, addresses, named formats. */
export abstract class Opaque {
  abstract readonly typeName: string;

  /** @param other of the same type */
  abstract equals(other: Opaque): boolean;

  /** As `size()` would have it, for its cost. */
  get size(): number {
    return 1;
  }
}

/** A list whose items are computed when somebody asks. */
export class List {
  #items: readonly Value[] | undefined;
  readonly #make: (() => readonly Value[]) | undefined;

  constructor(items: readonly Value[] | (() => readonly Value[])) {
    if (typeof items === 'function') this.#make = items;
    else this.#items = items;
  }

  /** Whether it comes from an object, and not from an expression. */
  get isOfObject(): boolean {
    return this.#make !== undefined;
  }

  get items(): readonly Value[] {
    this.#items ??= this.#make!();
    return this.#items;
  }

  get size(): number {
    return this.items.length;
  }

  /** @throws EvaluationFault */
  equals(other: List): boolean {
    const { items } = other;
    return this.size === items.length && this.items.every((item, index) => equal(item, items[index]!));
  }

  /** This list and another after it. */
  plus(other: List): List {
    return new List([...this.items, ...other.items]);
  }
}

/** A map, or an object with fields. */
export abstract class Dictionary {
  /** Whether it comes from an object, and not from an expression. */
  abstract readonly isOfObject: boolean;
  abstract readonly size: number;
  abstract keys(): readonly Value[];
  /** @throws EvaluationFault for a key of another type */
  abstract find(key: Value): Value | undefined;

  /** @throws EvaluationFault */
  equals(other: Dictionary): boolean {
    if (this.size !== other.size) return false;
    return this.keys().every((key) => {
      const value = other.find(key);
      return value !== undefined && equal(this.find(key)!, value);
    });
  }
}

/** The map of a map literal. */
export class LiteralMap extends Dictionary {
  readonly isOfObject = false;
  readonly #entries: ReadonlyMap<string, readonly [key: Value, value: Value]>;

  /** Of entries with the same key, the last one counts. @throws EvaluationFault for keys that no map has */
  constructor(entries: Iterable<readonly [key: Value, value: Value]>) {
    super();
    const known = new Map<string, readonly [Value, Value]>();
    for (const entry of entries) {
      const key = keyText(entry[0]);
      if (key === undefined) throw new EvaluationFault('unsupported key type');
      known.set(key, entry);
    }
    this.#entries = known;
  }

  get size(): number {
    return this.#entries.size;
  }

  keys(): readonly Value[] {
    return [...this.#entries.values()].map(([key]) => key);
  }

  find(key: Value): Value | undefined {
    const text = keyText(key);
    return text === undefined ? undefined : this.#entries.get(text)?.[1];
  }
}

export type Value =
  | null
  | boolean
  | bigint
  | number
  | string
  | Uint8Array
  | Uint
  | Timestamp
  | Duration
  | TypeName
  | Optional
  | Opaque
  | List
  | Dictionary;

/** Numbers that are equal are the same key, whatever their type. */
function keyText(key: Value): string | undefined {
  if (typeof key === 'string') return `s${key}`;
  if (typeof key === 'boolean') return `b${key}`;
  if (typeof key === 'bigint') return `n${key}`;
  if (key instanceof Uint) return `n${key.value}`;
  if (typeof key === 'number') return Number.isInteger(key) ? `n${BigInt(key)}` : `d${key}`;
  return undefined;
}

/** Of numbers of all types, what JavaScript compares; undefined for anything else. */
const numeric = (value: Value): bigint | number | undefined => {
  if (typeof value === 'bigint' || typeof value === 'number') return value;
  return value instanceof Uint ? value.value : undefined;
};

/** Values of different types are not equal, save numbers. @throws EvaluationFault */
export function equal(a: Value, b: Value): boolean {
  const number = numeric(a);
  if (number !== undefined) {
    const other = numeric(b);
    // biome-ignore lint/suspicious/noDoubleEquals: integers and doubles are compared by what they stand for.
    return other !== undefined && number == other;
  }
  if (a === null || b === null) return a === b;
  if (a instanceof List || a instanceof Dictionary) return equalCollections(a, b);
  if (typeof a !== 'object') return a === b;
  if (a instanceof Uint8Array) return b instanceof Uint8Array && Buffer.compare(a, b) === 0;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.nanos === b.nanos;
  if (a instanceof Duration) return b instanceof Duration && a.nanos === b.nanos;
  if (a instanceof TypeName) return b instanceof TypeName && a.name === b.name;
  if (a instanceof Optional) {
    if (!(b instanceof Optional) || a.value === undefined || b.value === undefined) {
      return b instanceof Optional && a.value === b.value;
    }
    return equal(a.value, b.value);
  }
  if (!(a instanceof Opaque)) return false;
  if (b instanceof Opaque && a.typeName === b.typeName) return a.equals(b);
  throw noSuchOverload();
}

/** Those of objects are only compared with what is one, too. */
function equalCollections(a: List | Dictionary, b: Value): boolean {
  if (a instanceof List && b instanceof List) return a.equals(b);
  if (a instanceof Dictionary && b instanceof Dictionary) return a.equals(b);
  if (a.isOfObject) throw noSuchOverload();
  return false;
}

const sign = (less: boolean, more: boolean) => (less ? -1 : more ? 1 : 0);

/** @returns -1, 0 or 1. @throws EvaluationFault for what has no order */
export function compare(a: Value, b: Value): number {
  const x = numeric(a);
  const y = numeric(b);
  if (x !== undefined && y !== undefined) {
    if (Number.isNaN(x) || Number.isNaN(y)) throw new EvaluationFault('NaN values cannot be ordered');
    return sign(x < y, x > y);
  }
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  if ((a instanceof Timestamp && b instanceof Timestamp) || (a instanceof Duration && b instanceof Duration)) {
    return sign(a.nanos < b.nanos, a.nanos > b.nanos);
  }
  throw noSuchOverload();
}

/** Code points of a text. */
export const runeCount = (text: string): number => (/[\ud800-\udbff]/.test(text) ? [...text].length : text.length);

/** As `size()` has it; 1 for what has none. Costs are made of it. */
export function sizeOf(value: Value): number {
  if (typeof value === 'string') return runeCount(value);
  if (value instanceof Uint8Array) return value.length;
  return value instanceof List || value instanceof Dictionary || value instanceof Opaque ? value.size : 1;
}

/** The name of the type that a value has at run time. */
export function typeNameOf(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'bigint':
      return 'int';
    case 'number':
      return 'double';
    case 'string':
      return 'string';
  }
  if (value === null) return 'null_type';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Uint) return 'uint';
  if (value instanceof Timestamp) return 'google.protobuf.Timestamp';
  if (value instanceof Duration) return 'google.protobuf.Duration';
  if (value instanceof TypeName) return 'type';
  if (value instanceof Optional) return 'optional_type';
  if (value instanceof List) return 'list';
  return value instanceof Dictionary ? 'map' : value.typeName;
}

/** A value as messages show it; of what has no short text, the type. */
export function shortText(value: Value): string {
  if (typeof value !== 'object') return String(value);
  return value instanceof Uint ? String(value.value) : typeNameOf(value);
}
