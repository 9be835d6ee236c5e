import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildHost } from '../host/build-host.ts';
import { expandPlan, shardSizes } from './expand.ts';
import type { ExpandedPlan } from './expanded-plan.ts';
import { parsePlan } from './load.ts';

const MIXED = {
  name: 'mix',
  seed: 'x',
  arrival: { batches: '3 every 10m' },
  boot_spread: '2m',
  clusters: [
    { topology: 'sno', amount: 5, name: 'edge' },
    { topology: { control_planes: 3, workers: 2 }, amount: 3 },
    { topology: { control_planes: 2, arbiters: 1 }, day2_workers: 2 },
    { single_node: false, num_workers: 1, platform: 'none' },
  ],
};
const mixed = (changes: object = {}) => parsePlan({ ...MIXED, ...changes }, 'mix.yaml');

describe('expansion', () => {
  test('the same plan and seed give the same result, another seed another one', () => {
    expect(expandPlan(mixed())).toEqual(expandPlan(mixed()));
    const [one, two] = [expandPlan(mixed()), expandPlan(mixed(), { seed: 'y' })];
    expect(two.seed).toBe('y');
    expect(new Set([...one.clusters, ...two.clusters].map((cluster) => cluster.name)).size).toBe(20);
    expect(two.clusters[0]!.hosts[0]!.bootDelayMs).not.toBe(one.clusters[0]!.hosts[0]!.bootDelayMs);
  });

  test('clusters carry what their entry says', () => {
    const { clusters, hostCount } = expandPlan(mixed());
    expect(clusters.map((cluster) => cluster.hosts.length)).toEqual([1, 1, 1, 1, 1, 5, 5, 5, 5, 4]);
    expect(hostCount).toBe(29);
    expect(clusters[5]).toMatchObject({
      index: 5,
      name: expect.stringMatching(/^mix-[0-9a-z]{6}-5$/),
      platform: 'baremetal',
      machineNetwork: '10.0.5.0/24',
      gateway: '10.0.5.1',
      apiVip: '10.0.5.2',
      ingressVip: '10.0.5.3',
      assignRoles: true,
    });
    expect(clusters[0]).toMatchObject({
      name: expect.stringMatching(/^edge-/),
      apiVip: null,
      ingressVip: null,
      assignRoles: false,
    });
    expect(clusters[9]).toMatchObject({ platform: 'none', apiVip: null, ingressVip: null });
    expect(
      clusters[8]!.hosts.map(({ role, day2, ordinal, index, profile }) => [role, day2, ordinal, index, profile]),
    ).toEqual([
      ['master', false, 0, 20, 'master'],
      ['master', false, 1, 21, 'master'],
      ['arbiter', false, 2, 22, 'vm'],
      ['worker', true, 3, 23, 'worker-medium'],
      ['worker', true, 4, 24, 'worker-medium'],
    ]);
    expect(clusters[0]!.hosts[0]!.profile).toBe('sno-small');
  });

  test('names fit the service whatever the plan is called', () => {
    const plan = parsePlan({ name: `a${'-'.repeat(28)}z`, clusters: [{ topology: 'sno', amount: 100_000 }] }, 'p');
    const { clusters } = expandPlan(plan, { shard: { index: 99, count: 100 }, seed: 'z' });
    expect(clusters.at(-1)!.name).toMatch(/^[a-z0-9][a-z0-9-]{0,52}[a-z0-9]$/);
    expect(clusters.at(-1)!.index).toBe(99_999);
  });

  test('first requests are spread over the given time', () => {
    const { clusters } = expandPlan(
      parsePlan({ seed: 1, boot_spread: '100s', clusters: [{ topology: { control_planes: 5, workers: 495 } }] }, 'p'),
    );
    const delays = clusters[0]!.hosts.map((host) => host.bootDelayMs);
    expect(delays.every((delay) => Number.isInteger(delay) && delay >= 0 && delay < 100_000)).toBe(true);
    for (let quarter = 0; quarter < 4; quarter++) {
      const share = delays.filter((delay) => Math.floor(delay / 25_000) === quarter).length;
      expect(share).toBeGreaterThan(85);
      expect(share).toBeLessThan(165);
    }
  });

  test('shuffle changes the order by the seed and nothing else', () => {
    const plain = expandPlan(mixed());
    const shuffled = expandPlan(mixed({ shuffle: true }));
    const strip = (clusters: typeof plain.clusters) =>
      clusters.map((cluster) => ({ ...cluster, arrivalMs: 0 })).toSorted((a, b) => a.index - b.index);
    expect(shuffled.clusters.map((cluster) => cluster.index)).not.toEqual(
      plain.clusters.map((cluster) => cluster.index),
    );
    expect(strip(shuffled.clusters)).toEqual(strip(plain.clusters));
    expect(shuffled.clusters.map((cluster) => cluster.arrivalMs)).toEqual(
      plain.clusters.map((cluster) => cluster.arrivalMs),
    );
    expect(expandPlan(mixed({ shuffle: true })).clusters).toEqual(shuffled.clusters);
  });
});

