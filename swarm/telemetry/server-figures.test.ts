import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BucketCounts } from './bucket-counts.ts';
import { ServerFigures } from './server-figures.ts';
import type { ServerReading } from './server-reading.ts';

const gauge = (value: number, labels = {}): ServerReading => ({ figure: 'g', labels, kind: 'gauge', value });
const counter = (value: number, labels = {}): ServerReading => ({ figure: 'c', labels, kind: 'counter', value });
const histogram = (counts: readonly [upToMs: number, count: number][], sumMs: number): ServerReading => ({
  figure: 'h',
  labels: {},
  kind: 'histogram',
  buckets: counts.map(([upToMs, count]) => ({ upToMs, count })),
  sumMs,
});

describe('a gauge', () => {
  test('has last, extremes and mean of the run and of each window', () => {
    const figures = new ServerFigures();
    figures.add('s', [gauge(9)], 0);
    figures.window({ phase: 'deploy', step: 1 });
    figures.add('s', [gauge(2)], 1000);
    figures.add('s', [gauge(4)], 2000);
    figures.window({ phase: 'deploy', step: 2 });
    figures.add('s', [gauge(3)], 3000);
    expect(figures.read('g', {})!.gauge).toEqual({ last: 3, min: 2, max: 9, mean: 4.5, looks: 4 });
    expect(figures.read('g', {}, { phase: 'deploy', step: 1 })!.gauge).toEqual({
      last: 4,
      min: 2,
      max: 4,
      mean: 3,
      looks: 2,
    });
    expect(figures.read('g', {}, { phase: 'deploy' })!.gauge).toEqual({ last: 3, min: 2, max: 4, mean: 3, looks: 3 });
    expect(figures.read('g', {}, { phase: 'soak' })).toBeNull();
  });

  test('of several series is the highest, unless labels say which', () => {
    const figures = new ServerFigures();
    figures.add('s', [gauge(7, { queue: 'a' }), gauge(1, { queue: 'b' })], 0);
    figures.add('s', [gauge(2, { queue: 'a' }), gauge(5, { queue: 'b' })], 1000);
    expect(figures.read('g', {})!.gauge).toMatchObject({ last: 5, min: 1, max: 7 });
    expect(figures.read('g', { queue: 'b' })!.gauge).toMatchObject({ last: 5, min: 1, max: 5 });
    expect(figures.read('g', { queue: 'c' })).toBeNull();
  });
});

test('what is not a number is not known, of whatever kind', () => {
  const figures = new ServerFigures();
  figures.add('s', [gauge(3), counter(1), histogram([[1, 1]], 1)], 0);
  figures.add('s', [gauge(Number.NaN), counter(Number.NaN), histogram([[1, Number.NaN]], 1)], 1000);
  figures.add('s', [gauge(5), counter(4), histogram([[1, 2]], Number.POSITIVE_INFINITY)], 2000);
  expect(figures.read('g', {})!.gauge).toEqual({ last: 5, min: 3, max: 5, mean: 4, looks: 2 });
  expect(figures.read('c', {})!.counted).toEqual({ count: 3, seconds: 2 });
  expect(figures.read('h', {})?.trend ?? null).toBeNull();
});

describe('a counter', () => {
  test('counts from the first look on, and a window what grew in it', () => {
    const figures = new ServerFigures();
    figures.add('s', [counter(100)], 0);
    figures.window({ phase: 'deploy', step: null });
    figures.add('s', [counter(130)], 10_000);
    figures.window({ phase: 'remove', step: null });
    figures.add('s', [counter(135)], 15_000);
    expect(figures.read('c', {})!.counted).toEqual({ count: 35, seconds: 15 });
    expect(figures.read('c', {}, { phase: 'deploy' })!.counted).toEqual({ count: 30, seconds: 10 });
    expect(figures.read('c', {})!.gauge).toMatchObject({ last: 1, max: 3 });
  });

  test('that shrinks began again', () => {
    const figures = new ServerFigures();
    for (const [value, at] of [
      [100, 0],
      [110, 1000],
      [4, 2000],
      [6, 3000],
    ] as const)
      figures.add('s', [counter(value)], at);
    expect(figures.read('c', {})!.counted!.count).toBe(16);
  });

  test('that appears after the first look of its source began at 0', () => {
    const figures = new ServerFigures();
    figures.add('s', [gauge(1)], 0);
    figures.add('other', [counter(50, { code: '429' })], 500);
    figures.add('s', [counter(7, { code: '429' })], 1000);
    expect(figures.read('c', {})!.counted).toEqual({ count: 7, seconds: 1 });
  });
});

