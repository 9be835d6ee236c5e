/** Addresses of hosts that share a network: each its own, none of a virtual address, and the same for the same host. */
import { hashWords } from '../../../model/time/random.ts';
import {
  contains,
  FIRST_HOST_OFFSET,
  formatIpv4,
  GATEWAY_OFFSET,
  type Ipv4Network,
  networkSize,
  overlaps,
  parseCidr,
  parseIpv4,
} from '../../host/ipv4.ts';

/** Where the service puts pods of every cluster, which hosts must not be in. */
const POD_NETWORK = parseCidr('10.128.0.0/14').network;
/** Of a network that nobody has named: usual for one cluster; larger where hosts of many clusters wait. */
const PREFIX_OF_CLUSTER = 24;
const PREFIX_OF_MANY = 20;

export class HostNetwork {
  readonly #network: Ipv4Network;
  /** By host. */
  readonly #given = new Map<string, number>();
  readonly #taken = new Set<number>();

  /**
   * @param cidr IPv4
   * @param reserved addresses that no host may get, such as virtual ones; others than those of the network are left out
   * @throws RangeError when the text is no IPv4 CIDR.
   */
  constructor(cidr: string, reserved: readonly string[] = []) {
    this.#network = parseCidr(cidr).network;
    for (const text of [...reserved, this.gateway]) {
      const address = parseIpv4(text);
      if (address !== null) this.#taken.add(address);
    }
  }

  get cidr(): string {
    return `${formatIpv4(this.#network.base)}/${this.#network.prefix}`;
  }

  get gateway(): string {
    return formatIpv4(this.#network.base + GATEWAY_OFFSET);
  }

  /** Nobody else gets this address, in or out of the network. @param cidr an address with prefix length */
  reserve(cidr: string): void {
    const address = parseIpv4(cidr.split('/')[0]!);
    if (address !== null) this.#taken.add(address);
  }

  /**
   * The address of a host with prefix length; a host that has one keeps it. The one for its position is taken where it is free.
   * @throws RangeError when all are taken.
   */
  give(host: string, position: number): string {
    let address = this.#given.get(host);
    if (address === undefined) {
      address = this.#free(position);
      this.#given.set(host, address);
      this.#taken.add(address);
    }
    return `${formatIpv4(address)}/${this.#network.prefix}`;
  }

  /** The host is gone, its address is free. */
  release(host: string): void {
    const address = this.#given.get(host);
    if (address === undefined) return;
    this.#given.delete(host);
    this.#taken.delete(address);
  }

  #free(position: number): number {
    const { base, prefix } = this.#network;
    const size = networkSize(prefix) - 1 - FIRST_HOST_OFFSET;
    for (let tried = 0; tried < size; tried++) {
      const address = base + FIRST_HOST_OFFSET + ((position + tried) % size);
      if (!this.#taken.has(address)) return address;
    }
    throw new RangeError(`the network ${this.cidr} has no address left for another host`);
  }
}

/**
 * The network of hosts for whom nobody has named one: that of a virtual address, or one that is made of the names.
 * @param owner who shares it
 * @param many hosts of more than one cluster may share it
 */
export function derivedNetwork(seed: string, owner: string, vips: readonly string[], many: boolean): string {
  const vip = vips.map(parseIpv4).find((address) => address !== null);
  if (vip !== undefined && vip !== null) return `${formatIpv4(vip)}/${PREFIX_OF_CLUSTER}`;
  const prefix = many ? PREFIX_OF_MANY : PREFIX_OF_CLUSTER;
  const size = networkSize(prefix);
  for (let attempt = 0; ; attempt++) {
    const { a } = hashWords(`network/${seed}/${owner}/${attempt}`);
    const base = 0x0a000000 + (a % (2 ** 24 / size)) * size;
    if (!overlaps({ base, prefix }, POD_NETWORK)) return `${formatIpv4(base)}/${prefix}`;
  }
}

/** The first of some CIDRs that is IPv4. */
export function firstIpv4(cidrs: readonly string[]): string | undefined {
  return cidrs.find((cidr) => parseIpv4(cidr.split('/')[0]!) !== null);
}

/** Whether an address with prefix length lies in a network. */
export function liesIn(cidr: string, network: string): boolean {
  const address = parseIpv4(cidr.split('/')[0]!);
  return address !== null && contains(parseCidr(network).network, address);
}
