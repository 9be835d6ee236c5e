/** What was seen of the servers under load, beside what the load itself saw. */
import { SERVER_FIGURES, serverFigureNamed } from '../plan/server-figures.ts';
import type { ServerFigures, ServerSeries, ServerValues } from '../telemetry/server-figures.ts';
import type { RunPhase } from './phase-summary.ts';

/** Why the other shards of a plan do not read a source. */
export const FIRST_SHARD_READS = 'the first shard reads it';

/** One source of figures, whether it could be read or not. */
export interface CollectorSummary {
  /** `service`, `database`, … */
  name: string;
  /** Where it is read, without secrets. */
  target: string;
  state: 'read' | 'failed' | 'absent';
  /** Why it is absent, or what its last failure was; null when nothing is wrong. */
  reason: string | null;
  reads: number;
  failures: number;
}

/** Values of a figure in some time. */
export interface ServerFigureValues {
  /** Of a gauge or of a counter's rate: at the end of the time; null when nothing was read in it. */
  last: number | null;
  min: number | null;
  max: number | null;
  mean: number | null;
  /** Of a trend: how many were measured, and their quantiles. Of a counter: by how much it grew. */
  count: number | null;
  p50: number | null;
  p95: number | null;
  p99: number | null;
}

export interface ServerFigureSummary extends ServerFigureValues {
  /** Name in the table of server figures. */
  figure: string;
  labels: Record<string, string>;
  /** Name of the collector. */
  source: string;
  kind: 'gauge' | 'counter' | 'trend';
  unit: string;
  phases: (ServerFigureValues & { phase: RunPhase; step: number | null })[];
  /** At most 120; of a trend its p99, of a counter its rate in a second. Wall-clock seconds from the start of the run. */
  points: { afterSeconds: number; value: number }[];
}

export interface ServerSummary {
  collectors: CollectorSummary[];
  figures: ServerFigureSummary[];
}

/** Figures in the order of the table, from causes to symptoms; what had nothing to tell is left out. @param startedAt of the run */
export function summarizeServers(
  collectors: readonly CollectorSummary[],
  figures: Pick<ServerFigures, 'series'>,
  startedAt: Date,
): ServerSummary {
  const told = figures.series().filter(tells);
  const rank = ({ figure }: ServerSeries) => SERVER_FIGURES.findIndex(({ name }) => name === figure);
  return {
    collectors: [...collectors],
    figures: told
      .toSorted((a, b) => rank(a) - rank(b))
      .map((series) => ({
        figure: series.figure,
        labels: { ...series.labels },
        source: series.source,
        kind: series.kind === 'histogram' ? 'trend' : series.kind,
        unit: serverFigureNamed(series.figure)?.unit ?? 'count',
        ...valuesOf(series.whole),
        phases: series.windows.map(({ key, values }) => ({
          phase: key.phase as RunPhase,
          step: key.step,
          ...valuesOf(values),
        })),
        points: series.points.flatMap(({ startMs, values }) => {
          const value = pointOf(values);
          return value === null ? [] : [{ afterSeconds: (startMs - startedAt.getTime()) / 1000, value }];
        }),
      })),
  };
}

/** Counters and trends that did not grow, and gauges of one of many things that were 0 all the time, say nothing. */
function tells({ labels, whole: { gauge, counted, trend } }: ServerSeries): boolean {
  if (trend) return trend.count > 0;
  if (counted) return counted.count > 0 || Object.keys(labels).length === 0;
  if (!gauge) return false;
  return gauge.max !== 0 || gauge.min !== 0 || Object.keys(labels).length === 0;
}

function valuesOf({ gauge, counted, trend }: ServerValues): ServerFigureValues {
  const { last = null, min = null, max = null, mean = null } = gauge ?? {};
  if (!trend) {
    const count = counted?.count ?? null;
    const average = counted && counted.seconds > 0 ? counted.count / counted.seconds : mean;
    return { last, min, max, mean: average, count, p50: null, p95: null, p99: null };
  }
  if (trend.count === 0) return { last, min, max, mean, count: 0, p50: null, p95: null, p99: null };
  return {
    last: null,
    min: trend.min,
    max: trend.max,
    mean: trend.mean,
    count: trend.count,
    p50: trend.quantile(0.5),
    p95: trend.quantile(0.95),
    p99: trend.quantile(0.99),
  };
}

/** What is drawn of a point; null where nothing was measured. */
export function pointOf({ gauge, counted, trend }: ServerValues): number | null {
  if (trend) return trend.count === 0 ? null : trend.quantile(0.99);
  if (counted) return counted.seconds > 0 ? counted.count / counted.seconds : 0;
  return gauge?.max ?? null;
}
