/**
 * The summary of several shards as if one run had done all of their work: the same parts, made by the same code from figures that were added
 * up. Its verdict is reached from these, and from what went wrong with shards; that a shard failed by itself says nothing of the whole.
 */

import { FAULT_KINDS } from '../../../model/faults/faults.ts';
import { CLIENT_KINDS } from '../../../model/protocol/endpoints.ts';
import { USUAL_POLL_SECONDS } from '../../plan/open-connections.ts';
import { serverFigureNamed } from '../../plan/server-figures.ts';
import { type RunThreshold, thresholdsFor } from '../../plan/thresholds.ts';
import { type FaultFacts, unexpectedOf } from '../../report/fault-summary.ts';
import { type Measured, RunFigures, type TimeOfRun } from '../../report/figures.ts';
import { ServerFigureSource } from '../../report/server-figures.ts';
import { type CollectorSummary, FIRST_SHARD_READS, summarizeServers } from '../../report/server-summary.ts';
import type { ShardSummary } from '../../report/shard-summary.ts';
import type { SummarizedPlan } from '../../report/summarized-plan.ts';
import { type Funnel, type Reached, type RunSummary, summarize } from '../../report/summary.ts';
import { type Evaluated, evaluate } from '../../report/thresholds.ts';
import { reachVerdict } from '../../report/verdict.ts';
import type { Outage } from '../../telemetry/answer-monitor.ts';
import { CLUSTER_SPANS } from '../../telemetry/cluster-durations.ts';
import { Distribution, HISTOGRAM_WORDS, recordDuration } from '../../telemetry/histogram.ts';
import { mergedOutages } from '../../telemetry/merged-outages.ts';
import { mergedSeries } from '../../telemetry/merged-series.ts';
import type { Moment } from '../../telemetry/moment.ts';
import { readSeries, type ServerSeries } from '../../telemetry/server-figures.ts';
import { createTelemetryBuffer, UNDER_WAY_AT, viewTelemetry } from '../../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../../telemetry/telemetry-reader.ts';
import type { UnderWayNow } from '../../telemetry/telemetry-snapshot.ts';
import { causesFirst } from '../judgement.ts';
import { isOfInstallation } from '../run-index.ts';
import { RunWindows } from '../run-windows.ts';
import type { KeptThreshold, ShardEnd, SummedParts } from './figure-parts.ts';
import { causesOf, endsOf, shardName } from './merge-causes.ts';
import type { MergedShards } from './merge-runs.ts';
import { agesOf } from './moments.ts';

export interface MergeOptions {
  /** Id of the result. */
  run: string;
  /** Beside the usual ones; absent: those that the shards were asked for. */
  percentiles?: readonly number[];
  /** Wall-clock milliseconds that the loads of shards may begin apart. */
  apartMs: number;
}

/** What stands at the end of all shards, as one run would have measured it. */
interface Whole {
  measured: Measured;
  windows: RunWindows;
  outages: Outage[];
}

