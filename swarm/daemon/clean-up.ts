/** Removes from the service what a run made, when it is over. */
import type { ClusterLife } from '../cluster/cluster-life.ts';
import { removeAll } from '../cluster/removal.ts';

/** Wall-clock milliseconds without anything removed after which the rest is left behind: a service that restarts is waited for. */
const STALL_MS = 120_000;
/** Clusters removed at once. */
const AT_ONCE = 16;

/** Returns why some clusters could not be removed, a sentence each. `signal` ends it at once. */
export async function cleanUp(
  lives: readonly ClusterLife[],
  signal: AbortSignal,
  stallMs = STALL_MS,
): Promise<string[]> {
  // All of them first: what the service answers while it is busy with removals is no measure of anything.
  for (const life of lives) life.powerOff();
  const failures = await removeAll({
    jobs: lives,
    remove: (life, giveUp) => life.remove(giveUp),
    atOnce: AT_ONCE,
    stallMs,
    signal,
  });
  return failures.map(({ job, reason }) => `${job.cluster.name}: ${reason}`);
}
