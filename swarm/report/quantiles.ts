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
}

export const NO_QUANTILES: Readonly<Quantiles> = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 };

export function quantiles(distribution: Distribution): Quantiles {
  return {
    count: distribution.count,
    mean: distribution.mean,
    p50: distribution.quantile(0.5),
    p95: distribution.quantile(0.95),
    p99: distribution.quantile(0.99),
    max: distribution.max,
  };
}

/** Some of them for people; `-` where nothing was measured, as 0 ms would be a very good figure. */
export function quantileTexts(measured: Quantiles, names: readonly Exclude<keyof Quantiles, 'count'>[]): string[] {
  return names.map((name) => (measured.count === 0 ? '-' : formatMs(measured[name])));
}
