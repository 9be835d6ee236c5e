import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type KubeMock, startKubeMock } from '../../controller-mock/index.ts';
import { ScaledClock, startClock } from '../time/clock.ts';
import { KubeClient } from './kube-client.ts';
import { loadKubeconfig } from './kubeconfig.ts';

const CLOCK = new ScaledClock(startClock(1));
let folder: string;
let mock: KubeMock;
const clients: KubeClient[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'credentials-'));
  mock = await startKubeMock({ tls: false });
});
afterEach(async () => {
  vi.unstubAllEnvs();
  for (const client of clients.splice(0)) await client.close();
  await mock.close();
  rmSync(folder, { recursive: true, force: true });
});

const config = (user: object, name = 'hub', server = mock.url) =>
  JSON.stringify({
    clusters: [{ name, cluster: { server } }],
    users: [{ name, user }],
    contexts: [{ name, context: { cluster: name, user: name } }],
    'current-context': name,
  });
const write = (name: string, text: string) => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};
/** A program that notes its runs and prints what the file `say` holds. */
const program = (exec: object = {}) => {
  mkdirSync(join(folder, 'bin'));
  write('bin/login', `#!/bin/sh\ncd ${folder}\necho "$KUBERNETES_EXEC_INFO" >> runs\ncat say\n`);
  chmodSync(join(folder, 'bin/login'), 0o755);
  return write('config', config({ exec: { command: './bin/login', interactiveMode: 'Never', ...exec } }));
};
const say = (status: object) => write('say', JSON.stringify({ kind: 'ExecCredential', status }));
const runs = () => readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n');
const clientOf = (source: Parameters<typeof loadKubeconfig>[0]) => {
  const client = new KubeClient({ kubeconfig: loadKubeconfig(source), clock: CLOCK });
  clients.push(client);
  return client;
};
const api = (client: KubeClient) => client.text('/api/v1');
const list = (client: KubeClient) =>
  client.list({ group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true });

describe('a program that gives credentials', () => {
  it('is run once for many requests, from where its kubeconfig is, and told of the cluster', async () => {
    say({ token: mock.token });
    const client = clientOf({ file: program({ provideClusterInfo: true }) });
    await Promise.all([list(client), list(client), api(client)]);
    await list(client);
    expect(runs()).toHaveLength(1);
    expect(JSON.parse(runs()[0]!)).toMatchObject({
      kind: 'ExecCredential',
      spec: { interactive: false, cluster: { server: mock.url } },
    });
  });

  it('is asked again when its token is refused, once', async () => {
    say({ token: 'old' });
    const client = clientOf({ file: program() });
    await expect(list(client)).rejects.toMatchObject({ status: 401 });
    expect(runs()).toHaveLength(2);
    say({ token: mock.token });
    await list(client);
    await list(client);
    expect(runs()).toHaveLength(3);
  });

  it('is asked again when its token has come to its end', async () => {
    say({ token: mock.token, expirationTimestamp: '2020-01-01T00:00:00Z' });
    const client = clientOf({ file: program() });
    await list(client);
    await list(client);
    expect(runs()).toHaveLength(2);
  });

  it.each([
    ['is not there', { command: './bin/none', installHint: 'get it' }, 'there is no such program (get it)'],
    ['fails', { command: 'sh', args: ['-c', 'echo not logged in >&2; exit 3'] }, 'exit code 3, not logged in'],
    ['says something else', { command: 'sh', args: ['-c', 'echo token'] }, 'printed no ExecCredential'],
    ['gives nothing', { command: 'echo', args: ['{"status":{}}'] }, 'printed no ExecCredential'],
  ])('that %s is told', async (_, exec, message) => {
    const error = await list(clientOf({ file: program(exec) })).catch((thrown) => thrown);
    expect(error).toMatchObject({ status: 401, passing: false });
    expect(error.message).toContain(message);
  });
});

describe('a file of a token', () => {
  it('is found beside its kubeconfig, and read again when the token is refused', async () => {
    write('token', 'old\n');
    const client = clientOf({ file: write('config', config({ tokenFile: 'token' })) });
    await expect(list(client)).rejects.toMatchObject({ status: 401 });
    write('token', `${mock.token}\n`);
    await list(client);
  });
});

describe('$KUBECONFIG', () => {
  it('may name several files: the first that says something counts, missing ones are left out', async () => {
    const first = write('first', config({ token: mock.token }));
    const second = write('second', config({ token: 'wrong' }, 'hub', 'http://127.0.0.1:1'));
    const third = write('third', config({ token: mock.token }, 'other'));
    vi.stubEnv('KUBECONFIG', [join(folder, 'none'), first, second, third].join(':'));
    await list(clientOf({}));
    await list(clientOf({ context: 'other' }));
  });

  it('that names nothing is told, and so is the lack of any', () => {
    vi.stubEnv('KUBECONFIG', `${folder}/a:${folder}/b`);
    expect(() => loadKubeconfig()).toThrow('there is no such file');
    vi.stubEnv('KUBECONFIG', '');
    vi.stubEnv('HOME', folder);
    expect(() => loadKubeconfig()).toThrow(`neither $KUBECONFIG nor ${folder}/.kube/config is there`);
  });
});
