/** Numbers as their average and percentiles, exactly: a run has thousands of them and not millions. */
import type { Spread, UsageSpread } from './backup-figures.ts';

/** Null for none. A percentile is the smallest value that so many are not above (nearest rank). */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return {
    count: sorted.length,
    average: sum(sorted) / sorted.length,
    p50: rank(sorted, 0.5),
    p95: rank(sorted, 0.95),
    p99: rank(sorted, 0.99),
    max: sorted.at(-1)!,
  };
}

/** Null for none. */
export function usageSpreadOf(values: readonly number[]): UsageSpread | null {
  const spread = spreadOf(values);
  return spread && { samples: spread.count, average: spread.average, p95: spread.p95, max: spread.max };
}

/** Least-squares slope of `[x, y]`; null for fewer than two, or all at the same x. */
export function slopeOf(points: readonly (readonly [number, number])[]): number | null {
  const n = points.length;
  const meanX = points.reduce((all, [x]) => all + x, 0) / n;
  const meanY = points.reduce((all, [, y]) => all + y, 0) / n;
  let above = 0;
  let below = 0;
  for (const [x, y] of points) {
    above += (x - meanX) * (y - meanY);
    below += (x - meanX) ** 2;
  }
  return n < 2 || below === 0 ? null : above / below;
}

/** By what they are, in the order of their first. */
export function countBy<T>(items: Iterable<T>, keyOf: (item: T) => string | number): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) {
    const key = keyOf(item);
    counts[key] = (counts[key] ?? 0) + 1;
  }
  return counts;
}

const sum = (values: Float64Array) => values.reduce((all, value) => all + value, 0);
const rank = (sorted: Float64Array, share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
