/** What readers of a run did, look by look, on the main thread. Their requests stand among all others, as those of the client `reader`. */
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';

/** How a look ended: with all that was asked for, or without some of it. */
export type LookResult = 'answered' | 'failed';

/** Looks of the readers of one entry of a plan. */
export interface ReaderRow {
  load: string;
  amount: number;
  everySeconds: number;
  looks: Record<LookResult, number>;
  /** Looks that were never begun, because the one before was not over. */
  missed: number;
  requests: number;
  /**
   * Wall-clock milliseconds from the moment a look was due to its end, failed or not. Missed ones are among them, as long as they would
   * have waited: until the look before them was over (HdrHistogram, recordValueWithExpectedInterval).
   */
  duration: Distribution;
}

interface Counted extends Omit<ReaderRow, 'duration'> {
  words: Float64Array;
}

/** Missed looks of one wait: more change no percentile, and take time to count. */
const MOST_MISSED = 100_000;

export class ReaderFigures {
  readonly #rows: Counted[];

  /** @param readers as the plan has them, by whose position the others are called */
  constructor(readers: readonly Pick<ReaderRow, 'load' | 'amount' | 'everySeconds'>[]) {
    this.#rows = readers.map(({ load, amount, everySeconds }) => ({
      ...{ load, amount, everySeconds, missed: 0, requests: 0 },
      looks: { answered: 0, failed: 0 },
      words: new Float64Array(HISTOGRAM_WORDS),
    }));
  }

  requested(row: number): void {
    this.#rows[row]!.requests++;
  }

  /**
   * @param ms wall-clock milliseconds since the look was due
   * @param missed looks that were due meanwhile
   * @param paceMs wall-clock milliseconds between two looks
   */
  looked(row: number, result: LookResult, ms: number, missed: number, paceMs: number): void {
    const counted = this.#rows[row]!;
    counted.looks[result]++;
    counted.missed += missed;
    recordDuration(counted.words, 0, ms);
    for (let look = 1; look <= Math.min(missed, MOST_MISSED); look++) {
      recordDuration(counted.words, 0, Math.max(0, ms - look * paceMs));
    }
  }

  /** In the order of the plan. */
  rows(): ReaderRow[] {
    return this.#rows.map(({ words, looks, ...rest }) => {
      const duration = new Distribution();
      duration.addWords(words, 0);
      return { ...rest, looks: { ...looks }, duration };
    });
  }
}
