import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { connectivityFacts, largestMesh } from './connectivity.ts';

/** Largest full mesh by trying every subset. */
function bruteForce(count: number, linked: (a: number, b: number) => boolean, minimum: number): number {
  let best = 0;
  for (let mask = 1; mask < 2 ** count; mask++) {
    const members = Array.from({ length: count }, (_, index) => index).filter((index) => (mask >> index) & 1);
    if (members.length < minimum || members.length <= best) continue;
    if (members.every((a) => members.every((b) => a === b || (linked(a, b) && linked(b, a))))) best = members.length;
  }
  return best;
}

const matrix = fc
  .integer({ min: 1, max: 7 })
  .chain((count) =>
    fc.array(fc.array(fc.boolean(), { minLength: count, maxLength: count }), { minLength: count, maxLength: count }),
  );

describe('the largest mesh', () => {
  it('is a full mesh, and never larger than the largest there is', () => {
    fc.assert(
      fc.property(matrix, fc.integer({ min: 2, max: 3 }), (reached, minimum) => {
        const linked = (a: number, b: number) => reached[a]?.[b] === true;
        const members = largestMesh(
          reached.length,
          (from) => new Set([...reached.keys()].filter((to) => to !== from && linked(from, to))),
          minimum,
        );
        for (const a of members) for (const b of members) expect(a === b || (linked(a, b) && linked(b, a))).toBe(true);
        expect(members.length === 0 || members.length >= minimum).toBe(true);
        expect(members.length).toBeLessThanOrEqual(bruteForce(reached.length, linked, minimum));
      }),
      { numRuns: 500 },
    );
  });

  it('is everybody when everybody reaches everybody, and drops who is reached one way only', () => {
    const all = (count: number) => (from: number) =>
      new Set(Array.from({ length: count }, (_, to) => to).filter((to) => to !== from));
    expect(largestMesh(40, all(40), 3)).toHaveLength(40);
    const oneWay = (from: number) => (from === 4 ? new Set<number>() : all(5)(from));
    expect(largestMesh(5, oneWay, 3)).toEqual([0, 1, 2, 3]);
    expect(largestMesh(2, all(2), 3)).toEqual([]);
    expect(largestMesh(2, all(2), 2)).toEqual([0, 1]);
  });

  it('is the larger of two that share a member', () => {
    const groups = [
      [0, 1, 2],
      [2, 3, 4, 5],
    ];
    const reaches = (from: number) =>
      new Set(
        groups
          .filter((group) => group.includes(from))
          .flat()
          .filter((to) => to !== from),
      );
    expect(largestMesh(6, reaches, 3)).toEqual([2, 3, 4, 5]);
  });
});

describe('a connectivity report', () => {
  it('shows slow paths, broken MTU and colliding addresses', () => {
    const remote = (host_id: string, mac: string) => ({
      host_id,
      l2_connectivity: [{ outgoing_nic: 'eth0', remote_ip_address: '10.0.0.2', remote_mac: mac, successful: true }],
      l3_connectivity: [
        { remote_ip_address: '10.0.0.2', successful: true, average_rtt_ms: 150, packet_loss_percentage: 0 },
      ],
      mtu_report: [{ outgoing_nic: 'eth0', remote_ip_address: '10.0.0.2' }],
    });
    const facts = connectivityFacts(
      { remote_hosts: [remote('a', '02:00'), remote('b', '01:00')] },
      { latencyMs: 100, lossPercent: 0 },
    );
    expect(facts.slow.map((path) => path.hostId)).toEqual(['a', 'b']);
    expect(facts.brokenMtu).toHaveLength(2);
    expect([...facts.collisions]).toEqual([['10.0.0.2', ['01:00', '02:00']]]);
  });
});
