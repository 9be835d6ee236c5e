/** Numbers that figures are made of. */

/** Of durations in milliseconds, or of what the field says. */
export interface Spread {
  readonly count: number;
  readonly average: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** `hits` of `of`: a rate that keeps its denominator. */
export interface Share {
  readonly hits: number;
  readonly of: number;
}
