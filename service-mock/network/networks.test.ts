import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Cidr,
  contains,
  formatCidr,
  formatIp,
  type IpAddress,
  isBroadcast,
  normalizeCidr,
  overlaps,
  parseCidr,
  parseIp,
} from './networks.ts';

const v4 = fc.bigInt(0n, 2n ** 32n - 1n).map((value): IpAddress => ({ family: 4, value }));
const v6 = fc.bigInt(0n, 2n ** 128n - 1n).map((value): IpAddress => ({ family: 6, value }));
const ip = fc.oneof(v4, v6);
const cidr = ip.chain((address) =>
  fc.nat(address.family === 4 ? 32 : 128).map((prefix) => parseCidr(`${formatIp(address)}/${prefix}`) as Cidr),
);

describe('addresses', () => {
  it('survive writing and reading', () => {
    fc.assert(
      fc.property(ip, (address) => {
        expect(parseIp(formatIp(address))).toEqual(address);
      }),
    );
  });

  it.each([
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1'],
    ['::', '::'],
    ['1::', '1::'],
    ['fe80:0:0:1:0:0:0:1', 'fe80:0:0:1::1'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['192.168.0.1', '192.168.0.1'],
  ])('%s is written %s', (text, canonical) => {
    expect(formatIp(parseIp(text) as IpAddress)).toBe(canonical);
  });

  it.each([
    '',
    '1.2.3',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.4.5',
    ':::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '1::2::3',
    '1.2.3.4/24',
  ])('%j is none', (text) => {
    expect(parseIp(text)).toBeUndefined();
  });

  it('never come out of arbitrary text by accident', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const address = parseIp(text);
        if (address) expect(parseIp(formatIp(address))).toEqual(address);
      }),
    );
  });
});

describe('networks', () => {
  it('survive writing and reading, and hold their own base', () => {
    fc.assert(
      fc.property(cidr, (network) => {
        const text = formatCidr(network);
        expect(parseCidr(text)).toEqual(network);
        expect(normalizeCidr(text)).toBe(text);
        expect(contains(network, { family: network.family, value: network.base })).toBe(true);
      }),
    );
  });

  it('hold an address exactly when the network around it with their prefix is themselves', () => {
    fc.assert(
      fc.property(cidr, ip, (network, address) => {
        const around = parseCidr(
          `${formatIp(address)}/${Math.min(network.prefix, address.family === 4 ? 32 : 128)}`,
        ) as Cidr;
        expect(contains(network, address)).toBe(address.family === network.family && around.base === network.base);
      }),
    );
  });

  it('overlap symmetrically, and exactly when one holds the base of the other', () => {
    fc.assert(
      fc.property(cidr, cidr, (a, b) => {
        const holds = (x: Cidr, y: Cidr) => contains(x, { family: y.family, value: y.base });
        expect(overlaps(a, b)).toBe(overlaps(b, a));
        expect(overlaps(a, b)).toBe(holds(a, b) || holds(b, a));
      }),
    );
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/x', '/24', 'fd00::/129'])('%j is none', (text) => {
    expect(parseCidr(text)).toBeUndefined();
  });

  it('knows broadcast and normal forms', () => {
    expect(isBroadcast(parseCidr('192.168.10.0/24') as Cidr, parseIp('192.168.10.255') as IpAddress)).toBe(true);
    expect(isBroadcast(parseCidr('192.168.10.0/23') as Cidr, parseIp('192.168.10.255') as IpAddress)).toBe(false);
    expect(normalizeCidr('192.168.10.7/24')).toBe('192.168.10.0/24');
  });
});
