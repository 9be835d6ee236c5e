/**
 * What went wrong in a backup load, found out as the document's chapter "Troubleshooting" does by hand (rohankanojia-testing/
 * dwo-load-testing-using-k6-poc, BACKUP_LOAD_TESTING.md): no Jobs, Jobs that fail, Jobs that wait, time that was not enough. It looks
 * at figures and cluster, says which of the possible causes holds and by which evidence, and what to do.
 */
import type { BackupFigures } from './backup-figures.ts';
import type { BackupOptions } from './backup-options.ts';
import { ClusterLook } from './cluster-look.ts';
import type { ClusterRequests } from './cluster-requests.ts';
import { failingFindings } from './failing-jobs.ts';
import type { Case, Finding } from './finding.ts';
import { loadFindings } from './load-trouble.ts';
import { missingFindings } from './missing-jobs.ts';
import { pendingFindings } from './pending-jobs.ts';
import { timeOutFindings } from './time-out.ts';

/**
 * Call while the run's workspaces, Jobs and configuration are still there. What the cluster does not answer is left out of the
 * evidence.
 * @throws the signal's reason
 */
export async function diagnose(
  figures: BackupFigures,
  options: BackupOptions,
  requests: ClusterRequests,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { backup } = options;
  const findings = loadFindings(figures);
  if (!backup || !figures.jobs) return findings;
  const watch = figures.phases.find(({ phase }) => phase === 'watch');
  const appliedAt = figures.config?.appliedAt ?? null;
  const one: Case = {
    figures,
    backup,
    look: new ClusterLook(requests, signal),
    watchedMs: watch && appliedAt !== null ? watch.endedAt - appliedAt : 0,
    watch,
  };
  for (const find of [missingFindings, failingFindings, pendingFindings, timeOutFindings]) {
    findings.push(...(await find(one)));
  }
  return findings;
}
