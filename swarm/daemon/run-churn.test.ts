/** Clusters of a run that are removed and made anew, on fake parts. */
import { describe, expect, it } from 'vitest';
import { ClusterAdapterError } from '../cluster/cluster-adapter.ts';
import type { ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';
import { Run } from './run.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';

const INFRA_ENV: Partial<ClusterPlan> = { justInfraEnv: true };
const HOUR = 3600;
/** Nothing goes with the run, as with an embedded one. */
const SERVICE = { service: { url: 'http://127.0.0.1:1', tls: {}, agentToken: '', userAuthorization: '' } };
const soak = (soakSeconds: number) => ({ idleSeconds: 0, soakSeconds, removePerHour: null });

function start(clusters: Partial<ClusterPlan>[], overrides: Partial<ExpandedPlan>, parts = new FakeParts()) {
  const run = new Run({
    id: 'run-1',
    plan: fakePlan(clusters, { clockSpeed: 20_000, ...overrides }),
    parts,
    workers: 1,
  });
  return { parts, run, ended: run.execute() };
}

describe('churn', () => {
  it('removes complete clusters at its rate and makes them anew, none of them counted twice', async () => {
    const { parts, ended } = start([{}, {}, INFRA_ENV, INFRA_ENV], { churnPerHour: 1, phases: soak(10 * HOUR) });
    const summary = await ended;
    expect(summary).toMatchObject({ verdict: 'passed', reasons: [], failures: [] });
    const { churn } = summary;
    expect(churn).toMatchObject({ sharePerHour: 1, clustersPerHour: 4, failed: 0, notRemoved: 0 });
    // 4 an hour for ten hours, from the first complete one on.
    expect(churn!.turns).toBeGreaterThanOrEqual(38);
    expect(churn!.turns).toBeLessThanOrEqual((summary.simulatedSeconds / HOUR) * 4);
    expect(churn!.removed).toBe(churn!.complete + churn!.unfinished);
    expect(churn!.complete).toBeGreaterThanOrEqual(25);
    expect(summary.clusters).toEqual({
      ...{ planned: 2, installed: 2, infraEnvs: 2, infraEnvsDiscovered: 2 },
      ...{ complete: 4, failed: 0, failedAsExpected: 0, cancelled: 0 },
    });
    expect(summary.clusterFunnel.at(-1)).toMatchObject({ count: 4, of: 4 });
    // Of the events, each life is one: the first without a number, the others from 2 on.
    const lives = parts.events.filter((event) => event.type === 'cluster.phase' && event.phase === 'complete');
    expect(lives).toHaveLength(4 + churn!.complete);
    const again = lives.filter((event) => 'life' in event && event.life! >= 2);
    expect(again).toHaveLength(churn!.complete);
    // Durations of all lives are measured, the infra-envs' as far as they go.
    const discovered = summary.clusterDurations.find(({ from, to }) => from === 'created' && to === 'discovered');
    // A cluster is discovered when it is prepared, an infra-env when it is complete; some lives end between that and their own end.
    const came = parts.events.filter(
      (event) =>
        event.type === 'cluster.phase' &&
        (event.phase === 'preparing' || (event.phase === 'complete' && event.cluster >= 2)),
    );
    expect(discovered!.duration.count).toBe(came.length);
    // Ledger and service agree that nothing is left.
    expect(parts.service.live).toMatchObject({ clusters: new Set(), infraEnvs: new Set() });
    const lines = parts.ledger
      .join('')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const intended = lines.filter(({ intended }) => intended !== undefined);
    expect(intended.length).toBeGreaterThan(6);
    expect(lines.filter(({ gone }) => gone === true)).toHaveLength(intended.length);
  });

  it('takes the same clusters in the same order for the same seed', async () => {
    const order = async () => {
      const { parts, ended } = start([INFRA_ENV, INFRA_ENV, INFRA_ENV], { churnPerHour: 0.5, phases: soak(6 * HOUR) });
      await ended;
      return parts.events
        .filter((event) => event.type === 'cluster.phase' && event.phase === 'creating' && event.life !== undefined)
        .map((event) => (event as { cluster: number }).cluster);
    };
    const [first, second] = [await order(), await order()];
    expect(first.length).toBeGreaterThanOrEqual(5);
    const both = Math.min(first.length, second.length);
    expect(first.slice(0, both)).toEqual(second.slice(0, both));
    expect(new Set(first).size).toBeGreaterThan(1);
  });

  it('counts what fails when it is made anew, and lets it fail the run', async () => {
    const parts = new FakeParts();
    const { run, ended } = start([{}], { churnPerHour: 1, phases: soak(3 * HOUR) }, parts);
    run.events.listen((event) => {
      if (event.type !== 'cluster.phase' || event.phase !== 'complete') return;
      parts.service.errors.set('createCluster', [
        new ClusterAdapterError('no longer', { passing: false, conflict: false }),
      ]);
    });
    const summary = await ended;
    expect(summary.verdict).toBe('failed');
    expect(summary.churn).toMatchObject({ removed: 1, complete: 0, failed: 1 });
    // The first life was complete, and stays so.
    expect(summary.clusters).toMatchObject({ planned: 1, installed: 1, complete: 1, failed: 0 });
    expect(summary.failures).toEqual([
      expect.objectContaining({ life: 2, reason: expect.stringMatching(/no longer/) }),
    ]);
    expect(summary.thresholds.find(({ figure }) => figure === 'clusters_failed')).toMatchObject({
      ok: false,
      value: 1,
    });
  });

  it('leaves nothing behind when the run is stopped meanwhile', async () => {
    const { parts, run, ended } = start([{}, {}, {}, {}], { ...SERVICE, churnPerHour: 1, phases: soak(1e7) });
    let seen = 0;
    run.events.listen((event) => {
      if (event.type === 'cluster.phase' && event.life === 3 && event.phase === 'creating' && seen++ === 0) run.stop();
    });
    const summary = await ended;
    expect(summary.verdict).toBe('interrupted');
    expect(seen).toBeGreaterThan(0);
    expect(parts.service.live.clusters.size + parts.service.live.infraEnvs.size).toBe(0);
    expect(summary.leftBehind).toEqual([]);
    expect(summary.churn!.unfinished).toBeGreaterThan(0);
    expect(summary.churn!.begun).toBe(
      summary.churn!.complete + summary.churn!.failed + summary.churn!.unfinished + summary.churn!.notRemoved,
    );
  });
});
