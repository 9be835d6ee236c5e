/** Runs of plans whose hosts and clusters have faults, on the embedded service: real processes, real HTTP. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { plannedManifests } from './manifest-source.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';

/** How busy this machine is with other tests says nothing here. */
const NOT_JUDGED = {
  ...{ generator_saturation: 'off', request_duration: 'off', endpoint_duration: 'off', request_age: 'off' },
  ...{ service_outage: 'off', service_monitor_period: 'off', service_monitor_cycle_duration: 'off' },
};

async function run(plan: object) {
  const text = { name: 'faults', seed: 'faults', spoke_profile: 'quick', boot_spread: '5s', thresholds: NOT_JUDGED };
  const expanded = plannedManifests(expandPlan(parsePlan({ ...text, ...plan }, 'p.yaml'))).plan;
  return new Run({
    id: 'faults',
    plan: expanded,
    parts: realParts({ directory: mkdtempSync(join(tmpdir(), 'swarm-faults-')), warn: () => {} }),
    workers: 1,
  }).execute();
}

describe('a plan with faults', () => {
  it('passes when everything goes wrong as it has to', { timeout: 120_000 }, async () => {
    const summary = await run({
      clock_speed: 60,
      limits: { discovery: '6m', ready: '6m' },
      clusters: [
        { topology: 'sno', amount: 8 },
        { topology: 'compact', amount: 2 },
        { topology: 'compact', amount: 2, just_infraenv: true },
      ],
      faults: [
        { fault: 'no-boot', share: '4%' },
        { fault: 'late-boot', share: '4%', by: '90s' },
        { fault: 'silent', share: '4%' },
        { fault: 'hardware', share: '4%', memory: '4GiB' },
        { fault: 'clock-skew', share: '4%' },
        { fault: 'duplicate-hostname', share: '4%' },
        { fault: 'installer-fails', share: '4%', message: 'the disk is on fire' },
        { fault: 'image-unavailable', share: '4%' },
      ],
    });
    expect(summary.reasons).toEqual([]);
    expect(summary.verdict).toBe('passed');
    expect(summary.faults.map(({ count }) => count)).toEqual(Array(8).fill(1));
    expect(summary.faults.flatMap(({ examples }) => examples)).toEqual([]);
    const sum = (of: 'asExpected' | 'otherwise' | 'notReached') =>
      summary.faults.reduce((all, one) => all + one[of], 0);
    expect(sum('otherwise')).toBe(0);
    expect(sum('asExpected') + sum('notReached')).toBe(8);
    expect(sum('asExpected')).toBeGreaterThanOrEqual(5);
    const { clusters } = summary;
    expect(clusters.failed).toBe(0);
    expect(clusters.failedAsExpected).toBeGreaterThan(0);
    expect(clusters.complete + clusters.failedAsExpected).toBe(12);
  });

  it('passes when BareMetalHosts go wrong as they have to', { timeout: 120_000 }, async () => {
    const summary = await run({
      clock_speed: 60,
      limits: { discovery: '25m', ready: '6m' },
      clusters: [
        { topology: 'compact', api: 'kube', bmh: true, with_nmstate: true },
        { topology: 'sno', api: 'kube', bmh: true, amount: 2 },
      ],
      faults: [
        { fault: 'duplicate-hostname', share: '20%' },
        { fault: 'bmh-stuck', share: '20%', state: 'inspecting' },
      ],
    });
    expect(summary.reasons).toEqual([]);
    expect(summary.verdict).toBe('passed');
    expect(summary.faults).toMatchObject([
      { fault: 'duplicate-hostname', count: 1, asExpected: 1 },
      { fault: 'bmh-stuck', count: 1, asExpected: 1 },
    ]);
  });

  it('fails when a fault leads to something else', { timeout: 120_000 }, async () => {
    const plan = {
      clock_speed: 60,
      limits: { discovery: '20m' },
      clusters: [{ topology: 'sno', amount: 2, just_infraenv: true }],
      faults: [{ fault: 'no-boot', share: '50%' }],
    };
    const expanded = expandPlan(
      parsePlan({ name: 'faults', seed: 'faults', thresholds: NOT_JUDGED, ...plan }, 'p.yaml'),
    );
    const host = expanded.clusters.flatMap(({ hosts }) => hosts).find(({ fault }) => fault)!;
    // The machine of this host boots all the same: what the worker is told is not what the run expects.
    const parts = realParts({ directory: mkdtempSync(join(tmpdir(), 'swarm-faults-')), warn: () => {} });
    const createPool: typeof parts.createPool = async (options) => {
      const pool = await parts.createPool(options);
      const launch = pool.launch.bind(pool);
      pool.launch = (given) => {
        const hosts = given.cluster.hosts.map(({ fault: _, ...healthy }) => healthy);
        launch({ ...given, cluster: { ...given.cluster, hosts } });
      };
      return pool;
    };
    const summary = await new Run({
      id: 'faults',
      plan: expanded,
      parts: { ...parts, createPool },
      workers: 1,
    }).execute();
    expect(summary.verdict).toBe('failed');
    expect(summary.reasons[0]).toMatch(
      /^1 of 1 faults led to something else than expected; .*fault no-boot \(the host never boots/,
    );
    expect(summary.faults).toMatchObject([{ fault: 'no-boot', count: 1, otherwise: 1 }]);
    expect(summary.faults[0]!.examples[0]!.was).toMatch(/was known-unbound .*; the cluster came to its planned end$/);
    expect(host.fault).toEqual({ kind: 'no-boot' });
  });
});
