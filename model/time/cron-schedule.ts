/**
 * Schedules as robfig/cron 3.0.0 reads them, which the DevWorkspace Operator uses (devfile/devworkspace-operator,
 * controllers/backupcronjob/backupcronjob_controller.go; robfig/cron, parser.go ParseStandard, spec.go Next, constantdelay.go):
 * minute, hour, day of month, month, day of week, or a descriptor such as `@hourly` or `@every 90s`; before them a time zone
 * (`CRON_TZ=Europe/Prague`). A Sunday is 0 and never 7.
 */
import { goDurationMs } from './go-duration.ts';

/** When something is due. */
export type CronSchedule =
  | { readonly everyMs: number }
  | {
      readonly minutes: ReadonlySet<number>;
      readonly hours: ReadonlySet<number>;
      readonly days: ReadonlySet<number>;
      readonly months: ReadonlySet<number>;
      readonly weekdays: ReadonlySet<number>;
      /** Day and weekday must both match; else one of them is enough. */
      readonly bothDays: boolean;
      /** IANA name; undefined: that of the process. */
      readonly timeZone: string | undefined;
    };

/** The text is no schedule; says why. */
export class CronScheduleError extends Error {
  constructor(text: string, why: string) {
    super(
      `"${text}" is no schedule: ${why}; allowed are five fields (minute, hour, day of month, month, day of week: */10 * * * *) and @yearly, @monthly, @weekly, @daily, @hourly or @every with a duration (@every 90s)`,
    );
    this.name = 'CronScheduleError';
  }
}

interface Field {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly names?: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', least: 0, most: 59 },
  { name: 'hour', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  {
    name: 'month',
    least: 1,
    most: 12,
    names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'],
  },
  { name: 'day of week', least: 0, most: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const DESCRIPTORS: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

const SECOND = 1000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** How far a firing may be away before it counts as never. */
const YEARS = 5;

/** @throws CronScheduleError */
export function parseCronSchedule(text: string): CronSchedule {
  let rest = text;
  let timeZone: string | undefined;
  const zone = /^(?:CRON_)?TZ=(\S*)\s+/.exec(text);
  if (zone) {
    timeZone = knownZone(text, zone[1]!);
    rest = text.slice(zone[0].length).trim();
  }
  if (rest.startsWith('@every ')) {
    const ms = goDurationMs(rest.slice('@every '.length));
    if (ms === null) throw new CronScheduleError(text, `${rest.slice('@every '.length)} is no duration`);
    return { everyMs: Math.floor(Math.max(ms, SECOND) / SECOND) * SECOND };
  }
  if (rest.startsWith('@')) {
    const fields = DESCRIPTORS[rest];
    if (!fields) throw new CronScheduleError(text, `nothing is known as ${rest}`);
    rest = fields;
  }
  const parts = rest.split(/\s+/).filter((part) => part !== '');
  if (parts.length !== FIELDS.length) throw new CronScheduleError(text, `it has ${parts.length} fields`);
  const [minutes, hours, days, months, weekdays] = FIELDS.map((field, index) => values(text, parts[index]!, field));
  return {
    minutes: minutes!.set,
    hours: hours!.set,
    days: days!.set,
    months: months!.set,
    weekdays: weekdays!.set,
    bothDays: days!.star || weekdays!.star,
    timeZone,
  };
}

/** Zones of Go have the same names; an empty one is UTC. */
function knownZone(text: string, name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name === '' ? 'UTC' : name }).resolvedOptions().timeZone;
  } catch {
    throw new CronScheduleError(text, `there is no time zone ${name}`);
  }
}

function values(text: string, part: string, field: Field): { set: ReadonlySet<number>; star: boolean } {
  const set = new Set<number>();
  let star = false;
  for (const term of part.split(',')) {
    if (term === '') continue;
    const range = readRange(text, term, field);
    star ||= range.star;
    for (let value = range.from; value <= range.to; value += range.step) set.add(value);
  }
  return { set, star };
}

