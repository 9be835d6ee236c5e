/** Turns a plan into clusters and hosts. The same plan and seed give the same result everywhere, shard by shard. */

import { createHash } from 'node:crypto';
import { hashWords, mixWords, shuffled, unitNumber } from '../../model/time/random.ts';
import { runToken } from '../host/identity.ts';
import { API_VIP_OFFSET, formatIpv4, GATEWAY_OFFSET, INGRESS_VIP_OFFSET } from '../host/ipv4.ts';
import { schedule } from './arrival.ts';
import type { AgentKind, ClusterPlan, ClusterShape, ExpandedPlan, HostPlan, ReaderLoad } from './expanded-plan.ts';
import { formatNetwork, machineNetworks } from './networks.ts';
import { noopClusters } from './noop-share.ts';
import type { Plan, PlanCluster } from './plan.ts';

/** Characters, as in the plan's schema. */
const LONGEST_SEED = 64;

export interface ExpandOptions {
  /** Replaces the plan's seed. */
  seed?: string;
  /** Replaces the plan's shard. */
  shard?: { index: number; count: number };
}

/** Number of hosts of one cluster of an entry, day-2 workers included. */
export function hostsOf(entry: PlanCluster): number {
  return entry.controlPlanes + entry.arbiters + entry.workers + entry.day2Workers;
}

/**
 * Expands a plan. Positions, names, networks and arrival times are given out over the whole plan first; a shard then keeps every
 * `count`-th cluster in order of arrival.
 * @throws RangeError for a seed that a plan may not have, a shard outside its count, several shards without a seed that they could share,
 * or too many steps of the load.
 */
export function expandPlan(plan: Plan, options: ExpandOptions = {}): ExpandedPlan {
  const seed = options.seed ?? plan.seed;
  if (seed.length < 1 || seed.length > LONGEST_SEED) {
    throw new RangeError(`seed "${seed.slice(0, 80)}" of ${seed.length} characters; allowed: 1 to ${LONGEST_SEED}`);
  }
  const shard = options.shard ?? plan.shard;
  if (!(Number.isInteger(shard.index) && shard.index >= 0 && shard.index < shard.count)) {
    throw new RangeError(`shard ${shard.index} of ${shard.count}; allowed: an index from 0 to the count minus 1`);
  }
  if (shard.count > 1 && options.seed === undefined && !plan.seedGiven) {
    throw new RangeError(
      `shard ${shard.index} of ${shard.count} without a seed; all shards of a run need the same seed`,
    );
  }

  const entries = plan.clusters.flatMap((entry) => Array.from({ length: entry.amount }, () => entry));
  const networks = machineNetworks(entries.map(hostsOf));
  const firstHosts: number[] = [];
  let hosts = 0;
  for (const entry of entries) {
    firstHosts.push(hosts);
    hosts += hostsOf(entry);
  }
  const inOrder = entries.map((_, index) => index);
  const order = plan.shuffle ? shuffled(inOrder, hashWords(`order/${seed}`)) : inOrder;

  const { arrivalMs, steps } = schedule(
    plan.arrival,
    order.map((index) => hostsOf(entries[index]!) - entries[index]!.day2Workers),
  );
  const noop = noopClusters(plan.clusters, order, entries, seed);
  const boot = hashWords(`boot/${seed}`);
  const token = runToken(seed);
  const clusters: ClusterPlan[] = [];
  for (let turn = shard.index; turn < order.length; turn += shard.count) {
    const index = order[turn]!;
    const entry = entries[index]!;
    const network = networks[index]!;
    const withVips = entry.platform === 'baremetal' && entry.controlPlanes > 1;
    const at = (offset: number) => formatIpv4(network.base + offset);
    clusters.push({
      index,
      name: `${entry.name}-${token}-${index}`,
      baseDomain: plan.baseDomain,
      api: entry.api,
      platform: entry.platform,
      controlPlanes: entry.controlPlanes,
      arbiters: entry.arbiters,
      workers: entry.workers,
      day2Workers: entry.day2Workers,
      olmOperators: entry.olmOperators,
      justInfraEnv: entry.justInfraEnv,
      infraEnvLabels: entry.infraEnvLabels,
      withNmstate: entry.withNmstate,
      flow: entry.flow,
      machineNetwork: formatNetwork(network),
      gateway: at(GATEWAY_OFFSET),
      apiVip: withVips ? at(API_VIP_OFFSET) : null,
      ingressVip: withVips ? at(INGRESS_VIP_OFFSET) : null,
      arrivalMs: arrivalMs[turn]!,
      assignRoles: entry.assignRoles,
      setHostnames: entry.setHostnames,
      hosts: hostPlans(entry, index, firstHosts[index]!, noop.has(index) ? 'noop' : 'native', (host) =>
        Math.floor(unitNumber(mixWords(boot, host)) * plan.bootSpreadSeconds * 1000),
      ),
    });
  }
  return {
    name: plan.name,
    seed,
    service: plan.service,
    hub: plan.hub,
    manifests: plan.manifests,
    clockSpeed: plan.clockSpeed,
    connections: plan.connections,
    pollIntervalSeconds: plan.pollIntervalSeconds,
    userPollSeconds: plan.userPollSeconds,
    spokeProfile: plan.spokeProfile,
    openshiftVersion: plan.openshiftVersion,
    releaseImage: plan.releaseImage,
    pullSecret: plan.pullSecret,
    sshPublicKey: plan.sshPublicKey,
    limits: plan.limits,
    boot: plan.boot,
    programs: plan.programs,
    collect: plan.collect,
    thresholds: plan.thresholds,
    phases: plan.phases,
    steps,
    readers: readersOf(plan.readers, shard),
    churnPerHour: plan.churnPerHour,
    keep: plan.keep,
    clusters,
    hostCount: clusters.reduce((sum, cluster) => sum + cluster.hosts.length, 0),
    shard,
    whole: {
      clusters: entries.length,
      hosts,
      shapes: shapesOf(plan.clusters),
      lastArrivalMs: arrivalMs.reduce((last, one) => Math.max(last, one), 0),
      digest: digestOf(plan),
    },
  };
}