export function summarizeMerged(merged: MergedShards, options: MergeOptions): RunSummary {
  const { plan, sums, ended } = merged;
  const ends = endsOf(sums);
  const startMs = Math.min(...ends.map((end) => end.startMs));
  const startedAt = new Date(startMs);
  const percentiles =
    options.percentiles ?? [...new Set(ended.flatMap((one) => one.percentiles))].sort((a, b) => a - b);
  const whole = measuredOf(merged, startMs);
  const servers = chosenServers(merged);
  const since = crossedSince(ends);
  const thresholds = causesFirst(evaluateWhole(merged, whole, servers.series), since);
  const failures = sums.failures.toSorted((a, b) => a.cluster - b.cluster);
  const longestWaits = [...sums.longestWaits.values()];
  const names = new Map(sums.names.map((one) => [`${one.cluster} ${one.host}`, one]));
  const nameOf = (cluster: number, host: number | null) =>
    names.get(`${cluster} ${host}`) ?? { name: `cluster ${cluster}${host === null ? '' : `, host ${host}`}`, id: '' };
  const faults = faultsOf(sums);
  const { verdict, reasons } = reachVerdict({
    ...{ causes: causesOf(merged, options.apartMs), givenUp: false, thresholds, stopped: false },
    leftovers: ends.flatMap((end) => end.leftovers.map((what) => `${shardName(end.shard, merged)}: ${what}`)),
    details: {
      ...{ startedAt, failures, longestWaits, crossedSinceMs: since, outages: whole.outages },
      unexpected: unexpectedOf(faults, nameOf),
    },
  });
  const { reader, states } = whole.measured;
  const summary = summarize(
    reader,
    {
      ...{ run: options.run, plan: summarizedPlan(merged), percentiles, verdict, reasons, thresholds, startedAt },
      ...{ crossedSinceMs: since, outages: whole.outages, longestWaits, failures },
      series: mergedSeries(sums.series),
      failureSamples: sums.failureSamples,
      clusterDurations: CLUSTER_SPANS.map((span) => ({
        ...span,
        distribution: whole.measured.clusterDurations.of(span),
      })).filter(({ distribution }) => distribution.count > 0),
      states: {
        ...{ states: lastOf(merged).states.states, reactions: states.reactions, stuck: states.stuck },
        ...{ divergence: sums.divergence, hostCauses: mostFrequent([...sums.hostCauses.values()]) },
      },
      // Shards begin when each does, which their rows tell.
      startAt: null,
      nameOf,
      faults,
      failedAsExpected: sums.counts.failedAsExpected,
      wallSeconds: lengthOf(ends, startMs, (end) => end.wallSeconds),
      countedSeconds: whole.measured.seconds,
      simulatedSeconds: Math.max(...ends.map((end) => end.simulatedSeconds)),
      funnel: wholeFunnel(sums.funnel, plan.whole),
      phases: whole.windows.summarize(startMs, percentiles),
      cancelled: sums.counts.cancelled,
      generator: generatorOf(ends),
      idleSeconds: plan.connections.idleSeconds,
      leftBehind: sums.leftBehind,
      hubRequests: sums.hubRequests,
      readers: sums.readers,
      churn: sums.churn,
      servers: summarizeServers(servers.collectors, { series: () => servers.series }, startedAt),
      drift: null,
      processes: sums.processes,
      shards: shardsOf(merged, servers.readBy),
    },
    startMs + whole.measured.seconds * 1000,
  );
  return { ...summary, deviations: deviationsOf(merged) };
}

/** Wall-clock seconds from the first start to the last end. */
function lengthOf(ends: readonly ShardEnd[], startMs: number, secondsOf: (end: ShardEnd) => number): number {
  return Math.max(...ends.map((end) => (end.startMs - startMs) / 1000 + secondsOf(end)));
}

/** Clusters of shards that did not end. */
function missingClusters({ plan, ended }: MergedShards): number {
  return plan.whole.clusters - ended.reduce((sum, { planned }) => sum + planned.clusters, 0);
}

function lastOf(merged: MergedShards): Moment {
  return merged.sums.moments.last(missingClusters(merged))!;
}

function measuredOf(merged: MergedShards, startMs: number): Whole {
  const { sums, plan } = merged;
  const last = lastOf(merged);
  const outages = mergedOutages(sums.answers);
  const reader = readerOf(last, sums.underWay);
  const lengths = new Float64Array(HISTOGRAM_WORDS);
  for (const outage of outages) recordDuration(lengths, 0, outage.endMs - outage.startMs);
  const windows = RunWindows.of(
    { reader, answers: { outages: () => outages } },
    sums.moments.windows(missingClusters(merged)),
  );
  return {
    measured: {
      reader,
      answers: {
        ages: (client) => agesOf(last, client),
        outageLengths: () => {
          const distribution = new Distribution();
          distribution.addWords(lengths, 0);
          return distribution;
        },
      },
      saturation: { totals: () => last.saturation },
      clusterDurations: {
        of: ({ from, to }) => {
          const span = CLUSTER_SPANS.findIndex((one) => one.from === from && one.to === to);
          return last.clusterDurations[span] ?? new Distribution();
        },
      },
      states: last.states,
      clusters: last.clusters,
      faults: last.faults,
      faultKinds: new Set(sums.faults.planned.keys()),
      seconds: lengthOf(endsOf(sums), startMs, (end) => end.countedSeconds),
      pollMs: ((plan.pollIntervalSeconds ?? USUAL_POLL_SECONDS) * 1000) / plan.clockSpeed,
    },
    ...{ windows, outages },
  };
}

/** All counters of all shards, as one thread's. */
function readerOf({ telemetry }: Moment, underWay: readonly UnderWayNow[]): TelemetryReader {
  const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
  const section = viewTelemetry(buffer).sections[0]!;
  telemetry.writeTo(section);
  for (const { client, count, sinceMs } of underWay) {
    const at = UNDER_WAY_AT + CLIENT_KINDS.indexOf(client) * 2;
    section[at]! += count;
    section[at + 1] = section[at + 1] === 0 ? sinceMs : Math.min(section[at + 1]!, sinceMs);
  }
  return new TelemetryReader(buffer);
}

