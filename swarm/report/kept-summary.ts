/**
 * A summary.json as reports and comparisons read it, whichever version wrote it: what that version did not know yet is empty, so
 * that no reader has to ask twice.
 */
import type { PhaseSummary } from './phase-summary.ts';
import { NO_QUANTILES, USUAL_PERCENTILES } from './quantiles.ts';
import type { RequestSummary, RequestTotals } from './request-summary.ts';
import type { ServerSummary } from './server-summary.ts';
import type { FailureCauseSummary, StuckSummary } from './state-summary.ts';
import type { RunSummary, ThresholdSummary } from './summary.ts';

/** Durations of which some are not over. Milliseconds; null where so many are open that nobody knows. */
export interface OpenTimes {
  ended: number;
  open: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** The longest, open ones included. */
  max: number;
}

/** From a state of one thing until a state of another that depends on it. */
export interface KeptReaction extends OpenTimes {
  from: { of: string; state: string };
  to: { of: string; state: string };
}

/** How long custom resources said something else than the service's own API. */
export interface KeptDivergence extends OpenTimes {
  of: string;
  compared: number;
  differed: number;
}

/** What has been in a state for far longer than others were; some of them by name. */
export interface KeptStuck {
  count: number;
  oldest: (Omit<StuckSummary, 'usualSeconds'> & { usualSeconds: number | null })[];
}

/** A threshold; when it was first crossed, and by what part of its figure, is not known of every run. */
export type KeptThreshold = Omit<ThresholdSummary, 'crossedAfterSeconds' | 'worst'> &
  Partial<Pick<ThresholdSummary, 'worst'>> & {
    /** Wall-clock seconds from the start of the run. */
    crossedAfterSeconds?: number | null;
  };

/** Parts that a run may lack, or have in another form: its version did not measure them, or there was nothing to measure. */
export interface OptionalParts {
  thresholds: KeptThreshold[];
  phases: PhaseSummary[];
  servers: ServerSummary;
  states: (OpenTimes & { of: string; state: string })[];
  reactions: KeptReaction[];
  divergence: KeptDivergence[];
  stuck: KeptStuck;
  failureCauses: (Pick<FailureCauseSummary, 'cause' | 'count' | 'names'> & { of?: string })[];
}

export type KeptSummary = Omit<RunSummary, keyof OptionalParts> & OptionalParts;

const NO_LATENCIES = {
  ...{ sinceDue: NO_QUANTILES, sinceSent: NO_QUANTILES },
  ...{ failedSinceDue: NO_QUANTILES, untilSuccess: NO_QUANTILES },
} as const;
const NO_TOTALS: RequestTotals = {
  ...{ requests: 0, rate: 0, errors: 0, ownErrors: 0, replayed: 0, redirected: 0 },
  ...NO_LATENCIES,
};

/** What stands in a summary that does not say otherwise; lists are empty. */
const EMPTY: KeptSummary = {
  ...{ schemaVersion: 0, run: '', plan: '', seed: '', shard: { index: 0, count: 1 }, service: '' },
  ...{ verdict: null, reasons: [], thresholds: [], startedAt: new Date(0).toISOString() },
  ...{ startAt: null, startedLateSeconds: null },
  ...{ wallSeconds: 0, simulatedSeconds: 0, clockSpeed: 1 },
  clusters: {
    ...{ planned: 0, installed: 0, infraEnvs: 0, infraEnvsDiscovered: 0 },
    ...{ complete: 0, failed: 0, failedAsExpected: 0, cancelled: 0 },
  },
  ...{ hostFunnel: [], clusterFunnel: [], failures: [], faults: [], requests: [], totals: NO_TOTALS },
  ...{ polls: { openLoop: NO_QUANTILES, missed: 0 }, requestErrors: [], hub: null, noop: null },
  ...{ readers: [], churn: null, links: [] },
  ...{ underWay: [], outages: [], unanswered: [], series: [], clusterDurations: [] },
  ...{ pollLateness: NO_QUANTILES, stages: [], replies: [], boot: [], errors: {} },
  connections: { opened: 0, closed: 0, open: 0 },
  bytes: { sent: 0, received: 0 },
  generator: {
    ...{ cpuPercent: 0, rssBytes: 0, peakRssBytes: 0, workers: 0 },
    ...{ saturated: false, saturatedSeconds: 0, watchedSeconds: 0, saturatedBy: {} },
  },
  ...{ drift: null, deviations: [], leftBehind: [] },
  ...{ phases: [], servers: { collectors: [], figures: [] }, states: [], reactions: [], divergence: [] },
  ...{ stuck: { count: 0, oldest: [] }, failureCauses: [] },
};

type Rows = Record<string, unknown>;

/**
 * Reads the contents of a summary.json. Parts of another form than ours count as absent.
 * @returns null for what is no summary of a run of a plan: nothing, a backup load's, another program's
 */
export function keptSummary(data: unknown): KeptSummary | null {
  if (!isObject(data) || typeof data.run !== 'string' || typeof data.plan !== 'string') return null;
  if (!Array.isArray(data.hostFunnel) || !isObject(data.clusters)) return null;
  const kept = filled(EMPTY as unknown as Rows, data) as unknown as KeptSummary;
  return {
    ...kept,
    requests: kept.requests.filter(isObject).map(requestRow),
    phases: kept.phases.filter(isObject).map((phase) => ({
      ...phase,
      totals: filled(NO_TOTALS as unknown as Rows, (phase.totals ?? {}) as unknown as Rows) as unknown as RequestTotals,
      requests: (phase.requests ?? []).filter(isObject).map(requestRow),
    })),
    thresholds: kept.thresholds.map((one) => ({ ...one, labels: one.labels ?? {} })),
  };
}

/** Percentiles that a run has of its distributions, without the highest value, in their order. */
export function keptPercentiles({ totals }: KeptSummary): number[] {
  const further = Object.keys(totals.sinceDue.percentiles ?? {}).map(Number);
  return [...USUAL_PERCENTILES, ...further].sort((a, b) => a - b);
}

function requestRow(row: RequestSummary): RequestSummary {
  return { ...NO_LATENCIES, ...row };
}

/** Values of the same form as the defaults', which stand for all others. */
function filled(defaults: Rows, data: Rows): Rows {
  const entries = Object.entries(defaults).map(([key, usual]) => {
    const given = data[key];
    if (given === undefined) return [key, usual];
    if (Array.isArray(usual)) return [key, Array.isArray(given) ? given : usual];
    if (isObject(usual)) {
      const isOpen = Object.keys(usual).length === 0;
      return [key, !isObject(given) ? usual : isOpen ? given : { ...given, ...filled(usual, given) }];
    }
    // A null default says nothing of the form.
    return [key, usual === null || given === null || typeof given === typeof usual ? given : usual];
  });
  return { ...data, ...Object.fromEntries(entries) };
}

function isObject(value: unknown): value is Rows & object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
