/** Figures of a load as the document shows them: 50 workspaces, 48 Jobs that succeeded. */
import type { BackupFigures, FailedPod, Spread, UsageFigures } from '../backup-figures.ts';
import type { RestoredFigures, RestoreFigures } from '../restore-figures.ts';

const spread = (average: number): Spread => ({
  count: 50,
  average,
  p50: average,
  p95: 2 * average,
  p99: 2 * average,
  max: 3 * average,
});
const usage = (average: number): UsageFigures['cpu'] => ({
  samples: 9,
  average,
  p95: 2 * average,
  max: 3 * average,
});
const usages = (cpu: number, memory: number): UsageFigures => ({
  cpu: usage(cpu),
  memory: usage(memory),
  byPhase: { watch: { cpu: usage(cpu + 1), memory: usage(memory + 1) } },
});

export const FAILED_POD: FailedPod = {
  namespace: 'load-test-ns-1',
  pod: 'devworkspace-backup-abcde-xyz12',
  job: 'devworkspace-backup-abcde',
  workspace: 'dw-test-1',
  exitCode: 1,
  reason: 'Error',
  message: '',
  log: 'Backing up\nError: dial tcp: lookup quay.i: no such host\n',
  at: Date.UTC(2026, 0, 1, 0, 3),
};

const restored = (more: Partial<RestoredFigures>): RestoredFigures => ({
  namespace: 'load-test-ns-3',
  name: 'dw-test-3',
  original: 'load-test-ns-3/dw-test-3',
  case: null,
  image: 'quay.io/me/load-test-ns-3/dw-test-3:latest',
  outcome: 'ready',
  asExpected: true,
  message: '',
  failedContainer: '',
  deleteMs: 4000,
  readyMs: 9000,
  initMs: 2000,
  ...more,
});
const NOT_BACK = restored({
  outcome: 'failed',
  asExpected: false,
  message: '/projects/payload: FAILED, it has changed',
  failedContainer: 'main',
});

/** A sample of ten, of which one is not back, and a case that ended as it must. */
export const SOME_RESTORES: RestoreFigures = {
  mode: 'in-place',
  seed: 'r1',
  sample: '20%',
  candidates: 48,
  restored: { hits: 9, of: 10 },
  outcomes: { ready: 9, failed: 1, 'timed-out': 0, 'not-made': 0, 'not-deleted': 0, unfinished: 0 },
  deleteMs: spread(4000),
  readyMs: spread(9000),
  initMs: spread(2000),
  failures: [{ message: NOT_BACK.message, count: 1, example: NOT_BACK }],
  cases: [
    restored({ case: 'missing-image', outcome: 'failed', message: 'not found', failedContainer: 'workspace-restore' }),
  ],
  workspaces: [restored({}), NOT_BACK],
};

export function someFigures(more: Partial<BackupFigures> = {}): BackupFigures {
  return {
    run: 'r1',
    startedAt: '2026-01-01T00:00:00.000Z',
    endedAt: '2026-01-01T00:10:00.000Z',
    clockSpeed: 1,
    cluster: {
      server: 'https://cluster.example:6443',
      kubernetes: 'v1.32.0',
      openshift: true,
      operatorNamespace: 'openshift-operators',
      operatorImage: 'registry.example/devworkspace-controller:next',
      configFound: false,
    },
    phases: [],
    load: {
      planned: 50,
      created: 50,
      createFailed: 0,
      ready: 50,
      readyFailed: 0,
      readyTimedOut: 0,
      createMs: spread(20),
      readyMs: spread(4000),
      deleteMs: null,
    },
    stop: { requested: 50, stopped: 50, failed: 0, stopMs: spread(9000) },
    config: {
      type: 'correct',
      registryPath: 'quay.io/me',
      registrySecret: 'quay-push-secret',
      schedule: '*/1 * * * *',
      appliedAt: Date.UTC(2026, 0, 1, 0, 2),
      appliedAtThere: Date.UTC(2026, 0, 1, 0, 2),
      reset: true,
    },
    jobs: {
      total: 50,
      succeeded: 48,
      failed: 2,
      unfinished: 0,
      vanished: 0,
      pods: 54,
      retries: 4,
      jobsByPods: { 1: 46, 2: 4 },
      workspacesByJobs: { 1: 50 },
      successRate: { hits: 48, of: 50 },
      failureRate: { hits: 2, of: 50 },
      creationLagMs: spread(30_000),
      waitMs: spread(1000),
      runMs: spread(5000),
      totalMs: spread(6000),
    },
    outcomes: { 'backed-up': 48, failed: 2, unfinished: 0, 'never-attempted': 0, 'not-stopped': 0 },
    attemptedTwiceOrMore: 0,
    backedUp: { hits: 48, of: 50 },
    queue: { points: [], peak: 50, peakAt: null, growthPerMinute: null },
    failures: {
      pods: 4,
      read: 2,
      groups: [{ pattern: 'Error: dial tcp: lookup quay.i: no such host', count: 2, example: FAILED_POD }],
      conditions: { 'Job has reached the specified backoff limit': 2 },
    },
    pendingPods: [],
    restore: null,
    workspaces: [],
    resources: {
      unavailable: null,
      operator: usages(120, 90),
      etcd: usages(80, 200),
      backupPods: usages(30, 25),
      operatorRestarts: { restarts: 0, replaced: 0 },
      etcdRestarts: { restarts: 0, replaced: 0 },
      operatorAlive: true,
    },
    api: {
      calls: { 'create devworkspaces': 50 },
      total: 220,
      samples: 20,
      perWorkspace: 4,
      watches: 5,
      refused: 0,
      failed: 0,
      pausedMs: 0,
      waitedMs: 12,
      leastAtOnce: 16,
      mostAtOnce: 17,
    },
    leftovers: [],
    ...more,
  };
}
