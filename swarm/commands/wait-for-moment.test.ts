import { describe, expect, it } from 'vitest';
import { waitForMoment } from './wait-for-moment.ts';

const NEVER = new Promise<void>(() => {});

/** A wall clock that goes on while somebody sleeps, and may be set. */
function clockAt(start: string) {
  const clock = {
    now: Date.parse(start),
    slept: [] as number[],
    told: [] as string[],
    /** Called with each sleep. */
    meanwhile: (_ms: number) => {},
  };
  return {
    clock,
    wait: {
      now: () => clock.now,
      tell: (text: string) => clock.told.push(text),
      sleep: async (ms: number) => {
        clock.slept.push(ms);
        clock.now += ms;
        clock.meanwhile(ms);
      },
    },
  };
}

describe('waiting for a moment', () => {
  const moment = new Date('2026-12-01T10:00:00Z');

  it('ends at it, and says once a minute what it waits for', async () => {
    const { clock, wait } = clockAt('2026-12-01T09:57:25Z');
    expect(await waitForMoment(moment, { ...wait, ended: NEVER })).toBe(true);
    expect(clock.now).toBe(moment.getTime());
    expect(clock.told).toEqual([
      'waiting for 2026-12-01T10:00:00.000Z, in 2m35s',
      'waiting for 2026-12-01T10:00:00.000Z, in 1m35s',
      'waiting for 2026-12-01T10:00:00.000Z, in 35s',
    ]);
  });

  it('is over at once where the moment is past', async () => {
    const { clock, wait } = clockAt('2026-12-01T10:00:07Z');
    expect(await waitForMoment(moment, { ...wait, ended: NEVER })).toBe(true);
    expect(clock).toMatchObject({ slept: [], told: [] });
  });

  it('follows a clock that is set meanwhile', async () => {
    const { clock, wait } = clockAt('2026-12-01T09:59:00Z');
    clock.meanwhile = () => {
      // A time server puts it back by 5 s, once.
      if (clock.slept.length === 2) clock.now -= 5000;
    };
    expect(await waitForMoment(moment, { ...wait, ended: NEVER })).toBe(true);
    expect(clock.now).toBe(moment.getTime());
    expect(clock.slept.reduce((a, b) => a + b, 0)).toBe(65_000);
  });

  it('is ended', async () => {
    const { clock, wait } = clockAt('2026-12-01T09:00:00Z');
    const { promise, resolve } = Promise.withResolvers<void>();
    clock.meanwhile = () => {
      if (clock.slept.length === 3) resolve();
    };
    expect(await waitForMoment(moment, { ...wait, ended: promise })).toBe(false);
    expect(clock.now).toBeLessThan(moment.getTime());
  });

  it('is ended at once while nothing else happens', async () => {
    const far = new Date(Date.now() + 3_600_000);
    expect(await waitForMoment(far, { tell: () => {}, ended: Promise.resolve() })).toBe(false);
  });
});
