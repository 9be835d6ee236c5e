/** Removes from the service what a run made, when it is over. */

import type { Clock } from '../../model/time/clock.ts';
import type { ClusterLife } from '../cluster/cluster-life.ts';
import { removeAll, STALL_MS } from '../cluster/removal.ts';
import { USER_CONNECTIONS } from './user-client.ts';

export interface CleanUp {
  lives: readonly ClusterLife[];
  /** Removes what clusters shared; called when all of them are gone. */
  removeShared: (signal: AbortSignal) => Promise<void> | undefined;
  /** Ends it at once. */
  signal: AbortSignal;
  /** Clusters whose removal begins in a simulated hour; null: as fast as it goes. */
  perHour: number | null;
  clock: Pick<Clock, 'now' | 'sleep' | 'speed'>;
}

/** Returns a sentence about what could not be removed, null when all is gone. */
export async function cleanUp({ lives, removeShared, signal, perHour, clock }: CleanUp): Promise<string | null> {
  const gapMs = perHour === null ? 0 : 3_600_000 / perHour;
  const pace = new RemovalPace(clock, gapMs);
  // All of them first: what the service answers while it is busy with removals is no measure of anything.
  if (perHour === null) for (const life of lives) life.powerOff();
  const failures = await removeAll({
    jobs: lives,
    remove: async (life, giveUp) => {
      await pace.turn(giveUp);
      await life.remove(giveUp);
    },
    atOnce: USER_CONNECTIONS,
    stallMs: STALL_MS + gapMs / clock.speed,
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

/** Gives removals their turns. */
class RemovalPace {
  readonly #clock: CleanUp['clock'];
  readonly #gapMs: number;
  #next: number;

  constructor(clock: CleanUp['clock'], gapMs: number) {
    this.#clock = clock;
    this.#gapMs = gapMs;
    this.#next = clock.now();
  }

  async turn(signal: AbortSignal): Promise<void> {
    const wait = this.#next - this.#clock.now();
    this.#next += this.#gapMs;
    if (this.#gapMs > 0 && wait > 0) await this.#clock.sleep(wait, signal).catch(() => {});
  }
}
