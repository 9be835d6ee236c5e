/** `swarm mock kube` through real processes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { CLI_ENV, MAIN } from './testing/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'swarm-mock-kube-'));
const running = new Set<ChildProcess>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, 'mock', 'kube', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: CLI_ENV,
  });
  running.add(child);
  let text = '';
  let check = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (data) => {
      text += data;
      check();
    });
  }
  const ended = new Promise<{ code: number | null; text: string }>((resolve) =>
    child.on('close', (code) => {
      running.delete(child);
      resolve({ code, text });
    }),
  );
  const said = (pattern: RegExp) =>
    new Promise<string>((resolve, reject) => {
      check = () => {
        const match = pattern.exec(text);
        if (match) resolve(match[1] ?? match[0]);
      };
      check();
      void ended.then(() => reject(new Error(`ended without saying ${pattern}: ${text}`)));
    });
  return { child, ended, said };
}

const get = async (url: string, token: string, method = 'GET') =>
  (await fetch(url, { method, headers: { authorization: `Bearer ${token}` } })).json() as Promise<{ items: unknown[] }>;

it.concurrent('serves a hub until it is asked to end, and leaves the kubeconfig that was asked for', async () => {
  const file = join(folder, 'hub.kubeconfig');
  const hub = start(
    '--world',
    'hub',
    '--plain',
    '--listen',
    '127.0.0.1:0',
    '--token',
    'token-of-hub',
    '--kubeconfig',
    file,
  );
  const url = await hub.said(/^(http:\/\/127\.0\.0\.1:\d+)$/m);
  await hub.said(/Ctrl-C ends/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const config = parse(readFileSync(file, 'utf8'));
  expect(config.clusters[0].cluster.server).toBe(url);
  expect(config.users[0].user.token).toBe('token-of-hub');
  const { items } = await get(`${url}/apis/config.openshift.io/v1/clusteroperators`, 'token-of-hub');
  expect(items.length).toBeGreaterThan(0);
  hub.child.kill('SIGINT');
  expect((await hub.ended).code).toBe(0);
});

it.concurrent('serves workspaces that start', async () => {
  const flags = [
    '--plain',
    '--listen',
    '127.0.0.1:0',
    '--token',
    'token-of-world',
    '--speed',
    '20',
    '--profile',
    'quick',
  ];
  const world = start('--world', 'devworkspace', ...flags);
  const url = await world.said(/^(http:\/\/127\.0\.0\.1:\d+)$/m);
  await world.said(/operator +0\.44 in namespace openshift-operators/);
  const path = `${url}/apis/workspace.devfile.io/v1alpha2/namespaces/default/devworkspaces`;
  const headers = { authorization: 'Bearer token-of-world', 'content-type': 'application/json' };
  const volume = { name: 'projects', volume: { size: '1Mi' } };
  const components = [volume, { name: 'main', container: { image: 'registry.example/shell:1' } }];
  const body = JSON.stringify({
    apiVersion: 'workspace.devfile.io/v1alpha2',
    kind: 'DevWorkspace',
    metadata: { name: 'one' },
    spec: {
      started: true,
      template: { attributes: { 'controller.devfile.io/storage-type': 'per-workspace' }, components },
    },
  });
  expect((await fetch(path, { method: 'POST', headers, body })).status).toBe(201);
  await expect
    .poll(
      async () => {
        const answer = await fetch(`${path}/one`, { headers });
        return ((await answer.json()) as { status?: { phase?: string } }).status?.phase;
      },
      { timeout: 90_000 },
    )
    .toBe('Running');
  world.child.kill('SIGINT');
  expect((await world.ended).code).toBe(0);
});

it.concurrent('serves spokes whose hosts are driven by the control API', async () => {
  const spokes = start(
    '--world',
    'spoke',
    '--plain',
    '--listen',
    '127.0.0.1:0',
    '--spokes',
    '2',
    '--token',
    'admin-token',
    '--own-ports',
  );
  const control = await spokes.said(/control {5}(\S+)/);
  const file = await spokes.said(/kubeconfig {2}(\S+)/);
  const config = parse(readFileSync(file, 'utf8'));
  expect(config.contexts.map((context: { name: string }) => context.name)).toEqual(['spoke-0', 'spoke-1']);
  const { server } = config.clusters[1].cluster;
  const { token } = config.users[1].user;
  expect((await get(`${server}/apis/config.openshift.io/v1/clusteroperators`, token)).items.length).toBeGreaterThan(30);
  const driven = await get(`${control}/spoke-1/hosts/spoke-1-master-0/rebooted`, 'admin-token', 'POST');
  expect(driven).toMatchObject({ hosts: [{ name: 'spoke-1-master-0', state: 'booting' }] });
  spokes.child.kill('SIGTERM');
  expect((await spokes.ended).code).toBe(0);
  expect(() => statSync(file)).toThrow();
});

it.concurrent.each([
  [['--world', 'moon'], /Allowed choices are spoke, hub, devworkspace, empty/],
  [['--world', 'hub', '--spokes', '3'], /--spokes needs --world spoke; the world is hub/],
  [['--world', 'spoke', '--flavour', 'openshift'], /--flavour needs --world devworkspace; the world is spoke/],
  [['--world', 'hub', '--operator', 'external'], /--operator needs --world devworkspace; the world is hub/],
  [['--profile', 'quick'], /--profile needs --world spoke or devworkspace; the world is empty/],
  [['--operator-version', '9'], /Allowed choices are 0.39, 0.40.0, /],
  [['--own-ports'], /--own-ports needs --world spoke; the world is empty/],
  [['--world', 'spoke', '--topology', '3x2', '--listen', '127.0.0.1:0'], /unknown topology "3x2": use sno, compact/],
  [['--token', 'x'], /8 or more letters/],
  [['--listen', '192.0.2.1:1'], /does not start on 192\.0\.2\.1:1/],
  [['--listen', '127.0.0.1:0', '--kubeconfig', '/nowhere/file'], /cannot be written to \/nowhere\/file/],
])('refuses %j and says why', async (args, message) => {
  const { code, text } = await start(...args).ended;
  expect(text).toMatch(message);
  expect(code).toBe(2);
});
