/**
 * What a shard keeps of itself to be merged: a row here is one part of the file. `keep` makes plain data of what the run has measured, and
 * `add` adds that of one shard to what is known of those before it. Whatever else a summary is made of becomes a further row, and one use
 * of its sum in merged-run.ts.
 */

import type { FaultKind } from '../../../model/faults/faults.ts';
import type { ExpandedPlan } from '../../plan/expanded-plan.ts';
import type { RunThreshold } from '../../plan/thresholds.ts';
import { type CollectorSummary, pointOf } from '../../report/server-summary.ts';
import type { Funnel, LeftBehind, Reached, RunFacts, RunSummary } from '../../report/summary.ts';
import type { Verdict } from '../../report/verdict.ts';
import type { LongestWait } from '../../telemetry/answer-monitor.ts';
import { BucketCounts } from '../../telemetry/bucket-counts.ts';
import { CHURN_RESULTS, ChurnCounts } from '../../telemetry/churn-counts.ts';
import type { DivergenceTime } from '../../telemetry/divergence.ts';
import type { FailureCause } from '../../telemetry/failure-causes.ts';
import { FailureSamples } from '../../telemetry/failure-samples.ts';
import { type FaultCounts, FaultOutcomes } from '../../telemetry/fault-outcomes.ts';
import { Distribution } from '../../telemetry/histogram.ts';
import type { HubRequestRow } from '../../telemetry/hub-request-counts.ts';
import type { SeenAnswers } from '../../telemetry/merged-outages.ts';
import { type DriverFigures, type HostRecord, ProcessFigures } from '../../telemetry/process-figures.ts';
import type { ReaderRow } from '../../telemetry/reader-figures.ts';
import type { ServerPoint, ServerSeries, ServerValues } from '../../telemetry/server-figures.ts';
import type { FailureSample } from '../../telemetry/shared-telemetry.ts';
import type { UnderWayNow } from '../../telemetry/telemetry-snapshot.ts';
import type { SeriesPoint } from '../../telemetry/time-series.ts';
import type { Spoilt } from '../judgement.ts';
import type { Measurements } from '../measurements.ts';
import {
  addNumbers,
  type KeptMoments,
  type KeptSurvival,
  keepMoments,
  keptSurvival,
  MomentSums,
  survivalOf,
} from './moments.ts';

/** A run that has ended. */
export interface EndedRun {
  plan: ExpandedPlan;
  summary: RunSummary;
  /** What the summary was made of. */
  facts: RunFacts;
  measurements: Measurements;
  spoilt: Spoilt;
}

/** The run whose part is added. */
export interface ShardPlace {
  index: number;
  /** Wall-clock milliseconds. */
  startMs: number;
}

interface FigurePart<Kept, Sum> {
  /** Plain data without `undefined`, which has to survive JSON. */
  keep(run: EndedRun): Kept;
  /** What there is before the first shard. */
  none(plan: Pick<ExpandedPlan, 'steps'>): Sum;
  /** @throws Error for what `keep` did not make */
  add(sum: Sum, kept: Kept, shard: ShardPlace): void;
}

const part = <Kept, Sum>(one: FigurePart<Kept, Sum>) => one;
/** Of things that stay apart in the merged summary too. */
const list = <T>(keep: (run: EndedRun) => T[]) =>
  part<T[], T[]>({ keep, none: () => [], add: (sum, kept) => void sum.push(...kept) });

type KeptPoint = Omit<SeriesPoint, 'latency'> & { latency: number[] };
type KeptDivergence = Omit<DivergenceTime, 'survival'> & KeptSurvival;
type KeptHubRow = Omit<HubRequestRow, 'latency' | 'failedLatency'> & { latency: number[]; failedLatency: number[] };
type KeptReaderRow = Omit<ReaderRow, 'duration'> & { duration: number[] };

type KeptServerValues = Omit<ServerValues, 'trend'> & { trend: (number | null)[] | null };
interface KeptServerSeries extends Omit<ServerSeries, 'whole' | 'points' | 'windows'> {
  whole: KeptServerValues;
  windows: { key: ServerSeries['windows'][number]['key']; values: KeptServerValues }[];
  /** Beginning, end, and what is drawn. */
  points: [startMs: number, endMs: number, value: number][];
}

/** What one shard read of the servers. */
interface SeenServers {
  shard: number;
  collectors: CollectorSummary[];
  series: ServerSeries[];
}

/** A threshold as the shard judged itself. */
export interface KeptThreshold extends Pick<RunThreshold, 'figure' | 'labels' | 'aggregation' | 'percentile'> {
  ok: boolean | null;
  crossedSinceMs: number | null;
}

