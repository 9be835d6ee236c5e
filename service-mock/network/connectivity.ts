/** Connectivity reports and the groups of hosts that reach each other. Upstream: assisted-service, internal/network/connectivity_groups.go. */

import type { ClusterRow, ConnectivityGroups, HostRow } from '../core/rows.ts';
import { SharedValues, sharedText, trimmed } from '../core/shared-values.ts';
import type { JsonObject } from '../service-api.ts';
import type { ConnectivityFacts, RemoteHost, SlowPath } from './connectivity-facts.ts';
import { type Cidr, contains, type IpAddress, parseCidr, parseIp } from './networks.ts';

const list = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? (value.filter((item) => item !== null) as JsonObject[]) : [];
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

const NONE = Symbol('no address');
/** Addresses and ids of members stand in the report of each other member. */
const reached = new SharedValues<IpAddress | typeof NONE>(16_384);

function addresses(items: readonly JsonObject[]): readonly IpAddress[] {
  const result: IpAddress[] = [];
  for (const item of items) {
    const ip =
      item.successful === true ? reached.get(text(item.remote_ip_address), (key) => parseIp(key) ?? NONE) : NONE;
    if (ip !== NONE) result.push(ip);
  }
  return trimmed(result);
}

const NO_COLLISIONS: ReadonlyMap<string, readonly string[]> = new Map();

/** Facts of a normalized report; measurements within `limits` are left out. */
export function connectivityFacts(
  report: JsonObject,
  limits: { latencyMs: number; lossPercent: number },
): ConnectivityFacts {
  const remotes: RemoteHost[] = [];
  const slow: SlowPath[] = [];
  const brokenMtu: { nic: string; address: string }[] = [];
  const collisions = new Map<string, string[]>();
  const seen = new Map<string, string>();
  for (const remote of list(report.remote_hosts)) {
    const hostId = sharedText(text(remote.host_id));
    const l2 = list(remote.l2_connectivity);
    const l3 = list(remote.l3_connectivity);
    const l3Texts = l3
      .filter((item) => item.successful === true)
      .map((item) => sharedText(text(item.remote_ip_address)));
    remotes.push({ hostId, l2: addresses(l2), l3: addresses(l3), l3Texts: [...new Set(l3Texts)] });
    for (const item of l3) {
      const rttMs = number(item.average_rtt_ms);
      const lossPercent = number(item.packet_loss_percentage);
      if (rttMs > limits.latencyMs || lossPercent > limits.lossPercent) {
        slow.push({ hostId, address: text(item.remote_ip_address), rttMs, lossPercent });
      }
    }
    for (const item of l2) {
      const address = text(item.remote_ip_address);
      const key = `${text(item.outgoing_nic)} ${address}`;
      const mac = text(item.remote_mac);
      const before = seen.get(key);
      if (before && before !== mac) collisions.set(address, [before, mac].sort());
      seen.set(key, mac);
    }
    for (const item of list(remote.mtu_report)) {
      if (item.mtu_successful !== true) {
        brokenMtu.push({ nic: text(item.outgoing_nic), address: text(item.remote_ip_address) });
      }
    }
  }
  return {
    remotes: trimmed(remotes),
    slow: trimmed(slow),
    brokenMtu: trimmed(brokenMtu),
    collisions: collisions.size === 0 ? NO_COLLISIONS : collisions,
  };
}

/** A set of host positions. */
class Bits {
  readonly #words: Uint32Array;
  #size: number | undefined;

