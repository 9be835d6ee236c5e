import { describe, expect, test } from 'vitest';
import type { HostFault } from '../../model/faults/faults.ts';
import type { HostStatus } from '../../model/protocol/states.ts';
import { expandPlan } from '../plan/expand.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import { expectedOutcome } from '../plan/fault-outcomes.ts';
import { parsePlan } from '../plan/load.ts';
import type { HostView } from './cluster-adapter.ts';
import { FaultWatch, type LifeEnd } from './fault-watch.ts';

const LIMITS = { discovery: 1800, ready: 1800, install: 10_800, day2: 7200 };
const DISK = { kind: 'installer-fails', stage: 'Writing image to disk', message: 'no disk' } as const;
const SILENT = { kind: 'silent', at: 'discovered', afterMs: 30_000 } as const;

/** A cluster whose hosts have these faults, by ordinal. */
function clusterOf(topology: unknown, faults: Record<number, HostFault>, more: object = {}): ClusterPlan {
  const plan = parsePlan({ name: 'one', seed: 's', clusters: [{ topology, ...more }] }, 'p.yaml');
  const [cluster] = expandPlan(plan).clusters;
  for (const [ordinal, fault] of Object.entries(faults)) cluster!.hosts[Number(ordinal)]!.fault = fault;
  return cluster!;
}

function watchOf(cluster: ClusterPlan): FaultWatch {
  return new FaultWatch(cluster, expectedOutcome(cluster, LIMITS)!, ({ ordinal }) => `id-${ordinal}`);
}

const view = (ordinal: number, status: HostStatus, statusInfo = '', failing: string[] = []): HostView => ({
  ...{ id: `id-${ordinal}`, status, statusInfo, role: 'master', stage: null, day2: false },
  failing: () => failing.map((id) => ({ id, status: 'failure', message: '' })),
});
const COMPLETE: LifeEnd = { complete: true, phase: 'installed', reason: '' };
const failed = (phase: LifeEnd['phase']): LifeEnd => ({ complete: false, phase, reason: 'why' });
const results = (watch: FaultWatch, end: LifeEnd) => {
  const { asExpected, findings } = watch.judge(end);
  return [asExpected, ...findings.map(({ result }) => result)];
};

