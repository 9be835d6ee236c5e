/** Removing what was made: many at once, through outages, and with an end when nothing moves any more. */

import type { Clock } from '../../model/time/clock.ts';
import { ClusterAdapterError } from './cluster-adapter.ts';

/** Wall-clock milliseconds before the second try; grows by as much with each further one. */
const RETRY_STEP_MS = 2_000;
const RETRY_MOST_MS = 10_000;
/** Wall-clock milliseconds in which something must have been removed: a service that restarts is waited for. */
export const STALL_MS = 120_000;
/** Tries after refusals: an installation that was cancelled may need a moment to end. */
const REFUSALS = 5;

/**
 * Tries to remove something until it succeeds. Errors that may pass are waited through until `signal` aborts, a refusal for
 * the object's present state is met with a few more tries.
 * @param worthWaiting whether an error that may pass is worth it; false ends the tries at the first error
 * @throws the last error, when `signal` aborted or the tries are used up; the signal's reason when there was none before.
 */
export async function removePatiently(
  remove: () => Promise<unknown>,
  clock: Clock,
  signal: AbortSignal,
  worthWaiting: () => boolean = () => true,
): Promise<void> {
  let refusals = 0;
  let last: ClusterAdapterError | null = null;
  for (let attempt = 1; ; attempt++) {
    try {
      await remove();
      return;
    } catch (error) {
      if (signal.aborted) throw last ?? error;
      if (!(error instanceof ClusterAdapterError)) throw error;
      last = error;
      const again = error.passing ? worthWaiting() : error.conflict && ++refusals < REFUSALS;
      if (!again) throw error;
    }
    const delay = Math.min(attempt * RETRY_STEP_MS, RETRY_MOST_MS) * clock.speed;
    await clock.sleep(delay, signal).catch(() => {
      throw last;
    });
  }
}

export interface RemovalOptions<T> {
  jobs: Iterable<T>;
  /** Removes one; told when to give up. */
  remove: (job: T, signal: AbortSignal) => Promise<void>;
  /** Jobs under way at once. */
  atOnce: number;
  /** Wall-clock milliseconds without anything removed after which the rest is given up; default {@link STALL_MS}. */
  stallMs?: number;
  /** Ends everything at once. */
  signal: AbortSignal;
  onRemoved?: (job: T) => void;
}

export interface RemovalFailure<T> {
  job: T;
  reason: string;
}

/**
 * Removes everything it can. A service that is down is waited for as long as `stallMs`; one that is slow may take as long as
 * it likes while something goes. Returns what could not be removed, with the reasons.
 */
export async function removeAll<T>(options: RemovalOptions<T>): Promise<RemovalFailure<T>[]> {
  const { remove, atOnce, stallMs = STALL_MS, onRemoved } = options;
  const stalled = new AbortController();
  const giveUp = () => stalled.abort(new Error(`nothing could be removed for ${stallMs / 1000} s`));
  let timer = setTimeout(giveUp, stallMs);
  const signal = AbortSignal.any([options.signal, stalled.signal]);
  const queue = options.jobs[Symbol.iterator]();
  const failures: RemovalFailure<T>[] = [];
  const work = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) {
      const job = next.value;
      try {
        signal.throwIfAborted();
        await remove(job, signal);
        clearTimeout(timer);
        timer = setTimeout(giveUp, stallMs);
        onRemoved?.(job);
      } catch (error) {
        failures.push({ job, reason: error instanceof Error ? error.message : String(error) });
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  clearTimeout(timer);
  return failures;
}
