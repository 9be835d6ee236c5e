/** A distribution of durations in the few numbers that people read. */
import type { Distribution } from '../telemetry/histogram.ts';
import { formatMs } from './style.ts';

/** Milliseconds; all 0 when `count` is 0. */
export interface Quantiles {
  count: number;
  mean: number;
  p50: number;
  p95: number;
  p99: number;
  max: number;
  /** Further ones that were asked for, by percentile as in `99.9`. Absent when there are none. */
  percentiles?: Record<string, number>;
}

export const NO_QUANTILES: Readonly<Quantiles> = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };

/** Percentiles that are always there. */
export const USUAL_PERCENTILES: readonly number[] = [50, 95, 99];

/** @param further percentiles beside the usual ones, 0 to 100 */
export function quantiles(distribution: Distribution, further: readonly number[] = []): Quantiles {
  const others = further.filter((one) => !USUAL_PERCENTILES.includes(one));
  return {
    count: distribution.count,
    mean: distribution.mean,
    p50: distribution.quantile(0.5),
    p95: distribution.quantile(0.95),
    p99: distribution.quantile(0.99),
    max: distribution.max,
    ...(others.length > 0 && {
      percentiles: Object.fromEntries(others.map((one) => [String(one), distribution.quantile(one / 100)])),
    }),
  };
}

/** One percentile of a distribution that is over; null where it was not kept. */
export function percentileOf(measured: Quantiles, percentile: number): number | null {
  if (percentile === 50) return measured.p50;
  if (percentile === 95) return measured.p95;
  if (percentile === 99) return measured.p99;
  return percentile === 100 ? measured.max : (measured.percentiles?.[String(percentile)] ?? null);
}

/** Some of them for people; `-` where nothing was measured, as 0 ms would be a very good figure. */
export function quantileTexts(
  measured: Quantiles,
  names: readonly Exclude<keyof Quantiles, 'count' | 'percentiles'>[],
): string[] {
  return names.map((name) => (measured.count === 0 ? '-' : formatMs(measured[name])));
}
