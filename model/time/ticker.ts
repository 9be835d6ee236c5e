/**
 * The two ways in which the imitated Go programs wait in a loop.
 */
import type { Clock } from './clock.ts';

/**
 * A `time.Ticker`: ticks stay in phase with its creation, and while the receiver is busy one tick waits for it and the
 * further ones are lost.
 */
export class Ticker {
  readonly #clock: Clock;
  readonly #startMs: number;
  readonly #intervalMs: number;
  #seen = 0;

  constructor(clock: Clock, intervalMs: number) {
    this.#clock = clock;
    this.#startMs = clock.now();
    this.#intervalMs = intervalMs;
  }

  /**
   * Waits for the next tick.
   * @returns the simulated moment at which the program goes on: the tick, or now when a tick was waiting already.
   * @throws the signal's reason when it aborts first.
   */
  async next(signal: AbortSignal): Promise<number> {
    const now = this.#clock.now();
    const passed = Math.floor((now - this.#startMs) / this.#intervalMs);
    if (passed > this.#seen) {
      this.#seen = passed;
      return now;
    }
    this.#seen += 1;
    const due = this.#startMs + this.#seen * this.#intervalMs;
    await this.#clock.sleep(due - now, signal);
    return due;
  }
}

/** Gets the simulated moment at which the pass is due. */
export type Predicate = (dueMs: number) => boolean | Promise<boolean>;

/**
 * Runs the predicate at once and then at every tick until it holds.
 * @param limitMs simulated milliseconds after which no further pass begins
 * @returns false when the signal aborted or the limit passed first; an abort does not interrupt a pass under way
 * @throws what the predicate throws
 */
export async function waitUntil(
  clock: Clock,
  intervalMs: number,
  signal: AbortSignal,
  predicate: Predicate,
  limitMs = Number.POSITIVE_INFINITY,
): Promise<boolean> {
  const start = clock.now();
  const ticker = new Ticker(clock, intervalMs);
  let due = start;
  for (;;) {
    if (await predicate(due)) return true;
    if (signal.aborted || clock.now() - start >= limitMs) return false;
    try {
      due = await ticker.next(signal);
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
    if (due - start > limitMs) return false;
  }
}
