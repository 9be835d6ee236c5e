import fc from 'fast-check';
import { expect, test } from 'vitest';
import { networkSize, overlaps, parseCidr } from '../host/ipv4.ts';
import { formatNetwork, machineNetworks } from './networks.ts';

const RESERVED = ['10.128.0.0/14', '172.30.0.0/16'].map((cidr) => parseCidr(cidr).network);
const SPACE = parseCidr('10.0.0.0/8').network;

function check(hosts: number[]): void {
  const networks = [...machineNetworks(hosts)];
  for (const [i, network] of networks.entries()) {
    if (networkSize(network.prefix) < hosts[i]! + 5)
      throw new Error(`${formatNetwork(network)} is too small for ${hosts[i]}`);
    if (network.base % networkSize(network.prefix) !== 0) throw new Error(`${formatNetwork(network)} is not aligned`);
    if (!overlaps(network, SPACE) || RESERVED.some((other) => overlaps(network, other))) {
      throw new Error(`${formatNetwork(network)} lies outside`);
    }
    const before = networks[i - 1];
    if (before && network.base < before.base + networkSize(before.prefix)) throw new Error('networks overlap');
  }
}

test('networks are disjoint, aligned, large enough and outside the networks of the service', () => {
  const sizes = fc.array(fc.constantFrom(1, 3, 4, 5, 12, 50, 300, 505, 1005), { maxLength: 400 });
  fc.assert(fc.property(sizes, check), { numRuns: 100 });
});

test('usual networks are /24; larger clusters get more, and very many clusters get no more than they need', () => {
  expect([...machineNetworks([1, 5, 505, 600, 2])].map(formatNetwork)).toEqual([
    '10.0.0.0/24',
    '10.0.1.0/24',
    '10.0.2.0/23',
    '10.0.4.0/22',
    '10.0.8.0/24',
  ]);
  const many = Array.from({ length: 100_000 }, (_, i) => (i % 10 === 0 ? 5 : 1));
  check(many);
  expect([...machineNetworks(many)].slice(0, 2).map(formatNetwork)).toEqual(['10.0.0.0/28', '10.0.0.16/29']);
});

test('networks step over the pod network', () => {
  check(Array.from({ length: 60_000 }, () => 1));
});

test('the largest plans fit', () => {
  check(Array.from({ length: 1_000_000 }, () => 1));
  check(Array.from({ length: 995 }, () => 1005));
});

test('more than the space holds is refused', () => {
  expect(() => machineNetworks(Array.from({ length: 70_000 }, () => 1000))).toThrow(
    '70000 machine networks do not fit 10.0.0.0/8',
  );
});
