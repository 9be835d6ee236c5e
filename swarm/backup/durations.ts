/** Durations that figures have the spreads of, one a workspace or a Job; milliseconds of the run's clock. */

export interface WorkspaceDurations {
  /** As {@link LoadFigures.readyMs}. */
  readonly readyMs: readonly number[];
  /** As {@link StopFigures.stopMs}. */
  readonly stopMs: readonly number[];
}

/** As the fields of {@link JobFigures}. */
export interface JobDurations {
  readonly creationLagMs: readonly number[];
  readonly waitMs: readonly number[];
  readonly runMs: readonly number[];
  readonly totalMs: readonly number[];
}

export interface BackupDurations {
  readonly workspaces: WorkspaceDurations;
  /** Null for the plain load. */
  readonly jobs: JobDurations | null;
}
