/** A distribution as the samples of a Prometheus histogram. */
import type { Distribution } from './histogram.ts';
import type { Sample } from './metric-row.ts';

/** @param bounds upper ones in seconds, ascending @param distribution milliseconds */
export function histogramSamples(
  name: string,
  labels: Record<string, string>,
  bounds: readonly number[],
  distribution: Distribution,
): Sample[] {
  const counts = distribution.cumulative(bounds.map((bound) => bound * 1000));
  return [
    ...bounds.map((bound, i) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: String(bound) },
      value: counts[i]!,
    })),
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: distribution.count },
    { metricName: `${name}_sum`, labels, value: distribution.sum / 1000 },
    { metricName: `${name}_count`, labels, value: distribution.count },
  ];
}
