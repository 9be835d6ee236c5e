/**
 * The phases of a run and the steps of its load, each with what stood at its beginning and at its end.
 *
 *    idle │ deploy                         │ soak │ remove
 *         │ step 1 │ step 2 │ step 3 │ …   │      │
 *         ▲        ▲        ▲        ▲     ▲      ▲         moments; a window lies between two
 */
import type { LoadLevel, RunPhase } from '../plan/expanded-plan.ts';
import type { Measured } from '../report/figures.ts';
import type { PhaseSummary } from '../report/phase-summary.ts';
import { summarizeRequests, summarizeTotals } from '../report/request-summary.ts';
import { between, type Moment, type MomentSource } from '../telemetry/moment.ts';

/** What a time of the run is called. */
export interface WindowName {
  phase: RunPhase;
  /** From 1; null in a phase without steps. */
  step: number | null;
  level: LoadLevel | null;
}

interface Window extends WindowName {
  from: Moment;
  /** Null while it lasts. */
  to: Moment | null;
  /** Of one that is over: it changes no more. */
  summary: PhaseSummary | null;
}

export class RunWindows {
  readonly #source: MomentSource;
  readonly #moment: () => Moment;
  readonly #windows: Window[] = [];

  /** @param moment what stands now */
  constructor(source: MomentSource, moment: () => Moment) {
    this.#source = source;
    this.#moment = moment;
  }

  /** Null before the first. */
  get current(): WindowName | null {
    const last = this.#windows.at(-1);
    return last && last.to === null ? last : null;
  }

  /** Ends the window before, in the same moment. */
  begin(name: WindowName): void {
    const from = this.end() ?? this.#moment();
    this.#windows.push({ ...name, from, to: null, summary: null });
  }

  /** Ends the window that lasts; its last moment, or null when there is none. */
  end(): Moment | null {
    const last = this.#windows.at(-1);
    if (!last || last.to !== null) return null;
    last.to = this.#moment();
    return last.to;
  }

  /** What was measured in a phase, in a step, or in a step of a phase; null for one that has not begun. */
  measured({ phase, step }: { phase?: string; step?: string }): Omit<Measured, 'pollMs' | 'faultKinds'> | null {
    const windows = this.#windows.filter(
      (one) => (phase ?? one.phase) === one.phase && (step === undefined || one.step === Number(step)),
    );
    const [first] = windows;
    if (!first) return null;
    return between(this.#source, first.from, windows.at(-1)!.to ?? this.#moment());
  }

  /** Wall-clock milliseconds since a time of the run began; null for one that has not. */
  ageMs(name: { phase?: string; step?: string }, nowMs: number): number | null {
    const first = this.#windows.find(
      (one) => (name.phase ?? one.phase) === one.phase && (name.step === undefined || one.step === Number(name.step)),
    );
    return first ? nowMs - first.from.wallMs : null;
  }

  /**
   * In the order of time, the one that lasts included.
   * @param startMs wall-clock start of the run
   * @param percentiles of latencies, beside the usual ones; the same at each call
   */
  summarize(startMs: number, percentiles: readonly number[]): PhaseSummary[] {
    return this.#windows.map((window) => {
      if (window.to === null) return this.#summaryOf(window, this.#moment(), startMs, percentiles);
      window.summary ??= this.#summaryOf(window, window.to, startMs, percentiles);
      return window.summary;
    });
  }

  #summaryOf(
    { phase, step, level, from }: Window,
    until: Moment,
    startMs: number,
    percentiles: readonly number[],
  ): PhaseSummary {
    const { reader, seconds } = between(this.#source, from, until);
    return {
      ...{ phase, step, level },
      startedAt: new Date(from.wallMs).toISOString(),
      afterSeconds: Math.max(0, from.wallMs - startMs) / 1000,
      seconds,
      simulatedSeconds: (until.simulatedMs - from.simulatedMs) / 1000,
      hosts: until.hosts,
      totals: summarizeTotals(reader, reader.snapshot(until.wallMs), seconds, percentiles),
      requests: summarizeRequests(reader, seconds, percentiles),
    };
  }
}
