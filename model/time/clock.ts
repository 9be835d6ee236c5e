/**
 * Time as both ends of a simulation see it. Every wait, cadence and timestamp of the generator and of the embedded
 * services comes from a Clock, so that a whole run can be compressed and tests can move time by hand.
 */

/** A cancellable timer handle. */
export interface ClockTimer {
  cancel(): void;
}

export interface Clock {
  /** Milliseconds since the Unix epoch, in simulated time, with sub-millisecond resolution. */
  now(): number;
  /** Simulated milliseconds that pass in one wall-clock millisecond; 1 is real time. */
  readonly speed: number;
  /** Calls `fn` once, `ms` simulated milliseconds from now (never synchronously). */
  setTimer(ms: number, fn: () => void): ClockTimer;
  /**
   * Resolves after `ms` simulated milliseconds.
   * @throws the signal's reason when `signal` aborts first.
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What another thread or process needs to derive the same simulated time. */
export interface ClockSpec {
  /** See {@link Clock.speed}. */
  speed: number;
  /** Wall-clock epoch milliseconds at which simulated time was `originSimulated`. */
  originWall: number;
  originSimulated: number;
}

/** Longest delay that setTimeout takes before it fires at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** Wall-clock epoch milliseconds with sub-millisecond resolution; the same in all threads of a process. */
export function wallNow(): number {
  return performance.timeOrigin + performance.now();
}

/** A ClockSpec that starts now. At speed 1 it is real time. */
export function startClock(speed: number): ClockSpec {
  const now = wallNow();
  return { speed, originWall: now, originSimulated: now };
}

/** When simulated moments are due: a function from epoch milliseconds of simulated time to those of the wall clock. */
export function wallTimes({ speed, originWall, originSimulated }: ClockSpec): (simulatedMs: number) => number {
  return (simulatedMs) => originWall + (simulatedMs - originSimulated) / speed;
}

const abortWaits = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls `fn` once when a signal aborts that has not yet. However many wait for it, the signal has one listener: an EventTarget looks
 * through all of its listeners whenever one comes or goes, and a run has one signal for a hundred thousand clusters.
 * @returns what takes the call back
 */
export function onceAborted(signal: AbortSignal, fn: () => void): () => void {
  let waits = abortWaits.get(signal);
  if (!waits) {
    const all = new Set<() => void>();
    const callAll = () => {
      for (const each of all) each();
    };
    signal.addEventListener('abort', callAll, { once: true });
    abortWaits.set(signal, all);
    waits = all;
  }
  // Of its own, so that a function may wait twice.
  const wait = () => fn();
  waits.add(wait);
  return () => waits.delete(wait);
}

/** `sleep` in terms of `setTimer`. */
export abstract class BaseClock implements Clock {
  abstract readonly speed: number;
  abstract now(): number;
  abstract setTimer(ms: number, fn: () => void): ClockTimer;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      const timer = this.setTimer(ms, () => {
        forget?.();
        resolve();
      });
      const forget =
        signal &&
        onceAborted(signal, () => {
          timer.cancel();
          reject(signal.reason);
        });
    });
  }
}

/** Wall-clock time, `speed` times faster. With speed 1 this is the real clock. */
export class ScaledClock extends BaseClock {
  readonly speed: number;
  readonly #spec: ClockSpec;

  constructor(spec: ClockSpec) {
    super();
    this.speed = spec.speed;
    this.#spec = spec;
  }

  now(): number {
    return this.#spec.originSimulated + (wallNow() - this.#spec.originWall) * this.speed;
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    let left = Math.max(0, ms / this.speed);
    let handle: NodeJS.Timeout;
    const arm = () => {
      const part = Math.min(left, MAX_TIMEOUT_MS);
      left -= part;
      handle = setTimeout(() => (left > 0 ? arm() : fn()), part);
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  }
}
