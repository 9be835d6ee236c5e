/** One level of load as a plan of its own: what a search for a service's capacity runs. */
import type { ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';
import { parseExpression, parseFigure } from '../plan/thresholds.ts';

/** What is raised: hosts that are there, or clusters that arrive in a simulated hour. */
export type CapacityUnit = 'hosts' | 'clusters/h';

export interface TrialTimes {
  /** Simulated seconds over which the hosts of a level come. */
  rampSeconds: number;
  /** Simulated seconds for which a level is held, when all its hosts are there; with a rate, in which clusters arrive. */
  holdSeconds: number;
}

/** A trial that is lost goes on for so long: what crosses its limit first is often no more than a sign of what comes. */
const LOST_SECONDS = 30;

/** Agents that make a twentieth fewer polls than they would wait for answers. */
const KEEPS_PACE = 'value>=0.95';

/** Hosts or clusters an hour: clusters that are to be installed have their load while they come. */
export function usualUnit({ clusters }: Pick<ExpandedPlan, 'clusters'>): CapacityUnit {
  return clusters.every(({ justInfraEnv }) => justInfraEnv) ? 'hosts' : 'clusters/h';
}

/** The highest level that a plan has clusters for. */
export function mostOf({ clusters }: Pick<ExpandedPlan, 'clusters'>, unit: CapacityUnit, times: TrialTimes): number {
  if (unit === 'hosts') return clusters.reduce((sum, { hosts, day2Workers }) => sum + hosts.length - day2Workers, 0);
  return Math.floor((clusters.length * 3600) / times.holdSeconds);
}

/** The plan of a trial: its thresholds, and that agents keep their pace. */
export function trialPlan(plan: ExpandedPlan, unit: CapacityUnit, level: number, times: TrialTimes): ExpandedPlan {
  const clusters = unit === 'hosts' ? hostsOfLevel(plan, level, times) : clustersOfRate(plan, level, times);
  const phase = unit === 'hosts' ? 'soak' : 'deploy';
  const soakSeconds = unit === 'hosts' ? times.holdSeconds : 0;
  const { figure, labels } = parseFigure(`poll_pace{phase:${phase}}`);
  return {
    ...plan,
    lostSeconds: LOST_SECONDS,
    clusters,
    hostCount: clusters.reduce((sum, { hosts }) => sum + hosts.length, 0),
    steps: [],
    phases: { ...plan.phases, soakSeconds },
    thresholds: [
      ...plan.thresholds,
      { figure: figure.name, labels, thresholds: [parseExpression(KEEPS_PACE, figure, labels)] },
    ],
  };
}

function hostsOfLevel({ clusters }: ExpandedPlan, level: number, { rampSeconds }: TrialTimes): ClusterPlan[] {
  const taken: ClusterPlan[] = [];
  let hosts = 0;
  for (const cluster of clusters) {
    const size = cluster.hosts.length - cluster.day2Workers;
    if (taken.length > 0 && hosts + size > level) break;
    taken.push(cluster);
    hosts += size;
  }
  return taken.map((cluster, turn) => ({
    ...cluster,
    arrivalMs: Math.round((turn * rampSeconds * 1000) / taken.length),
    hosts: cluster.hosts.map((host) => ({ ...host, bootDelayMs: 0 })),
  }));
}

function clustersOfRate({ clusters }: ExpandedPlan, perHour: number, { holdSeconds }: TrialTimes): ClusterPlan[] {
  const amount = Math.max(1, Math.round((perHour * holdSeconds) / 3600));
  return clusters
    .slice(0, amount)
    .map((cluster, turn) => ({ ...cluster, arrivalMs: Math.round((turn * 3_600_000) / perHour) }));
}
