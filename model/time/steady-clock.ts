import { BaseClock, type ClockTimer } from './clock.ts';

/** Longest stretch of wall-clock time that counts as having passed between two looks. */
const LONGEST_STEP_MS = 10;

/**
 * A fast clock that stands still while this process does: of a stall between two looks only a moment counts. For things that watch
 * each other for signs of life or for counts, which a busy machine would else falsify. All of them must live on this clock.
 */
export class SteadyClock extends BaseClock {
  readonly speed: number;
  #now = Date.now();
  #lookedAt = performance.now();

  /** @param speed simulated milliseconds that pass in one wall-clock millisecond */
  constructor(speed: number) {
    super();
    this.speed = speed;
  }

  now(): number {
    const wall = performance.now();
    this.#now += Math.min(wall - this.#lookedAt, LONGEST_STEP_MS) * this.speed;
    this.#lookedAt = wall;
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const due = this.now() + Math.max(0, ms);
    let handle: NodeJS.Timeout;
    const wait = () => {
      // Looks often, so that waiting without a stall counts in full.
      const left = Math.min((due - this.now()) / this.speed, LONGEST_STEP_MS / 2);
      handle = setTimeout(() => (this.now() >= due ? fn() : wait()), Math.max(0, left));
    };
    wait();
    return { cancel: () => clearTimeout(handle) };
  }
}