  constructor(words: Uint32Array) {
    this.#words = words;
  }
  static empty(count: number): Bits {
    return new Bits(new Uint32Array(Math.ceil(count / 32)));
  }
  add(index: number): void {
    this.#words[index >>> 5]! |= 1 << (index & 31);
    this.#size = undefined;
  }
  has(index: number): boolean {
    return ((this.#words[index >>> 5]! >>> (index & 31)) & 1) === 1;
  }
  and(other: Bits): Bits {
    return new Bits(this.#words.map((word, index) => word & other.#words[index]!));
  }
  or(other: Bits): Bits {
    return new Bits(this.#words.map((word, index) => word | other.#words[index]!));
  }
  get size(): number {
    if (this.#size === undefined) {
      let count = 0;
      for (let word of this.#words) for (; word !== 0; word &= word - 1) count++;
      this.#size = count;
    }
    return this.#size;
  }
  get key(): string {
    return this.#words.join(',');
  }
  /** Positions in ascending order. */
  members(): number[] {
    const result: number[] = [];
    for (let index = 0; index < this.#words.length * 32; index++) if (this.has(index)) result.push(index);
    return result;
  }
}

interface Candidate {
  set: Bits;
  /** Members that themselves reach the whole set. */
  backing: Bits;
}

/**
 * Largest set of positions that all reach each other, of at least `minimum` members; empty when there is none. Among
 * equally large ones the one with the smallest positions wins.
 * @param reaches `reaches[a].has(b)`: a reported that it reaches b. A link counts only when both ends report it.
 */
export function largestMesh(count: number, reaches: (from: number) => ReadonlySet<number>, minimum: number): number[] {
  const links = Array.from({ length: count }, (_, from) => reaches(from));
  const groups = new Map<string, Candidate>();
  for (let host = 0; host < count; host++) {
    const set = Bits.empty(count);
    set.add(host);
    for (const other of links[host] as ReadonlySet<number>) if (links[other]?.has(host)) set.add(other);
    if (set.size < minimum) continue;
    const backing = Bits.empty(count);
    backing.add(host);
    merge(groups, { set, backing });
  }
  const primaries = [...groups.values()].map((group) => ({ ...group }));
  for (;;) {
    const best = pickLargest(groups, minimum);
    if (!best) return [];
    if (best.backing.size === best.set.size) return best.set.members();
    for (const [key, group] of groups) if (group.set.size === best.set.size) groups.delete(key);
    for (const primary of primaries) {
      const set = best.set.and(primary.set);
      if (set.size < minimum || set.size >= best.set.size) continue;
      merge(groups, { set, backing: set.and(best.backing.or(primary.backing)) });
    }
  }
}

function merge(groups: Map<string, Candidate>, candidate: Candidate): void {
  const key = candidate.set.key;
  const known = groups.get(key);
  if (known) known.backing = known.set.and(known.backing.or(candidate.backing));
  else groups.set(key, candidate);
}

function pickLargest(groups: ReadonlyMap<string, Candidate>, minimum: number): Candidate | undefined {
  let best: Candidate | undefined;
  for (const group of groups.values()) {
    if (group.set.size < minimum) continue;
    if (!best || compareCandidates(group, best) < 0) best = group;
  }
  return best;
}

function compareCandidates(a: Candidate, b: Candidate): number {
  if (a.set.size !== b.set.size) return b.set.size - a.set.size;
  if (a.backing.size !== b.backing.size) return b.backing.size - a.backing.size;
  const left = a.set.members();
  const right = b.set.members();
  for (let index = 0; index < left.length; index++) {
    const difference = (left[index] as number) - (right[index] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

type Reached = (remote: RemoteHost) => boolean;

function mesh(
  hosts: readonly HostRow[],
  positions: ReadonlyMap<string, number>,
  minimum: number,
  reached: Reached,
): string[] {
  const members = largestMesh(
    hosts.length,
    (from) => {
      const result = new Set<number>();
      for (const remote of hosts[from]?.connectivity?.remotes ?? []) {
        const to = positions.get(remote.hostId);
        if (to !== undefined && to !== from && reached(remote)) result.add(to);
      }
      return result;
    },
    minimum,
  );
  return members.map((position) => (hosts[position] as HostRow).id);
}

/** Layer 2 inside the network; for IPv6 layer 3 is enough. */
function reachedInNetwork(network: Cidr): Reached {
  return (remote) =>
    remote.l2.some((ip) => contains(network, ip)) ||
    (network.family === 6 && remote.l3.some((ip) => contains(network, ip)));
}

/** Layer 3 to every address of the family that the remote host has. */
function reachedEverywhere(byId: ReadonlyMap<string, HostRow>, family: 4 | 6): Reached {
  return (remote) => {
    const inventory = byId.get(remote.hostId)?.inventory;
    if (!inventory) return false;
    let count = 0;
    for (const nic of inventory.interfaces) {
      for (const address of nic.addresses) {
        if (address.ip.family !== family) continue;
        count++;
        if (!remote.l3Texts.includes(address.text)) return false;
      }
    }
    return count > 0;
  };
}

/** Addresses of each host that every other host reports as reachable. */
function commonAddresses(hosts: readonly HostRow[]): Map<string, string[]> {
  const counts = new Map<string, Map<string, number>>();
  for (const host of hosts) {
    for (const remote of host.connectivity?.remotes ?? []) {
      if (remote.hostId === host.id) continue;
      let byAddress = counts.get(remote.hostId);
      if (!byAddress) {
        byAddress = new Map();
        counts.set(remote.hostId, byAddress);
      }
      for (const address of remote.l3Texts) byAddress.set(address, (byAddress.get(address) ?? 0) + 1);
    }
  }
  const result = new Map<string, string[]>();
  for (const [hostId, byAddress] of counts) {
    const common = [...byAddress].filter(([, count]) => count === hosts.length - 1).map(([address]) => address);
    if (common.length > 0) result.set(hostId, common.sort());
  }
  return result;
}

/** Groups of a cluster and their stored text. `minimum` is the smallest group (3, or 2 with fencing). */
export function computeGroups(cluster: ClusterRow, minimum: number): { groups: ConnectivityGroups; text: string } {
  const hosts = [...cluster.hosts].sort((a, b) => (a.id < b.id ? -1 : 1));
  const positions = new Map(hosts.map((host, position) => [host.id, position]));
  const byId = new Map(hosts.map((host) => [host.id, host]));
  const networks = new Set<string>();
  for (const host of hosts) {
    for (const nic of host.inventory?.interfaces ?? [])
      for (const address of nic.addresses) networks.add(address.networkText);
  }
  const majority = new Map<string, string[]>();
  for (const network of [...networks].sort()) {
    majority.set(network, mesh(hosts, positions, minimum, reachedInNetwork(parseCidr(network) as Cidr)));
  }
  majority.set('IPv4', mesh(hosts, positions, minimum, reachedEverywhere(byId, 4)));
  majority.set('IPv6', mesh(hosts, positions, minimum, reachedEverywhere(byId, 6)));
  const l3Addresses = commonAddresses(hosts);
  return {
    groups: { majority: new Map([...majority].map(([key, ids]) => [key, new Set(ids)])), l3Addresses },
    text: JSON.stringify({
      majority_groups: Object.fromEntries([...majority].sort(([a], [b]) => (a < b ? -1 : 1))),
      l3_connected_addresses: Object.fromEntries([...l3Addresses].sort(([a], [b]) => (a < b ? -1 : 1))),
    }),
  };
}

/** Colliding addresses over all reports. As in the real service the last host with a report decides the stored map. */
export function computeCollisions(cluster: ClusterRow): Map<string, readonly string[]> {
  const hosts = [...cluster.hosts].sort((a, b) => (a.id < b.id ? -1 : 1));
  const last = hosts.findLast((host) => host.connectivity !== undefined);
  return new Map(last?.connectivity?.collisions ?? []);
}
