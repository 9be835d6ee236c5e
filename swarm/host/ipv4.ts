/** Arithmetic on IPv4 addresses and networks as unsigned 32-bit integers. */

export interface Ipv4Network {
  /** First address (host bits zero). */
  readonly base: number;
  readonly prefix: number;
}

/**
 * @returns the address as an unsigned integer, or null when the text is no dotted IPv4 address.
 */
export function parseIpv4(text: string): number | null {
  const parts = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (!parts) return null;
  let value = 0;
  for (let i = 1; i <= 4; i++) {
    const octet = Number(parts[i]);
    if (octet > 255) return null;
    value = value * 256 + octet;
  }
  return value;
}

/** Dotted text of an address. */
export function formatIpv4(address: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}`;
}

/** Number of addresses of a network with this prefix length. */
export function networkSize(prefix: number): number {
  return 2 ** (32 - prefix);
}

/**
 * Splits `address/prefix`.
 * @throws RangeError when the text is not of this form.
 */
export function parseCidr(cidr: string): { address: number; network: Ipv4Network } {
  const [host = '', length = ''] = cidr.split('/');
  const address = parseIpv4(host);
  const prefix = /^\d{1,2}$/.test(length) ? Number(length) : 33;
  if (address === null || prefix > 32) {
    throw new RangeError(`"${cidr}" is no IPv4 CIDR; allowed: address/prefix such as 10.123.0.5/16`);
  }
  const size = networkSize(prefix);
  return { address, network: { base: address - (address % size), prefix } };
}

/** Whether a network holds an address. */
export function contains(network: Ipv4Network, address: number): boolean {
  return address >= network.base && address < network.base + networkSize(network.prefix);
}

/** Whether two networks share an address. */
export function overlaps(a: Ipv4Network, b: Ipv4Network): boolean {
  return a.base < b.base + networkSize(b.prefix) && b.base < a.base + networkSize(a.prefix);
}

/**
 * Offsets inside a machine network: the gateway, the two virtual addresses (on clusters without virtual addresses nobody
 * owns these two, so that an external load balancer can be imagined there), then the hosts by their position.
 */
export const GATEWAY_OFFSET = 1;
export const API_VIP_OFFSET = 2;
export const INGRESS_VIP_OFFSET = 3;
export const FIRST_HOST_OFFSET = 4;

/** Longest prefix of a machine network for so many hosts (network and broadcast address, gateway and two VIPs included). */
export function prefixForHosts(hosts: number): number {
  let prefix = 29;
  while (networkSize(prefix) < FIRST_HOST_OFFSET + hosts + 1) prefix--;
  return prefix;
}

/** The virtual addresses of a cluster: its own, else those that a DHCP server of its network gives it. @throws RangeError as {@link parseCidr} */
export function virtualAddresses(cluster: {
  machineNetwork: string;
  apiVip: string | null;
  ingressVip: string | null;
}): { api: string; ingress: string } {
  const { base } = parseCidr(cluster.machineNetwork).network;
  return {
    api: cluster.apiVip ?? formatIpv4(base + API_VIP_OFFSET),
    ingress: cluster.ingressVip ?? formatIpv4(base + INGRESS_VIP_OFFSET),
  };
}
