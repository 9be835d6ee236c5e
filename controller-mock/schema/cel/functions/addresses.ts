/** IP addresses and networks: k8s.io/apiserver, pkg/cel/library/ip.go, cidr.go; Go's net/netip. */
import { isIP } from 'node:net';
import { EvaluationFault, noSuchOverload } from '../fault.ts';
import { Opaque } from '../values.ts';
import { addressFault } from './address-faults.ts';
import { type Functions, global, method } from './overload.ts';

type Family = 4 | 6;

const BITS: Readonly<Record<Family, number>> = { 4: 32, 6: 128 };

/** Address as a number; undefined for a text that is none. */
function readAddress(text: string): { family: Family; bits: bigint; zone: boolean } | undefined {
  const family = isIP(text);
  if (family === 4) return { family, bits: readIPv4(text), zone: false };
  if (family !== 6) return undefined;
  const [address = ''] = text.split('%');
  const last = address.lastIndexOf(':') + 1;
  const dotted = address.slice(last);
  const groups = dotted.includes('.')
    ? `${address.slice(0, last)}${(readIPv4(dotted) >> 16n).toString(16)}:${(readIPv4(dotted) & 0xffffn).toString(16)}`
    : address;
  const [head = '', tail] = groups.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0');
  const bits = [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | BigInt(`0x${group}`), 0n);
  return { family, bits, zone: text.includes('%') };
}

const readIPv4 = (text: string) => text.split('.').reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);