interface SummedFaults {
  planned: Map<FaultKind, number>;
  outcomes: FaultOutcomes;
}

type SummedCounts = Record<'cancelled' | 'failedAsExpected' | 'onHub', number>;

/** How a shard came out, for the table of shards and for sentences that name it. */
export interface ShardEnd extends Spoilt {
  shard: number;
  verdict: Verdict | null;
  reasons: string[];
  thresholds: KeptThreshold[];
  complete: number;
  requests: number;
  p95: number | null;
  generator: RunSummary['generator'];
  longestOutageMs: number;
  /** Wall-clock milliseconds. */
  startMs: number;
  /** When its load began. */
  beganMs: number;
  wallSeconds: number;
  countedSeconds: number;
  simulatedSeconds: number;
}

const keptServerValues = ({ gauge, counted, trend }: ServerValues): KeptServerValues => ({
  ...{ gauge, counted, trend: trend?.pack() ?? null },
});
const serverValuesOf = ({ gauge, counted, trend }: KeptServerValues): ServerValues => ({
  ...{ gauge, counted, trend: trend && BucketCounts.unpack(trend) },
});

/** Rows with the same keys become one. */
function addRow<T extends object>(
  rows: T[],
  next: T,
  keys: readonly (keyof T)[],
  add: (into: T, from: T) => void,
): void {
  const known = rows.find((row) => keys.every((key) => row[key] === next[key]));
  if (known) add(known, next);
  else rows.push(next);
}

