/** The runs of this process: at most one at a time, the last few remembered. */
import { randomBytes } from 'node:crypto';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { ApiError } from './api-error.ts';
import { Run, type RunOptions, type RunParts } from './run.ts';

/** Ended runs that can still be asked about. */
const REMEMBERED = 20;

export class RunManager {
  readonly #parts: RunParts;
  readonly #runs = new Map<string, Run>();
  #last: Run | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** The run under way, or the one that ended last; null before the first. */
  get current(): Run | null {
    return this.#last;
  }

  /**
   * Starts a run; it goes on by itself.
   * @throws ApiError 409 while another run is under way: two would measure each other.
   */
  start(plan: ExpandedPlan, options: Pick<RunOptions, 'workers' | 'holdSeconds'> = {}): Run {
    if (this.#last && this.#last.state !== 'ended') {
      throw new ApiError(
        409,
        'run-in-progress',
        `run ${this.#last.id} is in progress and two runs would measure each other; stop it first, or wait for its end`,
        { given: plan.name },
      );
    }
    const run = new Run({ id: this.#nextId(), plan, parts: this.#parts, ...options });
    this.#runs.set(run.id, run);
    this.#last = run;
    for (const id of this.#runs.keys()) {
      if (this.#runs.size <= REMEMBERED) break;
      this.#runs.delete(id);
    }
    this.#ended = run.execute();
    return run;
  }

  /** Newest first. */
  list(): Run[] {
    return [...this.#runs.values()].reverse();
  }

  get(id: string): Run | undefined {
    return this.#runs.get(id);
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

  /** `20261121-143000-9f3a`: sorts by time, is a good folder name, and runs of several processes in one second differ. */
  #nextId(): string {
    const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
    return `${stamp}-${randomBytes(2).toString('hex')}`;
  }
}
