import { BaseClock, type ClockTimer } from './clock.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** The wheel's clock, with its timers and sleeps on the wheel: what everything on a worker thread is given. */
export class WheelClock extends BaseClock {
  readonly #wheel: TimerWheel;

  constructor(wheel: TimerWheel) {
    super();
    this.#wheel = wheel;
  }

  get speed(): number {
    return this.#wheel.clock.speed;
  }

  now(): number {
    return this.#wheel.clock.now();
  }

  setTimer(ms: number, fn: () => void): ClockTimer {
    const id = this.#wheel.schedule(this.now() + Math.max(0, ms), () => fn(), 0);
    return { cancel: () => this.#wheel.cancel(id) };
  }
}
