/** What became of the faults of a run, counted by kind, with a few examples of what was not expected. */
import type { FaultKind } from '../../model/faults/faults.ts';
import type { RunEvent } from './run-event.ts';

/** Examples that are kept of a kind. */
const MOST_EXAMPLES = 5;

export interface FaultCounts {
  asExpected: number;
  otherwise: number;
  /** Their cluster came to an end before, for another fault. */
  notReached: number;
  /** Of those that were otherwise: which, what was expected, what was. */
  examples: { cluster: number; host: number | null; expected: string; was: string }[];
}

export class FaultOutcomes {
  readonly #counts = new Map<FaultKind, FaultCounts>();

  /** Takes in what another run has found. */
  add(kept: Iterable<readonly [FaultKind, FaultCounts]>): void {
    for (const [fault, { asExpected, otherwise, notReached, examples }] of kept) {
      const counts = this.#of(fault);
      counts.asExpected += asExpected;
      counts.otherwise += otherwise;
      counts.notReached += notReached;
      counts.examples.push(...examples.slice(0, Math.max(0, MOST_EXAMPLES - counts.examples.length)));
    }
  }

  /** Takes note of findings; other events say nothing of it. */
  apply(event: RunEvent): void {
    if (event.type !== 'host.fault' && event.type !== 'cluster.fault') return;
    const { fault, result, cluster, expected, was } = event;
    const host = event.type === 'host.fault' ? event.host : null;
    const counts = this.#of(fault);
    if (result === 'as-expected') counts.asExpected += 1;
    else if (result === 'not-reached') counts.notReached += 1;
    else {
      counts.otherwise += 1;
      if (counts.examples.length < MOST_EXAMPLES) counts.examples.push({ cluster, host, expected, was });
    }
  }

  #of(fault: FaultKind): FaultCounts {
    const counts = this.#counts.get(fault) ?? { asExpected: 0, otherwise: 0, notReached: 0, examples: [] };
    this.#counts.set(fault, counts);
    return counts;
  }

  /** In the order in which they were first found. */
  counts(): ReadonlyMap<FaultKind, FaultCounts> {
    return this.#counts;
  }

  /** Of all kinds: how many could be judged, and how many of them were otherwise. */
  totals(): { judged: number; otherwise: number } {
    let judged = 0;
    let otherwise = 0;
    for (const counts of this.#counts.values()) {
      judged += counts.asExpected + counts.otherwise;
      otherwise += counts.otherwise;
    }
    return { judged, otherwise };
  }
}