export const FIGURE_PARTS = {
  moments: part<KeptMoments, MomentSums>({
    keep: ({ measurements }) => keepMoments(measurements.windows.ended, measurements.moment()),
    none: ({ steps }) => new MomentSums(steps),
    add: (sum, kept, { startMs }) => sum.add(kept, startMs),
  }),

  underWay: list<UnderWayNow>(({ measurements }) => measurements.reader.underWay().filter(({ count }) => count > 0)),

  answers: part<SeenAnswers, SeenAnswers[]>({
    keep: ({ measurements: { answers } }) => ({ outages: answers.outages(), answered: [...answers.answered()] }),
    none: () => [],
    add: (sum, kept) => void sum.push(kept),
  }),

  longestWaits: part<LongestWait[], Map<string, LongestWait>>({
    keep: ({ facts }) => [...facts.longestWaits],
    none: () => new Map(),
    add: (sum, kept) => {
      for (const wait of kept) if (wait.ms > (sum.get(wait.client)?.ms ?? 0)) sum.set(wait.client, wait);
    },
  }),

  series: part<KeptPoint[], SeriesPoint[][]>({
    keep: ({ facts }) => facts.series.map(({ latency, ...point }) => ({ ...point, latency: latency.pack() })),
    none: () => [],
    add: (sum, kept) =>
      void sum.push(kept.map(({ latency, ...point }) => ({ ...point, latency: Distribution.unpack(latency) }))),
  }),

  failureSamples: part<FailureSample[], FailureSamples>({
    keep: ({ measurements }) => measurements.failures.all(),
    none: () => new FailureSamples(),
    add: (sum, kept) => {
      for (const sample of kept) sum.add(sample);
    },
  }),

  hostCauses: part<FailureCause[], Map<string, FailureCause>>({
    keep: ({ facts }) => [...facts.states.hostCauses],
    none: () => new Map(),
    add: (sum, kept) => {
      for (const { cause, count, names } of kept) {
        const known = sum.get(cause) ?? { cause, count: 0, names: [] };
        sum.set(cause, known);
        known.count += count;
        known.names = [...known.names, ...names].slice(0, NAMED_HOSTS);
      }
    },
  }),

  divergence: part<KeptDivergence[], DivergenceTime[]>({
    keep: ({ facts }) => facts.states.divergence.map(({ survival, ...one }) => ({ ...one, ...keptSurvival(survival) })),
    none: () => [],
    add: (sum, kept) => {
      for (const { of, compared, differed, ...survival } of kept) {
        const next = { of, compared, differed, survival: survivalOf(survival) };
        addRow<DivergenceTime>(sum, next, ['of'], (into, from) => {
          into.compared += from.compared;
          into.differed += from.differed;
          into.survival.add(from.survival);
        });
      }
    },
  }),

  /** Names for people of what is stuck and of faults that led to something else, and of nothing more. */
  names: list(({ facts }) => {
    const examples = [...facts.faults.counts.values()].flatMap((counts) => counts.examples);
    return [...facts.states.stuck.longest, ...examples].map(({ cluster, host }) => ({
      ...{ cluster, host, ...facts.nameOf(cluster, host) },
    }));
  }),

  hubRequests: part<KeptHubRow[], HubRequestRow[]>({
    keep: ({ facts }) =>
      facts.hubRequests.map(({ latency, failedLatency, ...row }) => ({
        ...{ ...row, latency: latency.pack(), failedLatency: failedLatency.pack() },
      })),
    none: () => [],
    add: (sum, kept) => {
      for (const { latency, failedLatency, ...row } of kept) {
        const next = {
          ...row,
          latency: Distribution.unpack(latency),
          failedLatency: Distribution.unpack(failedLatency),
        };
        addRow<HubRequestRow>(sum, next, ['client', 'verb', 'resource'], (into, from) => {
          into.count += from.count;
          addNumbers(into.codes, from.codes);
          into.latency.add(from.latency);
          into.failedLatency.add(from.failedLatency);
        });
      }
    },
  }),

  /** They are dealt out to shards, each row with a part of its readers. */
  readers: part<KeptReaderRow[], ReaderRow[]>({
    keep: ({ facts }) => facts.readers.map(({ duration, ...row }) => ({ ...row, duration: duration.pack() })),
    none: () => [],
    add: (sum, kept) => {
      for (const { duration, ...row } of kept) {
        const next = { ...row, duration: Distribution.unpack(duration) };
        addRow<ReaderRow>(sum, next, ['load', 'everySeconds'], (into, from) => {
          into.amount += from.amount;
          addNumbers(into.looks, from.looks);
          into.missed += from.missed;
          into.requests += from.requests;
          into.duration.add(from.duration);
        });
      }
    },
  }),

  churn: part<Pick<ChurnCounts, 'turns' | 'begun' | 'removed' | 'results'>, ChurnCounts>({
    keep: ({ facts: { churn } }) => ({
      ...{ turns: churn.turns, begun: churn.begun, removed: churn.removed },
      results: { ...churn.results },
    }),
    none: () => new ChurnCounts(),
    add: (sum, kept) => {
      sum.turns += kept.turns;
      sum.begun += kept.begun;
      sum.removed += kept.removed;
      for (const result of CHURN_RESULTS) sum.results[result] += kept.results[result];
    },
  }),

  processes: part<{ hosts: HostRecord[]; drivers: DriverFigures[] }, ProcessFigures>({
    keep: ({ facts: { processes } }) => ({
      hosts: [...processes.hosts()],
      drivers: processes.drivers().map(([, driver]) => driver),
    }),
    none: () => new ProcessFigures(),
    add: (sum, { hosts, drivers }) => sum.add(hosts, drivers),
  }),

  servers: part<{ collectors: CollectorSummary[]; series: KeptServerSeries[] }, SeenServers[]>({
    keep: ({ facts, measurements }) => ({
      collectors: facts.servers.collectors,
      series: measurements.servers.series().map(({ figure, labels, source, kind, whole, windows, points }) => ({
        ...{ figure, labels, source, kind, whole: keptServerValues(whole) },
        windows: windows.map(({ key, values }) => ({ key, values: keptServerValues(values) })),
        points: points.flatMap(({ startMs, endMs, values }): [number, number, number][] => {
          const value = pointOf(values);
          return value === null ? [] : [[startMs, endMs, value]];
        }),
      })),
    }),
    none: () => [],
    add: (sum, { collectors, series }, { index }) =>
      void sum.push({
        ...{ shard: index, collectors },
        series: series.map(({ whole, windows, points, ...one }) => ({
          ...one,
          whole: serverValuesOf(whole),
          windows: windows.map(({ key, values }) => ({ key, values: serverValuesOf(values) })),
          points: points.map(drawnPoint),
        })),
      }),
  }),

  funnel: part<Funnel, Funnel>({
    keep: ({ facts }) => facts.funnel,
    none: () => ({ hosts: {}, clusters: {}, infraEnvs: { count: 0, of: 0 } }) as unknown as Funnel,
    add: (sum, { hosts, clusters, infraEnvs }) => {
      addReached(sum.hosts, hosts);
      addReached(sum.clusters, clusters);
      addNumbers(sum.infraEnvs as unknown as Record<string, number>, { ...infraEnvs });
    },
  }),

  faults: part<{ planned: [FaultKind, number][]; counts: [FaultKind, FaultCounts][] }, SummedFaults>({
    keep: ({ facts: { faults } }) => ({ planned: [...faults.planned], counts: [...faults.counts] }),
    none: () => ({ planned: new Map(), outcomes: new FaultOutcomes() }),
    add: (sum, { planned, counts }) => {
      for (const [fault, count] of planned) sum.planned.set(fault, (sum.planned.get(fault) ?? 0) + count);
      sum.outcomes.add(counts);
    },
  }),

  /** Hosts with each of the plan's slow links. */
  linkHosts: part<number[], number[]>({
    keep: ({ plan: { links = [] } }) => links.map(({ hosts }) => hosts),
    none: () => [],
    add: (sum, kept) => {
      for (const [link, hosts] of kept.entries()) sum[link] = (sum[link] ?? 0) + hosts;
    },
  }),

  failures: list<RunSummary['failures'][number]>(({ summary }) => summary.failures),
  leftBehind: list<LeftBehind>(({ summary }) => summary.leftBehind),
  deviations: list<string>(({ summary }) => summary.deviations),
  ends: list<ShardEnd>((run) => [endOf(run)]),

  /** Clusters that were cancelled, that failed as expected of their faults, and those that are made by custom resources. */
  counts: part<SummedCounts, SummedCounts>({
    keep: ({ facts, plan }) => ({
      cancelled: facts.cancelled,
      failedAsExpected: facts.failedAsExpected,
      onHub: plan.clusters.filter(({ api }) => api === 'kube').length,
    }),
    none: () => ({ cancelled: 0, failedAsExpected: 0, onHub: 0 }),
    add: (sum, kept) => addNumbers(sum, { ...kept }),
  }),
} as const;