/** One range: `*`, `5`, `1-5`, each with `/step`; a single number with a step goes on to the end. */
function readRange(text: string, term: string, field: Field) {
  const fail = (why: string) => new CronScheduleError(text, `${field.name} ${term} ${why}`);
  const [range = '', stepText, tooMany] = term.split('/');
  const [low = '', high, third] = range.split('-');
  if (tooMany !== undefined) throw fail('has too many slashes');
  const every = low === '*' || low === '?';
  if (!every && third !== undefined) throw fail('has too many hyphens');
  const number = (word: string, names: readonly string[] = []) => {
    const named = names.indexOf(word.toLowerCase());
    if (named >= 0) return named + field.least;
    if (!/^\+?\d+$/.test(word)) throw fail(`needs a number from ${field.least} to ${field.most}`);
    return Number(word);
  };
  const from = every ? field.least : number(low, field.names);
  let to = every ? field.most : high === undefined ? from : number(high, field.names);
  const step = stepText === undefined ? 1 : number(stepText);
  if (stepText !== undefined && high === undefined) to = field.most;
  if (from < field.least || to > field.most) throw fail(`lies outside of ${field.least} to ${field.most}`);
  if (from > to) throw fail('begins after its end');
  if (step === 0) throw fail('has a step of 0');
  return { from, to, step, star: every && step === 1 };
}

/**
 * The first moment after `afterMs` at which something is due, in milliseconds of the Unix epoch; null when there is none within
 * five years, as with 31 February.
 * @param timeZone IANA name of the zone of the process, for schedules that name none
 */
export function nextFiring(schedule: CronSchedule, afterMs: number, timeZone = 'UTC'): number | null {
  const second = Math.floor(afterMs / SECOND) * SECOND;
  if ('everyMs' in schedule) return second + schedule.everyMs;
  const local = localTimes(schedule.timeZone ?? timeZone);
  let at = Math.ceil((second + SECOND) / MINUTE) * MINUTE;
  const lastYear = new Date(local(second + SECOND)).getUTCFullYear() + YEARS;
  for (;;) {
    const time = local(at);
    const date = new Date(time);
    if (date.getUTCFullYear() > lastYear) return null;
    if (!schedule.months.has(date.getUTCMonth() + 1)) {
      at = advance(at, Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) - time, local);
    } else if (!dayMatches(schedule, date)) at = advance(at, DAY - (time % DAY), local);
    else if (!schedule.hours.has(date.getUTCHours())) at = advance(at, HOUR - (time % HOUR), local);
    else if (!schedule.minutes.has(date.getUTCMinutes())) at += MINUTE;
    else return at;
  }
}

type FieldSchedule = Exclude<CronSchedule, { everyMs: number }>;

function dayMatches({ days, weekdays, bothDays }: FieldSchedule, date: Date): boolean {
  const day = days.has(date.getUTCDate());
  const weekday = weekdays.has(date.getUTCDay());
  return bothDays ? day && weekday : day || weekday;
}

/**
 * Goes to where the clock on the wall shows so much more, or stops short of it when that clock is put forward or back on the
 * way: what was passed over would never be looked at.
 */
function advance(at: number, ms: number, local: (ms: number) => number): number {
  const shift = local(at + ms) - local(at) - ms;
  if (shift === 0) return at + ms;
  return at + Math.min(ms, Math.max(MINUTE, HOUR - (local(at) % HOUR)));
}

/** What the clock on the wall shows, as if it were UTC. */
function localTimes(timeZone: string): (ms: number) => number {
  if (timeZone === 'UTC') return (ms) => ms;
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (ms) => {
    const parts = Object.fromEntries(format.formatToParts(ms).map(({ type, value }) => [type, Number(value)]));
    return Date.UTC(parts.year!, parts.month! - 1, parts.day, parts.hour, parts.minute, parts.second);
  };
}
