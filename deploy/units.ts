/** Units of Grafana for metrics, from the names that Prometheus's conventions give them. */
import type { Metric } from './metric.ts';

/** Identifiers of Grafana: grafana/grafana, packages/grafana-data/src/valueFormats/categories.ts. */
export type Unit = 's' | 'ms' | 'bytes' | 'Bps' | 'percentunit' | 'short' | 'ops' | 'dateTimeAsIso' | 'suffix: cores';

/** Of a value, a quantile or a mean of a metric. */
export function unitOf({ name }: Metric): Unit {
  const stem = name.replace(/_total$/, '');
  if (/_timestamp_seconds$|^process_start_time_seconds$/.test(stem)) return 'dateTimeAsIso';
  if (/_seconds$/.test(stem)) return 's';
  if (/_ms$|_miliseconds$/.test(stem)) return 'ms';
  if (/_bytes$/.test(stem)) return 'bytes';
  if (/_ratio$/.test(stem)) return 'percentunit';
  return /_cores$/.test(stem) ? 'suffix: cores' : 'short';
}

/** Of the rate of a counter, or of how often a histogram was told something. */
export function rateUnitOf(metric: Metric): Unit {
  if (metric.type === 'histogram') return 'ops';
  const unit = unitOf(metric);
  if (unit === 's') return /_cpu_/.test(metric.name) ? 'suffix: cores' : 'percentunit';
  return unit === 'bytes' ? 'Bps' : 'ops';
}
