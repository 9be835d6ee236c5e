/** The Prometheus metrics of a backup load: its figures, as things stand. Times are those of its clock. */
import { type MetricRow, type Sample, samplesBy } from '../telemetry/metric-row.ts';
import {
  type BackupFigures,
  type BackupPhase,
  PHASES,
  type PhaseFigures,
  type UsageFigures,
} from './backup-figures.ts';
import type { RequestCount } from './cluster-requests.ts';
import type { BackupDurations } from './durations.ts';
import type { PhaseProgress } from './phases.ts';

/** What is known of a load at a moment. */
export interface MeasuredBackup {
  /** The phase under way; null between two, before and after all. */
  readonly progress: PhaseProgress | null;
  /** Those that are over. */
  readonly phases: readonly PhaseFigures[];
  /** Null before the first. */
  readonly figures: BackupFigures | null;
  readonly durations: BackupDurations | null;
  readonly requests: readonly RequestCount[];
}

/** Upper bounds in seconds. */
const BOUNDS = [1, 2, 5, 10, 15, 30, 60, 90, 120, 180, 300, 600, 900, 1200, 1800, 3600];
const MIB = 2 ** 20;

const one = (value: number): Sample[] => [{ labels: {}, value }];

/** Exact: a load has thousands of durations and not millions. */
function histogram(name: string, durationsMs: readonly number[]): Sample[] {
  const seconds = durationsMs.map((ms) => ms / 1000);
  const bucket = (le: string, value: number) => ({ metricName: `${name}_bucket`, labels: { le }, value });
  return [
    ...BOUNDS.map((bound) => bucket(String(bound), seconds.filter((value) => value <= bound).length)),
    bucket('+Inf', seconds.length),
    { metricName: `${name}_sum`, labels: {}, value: seconds.reduce((sum, value) => sum + value, 0) },
    { metricName: `${name}_count`, labels: {}, value: seconds.length },
  ];
}

type Read<T> = (given: T) => Sample[];
interface Row extends Omit<MetricRow, 'run' | 'process'> {
  readonly read: Read<MeasuredBackup>;
}

const gauge = (name: string, help: string, read: Read<BackupFigures>): Row => ({
  name,
  type: 'gauge',
  help,
  read: ({ figures }) => (figures ? read(figures) : []),
});
const counter = (name: string, help: string, read: Read<BackupFigures>): Row => ({
  ...gauge(name, help, read),
  type: 'counter',
});
const durations = (
  name: string,
  help: string,
  read: (durations: BackupDurations) => readonly number[] | undefined,
): Row => ({
  name,
  type: 'histogram',
  help,
  read: ({ durations: known }) => {
    const values = known && read(known);
    return values ? histogram(name, values) : [];
  },
});

/** A phase has its value once it has begun. */
const ofPhases = (
  { phases, progress }: MeasuredBackup,
  ended: (phase: PhaseFigures) => number,
  underWay: (phase: PhaseProgress) => number,
): Sample[] => {
  const values: Partial<Record<BackupPhase, number>> = {};
  for (const phase of phases) values[phase.phase] = ended(phase);
  if (progress) values[progress.phase] = underWay(progress);
  return samplesBy('phase', values);
};

/** Average, 95th percentile and most; nothing where there are no samples. */
function usage({ resources }: BackupFigures, of: 'cpu' | 'memory', unit: number): Sample[] {
  const programs: Readonly<Record<string, UsageFigures | null>> = {
    operator: resources.operator,
    etcd: resources.etcd,
    'backup-pods': resources.backupPods,
  };
  return Object.entries(programs).flatMap(([program, figures]) => {
    const { average, p95, max } = figures?.[of] ?? {};
    return Object.entries({ average, p95, max }).flatMap(([statistic, value]) =>
      value === undefined ? [] : [{ labels: { program, statistic }, value: value * unit }],
    );
  });
}

