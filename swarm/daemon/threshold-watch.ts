/** Looks at the thresholds of a run while it goes on: since when each is crossed, and whether one of them ends the run. */
import type { RunThreshold } from '../plan/thresholds.ts';
import { formatFigure } from '../plan/thresholds.ts';
import type { TimeOfRun } from '../report/figures.ts';
import type { Evaluated } from '../report/thresholds.ts';
import { LookTimer } from '../telemetry/look-timer.ts';

/** Wall-clock milliseconds between two looks. */
const LOOK_MS = 2000;

export interface WatchedRun {
  /** As things stand. */
  thresholds(): readonly Evaluated<RunThreshold>[];
  /** Wall-clock milliseconds since the run, or a part of it, began; null for a part that has not. */
  ageMs(time: TimeOfRun): number | null;
  /** Ends the run, which has crossed a threshold that says so. */
  abort(crossed: Evaluated<RunThreshold>): void;
}

export class ThresholdWatch {
  readonly #run: WatchedRun;
  /** Wall-clock milliseconds, by {@link nameOf}. */
  readonly #since = new Map<string, number>();
  readonly #timer = new LookTimer((nowMs) => this.look(nowMs));

  constructor(run: WatchedRun) {
    this.#run = run;
  }

  /** Looks every two seconds until `stop()`; does not keep the process alive. */
  start(): void {
    this.#timer.start(LOOK_MS);
  }

  stop(): void {
    this.#timer.stop();
  }

  /** Wall-clock milliseconds since which a threshold is crossed without a break, as far as that was seen; null when it is not. */
  crossedSinceMs(threshold: RunThreshold): number | null {
    return this.#since.get(nameOf(threshold)) ?? null;
  }

  look(nowMs: number): void {
    for (const one of this.#run.thresholds()) {
      const name = nameOf(one);
      if (one.ok !== false) {
        this.#since.delete(name);
        continue;
      }
      if (!this.#since.has(name)) this.#since.set(name, nowMs);
      if (one.abortAfterSeconds === null) continue;
      const age = this.#run.ageMs(one.labels);
      if (age === null || age < one.abortAfterSeconds * 1000) continue;
      this.stop();
      this.#run.abort(one);
      return;
    }
  }
}

function nameOf({ figure, labels, expression }: RunThreshold): string {
  return `${formatFigure(figure, labels)} ${expression}`;
}
