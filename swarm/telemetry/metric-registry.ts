/**
 * The Prometheus metrics of the generator, made from the shared telemetry when somebody asks and at no other time. Each table is of
 * rows of one form (metric-row.ts); those of counted metrics follow from counted-metrics.ts.
 */
import { type Metric, Registry } from 'prom-client';
import { wallNow } from '../../model/time/clock.ts';
import { ANSWER_METRICS } from './answer-metrics.ts';
import { BACKGROUND_METRICS } from './background-metrics.ts';
import {
  ERROR_METRICS,
  HOST_METRICS,
  LATENESS_METRICS,
  LINK_METRICS,
  REQUEST_METRICS,
  THREAD_METRICS,
  TRAFFIC_METRICS,
} from './counted-metrics.ts';
import { countedRows } from './counted-rows.ts';
import { generatorMetrics, PACE_METRICS } from './generator-metrics.ts';
import { HUB_METRICS } from './hub-metrics.ts';
import type { MetricRow, RegistrySource, Scrape } from './metric-row.ts';
import { CONNECTION_METRICS, PHASE_METRICS, UNDER_WAY_METRICS } from './now-metrics.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { STATE_METRICS } from './state-metrics.ts';

/** In the order of the page. */
const rows = (version: string): MetricRow[] => [
  ...generatorMetrics(version),
  ...countedRows(THREAD_METRICS),
  ...PACE_METRICS,
  ...countedRows(REQUEST_METRICS),
  ...ANSWER_METRICS,
  ...STATE_METRICS,
  ...HUB_METRICS,
  ...UNDER_WAY_METRICS,
  ...countedRows(LATENESS_METRICS),
  ...CONNECTION_METRICS,
  ...countedRows(TRAFFIC_METRICS),
  ...countedRows(LINK_METRICS),
  ...PHASE_METRICS,
  ...countedRows(HOST_METRICS),
  ...PROCESS_METRICS,
  ...BACKGROUND_METRICS,
  ...countedRows(ERROR_METRICS),
];

/**
 * A registry whose scrapes read the shared telemetry. prom-client has no metric whose values live elsewhere, so the rows come as
 * objects that answer what its registry asks of a metric.
 * @param current what is measured now; null between runs, when only metrics of the process are served.
 * @param more further rows, after those of the generator
 */
export function createRegistry(
  version: string,
  current: () => RegistrySource | null,
  more: readonly MetricRow[] = [],
): Registry {
  let scrape: Scrape | null | undefined;
  // All metrics of one scrape are asked in the same turn, before any microtask.
  const scraped = () => {
    if (scrape === undefined) {
      const source = current();
      scrape = source && { ...source, now: source.reader.now(wallNow()) };
      queueMicrotask(() => {
        scrape = undefined;
      });
    }
    return scrape;
  };
  const registry = new Registry();
  for (const row of [...rows(version), ...more]) {
    const metric = {
      name: row.name,
      help: row.help,
      type: row.type,
      aggregator: 'sum',
      get: async () => {
        const values = row.process?.() ?? [];
        const running = row.run && scraped();
        return {
          name: row.name,
          help: row.help,
          type: row.type,
          aggregator: 'sum',
          values: running ? row.run!(running) : values,
        };
      },
      // The counters belong to the threads that write them.
      reset: () => {},
    };
    registry.registerMetric(metric as unknown as Metric);
  }
  return registry;
}
