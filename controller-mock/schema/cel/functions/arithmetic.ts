/** Operators on numbers, texts, lists and times: google/cel-go, common/stdlib/standard.go, common/types/overflow.go. */
import { EvaluationFault, noSuchOverload } from '../fault.ts';
import { durationOf, timestampOf } from '../times.ts';
import {
  compare,
  Duration,
  INT_MAX,
  INT_MIN,
  type List,
  type Timestamp,
  UINT_MAX,
  Uint,
  type Value,
} from '../values.ts';
import { type Functions, global, type Overload } from './overload.ts';

/** @throws EvaluationFault for what 64 bits do not hold */
export function int(value: bigint): bigint {
  if (value > INT_MAX || value < INT_MIN) throw new EvaluationFault('integer overflow');
  return value;
}

/** The same for unsigned integers. */
export function uint(value: bigint): Uint {
  if (value > UINT_MAX || value < 0n) throw new EvaluationFault('unsigned integer overflow');
  return new Uint(value);
}

function nonZero(value: bigint, what: string): bigint {
  if (value === 0n) throw new EvaluationFault(`${what} by zero`);
  return value;
}

const joinBytes = (a: Uint8Array, b: Uint8Array) => new Uint8Array(Buffer.concat([a, b]));

/** Types that have an order, in the order of overloads; numbers are compared with those of other types, too. */
const ORDERED: readonly (readonly [id: string, a: string, b: string])[] = [
  ['bool', 'bool', 'bool'],
  ['int64', 'int', 'int'],
  ['int64_double', 'int', 'double'],
  ['int64_uint64', 'int', 'uint'],
  ['uint64', 'uint', 'uint'],
  ['uint64_double', 'uint', 'double'],
  ['uint64_int64', 'uint', 'int'],
  ['double', 'double', 'double'],
  ['double_int64', 'double', 'int'],
  ['double_uint64', 'double', 'uint'],
  ['string', 'string', 'string'],
  ['bytes', 'bytes', 'bytes'],
  ['timestamp', 'timestamp', 'timestamp'],
  ['duration', 'duration', 'duration'],
];

const relation = (word: string, holds: (order: number) => boolean): Overload[] =>
  ORDERED.map(([id, a, b]) =>
    global(`${word}_${id}`, `${a}, ${b} -> bool`, (x: Value, y: Value) => holds(compare(x, y))),
  );

const ADDITION: readonly Overload[] = [
  global('add_bytes', 'bytes, bytes -> bytes', joinBytes),
  global('add_double', 'double, double -> double', (a: number, b: number) => a + b),
  global('add_duration_duration', 'duration, duration -> duration', (a: Duration, b: Duration) =>
    durationOf(a.nanos + b.nanos),
  ),
  global('add_duration_timestamp', 'duration, timestamp -> timestamp', (a: Duration, b: Timestamp) =>
    timestampOf(a.nanos + b.nanos),
  ),
  global('add_timestamp_duration', 'timestamp, duration -> timestamp', (a: Timestamp, b: Duration) =>
    timestampOf(a.nanos + b.nanos),
  ),
  global('add_int64', 'int, int -> int', (a: bigint, b: bigint) => int(a + b)),
  global('add_list', 'list(A), list(A) -> list(A)', (a: List, b: List) => a.plus(b)),
  global('add_string', 'string, string -> string', (a: string, b: string) => a + b),
  global('add_uint64', 'uint, uint -> uint', (a: Uint, b: Uint) => uint(a.value + b.value)),
];

/** Sum of two values of the same type, as `sum()` of lists needs it. @throws EvaluationFault */
export function add(a: Value, b: Value): Value {
  if (typeof a === 'bigint' && typeof b === 'bigint') return int(a + b);
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  if (a instanceof Uint && b instanceof Uint) return uint(a.value + b.value);
  if (a instanceof Duration && b instanceof Duration) return durationOf(a.nanos + b.nanos);
  throw noSuchOverload();
}

export const ARITHMETIC: Functions = {
  '_+_': ADDITION,
  '_-_': [
    global('subtract_double', 'double, double -> double', (a: number, b: number) => a - b),
    global('subtract_duration_duration', 'duration, duration -> duration', (a: Duration, b: Duration) =>
      durationOf(a.nanos - b.nanos),
    ),
    global('subtract_int64', 'int, int -> int', (a: bigint, b: bigint) => int(a - b)),
    global('subtract_timestamp_duration', 'timestamp, duration -> timestamp', (a: Timestamp, b: Duration) =>
      timestampOf(a.nanos - b.nanos),
    ),
    global('subtract_timestamp_timestamp', 'timestamp, timestamp -> duration', (a: Timestamp, b: Timestamp) =>
      durationOf(a.nanos - b.nanos),
    ),
    global('subtract_uint64', 'uint, uint -> uint', (a: Uint, b: Uint) => uint(a.value - b.value)),
  ],
  '_*_': [
    global('multiply_double', 'double, double -> double', (a: number, b: number) => a * b),
    global('multiply_int64', 'int, int -> int', (a: bigint, b: bigint) => int(a * b)),
    global('multiply_uint64', 'uint, uint -> uint', (a: Uint, b: Uint) => uint(a.value * b.value)),
  ],
  '_/_': [
    global('divide_double', 'double, double -> double', (a: number, b: number) => a / b),
    global('divide_int64', 'int, int -> int', (a: bigint, b: bigint) => int(a / nonZero(b, 'division'))),
    global('divide_uint64', 'uint, uint -> uint', (a: Uint, b: Uint) => uint(a.value / nonZero(b.value, 'division'))),
  ],
  '_%_': [
    global('modulo_int64', 'int, int -> int', (a: bigint, b: bigint) => int(a % nonZero(b, 'modulus'))),
    global('modulo_uint64', 'uint, uint -> uint', (a: Uint, b: Uint) => uint(a.value % nonZero(b.value, 'modulus'))),
  ],
  '-_': [
    global('negate_double', 'double -> double', (a: number) => -a),
    global('negate_int64', 'int -> int', (a: bigint) => int(-a)),
  ],
  '_<_': relation('less', (order) => order < 0),
  '_<=_': relation('less_equals', (order) => order <= 0),
  '_>_': relation('greater', (order) => order > 0),
  '_>=_': relation('greater_equals', (order) => order >= 0),
};
