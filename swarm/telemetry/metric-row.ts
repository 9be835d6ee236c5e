/** A metric of the generator as one row of a table, and what its values are made from. */
import type { AnswerMonitor } from './answer-monitor.ts';
import type { ChurnCounts } from './churn-counts.ts';
import type { ClusterDurations } from './cluster-durations.ts';
import type { HubRequestCounts } from './hub-request-counts.ts';
import type { MetricType } from './metric-cells.ts';
import type { ProcessFigures } from './process-figures.ts';
import type { ReaderFigures } from './reader-figures.ts';
import type { SaturationMonitor } from './saturation.ts';
import type { StateLook } from './state-look.ts';
import type { StateTimes } from './state-times.ts';
import type { TelemetryReader } from './telemetry-reader.ts';
import type { TelemetryNow } from './telemetry-snapshot.ts';

/** What is being measured now. */
export interface RegistrySource {
  reader: TelemetryReader;
  saturation: SaturationMonitor;
  /** Simulated seconds per wall-clock second. */
  clockSpeed: number;
  /** Of a run; absent where nobody looks. */
  answers?: AnswerMonitor;
  clusterDurations?: ClusterDurations;
  states?: { times: StateTimes; look: StateLook };
  /** Of a run that may have a hub. */
  hubRequests?: HubRequestCounts;
  /** Of a run with readers, or clusters that are made anew. */
  background?: { churn: ChurnCounts | null; readers: ReaderFigures };
  /** Of a run that may have no-op hosts. */
  processes?: { run: string; figures: ProcessFigures };
}

/** One value of a metric. */
export interface Sample {
  /** Of the metric when absent. */
  metricName?: string;
  labels: Record<string, string>;
  value: number;
}

/** What is being measured. What tells of a moment is read once for all metrics. */
export interface Scrape extends RegistrySource {
  now: TelemetryNow;
}

export interface MetricRow {
  name: string;
  type: MetricType;
  help: string;
  /** Samples of a run; metrics of the process need none. */
  run?: (scrape: Scrape) => Sample[];
  process?: () => Sample[];
}

/** A sample for each value, labelled with its name. */
export function samplesBy(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
