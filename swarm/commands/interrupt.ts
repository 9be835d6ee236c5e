/**
 * Ctrl-C: the first ends gracefully, the second leaves at once. SIGTERM counts as one too, because that is how container
 * runtimes ask.
 */

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
  process.on('SIGINT', handle);
  process.on('SIGTERM', handle);
  return {
    first: promise,
    release: () => {
      process.off('SIGINT', handle);
      process.off('SIGTERM', handle);
    },
  };
}
