/**
 * IP addresses and CIDRs of both families as plain values: an address is its family and an unsigned integer.
 * A CIDR contains only addresses of its own family. Upstream: Go, net/ip.go; assisted-service, internal/network/utils.go.
 */

export type Family = 4 | 6;

export interface IpAddress {
  readonly family: Family;
  readonly value: bigint;
}

export interface Cidr {
  readonly family: Family;
  /** First address of the network. */
  readonly base: bigint;
  readonly prefix: number;
}

const BITS = { 4: 32, 6: 128 } as const;

/** Address of a dotted or colon text; undefined when it is none. */
export function parseIp(text: string): IpAddress | undefined {
  return text.includes(':') ? parseV6(text) : parseV4(text);
}

function parseV4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    if (!/^(0|[1-9]\d{0,2})$/.test(part) || Number(part) > 255) return undefined;
    value = value * 256 + Number(part);
  }
  return { family: 4, value: BigInt(value) };
}

function parseV6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = groups(halves[0] as string);
  const tail = halves.length === 2 ? groups(halves[1] as string) : [];
  if (!head || !tail) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  let value = 0n;
  for (const group of [...head, ...new Array<number>(missing).fill(0), ...tail]) value = (value << 16n) | BigInt(group);
  return { family: 6, value };
}

function groups(text: string): number[] | undefined {
  if (text === '') return [];
  const result: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1 && part.includes('.')) {
      const last = parseV4(part);
      if (!last) return undefined;
      result.push(Number(last.value >> 16n), Number(last.value & 0xffffn));
    } else if (/^[0-9a-f]{1,4}$/i.test(part)) {
      result.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return result;
}

/** Canonical text; IPv6 as RFC 5952 writes it. */
export function formatIp(ip: IpAddress): string {
  if (ip.family === 4) {
    const value = Number(ip.value);
    return [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.');
  }
  const parts: number[] = [];
  for (let shift = 112n; shift >= 0n; shift -= 16n) parts.push(Number((ip.value >> shift) & 0xffffn));
  let best = -1;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && parts[to] === 0) to++;
    if (to - from > length) {
      best = from;
      length = to - from;
    }
  }
  const text = parts.map((part) => part.toString(16));
  if (best < 0) return text.join(':');
  return `${text.slice(0, best).join(':')}::${text.slice(best + length).join(':')}`;
}

const cache = new Map<string, Cidr | undefined>();
const CACHE_LIMIT = 10_000;

/** Network of `address/prefix`; undefined when the text is none. The address need not be the first of its network. */
export function parseCidr(text: string): Cidr | undefined {
  const known = cache.get(text);
  if (known !== undefined || cache.has(text)) return known;
  if (cache.size >= CACHE_LIMIT) cache.clear();
  const result = parseCidrText(text);
  cache.set(text, result);
  return result;
}

function parseCidrText(text: string): Cidr | undefined {
  const slash = text.indexOf('/');
  if (slash < 0) return undefined;
  const ip = parseIp(text.slice(0, slash));
  const prefixText = text.slice(slash + 1);
  if (!ip || !/^\d{1,3}$/.test(prefixText)) return undefined;
  const prefix = Number(prefixText);
  const bits = BITS[ip.family];
  if (prefix > bits) return undefined;
  const host = BigInt(bits - prefix);
  return { family: ip.family, base: (ip.value >> host) << host, prefix };
}

export function formatCidr(cidr: Cidr): string {
  return `${formatIp({ family: cidr.family, value: cidr.base })}/${cidr.prefix}`;
}

/** Network text with the host bits cleared, as the service stores it; undefined when the text is no CIDR. */
export function normalizeCidr(text: string): string | undefined {
  const cidr = parseCidr(text);
  return cidr && formatCidr(cidr);
}

export function contains(cidr: Cidr, ip: IpAddress): boolean {
  if (cidr.family !== ip.family) return false;
  const host = BigInt(BITS[cidr.family] - cidr.prefix);
  return ip.value >> host === cidr.base >> host;
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  if (a.family !== b.family) return false;
  const host = BigInt(BITS[a.family] - Math.min(a.prefix, b.prefix));
  return a.base >> host === b.base >> host;
}

export function sameNetwork(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.prefix === b.prefix && a.base === b.base;
}

/** True for the last address of an IPv4 network (IPv6 has no broadcast). */
export function isBroadcast(cidr: Cidr, ip: IpAddress): boolean {
  if (cidr.family !== 4 || ip.family !== 4) return false;
  return ip.value === cidr.base + (1n << BigInt(32 - cidr.prefix)) - 1n;
}

/** Number of addresses in a network, as a power of two. */
export function addressBits(cidr: Cidr): number {
  return BITS[cidr.family] - cidr.prefix;
}

/** Families of a list of networks in order of first appearance; undefined when one of them is no CIDR. */
export function familiesOf(cidrs: readonly string[]): Family[] | undefined {
  const result: Family[] = [];
  for (const text of cidrs) {
    const cidr = parseCidr(text);
    if (!cidr) return undefined;
    if (!result.includes(cidr.family)) result.push(cidr.family);
  }
  return result;
}

export function isIpText(text: string): boolean {
  return parseIp(text) !== undefined;
}
