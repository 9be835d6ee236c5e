/**
 * How often the simulated users look at their clusters. One look costs the service a cluster row and a row a host, so the
 * interval grows with what is being followed: the users of 1,000 clusters together stay under a fixed budget.
 */
import type { ExpandedPlan } from './expanded-plan.ts';
import { type ConnectingPlan, OpenConnections } from './open-connections.ts';

/** Simulated milliseconds between two looks when few clusters are followed. */
const USUAL_INTERVAL_MS = 10_000;
/** Cost of each host of a cluster; a look at the cluster itself costs 1. */
const HOST_COST = 0.05;
/** Cost of all looks together in one wall-clock second. */
const BUDGET_PER_SECOND = 50;

/** Cost of a look at a cluster of so many hosts. */
export function lookCost(hosts: number): number {
  return 1 + hosts * HOST_COST;
}

/** Simulated milliseconds between two looks at a cluster while looks of this cost in all are shared out. */
export function lookIntervalMs(cost: number, clockSpeed: number): number {
  return Math.max(USUAL_INTERVAL_MS, (cost / BUDGET_PER_SECOND) * 1000 * clockSpeed);
}

/** The same while most clusters of a plan, and of its other shards, are followed at once, of a service and a machine that keep up. */
export function longestLookIntervalMs(plan: ConnectingPlan & Pick<ExpandedPlan, 'userPollSeconds' | 'shard'>): number {
  if (plan.userPollSeconds !== null) return plan.userPollSeconds * 1000;
  let waiting = 0;
  let installing = 0;
  let installingHosts = 0;
  for (const { hosts, justInfraEnv } of plan.clusters) {
    if (justInfraEnv) waiting += lookCost(hosts.length);
    else {
      installing += lookCost(hosts.length);
      installingHosts += hosts.length;
    }
  }
  const atOnce = installingHosts === 0 ? 0 : new OpenConnections(plan).mostInstalling() / installingHosts;
  const cost = (waiting + installing * Math.min(1, atOnce)) * plan.shard.count;
  return Math.round(lookIntervalMs(cost, plan.clockSpeed));
}
