import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Spread } from './spread.ts';

const values = fc.array(fc.oneof(fc.nat(10), fc.double({ min: 0, max: 1e9, noNaN: true })), { maxLength: 40 });
const spreadOf = (list: readonly number[]) => {
  const spread = new Spread();
  for (const value of list) spread.add(value);
  return spread;
};

describe('a spread', () => {
  it('knows count, mean, extremes, and quantiles to half a percent', () => {
    fc.assert(
      fc.property(values, fc.constantFrom(0, 0.25, 0.5, 0.75, 1), (list, share) => {
        const spread = spreadOf(list);
        const sum = list.reduce((total, value) => total + value, 0);
        expect(spread.count).toBe(list.length);
        expect(spread.mean).toBeCloseTo(list.length === 0 ? 0 : sum / list.length, 3);
        expect(spread.min).toBe(list.length === 0 ? 0 : Math.min(...list));
        expect(spread.max).toBe(list.length === 0 ? 0 : Math.max(...list));
        const sorted = list.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(share * list.length) - 1)] ?? 0;
        expect(Math.abs(spread.quantile(share) - exact)).toBeLessThanOrEqual(exact < 1 ? 1 : exact * 0.0051);
      }),
    );
  });

  it('is the same whether its values were added together or apart, and kept as JSON in between', () => {
    fc.assert(
      fc.property(values, values, (one, other) => {
        const merged = Spread.of(JSON.parse(JSON.stringify(spreadOf(one).record())));
        merged.merge(spreadOf(other).record());
        const whole = spreadOf([...one, ...other]).record();
        expect({ ...merged.record(), sum: 0 }).toEqual({ ...whole, sum: 0 });
        expect(merged.mean).toBeCloseTo(Spread.of(whole).mean, 3);
      }),
    );
  });
});
