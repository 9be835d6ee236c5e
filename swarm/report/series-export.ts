/** The course of a run for other tools: one value a row, as CSV or as lines of JSON. */

import { unitOfPoints } from './chart-scale.ts';
import { csvLine } from './csv.ts';
import type { KeptSummary } from './kept-summary.ts';

export interface SeriesRow {
  run: string;
  /** Wall-clock seconds since the start of the run, at the end of the stretch that the value is of. */
  elapsed_seconds: number;
  /** '' where the run has no phases, or none at this time. */
  phase: string;
  step: number | null;
  figure: string;
  labels: Readonly<Record<string, string>>;
  /** Null where nothing was measured. */
  value: number | null;
  unit: string;
}

const COLUMNS = ['run', 'elapsed_seconds', 'phase', 'step', 'figure', 'labels', 'value', 'unit'] as const;

/** Figures of the load by time, then those of servers, each in the order of time. */
export function* seriesRows(summary: KeptSummary): Generator<SeriesRow> {
  const { run, series, servers } = summary;
  const at = phaseFinder(summary);
  for (const point of series) {
    const { afterSeconds, seconds, p50, p99, max, underWay, oldestSeconds } = point;
    const elapsed = afterSeconds + seconds;
    // A point belongs to the phase that it began in.
    const common = { run, elapsed_seconds: milli(elapsed), ...at(afterSeconds + seconds / 2), labels: {} };
    for (const figure of ['requests', 'refused', 'failed', 'ownErrors'] as const) {
      const name = figure === 'ownErrors' ? 'own_errors' : figure;
      yield { ...common, figure: name, value: seconds > 0 ? point[figure] / seconds : null, unit: '/s' };
    }
    for (const [statistic, value] of Object.entries({ p50, p99, max })) {
      yield { ...common, figure: 'request_duration', labels: { statistic }, value: value || null, unit: 'ms' };
    }
    yield { ...common, figure: 'requests_under_way', value: underWay, unit: 'requests' };
    yield { ...common, figure: 'oldest_request_age', value: oldestSeconds, unit: 'seconds' };
  }
  for (const { figure, labels, source, kind, unit, points } of servers.figures) {
    const all = { ...labels, source, ...(kind === 'trend' && { statistic: 'p99' }) };
    for (const { afterSeconds, value } of points) {
      const common = { run, elapsed_seconds: milli(afterSeconds), ...at(afterSeconds) };
      yield { ...common, figure, labels: all, value, unit: unitOfPoints({ kind, unit }) };
    }
  }
}

const milli = (seconds: number) => Math.round(seconds * 1000) / 1000;

function phaseFinder({ phases }: KeptSummary) {
  return (elapsed: number): Pick<SeriesRow, 'phase' | 'step'> => {
    const found = phases.findLast(({ afterSeconds }) => afterSeconds <= elapsed) ?? null;
    const isOver = found !== null && elapsed > found.afterSeconds + found.seconds + 1;
    return found === null || isOver ? { phase: '', step: null } : { phase: found.phase, step: found.step };
  };
}

/** One header, then a row a value; labels are JSON. */
export function seriesCsv(summary: KeptSummary): string {
  let text = csvLine(COLUMNS);
  for (const row of seriesRows(summary)) {
    const labels = Object.keys(row.labels).length === 0 ? '' : JSON.stringify(row.labels);
    text += csvLine(COLUMNS.map((name) => (name === 'labels' ? labels : row[name])));
  }
  return text;
}

/** A JSON object a line. */
export function seriesNdjson(summary: KeptSummary): string {
  let text = '';
  for (const row of seriesRows(summary)) text += `${JSON.stringify(row)}\n`;
  return text;
}
