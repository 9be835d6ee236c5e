import { expect, it } from 'vitest';
import type { ClusterPhase } from '../../model/protocol/phases.ts';
import { ClusterDurations } from './cluster-durations.ts';

function follow(...steps: [time: number, phase: ClusterPhase | 'ready'][]): Record<string, number> {
  const durations = new ClusterDurations();
  for (const [time, phase] of steps) {
    if (phase === 'ready') durations.apply({ type: 'cluster.status', time, cluster: 7, status: 'ready', info: '' });
    else durations.apply({ type: 'cluster.phase', time, cluster: 7, name: 'c', phase });
  }
  return Object.fromEntries(
    durations.all().map(({ from, to, distribution }) => [`${from} ${to}`, distribution.sum / distribution.count]),
  );
}

it('measures from each milestone to each later one', () => {
  const steps = follow(
    [5, 'creating'],
    [10, 'discovering'],
    [40, 'preparing'],
    [100, 'ready'],
    // Lost and found again: the first time counts.
    [130, 'ready'],
    [160, 'installing'],
    [400, 'finalizing'],
    [500, 'installed'],
    [510, 'complete'],
  );
  expect(steps).toEqual({
    'created discovered': 30,
    'created ready': 90,
    'created installed': 490,
    'discovered ready': 60,
    'discovered installed': 460,
    'ready installed': 400,
  });
});

it('takes the start of the installation for readiness that nobody saw', () => {
  expect(follow([0, 'discovering'], [30, 'preparing'], [70, 'installing'])).toMatchObject({ 'discovered ready': 40 });
});

it('says nothing of milestones that were not reached', () => {
  expect(follow([0, 'discovering'], [30, 'failed'], [90, 'preparing'])).toEqual({});
});

it('calls an infra-env discovered when it is complete', () => {
  expect(follow([0, 'discovering'], [30, 'complete'])).toEqual({ 'created discovered': 30 });
});
