/** Metrics of readers and of clusters that are made anew. */
import { CHURN_RESULTS } from './churn-counts.ts';
import { histogramSamples } from './histogram-samples.ts';
import type { MetricRow } from './metric-row.ts';

/** Seconds. */
const LOOK_BOUNDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export const BACKGROUND_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_reader_looks_total',
    type: 'counter',
    help: 'Looks of readers by load and result: answered, failed (not all that was asked for), or missed because the one before was not over.',
    run: ({ background }) =>
      [...byLoad(background?.readers.rows() ?? [])].flatMap(([load, rows]) => {
        const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
        return [
          { labels: { load, result: 'answered' }, value: sum(({ looks }) => looks.answered) },
          { labels: { load, result: 'failed' }, value: sum(({ looks }) => looks.failed) },
          { labels: { load, result: 'missed' }, value: sum(({ missed }) => missed) },
        ];
      }),
  },
  {
    name: 'swarm_reader_look_duration_seconds',
    type: 'histogram',
    help: 'Time from the moment a look of a reader was due to its end, missed ones included, by load.',
    run: ({ background }) =>
      [...byLoad(background?.readers.rows() ?? [])].flatMap(([load, [first, ...others]]) => {
        for (const other of others) first!.duration.add(other.duration);
        return histogramSamples('swarm_reader_look_duration_seconds', { load }, LOOK_BOUNDS, first!.duration);
      }),
  },
  {
    name: 'swarm_churn_removed_clusters_total',
    type: 'counter',
    help: 'Complete clusters that were removed to be made anew.',
    run: ({ background }) => (background?.churn ? [{ labels: {}, value: background.churn.removed }] : []),
  },
  {
    name: 'swarm_churned_clusters_total',
    type: 'counter',
    help: 'Clusters that were to be made anew, by what became of it: complete, failed, unfinished when the run ended, or not-removed.',
    run: ({ background }) => {
      const churn = background?.churn;
      if (!churn) return [];
      return CHURN_RESULTS.map((result) => ({ labels: { result }, value: churn.results[result] }));
    },
  },
];

/** Entries of a plan that look at the same are one. */
function byLoad<T extends { load: string }>(rows: readonly T[]): Map<string, T[]> {
  return Map.groupBy(rows, ({ load }) => load);
}
