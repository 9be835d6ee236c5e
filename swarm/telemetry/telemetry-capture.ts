/**
 * The counters and distributions of a telemetry as they stood at one moment, summed over its writers. Most of a section is never touched:
 * only stretches that hold something are kept, some hundred kibibytes of twenty mebibytes.
 *
 *    a section    │   │ ▓ │   │   │ ▓ │ ▓ │   │ …       stretches of 64 words
 *    kept               0           1   2              in this order; each stretch knows its place, -1 for none
 */
import { Distribution, HISTOGRAM_WORDS } from './histogram.ts';
import { CELLS, HISTOGRAMS_AT, SECTION_WORDS, type TelemetryViews, UNDER_WAY_AT } from './telemetry-layout.ts';

const STRETCH = 64;
const STRETCHES = Math.ceil(SECTION_WORDS / STRETCH);
/** Words of a histogram before its buckets: count, sum, least and greatest value. */
const LEAST = 2;
const GREATEST = 3;

/** Words of gauges: what they say of a moment and a thread cannot be added. */
const GAUGES: ReadonlySet<number> = new Set(
  Object.values(CELLS)
    .filter(({ row }) => row.type === 'gauge')
    .flatMap(({ at, amount }) => Array.from({ length: amount }, (_, cell) => at + cell)),
);
/** Whether the word counts something since the start. */
const counts = (at: number) => at >= HISTOGRAMS_AT || (at < UNDER_WAY_AT && !GAUGES.has(at));

export class TelemetryCapture {
  readonly #places: Int32Array;
  /** By place. */
  readonly #stretches: Int32Array;
  readonly #kept: Float64Array;

  private constructor(places: Int32Array, stretches: Int32Array, kept: Float64Array) {
    this.#places = places;
    this.#stretches = stretches;
    this.#kept = kept;
  }

  static of({ sections }: Pick<TelemetryViews, 'sections'>): TelemetryCapture {
    const found = new Map<number, Float64Array>();
    for (let stretch = 0; stretch < STRETCHES; stretch++) {
      const from = stretch * STRETCH;
      const until = Math.min(from + STRETCH, SECTION_WORDS);
      let sums: Float64Array | null = null;
      for (const section of sections) {
        for (let at = from; at < until; at++) {
          const value = section[at]!;
          if (value === 0) continue;
          sums ??= new Float64Array(STRETCH);
          sums[at - from]! += value;
        }
      }
      if (sums !== null) found.set(stretch, sums);
    }
    const capture = TelemetryCapture.with(found);
    if (sections.length > 1) capture.#keepExtremes(sections);
    return capture;
  }

  /**
   * Numbers from which {@link unpack} makes it again, gauges and what is under way left out: for each word that is another than before how
   * far it is from the last one, and its value.
   */
  pack(before: TelemetryCapture | null): number[] {
    const packed: number[] = [];
    let last = 0;
    for (const [stretch, words] of this.stretches()) {
      const earlier = before === null ? null : before.#stretch(stretch);
      for (let word = 0; word < STRETCH; word++) {
        const value = words[word]!;
        const at = stretch * STRETCH + word;
        if (value === (earlier?.[word] ?? 0) || !counts(at)) continue;
        packed.push(at - last, value);
        last = at;
      }
    }
    return packed;
  }

  /** @param before as it was packed with @throws RangeError for what {@link pack} did not make */
  static unpack(packed: readonly number[], before: TelemetryCapture | null): TelemetryCapture {
    const found = new Map<number, Float64Array>();
    if (before !== null) {
      for (const [stretch, words] of before.stretches()) found.set(stretch, words.slice());
    }
    let at = 0;
    for (let pair = 0; pair < packed.length; pair += 2) {
      at += packed[pair]!;
      const value = packed[pair + 1]!;
      if (!(at >= 0 && at < SECTION_WORDS && Number.isInteger(at) && Number.isFinite(value))) {
        throw new RangeError(`telemetry has no word ${at} with ${value}`);
      }
      const stretch = Math.floor(at / STRETCH);
      const words = found.get(stretch) ?? new Float64Array(STRETCH);
      found.set(stretch, words);
      words[at % STRETCH] = value;
    }
    return TelemetryCapture.with(found);
  }

