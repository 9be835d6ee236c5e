/** When the service answered and when it did not: outages, long waits, and the course of a run. */
import type { ClientKind } from '../../model/protocol/endpoints.ts';
import type { ClusterPhase, HostPhase } from '../../model/protocol/phases.ts';
import type { LongestWait, Outage } from '../telemetry/answer-monitor.ts';
import type { TelemetrySnapshot } from '../telemetry/telemetry-snapshot.ts';
import type { SeriesPoint } from '../telemetry/time-series.ts';

/** A time in which requests failed or waited and none got a good answer. */
export interface OutageSummary {
  startedAt: string;
  /** Wall-clock seconds from the start of the run to the outage. */
  afterSeconds: number;
  seconds: number;
  /** Attempts that failed meanwhile. */
  failed: number;
  /** Most requests that waited at once. */
  waiting: number;
}

/** The longest that a request of a kind of client was seen without an answer. */
export interface UnansweredSummary {
  client: ClientKind;
  seconds: number;
  at: string;
  /** Requests of the kind under way then. */
  underWay: number;
}

/** Requests of a kind of client that have no answer yet. */
export interface UnderWaySummary {
  client: ClientKind;
  count: number;
  /** That the oldest of them has waited. */
  oldestSeconds: number;
}

export function summarizeUnderWay({
  underWay,
  wallMs,
}: Pick<TelemetrySnapshot, 'underWay' | 'wallMs'>): UnderWaySummary[] {
  return underWay.map(({ client, count, sinceMs }) => ({
    client,
    count,
    oldestSeconds: sinceMs === 0 ? 0 : Math.max(0, wallMs - sinceMs) / 1000,
  }));
}

/** One stretch of a run. */
export interface SeriesPointSummary {
  /** Wall-clock seconds from the start of the run to its beginning, and its length. */
  afterSeconds: number;
  seconds: number;
  /** Attempts that ended in it, but for those we aborted ourselves. */
  requests: number;
  /** Of them answered with 400 … 499. */
  refused: number;
  /** Of them answered with 500 or more, or not at all. */
  failed: number;
  /** Of them those that this machine had no means for. */
  ownErrors: number;
  /** Milliseconds since due of those that were answered. */
  p50: number;
  p99: number;
  max: number;
  /** Most requests that had no answer yet, looked at once a second, and the longest wait of one of them. */
  underWay: number;
  oldestSeconds: number;
  /** How many were in each phase at its end; phases that nobody was in are left out. Older summaries lack both. */
  hosts: Partial<Record<HostPhase, number>>;
  clusters: Partial<Record<ClusterPhase, number>>;
}

export function summarizeOutages(outages: readonly Outage[], startedAt: Date): OutageSummary[] {
  return outages.map(({ startMs, endMs, failed, waiting }) => ({
    startedAt: new Date(startMs).toISOString(),
    afterSeconds: Math.max(0, startMs - startedAt.getTime()) / 1000,
    seconds: (endMs - startMs) / 1000,
    failed,
    waiting,
  }));
}

export function summarizeWaits(longestWaits: readonly LongestWait[]): UnansweredSummary[] {
  return longestWaits.map(({ client, ms, atMs, underWay }) => ({
    client,
    seconds: ms / 1000,
    at: new Date(atMs).toISOString(),
    underWay,
  }));
}

export function summarizeSeries(points: readonly SeriesPoint[], startedAt: Date): SeriesPointSummary[] {
  return points.map(
    ({ startMs, endMs, requests, refused, failed, own, latency, underWay, oldestMs, hosts, clusters }) => ({
      afterSeconds: Math.max(0, startMs - startedAt.getTime()) / 1000,
      seconds: (endMs - startMs) / 1000,
      requests,
      refused,
      failed,
      ownErrors: own,
      p50: latency.quantile(0.5),
      p99: latency.quantile(0.99),
      max: latency.max,
      underWay,
      oldestSeconds: oldestMs / 1000,
      hosts: inhabited(hosts),
      clusters: inhabited(clusters),
    }),
  );
}

function inhabited<T extends string>(phases: Readonly<Record<T, number>>): Partial<Record<T, number>> {
  return Object.fromEntries(Object.entries(phases).filter(([, count]) => count !== 0)) as Partial<Record<T, number>>;
}