test.each([
  '',
  'a'.repeat(65),
  'a'.repeat(100),
])('a seed given beside the plan is held to the limits of the plan: %j', (seed) => {
  const plan = mixed();
  expect(() => expandPlan(plan, { seed })).toThrow(/^seed "a*" of \d+ characters; allowed: 1 to 64$/);
  expect(expandPlan(plan, { seed: 'a'.repeat(64) }).seed).toHaveLength(64);
});

describe('shards', () => {
  test('together they are the whole run, each cluster in one of them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.boolean(),
        fc.string({ minLength: 1, maxLength: 60 }),
        (count, shuffle, seed) => {
          const plan = mixed({ shuffle });
          const whole = expandPlan(plan, { seed });
          const parts = Array.from({ length: count }, (_, index) =>
            expandPlan(plan, { seed, shard: { index, count } }),
          );
          const clusters = parts.flatMap((part) => part.clusters).toSorted((a, b) => a.index - b.index);
          expect(clusters).toEqual(whole.clusters.toSorted((a, b) => a.index - b.index));
          expect(parts.reduce((sum, part) => sum + part.hostCount, 0)).toBe(whole.hostCount);
          const sizes = parts.map((part) => part.clusters.length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('have identities of their own: ids, names, addresses and MACs of all hosts are those of the whole run', () => {
    const entry = fc.record({
      topology: fc.constantFrom(
        'sno',
        'compact',
        { control_planes: 3, workers: 4 },
        { control_planes: 2, arbiters: 1 },
      ),
      day2_workers: fc.integer({ min: 0, max: 3 }),
      amount: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(
        fc.array(entry, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 9 }),
        fc.boolean(),
        fc.constantFrom('all', { rate: '50/h' }, { steps: { hosts: 10, times: 2, every: '5m' } }),
        (clusters, count, shuffle, arrival) => {
          const plan = mixed({ clusters, shuffle, arrival });
          const identities = (part: ExpandedPlan) =>
            part.clusters.flatMap((cluster) =>
              cluster.hosts.map((host) => {
                const { identity } = buildHost(part.seed, cluster, host);
                return [identity.id, identity.serial, identity.mac, identity.ipv4, identity.hostname];
              }),
            );
          const parts = Array.from({ length: count }, (_, index) => expandPlan(plan, { shard: { index, count } }));
          const all = parts.flatMap(identities);
          for (const at of [0, 1, 2, 3, 4]) expect(new Set(all.map((one) => one[at])).size).toBe(all.length);
          expect(all.map(String).sort()).toEqual(identities(expandPlan(plan)).map(String).sort());
          const sizes = parts.map((part) => ({ clusters: part.clusters.length, hosts: part.hostCount }));
          expect(shardSizes(plan, plan.seed, count)).toEqual(sizes);
        },
      ),
      { numRuns: 30 },
    );
  });

  test('share what the plan limits for all hosts and clusters together', () => {
    const plan = mixed({ boot: { from: 'iso', rate_total: '1GB/s' }, phases: { remove: '300/h' } });
    const parts = [0, 1, 2, 3].map((index) => expandPlan(plan, { shard: { index, count: 4 } }));
    expect(parts.map(({ boot, phases }) => [boot!.rateTotal, phases.removePerHour])).toEqual(
      Array(4).fill([2.5e8, 75]),
    );
    expect(expandPlan(plan)).toMatchObject({ boot: { rateTotal: 1e9 }, phases: { removePerHour: 300 } });
  });

  test('a shard outside its count, or without a shared seed, is refused', () => {
    expect(() => expandPlan(mixed(), { shard: { index: 2, count: 2 } })).toThrow(
      'shard 2 of 2; allowed: an index from 0',
    );
    const unseeded = parsePlan({ clusters: [{ topology: 'sno' }] }, 'p');
    expect(() => expandPlan(unseeded, { shard: { index: 0, count: 2 } })).toThrow(
      'all shards of a run need the same seed',
    );
    expect(expandPlan(unseeded, { shard: { index: 0, count: 2 }, seed: 's' }).clusters).toHaveLength(1);
  });
});
