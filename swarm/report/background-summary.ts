/** What went on beside the planned load: readers who look again and again, and clusters that are removed and made anew. */
import type { ChurnCounts } from '../telemetry/churn-counts.ts';
import type { ReaderRow } from '../telemetry/reader-figures.ts';
import { type Quantiles, quantiles } from './quantiles.ts';
import type { SummarizedPlan } from './summarized-plan.ts';

/** Readers of one entry of the plan. Their requests stand among the others, as those of the client `reader`. */
export interface ReaderSummary {
  load: string;
  amount: number;
  /** Simulated. */
  everySeconds: number;
  /** Looks that are over, and how many of them got not all that they asked for. */
  looks: number;
  failed: number;
  /** Looks that were never begun, because the one before was not over. */
  missed: number;
  requests: number;
  /** Wall-clock milliseconds from the moment a look was due to its end, missed ones included. */
  duration: Quantiles;
}

/** What became of clusters that were removed to be made anew. */
export interface ChurnSummary {
  /** As planned: share of the clusters in a simulated hour, and how many that are. */
  sharePerHour: number;
  clustersPerHour: number;
  /** Turns to remove one since the first cluster was complete; those beyond `begun` found none that was. */
  turns: number;
  /** Clusters whose removal was begun; those that are in none of the counts below are on their way. */
  begun: number;
  removed: number;
  /** Made anew, and how that ended. */
  complete: number;
  failed: number;
  /** The run ended before. */
  unfinished: number;
  notRemoved: number;
}

/** @param percentiles further ones, beside the usual */
export function summarizeReaders(rows: readonly ReaderRow[], percentiles: readonly number[]): ReaderSummary[] {
  return rows.map(({ load, amount, everySeconds, looks, missed, requests, duration }) => ({
    ...{ load, amount, everySeconds, missed, requests },
    looks: looks.answered + looks.failed,
    failed: looks.failed,
    duration: quantiles(duration, percentiles),
  }));
}

/** Null for a plan whose clusters stay. */
export function summarizeChurn(
  { churnPerHour, clusters }: Pick<SummarizedPlan, 'churnPerHour' | 'clusters'>,
  { turns, begun, removed, results }: ChurnCounts,
): ChurnSummary | null {
  if (churnPerHour === null) return null;
  return {
    sharePerHour: churnPerHour,
    clustersPerHour: churnPerHour * clusters.length,
    ...{ turns, begun, removed },
    complete: results.complete,
    failed: results.failed,
    unfinished: results.unfinished,
    notRemoved: results['not-removed'],
  };
}
