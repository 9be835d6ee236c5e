/** A backup load as one row of a table, for those who compare many. Columns keep their places; new ones come at the end. */
import {
  type BackupFigures,
  type PhaseFigures,
  restartsOf,
  type Share,
  type Spread,
  type UsageFigures,
} from './backup-figures.ts';

export interface RowSource {
  /** What the run is called in its suite; '' outside of one. */
  readonly test: string;
  readonly verdict: string;
  readonly figures: BackupFigures;
}

type Cell = string | number | boolean | null | undefined;

const share = (value: Share | null | undefined) => (value && value.of > 0 ? value.hits / value.of : null);
const phaseMs = ({ phases }: BackupFigures, name: PhaseFigures['phase']) => {
  const phase = phases.find((one) => one.phase === name);
  return phase ? phase.endedAt - phase.startedAt : null;
};

const spread = (name: string, read: (figures: BackupFigures) => Spread | null | undefined) =>
  (['average', 'p50', 'p95', 'p99', 'max'] as const).map(
    (part): Column => [`${name}_${part}_ms`, ({ figures }) => rounded(read(figures)?.[part])],
  );
const usage = (name: string, read: (figures: BackupFigures) => UsageFigures | null) =>
  (['average', 'p95', 'max'] as const).flatMap((part): Column[] => [
    [`${name}_cpu_millicores_${part}`, ({ figures }) => rounded(read(figures)?.cpu?.[part])],
    [`${name}_memory_mib_${part}`, ({ figures }) => rounded(read(figures)?.memory?.[part])],
  ]);
const rounded = (value: number | null | undefined) =>
  value === null || value === undefined ? null : Math.round(value);
/** Two of them: what comes after is noise of clocks. */
const decimals = (value: number | null | undefined) =>
  value === null || value === undefined ? null : Math.round(value * 100) / 100;

type Column = readonly [name: string, read: (source: RowSource) => Cell];

/** Names of counts are those of the successor of the public scripts: rohankanojia-testing/devworkspace-operator-load-tests, backup_load_test.js. */
const COLUMNS: readonly Column[] = [
  ['run', ({ figures }) => figures.run],
  ['test', ({ test }) => test],
  ['verdict', ({ verdict }) => verdict],
  ['started_at', ({ figures }) => figures.startedAt],
  ['ended_at', ({ figures }) => figures.endedAt],
  ['config_type', ({ figures }) => figures.config?.type],
  ['registry_path', ({ figures }) => figures.config?.registryPath],
  ['schedule', ({ figures }) => figures.config?.schedule],
  ['openshift', ({ figures }) => figures.cluster.openshift],
  ['operator_image', ({ figures }) => figures.cluster.operatorImage],
  ['workspaces_planned', ({ figures }) => figures.load.planned],
  ['workspaces_created', ({ figures }) => figures.load.created],
  ['workspaces_ready', ({ figures }) => figures.load.ready],
  ['workspaces_ready_failed', ({ figures }) => figures.load.readyFailed],
  ['workspaces_ready_timed_out', ({ figures }) => figures.load.readyTimedOut],
  ['workspaces_stopped', ({ figures }) => figures.stop?.stopped],
  ['workspaces_backed_up', ({ figures }) => figures.outcomes?.['backed-up']],
  ['workspaces_failed', ({ figures }) => figures.outcomes?.failed],
  ['workspaces_unfinished', ({ figures }) => figures.outcomes?.unfinished],
  ['workspaces_never_attempted', ({ figures }) => figures.outcomes?.['never-attempted']],
  ['workspaces_attempted_twice_or_more', ({ figures }) => figures.attemptedTwiceOrMore],
  ['backup_success_rate', ({ figures }) => share(figures.backedUp)],
  ['backup_jobs_total', ({ figures }) => figures.jobs?.total],
  ['backup_jobs_succeeded', ({ figures }) => figures.jobs?.succeeded],
  ['backup_jobs_failed', ({ figures }) => figures.jobs?.failed],
  ['backup_jobs_unfinished', ({ figures }) => figures.jobs?.unfinished],
  ['backup_jobs_success_rate', ({ figures }) => share(figures.jobs?.successRate)],
  ['backup_pods_total', ({ figures }) => figures.jobs?.pods],
  ['backup_pod_retries', ({ figures }) => figures.jobs?.retries],
  ...spread('create', ({ load }) => load.createMs),
  ...spread('ready', ({ load }) => load.readyMs),
  ...spread('stop', ({ stop }) => stop?.stopMs),
  ...spread('backup_job_creation_lag', ({ jobs }) => jobs?.creationLagMs),
  ...spread('backup_job_wait', ({ jobs }) => jobs?.waitMs),
  ...spread('backup_job_run', ({ jobs }) => jobs?.runMs),
  ...spread('backup_job_duration', ({ jobs }) => jobs?.totalMs),
  ['queue_peak', ({ figures }) => figures.queue?.peak],
  ['queue_growth_per_minute', ({ figures }) => decimals(figures.queue?.growthPerMinute)],
  ['watch_ms', ({ figures }) => rounded(phaseMs(figures, 'watch'))],
  ...usage('backup_pods', ({ resources }) => resources.backupPods),
  ...usage('operator', ({ resources }) => resources.operator),
  ...usage('etcd', ({ resources }) => resources.etcd),
  ['operator_restarts', ({ figures }) => restartsOf(figures.resources.operatorRestarts)],
  ['etcd_restarts', ({ figures: { resources } }) => resources.etcdRestarts && restartsOf(resources.etcdRestarts)],
  ['api_calls', ({ figures }) => figures.api.total],
  ['api_calls_per_workspace', ({ figures }) => decimals(figures.api.perWorkspace)],
  ['api_refused', ({ figures }) => figures.api.refused],
  ['api_failed', ({ figures }) => figures.api.failed],
  ['throttled_ms', ({ figures }) => rounded(figures.api.pausedMs)],
  ['dwoc_reset', ({ figures }) => figures.config?.reset],
  ['leftovers', ({ figures }) => figures.leftovers.length],
  ['restore_mode', ({ figures }) => figures.restore?.mode],
  ['restore_workspaces_total', ({ figures }) => figures.restore?.restored.of],
  ['restore_workspaces_succeeded', ({ figures }) => figures.restore?.restored.hits],
  [
    'restore_workspaces_failed',
    ({ figures }) => figures.restore && figures.restore.restored.of - figures.restore.restored.hits,
  ],
  ['restore_success_rate', ({ figures }) => share(figures.restore?.restored)],
  ...spread('restore_delete', ({ restore }) => restore?.deleteMs),
  ...spread('restore_duration', ({ restore }) => restore?.readyMs),
  ...spread('restore_container_run', ({ restore }) => restore?.initMs),
  ['restore_cases', ({ figures }) => figures.restore?.cases.length],
  ['restore_cases_unexpected', ({ figures }) => figures.restore?.cases.filter(({ asExpected }) => !asExpected).length],
];

/** First line of the table. */
export const ROW_HEADER = `${COLUMNS.map(([name]) => name).join(',')}\n`;

/** What is not known is empty. */
export function rowOf(source: RowSource): string {
  return `${COLUMNS.map(([, read]) => cellText(read(source))).join(',')}\n`;
}

/** RFC 4180. */
function cellText(value: Cell): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
