/** How long things stayed in their states and reactions took, which are stuck, and what clusters and hosts failed of. */
import { alike } from '../telemetry/alike.ts';
import type { ComparedKind, DivergenceTime } from '../telemetry/divergence.ts';
import { type FailureCause, FailureCauses } from '../telemetry/failure-causes.ts';
import type { ReactionKind, ReactionTime, StatefulKind } from '../telemetry/reactions.ts';
import type { StateTime, StuckThings } from '../telemetry/state-times.ts';
import type { Survival } from '../telemetry/survival.ts';

/** Of durations of which some are not over. */
export interface OpenQuantiles {
  /** Those that have ended, and those that went on when this was written or of which nobody saw the end: these count as at least so long. */
  ended: number;
  open: number;
  /** Simulated milliseconds; null where so many are still open that nobody knows: longer than any that has ended. */
  p50: number | null;
  p95: number | null;
  p99: number | null;
  /** The longest, open ones included. */
  max: number;
}

export interface StateTimeSummary extends OpenQuantiles {
  of: StatefulKind;
  state: string;
}

/** From the moment that something came to a state until who depends on it came to theirs. */
export interface ReactionSummary extends OpenQuantiles {
  from: { of: ReactionKind; state: string };
  to: { of: ReactionKind; state: string };
  /** What is counted; of clusters with `all`, from the moment that all hosts were there. */
  each: 'host' | 'cluster';
  all: boolean;
}

/** How long custom resources said something else than the service's own API, of a sample. */
export interface DivergenceSummary extends OpenQuantiles {
  of: ComparedKind;
  /** Comparisons, and those of them that found a difference. */
  compared: number;
  differed: number;
}

/** What has been in a state for far longer than others were: how many there are, and the oldest. */
export interface StuckThingsSummary {
  count: number;
  oldest: StuckSummary[];
}

/** One that has been in a state for far longer than others were. */
export interface StuckSummary {
  of: StatefulKind;
  /** For people: host name and cluster, or kind namespace/name. */
  name: string;
  id: string;
  state: string;
  /** Simulated seconds so far. */
  seconds: number;
  /** What 99 % of the others needed, in simulated seconds; null where too few have left that state. */
  usualSeconds: number | null;
}

/** What clusters and hosts failed of, alike causes together. */
export interface FailureCauseSummary {
  of: 'cluster' | 'host';
  /** Without what names one thing, moment or amount. */
  cause: string;
  count: number;
  /** Names of some of them; of hosts their ids. */
  names: string[];
}

/** What is known of states when a summary is made. */
export interface StateFacts {
  states: readonly StateTime[];
  reactions: readonly ReactionTime[];
  divergence: readonly DivergenceTime[];
  stuck: StuckThings;
  /** Of hosts. */
  hostCauses: readonly FailureCause[];
}

/** Names for people of what a plan calls by numbers. */
export type NameOf = (cluster: number, host: number | null) => { name: string; id: string };

function openQuantiles(survival: Survival): OpenQuantiles {
  return {
    ended: survival.ended.count,
    open: survival.open.count,
    p50: survival.quantile(0.5),
    p95: survival.quantile(0.95),
    p99: survival.quantile(0.99),
    max: survival.max,
  };
}

/** In the order of {@link StateFacts}. @param nameOf asked of the stuck ones alone @param failures of clusters, with their names */
export function summarizeStates(
  facts: StateFacts,
  nameOf: NameOf,
  failures: readonly { name: string; reason: string }[],
) {
  return {
    states: facts.states.map(
      ({ of, state, survival }): StateTimeSummary => ({ of, state, ...openQuantiles(survival) }),
    ),
    reactions: facts.reactions.map(
      ({ reaction: { from, to, each, all }, survival }): ReactionSummary => ({
        from: { of: from.of, state: from.state },
        to: { of: to.of, state: to.state },
        each,
        all: all === true,
        ...openQuantiles(survival),
      }),
    ),
    divergence: facts.divergence.map(
      ({ of, compared, differed, survival }): DivergenceSummary => ({
        of,
        compared,
        differed,
        ...openQuantiles(survival),
      }),
    ),
    stuck: {
      count: facts.stuck.count,
      oldest: facts.stuck.longest.map(
        ({ of, cluster, host, state, ms, usualMs }): StuckSummary => ({
          of,
          ...nameOf(cluster, host),
          state,
          seconds: ms / 1000,
          usualSeconds: usualMs === null ? null : usualMs / 1000,
        }),
      ),
    } satisfies StuckThingsSummary,
    failureCauses: failureCauses(failures, facts.hostCauses),
  };
}

/** Of a host that fell with its cluster: assisted-service, internal/host/common.go, statusInfoAbortingDueClusterErrors. */
const FELL_WITH_OTHERS = /Host is part of a cluster that failed to install/;

/**
 * A reason names a few hosts (`cluster/failure-reason.ts`), of which one is the cause. In which stage each was then differs among clusters
 * that failed of the same.
 */
function withOneHost(reason: string): string {
  const [what = '', ...hosts] = reason.split(/; (?=host \S+ \(|and \d+ more hosts)/);
  const cause = hosts.find((host) => !FELL_WITH_OTHERS.test(host)) ?? hosts[0];
  return cause === undefined ? what : `${what}; ${cause.replace(/ in stage [A-Z][\w ]*(?=: )/, '')}`;
}

/** Alike causes together, the most frequent first: those of clusters, then those of hosts. */
function failureCauses(
  failures: readonly { name: string; reason: string }[],
  hosts: readonly FailureCause[],
): FailureCauseSummary[] {
  const clusters = new FailureCauses((reason) => reason);
  for (const { name, reason } of failures) clusters.add(alike(withOneHost(reason), [name]), name);
  return [
    ...clusters.list().map((cause) => ({ of: 'cluster' as const, ...cause })),
    ...hosts.map((cause) => ({ of: 'host' as const, ...cause })),
  ];
}
