/**
 * Waits of links. Timers know whole milliseconds and are a part of one late, and links of compressed time want fractions of one: each wait
 * is rounded to what a timer can do, and what it was rounded by is added to the next wait of the thread. So single waits are wrong by up
 * to a millisecond, and their sum is right:
 *
 *     wanted      0.42   0.42   0.42   0.42   0.42       timers are 0.6 ms late here
 *     carried     0      0.42   0.84  -0.34   0.08
 *     done        at once       1 ms (1.6)    at once
 *
 * A timer is expected to be as late as those before it were, which is measured. Beyond {@link MOST_LATE_MS} it is the thread that was busy:
 * that is not made good, and shows in durations as everything else does that the generator takes.
 */
import { wallNow } from '../../../model/time/clock.ts';

/** A wait that goes on. */
export interface LinkWait {
  cancel(): void;
}

export interface LinkClock {
  /** Wall-clock milliseconds. */
  now(): number;
  /** Calls `fn` once, about `ms` later, never before the caller has returned. */
  wait(ms: number, fn: () => void): LinkWait;
}

/** Milliseconds by which a timer may be late by itself: it is, on the average, by a half. */
const MOST_LATE_MS = 2;
/** Lateness of a timer before one was measured. */
const USUAL_LATE_MS = 0.6;
/** Weight of the last timer in what the next is expected to be late by. */
const WEIGHT = 1 / 64;
/** Longest delay that setTimeout takes. */
const LONGEST_MS = 2 ** 31 - 1;

class TickWait implements LinkWait {
  #fn: (() => void) | null;

  constructor(fn: () => void) {
    this.#fn = fn;
    process.nextTick(() => this.#fn?.());
  }

  cancel(): void {
    this.#fn = null;
  }
}

/** How waits are rounded. */
export class WaitRounding {
  #late = USUAL_LATE_MS;
  #carried = 0;

  /** Whole milliseconds for a timer; 0 for no timer. */
  round(ms: number): number {
    const wanted = ms + this.#carried;
    const timer = Math.max(1, Math.round(wanted - this.#late));
    const expected = timer + this.#late;
    // Whichever is nearer: no wait, or the timer.
    const none = Math.abs(wanted) <= Math.abs(wanted - expected);
    this.#carried = none ? wanted : wanted - expected;
    return none ? 0 : timer;
  }

  /** A timer has rung. */
  rang(timer: number, tookMs: number): void {
    const late = Math.min(MOST_LATE_MS, Math.max(-1, tookMs - timer));
    this.#late += (late - this.#late) * WEIGHT;
  }
}

/** One for all links of a thread. */
export class WallLinkClock implements LinkClock {
  readonly #rounding = new WaitRounding();

  now(): number {
    return wallNow();
  }

  wait(ms: number, fn: () => void): LinkWait {
    const timer = Math.min(LONGEST_MS, this.#rounding.round(ms));
    if (timer === 0) return new TickWait(fn);
    const from = wallNow();
    const handle = setTimeout(() => {
      this.#rounding.rang(timer, wallNow() - from);
      fn();
    }, timer);
    return { cancel: () => clearTimeout(handle) };
  }
}
