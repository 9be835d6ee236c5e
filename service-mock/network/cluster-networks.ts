/** Questions about a cluster's networks that several validations share. Upstream: assisted-service, internal/network/machine_network_cidr.go and utils.go. */

import { isSingleNode } from '../cluster/traits.ts';
import type { ClusterRow, HostRow, VipRow } from '../core/rows.ts';
import { SharedValues } from '../core/shared-values.ts';
import { belongsToNetwork, hostAddresses } from '../host/inventory.ts';
import {
  addressBits,
  type Cidr,
  contains,
  type Family,
  familiesOf,
  formatCidr,
  isBroadcast,
  parseCidr,
  parseIp,
} from './networks.ts';

export function hasMachineNetwork(cluster: ClusterRow): boolean {
  return cluster.machineNetworks.length > 0;
}

export function isUserManagedLoadBalancer(cluster: ClusterRow): boolean {
  return cluster.loadBalancer === 'user-managed';
}

/** Families of all networks of a cluster; undefined when one of them is malformed. */
export function clusterFamilies(cluster: ClusterRow): Family[] | undefined {
  return familiesOf([
    ...cluster.clusterNetworks.map((network) => network.cidr),
    ...cluster.serviceNetworks,
    ...cluster.machineNetworks,
  ]);
}

/** Networks that a cluster's machine networks name. */
export function machineNetworks(cluster: ClusterRow): Cidr[] {
  return cluster.machineNetworks.map(parseCidr).filter((cidr) => cidr !== undefined);
}

/** The hosts' network that holds an address; undefined when no host has one. */
export function networkOfVip(ipText: string, hosts: readonly HostRow[]): string | undefined {
  const ip = parseIp(ipText);
  if (!ip) return undefined;
  for (const host of hosts) {
    if (!host.inventory) continue;
    for (const address of hostAddresses(host.inventory)) {
      if (contains(address.network, ip)) return formatCidr(address.network);
    }
  }
  return undefined;
}

/**
 * Why a VIP is none of its machine network, which stands at the VIP's own position, or not free. Texts of these
 * functions are upstream's: assisted-service, internal/network/machine_network_cidr.go.
 * @param name what texts call the VIP.
 */
export function vipProblem(cluster: ClusterRow, name: string, vip: VipRow, position: number): string | undefined {
  const network = cluster.machineNetworks[position];
  if (network === undefined) return `${name} <${vip.ip}> cannot be set if Machine Network CIDR is empty`;
  return placeProblem(name, vip.ip, network) ?? freeProblem(cluster, name, vip, network);
}

/** Why a VIP is in no machine network, which is what it needs behind the user's own load balancer. */
export function vipProblemInAny(networks: readonly string[], name: string, ip: string): string | undefined {
  if (networks.length === 0) return `no machine networks to verify VIP: ${ip} with`;
  const problems: string[] = [];
  for (const network of networks) {
    const problem = placeProblem(name, ip, network);
    if (problem === undefined) return undefined;
    problems.push(`machine network CIDR <${network}> verification failed: ${problem}`);
  }
  return `${name} '${ip}' failed verification: none of the machine networks is satisfying the requirements, description: ${problems.join('; ')}`;
}

/** Why an address cannot be a VIP of a network. */
export function placeProblem(name: string, ipText: string, network: string): string | undefined {
  const ip = parseIp(ipText);
  const cidr = parseCidr(network);
  if (!ip || !cidr || !contains(cidr, ip))
    return `${name} <${ipText}> does not belong to machine-network-cidr <${network}>`;
  if (isBroadcast(cidr, ip)) return `${name} <${ipText}> is the broadcast address of machine-network-cidr <${network}>`;
  return undefined;
}

/** The verdict of a verify-vips reply counts; without one the reported free addresses decide. */
function freeProblem(
  { hosts }: ClusterRow,
  name: string,
  { ip, verification }: VipRow,
  network: string,
): string | undefined {
  const verdict =
    verification === 'succeeded' || verification === 'failed' ? verification : verdictOfFreeLists(hosts, ip, network);
  if (verdict === 'succeeded') return undefined;
  return verdict === 'unverified' ? `${name} <${ip}> are not verified yet.` : inUse(name, ip, network, hosts.length);
}

/** Why hosts know that a VIP is taken; undefined when they do not. */
export function takenProblem(name: string, ip: string, network: string, hosts: readonly HostRow[]): string | undefined {
  const isTaken = verdictOfFreeLists(hosts, ip, network) === 'failed';
  return isTaken ? inUse(name, ip, network, hosts.length) : undefined;
}

function inUse(name: string, ip: string, network: string, hosts: number): string {
  const problem = `${name} <${ip}> is already in use in cidr ${network}`;
  if (holds(network, hosts)) return problem;
  return `${problem}. The machine network range is too small for the cluster. Please redefine the network.`;
}

/** Whether a network has room for the hosts, two VIPs, its own address and the broadcast address. */
function holds(network: string, hosts: number): boolean {
  const cidr = parseCidr(network);
  if (!cidr) return true;
  const bits = addressBits(cidr);
  return hosts === 1 ? bits >= 1 : 2 ** bits >= hosts + 4;
}

