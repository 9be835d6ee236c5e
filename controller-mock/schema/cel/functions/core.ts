/** What works on values of many types: google/cel-go, common/stdlib/standard.go, cel/library.go (optional types). */
import { EvaluationFault } from '../fault.ts';
import { type CalendarTime, calendarTime } from '../times.ts';
import {
  compare,
  Dictionary,
  type Duration,
  equal,
  List,
  Optional,
  shortText,
  sizeOf,
  type Timestamp,
  typeNameOf,
  Uint,
  type Value,
} from '../values.ts';
import { add } from './arithmetic.ts';
import { type Functions, global, method, type Overload } from './overload.ts';

/** @returns undefined for what is not there. @throws EvaluationFault for an index that is none */
export function lookUp(holder: Value, key: Value): Value | undefined {
  if (holder instanceof Dictionary) return holder.find(key);
  return holder instanceof List ? holder.items[indexOf(key)] : undefined;
}

function indexOf(key: Value): number {
  if (typeof key === 'bigint') return Number(key);
  if (key instanceof Uint) return Number(key.value);
  if (typeof key !== 'number') throw new EvaluationFault(`unsupported index type '${typeNameOf(key)}' in list`);
  if (!Number.isInteger(key)) throw new EvaluationFault(`unsupported index value ${key} in list`);
  return key;
}

/** @throws EvaluationFault for what is not there; of optionals there may be none */
export function indexed(holder: Value, key: Value): Value {
  if (holder instanceof Optional) return optionalIndexed(holder, key);
  const value = lookUp(holder, key);
  if (value !== undefined) return value;
  throw new EvaluationFault(
    holder instanceof List ? `index out of bounds: ${shortText(key)}` : `no such key: ${shortText(key)}`,
  );
}

/** What an optional holds at a key. */
const optionalIndexed = (holder: Value, key: Value): Value => {
  const from = holder instanceof Optional ? holder.value : holder;
  const value = from === undefined ? undefined : lookUp(from, key);
  return value === undefined ? Optional.NONE : new Optional(value);
};

const size = (value: Value) => BigInt(sizeOf(value));
const inList = (value: Value, list: List) => list.items.some((item) => equal(item, value));

const SIZED: readonly (readonly [name: string, type: string])[] = [
  ['bytes', 'bytes'],
  ['list', 'list(A)'],
  ['map', 'map(A, B)'],
  ['string', 'string'],
];

/** Not in `functions`: the evaluator knows the logic of these. */
const LOGIC: Functions = {
  '_?_:_': [global('conditional', 'bool, A, A -> A')],
  '_&&_': [global('logical_and', 'bool, bool -> bool')],
  '_||_': [global('logical_or', 'bool, bool -> bool')],
  '!_': [global('logical_not', 'bool -> bool', (value: boolean) => !value)],
  '@not_strictly_false': [global('not_strictly_false', 'bool -> bool')],
};

const OPTIONALS: Functions = {
  'optional.of': [global('optional_of', 'V -> optional(V)', (value: Value) => new Optional(value))],
  'optional.ofNonZeroValue': [
    global('optional_ofNonZeroValue', 'V -> optional(V)', (value: Value) =>
      isZero(value) ? Optional.NONE : new Optional(value),
    ),
  ],
  'optional.none': [global('optional_none', ' -> optional(V)', () => Optional.NONE)],
  value: [method('optional_value', 'optional(V) -> V', (optional: Optional) => optional.get())],
  hasValue: [method('optional_hasValue', 'optional(V) -> bool', ({ value }: Optional) => value !== undefined)],
  or: [method('optional_or_optional', 'optional(V), optional(V) -> optional(V)')],
  orValue: [method('optional_orValue_value', 'optional(V), V -> V')],
  '_?._': [global('select_optional_field', 'dyn, string -> optional(V)', optionalIndexed)],
  '_[?_]': [
    global('list_optindex_optional_int', 'list(V), int -> optional(V)', optionalIndexed),
    global('optional_list_optindex_optional_int', 'optional(list(V)), int -> optional(V)', optionalIndexed),
    global('map_optindex_optional_value', 'map(K, V), K -> optional(V)', optionalIndexed),
    global('optional_map_optindex_optional_value', 'optional(map(K, V)), K -> optional(V)', optionalIndexed),
  ],
};

function isZero(value: Value): boolean {
  if (value === null || value === false || value === '' || value === 0 || value === 0n) return true;
  if (value instanceof Uint8Array) return value.length === 0;
  if (value instanceof List || value instanceof Dictionary) return value.size === 0;
  if (value instanceof Optional) return value.value === undefined;
  return typeof value === 'object' && 'value' in value && value.value === 0n;
}

