import { BaseClock, type ClockTimer } from '../clock.ts';

/** A clock that stands still until a test moves it. */
export class ManualClock extends BaseClock {
  readonly speed = 1;
  #now: number;
  #sequence = 0;
  readonly #timers: { due: number; order: number; fn: () => void }[] = [];

  constructor(startMs = Date.UTC(2026, 0, 1)) {
    super();
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const timer = { due: this.#now + Math.max(0, ms), order: this.#sequence++, fn };
    this.#timers.push(timer);
    return {
      cancel: () => {
        const at = this.#timers.indexOf(timer);
        if (at >= 0) this.#timers.splice(at, 1);
      },
    };
  }

  /** Number of timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  /**
   * Moves time by `ms`, firing what becomes due in order.
   * @param settle awaited between firings: resolves when nothing happens any more without time; default lets promise
   *   reactions run
   */
  async advance(ms: number, settle: () => Promise<void> = promisesSettled): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      this.#timers.sort((a, b) => a.due - b.due || a.order - b.order);
      const next = this.#timers[0];
      if (!next || next.due > end) break;
      this.#timers.shift();
      this.#now = Math.max(this.#now, next.due);
      next.fn();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets everything that waits on already resolved promises run. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
