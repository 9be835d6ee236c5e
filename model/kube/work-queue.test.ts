import { describe, expect, it } from 'vitest';
import { ManualClock } from '../time/testing/manual-clock.ts';
import { RateLimit } from './rate-limit.ts';
import { type Outcome, WorkQueue } from './work-queue.ts';

function queueOf(work: (key: string) => Promise<Outcome>, workers = 1) {
  const clock = new ManualClock();
  const failed: string[] = [];
  const queue = new WorkQueue({ clock, work, workers, onError: (key) => failed.push(key) });
  return { clock, queue, failed };
}
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a work queue', () => {
  it('works on a key once however often it waits, and again when it was added meanwhile', async () => {
    const seen: string[] = [];
    const gate = Promise.withResolvers<void>();
    const { queue } = queueOf(async (key) => {
      seen.push(key);
      await gate.promise;
      return null;
    });
    for (const key of ['a', 'b', 'b', 'a', 'a']) queue.add(key);
    expect(seen).toEqual(['a']);
    expect(queue.depth).toBe(2);
    gate.resolve();
    await settle();
    expect(seen).toEqual(['a', 'b', 'a']);
    expect(queue.depth).toBe(0);
  });

  it('works on as many keys at once as it has workers', async () => {
    let active = 0;
    let most = 0;
    const { queue } = queueOf(async () => {
      most = Math.max(most, ++active);
      await settle();
      active--;
      return null;
    }, 3);
    for (let i = 0; i < 10; i++) queue.add(`k${i}`);
    while (queue.depth > 0) await settle();
    expect(most).toBe(3);
  });

  it('comes back to a key that failed, later each time, and forgets its failures after a success', async () => {
    const times: number[] = [];
    const { clock, queue, failed } = queueOf(async () => {
      times.push(clock.now() - start);
      if (times.length < 4) throw new Error('no');
      return null;
    });
    const start = clock.now();
    queue.add('a');
    await clock.advance(100);
    expect(times).toEqual([0, 5, 15, 35]);
    expect(failed).toEqual(['a', 'a', 'a']);
  });

  it('adds a key after the shortest of its delays, once', async () => {
    const times: number[] = [];
    const { clock, queue } = queueOf(async () => {
      times.push(clock.now() - start);
      return times.length === 1 ? { requeueAfterMs: 50 } : null;
    });
    const start = clock.now();
    queue.addAfter('a', 100);
    queue.addAfter('a', 30);
    queue.addAfter('a', 60);
    await clock.advance(1000);
    expect(times).toEqual([30, 80]);
  });

  it('comes back to a key that asks for it with growing delays, without telling of a failure', async () => {
    const times: number[] = [];
    const { clock, queue, failed } = queueOf(async () => {
      times.push(clock.now() - start);
      return times.length < 3 ? 'again' : null;
    });
    const start = clock.now();
    queue.add('a');
    await clock.advance(100);
    expect(times).toEqual([0, 5, 15]);
    expect(failed).toEqual([]);
  });

  it('stops after what is under way, and takes nothing more', async () => {
    const gate = Promise.withResolvers<void>();
    const seen: string[] = [];
    const { queue } = queueOf(async (key) => {
      seen.push(key);
      await gate.promise;
      return { requeueAfterMs: 1 };
    });
    queue.add('a');
    queue.add('b');
    const stopped = queue.stop();
    gate.resolve();
    await stopped;
    queue.add('c');
    await settle();
    expect(seen).toEqual(['a']);
  });
});

describe('a rate limit', () => {
  it('lets a burst through, and then one at a time', async () => {
    const clock = new ManualClock();
    const start = clock.now();
    const limit = new RateLimit(clock, { qps: 20, burst: 3 });
    const at: number[] = [];
    const turns = Promise.all(Array.from({ length: 6 }, () => limit.turn().then(() => at.push(clock.now() - start))));
    await clock.advance(1000);
    await turns;
    expect(at).toEqual([0, 0, 0, 50, 100, 150]);
    await limit.turn();
  });
});
