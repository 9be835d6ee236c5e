/** Addresses of the links between a lab and its hosts: no inventory shows them. */

import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

/** Whether a host name or address means this machine itself, which a host of a lab would take for its own. */
export function isLoopback(host: string): boolean {
  const family = isIP(host);
  if (family === 0) return host === 'localhost' || host.endsWith('.localhost');
  return LOOPBACK.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** Of the lab's name server. */
export const NAME_SERVER = '198.18.255.53';

/** Address of the nth service that has none which hosts of a lab could use: RFC 2544's range for benchmarks. */
export function serviceAddress(number: number): string {
  return `198.18.${(number + 1) >> 8}.${(number + 1) & 255}`;
}

/** First of the shared address space of RFC 6598, which no machine network should use. */
const FIRST = (100 << 24) | (64 << 16);
/** Addresses of 100.64.0.0/10. */
export const MOST_HOSTS = 1 << 22;

/** The address of a host's link. @throws RangeError for a slot above {@link MOST_HOSTS} - 2 */
export function linkAddress(slot: number): string {
  if (slot < 0 || slot > MOST_HOSTS - 2) throw new RangeError(`a lab has no address for host ${slot}`);
  const value = FIRST + slot + 1;
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255].join('.');
}

/** The slot of the host whose link has this address; -1 for any other. */
export function hostOfLink(address: string): number {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4) return -1;
  const value = parts.reduce((sum, part) => sum * 256 + part, 0);
  const slot = value - FIRST - 1;
  return slot >= 0 && slot < MOST_HOSTS - 1 ? slot : -1;
}
