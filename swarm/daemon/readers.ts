/**
 * Users who look at the same things again and again, in every phase of a run.
 *
 *   due ──> look: its requests, one after the other ──> next due that has not passed
 *    ^                                                     │
 *    └──────────────── sleep (simulated) <─────────────────┘
 *
 * Each begins its next look only when the one before is over, as the web page and `watch kubectl get` do: a service that does not answer
 * has at most one request of each, and looks that were due meanwhile are counted as missed. They live on the main thread: what they read
 * is counted, and only pages of events are looked into.
 */

import type { Clock } from '../../model/time/clock.ts';
import { hashWords, mixWords, unitNumber } from '../../model/time/random.ts';
import type { ReaderLoad } from '../plan/expanded-plan.ts';
import type { ReaderFigures } from '../telemetry/reader-figures.ts';

/** A look is due up to so much of its pace later than planned: users do not look in step. */
const JITTER = 0.1;

/** One look. */
export interface Look {
  /** Simulated moment at which it is due: that of its first request. */
  dueMs: number;
  /** A number for each look of a reader, from the seed: 0 up to 1. */
  draw: number;
  signal: AbortSignal;
  /** Called for each request. */
  requested: () => void;
}

/** What a reader does. @throws for what was not answered, or not as it should be */
export type Looking = (look: Look) => Promise<void>;

export interface ReadersOptions {
  readers: readonly ReaderLoad[];
  seed: string;
  clock: Pick<Clock, 'now' | 'sleep' | 'speed'>;
  figures: ReaderFigures;
  /** What a reader does. @param reader a number for each */
  lookingOf: (load: ReaderLoad['load'], reader: number) => Looking;
}

export class Readers {
  readonly #options: ReadersOptions;
  readonly #stop = new AbortController();
  #living: Promise<void>[] = [];

  constructor(options: ReadersOptions) {
    this.#options = options;
  }

  /** Begins: the first looks are spread over the time from one to the next. Call once. */
  start(): void {
    const { readers, lookingOf } = this.#options;
    let number = 0;
    this.#living = readers.flatMap((one, row) =>
      Array.from({ length: one.amount }, () => {
        const reader = number++;
        return this.#live(row, one.everySeconds * 1000, reader, lookingOf(one.load, reader));
      }),
    );
  }

  /** Looks under way are given up. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the run is over'));
    await Promise.all(this.#living);
  }

  async #live(row: number, everyMs: number, reader: number, looking: Looking): Promise<void> {
    const { seed, clock, figures } = this.#options;
    const { signal } = this.#stop;
    const draws = mixWords(hashWords(`reader/${seed}`), reader);
    const begun = clock.now() + unitNumber(draws) * everyMs;
    const drawOf = (turn: number, what: number) => unitNumber(mixWords(mixWords(draws, turn), what));
    const dueOf = (turn: number) => begun + (turn + drawOf(turn, 0) * JITTER) * everyMs;
    for (let turn = 0; ; ) {
      const dueMs = dueOf(turn);
      await clock.sleep(Math.max(0, dueMs - clock.now()), signal).catch(() => {});
      if (signal.aborted) return;
      const requested = () => figures.requested(row);
      let result: 'answered' | 'failed' = 'answered';
      try {
        await looking({ dueMs, draw: drawOf(turn, 1), signal, requested });
      } catch {
        result = 'failed';
      }
      const now = clock.now();
      // One that the end of the run cuts short has waited in vain when others were due meanwhile.
      let next = Math.max(turn + 1, Math.floor((now - begun) / everyMs));
      while (dueOf(next) < now) next++;
      const missed = next - turn - 1;
      if (signal.aborted && missed === 0) return;
      figures.looked(row, result, (now - dueMs) / clock.speed, missed, everyMs / clock.speed);
      turn = next;
    }
  }
}
