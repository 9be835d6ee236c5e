/** Functions that make values of one type from those of another: google/cel-go, common/types, ConvertToType of each. */
import { EvaluationFault } from '../fault.ts';
import { goDouble } from '../go-numbers.ts';
import { durationText, parseDuration, parseTimestamp, timestampOf, timestampText } from '../times.ts';
import {
  type Duration,
  INT_MAX,
  INT_MIN,
  type Timestamp,
  TypeName,
  typeNameOf,
  UINT_MAX,
  type Uint,
  type Value,
} from '../values.ts';
import { int, uint } from './arithmetic.ts';
import { type Functions, global } from './overload.ts';

const same = (value: Value) => value;

const noConversion = (to: string, from = 'string') =>
  new EvaluationFault(`type conversion error from '${from}' to '${to}'`);

/** strconv.ParseBool, with fewer capital letters than there could be. */
function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw noConversion('bool');
}

function parseInteger(text: string, form: RegExp, least: bigint, most: bigint, to: string): bigint {
  const value = form.test(text) ? BigInt(text.replace(/^\+/, '')) : undefined;
  if (value === undefined || value < least || value > most) throw noConversion(to);
  return value;
}

/** strconv.ParseFloat */
function parseDouble(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text);
    if (Number.isFinite(value)) return value;
  }
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
  if (/^nan$/i.test(text)) return Number.NaN;
  throw noConversion('double');
}

function doubleToInt(value: number): bigint {
  if (!(value > -(2 ** 63) && value < 2 ** 63)) throw new EvaluationFault('integer overflow');
  return int(BigInt(Math.trunc(value)));
}

function doubleToUint(value: number): Uint {
  if (!(value >= 0 && value < 2 ** 64)) throw new EvaluationFault('unsigned integer overflow');
  return uint(BigInt(Math.trunc(value)));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function bytesText(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new EvaluationFault('invalid UTF-8 in bytes, cannot convert to string');
  }
}

function readDuration(text: string): Duration {
  const value = parseDuration(text);
  if (!value) throw noConversion('google.protobuf.Duration');
  return value;
}

function readTimestamp(text: string): Timestamp {
  const value = parseTimestamp(text);
  if (!value) throw noConversion('google.protobuf.Timestamp');
  return value;
}

export const CONVERSIONS: Functions = {
  bool: [global('bool_to_bool', 'bool -> bool', same), global('string_to_bool', 'string -> bool', parseBool)],
  bytes: [
    global('bytes_to_bytes', 'bytes -> bytes', same),
    global('string_to_bytes', 'string -> bytes', (text: string) => new Uint8Array(Buffer.from(text))),
  ],
  double: [
    global('double_to_double', 'double -> double', same),
    global('int64_to_double', 'int -> double', (value: bigint) => Number(value)),
    global('string_to_double', 'string -> double', parseDouble),
    global('uint64_to_double', 'uint -> double', ({ value }: Uint) => Number(value)),
  ],
  duration: [
    global('duration_to_duration', 'duration -> duration', same),
    global('int64_to_duration', 'int -> duration', () => {
      // Declared, and refused by the real server, too.
      throw noConversion('google.protobuf.Duration', 'int');
    }),
    global('string_to_duration', 'string -> duration', readDuration),
  ],
  dyn: [global('to_dyn', 'A -> dyn', same)],
  int: [
    global('int64_to_int64', 'int -> int', same),
    global('double_to_int64', 'double -> int', doubleToInt),
    global('duration_to_int64', 'duration -> int', ({ nanos }: Duration) => nanos),
    global('string_to_int64', 'string -> int', (text: string) =>
      parseInteger(text, /^[+-]?\d+$/, INT_MIN, INT_MAX, 'int'),
    ),
    global('timestamp_to_int64', 'timestamp -> int', ({ nanos }: Timestamp) =>
      BigInt.asIntN(64, nanos / 1_000_000_000n),
    ),
    global('uint64_to_int64', 'uint -> int', ({ value }: Uint) => int(value)),
  ],
  string: [
    global('string_to_string', 'string -> string', same),
    global('bool_to_string', 'bool -> string', (value: boolean) => String(value)),
    global('bytes_to_string', 'bytes -> string', bytesText),
    global('double_to_string', 'double -> string', goDouble),
    global('duration_to_string', 'duration -> string', durationText),
    global('int64_to_string', 'int -> string', (value: bigint) => String(value)),
    global('timestamp_to_string', 'timestamp -> string', timestampText),
    global('uint64_to_string', 'uint -> string', ({ value }: Uint) => String(value)),
  ],
  timestamp: [
    global('timestamp_to_timestamp', 'timestamp -> timestamp', same),
    global('int64_to_timestamp', 'int -> timestamp', (seconds: bigint) => timestampOf(seconds * 1_000_000_000n)),
    global('string_to_timestamp', 'string -> timestamp', readTimestamp),
  ],
  type: [global('type', 'A -> type(A)', (value: Value) => new TypeName(typeNameOf(value)))],
  uint: [
    global('uint64_to_uint64', 'uint -> uint', same),
    global('double_to_uint64', 'double -> uint', doubleToUint),
    global('int64_to_uint64', 'int -> uint', (value: bigint) => uint(value)),
    global('string_to_uint64', 'string -> uint', (text: string) =>
      uint(parseInteger(text, /^\d+$/, 0n, UINT_MAX, 'uint')),
    ),
  ],
};

/** The text of a value that `string()` takes, or of a type. */
export function textOf(value: Value): string | undefined {
  if (value instanceof TypeName) return value.name;
  const type = typeNameOf(value)
    .replace(/^google\.protobuf\./, '')
    .toLowerCase();
  const overload = CONVERSIONS.string!.find(({ args }) => args[0]!.kind === type);
  return overload?.run && String(overload.run(value as never));
}
