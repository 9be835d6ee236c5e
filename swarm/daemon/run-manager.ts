/** The runs of this process (at most one at a time, the last remembered) and those that stand in the runs' folder. */
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { newRunId, type RunArchive } from '../telemetry/run-archive.ts';
import { ApiError } from './api-error.ts';
import { PastRun } from './past-run.ts';
import { Run, type RunOptions } from './run.ts';
import type { RunIndex } from './run-index.ts';
import type { RunParts } from './run-parts.ts';

/** Runs that can still be asked about though no files tell of them. */
const REMEMBERED = 20;

export class RunManager {
  readonly #parts: RunParts;
  readonly #archive: RunArchive | null;
  readonly #runs = new Map<string, Run>();
  #kept: { id: string; index: Promise<RunIndex> } | null = null;
  #last: Run | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  /** @param archive earlier runs, and those of other processes */
  constructor(parts: RunParts, archive: RunArchive | null = null) {
    this.#parts = parts;
    this.#archive = archive;
  }

  /** The run under way, or the one that ended last; null before the first. */
  get current(): Run | null {
    return this.#last;
  }

  /** @throws ApiError 409 while a run is under way: two would measure each other. */
  refuseSecond(): void {
    if (!this.#last || this.#last.state === 'ended') return;
    throw new ApiError(
      409,
      'run-in-progress',
      `run ${this.#last.id} is in progress and two runs would measure each other; stop it first, or wait for its end`,
    );
  }

  /**
   * Starts a run; it goes on by itself.
   * @throws ApiError 409 while another run is under way.
   */
  start(
    plan: ExpandedPlan,
    options: Pick<RunOptions, 'workers' | 'soakSeconds' | 'percentiles' | 'startAt'> = {},
  ): Run {
    this.refuseSecond();
    const run = new Run({ id: newRunId(), plan, parts: this.#parts, ...options });
    this.#forget();
    this.#runs.set(run.id, run);
    this.#last = run;
    this.#ended = run.execute();
    return run;
  }

  /** At most `limit` runs, newest first. */
  list(limit = Number.POSITIVE_INFINITY): (Run | PastRun)[] {
    const own = [...this.#runs.values()];
    const past = this.#archive?.list(limit + own.length).filter(({ id }) => !this.#runs.has(id)) ?? [];
    const all = [...own, ...past.map((record) => new PastRun(this.#archive!, record))];
    const startOf = (run: Run | PastRun) =>
      run instanceof PastRun ? Date.parse(run.record.startedAt) : run.startedAt.getTime();
    return all.sort((a, b) => startOf(b) - startOf(a)).slice(0, limit);
  }

  get(id: string): Run | PastRun | undefined {
    const run = this.#runs.get(id);
    if (run) return run;
    const record = this.#archive?.get(id);
    return record ? new PastRun(this.#archive!, record) : undefined;
  }

  /** Where everything in a run is, or was. That of one past run is kept: whoever looks at one page looks at the next. */
  async index(run: Run | PastRun): Promise<RunIndex> {
    if (!(run instanceof PastRun)) return run.index;
    const { id, state } = run.record;
    // What goes on elsewhere is another thing at the next look.
    if (state === 'running') return run.index();
    if (this.#kept?.id !== id) this.#kept = { id, index: run.index() };
    const { index } = this.#kept;
    index.catch(() => {
      if (this.#kept?.index === index) this.#kept = null;
    });
    return index;
  }

  /** Ends the run under way gracefully and waits for it. */
  async stop(): Promise<void> {
    this.#last?.stop();
    await this.#ended;
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    await this.#ended;
  }

  /** Lets go of runs that can be read from their files: each holds a row of every host, and its counters. */
  #forget(): void {
    for (const id of this.#runs.keys()) {
      if (this.#runs.size >= REMEMBERED || this.#archive?.get(id)?.state === 'ended') this.#runs.delete(id);
    }
  }
}
