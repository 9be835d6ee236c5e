/** How long something takes that does not always take as long: the one form in which tables state durations. */

/** A duration drawn evenly from [delayMs, delayMs + jitterMs), in simulated milliseconds. */
export interface Span {
  readonly delayMs: number;
  readonly jitterMs: number;
}

/** A span stated in seconds, as people read tables. */
export function seconds(delay: number, jitter: number): Span {
  return { delayMs: delay * 1000, jitterMs: jitter * 1000 };
}

/** Simulated milliseconds of a span for a draw in [0, 1). */
export function spanMs(span: Span, draw: number): number {
  return span.delayMs + span.jitterMs * draw;
}
