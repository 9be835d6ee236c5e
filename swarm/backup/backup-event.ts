/** What happens while a backup load runs, as it happens: lines of NDJSON, and what the watch logs are made of. */
import type { BackupPhase, FailedPod, PhaseFigures } from './backup-figures.ts';
import type { RestoredFigures } from './restore-figures.ts';

/** `at`: epoch milliseconds of the run's clock. */
export type BackupEvent = { readonly at: number } & (
  | {
      readonly type: 'phase.started';
      readonly phase: BackupPhase;
      readonly of: number;
      readonly deadlineMs: number | null;
    }
  | { readonly type: 'phase.ended'; readonly figures: PhaseFigures }
  /** A line for people: what was found, and what they should know. */
  | { readonly type: 'note' | 'warning'; readonly message: string }
  | {
      readonly type: 'workspace';
      readonly namespace: string;
      readonly name: string;
      /** '' before the operator has seen it. */
      readonly phase: string;
      readonly message: string;
      readonly id: string;
    }
  | { readonly type: 'job'; readonly job: JobLine }
  | { readonly type: 'pod.failed'; readonly pod: FailedPod }
  /** A restore is over, well or not. */
  | { readonly type: 'restore'; readonly restored: RestoredFigures }
  /** An Event of the cluster about a pod. */
  | {
      readonly type: 'cluster.event';
      readonly namespace: string;
      readonly pod: string;
      readonly kind: string;
      readonly reason: string;
      readonly message: string;
    }
  /** The last one. */
  | {
      readonly type: 'run.ended';
      readonly run: string;
      readonly verdict: 'passed' | 'failed' | 'interrupted';
      readonly reasons: readonly string[];
    }
);

/** A Job as kubectl's table shows it, at a change. */
export interface JobLine {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly workspace: string;
  /** Kubernetes 1.31's column: `Running`, `Complete`, `Failed`, `FailureTarget`, `SuccessCriteriaMet`; `Deleted` when it goes. */
  readonly status: string;
  readonly succeeded: number;
  readonly completions: number;
  /** Epoch milliseconds; null while there is none. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly createdAt: number;
}
