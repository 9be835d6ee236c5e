/** Host validations of a host's networks beside those of its cluster and of other hosts. Upstream: assisted-service, internal/host/validator.go. */

import { isDay2Cluster, isFencingCluster, isSingleNode } from '../../cluster/traits.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import {
  clusterFamilies,
  hasMachineNetwork,
  inAllMachineNetworks,
  inSomeMachineNetwork,
  isUserManagedLoadBalancer,
  machineNetworks,
} from '../../network/cluster-networks.ts';
import { contains, overlaps, parseCidr, parseIp, sameNetwork } from '../../network/networks.ts';
import type { ValidationStatus } from '../../validations/results.ts';
import { type DiskFacts, hostAddresses, type InventoryFacts } from '../inventory.ts';
import { installationDiskOf, isDay2Host } from '../traits.ts';
import { broken, fail, type HostContext, type InventoryCheck, type Outcome, pass, passIf, wait } from './check.ts';

export function machineCidrDefined(cluster: ClusterRow): Outcome {
  if (cluster.userManagedNetworking) return pass('No Machine Network CIDR needed: User Managed Networking');
  if (isDay2Cluster(cluster)) return pass('No Machine Network CIDR needed: Day2 cluster');
  if (hasMachineNetwork(cluster)) return pass('Machine Network CIDR is defined');
  if (cluster.vipDhcpAllocation) return fail('Machine Network CIDR is undefined');
  return fail(
    'Machine Network CIDR is undefined; the Machine Network CIDR can be defined by setting either the API or Ingress virtual IPs',
  );
}

export function belongsToMachineCidr(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (cluster.userManagedNetworking && !isSingleNode(cluster) && (!host.bootstrap || !hasMachineNetwork(cluster))) {
    return pass('No machine network CIDR validation needed: User Managed Networking');
  }
  if (isDay2Cluster(cluster)) return pass('No machine network CIDR validation needed: Day2 cluster');
  if (!host.inventory || !hasMachineNetwork(cluster)) return wait('Missing inventory or machine network CIDR');
  return isUserManagedLoadBalancer(cluster)
    ? passIf(
        inSomeMachineNetwork(cluster, host),
        'Host belongs to at least one machine network CIDR',
        'Host does not belong to any machine network CIDR. Verify that the host belongs to at least one CIDR listed under machine networks',
      )
    : passIf(
        inAllMachineNetworks(cluster, host),
        'Host belongs to all machine network CIDRs',
        'Host does not belong to machine network CIDRs. Verify that the host belongs to every CIDR listed under machine networks',
      );
}

const MEASURED_ALONE = 'Day2 host is not required to be connected to other hosts in the cluster';
const IN_MAJORITY = 'Host has connectivity to the majority of hosts in the cluster';

export function majorityGroup(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (isDay2Host(host)) return pass(MEASURED_ALONE);
  if (isSingleNode(cluster)) return pass(IN_MAJORITY);
  if (!cluster.groups) return wait('Machine Network CIDR or Connectivity Majority Groups missing');
  const status =
    cluster.userManagedNetworking || isUserManagedLoadBalancer(cluster)
      ? layer3Group(cluster, host)
      : layer2Group(cluster, host);
  if (status === 'failure') {
    const enough = isFencingCluster(cluster) ? 2 : 3;
    if (cluster.hosts.length < enough) return wait('Not enough hosts in cluster to calculate connectivity groups');
    return fail('No connectivity to the majority of hosts in the cluster');
  }
  if (status === 'pending') return wait('Not enough information to calculate host majority groups');
  return status === 'error' ? broken('Unexpected status error') : pass(IN_MAJORITY);
}

function layer2Group(cluster: ClusterRow, host: HostRow): ValidationStatus {
  if (!hasMachineNetwork(cluster)) return 'pending';
  for (const network of machineNetworks(cluster)) {
    let members: ReadonlySet<string> | undefined;
    for (const [key, ids] of cluster.groups?.majority ?? []) {
      if (key === 'IPv4' || key === 'IPv6') continue;
      const candidate = parseCidr(key);
      if (candidate && sameNetwork(candidate, network)) members = ids;
    }
    if (!members?.has(host.id)) return 'failure';
  }
  return 'success';
}

function layer3Group(cluster: ClusterRow, host: HostRow): ValidationStatus {
  const families = clusterFamilies(cluster);
  if (!families) return 'error';
  const addresses = cluster.groups?.l3Addresses.get(host.id);
  if (!addresses || families.length === 0) return 'failure';
  const reached = new Set(addresses.map((address) => parseIp(address)?.family));
  return families.every((family) => reached.has(family)) ? 'success' : 'failure';
}

