/** What a summary says of the faults that the plan gave to hosts and clusters, and what became of them. */
import { FAULTS, type FaultKind } from '../../model/faults/faults.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { faultCounts } from '../plan/fault-choice.ts';
import type { FaultCounts } from '../telemetry/fault-outcomes.ts';
import type { NameOf } from './state-summary.ts';
import { formatCount, type Style, table } from './style.ts';
import type { UnexpectedOutcome } from './verdict.ts';

export interface FaultSummary {
  fault: FaultKind;
  of: 'host' | 'cluster';
  /** Hosts or clusters of this generator's part of the plan that have it. */
  count: number;
  asExpected: number;
  /** Led to something else than what follows from it. */
  otherwise: number;
  /** Their cluster came to its end before, for another fault. */
  notReached: number;
  /** Of those that were otherwise; a few. */
  examples: Omit<UnexpectedOutcome, 'fault'>[];
}

const NONE: FaultCounts = { asExpected: 0, otherwise: 0, notReached: 0, examples: [] };

/** In the order of the table of faults; empty for a plan without. */
export function summarizeFaults(
  { clusters }: Pick<ExpandedPlan, 'clusters'>,
  counts: ReadonlyMap<FaultKind, FaultCounts>,
  nameOf: NameOf,
): FaultSummary[] {
  return [...faultCounts(clusters)].map(([fault, count]) => {
    const { examples, ...numbers } = counts.get(fault) ?? NONE;
    return {
      fault,
      of: FAULTS[fault].of,
      count,
      ...numbers,
      examples: examples.map(({ cluster, host, expected, was }) => ({
        name: nameOf(cluster, host).name,
        expected,
        was,
      })),
    };
  });
}

/** Lines of the terminal's summary. */
export function faultLines(faults: readonly FaultSummary[], style: Style): string[] {
  if (faults.length === 0) return [];
  const rows = faults.map(({ fault, of, count, asExpected, otherwise, notReached }) => [
    fault,
    `${formatCount(count)} ${of}${count === 1 ? '' : 's'}`,
    formatCount(asExpected),
    otherwise > 0 ? style.bad(formatCount(otherwise)) : formatCount(otherwise),
    formatCount(notReached),
    formatCount(count - asExpected - otherwise - notReached),
  ]);
  const head = ['', 'met', 'as expected', 'otherwise', 'not reached', 'not judged'];
  return table([head, ...rows], [1, 2, 3, 4, 5]);
}
