/**
 * A distribution as servers tell it: counts between bounds that are theirs, and the sum of all values.
 *
 *    bounds ms      0 … 5 │ 5 … 10 │ 10 … 25 │ … │ 5000 … ∞
 *
 * What lies between two bounds is taken to be spread evenly, as Prometheus' histogram_quantile takes it; where the mean tells more
 * (all values between the same two bounds, or beyond the last one) it is used.
 */
import type { CumulativeBucket } from './server-reading.ts';

export class BucketCounts {
  /** Values by the upper bound of their bucket, in no order; empty ones too, where others begin. */
  readonly #counts = new Map<number, number>();
  #count = 0;
  #sum = 0;

  /** What was counted between two looks; of a server that began again in between, what it counted since. */
  static between(
    before: { buckets: readonly CumulativeBucket[]; sumMs: number } | null,
    now: { buckets: readonly CumulativeBucket[]; sumMs: number },
  ): BucketCounts {
    const result = new BucketCounts();
    const earlier = new Map(before?.buckets.map(({ upToMs, count }) => [upToMs, count]));
    let below = 0;
    let belowEarlier = 0;
    for (const { upToMs, count } of now.buckets) {
      const counted = earlier.get(upToMs) ?? belowEarlier;
      const grown = count - below - (counted - belowEarlier);
      // Buckets of one answer may have been read at slightly different moments.
      result.#add(upToMs, Math.max(0, grown));
      below = count;
      belowEarlier = counted;
    }
    result.#sum = Math.max(0, now.sumMs - (before?.sumMs ?? 0));
    return result;
  }

  add(other: BucketCounts): void {
    for (const [bound, count] of other.#counts) this.#add(bound, count);
    this.#sum += other.#sum;
  }

  /** Numbers from which {@link unpack} makes it again: the sum, then bounds with their counts; null is no bound. */
  pack(): (number | null)[] {
    const pairs = [...this.#counts].flatMap(([bound, count]) => [Number.isFinite(bound) ? bound : null, count]);
    return [this.#sum, ...pairs];
  }

  static unpack([sum, ...pairs]: readonly (number | null)[]): BucketCounts {
    const result = new BucketCounts();
    for (let at = 0; at < pairs.length; at += 2) result.#add(pairs[at] ?? Number.POSITIVE_INFINITY, pairs[at + 1]!);
    result.#sum = sum ?? 0;
    return result;
  }

  #add(bound: number, count: number): void {
    this.#counts.set(bound, (this.#counts.get(bound) ?? 0) + count);
    this.#count += count;
  }

  get count(): number {
    return this.#count;
  }

  /** Milliseconds; 0 when empty. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /** Lowest that a value can have been, in milliseconds; 0 when empty. */
  get min(): number {
    return this.quantile(0);
  }

  /** Highest that a value can have been, in milliseconds; 0 when empty. */
  get max(): number {
    return this.quantile(1);
  }

  /** The value that the share `q` (0 … 1) of all does not exceed, in milliseconds; 0 when empty. */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const buckets = this.#spans();
    const rank = q * this.#count;
    let seen = 0;
    for (const { from, to, count } of buckets) {
      if (seen + count >= rank) return from + (to - from) * Math.min(1, Math.max(0, (rank - seen) / count));
      seen += count;
    }
    return buckets.at(-1)!.to;
  }

  /** Buckets with values, ascending, with finite ends. */
  #spans(): { from: number; to: number; count: number }[] {
    const bounds = [...this.#counts.keys()].sort((a, b) => a - b);
    const spans = bounds.map((to, i) => ({ from: i === 0 ? 0 : bounds[i - 1]!, to, count: this.#counts.get(to)! }));
    const filled = spans.filter(({ count }) => count > 0);
    const last = filled.at(-1)!;
    if (filled.length === 1) {
      last.to = Math.max(last.from, Math.min(last.to, 2 * this.mean - last.from));
    } else if (last.to === Number.POSITIVE_INFINITY) {
      const others = filled.slice(0, -1).reduce((sum, { from, to, count }) => sum + (count * (from + to)) / 2, 0);
      const mean = (this.#sum - others) / last.count;
      last.to = Math.max(last.from, 2 * mean - last.from);
    }
    return filled;
  }
}