describe('a trend', () => {
  test('is what was measured between two looks', () => {
    const figures = new ServerFigures();
    figures.add(
      's',
      [
        histogram(
          [
            [10, 5],
            [20, 5],
            [Number.POSITIVE_INFINITY, 5],
          ],
          25,
        ),
      ],
      0,
    );
    figures.add(
      's',
      [
        histogram(
          [
            [10, 5],
            [20, 15],
            [Number.POSITIVE_INFINITY, 16],
          ],
          25 + 150 + 60,
        ),
      ],
      1000,
    );
    const { trend } = figures.read('h', {})!;
    expect(trend!.count).toBe(11);
    expect(trend!.mean).toBeCloseTo(210 / 11);
    expect(trend!.quantile(0.5)).toBeCloseTo(15.5);
    // Beyond the last bound the sum tells how far: one of 60 ms.
    expect(trend!.max).toBeCloseTo(100);
  });

  test('whose values all lie between two bounds has a mean that is told', () => {
    const one = BucketCounts.between(null, { buckets: [{ upToMs: 1000, count: 4 }], sumMs: 8 });
    expect(one.quantile(0.99)).toBeLessThan(4.1);
  });

  test('begins again with its server', () => {
    const figures = new ServerFigures();
    figures.add(
      's',
      [
        histogram(
          [
            [10, 50],
            [Number.POSITIVE_INFINITY, 50],
          ],
          100,
        ),
      ],
      0,
    );
    figures.add(
      's',
      [
        histogram(
          [
            [10, 3],
            [Number.POSITIVE_INFINITY, 3],
          ],
          6,
        ),
      ],
      1000,
    );
    expect(figures.read('h', {})!.trend!.count).toBe(3);
  });
});

test('however long a run is, its points are at most 120, in order, without gaps, and sum up to the whole', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(50), { minLength: 2, maxLength: 700 }), (growth) => {
      const figures = new ServerFigures();
      let total = 0;
      for (const [i, grown] of growth.entries()) {
        total += grown;
        figures.add('s', [counter(total)], i * 1000);
      }
      const [series] = figures.series();
      const { points } = series!;
      expect(points.length).toBeLessThanOrEqual(120);
      for (const [i, { startMs }] of points.entries()) expect(startMs).toBe(i === 0 ? 0 : points[i - 1]!.endMs);
      expect(points.at(-1)!.endMs).toBe((growth.length - 1) * 1000);
      expect(points.reduce((sum, { values }) => sum + values.counted!.count, 0)).toBe(total - growth[0]!);
      expect(series!.whole.counted!.count).toBe(total - growth[0]!);
    }),
    { numRuns: 50 },
  );
});

test('quantiles lie in their buckets and never fall', () => {
  const bounds = [5, 10, 25, 100, Number.POSITIVE_INFINITY];
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { minLength: 1, maxLength: 50 }), (values) => {
      const buckets = bounds.map((upToMs) => ({ upToMs, count: values.filter((value) => value <= upToMs).length }));
      const counts = BucketCounts.between(null, { buckets, sumMs: values.reduce((sum, value) => sum + value, 0) });
      expect(counts.count).toBe(values.length);
      let before = 0;
      for (const q of [0, 0.1, 0.5, 0.9, 0.99, 1]) {
        const quantile = counts.quantile(q);
        expect(quantile).toBeGreaterThanOrEqual(before);
        expect(Number.isFinite(quantile)).toBe(true);
        before = quantile;
      }
      const sorted = values.toSorted((a, b) => a - b);
      const median = sorted[Math.ceil(0.5 * sorted.length) - 1]!;
      const at = bounds.findIndex((bound) => median <= bound);
      expect(counts.quantile(0.5)).toBeGreaterThanOrEqual(at === 0 ? 0 : bounds[at - 1]!);
    }),
  );
});

test('series beyond what is kept are counted', () => {
  const figures = new ServerFigures();
  figures.add(
    's',
    Array.from({ length: 2010 }, (_, i) => gauge(i, { i: String(i) })),
    0,
  );
  expect(figures.series()).toHaveLength(2000);
  expect(figures.leftOut).toBe(10);
});
