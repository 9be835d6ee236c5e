import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Distribution, HISTOGRAM_RELATIVE_ERROR, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import { Survival } from './survival.ts';

function distributionOf(values: readonly number[]): Distribution {
  const words = new Float64Array(HISTOGRAM_WORDS);
  for (const value of values) recordDuration(words, 0, value);
  const distribution = new Distribution();
  distribution.addWords(words, 0);
  return distribution;
}

const survival = (ended: readonly number[], open: readonly number[]) =>
  new Survival(distributionOf(ended), distributionOf(open));

/** Buckets are narrower than that. */
const seconds = (ms: number | null) => ms && Math.round(ms / 1000);

/** Durations from 10 µs to 10 h, evenly over the orders of magnitude. */
const duration = fc.double({ min: Math.log(0.01), max: Math.log(36_000_000), noNaN: true }).map(Math.exp);
const durations = fc.array(duration, { maxLength: 60 });
const share = fc.double({ min: 0, max: 1, noNaN: true });

/** The estimate as textbooks write it, over the values themselves. */
function exactly(ended: readonly number[], open: readonly number[], q: number): number | null {
  let left = 1;
  for (const at of [...new Set(ended)].sort((a, b) => a - b)) {
    const atRisk = [...ended, ...open].filter((one) => one >= at).length;
    left *= 1 - ended.filter((one) => one === at).length / atRisk;
    if (left <= 1 - q + 1e-9) return at;
  }
  return null;
}

describe('the estimate of Kaplan and Meier', () => {
  it('is that of the example computed by hand', () => {
    // Ended 10, 20, 40, 80 s; open after 20, 50 and 60 s. At risk 7, 6, 4 and 1:
    // 6/7 = 0.857, × 5/6 = 0.714, × 3/4 = 0.536, × 0 = 0
    const one = survival([10_000, 20_000, 40_000, 80_000], [20_000, 50_000, 60_000]);
    expect(seconds(one.quantile(0.14))).toBe(10);
    expect(seconds(one.quantile(0.15))).toBe(20);
    expect(seconds(one.quantile(0.28))).toBe(20);
    expect(seconds(one.quantile(0.29))).toBe(40);
    expect(seconds(one.quantile(0.46))).toBe(40);
    expect(seconds(one.quantile(0.5))).toBe(80);
    expect(seconds(one.quantile(0.99))).toBe(80);
    // 10 × 1 + 10 × 0.857 + 20 × 0.714 + 40 × 0.536
    expect(one.mean / 1000).toBeCloseTo(10 + 60 / 7 + 100 / 7 + 150 / 7, 0);
  });

  it('knows nothing of what too many open ones hide', () => {
    const nine = Array.from({ length: 9 }, () => 3_600_000);
    const one = survival([1000], nine);
    expect(seconds(one.quantile(0.1))).toBe(1);
    expect(one.quantile(0.11)).toBeNull();
    expect(one.quantileAtLeast(0.5)).toBe(3_600_000);
    expect(one.max).toBe(3_600_000);
    expect(survival([], nine).quantile(0.5)).toBeNull();
    expect(survival([], []).quantile(0.5)).toBeNull();
    expect(survival([], []).mean).toBe(0);
  });

  it('is not made better by many that were given up early', () => {
    const ended = Array.from({ length: 100 }, (_, i) => (i + 1) * 1000);
    const given = Array.from({ length: 1000 }, () => 500);
    expect(survival(ended, given).quantile(0.5)).toEqual(survival(ended, []).quantile(0.5));
    expect(survival(ended, given).quantile(0.99)).toEqual(survival(ended, []).quantile(0.99));
  });

  it('is the plain quantile without open ones', () => {
    fc.assert(
      fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), share, (values, q) => {
        const plain = distributionOf(values);
        // At 0 the plain one is the shortest, and the other what is known of nobody's having ended.
        expect(new Survival(plain).quantile(Math.max(q, 1e-6))).toBe(plain.quantile(Math.max(q, 1e-6)));
      }),
    );
  });

  it('is that of the values themselves, as far as buckets know', () => {
    fc.assert(
      fc.property(durations, durations, share, (ended, open, q) => {
        // Where values share a bucket their order is not known: spread them.
        const spread = (value: number) => 1.1 ** Math.round(Math.log(value) / Math.log(1.1));
        const [a, b] = [ended.map(spread), open.map(spread)];
        const exact = exactly(a, b, q);
        const estimate = survival(a, b).quantile(q);
        if (exact === null) expect(estimate).toBeNull();
        else expect(Math.abs(estimate! - exact) / exact).toBeLessThanOrEqual(HISTOGRAM_RELATIVE_ERROR * (1 + 1e-9));
      }),
      { numRuns: 500 },
    );
  });

  it('never falls when another open one is added', () => {
    fc.assert(
      fc.property(durations, durations, duration, share, (ended, open, more, q) => {
        const before = survival(ended, open);
        const after = survival(ended, [...open, more]);
        expect(after.quantileAtLeast(q)).toBeGreaterThanOrEqual(before.quantileAtLeast(q));
        expect(after.mean).toBeGreaterThanOrEqual(before.mean * (1 - 1e-9));
        expect(after.max).toBeGreaterThanOrEqual(before.max);
        if (before.quantile(q) === null && before.count > 0) expect(after.quantile(q)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });
});