  /** Puts all of it into a section of nobody's, to be read as one. */
  writeTo(section: Float64Array): void {
    for (const [stretch, words] of this.stretches()) {
      const from = stretch * STRETCH;
      section.set(words.subarray(0, Math.min(STRETCH, SECTION_WORDS - from)), from);
    }
  }

  /** The value of a word, added up over all writers. */
  sum(at: number): number {
    const place = this.#places[Math.floor(at / STRETCH)]!;
    return place < 0 ? 0 : this.#kept[place * STRETCH + (at % STRETCH)]!;
  }

  /** The histogram that begins at a word, merged over all writers. */
  distribution(at: number): Distribution {
    const words = new Float64Array(HISTOGRAM_WORDS);
    for (let word = 0; word < HISTOGRAM_WORDS; word++) words[word] = this.sum(at + word);
    const distribution = new Distribution();
    distribution.addWords(words, 0);
    return distribution;
  }

  /** @param found words by the number of their stretch */
  static with(found: ReadonlyMap<number, Float64Array>): TelemetryCapture {
    const places = new Int32Array(STRETCHES).fill(-1);
    const kept = new Float64Array(found.size * STRETCH);
    const stretches = Int32Array.from(found.keys()).sort();
    for (const [place, stretch] of stretches.entries()) {
      places[stretch] = place;
      kept.set(found.get(stretch)!, place * STRETCH);
    }
    return new TelemetryCapture(places, stretches, kept);
  }

  /** Words by the number of their stretch, those that hold something. */
  *stretches(): Generator<[stretch: number, words: Float64Array]> {
    for (const stretch of this.#stretches) yield [stretch, this.#stretch(stretch)!];
  }

  /** Null where nothing was counted. */
  #stretch(stretch: number): Float64Array | null {
    const place = this.#places[stretch]!;
    return place < 0 ? null : this.#kept.subarray(place * STRETCH, (place + 1) * STRETCH);
  }

  /** Least and greatest values are those of all writers, and not their sums. */
  #keepExtremes(sections: readonly Float64Array[]): void {
    for (let at = HISTOGRAMS_AT; at < SECTION_WORDS; at += HISTOGRAM_WORDS) {
      if (this.sum(at) === 0) continue;
      const used = sections.filter((section) => section[at]! > 0);
      this.#put(at + LEAST, Math.min(...used.map((section) => section[at + LEAST]!)));
      this.#put(at + GREATEST, Math.max(...used.map((section) => section[at + GREATEST]!)));
    }
  }

  #put(at: number, value: number): void {
    const place = this.#places[Math.floor(at / STRETCH)]!;
    if (place >= 0) this.#kept[place * STRETCH + (at % STRETCH)] = value;
  }
}

/** Several captures, of as many runs, as if all of their writers had been those of one. */
export class TelemetrySum {
  readonly #found = new Map<number, Float64Array>();
  /** Of each histogram that holds something, by its first word. */
  readonly #extremes = new Map<number, [least: number, greatest: number]>();

  add(capture: TelemetryCapture): void {
    for (const [stretch, words] of capture.stretches()) {
      const sums = this.#found.get(stretch);
      if (sums === undefined) this.#found.set(stretch, words.slice());
      else for (let word = 0; word < STRETCH; word++) sums[word]! += words[word]!;
    }
    for (let at = HISTOGRAMS_AT; at < SECTION_WORDS; at += HISTOGRAM_WORDS) {
      if (capture.sum(at) === 0) continue;
      const [least, greatest] = this.#extremes.get(at) ?? [Number.POSITIVE_INFINITY, 0];
      this.#extremes.set(at, [
        Math.min(least, capture.sum(at + LEAST)),
        Math.max(greatest, capture.sum(at + GREATEST)),
      ]);
    }
  }

  /** What has been added until now. */
  capture(): TelemetryCapture {
    for (const [at, [least, greatest]] of this.#extremes) {
      this.#put(at + LEAST, least);
      this.#put(at + GREATEST, greatest);
    }
    return TelemetryCapture.with(this.#found);
  }

  #put(at: number, value: number): void {
    const words = this.#found.get(Math.floor(at / STRETCH));
    if (words !== undefined) words[at % STRETCH] = value;
  }
}
