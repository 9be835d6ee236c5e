/**
 * Distributions of durations, log-linear: 64 equal buckets to each doubling of the value, so that a quantile is off by at
 * most 1/128 (0.8 %) of itself wherever it lies.
 *
 *    units of 1/8 µs      0 … 63 │ 64 … 127 │ 128 … 255 │ 256 … 511 │ …  2³⁸ … 2³⁹-1 │ beyond
 *    width of a bucket       1   │    1     │     2     │     4     │ …      2³²     │
 *    buckets                64   │    64    │    64     │    64     │ …      64      │   1
 *                        ◄─ 8 µs ─►                              up to 19 h of wall or simulated time
 *
 * Recorded in place in a stretch of 64-bit floats, one writer each, which count exactly up to 2⁵³:
 *
 *    [ count ][ sum ms ][ min ms ][ max ms ][ bucket 0 ][ bucket 1 ] … [ bucket 2176 ]
 */

const UNITS_PER_MS = 8000;
const SUB_BITS = 6;
const SUB_BUCKETS = 1 << SUB_BITS;
const TOP_BIT = 38;
/** The last bucket takes everything beyond the range. */
const BUCKETS = (TOP_BIT - SUB_BITS + 2) * SUB_BUCKETS + 1;
const OVERFLOW = BUCKETS - 1;

const COUNT = 0;
const SUM = 1;
const MIN = 2;
const MAX = 3;
const FIRST_BUCKET = 4;

/** Floats that one histogram takes, rounded to whole cache lines. */
export const HISTOGRAM_WORDS = Math.ceil((FIRST_BUCKET + BUCKETS) / 8) * 8;

/** Largest relative error of a quantile of values from 8 µs to 19 h. */
export const HISTOGRAM_RELATIVE_ERROR = 1 / (2 * SUB_BUCKETS);

/** Bucket of a duration in milliseconds; negative ones count as 0. */
function bucketOf(ms: number): number {
  const units = ms * UNITS_PER_MS;
  if (!(units >= 1)) return 0;
  if (units < SUB_BUCKETS) return units | 0;
  // clz32 sees 32 bits: durations above nine minutes are shifted down first, far below a bucket's width.
  const shifted = units >= 2 ** 32;
  const high = (shifted ? units / 2 ** 16 : units) >>> 0;
  if (shifted && units >= 2 ** (TOP_BIT + 1)) return OVERFLOW;
  const bit = 31 - Math.clz32(high);
  const sub = (high >>> (bit - SUB_BITS)) & (SUB_BUCKETS - 1);
  return ((shifted ? bit + 16 : bit) - SUB_BITS + 1) * SUB_BUCKETS + sub;
}

/** Lower edge of a bucket in milliseconds; that of the next one is its upper edge. */
function lowerEdge(bucket: number): number {
  if (bucket < SUB_BUCKETS) return bucket / UNITS_PER_MS;
  const bit = Math.floor(bucket / SUB_BUCKETS) - 1 + SUB_BITS;
  const sub = bucket % SUB_BUCKETS;
  return ((SUB_BUCKETS + sub) * 2 ** (bit - SUB_BITS)) / UNITS_PER_MS;
}

/** Value in milliseconds that stands for all of a bucket, but for those beyond the range: there is none for the last one. */
export function middleOf(bucket: number): number {
  return (lowerEdge(bucket) + lowerEdge(bucket + 1)) / 2;
}

/** Adds a duration to the histogram that begins at `at`. */
export function recordDuration(words: Float64Array, at: number, ms: number): void {
  const value = ms > 0 ? ms : 0;
  if (words[at + COUNT]! === 0 || value < words[at + MIN]!) words[at + MIN] = value;
  if (value > words[at + MAX]!) words[at + MAX] = value;
  words[at + SUM]! += value;
  words[at + FIRST_BUCKET + bucketOf(value)]!++;
  words[at + COUNT]!++;
}

/** A copy of one or several histograms, to be asked. */
export class Distribution {
  readonly #buckets = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = 0;