const ofPrograms = ({ resources }: BackupFigures, of: 'restarts' | 'replaced'): Sample[] =>
  samplesBy('program', {
    operator: resources.operatorRestarts[of],
    ...(resources.etcdRestarts && { etcd: resources.etcdRestarts[of] }),
  });

/** In the order of the page. */
const ROWS: readonly Row[] = [
  gauge('swarm_backup_clock_speed', 'Simulated seconds that pass in one second; 1 is real time.', ({ clockSpeed }) =>
    one(clockSpeed),
  ),
  {
    name: 'swarm_backup_phase',
    type: 'gauge',
    help: '1 for the phase of the backup load that is under way, 0 for all others.',
    read: ({ progress }) =>
      samplesBy('phase', Object.fromEntries(PHASES.map((phase) => [phase, progress?.phase === phase ? 1 : 0]))),
  },
  {
    name: 'swarm_backup_phase_duration_seconds',
    type: 'gauge',
    help: 'Time that a phase took, or takes so far.',
    read: (measured) =>
      ofPhases(
        measured,
        ({ startedAt, endedAt }) => (endedAt - startedAt) / 1000,
        ({ elapsedMs }) => elapsedMs / 1000,
      ),
  },
  {
    name: 'swarm_backup_phase_done',
    type: 'gauge',
    help: 'What a phase has done of swarm_backup_phase_planned: workspaces, as a rule.',
    read: (measured) =>
      ofPhases(
        measured,
        ({ done }) => done,
        ({ done }) => done,
      ),
  },
  {
    name: 'swarm_backup_phase_planned',
    type: 'gauge',
    help: 'What a phase has to do: workspaces, as a rule.',
    read: (measured) =>
      ofPhases(
        measured,
        ({ of }) => of,
        ({ of }) => of,
      ),
  },
  gauge(
    'swarm_backup_workspaces',
    'DevWorkspaces that have come so far, by state; one that is stopped also counts as ready, created and planned.',
    ({ load, stop }) =>
      samplesBy('state', {
        planned: load.planned,
        created: load.created,
        create_failed: load.createFailed,
        ready: load.ready,
        ready_failed: load.readyFailed,
        ready_timed_out: load.readyTimedOut,
        ...(stop && { stop_requested: stop.requested, stopped: stop.stopped }),
      }),
  ),
  gauge(
    'swarm_backup_outcomes',
    'DevWorkspaces by how they ended up, or stand now: each counts once.',
    ({ outcomes }) => samplesBy('outcome', outcomes ?? {}),
  ),
  gauge('swarm_backup_jobs', 'Backup Jobs seen, by uid, also those that are gone, by state.', ({ jobs }) =>
    jobs ? samplesBy('state', { succeeded: jobs.succeeded, failed: jobs.failed, unfinished: jobs.unfinished }) : [],
  ),
  gauge('swarm_backup_queue_peak_jobs', 'Most backup Jobs that had not ended at once.', ({ queue }) =>
    queue ? one(queue.peak) : [],
  ),
  counter('swarm_backup_pods_total', 'Pods of backup Jobs seen, by uid.', ({ jobs }) => (jobs ? one(jobs.pods) : [])),
  counter('swarm_backup_pod_retries_total', 'Pods beyond the first of each backup Job.', ({ jobs }) =>
    jobs ? one(jobs.retries) : [],
  ),
  counter('swarm_backup_pod_failures_total', 'Pods of backup Jobs that failed.', ({ failures }) =>
    failures ? one(failures.pods) : [],
  ),
  durations(
    'swarm_backup_workspace_ready_duration_seconds',
    'Time from the creation of a DevWorkspace to Running.',
    ({ workspaces }) => workspaces.readyMs,
  ),
  durations(
    'swarm_backup_workspace_stop_duration_seconds',
    'Time from the request to stop a DevWorkspace to Stopped.',
    ({ workspaces, jobs }) => (jobs ? workspaces.stopMs : undefined),
  ),
  durations(
    'swarm_backup_job_creation_lag_seconds',
    "Time from the later of Stopped and the configuration's start to the creation of the first backup Job of a DevWorkspace.",
    ({ jobs }) => jobs?.creationLagMs,
  ),
  durations(
    'swarm_backup_job_wait_seconds',
    'Time from the creation of a backup Job to the start of its first container.',
    ({ jobs }) => jobs?.waitMs,
  ),
  durations(
    'swarm_backup_job_run_seconds',
    'Time from the start of the first container of a backup Job to its end.',
    ({ jobs }) => jobs?.runMs,
  ),
  durations(
    'swarm_backup_job_duration_seconds',
    'Time from the creation of a backup Job to its end.',
    ({ jobs }) => jobs?.totalMs,
  ),
  gauge('swarm_backup_restores', 'Workspaces of the sample that were restored, by outcome.', ({ restore }) =>
    samplesBy('outcome', restore?.outcomes ?? {}),
  ),
  {
    name: 'swarm_backup_restore_ready_duration_seconds',
    type: 'histogram',
    help: 'Time from the creation of a restored workspace, or the start that restores, to Running.',
    read: ({ figures }) => {
      if (!figures?.restore) return [];
      const known = figures.restore.workspaces.flatMap(({ readyMs }) => readyMs ?? []);
      return histogram('swarm_backup_restore_ready_duration_seconds', known);
    },
  },
  {
    name: 'swarm_backup_requests_total',
    type: 'counter',
    help: 'Requests of the backup load to the API server by verb, resource and HTTP status; code is none where no response came.',
    read: ({ requests }) =>
      requests.map(({ verb, resource, code, count }) => ({ labels: { verb, resource, code }, value: count })),
  },
  counter(
    'swarm_backup_client_paused_seconds_total',
    'Wall-clock time in which no request was sent as the API server had asked for a rest.',
    ({ api }) => one(api.pausedMs / 1000),
  ),
  counter(
    'swarm_backup_client_waited_seconds_total',
    'Wall-clock time in which requests were held back until others had been answered, rests included.',
    ({ api }) => one(api.waitedMs / 1000),
  ),
  counter('swarm_backup_restarts_total', 'Restarts of containers since the load began, by program.', (figures) =>
    ofPrograms(figures, 'restarts'),
  ),
  counter('swarm_backup_replaced_pods_total', 'Pods that took the place of others, by program.', (figures) =>
    ofPrograms(figures, 'replaced'),
  ),
  gauge('swarm_backup_operator_ready', '1 while a pod of the operator is ready.', ({ resources }) =>
    one(resources.operatorAlive ? 1 : 0),
  ),
  gauge('swarm_backup_cpu_cores', 'CPU use over the samples so far, by program and statistic.', (figures) =>
    usage(figures, 'cpu', 1 / 1000),
  ),
  gauge('swarm_backup_memory_bytes', 'Memory use over the samples so far, by program and statistic.', (figures) =>
    usage(figures, 'memory', MIB),
  ),
  gauge('swarm_backup_leftovers', 'Objects that could not be removed, or not be put back.', ({ leftovers }) =>
    one(leftovers.length),
  ),
];

/**
 * Rows for the registry. They have no samples before the first load.
 * @param current what is known of the load under way, or of the last one
 */
export function backupMetrics(current: () => MeasuredBackup | null): MetricRow[] {
  let measured: MeasuredBackup | null | undefined;
  // All metrics of one scrape are asked in the same turn, before any microtask.
  const once = () => {
    if (measured === undefined) {
      measured = current();
      queueMicrotask(() => {
        measured = undefined;
      });
    }
    return measured;
  };
  return ROWS.map(({ read, ...row }) => ({
    ...row,
    process: () => {
      const known = once();
      return known ? read(known) : [];
    },
  }));
}
