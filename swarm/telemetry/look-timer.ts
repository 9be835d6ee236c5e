/** Lets somebody look at the wall-clock time again and again. Does not keep the process alive. */
import { wallNow } from '../../model/time/clock.ts';

export class LookTimer {
  readonly #look: (nowMs: number) => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param look called with wall-clock milliseconds */
  constructor(look: (nowMs: number) => void) {
    this.#look = look;
  }

  /** Every so many wall-clock milliseconds from now on, until `stop()`. */
  start(everyMs: number): void {
    this.stop();
    this.#timer = setInterval(() => this.#look(wallNow()), everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
