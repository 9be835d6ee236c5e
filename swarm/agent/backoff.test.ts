import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BACKOFF, Backoff } from './backoff.ts';

const START = Date.UTC(2026, 0, 1);

/** Waits of a row of polls that fail at once or after the given times, until it is given up. */
function row(draw: () => number, failsAfterMs: () => number = () => 0): { waits: number[]; endMs: number } {
  const backoff = new Backoff(START);
  const waits: number[] = [];
  let now = START;
  for (;;) {
    now += failsAfterMs();
    const wait = backoff.next(now, draw());
    if (wait === null) return { waits, endMs: now - START };
    waits.push(wait);
    now += wait;
  }
}

/** Nominal length of the n-th wait, from 0. */
function nominal(n: number): number {
  return Math.min(BACKOFF.firstMs * BACKOFF.factor ** n, BACKOFF.maxMs);
}

const draws = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

describe('back-off', () => {
  it('has the nominal waits of its library when drawn at the middle', () => {
    const { waits } = row(() => 0.5);
    expect(waits.slice(0, 14).map((ms) => Math.round(ms / 100) / 10)).toEqual([
      0.5, 0.8, 1.1, 1.7, 2.5, 3.8, 5.7, 8.5, 12.8, 19.2, 28.8, 43.2, 60, 60,
    ]);
    expect(waits).toHaveLength(24);
  });

  it('draws each wait from half to one and a half of its nominal length', () => {
    fc.assert(
      fc.property(fc.array(draws, { minLength: 60, maxLength: 60 }), (numbers) => {
        const left = [...numbers];
        const { waits } = row(() => left.shift() ?? 0.5);
        for (const [n, wait] of waits.entries()) {
          expect(wait).toBeGreaterThanOrEqual(nominal(n) * 0.5 - 1e-6);
          expect(wait).toBeLessThan(nominal(n) * 1.5 + 1e-6);
        }
      }),
    );
  });

  it('gives up as soon as a wait would end after 15 minutes, and not before', () => {
    const times = fc.integer({ min: 0, max: 300_000 });
    fc.assert(
      fc.property(
        fc.array(draws, { minLength: 60, maxLength: 60 }),
        fc.array(times, { minLength: 60, maxLength: 60 }),
        (numbers, answers) => {
          const drawsLeft = [...numbers];
          const timesLeft = [...answers];
          const { waits, endMs } = row(
            () => drawsLeft.shift() ?? 0.5,
            () => timesLeft.shift() ?? 0,
          );
          const waited = waits.reduce((sum, wait) => sum + wait, 0);
          const answered = endMs - waited;
          // The last poll was due within the limit, and the wait that was refused would have ended after it.
          const before = endMs - (answers[waits.length] ?? 0);
          expect(before).toBeLessThanOrEqual(BACKOFF.giveUpMs + 1e-3);
          expect(endMs + nominal(waits.length) * 1.5).toBeGreaterThan(BACKOFF.giveUpMs);
          expect(answered).toBeGreaterThanOrEqual(-1e-3);
        },
      ),
    );
  });
});
