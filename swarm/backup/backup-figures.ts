/**
 * What a backup load has measured: plain data that survives JSON. Moments are RFC 3339 or epoch milliseconds of the run's clock
 * (`…At`), durations its milliseconds (`…Ms`); only {@link ApiFigures} are of the wall clock. Null says that nobody knows.
 */
import type { ConfigType } from './backup-options.ts';
import type { Share, Spread } from './measures.ts';
import type { RestoreFigures } from './restore-figures.ts';

export type { Share, Spread };

/** In their order; a run has those it needs. `watch` and what follows it belong to the backup. */
export const PHASES = [
  'preflight',
  'create',
  'ready',
  'stop',
  'configure',
  'watch',
  'collect',
  'restore',
  'reset',
  'cleanup',
] as const;
export type BackupPhase = (typeof PHASES)[number];

export interface PhaseFigures {
  readonly phase: BackupPhase;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Null for a phase without one. */
  readonly deadlineMs: number | null;
  /** It ended as its deadline had come, with work left. */
  readonly timedOut: boolean;
  /** What it had to do and did: workspaces, as a rule. */
  readonly done: number;
  readonly of: number;
}

/**
 * How a workspace ended up. `backed-up`: its last backup that ended did well. `failed`: it was tried, and the last that ended did not.
 * `unfinished`: tried, and nothing had ended when the time was over. `never-attempted`: Stopped, and no Job was ever seen.
 * `not-stopped`: it never was Stopped, so that no backup was due.
 */
export const OUTCOMES = ['backed-up', 'failed', 'unfinished', 'never-attempted', 'not-stopped'] as const;
export type BackupOutcome = (typeof OUTCOMES)[number];

/** How far a workspace has come on its way to Running. */
export type Start = 'planned' | 'not-made' | 'starting' | 'ready' | 'failed' | 'timed-out';

export interface WorkspaceFigures {
  readonly namespace: string;
  readonly name: string;
  /** '' when it was not made. */
  readonly uid: string;
  readonly outcome: BackupOutcome;
  /** Backup Jobs seen, by uid. */
  readonly jobs: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Pods of its Jobs seen, by uid. */
  readonly pods: number;
  /** Last phase seen, such as `Stopped`; '' for none. */
  readonly phase: string;
  /** How far it came on its way to Running. */
  readonly start: Start;
  /** Last message of the operator, or why it was not made or not asked to stop. */
  readonly message: string;
}

export interface LoadFigures {
  readonly planned: number;
  readonly created: number;
  readonly createFailed: number;
  readonly ready: number;
  /** Phases Failing, Failed, Error. */
  readonly readyFailed: number;
  readonly readyTimedOut: number;
  /** Milliseconds of the requests, waits for their turn left out. */
  readonly createMs: Spread | null;
  /** From creation to Running. */
  readonly readyMs: Spread | null;
  /** Of the plain load that deletes what is ready: until it is gone. */
  readonly deleteMs: Spread | null;
}

export interface StopFigures {
  /** Workspaces that were asked to stop, of those there were. */
  readonly requested: number;
  readonly stopped: number;
  /** The request was refused, or the workspace was not Stopped in time. */
  readonly failed: number;
  /** From the request to Stopped. */
  readonly stopMs: Spread | null;
}

export interface JobFigures {
  /** By uid, as seen on the watch: also those that are gone by now. */
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Those without a terminal condition when the watch ended. */
  readonly unfinished: number;
  /** Deleted by somebody before they had ended; in `unfinished` too. */
  readonly vanished: number;
  readonly pods: number;
  /** Pods beyond the first of each Job. */
  readonly retries: number;
  /** How many Jobs had so many pods, by that number. */
  readonly jobsByPods: Readonly<Record<string, number>>;
  /** How many workspaces had so many Jobs, by that number; Stopped ones only. */
  readonly workspacesByJobs: Readonly<Record<string, number>>;
  /** `succeeded` and `failed` of `total`: the document's two rates. */
  readonly successRate: Share;
  readonly failureRate: Share;
  /** From the later of Stopped and the configuration's start to the Job's creation; of the first Job of each workspace. */
  readonly creationLagMs: Spread | null;
  /** From the Job's creation to the start of its first container. */
  readonly waitMs: Spread | null;
  /** From there to the condition that says how it ended. */
  readonly runMs: Spread | null;
  /** From creation to that condition: the document's Job duration. */
  readonly totalMs: Spread | null;
}

/** How many backup Jobs there were at a moment. */
export interface QueuePoint {
  readonly at: number;
  /** All so far. */
  readonly created: number;
  readonly succeeded: number;
  readonly failed: number;
  /** Not ended, without a pod that runs. */
  readonly pending: number;
  /** Not ended, with a pod that runs. */
  readonly running: number;
  /** Stopped workspaces that no Job was made for yet. */
  readonly waiting: number;
}

export interface QueueFigures {
  /** In the order of time, while Jobs were awaited. */
  readonly points: readonly QueuePoint[];
  /** Most Jobs that had not ended at once, and when. */
  readonly peak: number;
  readonly peakAt: number | null;
  /** By how many Jobs that had not ended the queue grew in a minute, by and large (least squares); null for fewer than two points. */
  readonly growthPerMinute: number | null;
}

export interface UsageSpread {
  readonly samples: number;
  readonly average: number;
  readonly p95: number;
  readonly max: number;
}

/** Of one kind of program; CPU in millicores, memory in MiB. Samples that are missing are left out. */
export interface UsageFigures {
  readonly cpu: UsageSpread | null;
  readonly memory: UsageSpread | null;
  readonly byPhase: Readonly<
    Partial<Record<BackupPhase, { readonly cpu: UsageSpread | null; readonly memory: UsageSpread | null }>>
  >;
}

