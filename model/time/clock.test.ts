import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { onceAborted } from './clock.ts';
import { ManualClock } from './testing/manual-clock.ts';

it('lets any number of sleeps end with a signal that has one listener', async () => {
  const clock = new ManualClock();
  const stop = new AbortController();
  const slept = clock.sleep(10, stop.signal);
  const sleeps = Array.from({ length: 1000 }, () => clock.sleep(1000, stop.signal));
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(1);
  await clock.advance(10);
  await slept;
  stop.abort(new Error('over'));
  const ends = await Promise.allSettled(sleeps);
  expect(ends.every((end) => end.status === 'rejected' && end.reason === stop.signal.reason)).toBe(true);
  await expect(clock.sleep(1, stop.signal)).rejects.toThrow('over');
});

it('calls back once for each that waits for a signal and has not taken it back', () => {
  const stop = new AbortController();
  let calls = 0;
  const count = () => {
    calls += 1;
  };
  onceAborted(stop.signal, count);
  onceAborted(stop.signal, count);
  const takeBack = onceAborted(stop.signal, count);
  takeBack();
  takeBack();
  stop.abort();
  expect(calls).toBe(2);
});
