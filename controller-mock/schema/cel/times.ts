/** Times and durations as Go reads and writes them (time.ParseDuration, time.RFC3339), and as formats of schemas have them (kube-openapi, strfmt). */
import { EvaluationFault } from './fault.ts';
import { Duration, INT_MAX, INT_MIN, Timestamp } from './values.ts';

const SECOND = 1_000_000_000n;
const MILLISECOND = 1_000_000n;

/** Years 1 to 9999. */
const EARLIEST = -62_135_596_800n * SECOND;
const LATEST = 253_402_300_800n * SECOND;

/** @throws EvaluationFault for what is before or after all times */
export function timestampOf(nanos: bigint): Timestamp {
  if (nanos < EARLIEST || nanos >= LATEST) throw new EvaluationFault('timestamp overflow');
  return new Timestamp(nanos);
}

/** @throws EvaluationFault */
export function durationOf(nanos: bigint): Duration {
  if (nanos > INT_MAX || nanos < INT_MIN) throw new EvaluationFault('duration overflow');
  return new Duration(nanos);
}

const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  μs: 1000n,
  ms: MILLISECOND,
  s: SECOND,
  m: 60n * SECOND,
  h: 3600n * SECOND,
};

const GO_DURATION = /^([-+]?)(0|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** time.ParseDuration. @returns undefined for what is none */
export function parseDuration(text: string): Duration | undefined {
  const [, sign, parts = ''] = GO_DURATION.exec(text) ?? [];
  if (sign === undefined) return undefined;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of parts.matchAll(/(\d*)(?:\.(\d*))?(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = UNITS[unit]!;
    nanos += BigInt(whole || '0') * size;
    if (fraction) nanos += (BigInt(fraction) * size) / 10n ** BigInt(fraction.length);
  }
  return nanos > INT_MAX ? undefined : new Duration(sign === '-' ? -nanos : nanos);
}

const WORDS: readonly (readonly [RegExp, bigint])[] = [
  [/^(?:ns|nano)/, 1n],
  [/^(?:us|µs|micro)/, 1000n],
  [/^(?:ms|milli)/, MILLISECOND],
  [/^(?:s$|sec)/, SECOND],
  [/^(?:m$|min)/, 60n * SECOND],
  [/^(?:h$|hr|hour)/, 3600n * SECOND],
  [/^(?:d$|day)/, 86_400n * SECOND],
  [/^(?:w$|wk|week)/, 604_800n * SECOND],
];

/** Of `format: duration`, which has days and weeks, too. @throws EvaluationFault */
export function parseFormatDuration(text: string): Duration {
  const short = parseDuration(text);
  if (short) return short;
  let nanos = 0n;
  let known = false;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    const size = WORDS.find(([word]) => word.test(unit.toLowerCase()))?.[1];
    if (size === undefined) continue;
    known = true;
    nanos += BigInt(amount) * size;
  }
  if (known) return new Duration(nanos);
  throw new EvaluationFault(`Invalid duration ${text}: unable to parse ${text} as duration`);
}

const DATE_TIME = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:?\d\d)?$/;

function readTime(text: string): bigint | undefined {
  const [, date, time, fraction = '', zone = 'Z'] = DATE_TIME.exec(text) ?? [];
  if (!date) return undefined;
  const day = new Date(`${date}T00:00:00Z`);
  const ms = Date.parse(
    `${date}T${time}${zone.length === 5 ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone.toUpperCase()}`,
  );
  // JavaScript takes days that a month does not have.
  if (Number.isNaN(ms) || !day.toISOString().startsWith(date) || time!.startsWith('24')) return undefined;
  return BigInt(ms) * MILLISECOND + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}

/** Of `format: date-time`. @throws EvaluationFault */
export function parseDateTime(text: string): Timestamp {
  const nanos = readTime(text);
  if (nanos === undefined) throw new EvaluationFault(`Invalid date-time formatted string ${text}`);
  return new Timestamp(nanos);
}

/** RFC 3339. @returns undefined for what is none; @throws EvaluationFault */
export function parseTimestamp(text: string): Timestamp | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const nanos = readTime(text);
  return nanos === undefined ? undefined : timestampOf(nanos);
}

/** Division that rounds down, as the calendar needs before 1970. */
const floor = (a: bigint, b: bigint) => (a - (((a % b) + b) % b)) / b;

const fractionOf = (nanos: bigint) => {
  const digits = String(nanos).padStart(9, '0').replace(/0+$/, '');
  return digits && `.${digits}`;
};

/** RFC 3339 with as much of a second as there is. */
export function timestampText({ nanos }: Timestamp): string {
  const seconds = floor(nanos, SECOND);
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}${fractionOf(nanos - seconds * SECOND)}Z`;
}

/** Seconds with their unit, as `5400s`. */
export function durationText({ nanos }: Duration): string {
  const amount = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${amount / SECOND}${fractionOf(amount % SECOND)}s`;
}

/** A time on the calendar of some place. */
export interface CalendarTime {
  year: number;
  /** From 0. */
  month: number;
  /** From 1. */
  day: number;
  /** From 0, which is Sunday. */
  weekday: number;
  /** From 0. */
  dayOfYear: number;
  hours: number;
  minutes: number;
  seconds: number;
  milliseconds: number;
}

/** @param zone of the IANA database, or an offset such as `-02:30`. @throws EvaluationFault for one that there is not */
export function calendarTime({ nanos }: Timestamp, zone: string): CalendarTime {
  const ms = Number(floor(nanos, MILLISECOND));
  const local = new Date(ms + offsetOf(zone, ms));
  const year = local.getUTCFullYear();
  const newYear = new Date(0);
  newYear.setUTCFullYear(year, 0, 1);
  return {
    year,
    month: local.getUTCMonth(),
    day: local.getUTCDate(),
    weekday: local.getUTCDay(),
    dayOfYear: Math.floor((local.getTime() - newYear.getTime()) / 86_400_000),
    hours: local.getUTCHours(),
    minutes: local.getUTCMinutes(),
    seconds: local.getUTCSeconds(),
    milliseconds: local.getUTCMilliseconds(),
  };
}

const formatters = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds east of UTC. */
function offsetOf(zone: string, ms: number): number {
  if (zone === 'UTC' || zone === '') return 0;
  const offset = /^([-+]?)(\d{1,2}):(\d\d)$/.exec(zone);
  if (offset) return (offset[1] === '-' ? -1 : 1) * (Number(offset[2]) * 60 + Number(offset[3])) * 60_000;
  let formatter = formatters.get(zone);
  if (!formatter) {
    try {
      formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    } catch {
      throw new EvaluationFault(`unknown time zone ${zone}`);
    }
    formatters.set(zone, formatter);
  }
  const name = formatter.formatToParts(ms).find(({ type }) => type === 'timeZoneName')?.value ?? '';
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT([-+])(\d+):(\d+)(?::(\d+))?/.exec(name) ?? [];
  const amount = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -amount : amount;
}
