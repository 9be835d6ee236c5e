/**
 * Looks at the thresholds of a run while it goes on: since when each is crossed, and whether one of them ends the run: because its
 * plan says so, or because it is lost (a highest value comes down no more) in a run that ends when it cannot pass any more.
 */
import type { RunThreshold } from '../plan/thresholds.ts';
import { formatFigure } from '../plan/thresholds.ts';
import type { TimeOfRun } from '../report/figures.ts';
import type { Evaluated } from '../report/thresholds.ts';
import { LookTimer } from '../telemetry/look-timer.ts';

/** Wall-clock milliseconds between two looks. */
const LOOK_MS = 2000;

export interface WatchedRun {
  /** Wall-clock seconds that are left to a run after which thresholds were lost, so that causes are seen too; null: all it takes. */
  lostSeconds: number | null;
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
      if (!this.#ends(one) && !this.#isLost(one, nowMs)) continue;
      this.stop();
      this.#run.abort(one);
      return;
    }
  }

  #ends({ abortAfterSeconds, labels }: Evaluated<RunThreshold>): boolean {
    if (abortAfterSeconds === null) return false;
    const age = this.#run.ageMs(labels);
    return age !== null && age >= abortAfterSeconds * 1000;
  }

  #isLost(one: Evaluated<RunThreshold>, nowMs: number): boolean {
    const { lostSeconds } = this.#run;
    return lostSeconds !== null && staysCrossed(one) && nowMs - this.#since.get(nameOf(one))! >= lostSeconds * 1000;
  }
}

/** Whether a crossed threshold can never be kept again: of what only grows, or only falls. */
function staysCrossed({ aggregation, operator }: Pick<RunThreshold, 'aggregation' | 'operator'>): boolean {
  if (aggregation === 'max' || aggregation === 'count')
    return operator !== '>' && operator !== '>=' && operator !== '!=';
  return aggregation === 'min' && (operator === '>' || operator === '>=');
}

function nameOf({ figure, labels, expression }: RunThreshold): string {
  return `${formatFigure(figure, labels)} ${expression}`;
}
