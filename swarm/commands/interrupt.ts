/**
 * Ctrl-C: the first ends gracefully, the second leaves at once. SIGTERM counts as one too, because that is how container
 * runtimes ask, and SIGHUP, which a terminal sends when it is closed.
 */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Interrupts {
  /** Resolves at the first signal. */
  readonly first: Promise<void>;
  /** Signals are handled by the system again. */
  release(): void;
}

/** @param leave called at the second signal; it should not return. */
export function catchInterrupts(leave: () => void): Interrupts {
  const { promise, resolve } = Promise.withResolvers<void>();
  let seen = 0;
  const handle = () => {
    seen++;
    if (seen === 1) resolve();
    else leave();
  };
  for (const signal of SIGNALS) process.on(signal, handle);
  return {
    first: promise,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
    },
  };
}

/** Wall-clock milliseconds for which what is under way may come to its end. */
const GRACE_MS = 5_000;

/** Ctrl-C as work on a hub takes it: nothing new is begun, and requests under way may end. */
export class Interruption {
  readonly #begin = new AbortController();
  readonly #cut = new AbortController();
  readonly #interrupts: Interrupts;
  #timer: NodeJS.Timeout | undefined;

  /** @param told called at the first signal; the second leaves at once. */
  constructor(told: () => void, leave: () => never) {
    this.#interrupts = catchInterrupts(leave);
    void this.#interrupts.first.then(() => {
      const reason = new Error('interrupted');
      this.#begin.abort(reason);
      this.#timer = setTimeout(() => this.#cut.abort(reason), GRACE_MS);
      told();
    });
  }

  /** Aborts at the first signal. */
  get begin(): AbortSignal {
    return this.#begin.signal;
  }

  /** Aborts a little later. */
  get cut(): AbortSignal {
    return this.#cut.signal;
  }

  release(): void {
    clearTimeout(this.#timer);
    this.#interrupts.release();
  }
}
