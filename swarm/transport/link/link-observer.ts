/** What links tell. */

/** Told of what becomes of connections over links that are alike; must be cheap. Wall-clock milliseconds. */
export interface LinkObserver {
  /** A connection was opened, TLS included, so long after it was begun. */
  connected(ms: number): void;
  /** A packet was lost, and what came after it waited for it. */
  stalled(): void;
  /** A packet was lost as often as TCP sends it: the connection is given up. */
  reset(): void;
}

/** What the link had to do with the duration of a request. */
export interface OverLink {
  /** Number of the link among those of a plan, from 0. */
  readonly link: number;
  /** Wall-clock milliseconds in which bytes of the connection were under way, its making included. */
  readonly ms: number;
}