type Parts = typeof FIGURE_PARTS;
export type PartName = keyof Parts;
/** What a file has. */
export type KeptParts = { [K in PartName]: ReturnType<Parts[K]['keep']> };
/** What several come to. */
export type SummedParts = { [K in PartName]: ReturnType<Parts[K]['none']> };

/** As FailureCauses keeps them. */
const NAMED_HOSTS = 5;

export function keepParts(run: EndedRun): KeptParts {
  return Object.fromEntries(Object.entries(FIGURE_PARTS).map(([name, { keep }]) => [name, keep(run)])) as KeptParts;
}

export function noParts(plan: Pick<ExpandedPlan, 'steps'>): SummedParts {
  return Object.fromEntries(Object.entries(FIGURE_PARTS).map(([name, { none }]) => [name, none(plan)])) as SummedParts;
}

/** @throws Error for what {@link keepParts} did not make */
export function addParts(sums: SummedParts, kept: KeptParts, shard: ShardPlace): void {
  for (const [name, { add }] of Object.entries(FIGURE_PARTS) as [PartName, FigurePart<unknown, unknown>][]) {
    add(sums[name], kept[name], shard);
  }
}

function addReached<T extends string>(into: Record<T, Reached>, from: Record<T, Reached>): void {
  for (const [phase, { count, of }] of Object.entries(from) as [T, Reached][]) {
    into[phase] ??= { count: 0, of: 0 };
    into[phase].count += count;
    into[phase].of += of;
  }
}

/** Of a point only what is drawn is kept. */
function drawnPoint([startMs, endMs, value]: readonly [number, number, number]): ServerPoint {
  const gauge = { last: value, min: value, max: value, mean: value, looks: 1 };
  return { startMs, endMs, values: { gauge, counted: null, trend: null } };
}

function endOf({ plan, summary, facts, measurements, spoilt }: EndedRun): ShardEnd {
  const { verdict, reasons, totals, clusters, generator } = summary;
  const startMs = facts.startedAt.getTime();
  return {
    ...{ shard: plan.shard.index, verdict, reasons, generator, startMs },
    ...{ causes: [...spoilt.causes], leftovers: [...spoilt.leftovers], givenUp: spoilt.givenUp },
    thresholds: facts.thresholds.map((one): KeptThreshold => {
      const { figure, labels, aggregation, percentile, ok } = one;
      return { ...{ figure, labels, aggregation, percentile, ok }, crossedSinceMs: facts.crossedSinceMs(one) };
    }),
    complete: clusters.complete,
    requests: totals.requests,
    p95: totals.sinceDue.count === 0 ? null : totals.sinceDue.p95,
    longestOutageMs: facts.outages.reduce((most, outage) => Math.max(most, outage.endMs - outage.startMs), 0),
    beganMs: measurements.windows.ended[0]?.from.wallMs ?? startMs,
    wallSeconds: facts.wallSeconds,
    countedSeconds: facts.countedSeconds,
    simulatedSeconds: facts.simulatedSeconds,
  };
}
