import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { overlaps, parseCidr } from '../../host/ipv4.ts';
import { derivedNetwork, firstIpv4, HostNetwork, liesIn } from './host-network.ts';

describe('addresses of a network', () => {
  it('are by position, leave out what is reserved, and stay with their hosts', () => {
    const network = new HostNetwork('192.168.10.0/24', ['192.168.10.5', 'fe80::1']);
    network.reserve('192.168.10.7/24');
    expect([0, 1, 2, 3].map((n) => network.give(`h${n}`, n))).toEqual([
      '192.168.10.4/24',
      '192.168.10.6/24',
      '192.168.10.8/24',
      '192.168.10.9/24',
    ]);
    expect(network.give('h1', 9)).toBe('192.168.10.6/24');
    network.release('h1');
    expect(network.give('new', 1)).toBe('192.168.10.6/24');
  });

  it('run out, which is said', () => {
    const network = new HostNetwork('10.0.0.0/29');
    for (let n = 0; n < 3; n++) network.give(`h${n}`, 0);
    expect(() => network.give('one more', 0)).toThrow('10.0.0.0/29 has no address left');
  });

  it('lie in it, each once', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 28 }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 8 }),
        (prefix, positions) => {
          const network = new HostNetwork(`10.77.3.9/${prefix}`, ['10.77.3.10']);
          const given = positions.map((position, n) => network.give(`h${n}`, position));
          expect(new Set(given).size).toBe(given.length);
          for (const cidr of given) {
            expect(liesIn(cidr, network.cidr)).toBe(true);
            expect([network.gateway, '10.77.3.10']).not.toContain(cidr.split('/')[0]);
          }
        },
      ),
    );
  });
});

describe('a network that nobody names', () => {
  it('is that of a virtual address', () => {
    expect(new HostNetwork(derivedNetwork('s', 'o', ['fd00::1', '172.20.3.9'], false)).cidr).toBe('172.20.3.0/24');
  });

  it('is the same for the same names, and never that of pods', () => {
    const pods = parseCidr('10.128.0.0/14').network;
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (owner, many) => {
        const cidr = derivedNetwork('s', owner, [], many);
        expect(derivedNetwork('s', owner, [], many)).toBe(cidr);
        expect(overlaps(parseCidr(cidr).network, pods)).toBe(false);
        expect(new HostNetwork(cidr).cidr).toBe(cidr);
      }),
    );
  });
});

it('finds the IPv4 among networks', () => {
  expect(firstIpv4(['fd00::/64', '10.0.0.0/16'])).toBe('10.0.0.0/16');
  expect(firstIpv4(['fd00::/64'])).toBeUndefined();
});