/** The plan's thresholds over all shards; limits are those of the whole load. */
function evaluateWhole(
  { plan, ended }: MergedShards,
  { measured, windows }: Whole,
  series: readonly ServerSeries[],
): Evaluated<RunThreshold>[] {
  const { pollMs, faultKinds } = measured;
  const within = (time: TimeOfRun) => {
    const part = windows.measured(time);
    return part && { ...part, pollMs, faultKinds };
  };
  const figures = new RunFigures(measured, within);
  // As of one run: what is judged unless the plan says otherwise is judged without what slow links take.
  const usual = plan.links ? new RunFigures(measured, within, { withoutLinks: true }) : figures;
  const servers = new ServerFigureSource({
    series: () => series,
    read: (figure, labels, time) => readSeries(series, figure, labels, time),
  });
  const load = {
    ...ended[0]!.load,
    hosts: plan.whole.hosts,
    installs: plan.whole.shapes.some(({ justInfraEnv }) => !justInfraEnv),
    // Of shards that share a pace, those with most hosts look least often.
    lookMs: Math.max(...ended.map((one) => one.load.lookMs)),
  };
  return thresholdsFor(load, plan.thresholds).flatMap((threshold) => {
    const own = threshold.default ? usual : figures;
    return evaluate([threshold], serverFigureNamed(threshold.figure) ? servers : own);
  });
}

/** In the order of the table of faults. */
function faultsOf({ faults: { planned, outcomes } }: SummedParts): FaultFacts {
  return {
    planned: new Map(FAULT_KINDS.filter((kind) => planned.has(kind)).map((kind) => [kind, planned.get(kind)!])),
    counts: outcomes.counts(),
  };
}

/** The first moment at which a shard saw a threshold crossed that it judged itself by too. */
function crossedSince(ends: readonly ShardEnd[]): (threshold: RunThreshold) => number | null {
  // Of a larger load some limits are others.
  const key = ({ figure, labels, aggregation, percentile }: Omit<KeptThreshold, 'ok' | 'crossedSinceMs'>) =>
    JSON.stringify([figure, labels, aggregation, percentile]);
  const first = new Map<string, number>();
  for (const { thresholds } of ends) {
    for (const one of thresholds) {
      if (one.crossedSinceMs === null) continue;
      first.set(key(one), Math.min(first.get(key(one)) ?? Number.POSITIVE_INFINITY, one.crossedSinceMs));
    }
  }
  return (threshold) => first.get(key(threshold)) ?? null;
}

/** Hosts and clusters of shards that did not end are among those that should have come so far. */
function wholeFunnel({ hosts, clusters, infraEnvs }: Funnel, { shapes }: MergedShards['plan']['whole']): Funnel {
  const planned = { hosts: { all: 0, installed: 0 }, clusters: { all: 0, installed: 0 } };
  for (const { amount, justInfraEnv, controlPlanes, arbiters, workers, day2Workers } of shapes) {
    const size = amount * (controlPlanes + arbiters + workers + day2Workers);
    planned.hosts.all += size;
    planned.clusters.all += amount;
    if (justInfraEnv) continue;
    planned.hosts.installed += size;
    planned.clusters.installed += amount;
  }
  const complete = <T extends string>(of: Record<T, Reached>, { all, installed }: { all: number; installed: number }) =>
    Object.fromEntries(
      Object.entries<Reached>(of).map(([phase, { count }]) => [
        phase,
        { count, of: isOfInstallation(phase) ? installed : all },
      ]),
    ) as Record<T, Reached>;
  return {
    hosts: complete(hosts, planned.hosts),
    clusters: complete(clusters, planned.clusters),
    infraEnvs: { count: infraEnvs.count, of: planned.clusters.all - planned.clusters.installed },
  };
}

function generatorOf(ends: readonly ShardEnd[]): RunSummary['generator'] {
  const sum = (of: (generator: RunSummary['generator']) => number) =>
    ends.reduce((all, { generator }) => all + of(generator), 0);
  const saturatedBy: Record<string, number> = {};
  for (const { generator } of ends) {
    for (const [reason, seconds] of Object.entries(generator.saturatedBy)) {
      saturatedBy[reason] = (saturatedBy[reason] ?? 0) + seconds;
    }
  }
  return {
    cpuPercent: sum((one) => one.cpuPercent),
    rssBytes: sum((one) => one.rssBytes),
    peakRssBytes: sum((one) => one.peakRssBytes),
    workers: sum((one) => one.workers),
    saturated: ends.some(({ generator }) => generator.saturated),
    saturatedSeconds: sum((one) => one.saturatedSeconds),
    watchedSeconds: sum((one) => one.watchedSeconds),
    saturatedBy,
  };
}

