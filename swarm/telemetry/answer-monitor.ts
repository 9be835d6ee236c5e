/**
 * Whether the service answers, looked at once a second: how old the oldest request under way is, and when for a while no good answer
 * came at all.
 */
import { CLIENT_KINDS, type ClientKind } from '../../model/protocol/endpoints.ts';
import { wallNow } from '../../model/time/clock.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import { LookTimer } from './look-timer.ts';
import type { TelemetryReader } from './telemetry-reader.ts';

/** Wall-clock milliseconds between two looks. */
const LOOK_MS = 1000;
/** A request that has waited so long is waiting in vain, as far as outages are concerned. */
const VAIN_MS = 5000;
/** One request alone may take its time on a service that is well; what waits together with others is an outage. */
const VAIN_REQUESTS = 2;
/** Outages kept, the first ones; the distribution counts them all. */
const KEPT_OUTAGES = 100;

/** A time in which requests failed or waited and none got a good answer. Wall-clock milliseconds. */
export interface Outage {
  /** The first failure, or the start of the oldest request that waited. */
  startMs: number;
  /** The look that saw the last failure, or the last request that waited in vain. Exact to a second. */
  endMs: number;
  /** Attempts that failed meanwhile: answered with 500 or more, or not at all. */
  failed: number;
  /** Most requests that waited at once. */
  waiting: number;
}

/** The longest that a request of a kind of client was seen to wait. */
export interface LongestWait {
  client: ClientKind;
  ms: number;
  /** Wall-clock milliseconds of the look, and how many requests of the kind were under way then. */
  atMs: number;
  underWay: number;
}

export class AnswerMonitor {
  readonly #reader: Pick<TelemetryReader, 'underWay' | 'answers'>;
  /** A histogram of ages for each kind of client, one sample a look. */
  readonly #ages = CLIENT_KINDS.map(() => new Float64Array(HISTOGRAM_WORDS));
  readonly #longest = new Map<ClientKind, LongestWait>();
  readonly #outageLengths = new Float64Array(HISTOGRAM_WORDS);
  readonly #outages: Outage[] = [];
  #current: Outage | null = null;
  /** Beginnings and ends of times in which each look found good answers, of wall-clock milliseconds: two numbers in two seconds at most. */
  readonly #answered: number[] = [];
  #lastStartMs: number | null = null;
  #good: number;
  #failed: number;
  #lookedAt: number;
  readonly #timer = new LookTimer((nowMs) => this.look(nowMs));

  constructor(reader: Pick<TelemetryReader, 'underWay' | 'answers'>, nowMs = wallNow()) {
    this.#reader = reader;
    this.#lookedAt = nowMs;
    const { good, failed } = this.#answers();
    this.#good = good;
    this.#failed = failed;
  }

  /** Looks every second until `stop()`; does not keep the process alive. */
  start(): void {
    this.#timer.start(LOOK_MS);
  }

  /** Nobody looks any more: an outage that goes on ends here, for all that is known. */
  stop(): void {
    this.#timer.stop();
    this.#recover();
  }

  /** Looks at what has happened since the last look. */
  look(nowMs: number): void {
    let vain = 0;
    let vainSince = nowMs;
    for (const [kind, { client, count, sinceMs }] of this.#reader.underWay().entries()) {
      const age = sinceMs > 0 ? Math.max(0, nowMs - sinceMs) : 0;
      recordDuration(this.#ages[kind]!, 0, age);
      if (age > (this.#longest.get(client)?.ms ?? 0)) {
        this.#longest.set(client, { client, ms: age, atMs: nowMs, underWay: count });
      }
      if (age >= VAIN_MS) {
        vain += count;
        vainSince = Math.min(vainSince, sinceMs);
      }
    }
    const { good, failed } = this.#answers();
    const newlyFailed = failed - this.#failed;
    if (good > this.#good) {
      this.#recover();
      if (this.#answered.at(-1) === this.#lookedAt) this.#answered.pop();
      else this.#answered.push(this.#lookedAt);
      this.#answered.push(nowMs);
    } else if (newlyFailed > 0 || vain >= VAIN_REQUESTS) {
      // A failure became known at some moment since the last look.
      const startMs = newlyFailed > 0 ? Math.min(this.#lookedAt, vainSince) : vainSince;
      this.#lastStartMs = this.#current?.startMs ?? startMs;
      this.#current ??= { startMs, endMs: nowMs, failed: 0, waiting: 0 };
      this.#current.endMs = nowMs;
      this.#current.failed += newlyFailed;
      this.#current.waiting = Math.max(this.#current.waiting, vain);
    }
    this.#good = good;
    this.#failed = failed;
    this.#lookedAt = nowMs;
  }

  /** Ages of the oldest request of a kind of client, or of any, in milliseconds, one sample a look. */
  ages(client?: ClientKind): Distribution {
    const merged = new Distribution();
    for (const [kind, words] of this.#ages.entries()) {
      if (client === undefined || CLIENT_KINDS[kind] === client) merged.addWords(words, 0);
    }
    return merged;
  }

  /** Of the kinds of clients that were ever seen waiting. */
  longestWaits(): LongestWait[] {
    return CLIENT_KINDS.flatMap((client) => this.#longest.get(client) ?? []);
  }

  /** In the order of time, one that goes on included. */
  outages(): Outage[] {
    return [...this.#outages, ...(this.#current ? [this.#current] : [])].map((outage) => ({ ...outage }));
  }

  /** Times in which there were good answers: wall-clock milliseconds at which each began and ended, exact to a look. */
  answered(): readonly number[] {
    return this.#answered;
  }

  /** Wall-clock milliseconds at which the last one began; null when there was none. */
  lastOutageStartMs(): number | null {
    return this.#lastStartMs;
  }

  /** Lengths of all outages in milliseconds, one that goes on included. */
  outageLengths(): Distribution {
    const lengths = this.endedOutageLengths();
    if (this.#current) {
      const words = new Float64Array(HISTOGRAM_WORDS);
      recordDuration(words, 0, this.outageMs());
      lengths.addWords(words, 0);
    }
    return lengths;
  }

  /** As {@link outageLengths}, of those that are over: their lengths change no more. */
  endedOutageLengths(): Distribution {
    const lengths = new Distribution();
    lengths.addWords(this.#outageLengths, 0);
    return lengths;
  }

  /** Milliseconds of the outage that goes on; 0 when there is none. */
  outageMs(): number {
    return this.#current ? this.#current.endMs - this.#current.startMs : 0;
  }

  #recover(): void {
    const ended = this.#current;
    if (!ended) return;
    this.#current = null;
    recordDuration(this.#outageLengths, 0, ended.endMs - ended.startMs);
    if (this.#outages.length < KEPT_OUTAGES) this.#outages.push(ended);
  }

  #answers(): { good: number; failed: number } {
    let good = 0;
    let failed = 0;
    for (const answers of this.#reader.answers()) {
      good += answers.good + answers.refused;
      failed += answers.failed;
    }
    return { good, failed };
  }
}
