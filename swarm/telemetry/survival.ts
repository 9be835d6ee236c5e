/**
 * Quantiles of durations of which some are not over: the estimate of Kaplan and Meier (1958), "Nonparametric Estimation from
 * Incomplete Observations", over two histograms. What still goes on counts as at least so long, so that it never makes others look
 * quicker: for each duration, the share that outlasts it is
 *
 *               those that ended after it
 *    product  1 - ─────────────────────────        over all durations up to it
 *               all that had lasted so long
 *
 * Without open ones this is the plain quantile.
 */
import { Distribution, middleOf } from './histogram.ts';

/** Rounding of a product of thousands of factors stays far below it; shares differ by more while there are fewer than 10⁹ durations. */
const ROUNDING = 1e-11;

export class Survival {
  /** Those that are over. */
  readonly ended: Distribution;
  /** Those that are not, or of which the end was not seen, by how long they had lasted. */
  readonly open: Distribution;

  constructor(ended: Distribution = new Distribution(), open: Distribution = new Distribution()) {
    this.ended = ended;
    this.open = open;
  }

  /** Takes in those of another one. */
  add(other: Survival): void {
    this.ended.add(other.ended);
    this.open.add(other.open);
  }

  get count(): number {
    return this.ended.count + this.open.count;
  }

  /** Of the shortest that is over, in milliseconds; where none is, of the longest that is not. */
  get min(): number {
    return this.ended.count > 0 ? this.ended.min : this.open.max;
  }

  /** Milliseconds; open ones included. 0 when there is none. */
  get max(): number {
    return Math.max(this.ended.max, this.open.max);
  }

  /**
   * Milliseconds within the histograms' relative error: the area below the curve of shares, up to the longest. Where open ones are the
   * longest it is a lower bound. 0 when there is none.
   */
  get mean(): number {
    let area = 0;
    let last = 0;
    let share = 1;
    for (const { at, left } of this.#steps()) {
      area += share * (at - last);
      last = at;
      share = left;
    }
    return area + share * Math.max(0, this.max - last);
  }

  /**
   * The duration in milliseconds that the share `q` (0 to 1) does not exceed, within the histograms' relative error; null where so many
   * are open that it is not known: it is {@link max} at least. Null when there is none.
   */
  quantile(q: number): number | null {
    for (const { at, left } of this.#steps()) if (left <= 1 - q + ROUNDING) return at;
    return null;
  }

  /** The same, with the longest in place of what is not known: a lower bound. 0 when there is none. */
  quantileAtLeast(q: number): number {
    return this.quantile(q) ?? this.max;
  }

  /** After which durations some have ended, and the share that goes on then. */
  *#steps(): Generator<{ at: number; left: number }> {
    const { buckets: ended } = this.ended;
    const { buckets: open } = this.open;
    let atRisk = this.count;
    let left = 1;
    for (let bucket = 0; bucket < ended.length && atRisk > 0; bucket++) {
      const over = ended[bucket]!;
      if (over > 0) {
        left *= 1 - over / atRisk;
        // What ended and what went on at the same moment: the latter was there to see the former end.
        const at = bucket === ended.length - 1 ? this.ended.max : middleOf(bucket);
        yield { at: Math.min(this.ended.max, Math.max(this.ended.min, at)), left };
      }
      atRisk -= over + open[bucket]!;
    }
  }
}
