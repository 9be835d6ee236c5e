/** How values lie: few numbers whatever their count, which can be kept as JSON and added to others. */

/** What is kept of one: `buckets` holds pairs of the number of a bucket and how many values are in it, by number. */
export interface SpreadRecord {
  count: number;
  sum: number;
  min: number;
  max: number;
  buckets: [bucket: number, count: number][];
}

/** Buckets are 1 % wide; everything below 1 is in one of its own. */
const WIDTH = Math.log(1.01);
const SMALLEST = -1;

export class Spread {
  #count = 0;
  #sum = 0;
  #min = 0;
  #max = 0;
  readonly #buckets = new Map<number, number>();

  static of(record: SpreadRecord): Spread {
    const spread = new Spread();
    spread.merge(record);
    return spread;
  }

  get count(): number {
    return this.#count;
  }

  /** Of nothing 0, as {@link min}, {@link max} and {@link quantile}. */
  get mean(): number {
    return this.#count === 0 ? 0 : this.#sum / this.#count;
  }

  get min(): number {
    return this.#min;
  }

  get max(): number {
    return this.#max;
  }

  /** To half a percent. @param share of the values that are at most as large, from 0 to 1 */
  quantile(share: number): number {
    let left = this.#count * share;
    for (const [bucket, count] of this.#sorted()) {
      left -= count;
      if (left > 0) continue;
      const middle = bucket === SMALLEST ? 0 : Math.exp((bucket + 0.5) * WIDTH);
      return Math.min(this.#max, Math.max(this.#min, middle));
    }
    return 0;
  }

  /** @param value at least 0 */
  add(value: number): void {
    const bucket = value < 1 ? SMALLEST : Math.floor(Math.log(value) / WIDTH);
    this.#grow({ count: 1, sum: value, min: value, max: value, buckets: [[bucket, 1]] });
  }

  merge(record: SpreadRecord): void {
    if (record.count > 0) this.#grow(record);
  }

  record(): SpreadRecord {
    return { count: this.#count, sum: this.#sum, min: this.#min, max: this.#max, buckets: this.#sorted() };
  }

  #grow({ count, sum, min, max, buckets }: SpreadRecord): void {
    this.#min = this.#count === 0 ? min : Math.min(this.#min, min);
    this.#max = this.#count === 0 ? max : Math.max(this.#max, max);
    this.#count += count;
    this.#sum += sum;
    for (const [bucket, more] of buckets) this.#buckets.set(bucket, (this.#buckets.get(bucket) ?? 0) + more);
  }

  #sorted(): [number, number][] {
    return [...this.#buckets].sort(([a], [b]) => a - b);
  }
}
