/** Waiting for what others bring about: looks again after each change, and at a pace of its own. */
import type { Clock } from '../../model/time/clock.ts';

/** Milliseconds of the clock between two looks without a change. */
const LOOK_MS = 1_000;

export class Changes {
  readonly #clock: Clock;
  readonly #looks = new Set<() => void>();
  #scheduled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Something has changed; all that come in one turn are looked at together. */
  touch(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      for (const look of [...this.#looks]) look();
    });
  }

  /**
   * Resolves to true once the check holds, to false when the deadline comes first.
   * @param deadlineAt epoch milliseconds of the clock
   * @throws the signal's reason when it aborts
   */
  until(check: () => boolean, deadlineAt: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        this.#looks.delete(look);
        timer?.cancel();
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const look = () => {
        if (check()) end(() => resolve(true));
        else if (this.#clock.now() >= deadlineAt) end(() => resolve(false));
      };
      const onAbort = () => end(() => reject(signal.reason));
      const arm = () =>
        this.#clock.setTimer(Math.min(LOOK_MS, Math.max(0, deadlineAt - this.#clock.now())), () => {
          if (!this.#looks.has(look)) return;
          timer = arm();
          look();
        });
      this.#looks.add(look);
      let timer = signal.aborted ? undefined : arm();
      if (signal.aborted) onAbort();
      else {
        signal.addEventListener('abort', onAbort, { once: true });
        look();
      }
    });
  }
}
