import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../model/time/testing/manual-clock.ts';
import { removeAll, removePatiently } from './removal.ts';
import { adapterError } from './testing/fake-service.ts';

const never = new AbortController().signal;

describe('removing patiently', () => {
  /** Fails with these errors in turn, then succeeds. */
  const failing = (errors: Error[]) => {
    let calls = 0;
    const remove = async () => {
      calls++;
      const error = errors.shift();
      if (error) throw error;
    };
    return { remove, calls: () => calls };
  };

  it('goes on through an outage, however many answers it costs', async () => {
    const clock = new ManualClock();
    const { remove, calls } = failing(Array.from({ length: 40 }, () => adapterError('503', true)));
    const done = removePatiently(remove, clock, never);
    await clock.advance(600_000);
    await done;
    expect(calls()).toBe(41);
  });

  it('gives a refusal a few tries and other errors none', async () => {
    const clock = new ManualClock();
    const refused = failing(Array.from({ length: 9 }, () => adapterError('409', false, true)));
    const outcome = expect(removePatiently(refused.remove, clock, never)).rejects.toThrow('409');
    await clock.advance(600_000);
    await outcome;
    expect(refused.calls()).toBe(5);
    const forbidden = failing([adapterError('403', false)]);
    await expect(removePatiently(forbidden.remove, clock, never)).rejects.toThrow('403');
    expect(forbidden.calls()).toBe(1);
  });

  it('waits for nobody where nobody was reached', async () => {
    const { remove, calls } = failing([adapterError('refused', true)]);
    await expect(removePatiently(remove, new ManualClock(), never, () => false)).rejects.toThrow('refused');
    expect(calls()).toBe(1);
  });

  it('names the last error when it is told to give up', async () => {
    const clock = new ManualClock();
    const stop = new AbortController();
    const { remove } = failing(Array.from({ length: 9 }, () => adapterError('503 overloaded', true)));
    const outcome = expect(removePatiently(remove, clock, stop.signal)).rejects.toThrow('503 overloaded');
    await clock.advance(3_000);
    stop.abort(new Error('enough'));
    await outcome;
  });
});

describe('removing all', () => {
  it('takes so many at once and tells of each that went', async () => {
    let under = 0;
    let most = 0;
    const removed: number[] = [];
    const failures = await removeAll({
      jobs: Array.from({ length: 50 }, (_, n) => n),
      remove: async (n) => {
        most = Math.max(most, ++under);
        await new Promise((resolve) => setImmediate(resolve));
        under--;
        if (n === 7) throw new Error('stays');
      },
      atOnce: 4,
      stallMs: 60_000,
      signal: never,
      onRemoved: (n) => removed.push(n),
    });
    expect(most).toBe(4);
    expect(removed).toHaveLength(49);
    expect(failures).toEqual([{ job: 7, reason: 'stays' }]);
  });

  it('gives the rest up when nothing moves any more', async () => {
    const failures = await removeAll({
      jobs: [1, 2, 3],
      remove: (job, signal) =>
        job === 1
          ? Promise.resolve()
          : new Promise((_resolve, reject) => {
              signal.addEventListener('abort', () => reject(signal.reason));
            }),
      atOnce: 1,
      stallMs: 20,
      signal: never,
    });
    expect(failures.map(({ job }) => job)).toEqual([2, 3]);
    expect(failures[0]!.reason).toBe('nothing could be removed for 0.02 s');
  });

  it('ends at once when it is interrupted', async () => {
    const stop = new AbortController();
    stop.abort(new Error('interrupted'));
    const failures = await removeAll({
      jobs: [1, 2],
      remove: async () => expect.unreachable(),
      atOnce: 2,
      stallMs: 60_000,
      signal: stop.signal,
    });
    expect(failures.map(({ reason }) => reason)).toEqual(['interrupted', 'interrupted']);
  });
});
