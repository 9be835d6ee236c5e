/** When CronJobs run, as the server reads it: github.com/robfig/cron v3, parser.go. */
import { goDurationMs } from '../../../model/time/go-duration.ts';
import { causeInvalid, type StatusCause } from '../../api/causes.ts';
import type { Check } from './rule.ts';

interface Bounds {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

/** Minutes, hours, days of the month, months, days of the week; names count from the lowest number. */
const FIELDS: readonly Bounds[] = [
  { low: 0, high: 59 },
  { low: 0, high: 23 },
  { low: 1, high: 31 },
  { low: 1, high: 12, names: MONTHS },
  { low: 0, high: 6, names: DAYS },
];

const NAMED = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

class CronFault extends Error {}

function integer(text: string): number {
  const quoted = JSON.stringify(text);
  if (!/^[-+]?\d+$/.test(text)) {
    throw new CronFault(`failed to parse int from ${text}: strconv.Atoi: parsing ${quoted}: invalid syntax`);
  }
  const value = Number(text);
  if (Math.abs(value) >= 2 ** 63) {
    throw new CronFault(`failed to parse int from ${text}: strconv.Atoi: parsing ${quoted}: value out of range`);
  }
  if (value < 0) throw new CronFault(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function numberOf(text: string, { low, names }: Bounds): number {
  const index = names?.indexOf(text.toLowerCase()) ?? -1;
  return index >= 0 ? index + low : integer(text);
}

/** `*`, a number, or two with a hyphen, and after a slash the step. */
function checkRange(text: string, bounds: Bounds): void {
  const parts = text.split('/');
  const ends = parts[0]!.split('-');
  let start = bounds.low;
  let end = bounds.high;
  if (ends[0] !== '*' && ends[0] !== '?') {
    start = numberOf(ends[0]!, bounds);
    if (ends.length > 2) throw new CronFault(`too many hyphens: ${text}`);
    end = ends.length === 2 ? numberOf(ends[1]!, bounds) : start;
  }
  if (parts.length > 2) throw new CronFault(`too many slashes: ${text}`);
  const step = parts.length === 2 ? integer(parts[1]!) : 1;
  if (parts.length === 2 && ends.length === 1) end = bounds.high;
  if (start < bounds.low) throw new CronFault(`beginning of range (${start}) below minimum (${bounds.low}): ${text}`);
  if (end > bounds.high) throw new CronFault(`end of range (${end}) above maximum (${bounds.high}): ${text}`);
  if (start > end) throw new CronFault(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronFault(`step of range should be a positive number: ${text}`);
}

const DURATION_UNITS = ['ns', 'us', 'µs', 'μs', 'ms', 's', 'm', 'h'];

/** What Go says of a duration: time/format.go ParseDuration. */
function durationFault(text: string): string | undefined {
  if (goDurationMs(text) !== null) return undefined;
  const quoted = JSON.stringify(text);
  for (const [, digits = '', unit = ''] of text.replace(/^[-+]/, '').matchAll(/(\d*\.?\d*)([^.\d]*)/g)) {
    if (!/\d/.test(digits)) break;
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    if (!DURATION_UNITS.includes(unit)) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
  }
  return `time: invalid duration ${quoted}`;
}

function descriptorFault(text: string): string | undefined {
  if (NAMED.includes(text)) return undefined;
  if (!text.startsWith('@every ')) return `unrecognized descriptor: ${text}`;
  const fault = durationFault(text.slice('@every '.length));
  return fault && `failed to parse duration ${text}: ${fault}`;
}

/** @returns what is wrong with a schedule; undefined when it can be kept. */
export function cronFault(schedule: string): string | undefined {
  const zoned = /^(?:CRON_)?TZ=([^ ]*) (.*)$/s.exec(schedule);
  if (zoned) {
    const fault = zoneFault(zoned[1]!);
    return fault ? `provided bad location ${zoned[1]}: ${fault}` : cronFault(zoned[2]!.trim());
  }
  if (schedule.startsWith('@')) return descriptorFault(schedule);
  const fields = schedule.split(/\s+/).filter((field) => field !== '');
  if (fields.length !== FIELDS.length) {
    return `expected exactly ${FIELDS.length} fields, found ${fields.length}: [${fields.join(' ')}]`;
  }
  try {
    for (const [index, field] of fields.entries()) {
      for (const range of field.split(',').filter((part) => part !== '')) checkRange(range, FIELDS[index]!);
    }
  } catch (error) {
    if (error instanceof CronFault) return error.message;
    throw error;
  }
  return undefined;
}

export const schedule: Check = (value, { path }) => {
  const given = String(value ?? '');
  const causes: StatusCause[] = [];
  const fault = cronFault(given);
  if (fault) causes.push(causeInvalid(path, given, fault));
  if (given.includes('TZ')) {
    causes.push(causeInvalid(path, given, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  }
  return causes;
};

/** time.LoadLocation: what the runtime's own tables know, by its exact name. */
function zoneFault(zone: string): string | undefined {
  if (zone === '' || zone === 'UTC') return undefined;
  try {
    const { timeZone: known } = new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions();
    // To JavaScript, unlike Go, case does not matter, and offsets are zones.
    const isOtherCase = known !== zone && known.toLowerCase() === zone.toLowerCase();
    if (!isOtherCase && !/^[+-]/.test(zone)) return undefined;
  } catch {
    // Not known.
  }
  return `unknown time zone ${zone}`;
}

const PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

export const timeZone: Check = (value, { path, old, before }) => {
  if (value === undefined || (old && value === before)) return undefined;
  const zone = String(value);
  if (zone === '') return causeInvalid(path, zone, 'timeZone must be nil or non-empty string');
  const isPart = (part: string) => part !== '.' && part !== '..' && !part.startsWith('-') && PART.test(part);
  if (!zone.split('/').every(isPart)) return causeInvalid(path, zone, `unknown time zone ${zone}`);
  if (zone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    const rest = zone === 'Local' ? [] : [causeInvalid(path, zone, `unknown time zone ${zone}`)];
    return [causeInvalid(path, zone, detail), ...rest];
  }
  const fault = zoneFault(zone);
  return fault ? causeInvalid(path, zone, fault) : undefined;
};
