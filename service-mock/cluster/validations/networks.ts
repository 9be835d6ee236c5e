/**
 * Cluster validations of networks and VIPs. Texts are upstream's: assisted-service, internal/cluster/validator.go and
 * internal/network/cidr_validations.go.
 */

import type { Core } from '../../core/core.ts';
import type { ClusterRow, VipRow } from '../../core/rows.ts';
import {
  clusterFamilies,
  hasMachineNetwork,
  isUserManagedLoadBalancer,
  networkOfVip,
  vipProblem,
  vipProblemInAny,
} from '../../network/cluster-networks.ts';
import { familiesOf, normalizeCidr, overlaps, parseCidr } from '../../network/networks.ts';
import type { JsonObject } from '../../service-api.ts';
import type { ValidationStatus } from '../../validations/results.ts';
import { overridesOf } from '../install-config-overrides.ts';
import { isSingleNode } from '../traits.ts';

/** Status and message. */
export type ClusterOutcome = readonly [ValidationStatus, string];
/** What an evaluation sees. */
export interface ClusterContext {
  readonly core: Core;
  readonly cluster: ClusterRow;
  readonly hasInventories: boolean;
}

export const passIf = (good: boolean, yes: string, no: string): ClusterOutcome =>
  good ? ['success', yes] : ['failure', no];

const EXTERNAL_NETWORK_TYPES: ReadonlySet<string> = new Set(['Cilium', 'Calico', 'CiscoACI', 'None']);
const NETWORK_TYPES: ReadonlySet<string> = new Set([...EXTERNAL_NETWORK_TYPES, 'OVNKubernetes', 'OpenShiftSDN']);

const NO_HOSTS: ClusterOutcome = ['pending', 'Hosts have not been discovered yet'];

export function machineCidrDefined({ cluster, hasInventories }: ClusterContext): ClusterOutcome {
  if (cluster.userManagedNetworking && !isSingleNode(cluster))
    return ['success', 'No Machine Network CIDR needed: User Managed Networking'];
  if (hasMachineNetwork(cluster)) return ['success', 'The Machine Network CIDR is defined.'];
  if (!hasInventories) return NO_HOSTS;
  if (cluster.vipDhcpAllocation) {
    return [
      'failure',
      'The Machine Network CIDR is undefined; setting the Machine Network CIDR initiates the VIPs DHCP lease allocation.',
    ];
  }
  return [
    'failure',
    isSingleNode(cluster)
      ? 'The Machine Network CIDR is undefined; Setting Machine Network CIDR is required for single node cluster'
      : 'The Machine Network CIDR is undefined; the Machine Network CIDR can be defined by setting either the API or Ingress virtual IPs.',
  ];
}

type VipKind = 'API' | 'Ingress';
type VipsOf = (cluster: ClusterRow) => readonly VipRow[];

/** Why a cluster needs no VIPs; undefined when it does. */
function withoutVips(kind: VipKind, cluster: ClusterRow): ClusterOutcome | undefined {
  if (cluster.userManagedNetworking)
    return ['success', `${kind} virtual IPs are not required: User Managed Networking`];
  return isSingleNode(cluster) ? ['success', `${kind} virtual IPs are not required: SNO`] : undefined;
}

export function vipsDefined(kind: VipKind, vips: VipsOf) {
  return (context: ClusterContext): ClusterOutcome => {
    const { cluster } = context;
    const needless = withoutVips(kind, cluster);
    if (needless) return needless;
    if (vips(cluster).length > 0) return ['success', `${kind} virtual IPs are defined.`];
    if (!cluster.vipDhcpAllocation) return ['failure', `${kind} virtual IPs are undefined and must be provided.`];
    if (machineCidrDefined(context)[0] !== 'success') return ['pending', 'The Machine Network CIDR is undefined'];
    return [
      'failure',
      `${kind} virtual IPs are undefined; after the Machine Network CIDR has been defined, ${kind} virtual IPs are received from a DHCP lease allocation task which may take up to 2 minutes.`,
    ];
  };
}

export function vipsValid(kind: VipKind, vips: VipsOf) {
  return (context: ClusterContext): ClusterOutcome => {
    const { cluster } = context;
    const needless = withoutVips(kind, cluster);
    if (needless) return needless;
    const list = vips(cluster);
    const [first] = list;
    if (!first) return ['pending', `${kind} virtual IPs are undefined.`];
    if (!context.hasInventories || machineCidrDefined(context)[0] !== 'success') return NO_HOSTS;
    if (isUserManagedLoadBalancer(cluster)) {
      const name = `${kind.toLowerCase()} vip`;
      const problem = vipProblemInAny(cluster.machineNetworks, name, first.ip);
      return problem === undefined ? ['success', `${name} ${first.ip} is valid`] : ['failure', problem];
    }
    const name = `${kind.toLowerCase()} vips`;
    const problems = list
      .map((vip, position) => vipProblem(cluster, name, vip, position))
      .filter((problem) => problem !== undefined);
    return passIf(
      problems.length === 0,
      `${name} ${list.map((vip) => vip.ip).join(', ')} belongs to the Machine CIDR and is not in use.`,
      problems.join(';'),
    );
  };
}

