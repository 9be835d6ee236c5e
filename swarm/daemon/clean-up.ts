/** Removes from the service what a run made, when it is over. */
import type { ClusterLife } from '../cluster/cluster-life.ts';
import { removeAll } from '../cluster/removal.ts';
import { USER_CONNECTIONS } from './user-client.ts';

/**
 * Returns a sentence about what could not be removed, null when all is gone. `signal` ends it at once.
 * @param removeShared removes what clusters shared; called when all of them are gone
 */
export async function cleanUp(
  lives: readonly ClusterLife[],
  removeShared: (signal: AbortSignal) => Promise<void> | undefined,
  signal: AbortSignal,
): Promise<string | null> {
  // All of them first: what the service answers while it is busy with removals is no measure of anything.
  for (const life of lives) life.powerOff();
  const failures = await removeAll({
    jobs: lives,
    remove: (life, giveUp) => life.remove(giveUp),
    atOnce: USER_CONNECTIONS,
    signal,
  });
  const [first] = failures;
  if (!first) {
    try {
      await removeShared(signal);
      return null;
    } catch (error) {
      return `what the clusters shared could not be removed: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  const share = `${failures.length} of ${lives.length} clusters`;
  return `${share} could not be removed from the service; first: ${first.job.cluster.name}: ${first.reason}`;
}
