/**
 * Ctrl-C: the first ends gracefully, the second leaves at once. SIGTERM counts as one too, because that is how container
 * runtimes ask, and SIGHUP, which a terminal sends when it is closed.
 */
import { EXIT } from './exit.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Who catches interrupts now. */
let catching = 0;

/**
 * To be called first of all by who may be the first process of a container: for that one the system drops signals that nobody handles, and
 * a pod that is removed while its program is being loaded would go on until it is killed.
 */
export function endAtInterrupts(): void {
  if (process.pid !== 1) return;
  const end = () => {
    if (catching === 0) process.exit(EXIT.interrupted);
  };
  for (const signal of SIGNALS) process.on(signal, end);
}

export interface Interrupts {
  /** Resolves at the first signal. */
  readonly first: Promise<void>;
  /** Signals are handled as before. */
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
  catching++;
  return {
    first: promise,
    release: () => {
      for (const signal of SIGNALS) process.off(signal, handle);
      catching--;
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
