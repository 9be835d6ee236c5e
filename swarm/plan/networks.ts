/**
 * Gives every cluster of a run a machine network of its own in 10.0.0.0/8, outside 10.128.0.0/14, where the service puts the
 * pods of every cluster (assisted-service, CLUSTER_NETWORK_CIDR; networks that overlap fail the validation no-cidrs-overlapping). All shards of a run compute the same list.
 */
import { formatIpv4, type Ipv4Network, networkSize, overlaps, parseCidr, prefixForHosts } from '../host/ipv4.ts';

const SPACE = parseCidr('10.0.0.0/8').network;
const POD_NETWORK = parseCidr('10.128.0.0/14').network;
/** What a network of machines usually is, and what the size of free-address reports follows from (assisted-installer-agent, src/free_addresses/free_addresses.go). */
const USUAL_PREFIX = 24;

/**
 * @param hosts number of hosts of each cluster
 * @returns networks in the same order: /24 where the hosts fit, larger where they do not, and no larger than needed when
 *   networks of the usual size do not fit the space.
 * @throws RangeError when even those do not fit.
 */
export function machineNetworks(hosts: readonly number[]): Ipv4Network[] {
  const tight = hosts.map(prefixForHosts);
  const found = place(tight.map((prefix) => Math.min(prefix, USUAL_PREFIX))) ?? place(tight);
  if (!found)
    throw new RangeError(
      `${hosts.length} machine networks do not fit ${formatNetwork(SPACE)}; allowed: fewer clusters`,
    );
  return found;
}

/** `10.3.1.0/24` */
export function formatNetwork(network: Ipv4Network): string {
  return `${formatIpv4(network.base)}/${network.prefix}`;
}

function place(prefixes: readonly number[]): Ipv4Network[] | null {
  const end = SPACE.base + networkSize(SPACE.prefix);
  const placed: Ipv4Network[] = [];
  let next = SPACE.base;
  for (const prefix of prefixes) {
    const size = networkSize(prefix);
    let base = Math.ceil(next / size) * size;
    if (overlaps({ base, prefix }, POD_NETWORK)) base = POD_NETWORK.base + networkSize(POD_NETWORK.prefix);
    if (base + size > end) return null;
    placed.push({ base, prefix });
    next = base + size;
  }
  return placed;
}
