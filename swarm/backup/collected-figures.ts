/** What is measured of workspaces and Jobs when the backups are over. */
import type { BackupFailures } from './backup-failures.ts';
import type { BackupFigures } from './backup-figures.ts';
import type { BackupJobs } from './backup-jobs.ts';
import { outcomeFigures, workspaceFigures } from './backup-outcomes.ts';
import type { Workspaces } from './workspaces.ts';

export type Collected = Pick<
  BackupFigures,
  | 'jobs'
  | 'outcomes'
  | 'attemptedTwiceOrMore'
  | 'backedUp'
  | 'queue'
  | 'failures'
  | 'pendingPods'
  | 'workspaces'
  | 'stop'
>;

/**
 * @param jobs null for the plain load, as are failures
 * @param appliedAt when the operator was configured; null when it was not
 */
export function collectedFigures(
  workspaces: Workspaces,
  jobs: BackupJobs | null,
  failures: BackupFailures | null,
  appliedAt: number | null,
): Collected {
  const figures = workspaceFigures(workspaces, jobs);
  const none = { outcomes: null, attemptedTwiceOrMore: null, backedUp: null };
  return {
    workspaces: figures,
    stop: jobs && workspaces.stop,
    jobs: jobs?.figures(appliedAt) ?? null,
    ...(jobs ? outcomeFigures(figures) : none),
    queue: jobs?.queue ?? null,
    failures: jobs && (failures?.figures(jobs.all) ?? null),
    pendingPods: jobs?.pending ?? null,
  };
}
