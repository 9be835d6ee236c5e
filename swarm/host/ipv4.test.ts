import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contains, formatIpv4, networkSize, overlaps, parseCidr, parseIpv4, prefixForHosts } from './ipv4.ts';

test('addresses survive a round trip', () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (n) => parseIpv4(formatIpv4(n)) === n));
});

test.each(['', '1.2.3', '1.2.3.256', '1.2.3.4.5', '::1', ' 1.2.3.4', '1.2.3.4/8'])('%j is no address', (text) => {
  expect(parseIpv4(text)).toBeNull();
});

test.each(['10.0.0.1', '10.0.0.1/33', '10.0.0.1/x', '/24', '10.0.0.1/'])('%j is no CIDR', (text) => {
  expect(() => parseCidr(text)).toThrow(/is no IPv4 CIDR; allowed: address\/prefix/);
});

test('a CIDR is split into address and network', () => {
  expect(parseCidr('10.1.2.3/22')).toEqual({ address: 0x0a010203, network: { base: 0x0a010000, prefix: 22 } });
  expect(parseCidr('255.255.255.255/32').network.base).toBe(2 ** 32 - 1);
});

test('networks know what they hold and what they touch', () => {
  const a = parseCidr('10.1.0.0/16').network;
  expect(contains(a, parseIpv4('10.1.255.255')!)).toBe(true);
  expect(contains(a, parseIpv4('10.2.0.0')!)).toBe(false);
  expect(overlaps(a, parseCidr('10.0.0.0/8').network)).toBe(true);
  expect(overlaps(a, parseCidr('10.2.0.0/16').network)).toBe(false);
});

test('the smallest network that holds hosts, gateway and two virtual addresses', () => {
  expect([1, 3, 4, 11, 12, 505, 507, 508, 1005].map(prefixForHosts)).toEqual([29, 29, 28, 28, 27, 23, 23, 22, 22]);
  for (let hosts = 1; hosts <= 1005; hosts++) {
    expect(networkSize(prefixForHosts(hosts)) - 5).toBeGreaterThanOrEqual(hosts);
  }
});
