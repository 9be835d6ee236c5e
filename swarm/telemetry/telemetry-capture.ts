/**
 * The counters and distributions of a telemetry as they stood at one moment, summed over its writers. Most of a section is never touched:
 * only stretches that hold something are kept, some hundred kibibytes of twenty mebibytes.
 *
 *    a section    │   │ ▓ │   │   │ ▓ │ ▓ │   │ …       stretches of 64 words
 *    kept               0           1   2              in this order; each stretch knows its place, -1 for none
 */
import { Distribution, HISTOGRAM_WORDS } from './histogram.ts';
import { HISTOGRAMS_AT, SECTION_WORDS, type TelemetryViews } from './telemetry-layout.ts';

const STRETCH = 64;
const STRETCHES = Math.ceil(SECTION_WORDS / STRETCH);
/** Words of a histogram before its buckets: count, sum, least and greatest value. */
const LEAST = 2;
const GREATEST = 3;

export class TelemetryCapture {
  readonly #places: Int32Array;
  readonly #kept: Float64Array;

  private constructor(places: Int32Array, kept: Float64Array) {
    this.#places = places;
    this.#kept = kept;
  }

  static of({ sections }: Pick<TelemetryViews, 'sections'>): TelemetryCapture {
    const places = new Int32Array(STRETCHES).fill(-1);
    const found: Float64Array[] = [];
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
      if (sums === null) continue;
      places[stretch] = found.length;
      found.push(sums);
    }
    const kept = new Float64Array(found.length * STRETCH);
    for (const [place, sums] of found.entries()) kept.set(sums, place * STRETCH);
    const capture = new TelemetryCapture(places, kept);
    if (sections.length > 1) capture.#keepExtremes(sections);
    return capture;
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
