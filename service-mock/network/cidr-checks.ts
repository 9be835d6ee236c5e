/** What networks of a cluster must be like, each alone and beside the others. Upstream: assisted-service, internal/network/cidr_validations.go. */
import { countedErrorList } from '../validations/error-list.ts';
import { addressBits, formatIp, normalizeCidr, overlaps, parseCidr, parseIp } from './networks.ts';

/** Networks of a cluster, by what they are called. */
export interface NamedNetworks {
  readonly machineNetworks: readonly string[] | undefined;
  readonly serviceNetworks: readonly string[] | undefined;
  readonly clusterNetworks: readonly string[] | undefined;
}

/** What is wrong with texts that are to be networks, all of them. Upstream: internal/cluster/validations/validations.go, ValidateNetworkCIDRs. */
export function cidrsProblem({ machineNetworks, serviceNetworks, clusterNetworks }: NamedNetworks): string | undefined {
  const problems = (name: string, list: readonly string[] | undefined) =>
    (list ?? []).flatMap((cidr, index) => {
      if (cidr === '') return [`${name} CIDR cannot be empty (index ${index})`];
      if (parseCidr(cidr)) return [];
      return [`Could not parse ${name} CIDR ${cidr} (index ${index}): ${noCidr(cidr)}`];
    });
  return countedErrorList([
    ...problems('Machine Network', machineNetworks),
    ...problems('Service Network', serviceNetworks),
    ...problems('Cluster Network', clusterNetworks),
  ]);
}

const noCidr = (text: string) => `invalid CIDR address: ${text}`;

/** Bits of addresses that a network must have at least. */
export const LEAST_BITS = 7;
const LEAST_MACHINE_BITS = { single: 1, userLoadBalancer: 2, other: 4 } as const;

/** Why a network is none for pods or services; undefined when it is. */
export function podOrServiceNetworkProblem(cidr: string): string | undefined {
  return subnetProblem(cidr, LEAST_BITS);
}

/** Why a network is none for machines; undefined when it is. */
export function machineNetworkProblem(cidr: string, kind: keyof typeof LEAST_MACHINE_BITS): string | undefined {
  return subnetProblem(cidr, LEAST_MACHINE_BITS[kind]);
}

function subnetProblem(text: string, leastBits: number): string | undefined {
  const cidr = parseCidr(text);
  if (!cidr) return `Failed to parse CIDR '${text}': ${noCidr(text)}`;
  const most = addressBits(cidr) + cidr.prefix - leastBits;
  if (cidr.prefix < 1 || cidr.prefix > most)
    return `Address mask size must be between 1 to ${most} and must include at least ${1 << leastBits} addresses`;
  if (cidr.base === 0n)
    return `The specified CIDR ${text} is invalid because its resulting routing prefix matches the unspecified address`;
  const ip = parseIp(text.slice(0, text.indexOf('/')))!;
  return ip.value === cidr.base ? undefined : `${formatIp(ip)}/${cidr.prefix} is not a valid network CIDR`;
}

const FEWEST_HOSTS = 4;

/** Why a network cannot give each host one of its own; undefined when it can. @param hosts how many there are. */
export function podNetworkSizeProblem(hostPrefix: number, text: string, hosts: number): string | undefined {
  const cidr = parseCidr(text);
  if (!cidr) return `Failed to parse CIDR '${text}': ${noCidr(text)}`;
  const bits = addressBits(cidr) + cidr.prefix;
  if (hostPrefix > bits - LEAST_BITS)
    return `Host prefix, now ${hostPrefix}, must be less than or equal to ${bits - LEAST_BITS} to allow at least 128 addresses`;
  const wanted = hosts === 1 ? 1 : Math.max(FEWEST_HOSTS, hosts);
  const possible = 2 ** Math.min(63, Math.max(hostPrefix - cidr.prefix, 0));
  if (wanted <= possible) return undefined;
  const addresses = 1n << BigInt(Math.min(63, bits - hostPrefix));
  return `Cluster network CIDR prefix ${cidr.prefix} does not contain enough addresses for ${hosts} hosts each one with ${hostPrefix} prefix (${addresses} addresses)`;
}

/** Networks at one position of their lists; empty for none. */
export interface Neighbours {
  readonly machine: string;
  readonly service: string;
  readonly cluster: string;
}

/** Which of them overlap; undefined when none do. @param withMachines whether machine networks count. */
export function overlapProblem({ machine, service, cluster }: Neighbours, withMachines: boolean): string | undefined {
  const pairs = [
    ...(withMachines
      ? ([
          ['MachineNetworkCIDR and ServiceNetworkCIDR', machine, service],
          ['MachineNetworkCIDR and ClusterNetworkCidr', machine, cluster],
        ] as const)
      : []),
    ['ServiceNetworkCidr and ClusterNetworkCidr', service, cluster] as const,
  ];
  for (const [words, a, b] of pairs) {
    const first = parseCidr(a);
    const second = parseCidr(b);
    if (first && second && overlaps(first, second)) return `${words}: CIDRS ${a} and ${b} overlap`;
  }
  return undefined;
}

/** A network of a list; `hostPrefix` of those for pods. */
export interface ListedNetwork {
  readonly cidr: string;
  readonly hostPrefix?: number;
}

/** Whether two lists are of the same networks, in whatever order; with both families in both, in the same order. */
export function sameNetworks(a: readonly ListedNetwork[], b: readonly ListedNetwork[]): boolean {
  const isDual = (list: readonly ListedNetwork[]) => new Set(list.map(({ cidr }) => parseCidr(cidr)?.family)).size > 1;
  const isOrdered = isDual(a) && isDual(b);
  const texts = (list: readonly ListedNetwork[]) => {
    const all = list.map(({ cidr, hostPrefix }) => `${normalizeCidr(cidr) ?? cidr} ${hostPrefix}`);
    return (isOrdered ? all : all.sort()).join();
  };
  return texts(a) === texts(b);
}
