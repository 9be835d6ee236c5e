/** Addresses and networks, as Go's sloppy parsers read them: zeros may stand before the numbers of IPv4. */
import { isIPv4, isIPv6 } from 'node:net';
import { causeInvalid, type StatusCause } from '../../api/causes.ts';
import type { Check } from './rule.ts';

/** An address; one of IPv6 that only wraps one of IPv4 counts as the latter. */
export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface Network extends Address {
  /** Bits of the network. */
  readonly length: number;
}

const withoutZeros = (text: string) => text.replace(/(^|\.)0+(?=\d)/g, '$1');

const numberOf = (text: string) => text.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n);

/** Eight groups of 16 bits. */
function groupsOf(text: string): bigint[] {
  const [head = '', tail] = text.split('::').map((part) => part.replace(/[\d.]*\.[\d.]+$/, dottedAsGroups));
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => BigInt(`0x${group}`)));
  const [before, after] = [groups(head), groups(tail ?? '')];
  return [...before, ...Array<bigint>(8 - before.length - after.length).fill(0n), ...after];
}

function dottedAsGroups(dotted: string): string {
  const value = numberOf(dotted);
  return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
}

const MAPPED = 0xffffn;

/** k8s.io/utils, net/parse.go ParseIPSloppy. @returns undefined for what is no address. */
export function parseAddress(text: string): Address | undefined {
  const digits = withoutZeros(text);
  if (isIPv4(digits)) return { family: 4, value: numberOf(digits) };
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const value = groupsOf(text).reduce((sum, group) => sum * 65_536n + group, 0n);
  return value >> 32n === MAPPED ? { family: 4, value: value & 0xffff_ffffn } : { family: 6, value };
}

/** k8s.io/utils, net/parse.go ParseCIDRSloppy. @returns its first address; undefined for what is no network. */
export function parseNetwork(text: string): Network | undefined {
  const parts = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = parts ? parseAddress(parts[1]!) : undefined;
  if (!address) return undefined;
  const bits = parts![1]!.includes(':') ? 128 : 32;
  const length = Number(parts![2]);
  if (length > bits) return undefined;
  const rest = BigInt(bits - length);
  return { family: address.family, value: (address.value >> rest) << rest, length };
}

/** Whether another network lies within, and is smaller. */
export function isStrictlyWithin(inner: Network, outer: Network): boolean {
  if (inner.family !== outer.family || inner.length <= outer.length) return false;
  const rest = BigInt((outer.family === 4 ? 32 : 128) - outer.length);
  return inner.value >> rest === outer.value >> rest;
}

const SPECIAL: readonly (readonly [wrong: string, ...networks: Network[]])[] = [
  ['may not be in the loopback range (127.0.0.0/8, ::1/128)', ...networks('127.0.0.0/8', '::1/128')],
  ['may not be in the link-local range (169.254.0.0/16, fe80::/10)', ...networks('169.254.0.0/16', 'fe80::/10')],
  ['may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)', ...networks('224.0.0.0/24', 'ff02::/16')],
];

function networks(...texts: string[]): Network[] {
  return texts.map((text) => parseNetwork(text)!);
}

function isWithin({ family, value }: Address, outer: Network): boolean {
  const rest = BigInt((family === 4 ? 32 : 128) - outer.length);
  return family === outer.family && value >> rest === outer.value >> rest;
}

const INVALID = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';

/** An address of either family (IsValidIP). */
export const ipAddress: Check = (value, place) =>
  typeof value !== 'string' || parseAddress(value) ? undefined : causeInvalid(place.path, value, INVALID);

/** @param family other than which addresses are refused (IsValidIPv4Address, IsValidIPv6Address) */
export const ipAddressOf =
  (family: 4 | 6): Check =>
  (value, place) =>
    parseAddress(String(value))?.family === family
      ? undefined
      : causeInvalid(place.path, value, `must be a valid IPv${family} address`);

/** Not one that means something else everywhere (pkg/apis/core/validation/validation.go ValidateNonSpecialIP). */
export const nonSpecialAddress: Check = (value, place) => {
  const text = typeof value === 'string' ? value : '';
  const address = parseAddress(text);
  if (!address) return causeInvalid(place.path, text, 'must be a valid IP address');
  const causes: StatusCause[] = [];
  if (address.value === 0n) causes.push(causeInvalid(place.path, text, `may not be unspecified (${text})`));
  for (const [wrong, ...ranges] of SPECIAL) {
    if (ranges.some((range) => isWithin(address, range))) causes.push(causeInvalid(place.path, text, wrong));
  }
  return causes;
};

/** IsValidCIDR */
export const network: Check = (value, place) =>
  typeof value !== 'string' || parseNetwork(value.trim())
    ? undefined
    : causeInvalid(place.path, value.trim(), 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)');

/** In the one form that RFC 5952 has for it. */
function canonical(text: string): string {
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  return dotted ? `::ffff:${dotted[1]}` : new URL(`http://[${text}]`).hostname.slice(1, -1);
}

const WILL_FAIL = 'was accepted, but will be invalid in a future Kubernetes release';

/** What is to be said of an address that will do (pkg/api/service/warnings.go getWarningsForIP, getWarningsForCIDR). */
export function addressAdvice(path: string, given: string): string[] {
  const [text = '', length] = given.split('/');
  const suffix = length === undefined ? '' : `/${length}`;
  const what =
    length === undefined
      ? ['IP address', 'ParseAddr', 'IPv6 address']
      : ['IP prefix', 'netip.ParsePrefix', 'IPv6 prefix'];
  if (!isIPv6(text)) {
    if (isIPv4(text) || !parseAddress(text)) return [];
    const inner = `ParseAddr(${JSON.stringify(text)}): IPv4 field has octet with leading zero`;
    const why = length === undefined ? inner : `${what[1]}(${JSON.stringify(given)}): ${inner}`;
    return [`${path}: ${what[0]} ${WILL_FAIL}: ${why}`];
  }
  const best = canonical(text) + suffix;
  if (best === given) return [];
  return [
    `${path}: ${what[2]} ${JSON.stringify(given)} is not in RFC 5952 canonical format (${JSON.stringify(best)}), which may cause controller apply-loops`,
  ];
}