export function calculatedCidr({ cluster, hasInventories }: ClusterContext): ClusterOutcome {
  if (cluster.userManagedNetworking)
    return ['success', 'The Cluster Machine CIDR is not required: User Managed Networking'];
  if (isUserManagedLoadBalancer(cluster))
    return ['success', 'Calculating machine network CIDR is not enabled: User Managed Load Balancer'];
  if (cluster.apiVips.length === 0 && cluster.ingressVips.length === 0)
    return ['pending', 'The Machine Network CIDR, API virtual IPs, or Ingress virtual IPs are undefined.'];
  if (!hasInventories) return NO_HOSTS;
  const problems: string[] = [];
  for (const [position, vip] of cluster.apiVips.entries()) {
    const calculated = networkOfVip(vip.ip, cluster.hosts);
    if (calculated === undefined) {
      problems.push(`No suitable matching CIDR found for VIP ${vip.ip}`);
      continue;
    }
    const given = cluster.machineNetworks[position];
    if (given !== undefined && normalizeCidr(given) !== calculated)
      problems.push(`The Cluster Machine CIDR ${given} is different than the calculated CIDR ${calculated}.`);
  }
  return passIf(
    problems.length === 0,
    'The Cluster Machine CIDR is equivalent to the calculated CIDR.',
    errorList(problems),
  );
}

/** Several errors as Go's multierror writes them. */
function errorList(problems: readonly string[]): string {
  const count = problems.length === 1 ? '1 error' : `${problems.length} errors`;
  return `${count} occurred:\n\t${problems.map((problem) => `* ${problem}`).join('\n\t')}\n\n`;
}

/** With user-managed networking only a single node needs to know its machine network. */
const needsMachineNetwork = (cluster: ClusterRow) => !cluster.userManagedNetworking || isSingleNode(cluster);

export function noOverlaps(context: ClusterContext): ClusterOutcome {
  const { cluster } = context;
  const defined = cluster.clusterNetworks.length > 0 && cluster.serviceNetworks.length > 0;
  if (!defined || (needsMachineNetwork(cluster) && machineCidrDefined(context)[0] !== 'success'))
    return ['pending', cluster.userManagedNetworking ? NETWORK_MISSING : MACHINE_NETWORK_MISSING];
  if (cluster.clusterNetworks.length !== cluster.serviceNetworks.length) {
    return ['error', 'A mismatch between the number of Cluster and Service networks'];
  }
  let machine = '';
  for (const [index, { cidr: pods }] of cluster.clusterNetworks.entries()) {
    machine = cluster.machineNetworks[index] ?? machine;
    const services = cluster.serviceNetworks[index] ?? '';
    const problem =
      (needsMachineNetwork(cluster)
        ? (overlap('MachineNetworkCIDR and ServiceNetworkCIDR', machine, services) ??
          overlap('MachineNetworkCIDR and ClusterNetworkCidr', machine, pods))
        : undefined) ?? overlap('ServiceNetworkCidr and ClusterNetworkCidr', services, pods);
    if (problem !== undefined) return ['failure', `CIDRS Overlapping: ${problem}.`];
  }
  return ['success', 'No CIDRS are overlapping.'];
}

const NETWORK_MISSING = 'At least one of the CIDRs (Cluster Network, Service Network) is undefined.';
const MACHINE_NETWORK_MISSING =
  'At least one of the CIDRs (Machine Network, Cluster Network, Service Network) is undefined.';

function overlap(names: string, a: string, b: string): string | undefined {
  const [left, right] = [parseCidr(a), parseCidr(b)];
  return left && right && overlaps(left, right) ? `${names}: CIDRS ${a} and ${b} overlap` : undefined;
}

/** Addresses that every host's part of the cluster network must hold, as a power of two. */
const LEAST_HOST_BITS = 7;
/** Prefixes that stand for the hosts' own with network plug-ins that do not look at those. */
const ASSUMED_HOST_PREFIX = { 4: 25, 6: 64 } as const;

