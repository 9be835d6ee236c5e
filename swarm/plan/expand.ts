/** Turns a plan into clusters and hosts. The same plan and seed give the same result everywhere, shard by shard. */

import { hashWords, mixWords, shuffle, unitNumber } from '../../model/time/random.ts';
import { runToken } from '../host/identity.ts';
import { API_VIP_OFFSET, formatIpv4, GATEWAY_OFFSET, INGRESS_VIP_OFFSET } from '../host/ipv4.ts';
import { schedule } from './arrival.ts';
import type {
  AgentKind,
  BootLoad,
  ClusterPlan,
  ExpandedPlan,
  HostPlan,
  LinkPlan,
  ReaderLoad,
  RunPhases,
} from './expanded-plan.ts';
import { type Candidate, chooseFaults } from './fault-choice.ts';
import { disjointHosts } from './host-share.ts';
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

  const places = new ClusterPlaces(plan.clusters);
  const networks = machineNetworks(places.hosts);
  const order = orderOf(plan, seed);
  const { arrivalMs, steps } = schedule(
    plan.arrival,
    new Uint16Array(order.length).map((_, turn) => {
      const index = order[turn]!;
      return places.hosts[index]! - places.entryOf(index).day2Workers;
    }),
  );
  const noop = noopClusters(plan.clusters, order, (index) => places.entryOf(index), seed);
  const linkOf = linksOf(plan, order, places, seed);
  const boot = hashWords(`boot/${seed}`);
  const bootDelayMs = (host: number) => Math.floor(unitNumber(mixWords(boot, host)) * plan.bootSpreadSeconds * 1000);
  function* candidates(): Generator<Candidate, void> {
    for (const [turn, index] of order.entries()) {
      const entry = places.entryOf(index);
      const kind = noop.has(index) ? 'noop' : 'native';
      yield { index, entry, kind, firstHost: places.firstHostOf(index), arrivalMs: arrivalMs[turn]! };
    }
  }
  const faults = chooseFaults(plan.faults, candidates, seed, bootDelayMs, plan.service.agentToken !== '');
  const token = runToken(seed);
  const clusters: ClusterPlan[] = [];
  for (let turn = shard.index; turn < order.length; turn += shard.count) {
    const index = order[turn]!;
    const entry = places.entryOf(index);
    const network = networks.of(index);
    const withVips = entry.platform === 'baremetal' && entry.controlPlanes > 1;
    const at = (offset: number) => formatIpv4(network.base + offset);
    const links = linksWithin(linkOf, places.firstHostOf(index), hostsOf(entry));
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
      ...(faults.clusters.has(index) && { fault: faults.clusters.get(index)! }),
      hosts: hostPlans(entry, index, places.firstHostOf(index), noop.has(index) ? 'noop' : 'native', (host) => ({
        bootDelayMs: bootDelayMs(host),
        ...(faults.hosts.has(host) && { fault: faults.hosts.get(host)! }),
      })),
      ...(links.length > 0 && { links }),
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
    boot: bootOf(plan.boot, shard),
    ...(plan.links.length > 0 && { links: withHosts(plan.links, clusters) }),
    programs: plan.programs,
    collect: plan.collect,
    thresholds: plan.thresholds,
    phases: phasesOf(plan.phases, shard),
    steps,
    readers: readersOf(plan.readers, shard),
    churnPerHour: plan.churnPerHour,
    keep: plan.keep,
    clusters,
    hostCount: clusters.reduce((sum, cluster) => sum + cluster.hosts.length, 0),
    shard,
  };
}

/**
 * Which hosts of the whole plan have a link, and which of the plan's list.
 * @param order positions of clusters as they arrive
 */
function linksOf(
  { links }: Pick<Plan, 'links'>,
  order: Uint32Array,
  places: ClusterPlaces,
  seed: string,
): ReadonlyMap<number, number> {
  const linkOf = new Map<number, number>();
  if (links.length === 0) return linkOf;
  const hosts: number[] = [];
  for (const cluster of order) {
    const first = places.firstHostOf(cluster);
    for (let ordinal = 0; ordinal < places.hosts[cluster]!; ordinal++) hosts.push(first + ordinal);
  }
  const shares = links.map(({ share }) => share);
  for (const [link, some] of disjointHosts(shares, hosts, seed, 'links').entries()) {
    for (const host of some) linkOf.set(host, link);
  }
  return linkOf;
}

