/** How each workspace ended up, by its Jobs, and by what the operator has noted where none was seen. */
import {
  type BackupFigures,
  type BackupOutcome,
  OUTCOMES,
  type Share,
  type WorkspaceFigures,
} from './backup-figures.ts';
import { type BackupJobs, podsOf } from './backup-jobs.ts';
import type { Workspace } from './workspace.ts';
import type { Workspaces } from './workspaces.ts';

export function workspaceFigures(workspaces: Workspaces, jobs: BackupJobs | null): WorkspaceFigures[] {
  return workspaces.all.map((one) => {
    const own = jobs?.of(one) ?? [];
    return {
      namespace: one.namespace,
      name: one.name,
      uid: one.uid,
      outcome: outcomeOf(one, jobs),
      jobs: own.length,
      succeeded: own.filter(({ outcome }) => outcome === 'succeeded').length,
      failed: own.filter(({ outcome }) => outcome === 'failed').length,
      pods: own.reduce((sum, job) => sum + podsOf(job), 0),
      phase: one.phase,
      start: one.start,
      message: one.refusal || one.message,
    };
  });
}

export function outcomeFigures(
  workspaces: readonly WorkspaceFigures[],
): Pick<BackupFigures, 'outcomes' | 'attemptedTwiceOrMore' | 'backedUp'> {
  const outcomes = Object.fromEntries(OUTCOMES.map((one) => [one, 0])) as Record<BackupOutcome, number>;
  for (const { outcome } of workspaces) outcomes[outcome] += 1;
  const due = workspaces.filter(({ outcome }) => outcome !== 'not-stopped');
  const backedUp: Share = { hits: outcomes['backed-up'], of: due.length };
  return { outcomes, attemptedTwiceOrMore: due.filter(({ jobs }) => jobs > 1).length, backedUp };
}

export function outcomeOf(workspace: Workspace, jobs: BackupJobs | null): BackupOutcome {
  const own = jobs?.of(workspace) ?? [];
  const last = own.reduce<(typeof own)[number] | null>(
    (latest, job) => (job.outcome !== null && (latest?.endedAt ?? 0) <= (job.endedAt ?? 0) ? job : latest),
    null,
  );
  if (last) return last.outcome === 'succeeded' ? 'backed-up' : 'failed';
  if (workspace.lastBackup) return workspace.lastBackup.successful ? 'backed-up' : 'failed';
  if (own.length > 0) return 'unfinished';
  return workspace.stoppedAt === null ? 'not-stopped' : 'never-attempted';
}
