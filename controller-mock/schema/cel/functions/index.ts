/** Everything that an expression may call: k8s.io/apiserver, pkg/cel/environment/base.go as of version 1.31, which new definitions have in 1.32. */
import {
  BOOL,
  BYTES,
  type CelType,
  CIDR,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  IP,
  listOf,
  mapOf,
  NULL,
  optionalOf,
  STRING,
  TIMESTAMP,
  typeOf,
  UINT,
} from '../types.ts';
import { Duration, TypeName, Uint } from '../values.ts';
import { ADDRESSES } from './addresses.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { CONVERSIONS } from './conversions.ts';
import { CALENDAR, CORE, listFunctions } from './core.ts';
import { NAMED_FORMATS } from './named-formats.ts';
import type { Functions, Overload } from './overload.ts';
import { QUANTITIES } from './quantities.ts';
import { TEXTS } from './texts.ts';
import { URLS } from './urls.ts';

const PARTS: readonly Functions[] = [
  CORE,
  ARITHMETIC,
  CONVERSIONS,
  CALENDAR,
  TEXTS,
  listFunctions({ int: 0n, uint: new Uint(0n), double: 0, duration: new Duration(0n) }),
  URLS,
  QUANTITIES,
  ADDRESSES,
  NAMED_FORMATS,
];

function merged(): ReadonlyMap<string, readonly Overload[]> {
  const all = new Map<string, readonly Overload[]>();
  for (const part of PARTS) {
    for (const [name, overloads] of Object.entries(part)) all.set(name, [...(all.get(name) ?? []), ...overloads]);
  }
  return all;
}

/** Overloads by the name of the function, those of different libraries together. */
export const FUNCTIONS: ReadonlyMap<string, readonly Overload[]> = merged();

/** A name that stands for a type. */
export interface NamedType {
  readonly type: CelType;
  readonly value: TypeName;
}

const named = (type: CelType, name: string = type.name): readonly [string, NamedType] => [
  name,
  { type: typeOf(type), value: new TypeName(type.name) },
];

/** Types that expressions name. */
export const TYPE_NAMES: ReadonlyMap<string, NamedType> = new Map([
  ...[BOOL, BYTES, DOUBLE, DURATION, INT, listOf(DYN), mapOf(DYN, DYN), STRING, TIMESTAMP, UINT, IP, CIDR].map((type) =>
    named(type),
  ),
  named(NULL),
  named(DYN),
  named(typeOf(DYN), 'type'),
  named(optionalOf(DYN), 'optional_type'),
]);
