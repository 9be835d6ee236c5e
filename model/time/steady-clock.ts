import { BaseClock, type ClockTimer } from './clock.ts';
import { type FollowedTime, LONGEST_STEP_MS } from './followed-time.ts';
import { TimerHeap } from './timer-heap.ts';

/** Wall-clock milliseconds for which timers run before sockets get their turn. */
const TURN_MS = 10;

/**
 * A fast clock that stands still while this process is busy: of a stall between two looks only a moment counts, and what timers do
 * takes no time at all. A timer fires at the very moment it was set for, however late that comes on the wall, and no time passes a
 * timer that has not fired; so a chain of a thousand short waits takes as long as it says at any speed. For things that watch each
 * other for signs of life or whose order and counts matter, which a busy machine would else falsify. All of them must live on this
 * clock, or follow it in another thread.
 */
export class SteadyClock extends BaseClock {
  readonly speed: number;
  #now = Date.now();
  #lookedAt = performance.now();
  /** A timer runs: this is its moment. */
  #firing = false;
  readonly #timers = new TimerHeap();
  readonly #followed: FollowedTime | undefined;
  /** As the follower's count, but ours. */
  #lived = 0;
  #handle: NodeJS.Timeout | NodeJS.Immediate | undefined;
  /** Moment for which the handle is there. */
  #armedFor = Number.POSITIVE_INFINITY;
  /** Nothing waits, so that nobody looks: what passes until the next look is no stall. */
  #idle = true;

  /**
   * @param speed simulated milliseconds that pass in one wall-clock millisecond
   * @param followed where another thread follows; there must be one, as no time passes without it
   */
  constructor(speed: number, followed?: FollowedTime) {
    super();
    this.speed = speed;
    this.#followed = followed;
    if (followed) {
      this.#set(this.#now);
      this.#arm();
    }
  }

  now(): number {
    if (!this.#firing) this.#set(Math.min(this.#look(), Math.max(this.#now, this.#timers.nextDue())));
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const timer = this.#timers.add(this.now() + Math.max(0, ms), fn);
    this.#arm();
    return {
      cancel: () => {
        timer.fn = null;
      },
    };
  }

  #set(now: number): void {
    this.#now = now;
    if (this.#followed) this.#followed.now = now;
  }

  /** Where the time on the wall has come to. */
  #look(): number {
    const wall = performance.now();
    const passed = this.#together(
      Math.min(wall - this.#lookedAt, this.#idle ? Number.POSITIVE_INFINITY : LONGEST_STEP_MS),
    );
    this.#lookedAt = wall;
    return this.#now + passed * this.speed;
  }

  /** What of the time that has passed has passed for the follower, too. */
  #together(passed: number): number {
    if (!this.#followed) return passed;
    const { lived } = this.#followed;
    // Of time that it has lived through while we were busy nothing is made up for.
    const ahead = Math.max(0, this.#lived - lived);
    const step = Math.min(passed, Math.max(0, LONGEST_STEP_MS - ahead));
    this.#lived = lived + ahead + step;
    return step;
  }

  #arm(): void {
    // A follower may have timers that we do not know of.
    const due = Math.min(this.#timers.nextDue(), this.#followed ? Number.MAX_VALUE : Number.POSITIVE_INFINITY);
    if (this.#firing) return;
    this.#idle = due === Number.POSITIVE_INFINITY;
    if (due >= this.#armedFor) return;
    this.#disarm();
    this.#armedFor = due;
    // Looks often, so that waiting without a stall counts in full.
    const left = Math.min((due - this.#now) / this.speed, LONGEST_STEP_MS / 2);
    this.#handle = setTimeout(() => this.#run(), Math.max(0, left));
  }

  #disarm(): void {
    clearTimeout(this.#handle as NodeJS.Timeout);
    clearImmediate(this.#handle as NodeJS.Immediate);
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  #run(): void {
    this.#armedFor = Number.POSITIVE_INFINITY;
    const target = this.#look();
    const turnEnds = performance.now() + TURN_MS;
    let isTurnOver = false;
    for (let due = this.#timers.nextDue(); !isTurnOver && due <= target; due = this.#timers.nextDue()) {
      this.#set(Math.max(this.#now, due));
      this.#firing = true;
      this.#timers.fireNext();
      this.#firing = false;
      isTurnOver = performance.now() > turnEnds;
    }
    if (!isTurnOver) this.#set(target);
    // What the timers did took no time.
    this.#lookedAt = performance.now();
    if (isTurnOver) {
      this.#armedFor = Number.NEGATIVE_INFINITY;
      this.#handle = setImmediate(() => this.#run());
    } else this.#arm();
  }
}
