/**
 * Reads the servers under load while a run goes on: each source by itself, in wall-clock time, never twice at once.
 *
 *    look ─ readings → figures          a failure is counted, told once, and no reason for the run to fail
 *      ↑        │
 *      └─ wait ─┘   the plan's interval, and at least nine times as long as the look took: a source that is slow is asked less often
 */
import { type Collector, NotOffered } from '../collect/collector.ts';
import type { CollectorSummary } from '../report/server-summary.ts';
import { ServerFigures, type WindowKey } from '../telemetry/server-figures.ts';

/** Wall-clock milliseconds for one look. */
const LOOK_MS = 15_000;
const REST_PER_LOOK = 9;
/** How long the end of a window may wait for a last look at it. */
const LAST_LOOK_MS = 2000;

/** A source that the run does not read, and why. */
export interface AbsentSource {
  name: string;
  target: string;
  reason: string;
}

export interface ServerCollectionOptions {
  collectors: readonly Collector[];
  absent: readonly AbsentSource[];
  intervalMs: number;
  /** Wall clock, in milliseconds. */
  now: () => number;
  /** Told of what does not go well, once for each source. */
  warn: (message: string) => void;
}

export class ServerCollection {
  readonly figures: ServerFigures;
  readonly #options: ServerCollectionOptions;
  readonly #sources: Source[];
  #roomTold = false;

  /** @param figures what the readings go to */
  constructor(options: ServerCollectionOptions, figures: ServerFigures = new ServerFigures()) {
    this.#options = options;
    this.figures = figures;
    this.#sources = options.collectors.map(
      (collector) => new Source(collector, options, (...look) => this.#add(...look)),
    );
  }

  /** Looks for the first time, and then again and again until `stop()`. Does not keep the process alive. */
  start(): void {
    for (const source of this.#sources) source.start();
  }

  /** Begins a window of the run after a last look at the one before. */
  async window(key: WindowKey): Promise<void> {
    await this.#lastLook();
    this.figures.window(key);
  }

  /** Looks for the last time, and ends all connections. */
  async stop(): Promise<void> {
    await this.#lastLook();
    await Promise.all(this.#sources.map((source) => source.stop()));
  }

  summaries(): CollectorSummary[] {
    const absent = this.#options.absent.map(
      (one): CollectorSummary => ({ ...one, state: 'absent', reads: 0, failures: 0 }),
    );
    return [...this.#sources.map((source) => source.summary()), ...absent];
  }

  async #lastLook(): Promise<void> {
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(limit.resolve, LAST_LOOK_MS);
    await Promise.race([Promise.all(this.#sources.map((source) => source.look())), limit.promise]);
    clearTimeout(timer);
  }

  #add(name: string, readings: Parameters<ServerFigures['add']>[1]): void {
    this.figures.add(name, readings, this.#options.now());
    if (this.#roomTold || this.figures.leftOut === 0) return;
    this.#roomTold = true;
    this.#options.warn('servers tell more figures than are kept; ask for fewer, or with fewer labels');
  }
}

type Add = (name: string, readings: Parameters<ServerFigures['add']>[1]) => void;

/** One collector at work. */
class Source {
  readonly #collector: Collector;
  readonly #options: Pick<ServerCollectionOptions, 'intervalMs' | 'now' | 'warn'>;
  readonly #add: Add;
  readonly #end = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | null = null;
  #reads = 0;
  #failures = 0;
  /** Of the last failure, or why there is nothing to be read. */
  #reason: string | null = null;
  #absent = false;
  #failedLast = false;

  constructor(collector: Collector, options: ServerCollectionOptions, add: Add) {
    this.#collector = collector;
    this.#options = options;
    this.#add = add;
  }

  start(): void {
    void this.look();
  }

  /** One look, that under way if there is one. Never rejects. */
  look(): Promise<void> {
    if (this.#absent || this.#end.signal.aborted) return Promise.resolve();
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#end.abort(new Error('the run ended'));
    await this.#looking;
    await this.#collector.close().catch(() => {});
  }

  summary(): CollectorSummary {
    const { name, target, missing = null } = this.#collector;
    const state = this.#absent ? 'absent' : this.#reads > 0 && !this.#failedLast ? 'read' : 'failed';
    const reason = this.#reason ?? missing ?? (this.#reads === 0 ? 'the run ended before it was read' : null);
    return { name, target, state, reason, reads: this.#reads, failures: this.#failures };
  }

  async #look(): Promise<void> {
    clearTimeout(this.#timer);
    const { intervalMs, now } = this.#options;
    const startedAt = now();
    try {
      const readings = await this.#collector.collect(AbortSignal.any([this.#end.signal, AbortSignal.timeout(LOOK_MS)]));
      this.#reads++;
      this.#failedLast = false;
      this.#add(this.#collector.name, readings);
    } catch (error) {
      if (!this.#end.signal.aborted) this.#failed(error as Error);
    }
    if (this.#absent || this.#end.signal.aborted) return;
    const wait = Math.max(intervalMs - (now() - startedAt), REST_PER_LOOK * (now() - startedAt), 0);
    this.#timer = setTimeout(() => void this.look(), wait).unref();
  }

  #failed(error: Error): void {
    const { name, target } = this.#collector;
    const isLate = error.name === 'TimeoutError';
    this.#reason = isLate ? `${target} did not answer in ${LOOK_MS / 1000} s` : error.message;
    if (error instanceof NotOffered && this.#reads === 0) {
      this.#absent = true;
      return;
    }
    this.#failedLast = true;
    if (this.#failures++ === 0) this.#options.warn(`figures of the ${name} could not be read: ${this.#reason}`);
  }
}