export function mtuValid(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (!host.inventory) return wait('Missing host inventory');
  if (isDay2Host(host)) return pass(MEASURED_ALONE);
  if (isSingleNode(cluster)) return undefined;
  if (!host.connectivity) return wait('Missing MTU report information');
  const networks = machineNetworks(cluster);
  for (const { nic, address } of host.connectivity.brokenMtu) {
    if (!cluster.userManagedNetworking) {
      const remote = parseIp(address);
      const own = host.inventory.interfaces.find((candidate) => candidate.name === nic);
      const inside = own?.addresses.some((item) => networks.some((network) => contains(network, item.ip)));
      if (!inside || !remote || !networks.some((network) => contains(network, remote))) continue;
    }
    return fail(`MTU is broken. Interface: ${nic}, remote IP address: ${address}`);
  }
  return pass('MTU is ok');
}

export const nonOverlapping: InventoryCheck = (inventory, { cluster }) => {
  if (!cluster) return undefined;
  const families = clusterFamilies(cluster);
  if (!families) return broken('Unexpected error: the networks of the cluster are malformed');
  for (const family of families) {
    const networks = inventory.interfaces.flatMap((nic) => {
      const texts = nic.addresses.filter(({ ip }) => ip.family === family).map((address) => address.networkText);
      return [...new Set(texts)].sort().map((network) => ({ nic: nic.name, network }));
    });
    for (const [at, left] of networks.entries()) {
      for (const right of networks.slice(at + 1)) {
        const problem = overlap(left, right);
        if (problem !== undefined) return fail(`Address networks are overlapping: ${problem}`);
      }
    }
  }
  return pass('Host subnets are not overlapping');
};

interface NicNetwork {
  readonly nic: string;
  readonly network: string;
}

function overlap(left: NicNetwork, right: NicNetwork): string | undefined {
  if (left.network === right.network)
    return `Address network ${left.network} appears on multiple interfaces [${left.nic}, ${right.nic}]`;
  const [a, b] = [parseCidr(left.network), parseCidr(right.network)];
  if (!a || !b || !overlaps(a, b)) return undefined;
  return `Address networks ${left.network} in interface ${left.nic} and ${right.network} in interface ${right.nic} overlap`;
}

export function collisions({ cluster, host }: HostContext): Outcome {
  if (!cluster) return pass('Cluster has not yet been defined, skipping validation.');
  if (!host.inventory) return pass('Host inventory has not yet been defined, skipping validation.');
  if (isDay2Cluster(cluster)) return pass(`Skipping validation for day 2 host ${host.id}`);
  if (cluster.ipCollisions === '') return pass('IP collisions have not yet been evaluated');
  let problems = '';
  const own = new Set([...hostAddresses(host.inventory)].map((address) => address.text));
  for (const [address, macs] of cluster.collisions) {
    if (own.has(address))
      problems += `Collisions detected for host ID ${host.id}, IP address: ${address} Mac addresses: ${macs.join(',')}\n`;
  }
  return passIf(problems === '', `No IP collisions were detected by host ${host.id}`, problems);
}

export function iscsiNetwork(cluster: ClusterRow, { host }: HostContext): Outcome {
  if ((cluster.userManagedNetworking && !isSingleNode(cluster)) || cluster.imported || isDay2Cluster(cluster))
    return undefined;
  const disk = installationDiskOf(host);
  if (!disk || !host.inventory) return undefined;
  if (!hasMachineNetwork(cluster)) return wait('Missing inventory or machine network CIDR');
  if (disk.driveType === 'iSCSI') return iscsiDisk(disk, host.inventory, cluster);
  if (disk.driveType !== 'Multipath') return undefined;
  const failing: string[] = [];
  let last: Outcome = pass('');
  for (const path of host.inventory.disks) {
    if (path.driveType !== 'iSCSI' || !path.holders.includes(disk.name)) continue;
    last = iscsiDisk(path, host.inventory, cluster);
    if (last?.[0] === 'error') return last;
    if (last?.[0] === 'failure') failing.push(path.name);
  }
  if (failing.length === 0) return last;
  return fail(
    `Installation on multipath device is not possible due to errors on at least one iSCSI disk: Network interface connected to iSCSI disk (${failing.join(', ')}) cannot belong to machine network CIDRs`,
  );
}

function iscsiDisk(disk: DiskFacts, inventory: InventoryFacts, cluster: ClusterRow): Outcome {
  if (disk.iscsiAddress === '') return broken('iSCSI disk is missing host IP address');
  const nic = inventory.interfaces.find((candidate) =>
    candidate.addresses.some((address) => address.text === disk.iscsiAddress),
  );
  if (!nic) return broken('Cannot find network interface associated to iSCSI host IP address');
  const inside = nic.addresses.some((address) =>
    machineNetworks(cluster).some((network) => contains(network, address.ip)),
  );
  return passIf(
    !inside,
    'Network interface connected to iSCSI disk does not belong to machine network CIDRs',
    'Network interface connected to iSCSI disk cannot belong to machine network CIDRs',
  );
}
