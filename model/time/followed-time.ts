/**
 * One time for two threads, of which either may be busy:
 *
 *   SteadyClock (leads) ──now──▶ shared memory ──▶ FollowingClock
 *                    ▲────lived─────────┘◀──────────┘
 *
 * The leader waits for the follower as for itself: while the follower's thread is busy no time passes, but for a moment.
 */
import { BaseClock, type ClockTimer } from './clock.ts';
import { TimerHeap } from './timer-heap.ts';

/** Longest stretch of wall-clock time that counts as having passed between two looks. */
export const LONGEST_STEP_MS = 10;

/** Wall-clock milliseconds between two looks of the follower. */
const LOOK_MS = 2;

/** What the two share; made by either from the other's buffer. */
export class FollowedTime {
  readonly buffer: SharedArrayBuffer;
  /** Two doubles, each written by one thread alone; whole doubles are read and written at once. */
  readonly #words: Float64Array;

  constructor(buffer = new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#words = new Float64Array(buffer);
  }

  /** The leader's, in epoch milliseconds; 0 before it began. */
  get now(): number {
    return this.#words[0]!;
  }

  set now(now: number) {
    this.#words[0] = now;
  }

  /** Wall-clock milliseconds that the follower has lived through; of a stall a moment counts. */
  get lived(): number {
    return this.#words[1]!;
  }

  set lived(lived: number) {
    this.#words[1] = lived;
  }
}

/** The clock of the thread that follows. Its timers come up to two wall-clock milliseconds late. */
export class FollowingClock extends BaseClock {
  readonly speed: number;
  readonly #time: FollowedTime;
  readonly #timers = new TimerHeap();
  readonly #handle: NodeJS.Timeout;
  #lookedAt = performance.now();
  #alone = false;

  /** @param speed the leader's */
  constructor(time: FollowedTime, speed: number) {
    super();
    this.speed = speed;
    this.#time = time;
    this.#handle = setInterval(() => this.#look(), LOOK_MS);
  }

  now(): number {
    return this.#time.now;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const timer = this.#timers.add(this.now() + Math.max(0, ms), fn);
    return {
      cancel: () => {
        timer.fn = null;
      },
    };
  }

  /** Ends it: timers that wait never fire, and the leader's time stands still. */
  close(): void {
    clearInterval(this.#handle);
    this.#timers.clear();
  }

  /** From now on without the leader, which is no more: time passes as this thread looks. */
  goOn(): void {
    this.#alone = true;
  }

  #look(): void {
    const wall = performance.now();
    const step = Math.min(wall - this.#lookedAt, LONGEST_STEP_MS);
    this.#lookedAt = wall;
    this.#time.lived += step;
    if (this.#alone) this.#time.now += step * this.speed;
    while (this.#timers.nextDue() <= this.now()) this.#timers.fireNext();
  }
}