/** What a host listed last, by network: members of a cluster list the same, and only VIPs ask for it. */
const freeLists = new SharedValues<ReadonlyMap<string, ReadonlySet<string>>>(64);

function freeListOf({ freeAddressesText: text }: HostRow, network: string): ReadonlySet<string> | undefined {
  if (text === '') return undefined;
  const lists = freeLists.get(text, () => {
    const reported = JSON.parse(text) as { network?: string; free_addresses: string[] | null }[];
    return new Map(reported.map((item) => [item.network ?? '', new Set(item.free_addresses ?? [])]));
  });
  return lists.get(network);
}

/** A VIP is free when every host that listed free addresses of the network listed it. */
function verdictOfFreeLists(
  hosts: readonly HostRow[],
  ip: string,
  network: string,
): 'succeeded' | 'failed' | 'unverified' {
  const lists = hosts.map((host) => freeListOf(host, network)).filter((list) => list !== undefined);
  const [first, ...others] = lists;
  if (!first) return 'unverified';
  let shared = false;
  for (const address of first) {
    if (!others.every((list) => list.has(address))) continue;
    if (address === ip) return 'succeeded';
    shared = true;
  }
  return shared ? 'failed' : 'unverified';
}

export function inAllMachineNetworks(cluster: ClusterRow, host: HostRow): boolean {
  const facts = host.inventory;
  return facts !== undefined && machineNetworks(cluster).every((network) => belongsToNetwork(facts, network));
}

export function inSomeMachineNetwork(cluster: ClusterRow, host: HostRow): boolean {
  const facts = host.inventory;
  return facts !== undefined && machineNetworks(cluster).some((network) => belongsToNetwork(facts, network));
}

/**
 * Machine networks that the service derives by itself (monitor, before the refresh); undefined = leave as they are.
 * Cluster-managed: the hosts' network around each VIP. Single node: the host's only network a family, or the one of
 * its default route.
 */
export function derivedMachineNetworks(cluster: ClusterRow): string[] | undefined {
  if (cluster.status !== 'pending-for-input' && cluster.status !== 'insufficient') return undefined;
  if (cluster.vipDhcpAllocation) return dhcpNetworks(cluster);
  if (isSingleNode(cluster)) return singleNodeNetworks(cluster);
  if (cluster.userManagedNetworking || isUserManagedLoadBalancer(cluster)) return undefined;
  const derived = [0, 1].map((position) => {
    const vip = cluster.apiVips[position]?.ip ?? cluster.ingressVips[position]?.ip;
    return vip === undefined ? undefined : networkOfVip(vip, cluster.hosts);
  });
  const [primary, secondary] = derived;
  if (primary === undefined && cluster.machineNetworks.length > 1) return undefined;
  if (primary === cluster.machineNetworks[0] && (secondary === undefined || secondary === cluster.machineNetworks[1])) {
    return undefined;
  }
  return derived.filter((network) => network !== undefined);
}

/** With addresses from DHCP the machine network is set when the hosts share exactly one. */
function dhcpNetworks(cluster: ClusterRow): string[] | undefined {
  if (hasMachineNetwork(cluster)) return undefined;
  const networks = new Set(cluster.hosts.flatMap((host) => networksOf(host, 4)));
  return networks.size === 1 ? [...networks] : undefined;
}

function networksOf(host: HostRow, family: Family): string[] {
  if (!host.inventory) return [];
  const networks = [...hostAddresses(host.inventory)].filter((address) => address.ip.family === family);
  return [...new Set(networks.map((address) => address.networkText))];
}

function singleNodeNetworks(cluster: ClusterRow): string[] | undefined {
  if (hasMachineNetwork(cluster)) return undefined;
  const families = familiesOf(cluster.clusterNetworks.map((network) => network.cidr));
  const serviceFamilies = familiesOf(cluster.serviceNetworks);
  if (!families || !serviceFamilies || families.toSorted().join() !== serviceFamilies.toSorted().join())
    return undefined;
  const result: string[] = [];
  for (const family of families) {
    const networks = new Set(cluster.hosts.flatMap((host) => networksOf(host, family)));
    if (networks.size === 0) return undefined;
    const chosen = networks.size === 1 ? [...networks][0] : defaultRouteNetwork(cluster.hosts[0] as HostRow, family);
    if (chosen === undefined) return undefined;
    result.push(chosen);
  }
  return result;
}

function defaultRouteNetwork(host: HostRow, family: Family): string | undefined {
  const routeFamily = family === 4 ? 2 : 10;
  for (const route of host.inventory?.defaultRoutes ?? []) {
    if (route.family !== routeFamily) continue;
    const nic = host.inventory?.interfaces.find((candidate) => candidate.name === route.interface);
    const address = nic?.addresses.find((candidate) => candidate.ip.family === family);
    if (address) return address.networkText;
  }
  return undefined;
}

/** Address that stands for API and ingress of a single node. */
export function singleNodeAddress(cluster: ClusterRow): string | undefined {
  const host = cluster.hosts.find((candidate) => candidate.bootstrap) ?? cluster.hosts[0];
  const network = machineNetworks(cluster)[0];
  if (!host?.inventory || !network) return undefined;
  for (const address of hostAddresses(host.inventory)) if (contains(network, address.ip)) return address.text;
  return undefined;
}
