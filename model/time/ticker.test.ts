import { describe, expect, it } from 'vitest';
import { ManualClock } from './testing/manual-clock.ts';
import { Ticker, waitUntil } from './ticker.ts';

const forever = new AbortController().signal;

describe('Ticker', () => {
  it('stays in phase, keeps one tick for a busy receiver and loses the others', async () => {
    const clock = new ManualClock(0);
    const ticker = new Ticker(clock, 10);
    const seen: number[] = [];
    const loop = (async () => {
      seen.push(await ticker.next(forever));
      await clock.sleep(37);
      seen.push(await ticker.next(forever));
      seen.push(await ticker.next(forever));
    })();
    await clock.advance(100);
    await loop;
    // Busy from 10 to 47: one tick waits, the next comes at 50.
    expect(seen).toEqual([10, 47, 50]);
  });

  it('ends with the reason of its signal', async () => {
    const clock = new ManualClock(0);
    const stop = new AbortController();
    const next = new Ticker(clock, 10).next(stop.signal);
    const failed = expect(next).rejects.toThrow('enough');
    stop.abort(new Error('enough'));
    await failed;
    expect(clock.pending).toBe(0);
  });
});

describe('waitUntil', () => {
  it('looks at once and then every interval', async () => {
    const clock = new ManualClock(0);
    const looks: number[] = [];
    const wait = waitUntil(clock, 30, forever, (due) => {
      looks.push(due);
      return looks.length === 3;
    });
    await clock.advance(100);
    expect(await wait).toBe(true);
    expect(looks).toEqual([0, 30, 60]);
  });

  it('gives up after its limit', async () => {
    const clock = new ManualClock(0);
    let looks = 0;
    const wait = waitUntil(clock, 30, forever, () => ++looks < 0, 90);
    await clock.advance(200);
    expect(await wait).toBe(false);
    expect(looks).toBe(4);
    expect(clock.pending).toBe(0);
  });

  it('finishes a pass when the context ends in it, and says that it was not met', async () => {
    const clock = new ManualClock(0);
    const stop = new AbortController();
    let finished = 0;
    const wait = waitUntil(clock, 30, stop.signal, async () => {
      await clock.sleep(5);
      finished += 1;
      return false;
    });
    await clock.advance(1);
    stop.abort(new Error('enough'));
    await clock.advance(10);
    expect(await wait).toBe(false);
    expect(finished).toBe(1);
  });

  it('passes mistakes on', async () => {
    const wait = waitUntil(new ManualClock(0), 30, forever, () => {
      throw new TypeError('mistake');
    });
    await expect(wait).rejects.toThrow('mistake');
  });
});