function shapesOf(entries: readonly PlanCluster[]): ClusterShape[] {
  return entries.map(({ amount, controlPlanes, arbiters, workers, day2Workers, api, justInfraEnv }) => ({
    ...{ controlPlanes, arbiters, workers, day2Workers, api, justInfraEnv, amount },
  }));
}

/** What of a plan is not to be seen in each shard's part of it, whatever file says it in which place. Holds no secret. */
function digestOf({ clusters, arrival, shuffle, bootSpreadSeconds, baseDomain, readers }: Plan): string {
  const entries = clusters.map(({ position: _, ...entry }) => entry);
  const parts = JSON.stringify({ entries, arrival, shuffle, bootSpreadSeconds, baseDomain, readers });
  return createHash('sha256').update(parts).digest('hex').slice(0, 16);
}

/** Readers are dealt out to the shards like clusters. */
function readersOf(readers: readonly ReaderLoad[], { index, count }: ExpandedPlan['shard']): ReaderLoad[] {
  return readers
    .map((one) => ({ ...one, amount: Math.ceil(Math.max(0, one.amount - index) / count) }))
    .filter(({ amount }) => amount > 0);
}

function hostPlans(
  entry: PlanCluster,
  clusterIndex: number,
  first: number,
  kind: AgentKind,
  bootDelay: (host: number) => number,
): HostPlan[] {
  const hosts: HostPlan[] = [];
  const add = (count: number, role: HostPlan['role'], day2: boolean) => {
    for (let i = 0; i < count; i++) {
      const ordinal = hosts.length;
      const index = first + ordinal;
      hosts.push({
        index,
        clusterIndex,
        ordinal,
        role,
        day2,
        profile: entry.profiles[role],
        kind,
        bootDelayMs: bootDelay(index),
      });
    }
  };
  add(entry.controlPlanes, 'master', false);
  add(entry.arbiters, 'arbiter', false);
  add(entry.workers, 'worker', false);
  add(entry.day2Workers, 'worker', true);
  return hosts;
}