export function networkPrefix({ cluster }: ClusterContext): ClusterOutcome {
  if (cluster.clusterNetworks.length === 0) return ['pending', 'The Cluster Network CIDR is undefined.'];
  const looksAtPrefix = ['OVNKubernetes', 'OpenShiftSDN'].includes(effectiveNetworkType(cluster));
  const hosts = cluster.hosts.length;
  for (const { cidr, hostPrefix } of cluster.clusterNetworks) {
    if (looksAtPrefix && hostPrefix < 1) {
      return ['failure', `Invalid Cluster Network prefix: Host prefix, now ${hostPrefix}, must be a positive integer.`];
    }
    const network = parseCidr(cidr);
    if (!network) return ['failure', `Failed to parse CIDR '${cidr}': invalid CIDR address: ${cidr}`];
    const prefix = looksAtPrefix ? hostPrefix : ASSUMED_HOST_PREFIX[network.family];
    const bits = network.family === 4 ? 32 : 128;
    if (prefix > bits - LEAST_HOST_BITS) {
      return [
        'failure',
        `Host prefix, now ${prefix}, must be less than or equal to ${bits - LEAST_HOST_BITS} to allow at least 128 addresses`,
      ];
    }
    if ((hosts === 1 ? 1 : Math.max(4, hosts)) > 2 ** Math.max(0, prefix - network.prefix)) {
      return [
        'failure',
        `Cluster network CIDR prefix ${network.prefix} does not contain enough addresses for ${hosts} hosts each one with ${prefix} prefix (${1n << BigInt(Math.min(63, bits - prefix))} addresses)`,
      ];
    }
  }
  return ['success', 'The Cluster Network prefix is valid.'];
}

/** The network type of the install config: what the user lays over it wins. */
function effectiveNetworkType(cluster: ClusterRow): string {
  const own = cluster.networkType ?? '';
  try {
    const { networking } = overridesOf(cluster) ?? {};
    const type = (networking as JsonObject | undefined | null)?.networkType;
    return typeof type === 'string' && type !== '' ? type : own;
  } catch {
    return own;
  }
}

export function sameFamilies(context: ClusterContext): ClusterOutcome {
  const { cluster } = context;
  const needMachine = needsMachineNetwork(cluster);
  if (
    cluster.clusterNetworks.length === 0 ||
    cluster.serviceNetworks.length === 0 ||
    (needMachine && machineCidrDefined(context)[0] !== 'success')
  ) {
    return ['pending', needMachine ? MACHINE_NETWORK_MISSING : NETWORK_MISSING];
  }
  const sorted = (cidrs: readonly string[]) => familiesOf(cidrs)?.sort().join();
  const service = sorted(cluster.serviceNetworks);
  const pods = sorted(cluster.clusterNetworks.map((network) => network.cidr));
  if (service === undefined || pods === undefined) return ['error', 'Bad CIDR(s) appears in one of the networks'];
  if (service !== pods)
    return ['failure', 'Address families of networks (ServiceNetworks, ClusterNetworks) are not the same.'];
  const machine = needMachine ? sorted(cluster.machineNetworks) : service;
  if (machine === undefined) return ['error', `Error getting machine address families for cluster ${cluster.id}`];
  return passIf(
    machine === service,
    'Same address families for all networks.',
    'Address families of networks (MachineNetworks, ServiceNetworks, ClusterNetworks) are not the same.',
  );
}

export function networkType({ cluster }: ClusterContext): ClusterOutcome {
  const type = cluster.networkType;
  if (type !== undefined && !NETWORK_TYPES.has(type)) {
    return [
      'failure',
      'The network type is not valid; the valid network types are OpenShiftSDN, OVNKubernetes, Cilium, Calico, CiscoACI, or None',
    ];
  }
  if (type === 'OpenShiftSDN' && clusterFamilies(cluster)?.includes(6)) {
    return [
      'failure',
      'The cluster is configured with IPv6 which is not supported by OpenShiftSDN; use OVNKubernetes instead',
    ];
  }
  if (type === 'OpenShiftSDN' && isSingleNode(cluster)) {
    return [
      'failure',
      "Control Plane Count '1' (SNO) is not supported by OpenShiftSDN; use another network type instead",
    ];
  }
  if (type === 'OVNKubernetes' && cluster.vipDhcpAllocation) {
    return ['failure', 'VIP DHCP allocation is not supported when the cluster is configured to use OVNKubernetes.'];
  }
  return ['success', 'The cluster has a valid network type'];
}

export function customManifests({ cluster }: ClusterContext): ClusterOutcome {
  const type = effectiveNetworkType(cluster);
  if (!EXTERNAL_NETWORK_TYPES.has(type)) return ['success', 'No custom manifests are required'];
  return passIf(
    [...cluster.manifests.values()].some((manifest) => manifest.source === 'user'),
    'Custom manifests are uploaded',
    `Custom manifests are required for: ${type} network type. Please upload manifests via the custom manifests API.`,
  );
}
