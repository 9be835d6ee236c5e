/** What speaks against a run while it goes on, and the verdict that is reached from it at the end. Holds no secrets. */
import type { ClusterLife } from '../cluster/cluster-life.ts';
import { compareCauses } from '../plan/causes.ts';
import type { Redactor } from '../plan/redact.ts';
import type { RunThreshold } from '../plan/thresholds.ts';
import type { Evaluated } from '../report/thresholds.ts';
import { reachVerdict, type UnexpectedOutcome, type Verdict } from '../report/verdict.ts';
import type { LongestWait, Outage } from '../telemetry/answer-monitor.ts';
import type { Measurements } from './measurements.ts';

/** What is known of the clusters of a run. */
interface Lives {
  counts: { of: number; failed: number; complete: number };
  arrived: readonly Pick<ClusterLife, 'cluster' | 'outcome'>[];
}

/** What is known when a run is over. */
interface Ending {
  /** Ended early by its user. */
  stopped: boolean;
  startedAt: Date;
  /** Faults of the plan that led to something else than expected; a few of them. */
  unexpected?: readonly UnexpectedOutcome[];
}

/** Thresholds, and what is said of those that are crossed, at one moment. */
interface Judged {
  thresholds: Evaluated<RunThreshold>[];
  outages: Outage[];
  longestWaits: LongestWait[];
}

/** What a run fails for, whatever its figures. */
export interface Spoilt {
  causes: readonly string[];
  /** What could not be removed. */
  leftovers: readonly string[];
  /** Ended early because it could not succeed. */
  givenUp: boolean;
}

/** Crossed ones come first, and of them those that explain the others; the rest is in its order. */
export function causesFirst(
  all: readonly Evaluated<RunThreshold>[],
  crossedSinceMs: (threshold: RunThreshold) => number | null,
): Evaluated<RunThreshold>[] {
  const crossed = all.filter(({ ok }) => ok === false).map((one) => ({ ...one, since: crossedSinceMs(one) }));
  const sorted = crossed.toSorted(compareCauses).map(({ since: _, ...one }) => one);
  return [...sorted, ...all.filter(({ ok }) => ok !== false)];
}

export class Judgement {
  readonly #measurements: Measurements;
  readonly #redactor: Redactor;
  readonly #crossedSinceMs: (threshold: RunThreshold) => number | null;
  #verdict: Verdict | null = null;
  #reasons: string[] = [];
  /** Of the reasons those that no threshold and no removal gave; null until the verdict is reached. */
  #causes: readonly string[] | null = null;
  /** What could not be removed. */
  readonly #leftovers: string[] = [];
  /** What the verdict rests on. */
  #judged: Judged | null = null;
  /** Ended early because it cannot succeed. */
  #givenUp = false;

  /** @param crossedSinceMs wall-clock milliseconds since which a threshold is crossed; null where nobody saw it */
  constructor(
    measurements: Measurements,
    redactor: Redactor,
    crossedSinceMs: (threshold: RunThreshold) => number | null = () => null,
  ) {
    this.#crossedSinceMs = crossedSinceMs;
    this.#measurements = measurements;
    this.#redactor = redactor;
  }

  /** Null until it is reached. */
  get verdict(): Verdict | null {
    return this.#verdict;
  }

  /** Of the verdict; before it, what the run fails for already. */
  get reasons(): readonly string[] {
    return this.#reasons;
  }

  /** The run fails for this. */
  fail(cause: string): void {
    const reason = this.#redactor.text(cause);
    if (!this.#reasons.includes(reason)) this.#reasons.push(reason);
  }

  /** The run cannot succeed any more, for this. */
  giveUp(cause: string): void {
    this.#givenUp = true;
    this.fail(cause);
  }

  /** Something that the run made stays on the service though it should not. */
  notRemoved(what: string): void {
    this.#leftovers.push(what);
  }

  /** Thresholds stay as they stand now: of a run that was stopped, refused removals are told, and spoil no figure. */
  hold(lives: Lives): void {
    if (this.#judged) return;
    const { answers } = this.#measurements;
    this.#judged = {
      thresholds: this.thresholds(lives),
      outages: answers.outages(),
      longestWaits: answers.longestWaits(),
    };
  }

  /**
   * The thresholds as things stand; once they are held, or after the verdict, as they stood then. Crossed ones come first, and of them
   * those that explain the others; the rest is in its order.
   */
  thresholds({ counts }: Pick<Lives, 'counts'>): Evaluated<RunThreshold>[] {
    if (this.#judged) return this.#judged.thresholds;
    const all = this.#measurements.evaluate(counts);
    return causesFirst(all, this.#crossedSinceMs);
  }

  /** What speaks against the run beside its thresholds. */
  get spoilt(): Spoilt {
    return { causes: this.#causes ?? this.#reasons, leftovers: this.#leftovers, givenUp: this.#givenUp };
  }

  /** Reaches the verdict. Call once, when nothing more is measured. */
  reach(lives: Lives, { stopped, startedAt, unexpected = [] }: Ending): Verdict {
    this.hold(lives);
    const { thresholds, outages, longestWaits } = this.#judged!;
    const { verdict, reasons } = reachVerdict({
      causes: this.#reasons,
      givenUp: this.#givenUp,
      thresholds,
      leftovers: this.#leftovers,
      stopped,
      details: {
        startedAt,
        failures: lives.arrived
          .filter(({ outcome }) => outcome?.result === 'failed' && !outcome.asExpected)
          .map((life) => ({ name: life.cluster.name, reason: life.outcome!.reason })),
        unexpected,
        ...{ outages, longestWaits },
        crossedSinceMs: this.#crossedSinceMs,
      },
    });
    this.#causes = this.#reasons;
    this.#reasons = reasons.map((reason) => this.#redactor.text(reason));
    this.#verdict = verdict;
    return verdict;
  }
}