  /** Adds the histogram that begins at `at`. */
  addWords(words: Float64Array, at: number): void {
    if (words[at + COUNT] === 0) return;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = words[at + FIRST_BUCKET + bucket]!;
      this.#buckets[bucket]! += count;
      // Counted from the buckets, so that the total fits them although the writer goes on.
      this.#count += count;
    }
    this.#sum += words[at + SUM]!;
    this.#min = Math.min(this.#min, words[at + MIN]!);
    this.#max = Math.max(this.#max, words[at + MAX]!);
  }

  add(other: Distribution): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#buckets[bucket]! += other.#buckets[bucket]!;
    this.#count += other.#count;
    this.#sum += other.#sum;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /** Adds a part of another one, from 0 to 1: of what lasted for a time, that which fell into a piece of it. */
  addShare(other: Distribution, share: number): void {
    if (other.#count === 0) return;
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#buckets[bucket]! += other.#buckets[bucket]! * share;
    this.#count += other.#count * share;
    this.#sum += other.#sum * share;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  /**
   * Numbers from which {@link unpack} makes it again: sum, least and greatest value, then for each bucket that holds something how far it
   * is from the one before, and what it holds. None when it is empty.
   */
  pack(): number[] {
    if (this.#count === 0) return [];
    const packed = [this.#sum, this.#min, this.#max];
    let last = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#buckets[bucket]!;
      if (count === 0) continue;
      packed.push(bucket - last, count);
      last = bucket;
    }
    return packed;
  }

  /** @throws RangeError for what {@link pack} did not make */
  static unpack(packed: readonly number[]): Distribution {
    const distribution = new Distribution();
    if (packed.length === 0) return distribution;
    let bucket = 0;
    for (let at = 3; at < packed.length; at += 2) {
      bucket += packed[at]!;
      const count = packed[at + 1]!;
      if (!(bucket >= 0 && bucket < BUCKETS && Number.isFinite(count))) {
        throw new RangeError(`a distribution has no bucket ${bucket} with ${count}`);
      }
      distribution.#buckets[bucket] = count;
      distribution.#count += count;
    }
    const [sum, min, max] = packed as [number, number, number];
    if (![sum, min, max].every(Number.isFinite))
      throw new RangeError(`a distribution has no sum ${sum}, ${min}, ${max}`);
    distribution.#sum = sum;
    distribution.#min = min;
    distribution.#max = max;
    return distribution;
  }

  /** What was recorded after `earlier`, a copy of the same histograms; its extremes are known to a bucket only. */
  since(earlier: Distribution): Distribution {
    const difference = new Distribution();
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      const count = this.#buckets[bucket]! - earlier.#buckets[bucket]!;
      if (count === 0) continue;
      difference.#buckets[bucket] = count;
      difference.#count += count;
      difference.#min = Math.min(difference.#min, lowerEdge(bucket));
      difference.#max = bucket === OVERFLOW ? this.#max : Math.min(this.#max, lowerEdge(bucket + 1));
    }
    difference.#sum = this.#sum - earlier.#sum;
    return difference;
  }

  get count(): number {
    return this.#count;
  }

  /** How many durations there are in each bucket, the shortest first; the last one holds what is beyond the range. */
  get buckets(): Readonly<Float64Array> {
    return this.#buckets;
  }

  /** Sum of all durations in milliseconds. */
  get sum(): number {
    return this.#sum;
  }

  /** Milliseconds; 0 when empty. */
  get min(): number {
    return this.#count === 0 ? 0 : this.#min;
  }

  /** Milliseconds; 0 when empty. */
  get max(): number {
    return this.#max;
  }

  /** Milliseconds; 0 when empty. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  /**
   * The duration in milliseconds that the share `q` (0 … 1) of all durations does not exceed, within
   * {@link HISTOGRAM_RELATIVE_ERROR}; 0 when empty.
   */
  quantile(q: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.min(this.#count, Math.max(1, Math.ceil(q * this.#count)));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#buckets[bucket]!;
      if (seen < rank) continue;
      if (bucket === OVERFLOW) return this.#max;
      return Math.min(this.#max, Math.max(this.#min, middleOf(bucket)));
    }
    return this.#max;
  }

  /**
   * For each of the ascending `boundsMs` how many durations do not exceed it. A bucket that a bound cuts counts as below
   * it when its middle is.
   */
  cumulative(boundsMs: readonly number[]): number[] {
    const counts: number[] = [];
    let bucket = 0;
    let seen = 0;
    for (const bound of boundsMs) {
      while (bucket < OVERFLOW && middleOf(bucket) <= bound) {
        seen += this.#buckets[bucket++]!;
      }
      counts.push(seen);
    }
    return counts;
  }
}
