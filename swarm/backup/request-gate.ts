/**
 * How many requests may be under way at once: more while the server answers, half as many when it is overloaded, none while it has
 * asked for a rest.
 *
 *    answered        the limit grows by one for each round of as many answers, up to `most`
 *    429, 5xx, none  the limit halves, once a round; of a 429 all requests rest as long as Retry-After says
 */
import type { Clock } from '../../model/time/clock.ts';

export interface GateOptions {
  clock: Clock;
  /** Most requests under way at once. */
  most: number;
}

/** Requests at once in the beginning. */
const FIRST = 16;

export class RequestGate {
  readonly #clock: Clock;
  readonly #most: number;
  #limit: number;
  #underWay = 0;
  readonly #waiting: PromiseWithResolvers<void>[] = [];
  /** Answers since the limit was last changed. */
  #answers = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #restTimer = false;
  #pausedMs = 0;
  #waitedMs = 0;
  /** Since when somebody waits for a turn; wall clock. */
  #waitingSince = 0;
  #least: number;
  #greatest: number;

  constructor({ clock, most }: GateOptions) {
    this.#clock = clock;
    this.#most = most;
    this.#limit = Math.min(FIRST, most);
    this.#least = this.#limit;
    this.#greatest = this.#limit;
  }

  /** Milliseconds of the wall clock. */
  get figures(): { pausedMs: number; waitedMs: number; leastAtOnce: number; mostAtOnce: number } {
    return {
      pausedMs: this.#pausedMs,
      waitedMs: this.#waitedMs,
      leastAtOnce: this.#least,
      mostAtOnce: this.#greatest,
    };
  }

  /** Does the work when it is its turn. @throws what the work throws, or the signal's reason when it aborts first */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#turn(signal);
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      this.#admit();
    }
  }

  answered(): void {
    this.#answers += 1;
    if (this.#answers < this.#limit || this.#limit >= this.#most) return;
    this.#change(this.#limit + 1);
  }

  /** @param restMs wall-clock milliseconds that the server asks for; 0 for none */
  overloaded(restMs: number): void {
    this.#answers += 1;
    // What was under way together is refused together, and is one piece of news.
    if (this.#answers >= this.#limit / 2 || restMs > 0) {
      if (this.#clock.now() >= this.#restsUntil) this.#change(Math.max(1, Math.floor(this.#limit / 2)));
    }
    if (restMs > 0) this.#rest(restMs);
  }

  #change(limit: number): void {
    this.#limit = limit;
    this.#answers = 0;
    this.#least = Math.min(this.#least, limit);
    this.#greatest = Math.max(this.#greatest, limit);
    this.#admit();
  }

  #rest(ms: number): void {
    const now = this.#clock.now();
    const until = now + ms * this.#clock.speed;
    const from = Math.max(now, this.#restsUntil);
    if (until <= from) return;
    this.#pausedMs += (until - from) / this.#clock.speed;
    this.#restsUntil = until;
    this.#armRest();
  }

  #armRest(): void {
    if (this.#restTimer) return;
    this.#restTimer = true;
    this.#clock.setTimer(this.#restsUntil - this.#clock.now(), () => {
      this.#restTimer = false;
      if (this.#clock.now() < this.#restsUntil) this.#armRest();
      else this.#admit();
    });
  }

  async #turn(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#waiting.length === 0 && this.#open()) {
      this.#underWay += 1;
      return;
    }
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn);
    const onAbort = () => {
      const at = this.#waiting.indexOf(turn);
      if (at < 0) return;
      this.#waiting.splice(at, 1);
      this.#noteEmpty();
      turn.reject(signal!.reason);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    if (this.#waiting.length === 1) this.#waitingSince = performance.now();
    try {
      await turn.promise;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #open(): boolean {
    return this.#underWay < this.#limit && this.#clock.now() >= this.#restsUntil;
  }

  #admit(): void {
    while (this.#waiting.length > 0 && this.#open()) {
      this.#underWay += 1;
      this.#waiting.shift()!.resolve();
      this.#noteEmpty();
    }
  }

  #noteEmpty(): void {
    if (this.#waiting.length === 0) this.#waitedMs += performance.now() - this.#waitingSince;
  }
}
