/**
 * Which hosts and clusters of a plan are met by which fault. All is chosen over the whole plan, so that shards agree, and nobody is
 * met by two faults of a kind: entry after entry takes its share of those that are left.
 *
 *     hosts of the plan ── role, from, until ──▶ among these the share counts
 *                               └── those that can have it, and have none yet ── drawn by the seed ──▶ the chosen
 */
import { type ClusterFaultKind, FAULT_KINDS, FAULTS, type FaultKind, type HostFault } from '../../model/faults/faults.ts';
import type { AgentKind, ClusterPlan } from './expanded-plan.ts';
import { chosen, hostCount } from './host-share.ts';
import { type FaultProfile, formatProblem, type PlanCluster } from './plan.ts';

/** A cluster among all of the plan. */
export interface Candidate {
  index: number;
  entry: PlanCluster;
  firstHost: number;
  kind: AgentKind;
  arrivalMs: number;
}

export interface ChosenFaults {
  /** By index of the host. */
  hosts: ReadonlyMap<number, HostFault>;
  /** By index of the cluster. */
  clusters: ReadonlyMap<number, ClusterFaultKind>;
}

/** How many hosts of these clusters, or of the clusters themselves, have which fault; in the order of the table of faults. */
export function faultCounts(clusters: readonly ClusterPlan[]): ReadonlyMap<FaultKind, number> {
  const counts = new Map<FaultKind, number>();
  const add = (kind: FaultKind | undefined) => {
    if (kind !== undefined) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  };
  for (const { fault, hosts } of clusters) {
    add(fault);
    for (const host of hosts) add(host.fault?.kind);
  }
  return new Map(FAULT_KINDS.filter((kind) => counts.has(kind)).map((kind) => [kind, counts.get(kind)!]));
}

/** What goes wrong with hosts of these clusters, or with the clusters themselves. */
export function faultKindsOf(clusters: readonly ClusterPlan[]): ReadonlySet<FaultKind> {
  return new Set(faultCounts(clusters).keys());
}

type MetBy = HostFault | { kind: ClusterFaultKind };

/** Those that an entry may choose, by index in the order in which they arrive, and how many its share is of. */
interface Population {
  of: number;
  able: Map<number, MetBy>;
  /** Why others of them cannot have it; the last reason found. */
  unable: string;
}

/**
 * @param bootDelayMs of a host, by its index
 * @throws RangeError with the entry's place when there are not enough that can have a fault
 */
export function chooseFaults(
  profiles: readonly FaultProfile[],
  candidates: () => Iterable<Candidate>,
  seed: string,
  bootDelayMs: (host: number) => number,
  hasToken: boolean,
): ChosenFaults {
  const hosts = new Map<number, HostFault>();
  const clusters = new Map<number, ClusterFaultKind>();
  for (const [number, profile] of profiles.entries()) {
    const ofHosts = FAULTS[profile.fault.kind].of === 'host';
    const taken: ReadonlyMap<number, unknown> = ofHosts ? hosts : clusters;
    const population: Population = { of: 0, able: new Map(), unable: '' };
    const consider = (index: number, atMs: number, why: string | null, fault: MetBy) => {
      if (atMs < profile.fromMs || atMs >= profile.untilMs) return;
      population.of += 1;
      if (why !== null) population.unable = why;
      else if (!taken.has(index)) population.able.set(index, fault);
    };
    for (const candidate of candidates()) {
      if (ofHosts) considerHosts(profile, candidate, bootDelayMs, hasToken, consider);
      else consider(candidate.index, candidate.arrivalMs, clusterCannot(profile, candidate), profile.fault);
    }
    for (const index of drawn(profile, number, population, seed)) {
      const fault = population.able.get(index)!;
      if (ofHosts) hosts.set(index, fault as HostFault);
      else clusters.set(index, fault.kind as ClusterFaultKind);
    }
  }
  return { hosts, clusters };
}

function considerHosts(
  profile: FaultProfile,
  candidate: Candidate,
  bootDelayMs: (host: number) => number,
  hasToken: boolean,
  consider: (index: number, atMs: number, why: string | null, fault: HostFault) => void,
): void {
  const { entry, firstHost, arrivalMs } = candidate;
  const { controlPlanes, arbiters, workers } = entry;
  const dayOne = controlPlanes + arbiters + workers;
  for (let ordinal = 0; ordinal < dayOne; ordinal++) {
    const role = ordinal < controlPlanes ? 'master' : ordinal < controlPlanes + arbiters ? 'arbiter' : 'worker';
    if (profile.role !== null && profile.role !== role) continue;
    const index = firstHost + ordinal;
    const why = hostCannot(profile.fault as HostFault, candidate, hasToken);
    consider(index, arrivalMs + bootDelayMs(index), why, faultOf(profile.fault as HostFault, ordinal));
  }
}