describe('one fault', () => {
  test('a host that is never there', () => {
    const judge = (end: LifeEnd, ...hosts: HostView[]) => {
      const watch = watchOf(clusterOf('compact', { 1: { kind: 'no-boot' } }));
      watch.look(hosts);
      return results(watch, end);
    };
    expect(judge(failed('discovering'), view(0, 'known'), view(2, 'known'))).toEqual([true, 'as-expected']);
    expect(judge(failed('discovering'), view(1, 'known'))).toEqual([false, 'otherwise']);
    expect(judge(COMPLETE)).toEqual([false, 'otherwise']);
    expect(judge(failed('creating'))[0]).toBe(false);
  });

  test('two hosts of one id, which the service takes for one', () => {
    const judge = (count: number) => {
      const watch = watchOf(clusterOf('compact', { 1: { kind: 'duplicate-id', of: 0 } }));
      watch.look(Array.from({ length: count }, (_, ordinal) => view(ordinal, 'known')));
      return results(watch, failed('discovering'));
    };
    expect(judge(2)).toEqual([true, 'as-expected']);
    expect(judge(3)).toEqual([false, 'otherwise']);
  });

  test('a validation that fails, and no other', () => {
    const judge = (validation: string) => {
      const watch = watchOf(clusterOf('sno', { 0: { kind: 'hardware', cpus: 1, memoryBytes: null, diskBytes: null } }));
      watch.look([view(0, 'insufficient', '', [validation])]);
      return results(watch, failed('preparing'));
    };
    expect(judge('has-min-cpu-cores')).toEqual([true, 'as-expected']);
    expect(judge('has-min-memory')).toEqual([false, 'otherwise']);
  });

  test('a message that must be told', () => {
    const judge = (info: string) => {
      const watch = watchOf(clusterOf('sno', { 0: DISK }));
      watch.look([view(0, 'error', info)]);
      return results(watch, failed('installing'));
    };
    expect(judge('Failed - no disk')).toEqual([true, 'as-expected']);
    expect(judge('Host failed to install because its installation stage took longer')).toEqual([false, 'otherwise']);
  });

  test('what was seen once stays seen', () => {
    const watch = watchOf(clusterOf('sno', { 0: SILENT }));
    watch.look([view(0, 'disconnected')]);
    watch.look([view(0, 'known')]);
    expect(results(watch, failed('preparing'))).toEqual([true, 'as-expected']);
  });

  test('a cluster that fails where it should not', () => {
    const watch = watchOf(clusterOf('sno', { 0: { kind: 'late-boot', byMs: 60_000 } }));
    watch.look([view(0, 'known')]);
    expect(results(watch, failed('preparing'))).toEqual([false, 'otherwise']);
    expect(results(watch, COMPLETE)).toEqual([true, 'as-expected']);
  });

  test('a worker that a cluster can do without, and one that it cannot', () => {
    const judge = (workers: number, end: LifeEnd) => {
      const watch = watchOf(clusterOf({ control_planes: 3, workers }, { 3: DISK }));
      watch.look([view(3, 'error', 'Failed - no disk')]);
      return results(watch, end);
    };
    expect(judge(3, COMPLETE)).toEqual([true, 'as-expected']);
    expect(judge(2, COMPLETE)).toEqual([false, 'otherwise']);
    expect(judge(2, failed('installing'))).toEqual([true, 'as-expected']);
    expect(judge(3, failed('installing'))[0]).toBe(false);
  });

  test('is waited for where a cluster comes to its end before it shows', () => {
    const watch = watchOf(
      clusterOf(
        'compact',
        { 0: { kind: 'hardware', cpus: 1, memoryBytes: null, diskBytes: null } },
        { just_infraenv: true },
      ),
    );
    expect(watch.waits).toBe(true);
    watch.look([view(0, 'known-unbound')]);
    expect(watch.waits).toBe(true);
    watch.look([view(0, 'insufficient-unbound', '', ['has-min-cpu-cores'])]);
    expect(watch.waits).toBe(false);
    expect(results(watch, COMPLETE)).toEqual([true, 'as-expected']);
  });

  test('is awaited where the cluster fails for it, unless it is seen or the failure is another one', () => {
    const watch = watchOf(clusterOf('sno', { 0: DISK }));
    watch.look([view(0, 'installing-in-progress')]);
    expect(watch.awaits(failed('installing'))).toBe(true);
    expect(watch.awaits(failed('preparing'))).toBe(false);
    watch.look([view(0, 'error', 'Failed - no disk')]);
    expect(watch.awaits(failed('installing'))).toBe(false);
    // Whoever is never there cannot be awaited, nor what another one explains.
    expect(watchOf(clusterOf('compact', { 1: { kind: 'no-boot' } })).awaits(failed('discovering'))).toBe(false);
    const several = watchOf(clusterOf('compact', { 0: DISK, 1: { kind: 'node-never-ready' } }));
    several.look([view(0, 'error', 'no disk')]);
    expect(several.awaits(failed('installing'))).toBe(false);
  });

  test('counts what an Agent shows that lags behind only as the last thing of a cluster that failed', () => {
    const reset = { 0: { kind: 'reboot', at: 'rebooted', afterMs: 30_000 } } as const;
    const watch = watchOf(clusterOf('sno', reset, { api: 'kube' }));
    watch.look([view(0, 'installing-in-progress', 'Rebooting')]);
    expect(results(watch, failed('installing'))).toEqual([true, 'as-expected']);
    watch.look([view(0, 'installed', 'Done')]);
    expect(results(watch, failed('finalizing'))).toEqual([false, 'otherwise']);
    const rest = watchOf(clusterOf('sno', reset));
    rest.look([view(0, 'installing-in-progress', 'Rebooting')]);
    expect(results(rest, failed('installing'))).toEqual([false, 'otherwise']);
  });

  test('says what was expected, and what was', () => {
    const watch = watchOf(clusterOf('sno', { 0: DISK }));
    watch.look([view(0, 'installed', 'Done')]);
    expect(watch.judge(COMPLETE).findings).toEqual([
      {
        fault: 'installer-fails',
        host: { index: 0, id: 'id-0' },
        result: 'otherwise',
        expected:
          'the installer ends at a stage with this message: the host is error ("… no disk …"), its cluster fails in installing or finalizing',
        was: 'id-0 was installed (Done); the cluster came to its planned end',
      },
    ]);
  });
});

describe('several faults of one cluster', () => {
  test('the earliest ends it, and later ones are not reached', () => {
    const watch = watchOf(clusterOf('compact', { 0: { kind: 'no-boot' }, 2: DISK }));
    watch.look([view(1, 'known'), view(2, 'known')]);
    expect(results(watch, failed('discovering'))).toEqual([true, 'as-expected', 'not-reached']);
  });

  test('those of the same time may all show, or one of them', () => {
    const judge = (...hosts: HostView[]) => {
      const watch = watchOf(clusterOf('compact', { 0: DISK, 1: { kind: 'node-never-ready' } }));
      watch.look(hosts);
      return results(watch, failed('installing'));
    };
    expect(judge(view(0, 'error', 'no disk'))).toEqual([true, 'as-expected', 'not-reached']);
    expect(judge(view(0, 'error', 'no disk'), view(1, 'error', 'took longer than expected'))).toEqual([
      true,
      'as-expected',
      'as-expected',
    ]);
    expect(judge(view(0, 'installed'), view(1, 'installed'))[0]).toBe(false);
  });

  test('one of the whole cluster', () => {
    const cluster = { ...clusterOf('compact', {}), fault: 'console-degraded' as const };
    expect(results(watchOf(cluster), failed('finalizing'))).toEqual([true, 'as-expected']);
    expect(results(watchOf(cluster), COMPLETE)).toEqual([false, 'otherwise']);
    const both = { ...clusterOf('compact', { 0: { kind: 'no-boot' } }), fault: 'console-degraded' as const };
    expect(results(watchOf(both), failed('discovering'))).toEqual([true, 'as-expected', 'not-reached']);
  });
});