export interface RestartFigures {
  /** Restarts of containers since the run began. */
  readonly restarts: number;
  /** Pods that took the place of others. */
  readonly replaced: number;
}

/** A program of which a pod takes the place of another starts again like one whose container does. */
export function restartsOf(figures: RestartFigures | null): number {
  return figures === null ? 0 : figures.restarts + figures.replaced;
}

export interface ResourceFigures {
  /** Why there are no samples; null when there are. */
  readonly unavailable: string | null;
  readonly operator: UsageFigures;
  /** Null where etcd is not to be seen, as with hosted control planes. */
  readonly etcd: UsageFigures | null;
  readonly backupPods: UsageFigures;
  readonly operatorRestarts: RestartFigures;
  readonly etcdRestarts: RestartFigures | null;
  /** A pod of the operator was ready at the end. */
  readonly operatorAlive: boolean;
}

/** A pod of a backup that failed, as caught at that moment. */
export interface FailedPod {
  readonly namespace: string;
  readonly pod: string;
  readonly job: string;
  readonly workspace: string;
  readonly exitCode: number | null;
  /** Of the container's state, such as `Error`, `OOMKilled`; or of the pod, such as `Evicted`. */
  readonly reason: string;
  readonly message: string;
  /** Last 50 lines; null when they were not asked for or were gone. */
  readonly log: string | null;
  readonly at: number;
}

export interface FailureGroup {
  /** The last line that tells of an error, with names and numbers taken out. */
  readonly pattern: string;
  readonly count: number;
  readonly example: FailedPod;
}

export interface FailureFigures {
  readonly pods: number;
  /** Of how many the log was asked for: one a workspace at most. */
  readonly read: number;
  /** Of those, most frequent first; where there was no log any more, by the state. */
  readonly groups: readonly FailureGroup[];
  /** Messages of failed Jobs' conditions, with counts. */
  readonly conditions: Readonly<Record<string, number>>;
}

/** Backup pods that did not run when the watch ended, and had not for a minute. */
export interface PendingGroup {
  /** Such as `Unschedulable`, `ErrImagePull`, `ContainerCreating`. */
  readonly reason: string;
  readonly message: string;
  readonly count: number;
  /** `namespace/name` of one. */
  readonly example: string;
}

/** Requests to the API server. Milliseconds here are of the wall clock. */
export interface ApiFigures {
  /** All but watches, by verb and resource: `create devworkspaces`. Each try counts. */
  readonly calls: Readonly<Record<string, number>>;
  readonly total: number;
  /** Of `total`: what is asked for at a pace of its own, whatever the number of workspaces (usage). */
  readonly samples: number;
  /** `total` without `samples`, by the number of workspaces planned. */
  readonly perWorkspace: number;
  readonly watches: number;
  /** Answers 429. */
  readonly refused: number;
  /** Answers of 500 and more, and requests without an answer. */
  readonly failed: number;
  /** For how long no request was sent as the server had asked for a rest. */
  readonly pausedMs: number;
  /** For how long there were requests that the client held back until others had been answered; rests are part of it. */
  readonly waitedMs: number;
  /** Fewest and most requests that were allowed at once. */
  readonly leastAtOnce: number;
  readonly mostAtOnce: number;
}

export interface ClusterFacts {
  /** URL of the API server. */
  readonly server: string;
  /** `gitVersion` of /version. */
  readonly kubernetes: string;
  readonly openshift: boolean;
  readonly operatorNamespace: string;
  /** Image of the operator's container. */
  readonly operatorImage: string;
  /** The operator's settings object was there before. */
  readonly configFound: boolean;
}

/** What the operator was told. */
export interface ConfigFigures {
  readonly type: ConfigType;
  readonly registryPath: string;
  readonly registrySecret: string | null;
  readonly schedule: string;
  /** Epoch milliseconds of the run's clock. */
  readonly appliedAt: number | null;
  /** The same moment by the clock of the cluster, in whole seconds; null where it does not say. */
  readonly appliedAtThere: number | null;
  /** Null: not reset yet, or there was nothing to do; else whether it is again exactly as it was found. */
  readonly reset: boolean | null;
}

export interface BackupFigures {
  readonly run: string;
  readonly startedAt: string;
  readonly endedAt: string;
  /** Simulated milliseconds that pass in one of the wall clock. */
  readonly clockSpeed: number;
  readonly cluster: ClusterFacts;
  readonly phases: readonly PhaseFigures[];
  readonly load: LoadFigures;
  /** Null for the plain load, as are all that follow but `resources` and `api`. */
  readonly stop: StopFigures | null;
  readonly config: ConfigFigures | null;
  readonly jobs: JobFigures | null;
  /** Of all workspaces. */
  readonly outcomes: Readonly<Record<BackupOutcome, number>> | null;
  /** Stopped workspaces with two Jobs or more. */
  readonly attemptedTwiceOrMore: number | null;
  /** Stopped workspaces that are backed up, of all that are Stopped. */
  readonly backedUp: Share | null;
  readonly queue: QueueFigures | null;
  readonly failures: FailureFigures | null;
  readonly pendingPods: readonly PendingGroup[] | null;
  /** Null when nothing was to be restored, or it did not come to it. */
  readonly restore: RestoreFigures | null;
  readonly workspaces: readonly WorkspaceFigures[];
  readonly resources: ResourceFigures;
  readonly api: ApiFigures;
  /** What could not be removed, or not be put back. */
  readonly leftovers: readonly string[];
}
