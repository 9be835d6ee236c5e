import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CronScheduleError, nextFiring, parseCronSchedule } from './cron-schedule.ts';

const at = (text: string) => Date.parse(text);
const firstAfter = (schedule: string, moment: string, zone?: string) => {
  const next = nextFiring(parseCronSchedule(schedule), at(moment), zone);
  return next === null ? null : new Date(next).toISOString().replace('.000', '');
};

describe('nextFiring', () => {
  it.each([
    ['*/1 * * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:01:00Z'],
    ['* * * * *', '2026-01-01T00:00:59.999Z', '2026-01-01T00:01:00Z'],
    ['*/10 * * * *', '2026-01-01T00:51:00Z', '2026-01-01T01:00:00Z'],
    ['0 0 1 * *', '2026-01-01T00:00:00Z', '2026-02-01T00:00:00Z'],
    ['0 1 * * *', '2026-12-31T02:00:00Z', '2027-01-01T01:00:00Z'],
    ['0 0 29 2 *', '2026-01-01T00:00:00Z', '2028-02-29T00:00:00Z'],
    // Both are restricted: one of them is enough.
    ['0 0 13 * fri', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
    ['0 0 * * SUN', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['5/20 2-4/2 ? jan-mar 1,3', '2026-01-05T02:26:00Z', '2026-01-05T02:45:00Z'],
    ['@hourly', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z'],
    ['@weekly', '2026-01-01T00:00:00Z', '2026-01-04T00:00:00Z'],
    ['@yearly', '2026-01-01T00:00:00Z', '2027-01-01T00:00:00Z'],
    ['@every 90s', '2026-01-01T00:00:00.700Z', '2026-01-01T00:01:30Z'],
    ['@every 1.9s', '2026-01-01T00:00:00.700Z', '2026-01-01T00:00:01Z'],
    ['@every 10ms', '2026-01-01T00:00:00.700Z', '2026-01-01T00:00:01Z'],
    ['CRON_TZ=Asia/Kolkata 0 6 * * *', '2026-01-01T00:00:00Z', '2026-01-01T00:30:00Z'],
    ['TZ=UTC @daily', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  ])('%s after %s is %s', (schedule, moment, expected) => {
    expect(firstAfter(schedule, moment)).toBe(expected);
  });

  it('is null for a date that never comes', () => {
    expect(firstAfter('0 0 31 2 *', '2026-01-01T00:00:00Z')).toBeNull();
  });

  it('skips an hour that a zone leaves out, and takes one twice that it repeats', () => {
    expect(firstAfter('30 2 * * *', '2026-03-28T02:00:00Z', 'Europe/Prague')).toBe('2026-03-30T00:30:00Z');
    expect(firstAfter('30 2 * * *', '2026-10-24T22:00:00Z', 'Europe/Prague')).toBe('2026-10-25T00:30:00Z');
    expect(firstAfter('30 2 * * *', '2026-10-25T00:30:00Z', 'Europe/Prague')).toBe('2026-10-25T01:30:00Z');
  });
});

it.each([
  '',
  '* * * *',
  '* * * * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * * 13 *',
  '* * * * 7',
  '5-1 * * * *',
])('refuses %j', (text) => {
  expect(() => parseCronSchedule(text)).toThrow(CronScheduleError);
});
it.each([
  '*/0 * * * *',
  '1/2/3 * * * *',
  '1-2-3 * * * *',
  'x * * * *',
  '-1 * * * *',
  '@often',
  '@every',
  '@every soon',
])('refuses %j, too', (text) => {
  expect(() => parseCronSchedule(text)).toThrow(/is no schedule/);
});

/** Reads a field in the plainest way: is the value one of those that it names? */
function named(field: string, value: number, least: number, most: number): boolean {
  return field.split(',').some((term) => {
    const [range, step] = term.split('/');
    const [low, high] = range === '*' ? [least, most] : range!.split('-').map(Number);
    const end = high ?? (step === undefined ? low! : most);
    return value >= low! && value <= end && (value - low!) % Number(step ?? 1) === 0;
  });
}

/** The first minute that matches, found by looking at each. */
function slowNext(text: string, afterMs: number, zone: string): number | null {
  const [minute, hour, day, month, weekday] = text.split(' ') as [string, string, string, string, string];
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    weekday: 'short',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  });
  const star = (field: string) => field.split(',').some((term) => /^\*(\/1)?$/.test(term));
  for (let at = Math.floor(afterMs / 60_000) * 60_000 + 60_000, count = 0; count < 4 * 1440; at += 60_000, count++) {
    const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
    const days = named(day, Number(parts.day), 1, 31);
    const weekdays = named(weekday, ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'].indexOf(parts.weekday!), 0, 6);
    if (
      named(minute, Number(parts.minute), 0, 59) &&
      named(hour, Number(parts.hour), 0, 23) &&
      named(month, Number(parts.month), 1, 12) &&
      (star(day) || star(weekday) ? days && weekdays : days || weekdays)
    )
      return at;
  }
  return null;
}

const fieldOf = (least: number, most: number) => {
  const number = fc.integer({ min: least, max: most });
  const range = fc.oneof(
    fc.constant('*'),
    number.map(String),
    fc.tuple(number, number).map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
  );
  const term = fc.oneof(
    range,
    fc.tuple(range, fc.integer({ min: 1, max: most })).map(([text, step]) => `${text}/${step}`),
  );
  return fc.array(term, { minLength: 1, maxLength: 3 }).map((terms) => terms.join(','));
};

describe('property', () => {
  const usual = <T>(rare: fc.Arbitrary<T>, common: T) => fc.oneof({ arbitrary: rare, weight: 1 }, fc.constant(common));
  const schedules = fc
    .tuple(
      fieldOf(0, 59),
      fieldOf(0, 23),
      usual(fieldOf(1, 31), '*'),
      usual(fieldOf(1, 12), '*'),
      usual(fieldOf(0, 6), '*'),
    )
    .map((fields) => fields.join(' '));
  // Around the changes of daylight saving time, in zones with whole, half and quarter hours.
  const moments = fc.oneof(
    fc.integer({ min: at('2026-03-27T00:00:00Z'), max: at('2026-03-30T00:00:00Z') }),
    fc.integer({ min: at('2026-10-24T00:00:00Z'), max: at('2026-10-26T00:00:00Z') }),
    fc.integer({ min: at('2026-04-04T00:00:00Z'), max: at('2026-04-06T00:00:00Z') }),
    fc.integer({ min: at('2026-12-30T00:00:00Z'), max: at('2027-01-02T00:00:00Z') }),
  );
  const zones = fc.constantFrom('UTC', 'Europe/Prague', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'America/New_York');

  it('finds the minute that looking at each minute finds', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(schedules, moments, zones, (text, moment, zone) => {
        const slow = slowNext(text, moment, zone);
        const fast = nextFiring(parseCronSchedule(text), moment, zone);
        if (slow === null) expect(fast === null || fast > moment + 3.9 * 86_400_000).toBe(true);
        else expect(fast).toBe(slow);
      }),
      { numRuns: 40 },
    );
  });

  it('never goes back, and is the same from any moment between two firings', () => {
    fc.assert(
      fc.property(
        schedules,
        moments,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (text, moment, part) => {
          const schedule = parseCronSchedule(text);
          const next = nextFiring(schedule, moment);
          if (next === null) return;
          expect(next).toBeGreaterThan(moment);
          expect(nextFiring(schedule, moment + Math.floor(part * (next - moment)))).toBe(next);
        },
      ),
      { numRuns: 200 },
    );
  });
});
