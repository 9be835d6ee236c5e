/**
 * Keys that wait to be worked on, as controller-runtime's work queue: a key waits once however often it is added, is never
 * worked on twice at once, and comes again after its work failed, later each time.
 * Upstream: client-go, util/workqueue/queue.go and default_rate_limiters.go.
 */
import { type Clock, type ClockTimer, wallNow } from '../time/clock.ts';

/**
 * What follows the work on a key: it comes back after milliseconds of the clock, or with the growing delay of a failure
 * (`again`, controller-runtime's `Requeue: true`), or only when it is added; null.
 */
export type Outcome = { requeueAfterMs: number } | 'again' | null;

/** Told of what a queue does, as controller-runtime's metrics are: client-go, util/workqueue/metrics.go. Times are wall-clock. */
export interface WorkQueueObserver {
  /** A key was taken in that did not wait yet. */
  added(): void;
  /** A key comes back after a failure. */
  retried(): void;
  /** @param waitedMs milliseconds since it was added */
  begun(waitedMs: number, startedAt: number): void;
  ended(startedAt: number, result: 'success' | 'error' | 'requeue' | 'requeue_after'): void;
}

export interface WorkQueueOptions {
  clock: Clock;
  /** Works on a key. What it throws puts the key back with a growing delay. */
  work: (key: string) => Promise<Outcome>;
  /** Keys worked on at once; default 1, as controller-runtime's. */
  workers?: number;
  /** Told of each failure. */
  onError?: (key: string, error: unknown) => void;
  observer?: WorkQueueObserver;
}

/** Delays after failures of one key: client-go, DefaultTypedControllerRateLimiter. */
const FIRST_DELAY_MS = 5;
const LONGEST_DELAY_MS = 1_000_000;

export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** With the wall-clock time since when. */
  readonly #waiting = new Map<string, number>();
  readonly #active = new Set<string>();
  /** Added while they were worked on. */
  readonly #again = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #timers = new Map<string, { timer: ClockTimer; at: number }>();
  #stopped = false;
  #idle: PromiseWithResolvers<void> | null = null;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait or are worked on, those with a delay not counted. */
  get depth(): number {
    return this.#waiting.size + this.#active.size;
  }

  /** Keys that wait, those that were added while they were worked on too. */
  get waiting(): number {
    return this.#waiting.size + this.#again.size;
  }

  add(key: string): void {
    if (this.#stopped || this.#waiting.has(key) || this.#again.has(key)) return;
    this.#options.observer?.added();
    if (this.#active.has(key)) this.#again.set(key, wallNow());
    else {
      this.#waiting.set(key, wallNow());
      this.#fill();
    }
  }

  /** Adds the key later; of several delays the shortest counts. */
  addAfter(key: string, ms: number): void {
    if (this.#stopped) return;
    if (ms <= 0) {
      this.add(key);
      return;
    }
    const at = this.#options.clock.now() + ms;
    const planned = this.#timers.get(key);
    if (planned && planned.at <= at) return;
    planned?.timer.cancel();
    const timer = this.#options.clock.setTimer(ms, () => {
      this.#timers.delete(key);
      this.add(key);
    });
    this.#timers.set(key, { timer, at });
  }

  /** Ends it; resolves when no key is worked on any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#waiting.clear();
    this.#again.clear();
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
    if (this.#active.size === 0) return;
    this.#idle ??= Promise.withResolvers();
    await this.#idle.promise;
  }

  #fill(): void {
    const { workers = 1 } = this.#options;
    for (const [key, since] of this.#waiting) {
      if (this.#active.size >= workers) return;
      this.#waiting.delete(key);
      this.#active.add(key);
      void this.#work(key, since);
    }
  }

  async #work(key: string, since: number): Promise<void> {
    const { observer } = this.#options;
    const startedAt = wallNow();
    observer?.begun(startedAt - since, startedAt);
    try {
      const outcome = await this.#options.work(key);
      observer?.ended(startedAt, outcome === 'again' ? 'requeue' : outcome ? 'requeue_after' : 'success');
      if (outcome === 'again') this.#putBack(key);
      else {
        this.#failures.delete(key);
        if (outcome) this.addAfter(key, outcome.requeueAfterMs);
      }
    } catch (error) {
      observer?.ended(startedAt, 'error');
      if (!this.#stopped) this.#options.onError?.(key, error);
      this.#putBack(key);
    }
    this.#active.delete(key);
    const again = this.#again.get(key);
    if (again !== undefined) {
      this.#again.delete(key);
      this.#waiting.set(key, again);
    }
    if (this.#stopped) {
      if (this.#active.size === 0) this.#idle?.resolve();
    } else this.#fill();
  }

  #putBack(key: string): void {
    if (!this.#stopped) this.#options.observer?.retried();
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    this.addAfter(key, Math.min(FIRST_DELAY_MS * 2 ** failures, LONGEST_DELAY_MS));
  }
}