/** A duplicate is one of the host before it, the first one of the second. */
function faultOf(fault: HostFault, ordinal: number): HostFault {
  if (fault.kind !== 'duplicate-hostname' && fault.kind !== 'duplicate-id') return fault;
  return { ...fault, of: ordinal === 0 ? 1 : ordinal - 1 };
}

/** Why hosts of a cluster cannot have a fault; null when they can. */
function hostCannot(fault: HostFault, { entry, kind }: Candidate, hasToken: boolean): string | null {
  const { controlPlanes, arbiters, workers, justInfraEnv, flow, api } = entry;
  const others = controlPlanes + arbiters + workers - 1;
  if (kind === 'noop' && !FAULTS[fault.kind].noop) return 'no-op hosts cannot show it';
  switch (fault.kind) {
    case 'reboot':
    case 'silent':
    case 'agent-restart':
      if (justInfraEnv && (fault.at === 'installing' || fault.at === 'writing' || fault.at === 'rebooted'))
        return `hosts of an infra-env alone are never ${fault.at}`;
      if (fault.kind === 'agent-restart' && fault.at === 'rebooted') return 'a rebooted host has no agent any more';
      return null;
    case 'installer-fails':
      if (justInfraEnv) return 'hosts of an infra-env alone are not installed';
      if (kind === 'noop' && fault.stage !== 'Writing image to disk')
        return 'the installer of a no-op host can only fail at the stage "Writing image to disk"';
      return fault.stage === 'Waiting for bootkube' && controlPlanes !== 1
        ? 'only single nodes are sure to come to that stage'
        : null;
    case 'duplicate-hostname':
      if (justInfraEnv) return 'names may be the same where hosts belong to no cluster';
      return others === 0 ? 'a single node has no other host in its cluster' : null;
    case 'duplicate-id':
      return others === 0 ? 'a single node has no other host beside it' : null;
    case 'no-connectivity':
      if (justInfraEnv) return 'hosts of an infra-env alone do not look for each other';
      return others < 2 ? 'it takes a majority of at least three hosts' : null;
    case 'clock-skew':
    case 'hardware':
    case 'log-upload-fails':
      return null;
    case 'image-unavailable':
    case 'slow-disk':
    case 'no-ignition':
    case 'node-never-joins':
    case 'node-never-ready':
      if (justInfraEnv) return 'hosts of an infra-env alone are not installed';
      return fault.kind === 'no-ignition' && controlPlanes === 1 ? 'a single node has its ignition on its disk' : null;
    case 'wrong-token':
      return api === 'kube' || hasToken ? null : 'the service of the plan asks for no token (service.agent_token)';
    case 'bmh-stuck':
    case 'bmh-fails':
      return flow.bmh ? null : 'it is about clusters with bmh: true';
    default:
      return null;
  }
}

function clusterCannot({ fault }: FaultProfile, { entry, kind }: Candidate): string | null {
  if (kind === 'noop' && !FAULTS[fault.kind].noop) return 'no-op hosts cannot show it';
  if (entry.justInfraEnv) return 'an infra-env alone is not installed';
  if (fault.kind === 'csv-failed' && entry.olmOperators.length === 0) return 'it takes olm_operators';
  return null;
}

/** @throws RangeError when there are too few */
function drawn(
  { share, fault, position }: FaultProfile,
  number: number,
  { of, able, unable }: Population,
  seed: string,
): ReadonlySet<number> {
  const things = FAULTS[fault.kind].of === 'host' ? 'hosts' : 'clusters';
  const wanted = Math.max(1, hostCount(share, of));
  if (wanted <= able.size) return chosen(wanted, [...able.keys()], seed, `fault/${number}`);
  const percent = `${Number((share * 100).toFixed(3))}%`;
  const why = unable === '' ? '' : `: ${unable}`;
  const message =
    of === 0
      ? `faults[${number}]: no ${things} of the plan are of the role and the time that ${fault.kind} asks for; change role, from or until`
      : `faults[${number}]: ${percent} of ${of} ${things} are ${wanted} with ${fault.kind}, and only ${able.size} can have it and have no other fault${why}; allowed: a share that leaves enough, or other clusters`;
  throw new RangeError(formatProblem({ ...position, message }));
}
