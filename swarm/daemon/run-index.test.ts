import { expect, it } from 'vitest';
import type { ClusterPhase } from '../../model/protocol/phases.ts';
import { clusterPlan } from '../cluster/testing/fake-service.ts';
import { RunIndex } from './run-index.ts';
import { fakePlan } from './testing/fakes.ts';

it('does not count as missing what is never meant to be installed', () => {
  const plan = fakePlan([{ controlPlanes: 3 }, { controlPlanes: 1 }, { controlPlanes: 3, justInfraEnv: true }]);
  const index = new RunIndex(plan);
  const common = { time: 0 };
  for (const { index: cluster, name, justInfraEnv } of plan.clusters) {
    index.apply({ ...common, type: 'cluster.phase', cluster, name, phase: 'discovering' });
    if (!justInfraEnv) index.apply({ ...common, type: 'cluster.phase', cluster, name, phase: 'installed' });
    index.apply({ ...common, type: 'cluster.phase', cluster, name, phase: 'complete' });
  }
  for (const { hosts, justInfraEnv } of plan.clusters) {
    for (const { index: host, clusterIndex: cluster } of hosts) {
      const phase = justInfraEnv ? 'discovered' : 'done';
      index.apply({ ...common, type: 'host.phase', cluster, host, id: `host-${host}`, phase });
    }
  }
  const { hosts, clusters } = index.funnel();
  expect(clusters.installed).toEqual({ count: 2, of: 2 });
  expect(clusters.complete).toEqual({ count: 3, of: 3 });
  expect(hosts.discovered).toEqual({ count: 7, of: 7 });
  expect(hosts.done).toEqual({ count: 4, of: 4 });
});

it('keeps for whoever failed how far it came', () => {
  const index = new RunIndex(fakePlan([{ controlPlanes: 1 }]));
  const event = { time: 0, type: 'host.phase', cluster: 0, host: 0, id: 'a' } as const;
  index.apply({ ...event, phase: 'writing' });
  index.apply({ ...event, phase: 'failed' });
  expect(index.funnel().hosts.writing).toEqual({ count: 1, of: 1 });
  expect(index.funnel().hosts.rebooted).toEqual({ count: 0, of: 1 });
  expect(index.host(0)?.phase).toBe('failed');
});

it('counts a cluster that is made anew by what it reached before, and shows what it is now', () => {
  const plan = fakePlan([{ controlPlanes: 1 }, { controlPlanes: 1 }]);
  const index = new RunIndex(plan);
  const of = { time: 0, type: 'cluster.phase', cluster: 1, name: 'cluster-1' } as const;
  const host = { time: 0, type: 'host.phase', cluster: 1, host: 1, id: 'b' } as const;
  for (const phase of ['creating', 'installed', 'complete'] as const) index.apply({ ...of, phase, id: 'first' });
  index.apply({ ...host, phase: 'done' });
  index.apply({ time: 0, type: 'cluster.status', cluster: 1, status: 'installed', info: 'all is well' });
  index.apply({ ...of, phase: 'deleted' });
  index.apply({ ...of, phase: 'creating', life: 2 });
  const rows = () => index.clusters({ limit: 9, offset: 0 }).items;
  expect(rows()[1]).toMatchObject({ phase: 'creating', life: 2, id: null, status: null, statusInfo: '' });
  expect(rows()[0]).toMatchObject({ phase: 'planned', life: 1 });
  expect(index.host(1)).toMatchObject({ phase: 'planned', id: null });
  expect(index.funnel().clusters.complete).toEqual({ count: 1, of: 2 });
  expect(index.funnel().hosts.done).toEqual({ count: 1, of: 2 });
  index.apply({ ...of, phase: 'failed', reason: 'no more', life: 2 });
  expect(index.failures()).toEqual([{ cluster: 1, name: 'cluster-1', reason: 'no more', life: 2 }]);
  expect(index.funnel().clusters.complete).toEqual({ count: 1, of: 2 });
});

it('tells how long it will take only once every kind of cluster that is left was seen to its end', () => {
  const single = { justInfraEnv: false, controlPlanes: 1, workers: 0, day2Workers: 0, hosts: [] };
  const clusters = [0, 1, 2].map((index) => ({ ...clusterPlan({ index }), ...single, arrivalMs: index * 1_000 }));
  clusters[2]!.controlPlanes = 3;
  const index = new RunIndex({ clusters });
  const at = (time: number, cluster: number, phase: ClusterPhase) =>
    index.apply({ time, type: 'cluster.phase', cluster, name: '', phase });
  expect(index.remainingMs()).toBeNull();
  at(0, 0, 'creating');
  at(2_000, 2, 'creating');
  at(10_000, 0, 'complete');
  expect(index.remainingMs()).toBeNull();
  at(12_000, 2, 'failed');
  // Cluster 1 has not started: it is due at 1 s and will take 10 s.
  expect(index.remainingMs()).toBe(0);
  at(12_500, 1, 'creating');
  expect(index.remainingMs()).toBe(10_000);
  at(20_500, 1, 'complete');
  expect(index.remainingMs()).toBe(0);
});
