import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { applyOverrides, type Overrides } from './overrides.ts';
import { readyPlan } from './ready-plan.ts';

// Node is here in the agent's place, and knows none of its flags.
vi.mock('../noop/program-abilities.ts', () => ({ checkAbilities: () => Promise.resolve() }));

let folder: string;
const kubeconfig = (server: string): string => {
  const path = join(folder, `${server.replaceAll(/\W/g, '-')}.yaml`);
  writeFileSync(
    path,
    `apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: "${server}"}}]\nusers: [{name: u, user: {}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n`,
  );
  return path;
};
/** Only discovered, by Node in the place of an agent. */
const ready = (changes: object, overrides: Overrides = {}, entry: object = {}) => {
  const plan = parsePlan(
    {
      ...{ seed: 'x', agent: 'noop', programs: { agent: process.execPath }, ...changes },
      clusters: [{ topology: 'sno', just_infraenv: true, ...entry }],
    },
    join(folder, 'p.yaml'),
    { allowFiles: true },
  );
  return readyPlan(applyOverrides(expandPlan(plan), overrides));
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ready-plan-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a plan with no-op agents', () => {
  test('works for the embedded service and for one at a loopback address', async () => {
    await expect(ready({})).resolves.toMatchObject({ programs: { agent: process.execPath } });
    await expect(ready({ service: { url: 'http://127.0.0.1:8090' } })).resolves.toBeDefined();
    await expect(ready({}, { service: 'http://localhost:8090' })).resolves.toBeDefined();
  });

  test('is refused a service or hub elsewhere, unless that is allowed', async () => {
    const outside = { service: { url: 'https://assisted.example.com' } };
    await expect(ready(outside)).rejects.toThrow(
      /no-op agents for the service https:\/\/assisted\.example\.com.* give --noop-outside/,
    );
    await expect(ready(outside)).rejects.toBeInstanceOf(RangeError);
    await expect(ready({}, { service: 'http://192.0.2.1:8090' })).rejects.toThrow(/no-op agents for the service/);
    await expect(ready(outside, { noopOutside: true })).resolves.toMatchObject({ noopOutside: true });

    const hub = { hub: { kubeconfig: kubeconfig('https://hub.example.com:6443') } };
    await expect(ready({ ...hub, api: 'kube' })).rejects.toThrow(
      /no-op agents for the hub https:\/\/hub\.example\.com:6443/,
    );
  });

  test('asks nothing when all agents are native', async () => {
    const plan = parsePlan(
      { seed: 'x', service: { url: 'https://assisted.example.com' }, clusters: [{ topology: 'sno' }] },
      'p.yaml',
    );
    await expect(readyPlan(expandPlan(plan))).resolves.toBeDefined();
  });
});

test('a source address of another machine is refused before anything is made', async () => {
  const from = (...source_addresses: string[]) =>
    readyPlan(
      expandPlan(parsePlan({ seed: 'x', connections: { source_addresses }, clusters: [{ topology: 'sno' }] }, 'p')),
    );
  await expect(from('127.0.0.1', '192.0.2.77')).rejects.toThrow(
    /^connections\.source_addresses has 192\.0\.2\.77, which is not an address of this machine; give addresses/,
  );
  await expect(from('127.0.0.1', '127.0.0.2')).resolves.toBeDefined();
});