function linksWithin(linkOf: ReadonlyMap<number, number>, first: number, count: number) {
  const links: { ordinal: number; link: number }[] = [];
  for (let ordinal = 0; linkOf.size > 0 && ordinal < count; ordinal++) {
    const link = linkOf.get(first + ordinal);
    if (link !== undefined) links.push({ ordinal, link });
  }
  return links;
}

function withHosts(links: readonly LinkPlan[], clusters: readonly ClusterPlan[]) {
  const counts = links.map(() => 0);
  for (const { links: some = [] } of clusters) for (const { link } of some) counts[link]!++;
  return links.map((link, number) => ({ ...link, hosts: counts[number]! }));
}

/**
 * Where the clusters of a plan are among those of all entries: numbers alone, because of a million clusters each of many shards needs
 * a few.
 */
class ClusterPlaces {
  /** Hosts of each cluster, day-2 workers included. */
  readonly hosts: Uint16Array;
  readonly #entries: readonly PlanCluster[];
  /** Positions of the first cluster and of the first host of each entry. */
  readonly #firstCluster: number[] = [];
  readonly #firstHost: number[] = [];

  constructor(entries: readonly PlanCluster[]) {
    this.#entries = entries;
    this.hosts = new Uint16Array(clustersOf(entries));
    let clusters = 0;
    let hosts = 0;
    for (const entry of entries) {
      this.#firstCluster.push(clusters);
      this.#firstHost.push(hosts);
      this.hosts.fill(hostsOf(entry), clusters, clusters + entry.amount);
      clusters += entry.amount;
      hosts += entry.amount * hostsOf(entry);
    }
  }

  entryOf(cluster: number): PlanCluster {
    return this.#entries[this.#entryAt(cluster)]!;
  }

  /** Position of its first host in the plan. */
  firstHostOf(cluster: number): number {
    const at = this.#entryAt(cluster);
    return this.#firstHost[at]! + (cluster - this.#firstCluster[at]!) * hostsOf(this.#entries[at]!);
  }

  /** The last entry that begins at the cluster or before it. */
  #entryAt(cluster: number): number {
    let low = 0;
    let high = this.#entries.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#firstCluster[middle]! <= cluster) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function clustersOf(entries: readonly PlanCluster[]): number {
  return entries.reduce((sum, { amount }) => sum + amount, 0);
}

/** Positions of all clusters in the order in which they arrive. */
function orderOf({ clusters, shuffle: isShuffled }: Plan, seed: string): Uint32Array {
  const order = new Uint32Array(clustersOf(clusters)).map((_, index) => index);
  if (isShuffled) shuffle(order, hashWords(`order/${seed}`));
  return order;
}

/** Clusters and hosts of each of so many shards. */
export function shardSizes(plan: Plan, seed: string, count: number): { clusters: number; hosts: number }[] {
  const places = new ClusterPlaces(plan.clusters);
  const sizes = Array.from({ length: count }, () => ({ clusters: 0, hosts: 0 }));
  const order = orderOf(plan, seed);
  for (let turn = 0; turn < order.length; turn++) {
    const size = sizes[turn % count]!;
    size.clusters++;
    size.hosts += places.hosts[order[turn]!]!;
  }
  return sizes;
}

/** A limit for all hosts of the plan is shared evenly by its shards. */
function bootOf(boot: BootLoad | null, { count }: ExpandedPlan['shard']): BootLoad | null {
  if (boot === null || boot.rateTotal === null) return boot;
  return { ...boot, rateTotal: boot.rateTotal / count };
}

/** So is the rate at which the clusters of the plan are removed. */
function phasesOf(phases: RunPhases, { count }: ExpandedPlan['shard']): RunPhases {
  if (phases.removePerHour === null) return phases;
  return { ...phases, removePerHour: phases.removePerHour / count };
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
  own: (host: number) => Pick<HostPlan, 'bootDelayMs' | 'fault'>,
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
        ...own(index),
      });
    }
  };
  add(entry.controlPlanes, 'master', false);
  add(entry.arbiters, 'arbiter', false);
  add(entry.workers, 'worker', false);
  add(entry.day2Workers, 'worker', true);
  return hosts;
}
