/** What was seen of the servers under load, beside what the load itself saw. */
import type { RunPhase } from './phase-summary.ts';

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
  /** Of a trend: how many were measured, and their quantiles. */
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
