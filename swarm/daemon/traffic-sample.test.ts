import { describe, expect, it } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import type { ClusterLaunch } from '../pool/messages.ts';
import { TrafficSample } from './traffic-sample.ts';

function sampleOf(clusters: object[], more: object = {}) {
  const programs = { agent: '/a', installer: '/i', controller: '/c', controller_manifests: '/m' };
  const plan = expandPlan(
    parsePlan({ name: 'p', seed: 's', programs, clusters, ...more }, 'plan', { allowFiles: true }),
  );
  const sample = new TrafficSample(plan);
  /** Number of clusters of a kind by words for their shape. */
  const counts = (kind: string) => {
    const found: Record<string, number> = {};
    for (const { index, hosts } of plan.clusters) {
      const shape = sample.shapeOf(index);
      if (shape !== undefined && hosts[0]!.kind === kind) found[shape] = (found[shape] ?? 0) + 1;
    }
    return found;
  };
  return { sample, plan, native: counts('native'), noop: counts('noop') };
}

describe('a sample of traffic', () => {
  it('has the no-op clusters and about as many native ones of each shape that has both kinds', () => {
    const { native, noop } = sampleOf([
      { topology: 'sno', amount: 200 },
      { topology: 'sno', amount: 7, agent: 'noop' },
      { topology: { control_planes: 3, workers: 2 }, amount: 9, platform: 'baremetal' },
      { topology: { control_planes: 3, workers: 2 }, agent: 'noop', platform: 'baremetal' },
      { topology: 'compact', amount: 2 },
      { topology: 'sno', agent: 'noop', just_infraenv: true },
    ]);
    expect(noop).toEqual({ SNO: 7, '3+2 on baremetal': 1 });
    expect(native).toEqual({ SNO: 7, '3+2 on baremetal': 3 });
  });

  it('is small, however many there are', () => {
    const { native, noop } = sampleOf([
      { topology: 'sno', amount: 300 },
      { topology: 'sno', amount: 300, agent: 'noop' },
    ]);
    expect([native, noop]).toEqual([{ SNO: 50 }, { SNO: 50 }]);
  });

  it('is empty in a plan of one kind, whose launches stay as they are', () => {
    const { sample } = sampleOf([{ topology: 'sno', amount: 3, agent: 'noop' }]);
    expect(sample.empty).toBe(true);
    const machines = { launch: () => {}, startHosts: () => {}, stopCluster: () => {} };
    expect(sample.mark(machines)).toBe(machines);
  });

  it('tells the machines what is recorded of a launch', () => {
    const { sample } = sampleOf([
      { topology: 'sno', agent: 'noop' },
      { topology: 'sno', amount: 9 },
    ]);
    const launched: ClusterLaunch[] = [];
    const machines = sample.mark({
      launch: (launch) => launched.push(launch),
      startHosts: () => {},
      stopCluster: () => {},
    });
    for (const index of [0, 1, 9]) machines.launch({ cluster: { index } } as ClusterLaunch);
    expect(launched.map(({ traffic }) => traffic)).toEqual(['SNO', 'SNO', undefined]);
  });

  it('tells shapes apart that have the same words', () => {
    const { native, noop } = sampleOf([
      { topology: 'sno' },
      { topology: 'sno', agent: 'noop' },
      { topology: 'sno', olm_operators: ['lso'] },
      { topology: 'sno', agent: 'noop', olm_operators: ['lso'] },
    ]);
    expect(native).toEqual({ SNO: 1, 'SNO (2)': 1 });
    expect(noop).toEqual({ SNO: 1, 'SNO (2)': 1 });
  });
  it('compares clusters that something goes wrong with among themselves', () => {
    const { sample, plan } = sampleOf(
      [
        { topology: 'sno', amount: 8 },
        { topology: 'sno', agent: 'noop', amount: 8 },
      ],
      { faults: [{ fault: 'slow-disk', share: '50%' }] },
    );
    for (const { index, hosts } of plan.clusters) {
      const { kind, fault } = hosts[0]!;
      // Natives are a sample.
      if (kind === 'noop') expect(sample.shapeOf(index)).toBe(fault ? 'SNO, with slow-disk' : 'SNO');
    }
  });
});
