/**
 * Gives every cluster of a run a machine network of its own in 10.0.0.0/8, outside 10.128.0.0/14, where the service puts the
 * pods of every cluster (assisted-service, CLUSTER_NETWORK_CIDR; networks that overlap fail the validation no-cidrs-overlapping). All shards of a run compute the same list.
 */
import { formatIpv4, type Ipv4Network, networkSize, overlaps, parseCidr, prefixForHosts } from '../host/ipv4.ts';

const SPACE = parseCidr('10.0.0.0/8').network;
const POD_NETWORK = parseCidr('10.128.0.0/14').network;
/** What a network of machines usually is, and what the size of free-address reports follows from (assisted-installer-agent, src/free_addresses/free_addresses.go). */
const USUAL_PREFIX = 24;

/** A network for each of many clusters, five bytes each: a shard has those of the whole plan, of which it uses a few. */
export class MachineNetworks {
  readonly #bases: Uint32Array;
  readonly #prefixes: Uint8Array;

  constructor(bases: Uint32Array, prefixes: Uint8Array) {
    this.#bases = bases;
    this.#prefixes = prefixes;
  }

  /** Of the cluster with this position. */
  of(index: number): Ipv4Network {
    return { base: this.#bases[index]!, prefix: this.#prefixes[index]! };
  }

  *[Symbol.iterator](): Generator<Ipv4Network, void> {
    for (let index = 0; index < this.#bases.length; index++) yield this.of(index);
  }
}

/**
 * @param hosts number of hosts of each cluster
 * @returns networks in the same order: /24 where the hosts fit, larger where they do not, and no larger than needed when
 *   networks of the usual size do not fit the space.
 * @throws RangeError when even those do not fit.
 */
export function machineNetworks(hosts: ArrayLike<number>): MachineNetworks {
  // Not with from(), which makes a list of numbers first.
  const tight = new Uint8Array(hosts.length).map((_, index) => prefixForHosts(hosts[index]!));
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

function place(prefixes: Uint8Array): MachineNetworks | null {
  const end = SPACE.base + networkSize(SPACE.prefix);
  const bases = new Uint32Array(prefixes.length);
  let next = SPACE.base;
  for (let index = 0; index < prefixes.length; index++) {
    const prefix = prefixes[index]!;
    const size = networkSize(prefix);
    let base = Math.ceil(next / size) * size;
    if (overlaps({ base, prefix }, POD_NETWORK)) base = POD_NETWORK.base + networkSize(POD_NETWORK.prefix);
    if (base + size > end) return null;
    bases[index] = base;
    next = base + size;
  }
  return new MachineNetworks(bases, prefixes);
}
