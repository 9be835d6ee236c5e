/** What was seen of the servers, as a person reads it in a terminal. */
import type { ServerFigureSummary, ServerSummary } from './server-summary.ts';
import { formatBytes, formatCount, formatMs, formatShare, type Style, table } from './style.ts';

/** Rows of one figure: of many handlers, queues or tables those with the highest values. */
const ROWS_A_FIGURE = 3;
const LONGEST_NAME = 72;
/** What tells of a server how it is; summary.json has all of them. */
const NOTABLE = new Set([
  'service_cpu_cores',
  'database_connections_share',
  'database_statement_duration',
  'database_longest_statement',
  'database_lock_waits',
  'database_events_written',
  'service_restarts',
  'service_monitor_cycle_duration',
  'service_monitor_period',
  'service_blacklisted_clusters',
  'service_goroutines',
  'service_resident_bytes',
  'service_open_files_share',
  'reconciles_lost',
  'workqueue_depth',
  'workqueue_wait',
  'reconcile_duration',
  'etcd_fsync_duration',
  'hub_refusals',
  'hub_request_duration',
  'image_request_duration',
  'service_requests',
  'service_request_duration',
  'alerts_firing',
]);

/** A row a notable figure, and who could not be read. Nothing when nothing was to be read. @param server absent in older summaries */
export function serverLines(server: ServerSummary | undefined, style: Style): string[] {
  if (!server || server.collectors.length === 0) return [];
  const rows = [...NOTABLE].flatMap((name) => rowsOf(server.figures.filter(({ figure }) => figure === name)));
  const [head = '', ...lines] =
    rows.length === 0
      ? []
      : table([['figure', 'count', 'mean', 'p95', 'p99', 'max', 'last'], ...rows], [1, 2, 3, 4, 5, 6]);
  return [
    ...(rows.length === 0 ? [] : [style.dim(head), ...lines]),
    ...server.collectors
      .filter(({ state, reason }) => state === 'failed' || (state === 'read' && reason !== null))
      .map(({ name, state, reason, reads, failures }) =>
        state === 'failed' || failures > 0
          ? style.warn(`${name}: ${formatCount(failures)} of ${formatCount(reads + failures)} looks failed: ${reason}`)
          : `${name}: ${reason}`,
      ),
    ...absentLine(server),
  ];
}

function absentLine({ collectors }: ServerSummary): string[] {
  const absent = collectors.filter(({ state }) => state === 'absent');
  return absent.length === 0 ? [] : [`not read: ${absent.map(({ name, reason }) => `${name} (${reason})`).join(', ')}`];
}

function rowsOf(figures: readonly ServerFigureSummary[]): string[][] {
  const height = ({ kind, p99, max, count }: ServerFigureSummary) =>
    (kind === 'trend' ? p99 : kind === 'counter' ? count : max) ?? 0;
  return figures
    .toSorted((a, b) => height(b) - height(a))
    .slice(0, ROWS_A_FIGURE)
    .map((one) => {
      const { figure, labels, kind, unit, count, mean, p95, p99, max, last } = one;
      const shown = Object.entries(labels).map(([label, value]) => `${label}:${value}`);
      const named = shown.length === 0 ? figure : `${figure}{${shown.join(',')}}`;
      const text = (value: number | null) =>
        value === null ? '-' : kind === 'counter' ? rate(value) : valueText(unit, value);
      return [
        named.length > LONGEST_NAME ? `${named.slice(0, LONGEST_NAME - 1)}…` : named,
        count === null ? '-' : formatCount(Math.round(count)),
        ...[mean, p95, p99, max, last].map(text),
      ];
    });
}

const rate = (value: number) => `${value.toFixed(1)}/s`;

function valueText(unit: string, value: number): string {
  if (unit === 'ms') return formatMs(value);
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'share') return formatShare(value, 1);
  if (unit === 'cores') return value.toFixed(2);
  return Number.isInteger(value) ? formatCount(value) : value.toFixed(1);
}
