/** A limit of bytes in a second of the clock, shared by everybody who takes from it. */
import type { Clock } from '../../model/time/clock.ts';

/** Takers may be this far ahead, so that not every piece of a stream has to wait. Milliseconds of the clock. */
const SLACK_MS = 50;

export class ByteRate {
  readonly #clock: Clock;
  readonly #msPerByte: number;
  /** When everything taken so far may have arrived. */
  #freeAt = Number.NEGATIVE_INFINITY;

  /** @param rate bytes a second */
  constructor(clock: Clock, rate: number) {
    this.#clock = clock;
    this.#msPerByte = 1000 / rate;
  }

  /** Takes bytes that have arrived; returns for how many milliseconds no more may be read. */
  take(bytes: number): number {
    const now = this.#clock.now();
    this.#freeAt = Math.max(this.#freeAt, now) + bytes * this.#msPerByte;
    const wait = this.#freeAt - now;
    return wait > SLACK_MS ? wait : 0;
  }
}
