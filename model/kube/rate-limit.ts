/** A token bucket, as Go's clients limit themselves: client-go, util/flowcontrol/throttle.go. */
import type { Clock } from '../time/clock.ts';

export interface RateLimitOptions {
  /** Requests in a second, in the long run. */
  qps: number;
  /** Requests that may go at once after a rest. */
  burst: number;
}

/** Callers get their turns in the order in which they came. */
export class RateLimit {
  readonly #clock: Clock;
  readonly #perToken: number;
  readonly #burst: number;
  /** When the bucket would be full, in the clock's milliseconds. */
  #fullAt = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, { qps, burst }: RateLimitOptions) {
    this.#clock = clock;
    this.#perToken = 1000 / qps;
    this.#burst = burst;
  }

  /** Resolves when it is the caller's turn. @throws the signal's reason when it aborts first; the turn is lost then. */
  async turn(signal?: AbortSignal): Promise<void> {
    const now = this.#clock.now();
    this.#fullAt = Math.max(this.#fullAt, now) + this.#perToken;
    const wait = this.#fullAt - now - this.#burst * this.#perToken;
    if (wait > 0) await this.#clock.sleep(wait, signal);
  }
}
