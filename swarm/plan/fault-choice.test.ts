import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FAULT_KINDS, FAULTS, type FaultKind } from '../../model/faults/faults.ts';
import { expandPlan } from './expand.ts';
import type { ExpandedPlan } from './expanded-plan.ts';
import { faultKindsOf } from './fault-choice.ts';
import { parsePlan } from './load.ts';
import { PlanError } from './plan.ts';

const FLEET = {
  name: 'fleet',
  seed: 's',
  arrival: { rate: '60/h' },
  clusters: [
    { topology: 'sno', amount: 60 },
    { topology: 'compact', amount: 20 },
    { topology: { control_planes: 3, workers: 2 }, amount: 16 },
  ],
};
const fleet = (faults: object[], more: object = {}) => parsePlan({ ...FLEET, ...more, faults }, 'p.yaml');

/** How many hosts, or clusters, have each fault. */
function met({ clusters }: ExpandedPlan): Map<FaultKind, number> {
  const counts = new Map<FaultKind, number>();
  const add = (kind: FaultKind | undefined) => kind && counts.set(kind, (counts.get(kind) ?? 0) + 1);
  for (const { fault, hosts } of clusters) {
    add(fault);
    for (const host of hosts) add(host.fault?.kind);
  }
  return counts;
}

const hostsOf = (plan: ExpandedPlan) => plan.clusters.flatMap(({ hosts }) => hosts);

describe('who is met', () => {
  test('exactly its share, of the hosts or the clusters, and nobody by two', () => {
    const counts = met(
      expandPlan(
        fleet([
          { fault: 'no-boot', share: '5%' },
          { fault: 'late-boot', share: '5%' },
          { fault: 'hardware', share: '2.5%' },
          { fault: 'console-degraded', share: '25%' },
        ]),
      ),
    );
    expect(Object.fromEntries(counts)).toEqual({ 'no-boot': 10, 'late-boot': 10, hardware: 5, 'console-degraded': 24 });
  });

  test('others with another seed', () => {
    const indexes = (seed: string) =>
      hostsOf(expandPlan(fleet([{ fault: 'no-boot', share: '10%' }], { seed })))
        .filter(({ fault }) => fault)
        .map(({ index }) => index);
    expect(indexes('a')).toEqual(indexes('a'));
    expect(indexes('a')).not.toEqual(indexes('b'));
  });

  test('one at least, however small the share', () => {
    expect(met(expandPlan(fleet([{ fault: 'no-boot', share: '0.001%' }]))).get('no-boot')).toBe(1);
  });

  test('of a role, or of a time, where the share counts among these', () => {
    const workers = hostsOf(expandPlan(fleet([{ fault: 'node-never-ready', share: '50%', role: 'worker' }]))).filter(
      ({ fault }) => fault,
    );
    expect(workers.map(({ role }) => role)).toEqual(Array(16).fill('worker'));
    const { clusters } = expandPlan(fleet([{ fault: 'console-degraded', share: '50%', from: '10m', until: '20m' }]));
    const late = clusters.filter(({ fault }) => fault);
    expect(late.length).toBe(5);
    for (const { arrivalMs } of late) expect(arrivalMs / 60_000).toSatisfy((at: number) => at >= 10 && at < 20);
  });

  test('never day-2 workers, nor who cannot have it', () => {
    const plan = fleet([{ fault: 'duplicate-hostname', share: '20%' }], {
      clusters: [
        { topology: 'compact', day2_workers: 5, amount: 10 },
        { topology: 'sno', amount: 30 },
      ],
    });
    const chosen = hostsOf(expandPlan(plan)).filter(({ fault }) => fault);
    expect(chosen.length).toBe(12);
    for (const host of chosen) {
      expect(host.day2).toBe(false);
      expect(host.clusterIndex).toBeLessThan(10);
      expect(host.fault).toMatchObject({ of: host.ordinal === 0 ? 1 : host.ordinal - 1 });
    }
  });

  test('the same over all shards as alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 7 }), fc.string({ minLength: 1, maxLength: 20 }), (count, seed) => {
        const plan = fleet([
          { fault: 'silent', share: '7%' },
          { fault: 'no-ingress-certificate', share: '9%' },
        ]);
        const whole = expandPlan(plan, { seed });
        const shards = Array.from({ length: count }, (_, index) => expandPlan(plan, { seed, shard: { index, count } }));
        const byIndex = new Map(shards.flatMap(({ clusters }) => clusters).map((one) => [one.index, one]));
        expect(whole.clusters.map(({ index }) => byIndex.get(index))).toEqual(whole.clusters);
      }),
      { numRuns: 20 },
    );
  });

  test('a plan without faults has none', () => {
    const { clusters } = expandPlan(fleet([]));
    expect(faultKindsOf(clusters)).toEqual(new Set());
    expect(clusters.some((one) => 'fault' in one || one.hosts.some((host) => 'fault' in host))).toBe(false);
  });

  test.each<[string, object, object, RegExp]>([
    [
      'more than can have it',
      { fault: 'no-connectivity', share: '80%' },
      {},
      /^p\.yaml:\d+:\d+: faults\[0\]: 80% of 200 hosts are 160 with no-connectivity, and only 140 can have it and have no other fault: it takes a majority of at least three hosts; allowed: /,
    ],
    [
      'nobody of that time',
      { fault: 'no-boot', share: '1%', from: '9h' },
      {},
      /faults\[0\]: no hosts of the plan are of the role and the time that no-boot asks for; change role, from or until$/,
    ],
    [
      'a token that nobody checks',
      { fault: 'wrong-token', share: '1%' },
      {},
      /asks for no token \(service\.agent_token\)/,
    ],
    ['no BareMetalHosts', { fault: 'bmh-stuck', share: '1%' }, {}, /it is about clusters with bmh: true/],
    [
      'hosts that are never installed',
      { fault: 'installer-fails', share: '1%' },
      { clusters: [{ topology: 'compact', just_infraenv: true }] },
      /hosts of an infra-env alone are not installed/,
    ],
    ['no operators', { fault: 'csv-failed', share: '1%' }, {}, /it takes olm_operators/],
  ])('refuses %s', (_, fault, more, message) => {
    expect(() => expandPlan(fleet([fault], more))).toThrow(RangeError);
    expect(() => expandPlan(fleet([fault], more))).toThrow(message);
  });

  test('refuses a second entry that finds nobody left', () => {
    const plan = fleet([
      { fault: 'no-boot', share: '60%' },
      { fault: 'silent', share: '60%' },
    ]);
    expect(() => expandPlan(plan)).toThrow(
      /faults\[1\]: 60% of 200 hosts are 120 with silent, and only 80 can have it/,
    );
  });
});

