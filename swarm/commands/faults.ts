/**
 * Errors that nobody caught. Node would end the process at once, without clean-up and summary; a run must end with both, so it is
 * told instead, and the process goes on until the command comes to its own end.
 */

/** Errors of connections whose owner is gone already: nobody waits for them, and nothing follows from them. */
const STRAY = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'ENOTCONN',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_WRITE_AFTER_END',
  'ETIMEDOUT',
]);

export interface FaultHandlers {
  /** Told once of each message. */
  note: (text: string) => void;
  /** Something that ought to go on may not: whoever depends on it should come to an end. */
  onFault: (reason: string) => void;
}

/** Catches them until the result is called. */
export function catchFaults({ note, onFault }: FaultHandlers): () => void {
  const seen = new Set<string>();
  const handle = (thrown: unknown) => {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    const stray = STRAY.has((error as NodeJS.ErrnoException).code ?? '');
    if (!seen.has(error.message)) {
      seen.add(error.message);
      note(stray ? `a connection broke: ${error.message}` : `internal error: ${error.message}; please report it`);
      if (process.env.SWARM_DEBUG) note(String(error.stack));
    }
    if (!stray) onFault(`internal error: ${error.message}`);
  };
  process.on('uncaughtException', handle);
  return () => process.off('uncaughtException', handle);
}
