import { BaseClock, type ClockTimer } from './clock.ts';

/** Longest stretch of wall-clock time that counts as having passed between two looks. */
const LONGEST_STEP_MS = 10;
/** Wall-clock milliseconds for which timers run before sockets get their turn. */
const TURN_MS = 10;

interface Timer {
  readonly due: number;
  readonly order: number;
  /** null once it has fired or is cancelled. */
  fn: (() => void) | null;
}

/**
 * A fast clock that stands still while this process is busy: of a stall between two looks only a moment counts, and what timers do
 * takes no time at all. A timer fires at the very moment it was set for, however late that comes on the wall, and no time passes a
 * timer that has not fired; so a chain of a thousand short waits takes as long as it says at any speed. For things that watch each
 * other for signs of life or whose order and counts matter, which a busy machine would else falsify. All of them must live on this
 * clock.
 */
export class SteadyClock extends BaseClock {
  readonly speed: number;
  #now = Date.now();
  #lookedAt = performance.now();
  /** A timer runs: this is its moment. */
  #firing = false;
  /** Binary heap by due time and order. */
  readonly #heap: Timer[] = [];
  #order = 0;
  #handle: NodeJS.Timeout | NodeJS.Immediate | undefined;
  /** Moment for which the handle is there. */
  #armedFor = Number.POSITIVE_INFINITY;

  /** @param speed simulated milliseconds that pass in one wall-clock millisecond */
  constructor(speed: number) {
    super();
    this.speed = speed;
  }

  now(): number {
    if (!this.#firing) this.#now = Math.min(this.#look(), Math.max(this.#now, this.#nextDue()));
    return this.#now;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const timer: Timer = { due: this.now() + Math.max(0, ms), order: this.#order++, fn };
    this.#push(timer);
    this.#arm();
    return {
      cancel: () => {
        timer.fn = null;
      },
    };
  }

  /** Where the time on the wall has come to. */
  #look(): number {
    const wall = performance.now();
    const passed = Math.min(wall - this.#lookedAt, LONGEST_STEP_MS) * this.speed;
    this.#lookedAt = wall;
    return this.#now + passed;
  }

  /** Infinite when no timer waits. */
  #nextDue(): number {
    while (this.#heap.length > 0 && this.#heap[0]!.fn === null) this.#pop();
    return this.#heap[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  #arm(): void {
    const due = this.#nextDue();
    if (this.#firing || due >= this.#armedFor) return;
    this.#disarm();
    if (due === Number.POSITIVE_INFINITY) return;
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
    while (!isTurnOver && this.#nextDue() <= target) {
      const timer = this.#pop();
      this.#now = Math.max(this.#now, timer.due);
      this.#fire(timer);
      isTurnOver = performance.now() > turnEnds;
    }
    if (!isTurnOver) this.#now = target;
    // What the timers did took no time.
    this.#lookedAt = performance.now();
    if (isTurnOver) {
      this.#armedFor = Number.NEGATIVE_INFINITY;
      this.#handle = setImmediate(() => this.#run());
    } else this.#arm();
  }

  #fire(timer: Timer): void {
    const { fn } = timer;
    timer.fn = null;
    this.#firing = true;
    try {
      fn?.();
    } catch (error) {
      // As from a timer of Node's; the others go on.
      setImmediate(() => {
        throw error;
      });
    } finally {
      this.#firing = false;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!isBefore(timer, heap[above]!)) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let below = at * 2 + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && isBefore(heap[below + 1]!, heap[below]!)) below += 1;
      if (!isBefore(heap[below]!, last)) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.due < b.due || (a.due === b.due && a.order < b.order);
}