describe('what a plan says of faults', () => {
  test('every fault is read with what it is without further keys', () => {
    for (const fault of FAULT_KINDS) {
      const [profile] = fleet([{ fault, share: '1%' }]).faults;
      expect(profile).toMatchObject({ share: 0.01, role: null, fromMs: 0, fault: { kind: fault } });
    }
  });

  test('with the values of its keys', () => {
    const read = (fault: object) => fleet([{ share: '1%', ...fault }]).faults[0]!.fault;
    expect(read({ fault: 'late-boot', by: '1h' })).toEqual({ kind: 'late-boot', byMs: 3_600_000 });
    expect(read({ fault: 'clock-skew', by: '-90s' })).toEqual({ kind: 'clock-skew', byMs: -90_000 });
    expect(read({ fault: 'reboot', at: 'installing', after: '5s' })).toMatchObject({ at: 'installing', afterMs: 5000 });
    expect(read({ fault: 'hardware', memory: '4GiB', disk: '20GB' })).toEqual({
      kind: 'hardware',
      cpus: null,
      memoryBytes: 4 * 2 ** 30,
      diskBytes: 20e9,
    });
    expect(read({ fault: 'hardware' })).toMatchObject({ cpus: 1, memoryBytes: null, diskBytes: null });
    expect(read({ fault: 'no-connectivity', peers: '50%' })).toEqual({ kind: 'no-connectivity', peers: 0.5 });
    expect(read({ fault: 'installer-fails', stage: 'Installing', message: 'no' })).toMatchObject({
      stage: 'Installing',
      message: 'no',
    });
  });

  test.each<[string, object, RegExp]>([
    ['an unknown fault', { fault: 'no-bot', share: '1%' }, /faults\[0\]\.fault is "no-bot"; .*no-boot/],
    ['no share', { fault: 'no-boot' }, /faults\[0\].*share/],
    ['a share of nothing', { fault: 'no-boot', share: '0%' }, /faults\[0\]\.share is "0%"; allowed: more than 0%/],
    [
      'more than all',
      { fault: 'no-boot', share: '101%' },
      /faults\[0\]\.share is "101%"; allowed: a share of the hosts or clusters/,
    ],
    [
      'a key of another fault',
      { fault: 'no-boot', share: '1%', by: '5m' },
      /faults\[0\]\.by is "5m"; allowed: only with late-boot, clock-skew \(fault no-boot: it takes none\)/,
    ],
    [
      'a boot before its time',
      { fault: 'late-boot', share: '1%', by: '-5m' },
      /faults\[0\]\.by is "-5m"; allowed: a duration without a sign/,
    ],
    [
      'an end before the beginning',
      { fault: 'no-boot', share: '1%', from: '2h', until: '1h' },
      /faults\[0\]\.until is "1h"; allowed: later than from \(2h\)/,
    ],
    [
      'a role of whole clusters',
      { fault: 'console-degraded', share: '1%', role: 'worker' },
      /faults\[0\]\.role is "worker"; allowed: none with console-degraded/,
    ],
    [
      'a stage that no installer fails at',
      { fault: 'installer-fails', share: '1%', stage: 'Done' },
      /faults\[0\]\.stage is "Done"; allowed: one of Starting installation/,
    ],
    [
      'lines of a message',
      { fault: 'installer-fails', share: '1%', message: 'a\nb' },
      /faults\[0\]\.message.*one line/,
    ],
  ])('refuses %s', (_, fault, message) => {
    expect(() => fleet([fault])).toThrow(PlanError);
    expect(() => fleet([fault])).toThrow(message);
  });

  test('each fault of the table says what it is', () => {
    for (const [name, { description, keys }] of Object.entries(FAULTS)) {
      expect(name).toMatch(/^[a-z][a-z0-9-]+$/);
      expect(description).toMatch(/^[a-z].{10,}[^.]$/);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });
});
