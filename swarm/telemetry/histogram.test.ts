import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Distribution, HISTOGRAM_RELATIVE_ERROR, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';

function distributionOf(values: readonly number[]): Distribution {
  const words = new Float64Array(HISTOGRAM_WORDS * 2);
  for (const value of values) recordDuration(words, HISTOGRAM_WORDS, value);
  const distribution = new Distribution();
  distribution.addWords(words, HISTOGRAM_WORDS);
  return distribution;
}

/** Durations from 10 µs to 1 h, evenly over the orders of magnitude. */
const duration = fc.double({ min: Math.log(0.01), max: Math.log(3_600_000), noNaN: true }).map(Math.exp);

describe('histogram', () => {
  it('keeps every quantile within its relative error from 10 µs to 1 h', () => {
    fc.assert(
      fc.property(
        fc.array(duration, { minLength: 1, maxLength: 300 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (values, q) => {
          const sorted = [...values].sort((a, b) => a - b);
          const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
          const estimate = distributionOf(values).quantile(q);
          expect(Math.abs(estimate - exact) / exact).toBeLessThanOrEqual(HISTOGRAM_RELATIVE_ERROR * (1 + 1e-9));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('promises at most 1 %', () => {
    expect(HISTOGRAM_RELATIVE_ERROR).toBeLessThanOrEqual(0.01);
  });

  it('gives count, sum, mean and extremes exactly', () => {
    const distribution = distributionOf([5, 1, 3000.5, 0.25]);
    expect(distribution.count).toBe(4);
    expect(distribution.sum).toBe(3006.75);
    expect(distribution.mean).toBe(3006.75 / 4);
    expect(distribution.min).toBe(0.25);
    expect(distribution.max).toBe(3000.5);
    expect(distribution.quantile(0)).toBeGreaterThanOrEqual(0.25);
    expect(distribution.quantile(1)).toBeLessThanOrEqual(3000.5);
  });

  it('counts negative durations and zero as 0, and what is beyond its range with its true maximum', () => {
    const distribution = distributionOf([-3, 0, 1e9]);
    expect(distribution.count).toBe(3);
    expect(distribution.min).toBe(0);
    expect(distribution.quantile(0.5)).toBeLessThan(0.001);
    expect(distribution.quantile(0.99)).toBe(1e9);
  });

  it('is empty without values', () => {
    const empty = distributionOf([]);
    expect([empty.count, empty.min, empty.max, empty.mean, empty.quantile(0.5)]).toEqual([0, 0, 0, 0, 0]);
  });

  it('merged equals recorded together', () => {
    fc.assert(
      fc.property(fc.array(duration), fc.array(duration), fc.double({ min: 0, max: 1, noNaN: true }), (a, b, q) => {
        const merged = distributionOf(a);
        merged.add(distributionOf(b));
        const together = distributionOf([...a, ...b]);
        expect(merged.count).toBe(together.count);
        expect(merged.quantile(q)).toBe(together.quantile(q));
        expect([merged.min, merged.max]).toEqual([together.min, together.max]);
      }),
    );
  });

  it('since an earlier copy holds what came after it', () => {
    fc.assert(
      fc.property(fc.array(duration), fc.array(duration, { minLength: 1 }), (before, after) => {
        const difference = distributionOf([...before, ...after]).since(distributionOf(before));
        const alone = distributionOf(after);
        expect(difference.count).toBe(alone.count);
        for (const q of [0.01, 0.5, 0.99]) {
          const relative = Math.abs(difference.quantile(q) - alone.quantile(q)) / alone.quantile(q);
          expect(relative).toBeLessThanOrEqual(2 * HISTOGRAM_RELATIVE_ERROR);
        }
      }),
    );
  });

  it('cumulative counts grow to the total and are right but for values within the error of a bound', () => {
    const bounds = [1, 5, 10, 50, 100, 1000, 60_000];
    fc.assert(
      fc.property(fc.array(duration), (values) => {
        const counts = distributionOf(values).cumulative(bounds);
        for (const [i, bound] of bounds.entries()) {
          expect(counts[i]!).toBeGreaterThanOrEqual(counts[i - 1] ?? 0);
          const surely = values.filter((value) => value <= bound * (1 - 2 * HISTOGRAM_RELATIVE_ERROR)).length;
          const perhaps = values.filter((value) => value <= bound * (1 + 2 * HISTOGRAM_RELATIVE_ERROR)).length;
          expect(counts[i]!).toBeGreaterThanOrEqual(surely);
          expect(counts[i]!).toBeLessThanOrEqual(perhaps);
        }
      }),
    );
  });
});
