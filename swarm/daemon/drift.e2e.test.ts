/** Both kinds of hosts in one run: a stand-in for the stock agent in a lab, native agents, and the embedded service in its own process. */
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { describeUnless } from '../../model/testing/needs.ts';
import { NO_LABS } from '../noop/testing/namespaces.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { findDrift } from '../report/drift.ts';
import { renderSummary } from '../report/summary-text.ts';
import { readTraffic } from '../telemetry/traffic/traffic-profile.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'swarm-drift-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describeUnless(NO_LABS, 'a run with hosts of both kinds', { timeout: 120_000 }, () => {
  it('records the traffic of both, and says in its summary what native agents do otherwise', async () => {
    const agent = join(directory, 'agent');
    copyFileSync(fileURLToPath(new URL('./testing/standin-agent.cjs', import.meta.url)), agent);
    chmodSync(agent, 0o755);
    const plan = expandPlan(
      parsePlan(
        {
          name: 'both',
          seed: 'both',
          service: { url: 'embedded' },
          boot_spread: '1s',
          programs: { agent, installer: process.execPath },
          thresholds: { generator_saturation: 'off' },
          clusters: [
            { name: 'stock', topology: 'sno', just_infraenv: true, agent: 'noop' },
            { name: 'nativ', topology: 'sno', just_infraenv: true, amount: 5 },
          ],
        },
        'plan',
        { allowFiles: true },
      ),
    );
    const parts = realParts({ directory, warn: () => {} });
    const run = new Run({ id: 'both', plan, parts, workers: 2 });
    const summary = await run.execute();
    expect(summary.reasons).toEqual([]);

    const profiles = readTraffic(join(directory, 'both'))!;
    expect(profiles.map(({ kind, shape, hosts, clusters }) => ({ kind, shape, hosts, clusters }))).toEqual(
      expect.arrayContaining([
        { kind: 'noop', shape: '1 discovered host', hosts: 1, clusters: 1 },
        { kind: 'native', shape: '1 discovered host', hosts: 3, clusters: 3 },
      ]),
    );
    const { shapes, differences } = findDrift(profiles);
    const rowOf = (operation: string, detail = '') =>
      shapes[0]!.rows.find((row) => row.operation === operation && row.detail === detail)!;
    // Alike to the byte, but for the address by which hosts of a lab reach the service.
    for (const row of [rowOf('register-host'), rowOf('get-instructions'), rowOf('post-step-reply', 'inventory')]) {
      expect(Math.abs(row.stock!.headBytes - row.native!.headBytes)).toBeLessThan(3);
      expect(row.drift.filter((kind) => !['count', 'cadence'].includes(kind))).toEqual([]);
    }
    // The stand-in leaves all other steps out.
    expect(differences).toContainEqual(
      expect.objectContaining({ kind: 'step type', where: 'post-step-reply ntp-synchronizer', stock: 'never' }),
    );
    expect(summary.drift).toMatchObject({ differences: differences.length });
    expect(renderSummary(summary)).toMatch(
      /Native agents beside stock programs\n {2}\d+ differences? .*\n {2}all of it: swarm drift both/,
    );
    const kept = readFileSync(join(directory, 'both', 'traffic.json'), 'utf8');
    expect(kept).not.toContain(plan.clusters[0]!.name);
  });
});