/** All shards load the same servers: of each source the figures of that shard count which read it most often. */
function chosenServers({ sums: { servers }, lost, missing }: MergedShards) {
  const first = lost.some(({ index }) => index === 0) ? 'lost' : missing.includes(0) ? 'missing' : null;
  const best = new Map<string, { shard: number; collector: CollectorSummary; series: ServerSeries[] }>();
  for (const { shard, collectors, series } of servers.toSorted((a, b) => a.shard - b.shard)) {
    for (const collector of collectors) {
      const known = best.get(collector.name);
      if (known && known.collector.reads >= collector.reads) continue;
      best.set(collector.name, {
        ...{ shard, collector },
        series: series.filter(({ source }) => source === collector.name),
      });
    }
  }
  const chosen = [...best.values()];
  return {
    collectors: chosen.map(({ collector }) =>
      first !== null && collector.reason === FIRST_SHARD_READS
        ? { ...collector, reason: `shard 0 read it, and is ${first}` }
        : collector,
    ),
    series: chosen.flatMap(({ series }) => series),
    /** Sources by shard, those that were read. */
    readBy: (index: number) =>
      chosen
        .filter(({ shard, collector }) => shard === index && collector.reads > 0)
        .map(({ collector }) => collector.name),
  };
}

function shardsOf(merged: MergedShards, serversOf: (shard: number) => string[]): ShardSummary[] {
  const { ended, lost, missing, sums, plan } = merged;
  const { count } = ended[0]!.shard;
  const began = Math.min(...sums.ends.map(({ beganMs }) => beganMs));
  const nothing = {
    ...{ verdict: null, beganAfterSeconds: null, wallSeconds: null, requests: 0, p95: null },
    ...{ saturatedSeconds: 0, watchedSeconds: 0, longestOutageSeconds: 0, servers: [] },
  };
  const rows: ShardSummary[] = [
    ...sums.ends.map((end): ShardSummary => {
      const { run, machine, planned } = ended.find(({ shard }) => shard.index === end.shard)!;
      const { generator } = end;
      return {
        ...{ index: end.shard, state: 'ended', run, machine, ...planned, complete: end.complete },
        ...{ verdict: end.verdict, beganAfterSeconds: (end.beganMs - began) / 1000, wallSeconds: end.wallSeconds },
        ...{ requests: end.requests, p95: end.p95 },
        ...{ saturatedSeconds: generator.saturatedSeconds, watchedSeconds: generator.watchedSeconds },
        ...{ longestOutageSeconds: end.longestOutageMs / 1000, servers: serversOf(end.shard) },
      };
    }),
    ...lost.map(
      ({ index, run, machine, clusters, hosts, complete }): ShardSummary => ({
        ...{ index, state: 'lost', run, machine, clusters, hosts, complete, ...nothing },
      }),
    ),
    ...missing.map(
      (index): ShardSummary => ({
        ...{ index, state: 'missing', run: null, machine: null, ...nothing },
        ...{ clusters: Math.ceil(Math.max(0, plan.whole.clusters - index) / count), hosts: null, complete: 0 },
      }),
    ),
  ];
  return rows.sort((a, b) => a.index - b.index);
}

function summarizedPlan({ plan, sums }: MergedShards): SummarizedPlan {
  const { onHub } = sums.counts;
  const others = Math.max(0, plan.whole.clusters - onHub);
  return {
    ...plan,
    ...(plan.links && { links: plan.links.map((link, at) => ({ ...link, hosts: sums.linkHosts[at] ?? 0 })) }),
    shard: { index: 0, count: 1 },
    clusters: [
      ...new Array<SummarizedPlan['clusters'][number]>(onHub).fill({ api: 'kube' }),
      ...new Array<SummarizedPlan['clusters'][number]>(others).fill({ api: 'rest' }),
    ],
  };
}

function deviationsOf({ plan, sums, ended }: MergedShards): string[] {
  const own =
    plan.service.url === 'embedded' && ended.length > 1
      ? ['each shard had an embedded service of its own: figures of servers are those of one of them']
      : [];
  return [...new Set([...sums.deviations, ...own])];
}

function mostFrequent<T extends { count: number }>(causes: T[]): T[] {
  return causes.sort((a, b) => b.count - a.count);
}
