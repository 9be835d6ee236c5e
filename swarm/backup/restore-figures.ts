/** What restores have come to: plain data that survives JSON. Durations are milliseconds of the run's clock. */
import type { RestoreCase, RestoreMode } from './backup-options.ts';
import type { Share, Spread } from './measures.ts';

/**
 * `ready`: it came to Running, which it does with the content that is expected alone. `not-made`: the cluster refused to make it.
 * `not-deleted`: the original, or its claim, did not go in time. `unfinished`: the run ended meanwhile.
 */
export const RESTORE_OUTCOMES = ['ready', 'failed', 'timed-out', 'not-made', 'not-deleted', 'unfinished'] as const;
export type RestoreOutcome = (typeof RESTORE_OUTCOMES)[number];

/** One workspace that was restored. */
export interface RestoredFigures {
  readonly namespace: string;
  readonly name: string;
  /** What was restored, as `namespace/name`. */
  readonly original: string;
  /** Null for one of the sample. */
  readonly case: RestoreCase | null;
  readonly image: string;
  readonly outcome: RestoreOutcome;
  /** Of one of the sample: it is ready. Of a case: it ended as the case must. */
  readonly asExpected: boolean;
  /** Last line of the container that failed, else what the operator or the cluster said; '' when it is ready. */
  readonly message: string;
  /** Container that failed, such as `workspace-restore`; '' for none. */
  readonly failedContainer: string;
  /** Until the original and its claim were gone; null for one that stays. */
  readonly deleteMs: number | null;
  /** From creation, or the start that restores, to Running. */
  readonly readyMs: number | null;
  /** Of the init container that restores, by its own times of whole seconds; null when it did not end well. */
  readonly initMs: number | null;
}

export interface RestoreFailureGroup {
  /** Names and numbers taken out. */
  readonly message: string;
  readonly count: number;
  readonly example: RestoredFigures;
}

export interface RestoreFigures {
  readonly mode: RestoreMode;
  /** The same seed draws the same sample of the same workspaces. */
  readonly seed: string;
  /** As it was asked for, `10` or `10%`; '' for the cases alone. */
  readonly sample: string;
  /** Workspaces whose last backup did well, without the one that a case takes. */
  readonly candidates: number;
  /** Of the sample. */
  readonly restored: Share;
  readonly outcomes: Readonly<Record<RestoreOutcome, number>>;
  readonly deleteMs: Spread | null;
  readonly readyMs: Spread | null;
  readonly initMs: Spread | null;
  /** Of the sample, most frequent first. */
  readonly failures: readonly RestoreFailureGroup[];
  readonly cases: readonly RestoredFigures[];
  readonly workspaces: readonly RestoredFigures[];
}
