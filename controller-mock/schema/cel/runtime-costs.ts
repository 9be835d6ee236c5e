/** Costs of calls as they are made: google/cel-go, interpreter/runtimecost.go costCall; k8s.io/apiserver, pkg/cel/library/cost.go CallCost. */
import { Dictionary, List, Opaque, runeCount, sizeOf, type Value } from './values.ts';

/** @param args the target first */
type Pricing = (args: readonly Value[], result: Value) => number;

const TEXT = 0.1;
const REGEXP = 0.25;

const scan = (value: Value, times = 1) => Math.ceil(sizeOf(value) * times * TEXT);
const first: Pricing = ([value]) => scan(value!);
const twice: Pricing = ([value]) => scan(value!, 2);

const regexp: Pricing = ([text, pattern]) =>
  Math.ceil((1 + sizeOf(text!)) * TEXT) * Math.ceil(sizeOf(pattern!) * REGEXP);

const lesser: Pricing = ([a, b]) => (a instanceof Opaque ? 1 : Math.ceil(Math.min(sizeOf(a!), sizeOf(b!)) * TEXT));

const sets =
  (factor: number): Pricing =>
  ([a, b]) =>
    1 + Math.floor(sizeOf(a!) * sizeOf(b!) * factor);

/** Of a value with all that is in it. */
function traversal(value: Value): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * TEXT);
  if (value instanceof Uint8Array) return Math.floor(value.length * TEXT);
  if (value instanceof List) return value.items.reduce((sum: number, item) => sum + traversal(item), 0);
  if (!(value instanceof Dictionary)) return 1;
  return value.keys().reduce((sum: number, key) => sum + traversal(key) + traversal(value.find(key) ?? null), 0);
}

const through: Pricing = ([value]) => traversal(value!);

/** Named formats are long patterns. */
const format: Pricing = ([, text]) => Math.ceil((1 + runeCount(String(text))) * TEXT) * 15;

const network =
  (isText: boolean, nested: boolean): Pricing =>
  ([outer, inner]) =>
    scan(outer!, 2) + (nested ? scan(outer!) + 1 : 0) + (isText ? scan(inner!) : 0);

/** By overload; what is not here costs one step. */
const BY_ID: Readonly<Record<string, Pricing>> = {
  starts_with_string: first,
  ends_with_string: first,
  string_to_bytes: first,
  bytes_to_string: first,
  strings_quote: first,
  string_format: first,
  in_list: ([, list]) => sizeOf(list!),
  equals: lesser,
  not_equals: lesser,
  add_string: ([a, b]) => Math.ceil((sizeOf(a!) + sizeOf(b!)) * TEXT),
  add_bytes: ([a, b]) => Math.ceil((sizeOf(a!) + sizeOf(b!)) * TEXT),
  matches_string: regexp,
  contains_string: ([text, part]) => scan(text!) * scan(part!),
  list_sets_contains_list: sets(1),
  list_sets_intersects_list: sets(1),
  list_sets_equivalent_list: sets(2),
  cidr_contains_ip_string: network(true, false),
  cidr_contains_ip_ip: network(false, false),
  cidr_contains_cidr_string: network(true, true),
  cidr_contains_cidr: network(false, true),
  cidr_ip: () => 1,
};

/** By function. */
const BY_NAME: Readonly<Record<string, Pricing>> = {
  isSorted: through,
  sum: through,
  max: through,
  min: through,
  indexOf: through,
  lastIndexOf: through,
  url: first,
  lowerAscii: first,
  upperAscii: first,
  substring: first,
  trim: first,
  replace: twice,
  split: twice,
  join: (_args, result) => scan(result, 2),
  find: regexp,
  findAll: regexp,
  ip: first,
  cidr: first,
  isIP: first,
  isCIDR: first,
  'ip.isCanonical': twice,
  quantity: first,
  isQuantity: first,
  validate: format,
};

const COMPARISON = /^(?:less|greater)(?:_equals)?_(?:string|bytes)$/;

/** @returns undefined for one step */
export function pricingOf(name: string, id: string): Pricing | undefined {
  if (Object.hasOwn(BY_ID, id)) return BY_ID[id];
  if (Object.hasOwn(BY_NAME, name)) return BY_NAME[name];
  return COMPARISON.test(id) ? lesser : undefined;
}
