/** The phases of a run as they go by: each with its own time, deadline and what it had to do. */
import type { Clock } from '../../model/time/clock.ts';
import type { BackupPhase, PhaseFigures } from './backup-figures.ts';
import type { NewEvent } from './backup-site.ts';

export interface PhasePlan {
  readonly phase: BackupPhase;
  /** How much there is to do. */
  readonly of: number;
  readonly deadlineMs: number | null;
}

/** How far a phase is that is under way. Times are milliseconds of the run's clock. */
export interface PhaseProgress extends PhasePlan {
  readonly startedAt: number;
  readonly elapsedMs: number;
  readonly done: number;
  /** Further figures, for people. */
  readonly details: readonly string[];
}

/** A phase under way; its work says how far it is. */
export interface PhaseWork {
  done: () => number;
  details: () => string[];
}

export class Phases {
  readonly #clock: Clock;
  readonly #emit: (event: NewEvent) => void;
  readonly #ended: PhaseFigures[] = [];
  #now: { plan: PhasePlan; work: PhaseWork; startedAt: number } | null = null;
  #last: BackupPhase = 'preflight';

  constructor(clock: Clock, emit: (event: NewEvent) => void) {
    this.#clock = clock;
    this.#emit = emit;
  }

  /** The one under way, or the last. */
  get phase(): BackupPhase {
    return this.#last;
  }

  /** Null between two phases, and before and after all. */
  get current(): PhaseProgress | null {
    if (!this.#now) return null;
    const { plan, work, startedAt } = this.#now;
    const elapsedMs = this.#clock.now() - startedAt;
    return { ...plan, startedAt, elapsedMs, done: work.done(), details: work.details() };
  }

  /** Those that are over, in their order. */
  get figures(): PhaseFigures[] {
    return [...this.#ended];
  }

  /** @throws what the work throws; the phase counts all the same */
  async run<T>(plan: PhasePlan, work: (phase: PhaseWork) => Promise<T>): Promise<T> {
    const { phase, of, deadlineMs } = plan;
    const startedAt = this.#clock.now();
    const state: PhaseWork = { done: () => 0, details: () => [] };
    this.#now = { plan, work: state, startedAt };
    this.#last = phase;
    this.#emit({ type: 'phase.started', phase, of, deadlineMs });
    try {
      return await work(state);
    } finally {
      const endedAt = this.#clock.now();
      const done = state.done();
      const timedOut = deadlineMs !== null && done < of && endedAt - startedAt >= deadlineMs;
      const figures = { phase, startedAt, endedAt, deadlineMs, timedOut, done, of };
      this.#ended.push(figures);
      this.#now = null;
      this.#emit({ type: 'phase.ended', figures });
    }
  }
}
