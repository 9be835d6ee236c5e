import { expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { ArrivalPace } from './arrival-pace.ts';

it('runs with the clock, faster, slower and not at all', async () => {
  const clock = new ManualClock();
  const pace = new ArrivalPace(clock);
  const reached: number[] = [];
  const stop = new AbortController();
  for (const ms of [1000, 2000, 3000, 4000, 9000]) void pace.until(ms, stop.signal).then(() => reached.push(ms));
  await clock.advance(1000);
  expect(reached).toEqual([1000]);
  pace.set(0);
  await clock.advance(60_000);
  expect([pace.now(), reached]).toEqual([1000, [1000]]);
  pace.set(2);
  await clock.advance(500);
  expect([pace.now(), reached]).toEqual([2000, [1000, 2000]]);
  pace.set(0.5);
  await clock.advance(1999);
  expect(reached).toEqual([1000, 2000]);
  await clock.advance(2001);
  expect(reached).toEqual([1000, 2000, 3000, 4000]);
  stop.abort();
  await clock.advance(0);
  expect(reached).toEqual([1000, 2000, 3000, 4000, 9000]);
  expect(clock.pending).toBe(0);
});

it('refuses what is no pace', () => {
  const pace = new ArrivalPace(new ManualClock());
  for (const factor of [-1, 101, Number.NaN])
    expect(() => pace.set(factor)).toThrow(/allowed: a number from 0 \(paused\) to 100/);
});
