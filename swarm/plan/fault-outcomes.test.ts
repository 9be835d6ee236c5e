/** Outcomes near the service's own limits: what its monitors make of a host depends on its role, or on the moment. */
import { describe, expect, it } from 'vitest';
import type { HostFault } from '../../model/faults/faults.ts';
import { expandPlan } from './expand.ts';
import { type ClusterOutcome, expectedOutcome, type SeenHost } from './fault-outcomes.ts';
import { parsePlan } from './load.ts';

const LIMITS = { discovery: 1800, ready: 1800, install: 10_800, day2: 7200 };
const GIB = 2 ** 30;

/** What is expected of a cluster whose hosts have these faults, by ordinal. */
function outcome(topology: unknown, faults: Record<number, HostFault>, more: object = {}): ClusterOutcome {
  const plan = parsePlan({ name: 'one', seed: 's', clusters: [{ topology, ...more }] }, 'p.yaml');
  const [cluster] = expandPlan(plan).clusters;
  for (const [ordinal, fault] of Object.entries(faults)) cluster!.hosts[Number(ordinal)]!.fault = fault;
  return expectedOutcome(cluster!, LIMITS)!;
}

const FIVE = { control_planes: 3, workers: 2 };

describe('a clock', () => {
  const skewed = (topology: unknown, seconds: number) =>
    outcome(topology, { 0: { kind: 'clock-skew', byMs: seconds * 1000 } });

  it.each([
    ['sno', -1200, true],
    ['sno', -1170, false],
    ['sno', -1140, null],
    ['sno', 1200, null],
    ['sno', 3600, null],
    ['sno', 3630, false],
    ['sno', 3700, true],
    ['compact', 240, null],
    ['compact', 299, false],
    ['compact', -330, false],
    ['compact', 360, true],
    ['compact', 1200, true],
  ])('of a host of %s that is %i s ahead lets its cluster fail for certain: %s', (topology, seconds, certain) => {
    const { failsIn, hosts } = skewed(topology, seconds);
    expect(failsIn).toEqual(certain === null ? [] : ['preparing']);
    if (certain !== null) expect(hosts[0]!.certain).toBe(certain);
  });
});

describe('less hardware', () => {
  const small = (memory: number, more: object = {}) =>
    outcome(FIVE, { 0: { kind: 'hardware', cpus: null, memoryBytes: memory * GIB, diskBytes: null } }, more);

  it('than a control plane needs ends the cluster where the user gives the roles', () => {
    expect(small(12)).toMatchObject({ failsIn: ['preparing'], certain: true });
  });

  it('than a control plane needs is enough for a worker where the service gives them', () => {
    expect(small(12, { assign_roles: false })).toMatchObject({ certain: false, hosts: [{ seen: null }] });
  });

  it('than any role needs ends the cluster whoever gives the roles', () => {
    const { certain, hosts } = small(4, { assign_roles: false });
    expect(certain).toBe(true);
    expect(hosts[0]!.seen).toEqual([
      expect.objectContaining({ validations: ['has-min-memory', 'has-memory-for-role'] }),
    ]);
  });
});

describe('hosts that do not reach others', () => {
  const cut = (peers: number) => ({ kind: 'no-connectivity', peers }) as const;

  it('are outside of the largest group', () => {
    expect(outcome(FIVE, { 0: cut(0.5) }).hosts[0]!.seen).toHaveLength(1);
    expect(outcome(FIVE, { 0: cut(1), 1: cut(1) }).hosts.every(({ seen }) => seen?.length === 1)).toBe(true);
  });

  it('may be inside where several miss some, and their cluster fails for the others', () => {
    expect(outcome(FIVE, { 0: cut(0.5), 1: cut(0.5) })).toMatchObject({
      failsIn: ['preparing'],
      certain: true,
      hosts: [{ seen: null }, { seen: null }],
    });
  });
});

describe('a node that is never Ready', () => {
  const first = (topology: unknown) => outcome(topology, { 0: { kind: 'node-never-ready' } }).hosts[0]!.seen;

  it('is too long in a stage where others report it', () => {
    expect(first('compact')).toContainEqual({ statuses: ['error'], info: 'took longer than expected' });
  });

  it('stays in its reboot where it is alone: nothing runs on it that could report more', () => {
    expect(first('sno')).toContainEqual(expect.objectContaining({ statuses: ['installing-pending-user-action'] }));
  });
});

describe('a host that is reset after its reboot', () => {
  const statuses = (api: string) => {
    const { seen } = outcome('sno', { 0: { kind: 'reboot', at: 'rebooted', afterMs: 30_000 } }, { api }).hosts[0]!;
    return (seen as SeenHost[]).flatMap((one) => one.statuses);
  };

  it('waits for its user, which the Agents of a hub may not show yet', () => {
    expect(statuses('rest')).toEqual(['installing-pending-user-action', 'error']);
    expect(statuses('kube')).toEqual(['installing-pending-user-action', 'error', 'installing-in-progress']);
  });
});
