/** Real threads, real HTTP, the embedded service in its own process. */
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { createPool } from '../pool/pool.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';

it('takes a single node and a cluster with workers and a day-2 worker from nothing to installed, and removes them', async () => {
  const plan = expandPlan(
    parsePlan(
      {
        name: 'e2e',
        seed: 'e2e',
        service: { url: 'embedded' },
        clock_speed: 60,
        boot_spread: '5s',
        spoke_profile: 'quick',
        // How busy this machine is with other tests says nothing here.
        thresholds: { generator_saturation: 'off' },
        clusters: [{ topology: 'sno' }, { topology: { control_planes: 3, workers: 2 }, day2_workers: 1 }],
      },
      'plan',
    ),
  );
  const warnings: string[] = [];
  const directory = mkdtempSync(join(tmpdir(), 'swarm-e2e-'));
  const parts = realParts({ directory, warn: (message) => warnings.push(message) });
  const run = new Run({ id: 'e2e', plan, parts, workers: 1 });
  const summary = await run.execute();

  expect(summary.reasons).toEqual([]);
  expect(summary.verdict).toBe('passed');
  expect(summary.clusters).toMatchObject({ planned: 2, installed: 2, complete: 2 });
  for (const step of summary.hostFunnel.slice(0, 6)) expect(step).toMatchObject({ count: 7, of: 7 });
  expect(summary.errors).toEqual({});
  expect(summary.leftBehind).toEqual([]);
  const count = (client: string, endpoint: string) =>
    summary.requests.find((row) => row.client === client && row.endpoint === endpoint)?.count ?? 0;
  expect(count('user', 'register-cluster')).toBe(2);
  expect(count('user', 'delete-cluster')).toBe(2);
  expect(count('user', 'install-host')).toBe(1);
  expect(count('user', 'component-versions')).toBe(1);
  expect(count('controller', 'complete-installation')).toBe(2);
  expect(warnings).toEqual([]);

  const history = await run.history(1);
  expect(history.map((event) => event.type)).toEqual(
    expect.arrayContaining(['host.phase', 'host.status', 'host.stage']),
  );
  const stored = JSON.parse(readFileSync(join(directory, 'e2e', 'summary.json'), 'utf8'));
  expect(stored.verdict).toBe('passed');
}, 90_000);

it('fails clearly, with the cause, when a worker thread is killed in the middle', async () => {
  const plan = expandPlan(
    parsePlan({ name: 'lost', seed: 'lost', service: { url: 'embedded' }, clusters: [{ topology: 'sno' }] }, 'plan'),
  );
  const directory = mkdtempSync(join(tmpdir(), 'swarm-lost-'));
  const real = realParts({ directory, warn: () => {} });
  const run = new Run({
    id: 'lost',
    plan,
    workers: 1,
    parts: {
      ...real,
      createPool: async (options) => {
        const pool = await createPool(options);
        return {
          launch: (launch) => {
            pool.launch(launch);
            void pool.thread(0)!.terminate();
          },
          startHosts: (...args) => pool.startHosts(...args),
          stopCluster: (cluster) => pool.stopCluster(cluster),
          controllerDue: (...due) => pool.controllerDue(...due),
          nodeOfDay2: (...node) => pool.nodeOfDay2(...node),
          bootstrapWrites: (...file) => pool.bootstrapWrites(...file),
          traffic: () => pool.traffic(),
          stop: () => pool.stop(),
        };
      },
    },
  });
  const summary = await run.execute();
  expect(summary.verdict).toBe('failed');
  expect(summary.reasons.join('\n')).toMatch(/worker 0 was lost/);
  expect(summary.failures).toEqual([
    { cluster: 0, name: plan.clusters[0]!.name, reason: expect.stringContaining('worker thread was lost') },
  ]);
  expect(summary.errors['worker-lost']).toBe(1);
}, 90_000);
