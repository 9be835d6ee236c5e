import { expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { PollPacer } from './poll-pacer.ts';

it('keeps 10 s for few clusters and slows down so that many stay inside the budget', () => {
  const pace = new PollPacer(new ManualClock(), null, 1, () => 0.5);
  const leave = pace.enter(5);
  expect(pace.delay()).toBe(10_000);
  for (let n = 0; n < 1000; n++) pace.enter(10);
  // 1,001 clusters cost about 1,501 a round; 50 a second are allowed.
  expect(pace.delay()).toBeCloseTo(30_025, 0);
  leave();
  expect(pace.delay()).toBeCloseTo(30_000, 0);
});

it('counts its budget in wall-clock time when simulated time is compressed', () => {
  const pace = new PollPacer(new ScaledClock(startClock(60)), null, 1, () => 0.5);
  for (let n = 0; n < 30; n++) pace.enter(4);
  expect(pace.delay()).toBeCloseTo((30 * 1.2 * 60_000) / 50, 0);
});

it('shares its budget with the other shards of the plan', () => {
  const pace = new PollPacer(new ManualClock(), null, 4, () => 0.5);
  for (let n = 0; n < 1000; n++) pace.enter(10);
  expect(pace.delay()).toBeCloseTo(4 * 30_000, 0);
});

it('scatters looks around the interval', () => {
  expect(new PollPacer(new ManualClock(), null, 1, () => 0).delay()).toBe(9_000);
  expect(new PollPacer(new ManualClock(), null, 1, () => 1).delay()).toBe(11_000);
});

it('keeps to the pace that is asked for, however many clusters are followed', () => {
  const clock = new ScaledClock(startClock(60));
  const pace = new PollPacer(clock, 90, 1, () => 0.5);
  expect(pace.delay()).toBe(90_000);
  for (let n = 0; n < 100_000; n++) pace.enter(4);
  expect(pace.delay()).toBe(90_000);
  expect(new PollPacer(clock, 90, 1, () => 0).delay()).toBe(81_000);
});
