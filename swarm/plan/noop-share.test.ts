import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePlan, renderDescription } from './describe.ts';
import { expandPlan } from './expand.ts';
import type { ClusterPlan } from './expanded-plan.ts';
import { parsePlan } from './load.ts';
import { noopCount } from './noop-share.ts';
import { formatProblem, type PlanError } from './plan.ts';

const PROGRAMS = { agent: '/a', installer: '/i', controller: '/c', controller_manifests: '/m' };
const expanded = (plan: object, seed = 'x') =>
  expandPlan(parsePlan({ seed, programs: PROGRAMS, ...plan }, 'p.yaml', { allowFiles: true }));
const isNoop = ({ hosts }: ClusterPlan) => hosts.every(({ kind }) => kind === 'noop');
const positions = (plan: object, seed?: string) =>
  expanded(plan, seed)
    .clusters.filter(isNoop)
    .map(({ index }) => index);

const problemsOf = (plan: object): string[] => {
  try {
    expanded(plan);
    return [];
  } catch (error) {
    return (error as PlanError).problems.map(formatProblem);
  }
};

describe('a share of no-op clusters', () => {
  test('holds whole clusters, one at least, and the same for the same seed', () => {
    const plan = { agent: { noop: '5%' }, clusters: [{ topology: 'compact', amount: 100 }] };
    const { clusters } = expanded(plan);
    expect(clusters.filter(isNoop)).toHaveLength(5);
    expect(clusters.filter(({ hosts }) => new Set(hosts.map(({ kind }) => kind)).size > 1)).toEqual([]);
    expect(positions(plan)).toEqual(positions(plan));
    expect(positions(plan)).not.toEqual(positions(plan, 'y'));
    expect(positions({ ...plan, agent: { noop: '0.1%' } })).toHaveLength(1);
    expect(positions({ ...plan, agent: { noop: '100%' } })).toHaveLength(100);
    expect(positions({ ...plan, agent: { noop: '0%' }, programs: undefined })).toEqual([]);
    expect(positions({ ...plan, agent: { noop: '0%' }, clock_speed: 8 })).toEqual([]);
  });

  test('of the plan is one of all clusters that take it, that of an entry its own', () => {
    const { clusters } = expanded({
      agent: { noop: '10%' },
      clusters: [
        ...Array.from({ length: 10 }, () => ({ topology: 'sno' })),
        { topology: 'sno', amount: 10, agent: 'native' },
        { topology: 'compact', amount: 10, agent: { noop: '50%' } },
      ],
    });
    const noop = clusters.filter(isNoop).map(({ index }) => index);
    expect(noop.filter((index) => index < 10)).toHaveLength(1);
    expect(noop.filter((index) => index >= 10 && index < 20)).toHaveLength(0);
    expect(noop.filter((index) => index >= 20)).toHaveLength(5);
  });

  test('is spread evenly over entries and over the time in which they arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 100 }),
        fc.boolean(),
        fc.string({ minLength: 1, maxLength: 8 }),
        (amounts, percent, shuffle, seed) => {
          const share = percent / 100;
          const plan = {
            agent: { noop: `${percent}%` },
            shuffle,
            arrival: { rate: '100/h' },
            clusters: amounts.map((amount, i) => ({ topology: 'sno', amount, name: `e${'abcdef'[i]}` })),
          };
          const { clusters } = expanded(plan, seed);
          const total = amounts.reduce((sum, amount) => sum + amount, 0);
          const chosen = noopCount(share, total);
          expect(clusters.filter(isNoop)).toHaveLength(chosen);
          expect(Math.abs(chosen - share * total)).toBeLessThanOrEqual(share * total < 0.5 ? 1 : 0.5);
          // Clusters are in order of arrival: any run of them has its part, to within what two ends can differ.
          const step = total / chosen;
          for (const [i] of amounts.entries()) {
            const own = clusters.filter(({ name }) => name.startsWith(`e${'abcdef'[i]}-`)).map(isNoop);
            const among = (list: boolean[]) => list.filter(Boolean).length;
            expect(Math.abs(among(own) - own.length / step)).toBeLessThan(1 + 1e-9);
            const half = own.slice(0, Math.floor(own.length / 2));
            expect(Math.abs(among(half) - half.length / step)).toBeLessThan(1 + 1e-9);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  test('is the same in every shard', () => {
    const plan = { agent: { noop: '20%' }, clusters: [{ topology: 'sno', amount: 30 }] };
    const whole = positions(plan);
    const parts = [0, 1, 2].flatMap((index) => positions({ ...plan, shard: { index, count: 3 } }));
    expect(parts.toSorted((a, b) => a - b)).toEqual(whole);
  });

  test('is refused where it is none', () => {
    const sno = { clusters: [{ topology: 'sno' }] };
    for (const noop of ['101%', '5', 'five%', '-1%', 5]) {
      expect(problemsOf({ ...sno, agent: { noop } })).toEqual([
        expect.stringMatching(/agent\.noop is .*; allowed: a share of the clusters from 0% to 100% such as 5%$/),
      ]);
    }
    expect(problemsOf({ ...sno, agent: 'both' })).toEqual([
      expect.stringContaining('agent is "both"; allowed: native, noop, or a mapping such as {noop: 5%}'),
    ]);
    expect(problemsOf({ ...sno, agent: { noop: '5%' }, clock_speed: 10 })).toEqual([
      expect.stringContaining('allowed: 1 beside agent: noop'),
    ]);
    expect(problemsOf({ ...sno, agent: { noop: '5%' }, programs: { agent: '/a' } })).toEqual([
      expect.stringContaining('(missing: programs.installer, programs.controller, programs.controller_manifests)'),
    ]);
  });

  test('is told with what it needs', () => {
    const description = describePlan(
      parsePlan(
        {
          ...{ seed: 'x', programs: PROGRAMS, agent: { noop: '5%' }, poll_interval: '30s' },
          clusters: [
            { topology: 'sno', amount: 60 },
            { topology: 'compact', amount: 40 },
          ],
        },
        'p.yaml',
        { allowFiles: true },
      ),
    );
    const { noop, needs, topologies, notes } = description;
    expect(noop).toEqual({ clusters: 5, hosts: 9, memoryMiB: 180, processors: 0.03 });
    expect(needs.memoryMiB).toBeGreaterThan(180 + 160);
    expect(topologies.map(({ noopClusters }) => noopClusters)).toEqual([3, 2]);
    expect(notes).toContain('No-op hosts do as stock agents do, whatever the plan says: poll_interval.');
    const text = renderDescription(description);
    expect(text).toMatch(/^No-op agents: 9 hosts of 5 clusters: 180 MiB of that memory, and 0.03 of a processor/m);
    expect(text).toMatch(/topology +platform +number +no-op +hosts/);
    expect(describePlan(parsePlan({ clusters: [{ topology: 'sno' }] }, 'p.yaml')).noop).toBeNull();
  });
});
