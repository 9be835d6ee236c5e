/** What a backup load has left on its cluster is taken away, and the operator's configuration put back. */
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { removeRun } from '../backup/backup-removal.ts';
import { ClusterRequests } from '../backup/cluster-requests.ts';
import { elsewhereReason } from '../cluster/hub-preflight.ts';
import { redactUrl } from '../plan/redact.ts';
import type { LedgerEntry, LedgerHub } from '../telemetry/ledger.ts';
import type { CleanProgress, CleanResult } from './cleaner.ts';

/** Wall-clock milliseconds after a run's last word in which the cluster may still carry out what it was asked for. */
const SETTLE_MS = 3_000;

export interface BackupCleanTask {
  run: string;
  folder: string;
  hub: LedgerHub;
  /** Somebody has said where the cluster is found now; otherwise it must be the same as then. */
  chosen: boolean;
  /** Open entries of a run that is over. */
  entries: LedgerEntry[];
  /** Wall-clock epoch milliseconds at which it wrote its last line. */
  lastWordAt: number;
}

/** Never throws for what the cluster does: what could not be removed is in the result. */
export async function cleanBackup(
  task: BackupCleanTask,
  signal: AbortSignal,
  onProgress: (progress: CleanProgress) => void,
): Promise<CleanResult> {
  const { run, folder, entries } = task;
  const result: CleanResult = { removed: {}, left: [] };
  const leave = ({ kind, name, id }: LedgerEntry, reason: string) => result.left.push({ run, kind, name, id, reason });
  const onGone = ({ kind }: LedgerEntry) => {
    result.removed[kind] = (result.removed[kind] ?? 0) + 1;
  };
  let requests: ClusterRequests | null = null;
  try {
    const { server, kubeconfig, context, label } = task.hub;
    const clock = new ScaledClock(startClock(1));
    const config = loadKubeconfig({
      ...(kubeconfig !== null && { file: kubeconfig }),
      ...(context !== null && { context }),
    });
    requests = new ClusterRequests({ kubeconfig: config, clock });
    const elsewhere = task.chosen ? null : elsewhereReason(server, redactUrl(requests.server));
    if (elsewhere !== null) throw new Error(elsewhere);
    const wait = task.lastWordAt + SETTLE_MS - Date.now();
    if (wait > 0) await clock.sleep(wait, signal);
    const left = await removeRun({
      requests,
      run: label,
      folder,
      entries,
      signal,
      onGone,
      onProgress: (progress) => onProgress({ ...progress, unit: 'namespaces' }),
    });
    for (const { entry, reason } of left) leave(entry, reason);
  } catch (error) {
    for (const entry of entries) if (!entry.isGone) leave(entry, (error as Error).message);
  } finally {
    await requests?.close();
  }
  return result;
}
