/** How many clusters of a run were removed and made anew, and what became of them. */

export const CHURN_RESULTS = ['complete', 'failed', 'unfinished', 'not-removed'] as const;
/**
 * `complete` and `failed`: the new life came to this end; `unfinished`: the run ended before it, or before the old one was removed;
 * `not-removed`: the old one could not be removed.
 */
export type ChurnResult = (typeof CHURN_RESULTS)[number];

export class ChurnCounts {
  /** Turns to remove a cluster since the first was complete; those that found none to remove are among them. */
  turns = 0;
  /** Clusters whose removal began. */
  begun = 0;
  /** Clusters that were removed. */
  removed = 0;
  readonly results: Record<ChurnResult, number> = { complete: 0, failed: 0, unfinished: 0, 'not-removed': 0 };
}
