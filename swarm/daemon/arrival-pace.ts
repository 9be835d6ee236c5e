/**
 * The time by which clusters arrive. It runs with the clock of the run, faster or slower while somebody wants that, and stands still while
 * arrivals are paused; what has arrived goes on as ever.
 */
import type { Clock } from '../../model/time/clock.ts';

/** Times as fast as the plan says. */
export const PACE_LIMITS = { min: 0, max: 100 } as const;

export class ArrivalPace {
  readonly #clock: Pick<Clock, 'now' | 'sleep'>;
  #factor = 1;
  /** Milliseconds of arrivals at {@link #since}. */
  #passed = 0;
  #since: number;
  #changed = new AbortController();

  /** Begins now. */
  constructor(clock: Pick<Clock, 'now' | 'sleep'>) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** 0 while paused. */
  get factor(): number {
    return this.#factor;
  }

  /** Milliseconds of arrivals until now. */
  now(): number {
    return this.#passed + (this.#clock.now() - this.#since) * this.#factor;
  }

  /** From now on. @throws RangeError for what is no factor. */
  set(factor: number): void {
    if (!(factor >= PACE_LIMITS.min && factor <= PACE_LIMITS.max)) {
      throw new RangeError(
        `pace ${factor}; allowed: a number from ${PACE_LIMITS.min} (paused) to ${PACE_LIMITS.max} (times as fast as the plan says)`,
      );
    }
    this.#passed = this.now();
    this.#since = this.#clock.now();
    this.#factor = factor;
    this.#changed.abort();
    this.#changed = new AbortController();
  }

  /** Resolves when so many milliseconds of arrivals have passed, or `signal` aborts. */
  async until(ms: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.now() < ms) {
      const either = AbortSignal.any([signal, this.#changed.signal]);
      const wait = this.#factor === 0 ? Number.POSITIVE_INFINITY : (ms - this.now()) / this.#factor;
      if (wait === Number.POSITIVE_INFINITY) await aborted(either);
      else await this.#clock.sleep(wait, either).catch(() => {});
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