function addressText(family: Family, bits: bigint): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (groups[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return groups.join(':');
  return `${groups.slice(0, best.start).join(':')}::${groups.slice(best.start + best.length).join(':')}`;
}

class Address extends Opaque {
  readonly typeName = 'net.IP';
  readonly family: Family;
  readonly bits: bigint;

  constructor(family: Family, bits: bigint) {
    super();
    this.family = family;
    this.bits = bits;
  }

  override get size(): number {
    return BITS[this.family] / 8;
  }

  override toString(): string {
    return addressText(this.family, this.bits);
  }

  /** Whether it begins as a network does. */
  isIn(family: Family, network: bigint, prefix: number): boolean {
    const rest = BigInt(BITS[family] - prefix);
    return this.family === family && this.bits >> rest === network >> rest;
  }

  equals(other: Opaque): boolean {
    return other instanceof Address && this.family === other.family && this.bits === other.bits;
  }
}

class Network extends Opaque {
  readonly typeName = 'net.CIDR';
  readonly address: Address;
  readonly prefix: number;

  constructor(address: Address, prefix: number) {
    super();
    this.address = address;
    this.prefix = prefix;
  }

  override get size(): number {
    return Math.ceil(this.prefix / 8);
  }

  override toString(): string {
    return `${this.address}/${this.prefix}`;
  }

  contains(address: Address): boolean {
    return address.isIn(this.address.family, this.address.bits, this.prefix);
  }

  masked(): Network {
    const { family, bits } = this.address;
    const rest = BigInt(BITS[family] - this.prefix);
    return new Network(new Address(family, (bits >> rest) << rest), this.prefix);
  }

  equals(other: Opaque): boolean {
    return other instanceof Network && this.prefix === other.prefix && this.address.equals(other.address);
  }
}

const isMapped = (family: Family, bits: bigint) => family === 6 && bits >> 32n === 0xffffn;
const quoted = (text: string) => JSON.stringify(text);

/** @returns what the API server says of a text that is no address it takes */
function parseAddress(text: string): Address | string {
  const address = readAddress(text);
  if (!address) {
    const detail = addressFault(text);
    return `IP Address ${quoted(text)} parse error during conversion from string: ParseAddr(${quoted(text)}): ${detail}`;
  }
  if (address.zone) return `IP address ${quoted(text)} with zone value is not allowed`;
  if (isMapped(address.family, address.bits)) return `IPv4-mapped IPv6 address ${quoted(text)} is not allowed`;
  return new Address(address.family, address.bits);
}

function parseNetwork(text: string): Network | string {
  const slash = text.lastIndexOf('/');
  const bits = text.slice(slash + 1);
  const fault = (detail: string) =>
    `network address parse error during conversion from string: netip.ParsePrefix(${quoted(text)}): ${detail}`;
  if (slash < 0) return fault("no '/'");
  const address = readAddress(text.slice(0, slash));
  if (!address) return fault(`ParseAddr(${quoted(text.slice(0, slash))}): ${addressFault(text.slice(0, slash))}`);
  if (address.zone) return fault('IPv6 zones cannot be present in a prefix');
  if (!/^(?:0|[1-9]\d*)$/.test(bits)) return fault(`bad bits after slash: ${quoted(bits)}`);
  if (Number(bits) > BITS[address.family]) return fault('prefix length out of range');
  if (isMapped(address.family, address.bits)) return `IPv4-mapped IPv6 address ${quoted(text)} is not allowed`;
  return new Network(new Address(address.family, address.bits), Number(bits));
}

function good<T>(parsed: T | string, prefix = ''): T {
  if (typeof parsed === 'string') throw new EvaluationFault(prefix + parsed);
  return parsed;
}

const readIp = (text: string) => good(parseAddress(text));
const readCidr = (text: string) =>
  good(parseNetwork(text), 'network address parse error during conversion from string: ');

const containsNetwork = (outer: Network, inner: Network) =>
  outer.prefix <= inner.prefix && outer.contains(inner.address);

/** What is wrong with the text is not told. */
function containsText(network: Network, text: string): boolean {
  const address = parseAddress(text);
  if (typeof address === 'string') throw noSuchOverload();
  return network.contains(address);
}

/** A property of an address, by the networks that have it. */
const within = (id: string, networks: readonly Network[]) => [
  method(id, 'ip -> bool', (address: Address) => networks.some((network) => network.contains(address))),
];

const UNSPECIFIED = [readCidr('0.0.0.0/32'), readCidr('::/128')];
const LOOPBACK = [readCidr('127.0.0.0/8'), readCidr('::1/128')];
const LINK_LOCAL = [readCidr('169.254.0.0/16'), readCidr('fe80::/10')];
const MULTICAST = [readCidr('224.0.0.0/4'), readCidr('ff00::/8')];
const NOT_GLOBAL = [...UNSPECIFIED, ...LOOPBACK, ...LINK_LOCAL, ...MULTICAST, readCidr('255.255.255.255/32')];

export const ADDRESSES: Functions = {
  ip: [
    global('string_to_ip', 'string -> ip', readIp),
    method('cidr_ip', 'cidr -> ip', ({ address }: Network) => address),
  ],
  isIP: [global('is_ip', 'string -> bool', (text: string) => parseAddress(text) instanceof Address)],
  'ip.isCanonical': [global('ip_is_canonical', 'string -> bool', (text: string) => String(readIp(text)) === text)],
  family: [method('ip_family', 'ip -> int', ({ family }: Address) => BigInt(family))],
  isUnspecified: within('ip_is_unspecified', UNSPECIFIED),
  isLoopback: within('ip_is_loopback', LOOPBACK),
  isLinkLocalMulticast: [
    method('ip_is_link_local_multicast', 'ip -> bool', (address: Address) =>
      address.family === 4
        ? readCidr('224.0.0.0/24').contains(address)
        : address.bits >> 120n === 0xffn && ((address.bits >> 112n) & 0xfn) === 2n,
    ),
  ],
  isLinkLocalUnicast: within('ip_is_link_local_unicast', LINK_LOCAL),
  isGlobalUnicast: [
    method('ip_is_global_unicast', 'ip -> bool', (address: Address) =>
      NOT_GLOBAL.every((network) => !network.contains(address)),
    ),
  ],
  cidr: [global('string_to_cidr', 'string -> cidr', readCidr)],
  isCIDR: [global('is_cidr', 'string -> bool', (text: string) => parseNetwork(text) instanceof Network)],
  containsIP: [
    method('cidr_contains_ip_string', 'cidr, string -> bool', containsText),
    method('cidr_contains_ip_ip', 'cidr, ip -> bool', (network: Network, address: Address) =>
      network.contains(address),
    ),
  ],
  containsCIDR: [
    method('cidr_contains_cidr_string', 'cidr, string -> bool', (outer: Network, text: string) =>
      containsNetwork(outer, readCidr(text)),
    ),
    method('cidr_contains_cidr', 'cidr, cidr -> bool', containsNetwork),
  ],
  prefixLength: [method('cidr_prefix_length', 'cidr -> int', ({ prefix }: Network) => BigInt(prefix))],
  masked: [method('cidr_masked', 'cidr -> cidr', (network: Network) => network.masked())],
  string: [
    global('ip_to_string', 'ip -> string', (address: Address) => String(address)),
    global('cidr_to_string', 'cidr -> string', (network: Network) => String(network)),
  ],
};
