/** A run as one row of a table of runs. */
import { csvLine } from './csv.ts';
import type { KeptSummary } from './kept-summary.ts';
import type { Quantiles } from './quantiles.ts';
import { crossedFirst, thresholdName } from './threshold-text.ts';

type Cell = string | number | boolean | null;

/** 0 ms would be a very good figure where nothing was measured. */
const measured = (quantiles: Quantiles, name: 'p50' | 'p95' | 'p99' | 'max') =>
  quantiles.count === 0 ? null : quantiles[name];
const longest = (list: readonly { seconds: number }[]) =>
  list.reduce((most, { seconds }) => Math.max(most, seconds), 0);

/** Columns in their order. New ones are added at the end, and none is renamed: rows of several versions stand in one file. */
const COLUMNS: readonly (readonly [name: string, of: (summary: KeptSummary) => Cell])[] = [
  ['run', ({ run }) => run],
  ['started_at', ({ startedAt }) => startedAt],
  ['plan', ({ plan }) => plan],
  ['seed', ({ seed }) => seed],
  ['shard', ({ shard }) => `${shard.index}/${shard.count}`],
  ['service', ({ service }) => service],
  ['clock_speed', ({ clockSpeed }) => clockSpeed],
  ['verdict', ({ verdict }) => verdict],
  ['thresholds_crossed', ({ thresholds }) => thresholds.filter(({ ok }) => ok === false).length],
  [
    'first_crossed',
    ({ thresholds }) => {
      const [first] = crossedFirst(thresholds);
      return first?.ok === false ? `${thresholdName(first)}: ${first.expression}` : '';
    },
  ],
  ['wall_seconds', ({ wallSeconds }) => wallSeconds],
  ['simulated_seconds', ({ simulatedSeconds }) => simulatedSeconds],
  ['clusters_planned', ({ clusters }) => clusters.planned],
  ['clusters_installed', ({ clusters }) => clusters.installed],
  ['clusters_complete', ({ clusters }) => clusters.complete],
  ['clusters_failed', ({ clusters }) => clusters.failed],
  ['hosts', ({ hostFunnel }) => hostFunnel[0]?.of ?? 0],
  ['hosts_done', ({ hostFunnel }) => hostFunnel.at(-1)?.count ?? 0],
  ['requests', ({ totals }) => totals.requests],
  ['requests_per_second', ({ totals }) => totals.rate],
  ['request_errors', ({ totals }) => totals.errors],
  ['own_errors', ({ totals }) => totals.ownErrors],
  ['due_p50_ms', ({ totals }) => measured(totals.sinceDue, 'p50')],
  ['due_p95_ms', ({ totals }) => measured(totals.sinceDue, 'p95')],
  ['due_p99_ms', ({ totals }) => measured(totals.sinceDue, 'p99')],
  ['due_max_ms', ({ totals }) => measured(totals.sinceDue, 'max')],
  ['success_p99_ms', ({ totals }) => measured(totals.untilSuccess, 'p99')],
  ['success_max_ms', ({ totals }) => measured(totals.untilSuccess, 'max')],
  ['outages', ({ outages }) => outages.length],
  ['longest_outage_seconds', ({ outages }) => longest(outages)],
  ['longest_wait_seconds', ({ unanswered }) => longest(unanswered)],
  ['generator_cpu_percent', ({ generator }) => generator.cpuPercent],
  ['generator_peak_rss_bytes', ({ generator }) => generator.peakRssBytes],
  ['generator_saturated_seconds', ({ generator }) => generator.saturatedSeconds],
  ['left_behind', ({ leftBehind }) => leftBehind.length],
];

/** The line that names the columns, with its end. */
export const ROW_HEADER = csvLine(COLUMNS.map(([name]) => name));

/** The line of a run, with its end. */
export function runRow(summary: KeptSummary): string {
  return csvLine(COLUMNS.map(([, of]) => of(summary)));
}
