/** What a run came to: one plain object, for summary.json, the API and the terminal. */

import type { FaultKind } from '../../model/faults/faults.ts';
import type { BootKind } from '../../model/protocol/boot-kinds.ts';
import type { ClusterPhase, HostPhase } from '../../model/protocol/phases.ts';
import { STOCK_IDLE_SECONDS } from '../plan/connections.ts';
import type { ExpandedPlan, Threshold } from '../plan/expanded-plan.ts';
import { faultKindsOf } from '../plan/fault-choice.ts';
import type { RunThreshold } from '../plan/thresholds.ts';
import type { LongestWait, Outage } from '../telemetry/answer-monitor.ts';
import type { ChurnCounts } from '../telemetry/churn-counts.ts';
import type { ClusterDuration, ClusterMilestone } from '../telemetry/cluster-durations.ts';
import type { FailureSamples } from '../telemetry/failure-samples.ts';
import type { FaultCounts } from '../telemetry/fault-outcomes.ts';
import type { HubRequestRow } from '../telemetry/hub-request-counts.ts';
import type { ProcessFigures } from '../telemetry/process-figures.ts';
import type { ReaderRow } from '../telemetry/reader-figures.ts';
import type { ErrorKind } from '../telemetry/telemetry.ts';
import type { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import type { SeriesPoint } from '../telemetry/time-series.ts';
import {
  type OutageSummary,
  type SeriesPointSummary,
  summarizeOutages,
  summarizeSeries,
  summarizeUnderWay,
  summarizeWaits,
  type UnansweredSummary,
  type UnderWaySummary,
} from './answer-summary.ts';
import { type ChurnSummary, type ReaderSummary, summarizeChurn, summarizeReaders } from './background-summary.ts';
import { type FaultSummary, summarizeFaults } from './fault-summary.ts';
import { isError } from './figures.ts';
import { type HubSummary, summarizeHub } from './hub-summary.ts';
import { type LinkSummary, summarizeLinks } from './link-summary.ts';
import { type NoopSummary, summarizeNoop } from './noop-summary.ts';
import type { PhaseSummary } from './phase-summary.ts';
import { type Quantiles, quantiles } from './quantiles.ts';
import {
  type PollSummary,
  type RequestErrorSummary,
  type RequestSummary,
  type RequestTotals,
  summarizeErrors,
  summarizePolls,
  summarizeRequests,
  summarizeTotals,
} from './request-summary.ts';
import type { ServerSummary } from './server-summary.ts';
import {
  type DivergenceSummary,
  type FailureCauseSummary,
  type NameOf,
  type ReactionSummary,
  type StateFacts,
  type StateTimeSummary,
  type StuckThingsSummary,
  summarizeStates,
} from './state-summary.ts';
import { type StepSummary, summarizeSteps } from './step-summary.ts';
import { formatMs } from './style.ts';
import type { Evaluated, WorstPart } from './thresholds.ts';
import type { Verdict } from './verdict.ts';

/** How many ever came as far as a phase, of how many that are meant to. */
export interface Reached {
  count: number;
  of: number;
}

/** A funnel: each count is at most the one before, and what is never meant to be installed is not counted as missing. */
export interface Funnel {
  hosts: Record<HostPhase, Reached>;
  clusters: Record<ClusterPhase, Reached>;
  /** Infra-envs without a cluster, and how many of them have all their hosts discovered. */
  infraEnvs: Reached;
}

export interface FunnelStep extends Reached {
  name: string;
}

export interface ThresholdSummary extends Pick<Threshold, 'figure' | 'labels' | 'expression'> {
  /** In the unit of the expression's limit; null when the figure has no sample. */
  value: number | null;
  /** Null when it was not evaluated. */
  ok: boolean | null;
  /** Not from the plan. */
  default: boolean;
  /** Wall-clock seconds from the start of the run, since which it was crossed until the end; null when it was not. */
  crossedAfterSeconds: number | null;
  /** Of a crossed one: the endpoint, or the servers' series, that speaks most against it, with its own value. */
  worst: WorstPart | null;
}

export interface BootSummary {
  kind: BootKind;
  requests: number;
  /** Requests without an answer, and answers of 400 or more. What this machine had no means for stands in `outcomes` alone. */
  errors: number;
  /** Requests by outcome (status or error kind). */
  outcomes: Record<string, number>;
  /** Of bodies. */
  bytes: number;
  /** Simulated milliseconds until a host had all of it, retries included. */
  duration: Quantiles;
}

/**
 * Form of a summary. Raised when a field changes its meaning, its type or goes away; further fields leave it as it is. Summaries
 * without it are of versions before 1.
 */
export const SUMMARY_SCHEMA_VERSION = 1;

export interface RunSummary {
  /** {@link SUMMARY_SCHEMA_VERSION} of who wrote it. */
  schemaVersion: number;
  run: string;
  plan: string;
  seed: string;
  shard: { index: number; count: number };
  service: string;
  /** Null while the run goes on. */
  verdict: Verdict | null;
  reasons: string[];
  /** What the verdict rests on, beside clusters, machines and clean-up. */
  thresholds: ThresholdSummary[];
  startedAt: string;
  /** Moment at which the run was to begin, as all shards of its plan; null when none was given. */
  startAt: string | null;
  /** By so much it began after {@link startAt}; null when none was given. */
  startedLateSeconds: number | null;
  wallSeconds: number;
  simulatedSeconds: number;
  clockSpeed: number;
  clusters: {
    /** That are to be installed. */
    planned: number;
    installed: number;
    /** Infra-envs that only hold discovered hosts, and how many of them do. */
    infraEnvs: number;
    infraEnvsDiscovered: number;
    /** Clusters and infra-envs that came to their planned end. */
    complete: number;
    failed: number;
    /** Because of a fault that the plan gives them, as had to be expected; not among the failed ones. */
    failedAsExpected: number;
    cancelled: number;
  };
  hostFunnel: FunnelStep[];
  clusterFunnel: FunnelStep[];
  /** In the order of time: the run's phases, `deploy` in as many parts as its load has steps. */
  phases: PhaseSummary[];
  /** `life` is 2 of a cluster that failed when it had been removed and was made anew, and so on; else absent. */
  failures: { cluster: number; name: string; reason: string; life?: number }[];
  /** What became of the plan's faults; empty where it has none. */
  faults: FaultSummary[];
  requests: RequestSummary[];
  totals: RequestTotals;
  /** Of native agents. */
  polls: PollSummary;
  /** What went wrong with requests, the most frequent first. */
  requestErrors: RequestErrorSummary[];
  /** Empty where nobody looked. */
  readers: ReaderSummary[];
  /** Null where clusters stayed. */
  churn: ChurnSummary | null;
  /** Null when no cluster was made by custom resources. */
  hub: HubSummary | null;
  /** Slow links, in the plan's order; empty when no host had one. */
  links: LinkSummary[];
  /** Null when no host was a no-op one. */
  noop: NoopSummary | null;
  /** At this moment. */
  underWay: UnderWaySummary[];
  /** In the order of time. */
  outages: OutageSummary[];
  unanswered: UnansweredSummary[];
  /** The course of the run: 60 to 120 points of one length, of a second each in a run that is shorter than two minutes. */
  series: SeriesPointSummary[];
  /** Simulated milliseconds between milestones, of the clusters that came to the later one. */
  clusterDurations: { from: ClusterMilestone; to: ClusterMilestone; duration: Quantiles }[];
  /** How long hosts, clusters and their custom resources stayed in their states. */
  states: StateTimeSummary[];
  reactions: ReactionSummary[];
  /** Empty when nothing was compared. */
  divergence: DivergenceSummary[];
  stuck: StuckThingsSummary;
  /** Those of clusters first; alike ones together. */
  failureCauses: FailureCauseSummary[];
  pollLateness: Quantiles;
  /** Simulated milliseconds. */
  stages: { role: string; stage: string; duration: Quantiles }[];
  replies: StepSummary[];
  /** What booting hosts have downloaded, by what it was. */
  boot: BootSummary[];
  errors: Partial<Record<ErrorKind, number>>;
  connections: { opened: number; closed: number; open: number };
  bytes: { sent: number; received: number };
  generator: {
    /** Share of one core, in percent, over the whole run and all threads. */
    cpuPercent: number;
    rssBytes: number;
    peakRssBytes: number;
    workers: number;
    /** The generator itself was the bottleneck at some time: its latencies cannot be trusted. */
    saturated: boolean;
    /** For how long, of the wall-clock seconds it was watched. */
    saturatedSeconds: number;
    watchedSeconds: number;
    /** Seconds by reason; several may hold at once. */
    saturatedBy: Record<string, number>;
  };
  /** Of the servers under load. Older summaries lack it. */
  servers: ServerSummary;
  /** What native agents did otherwise than stock programs; null where nothing was recorded of both. */
  drift: DriftSummary | null;
  /** In what the load was not that of real agents. */
  deviations: string[];
  /** What the run made and could not (or should not) remove. */
  leftBehind: LeftBehind[];
}

/** How far native agents and stock programs were compared. */
export interface DriftSummary {
  differences: number;
  /** In one line. */
  result: string;
}

/** Objects of one cluster that stand on the service. */
export interface LeftBehind {
  name: string;
  clusterId: string | null;
  infraEnvId: string | null;
  /** What may stand there too: a request to create it was under way or was never answered. Absent when there is nothing. */
  unconfirmed?: { kind: string; name: string }[];
  /** Objects on the hub, `kind namespace/name`. Absent when there are none. */
  hub?: string[];
}

/** What only the run knows. */
export interface RunFacts {
  run: string;
  plan: ExpandedPlan;
  /** Percentiles that distributions are to have beside the usual ones; none when absent. */
  percentiles?: readonly number[];
  verdict: Verdict | null;
  reasons: string[];
  thresholds: readonly Evaluated<RunThreshold>[];
  /** Wall-clock milliseconds; null where it was not seen while the run went on. */
  crossedSinceMs(threshold: RunThreshold): number | null;
  outages: readonly Outage[];
  longestWaits: readonly LongestWait[];
  series: readonly SeriesPoint[];
  failureSamples: Pick<FailureSamples, 'of'>;
  clusterDurations: readonly ClusterDuration[];
  states: StateFacts;
  nameOf: NameOf;
  startedAt: Date;
  /** Moment at which the run was to begin; null when none was given. */
  startAt: Date | null;
  /** From the start to the end of the last cluster's life. */
  wallSeconds: number;
  /** From the start until now, clean-up included: what counts are divided by to give rates. */
  countedSeconds: number;
  simulatedSeconds: number;
  funnel: Funnel;
  phases: PhaseSummary[];
  failures: RunSummary['failures'];
  failedAsExpected: number;
  faults: ReadonlyMap<FaultKind, FaultCounts>;
  cancelled: number;
  generator: RunSummary['generator'];
  /** Simulated seconds an idle connection really lingered. */
  idleSeconds: number;
  leftBehind: LeftBehind[];
  hubRequests: readonly HubRequestRow[];
  readers: readonly ReaderRow[];
  churn: ChurnCounts;
  servers: ServerSummary;
  drift: DriftSummary | null;
  processes: ProcessFigures;
}

/** Phases worth a line of the funnel, with the words for them. */
const HOST_FUNNEL: readonly (readonly [HostPhase, string])[] = [
  ['registering', 'booted'],
  ['polling', 'registered'],
  ['discovered', 'discovered'],
  ['installing', 'installing'],
  ['writing', 'writing image'],
  ['rebooted', 'rebooted'],
  ['joined', 'joined'],
  ['done', 'done'],
];
const CLUSTER_FUNNEL: readonly (readonly [ClusterPhase, string])[] = [
  ['discovering', 'created'],
  ['preparing', 'hosts discovered'],
  ['installing', 'installing'],
  ['finalizing', 'finalizing'],
  ['installed', 'installed'],
  ['complete', 'complete'],
];

/** How many came how far, with what they are counted of. */
export function funnelSteps(funnel: Funnel): { hosts: FunnelStep[]; clusters: FunnelStep[] } {
  return {
    hosts: HOST_FUNNEL.map(([phase, name]) => ({ name, ...funnel.hosts[phase] })),
    clusters: CLUSTER_FUNNEL.map(([phase, name]) => ({ name, ...funnel.clusters[phase] })),
  };
}

/** Seconds from the moment at which a run was to begin to its start; null when none was given. */
export function lateSeconds({ startAt, startedAt }: Pick<RunFacts, 'startAt' | 'startedAt'>): number | null {
  return startAt === null ? null : Math.max(0, startedAt.getTime() - startAt.getTime()) / 1000;
}

/** Seconds after its moment from which on a start is called late: timers and threads of a machine that keeps up take less. */
const LATE_SECONDS = 1;

/** A sentence about a run that began after its moment; null where there is nothing to say. */
export function lateStart({
  startAt,
  startedLateSeconds: late,
}: Pick<RunSummary, 'startAt' | 'startedLateSeconds'>): string | null {
  if (startAt === null || late === null || late < LATE_SECONDS) return null;
  return `began ${formatMs(late * 1000)} after ${startAt}, the moment that all shards share`;
}

/** Reads the telemetry of a run once and puts it together with what the run knows. */
export function summarize(reader: TelemetryReader, facts: RunFacts, wallMs: number): RunSummary {
  const snapshot = reader.snapshot(wallMs);
  const { plan, funnel, percentiles = [] } = facts;
  const seconds = Math.max(facts.countedSeconds, 1e-9);
  const steps = funnelSteps(funnel);
  return {
    schemaVersion: SUMMARY_SCHEMA_VERSION,
    run: facts.run,
    plan: plan.name,
    seed: plan.seed,
    shard: plan.shard,
    service: plan.service.url,
    verdict: facts.verdict,
    reasons: facts.reasons,
    thresholds: facts.thresholds.map((one) => summarizeThreshold(one, facts)),
    startedAt: facts.startedAt.toISOString(),
    startAt: facts.startAt?.toISOString() ?? null,
    startedLateSeconds: lateSeconds(facts),
    wallSeconds: facts.wallSeconds,
    simulatedSeconds: facts.simulatedSeconds,
    clockSpeed: plan.clockSpeed,
    clusters: {
      planned: funnel.clusters.installed.of,
      installed: funnel.clusters.installed.count,
      infraEnvs: funnel.infraEnvs.of,
      infraEnvsDiscovered: funnel.infraEnvs.count,
      complete: funnel.clusters.complete.count,
      failed: facts.failures.filter(({ life }) => life === undefined).length,
      failedAsExpected: facts.failedAsExpected,
      cancelled: facts.cancelled,
    },
    hostFunnel: steps.hosts,
    clusterFunnel: steps.clusters,
    phases: facts.phases,
    failures: facts.failures,
    faults: summarizeFaults(plan, facts.faults, facts.nameOf),
    requests: summarizeRequests(reader, seconds, percentiles),
    totals: summarizeTotals(reader, snapshot, seconds, percentiles),
    polls: summarizePolls(reader, percentiles),
    requestErrors: summarizeErrors(reader, facts.failureSamples, faultKindsOf(plan.clusters)),
    readers: summarizeReaders(facts.readers, percentiles),
    churn: summarizeChurn(plan, facts.churn),
    hub: summarizeHub(plan, facts.hubRequests, percentiles),
    links: summarizeLinks(plan, reader, percentiles),
    noop: summarizeNoop(facts.processes),
    underWay: summarizeUnderWay(snapshot),
    outages: summarizeOutages(facts.outages, facts.startedAt),
    unanswered: summarizeWaits(facts.longestWaits),
    series: summarizeSeries(facts.series, facts.startedAt),
    clusterDurations: facts.clusterDurations.map(({ from, to, distribution }) => ({
      from,
      to,
      duration: quantiles(distribution, percentiles),
    })),
    ...summarizeStates(facts.states, facts.nameOf, facts.failures),
    pollLateness: quantiles(reader.pollLateness(), percentiles),
    stages: reader
      .stageDurations()
      .map(({ role, stage, distribution }) => ({ role, stage, duration: quantiles(distribution, percentiles) })),
    replies: summarizeSteps(snapshot),
    boot: summarizeBoot(reader, percentiles),
    errors: Object.fromEntries(Object.entries(snapshot.errors).filter(([, count]) => count > 0)),
    connections: snapshot.connections,
    bytes: { sent: snapshot.totals.bytesSent, received: snapshot.totals.bytesReceived },
    generator: facts.generator,
    servers: facts.servers,
    drift: facts.drift,
    deviations: [...deviations(plan, facts.idleSeconds), ...(facts.states.divergence.length > 0 ? [COMPARING] : [])],
    leftBehind: facts.leftBehind,
  };
}

function summarizeThreshold(one: Evaluated<RunThreshold>, facts: RunFacts): ThresholdSummary {
  const { figure, labels, expression, value, ok, worst = null } = one;
  const since = ok === false ? facts.crossedSinceMs(one) : null;
  return {
    ...{ figure, labels, expression, value, ok },
    default: one.default,
    crossedAfterSeconds: since === null ? null : Math.max(0, since - facts.startedAt.getTime()) / 1000,
    worst,
  };
}

/** Settings of a plan under which the load differs from that of real agents, in words. */
export function deviations(
  plan: Pick<ExpandedPlan, 'clockSpeed' | 'connections' | 'pollIntervalSeconds' | 'spokeProfile' | 'boot' | 'programs'>,
  idleSeconds: number,
): string[] {
  const list: string[] = [];
  if (plan.clockSpeed !== 1) {
    list.push(`time is compressed ${plan.clockSpeed} times: rates are that many times those of real agents`);
  }
  if (plan.connections.mode !== 'per-poll') {
    list.push(`connection mode is ${plan.connections.mode}: real agents open a new connection a poll`);
  }
  if (plan.connections.mode === 'per-poll' && idleSeconds !== STOCK_IDLE_SECONDS) {
    list.push(`idle connections linger ${idleSeconds} s: those of real agents stay ${STOCK_IDLE_SECONDS} s`);
  }
  if (plan.pollIntervalSeconds !== null) {
    list.push(`agents poll every ${plan.pollIntervalSeconds} s: real ones obey the interval that the service names`);
  }
  if (plan.boot) {
    const { from, share, readBytes } = plan.boot;
    if (share < 1) list.push(`${Math.round(share * 100)}% of the hosts download what they boot: real ones all do`);
    if (from === 'iso') {
      list.push(
        `the ISO is read from its beginning to its end, ${readBytes / 1000} kB a request: BMCs differ in both, and read what is asked of them`,
      );
    }
  }
  if (plan.programs) {
    list.push(
      'no-op hosts: their inventory is a document of the plan and not what the stock program would find; their requests count as due when they were sent',
    );
  }
  if (plan.spokeProfile !== 'typical') {
    list.push(
      `clusters install by the table "${plan.spokeProfile}": real ones take longer and ask more often meanwhile`,
    );
  }
  return list;
}

const COMPARING =
  'one host made by custom resources, and its cluster, is read by REST each second, to compare both: these requests are in no other figure';

function summarizeBoot(reader: TelemetryReader, percentiles: readonly number[]): BootSummary[] {
  return reader.bootDownloads().map(({ kind, requests: outcomes, bytes, durations }) => {
    const entries = Object.entries(outcomes);
    const sum = (counts: [string, number][]) => counts.reduce((total, [, count]) => total + count, 0);
    return {
      kind,
      requests: sum(entries),
      errors: sum(entries.filter(([code]) => isError(code))),
      outcomes,
      bytes,
      duration: quantiles(durations, percentiles),
    };
  });
}
