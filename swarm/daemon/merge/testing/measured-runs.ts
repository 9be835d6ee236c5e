/**
 * Runs without anything that runs: what hosts and clusters of a plan did is written down, and measured by one run with several threads, or
 * by several shards with one each.
 */
import type { ClusterPhase, HostPhase } from '../../../../model/protocol/phases.ts';
import { HOST_STAGES } from '../../../../model/protocol/states.ts';
import type { ExpandedPlan, RunPhase } from '../../../plan/expanded-plan.ts';
import { summarizeServers } from '../../../report/server-summary.ts';
import { type RunFacts, type RunSummary, summarize } from '../../../report/summary.ts';
import { AnswerMonitor } from '../../../telemetry/answer-monitor.ts';
import type { RunEvent } from '../../../telemetry/run-event.ts';
import { SharedTelemetry } from '../../../telemetry/shared-telemetry.ts';
import type { RequestOutcome } from '../../../telemetry/telemetry.ts';
import { TimeSeries } from '../../../telemetry/time-series.ts';
import { Measurements } from '../../measurements.ts';
import { RunIndex } from '../../run-index.ts';
import type { EndedRun } from '../figure-parts.ts';

/** Something that happened to one cluster, or to all at once where `cluster` is null. */
export type Happening =
  | { cluster: number; request: RequestOutcome; ms: number; endpoint: 'get-instructions' | 'post-step-reply' }
  | { cluster: number; lateMs: number; waitMs: number }
  | { cluster: number; stage: number; ms: number }
  | { cluster: number; error: 'malformed-answer' | 'host-lost' }
  | { cluster: number; phase: ClusterPhase; at: number }
  | { cluster: number; status: 'insufficient' | 'ready' | 'installing'; at: number }
  | { cluster: number; hostPhase: HostPhase; at: number }
  | { cluster: number; hostStatus: 'known' | 'installing' | 'error'; at: number }
  | { cluster: null; look: number }
  | { cluster: null; enter: RunPhase };

/** What a run needs to be measured. */
interface Measuring {
  plan: ExpandedPlan;
  measurements: Measurements;
  index: RunIndex;
  threadOf: (cluster: number) => SharedTelemetry;
}

/** Simulated epoch milliseconds at which all runs began. */
const ORIGIN = 1_700_000_000_000;
/** Simulated milliseconds before which everything happens. */
export const LONGEST_MS = 6_000_000;
/** Beside the usual ones. */
export const PERCENTILES = [25, 90, 99.9];

function measuring(plan: ExpandedPlan, threads: number): Measuring {
  // Stands still after all that happens, so that what is not over has lasted for as long in all of them.
  const clock = { speed: 0, originWall: ORIGIN, originSimulated: ORIGIN + LONGEST_MS };
  const measurements = new Measurements(plan, threads, clock, () => ({
    of: plan.clusters.length,
    ...{ failed: 0, complete: 0 },
  }));
  // Looks are at moments that the happenings name.
  const { reader } = measurements;
  Object.assign(measurements, { series: new TimeSeries(reader, ORIGIN), answers: new AnswerMonitor(reader, ORIGIN) });
  const writers = Array.from(
    { length: threads },
    (_, at) => new SharedTelemetry(measurements.telemetry, at + 1, (sample) => measurements.failures.add(sample)),
  );
  return { plan, measurements, index: new RunIndex(plan), threadOf: (cluster) => writers[cluster % threads]! };
}

/** Does what happened to the clusters of a plan, and gives what the run has come to. */
export function measuredRun(plan: ExpandedPlan, happenings: readonly Happening[], threads = 1): EndedRun {
  const run = measuring(plan, threads);
  const own = new Map(plan.clusters.map((cluster) => [cluster.index, cluster]));
  for (const one of happenings) {
    if (one.cluster === null) happenToAll(run, one);
    else if (own.has(one.cluster)) happen(run, own.get(one.cluster)!, one);
  }
  run.measurements.windows.end();
  return ended(run);
}

function happenToAll({ measurements }: Measuring, one: Extract<Happening, { cluster: null }>): void {
  if ('enter' in one) {
    measurements.stateLook.forget();
    measurements.windows.begin({ phase: one.enter, step: null, level: null });
    return;
  }
  measurements.series.look(ORIGIN + one.look);
  measurements.answers.look(ORIGIN + one.look);
}

function happen(
  { measurements, index, threadOf }: Measuring,
  cluster: ExpandedPlan['clusters'][number],
  one: Exclude<Happening, { cluster: null }>,
): void {
  const thread = threadOf(cluster.index);
  const host = { cluster: cluster.index, host: cluster.hosts[0]!.index, id: `id-${cluster.index}` };
  const tell = (event: RunEvent) => {
    measurements.apply(event);
    index.apply(event);
  };
  if ('request' in one) {
    const { request: outcome, ms, endpoint } = one;
    const client = 'agent';
    thread.request({
      ...{ client, endpoint, outcome, dueAt: 1000, sentAt: 1001, firstByteAt: 1002, endAt: 1000 + ms },
      ...{ bytesSent: 3, bytesReceived: 7 },
    });
    if (outcome !== 200) thread.requestFailed(client, endpoint, outcome, () => `${outcome} of somebody`);
    else thread.requestSucceeded(client, endpoint, ms);
  } else if ('lateMs' in one) {
    thread.pollLateness(one.lateMs);
    thread.pollWaited(one.waitMs, 1000, 1);
  } else if ('stage' in one) thread.stageDuration('master', HOST_STAGES[one.stage % HOST_STAGES.length]!, one.ms);
  else if ('error' in one) thread.error(one.error);
  else if ('phase' in one) {
    const { phase, at } = one;
    const reason = phase === 'failed' ? { reason: `host ${cluster.index} broke` } : {};
    const { name } = cluster;
    tell({ time: ORIGIN + at, type: 'cluster.phase', cluster: cluster.index, name, phase, ...reason });
  } else if ('status' in one) {
    tell({ time: ORIGIN + one.at, type: 'cluster.status', cluster: cluster.index, status: one.status, info: '' });
  } else if ('hostPhase' in one) {
    const reason = one.hostPhase === 'failed' ? { reason: 'disk 7 is broken' } : {};
    tell({ time: ORIGIN + one.at, type: 'host.phase', ...host, phase: one.hostPhase, ...reason });
  } else tell({ time: ORIGIN + one.at, type: 'host.status', ...host, status: one.hostStatus, info: '' });
}

function ended({ plan, measurements, index }: Measuring): EndedRun {
  measurements.stateLook.forget();
  const startedAt = new Date(ORIGIN);
  const facts: RunFacts = {
    ...{ run: `run-${plan.shard.index}`, plan, percentiles: PERCENTILES, verdict: 'passed', reasons: [] },
    ...{ thresholds: measurements.evaluate({ of: plan.clusters.length, failed: 0, complete: 0 }), startedAt },
    crossedSinceMs: () => null,
    ...measurements.facts(PERCENTILES),
    nameOf: (cluster, host) => ({ name: `name of ${cluster} ${host}`, id: `${cluster}` }),
    ...{ wallSeconds: 10, countedSeconds: 20, simulatedSeconds: 10, funnel: index.funnel(), cancelled: 0 },
    ...{ failures: index.failures(), failedAsExpected: 0, startAt: null, idleSeconds: 90, leftBehind: [], drift: null },
    servers: summarizeServers([], measurements.servers, startedAt),
  };
  const summary: RunSummary = summarize(measurements.reader, facts, ORIGIN + 20_000);
  return { plan, summary, facts, measurements, spoilt: { causes: [], leftovers: [], givenUp: false } };
}