export const CORE: Functions = {
  ...LOGIC,
  ...OPTIONALS,
  '_==_': [global('equals', 'A, A -> bool', equal)],
  '_!=_': [global('not_equals', 'A, A -> bool', (a: Value, b: Value) => !equal(a, b))],
  '_[_]': [
    global('index_list', 'list(A), int -> A', indexed),
    global('index_map', 'map(A, B), A -> B', indexed),
    global('optional_list_index_int', 'optional(list(V)), int -> optional(V)', indexed),
    global('optional_map_index_value', 'optional(map(K, V)), K -> optional(V)', indexed),
  ],
  '@in': [
    global('in_list', 'A, list(A) -> bool', inList),
    global('in_map', 'A, map(A, B) -> bool', (key: Value, map: Dictionary) => map.find(key) !== undefined),
  ],
  size: SIZED.flatMap(([name, type]) => [
    global(`size_${name}`, `${type} -> int`, size),
    method(`${name}_size`, `${type} -> int`, size),
  ]),
};

const onCalendar = (id: string, read: (time: CalendarTime) => number): readonly Overload[] => [
  method(`timestamp_to_${id}`, 'timestamp -> int', (time: Timestamp) => BigInt(read(calendarTime(time, 'UTC')))),
  method(`timestamp_to_${id}_with_tz`, 'timestamp, string -> int', (time: Timestamp, zone: string) =>
    BigInt(read(calendarTime(time, zone))),
  ),
];

const ofDuration = (id: string, unit: bigint) =>
  method(`duration_to_${id}`, 'duration -> int', ({ nanos }: Duration) => nanos / unit);

export const CALENDAR: Functions = {
  getFullYear: onCalendar('year', ({ year }) => year),
  getMonth: onCalendar('month', ({ month }) => month),
  getDayOfYear: onCalendar('day_of_year', ({ dayOfYear }) => dayOfYear),
  getDayOfMonth: onCalendar('day_of_month', ({ day }) => day - 1),
  getDate: onCalendar('day_of_month_1_based', ({ day }) => day),
  getDayOfWeek: onCalendar('day_of_week', ({ weekday }) => weekday),
  getHours: [...onCalendar('hours', ({ hours }) => hours), ofDuration('hours', 3_600_000_000_000n)],
  getMinutes: [...onCalendar('minutes', ({ minutes }) => minutes), ofDuration('minutes', 60_000_000_000n)],
  getSeconds: [...onCalendar('seconds', ({ seconds }) => seconds), ofDuration('seconds', 1_000_000_000n)],
  getMilliseconds: [
    ...onCalendar('milliseconds', ({ milliseconds }) => milliseconds),
    ofDuration('milliseconds', 1_000_000n),
  ],
};

const COMPARABLE = ['int', 'uint', 'double', 'bool', 'duration', 'timestamp', 'string', 'bytes'];
const SUMMABLE = ['int', 'uint', 'double', 'duration'] as const;

function best(name: string, wanted: number): (list: List) => Value {
  return ({ items }) => {
    if (items.length === 0) throw new EvaluationFault(`${name} called on empty list`);
    return items.reduce((known, item) => (compare(known, item) === wanted ? item : known));
  };
}

function sum(type: (typeof SUMMABLE)[number], zero: Value): Overload {
  return method(`list_${type}_sum_${type}`, `list(${type}) -> ${type}`, ({ items }: List) => items.reduce(add, zero));
}

/** k8s.io/apiserver, pkg/cel/library/lists.go; google/cel-go, ext/sets.go. @param zeros of the types that have sums */
export function listFunctions(zeros: Readonly<Record<(typeof SUMMABLE)[number], Value>>): Functions {
  const containsAll = (list: List, part: List) => part.items.every((item) => inList(item, list));
  return {
    isSorted: COMPARABLE.map((type) =>
      method(`list_${type}_is_sorted_bool`, `list(${type}) -> bool`, ({ items }: List) =>
        items.every((item, index) => index === 0 || compare(items[index - 1]!, item) <= 0),
      ),
    ),
    sum: SUMMABLE.map((type) => sum(type, zeros[type])),
    max: COMPARABLE.map((type) => method(`list_${type}_max_${type}`, `list(${type}) -> ${type}`, best('max', -1))),
    min: COMPARABLE.map((type) => method(`list_${type}_min_${type}`, `list(${type}) -> ${type}`, best('min', 1))),
    indexOf: [
      method('list_a_index_of_int', 'list(A), A -> int', ({ items }: List, wanted: Value) =>
        BigInt(items.findIndex((item) => equal(item, wanted))),
      ),
    ],
    lastIndexOf: [
      method('list_a_last_index_of_int', 'list(A), A -> int', ({ items }: List, wanted: Value) =>
        BigInt(items.findLastIndex((item) => equal(item, wanted))),
      ),
    ],
    'sets.contains': [global('list_sets_contains_list', 'list(T), list(T) -> bool', containsAll)],
    'sets.equivalent': [
      global(
        'list_sets_equivalent_list',
        'list(T), list(T) -> bool',
        (a: List, b: List) => containsAll(a, b) && containsAll(b, a),
      ),
    ],
    'sets.intersects': [
      global('list_sets_intersects_list', 'list(T), list(T) -> bool', (a: List, b: List) =>
        a.items.some((item) => inList(item, b)),
      ),
    ],
  };
}
