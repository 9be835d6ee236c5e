/**
 * The metrics that dashboards and rules may name: all rows of the daemon's one table, and of the servers under load those that are
 * asked for here.
 */
import { backupMetrics } from '../swarm/backup/backup-metrics.ts';
import { infoMetrics } from '../swarm/daemon/info-metrics.ts';
import { createRegistry } from '../swarm/telemetry/metric-registry.ts';
import type { Metric } from './metric.ts';
import { SERVER_METRICS } from './server-metrics.ts';

function daemonMetrics(): Metric[] {
  const nothing = () => {
    throw new Error('the table is read, not its values');
  };
  const registry = createRegistry('', nothing, [...infoMetrics(nothing), ...backupMetrics(nothing)]);
  return registry
    .getMetricsAsArray()
    .map(({ name, type, help }) => ({ name, type: type as unknown as Metric['type'], help }));
}

/** Of the daemon, in the order of its page. */
export const DAEMON_METRICS: readonly Metric[] = daemonMetrics();

const BY_NAME: ReadonlyMap<string, Metric> = new Map(
  [...DAEMON_METRICS, ...SERVER_METRICS].map((metric) => [metric.name, metric]),
);

/** @throws Error for a name that nobody exports */
export function metricNamed(name: string): Metric {
  const metric = BY_NAME.get(name);
  if (!metric) throw new Error(`no metric ${name}: neither the daemon nor deploy/server-metrics.ts has it`);
  return metric;
}
