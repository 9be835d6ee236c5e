/** Runs on a hub, as processes: refused before anything is made, killed in the middle, cleaned up. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { type ServiceMock, startServiceMock } from '../../service-mock/index.ts';
import { RUN_KINDS } from '../cluster/run-removal.ts';
import { runToken } from '../host/identity.ts';

const MAIN = new URL('../main.ts', import.meta.url).pathname;
const RELEASE = 'registry.example.com/openshift-release/ocp-release:4.20.8-x86_64';

let folder: string;
let hub: KubeMock;
let client: KubeClient;
let service: ServiceMock | null = null;
const children = new Set<ChildProcess>();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-hub-'));
  await startHub(seedHub);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await service?.close();
  service = null;
  await client.close();
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

async function startHub(world: typeof seedHub | 'empty'): Promise<void> {
  hub = await startKubeMock({ world, tls: false });
  writeFileSync(join(folder, 'hub.kubeconfig'), hub.kubeconfig);
  client = new KubeClient({
    kubeconfig: loadKubeconfig({ text: hub.kubeconfig }),
    clock: new ScaledClock(startClock(1)),
  });
}

function writePlan(more: object = {}): string {
  const plan = {
    name: 'own',
    seed: 'own',
    api: 'kube',
    release_image: RELEASE,
    hub: { kubeconfig: 'hub.kubeconfig' },
    clusters: [{ topology: 'sno', amount: 2 }],
    ...more,
  };
  const path = join(folder, 'plan.json');
  writeFileSync(path, JSON.stringify(plan));
  return path;
}

function swarm(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args, '--out', join(folder, 'runs')], { cwd: folder });
  children.add(child);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.once('close', (code) => resolve({ code, text })),
  );
  return { child, ended };
}

async function ours(): Promise<string[]> {
  const lists = await Promise.all(RUN_KINDS.map((resource) => client.list(resource, { labelSelector: RUN_LABEL })));
  return lists.flatMap(({ items }) => items.map(({ kind, metadata: { name } }) => `${kind} ${name}`));
}

describe('a run on a hub', () => {
  it('is refused before anything is made where the kinds are not served', async () => {
    await client.close();
    await hub.close();
    await startHub('empty');
    const { code, text } = await swarm('run', writePlan(), '--quiet').ended;
    expect(text).toMatch(/does not serve .*AgentClusterInstall.*; install the CustomResourceDefinitions/);
    expect(text).toContain('nothing was made');
    expect(code).toBe(2);
    expect((await client.list(RESOURCES.namespaces, { labelSelector: RUN_LABEL })).items).toEqual([]);
  }, 60_000);

  it("is refused where a namespace of a cluster is somebody else's", async () => {
    const plan = writePlan();
    const name = `own-${runToken('own')}-0`;
    await client.create(RESOURCES.namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
    const { code, text } = await swarm('run', plan, '--quiet').ended;
    expect(text).toContain(`namespaces ${name} (of no run) are on the hub already`);
    expect(code).toBe(2);
    expect(await ours()).toEqual([]);
  }, 60_000);

  it('that was killed leaves objects, which its ledger knows and clean removes', async () => {
    service = await startServiceMock({ clock: startClock(1), kube: { kubeconfig: hub.kubeconfig } });
    const run = swarm('run', writePlan(), '--quiet');
    await expect.poll(ours, { timeout: 60_000, interval: 200 }).toContainEqual(expect.stringMatching(/^InfraEnv own-/));
    await expect
      .poll(async () => (await client.list(RESOURCES.agents)).items.length, { timeout: 60_000 })
      .toBeGreaterThan(0);
    run.child.kill('SIGKILL');
    await run.ended;
    expect((await ours()).length).toBeGreaterThan(5);
    const { code, text } = await swarm('clean', '--all').ended;
    expect(text).toMatch(/removed .*InfraEnv/);
    expect(text).toContain('nothing is left');
    expect(code).toBe(0);
    expect(await ours()).toEqual([]);
    expect((await client.list(RESOURCES.agents)).items).toEqual([]);
  }, 150_000);
});
