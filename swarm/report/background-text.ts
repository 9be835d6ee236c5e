/** Readers and clusters that are made anew, in the terminal's summary. */
import type { ChurnSummary, ReaderSummary } from './background-summary.ts';
import { quantileTexts } from './quantiles.ts';
import { countOf, formatCount, formatShare, type Style, table } from './style.ts';

export function readerLines({ readers }: { readers: readonly ReaderSummary[] }, style: Style): string[] {
  if (readers.length === 0) return [];
  const rows = readers.map(({ load, amount, everySeconds, looks, failed, missed, requests, duration }) => [
    load,
    `${formatCount(amount)} every ${everySeconds}s`,
    formatCount(requests),
    formatCount(looks),
    formatShare(failed, looks),
    formatCount(missed),
    ...quantileTexts(duration, ['p50', 'p95', 'p99', 'max']),
  ]);
  const lines = table(
    [['looks at', 'users', 'requests', 'looks', 'failed', 'missed', 'p50', 'p95', 'p99', 'max'], ...rows],
    [2, 3, 4, 5, 6, 7, 8, 9],
  );
  return [style.dim(lines[0]!), ...lines.slice(1)];
}

export function churnLines({ churn }: { churn: ChurnSummary | null }): string[] {
  if (churn === null) return [];
  const { sharePerHour, clustersPerHour, turns, begun, removed, complete, failed, unfinished, notRemoved } = churn;
  const rate = `${Number((sharePerHour * 100).toPrecision(6))}%/h, ${Number(clustersPerHour.toPrecision(3))} clusters an hour`;
  const ends = [
    `${formatCount(complete)} complete again`,
    `${formatCount(failed)} failed`,
    ...(unfinished > 0 ? [`${formatCount(unfinished)} not through when the run ended`] : []),
    ...(notRemoved > 0 ? [`${formatCount(notRemoved)} could not be removed`] : []),
  ];
  return [
    `${countOf(removed, 'cluster')} removed (${rate}): ${ends.join(', ')}`,
    ...(turns > begun
      ? [`${formatCount(turns - begun)} of ${formatCount(turns)} turns found no complete cluster`]
      : []),
  ];
}
