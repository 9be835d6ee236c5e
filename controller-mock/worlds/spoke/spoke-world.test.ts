import { get } from 'node:http';
import * as https from 'node:https';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ManualClock } from '../../../model/time/testing/manual-clock.ts';
import { type ControlServer, startControlServer } from './control-server.ts';
import { SpokeWorld } from './spoke-world.ts';

const MINUTE = 60_000;
const clock = new ManualClock();
let world: SpokeWorld;
let control: ControlServer;

beforeAll(async () => {
  world = await SpokeWorld.start({ clock, tls: false });
  control = await startControlServer({ world });
});
afterAll(async () => {
  await control.close();
  await world.close();
});

interface Reply {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into answers.
  body: any;
  text: string;
}

async function ask(url: string, token: string | undefined, method = 'GET', body?: unknown): Promise<Reply> {
  const answer = await fetch(url, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: answer.status, body: json, text };
}

const order = (path: string, method = 'GET', body?: unknown) =>
  ask(`${control.url}/control/spokes${path}`, control.adminToken, method, body);

const PROXY = '/apis/config.openshift.io/v1/proxies/cluster';
const CONFIG = '/api/v1/namespaces/kube-system/configmaps/cluster-config-v1';

it('tells spokes apart by path, by token and by port', async () => {
  const a = await world.addSpoke({ name: 'apart-a', topology: 'sno' });
  const b = await world.addSpoke({ name: 'apart-b', topology: 'compact', port: 0 });
  const name = async (url: string, token: string) =>
    /name: (apart-.)/.exec((await ask(`${url}${CONFIG}`, token)).body.data['install-config'])?.[1];
  expect(await name(a.url, a.token)).toBe('apart-a');
  expect(await name(b.url, b.token)).toBe('apart-b');
  expect(await name(world.url, a.token)).toBe('apart-a');
  expect(await name(world.url, b.token)).toBe('apart-b');
  expect(await name(b.ownUrl!, b.token)).toBe('apart-b');
  expect((await ask(`${a.url}${PROXY}`, b.token)).status).toBe(401);
  expect((await ask(`${b.ownUrl}${PROXY}`, a.token)).status).toBe(401);
  expect((await ask(`${a.url}${PROXY}`, undefined)).status).toBe(403);
  expect((await ask(`${world.url}${PROXY}`, 'nobody-has-this')).status).toBe(401);

  await world.removeSpoke('apart-b');
  expect((await ask(`${b.url}${PROXY}`, b.token)).status).toBe(401);
  await expect(ask(`${b.ownUrl}${PROXY}`, b.token)).rejects.toThrow();
  expect((await ask(`${a.url}${PROXY}`, a.token)).status).toBe(200);
});

it('writes kubeconfigs that lead to the spokes', async () => {
  const spoke = await world.addSpoke({ name: 'config', topology: 'sno', token: 'a-token-of-ones-own' });
  const config = parse(spoke.kubeconfig);
  expect(config.users[0].user.token).toBe('a-token-of-ones-own');
  expect((await ask(`${config.clusters[0].cluster.server}${PROXY}`, config.users[0].user.token)).status).toBe(200);
  const all = parse(await world.kubeconfig());
  expect(all.contexts.map((context: { name: string }) => context.name)).toEqual(world.spokes.map(({ name }) => name));
});

it('serves TLS that its own authority vouches for, also on the port of a spoke', async () => {
  const secure = await SpokeWorld.start({ clock });
  try {
    const spoke = await secure.addSpoke({ name: 'tls', topology: 'sno', port: 0 });
    const ca = await secure.caCert();
    const status = await new Promise((resolve, reject) => {
      https
        .get(`${spoke.ownUrl}${PROXY}`, { ca, headers: { authorization: `Bearer ${spoke.token}` } }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
        .on('error', reject);
    });
    expect(status).toBe(200);
  } finally {
    await secure.close();
  }
});

it('lets a client that approves certificates see nodes come and their log lines', async () => {
  const { status, body } = await order('', 'POST', {
    name: 'driven',
    profile: 'quick',
    hosts: [
      { name: 'm-0', role: 'master', bootstrap: true, addresses: ['192.0.2.10'] },
      { name: 'm-1', role: 'master', addresses: ['192.0.2.11'] },
      { name: 'm-2', id: 'id-of-m-2', role: 'master', addresses: ['192.0.2.12'] },
    ],
  });
  expect(status).toBe(201);
  const kube = (path: string, method = 'GET', object?: unknown) =>
    ask(`${body.url}${path}`, body.token, method, object);
  for (const host of ['m-0', 'm-1', 'id-of-m-2']) {
    expect((await order(`/driven/hosts/${host}/rebooted`, 'POST')).status).toBe(202);
  }
  await clock.advance(10 * MINUTE);
  expect((await order('/driven')).body.hosts).toEqual([
    { name: 'm-0', state: 'requested' },
    { name: 'm-1', state: 'ready' },
    { name: 'm-2', state: 'ready' },
  ]);
  const csrs = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  for (const round of ['client', 'serving']) {
    const { items } = (await kube(csrs)).body;
    const [open, ...others] = items.filter((csr: { status: { conditions?: unknown } }) => !csr.status?.conditions);
    expect(others, round).toEqual([]);
    open.status = {
      conditions: [{ type: 'Approved', status: 'True', reason: 'NodeCSRApprove', message: 'approved by a test' }],
    };
    const path = `${csrs}/${open.metadata.name}/approval`;
    const answer = await kube(path, 'PUT', {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      ...open,
    });
    expect(answer.status, answer.text).toBe(200);
    await clock.advance(5 * MINUTE);
  }
  const ready = { name: 'AssistedControllerIsReady', namespace: 'assisted-installer' };
  const event = {
    metadata: ready,
    involvedObject: { namespace: 'assisted-installer', name: 'assisted-installer-controller' },
    reason: ready.name,
    type: 'Normal',
    count: 1,
  };
  expect((await kube('/api/v1/namespaces/assisted-installer/events', 'POST', event)).status).toBe(201);
  expect((await kube('/api/v1/namespaces/assisted-installer/events', 'POST', event)).status).toBe(409);

  const nodes = (await kube('/api/v1/nodes')).body;
  expect(nodes.kind).toBe('NodeList');
  expect(nodes.items.map((node: { metadata: { name: string } }) => node.metadata.name)).toEqual(['m-0', 'm-1', 'm-2']);

  const namespace = '/api/v1/namespaces/openshift-machine-config-operator/pods';
  const pods = (await kube(`${namespace}?labelSelector=k8s-app%3Dmachine-config-server`)).body.items;
  const log = (query: string) => kube(`${namespace}/${pods[0].metadata.name}/log${query}`);
  expect((await log('')).text).toMatch(/address:"192\.0\.2\.10:\d+" User-Agent:"Ignition/);
  expect((await log('?sinceSeconds=300')).text).toBe('');

  expect((await order('/driven/hosts/m-1/failed', 'POST')).status).toBe(202);
  const node = (await kube('/api/v1/nodes/m-1')).body;
  expect(node.status.conditions.find((entry: { type: string }) => entry.type === 'Ready').status).toBe('Unknown');

  const late = { name: 'w-0', role: 'worker', addresses: ['192.0.2.20'] };
  expect((await order('/driven/hosts', 'POST', late)).status).toBe(201);
  expect((await order('/driven')).body.hosts.at(-1)).toEqual({ name: 'w-0', state: 'off' });
  expect((await order('/driven', 'DELETE')).status).toBe(204);
  expect((await order('/driven')).status).toBe(404);
});

it('shows lists and kubeconfigs by the control API', async () => {
  await order('', 'POST', { name: 'listed', topology: 'sno' });
  const { spokes } = (await order('')).body;
  expect(spokes.map((spoke: { name: string }) => spoke.name)).toContain('listed');
  expect(parse((await order('/listed/kubeconfig')).text).kind).toBe('Config');
});

it.each([
  ['no name', { topology: 'sno' }, /name: /],
  ['a name that is no DNS label', { name: 'A_b', topology: 'sno' }, /name: use up to 63 lower-case letters/],
  ['neither hosts nor topology', { name: 'x' }, /hosts: give hosts, a topology or both/],
  ['an unknown topology', { name: 'x', topology: '3x2' }, /topology: unknown topology "3x2": use sno, compact/],
  ['an unknown fault', { name: 'x', topology: 'sno', faults: ['fire'] }, /faults\.0: .*no-ignition/],
  ['an unknown setting', { name: 'x', topology: 'sno', colour: 1 }, /colour/],
  [
    'a wrong address',
    { name: 'x', hosts: [{ name: 'h', role: 'master', addresses: ['1.2.3'] }] },
    /hosts\.0\.addresses\.0: use an IP address/,
  ],
  [
    'two hosts of one name',
    {
      name: 'x',
      hosts: [
        { name: 'h', role: 'master', addresses: ['192.0.2.1'] },
        { name: 'h', role: 'master', addresses: ['192.0.2.2'] },
      ],
    },
    /two hosts have the same name/,
  ],
  ['a list', [], /input: /],
  ['text that is no JSON', '{', /JSON/],
])('refuses %s and says why', async (_, settings, message) => {
  const { status, body } = await order('', 'POST', settings);
  expect(body.error).toMatch(message);
  expect(status).toBe(400);
});

it('refuses what is not there, what is there already and who has no token', async () => {
  await order('', 'POST', { name: 'once', topology: 'sno', token: 'token-of-once' });
  const again = await order('', 'POST', { name: 'once', topology: 'sno' });
  expect([again.status, again.body.error]).toEqual([409, expect.stringContaining('there is a spoke "once" already')]);
  const sameToken = await order('', 'POST', { name: 'twice', topology: 'sno', token: 'token-of-once' });
  expect([sameToken.status, sameToken.body.error]).toEqual([
    400,
    expect.stringContaining('another spoke has this token'),
  ]);
  expect((await order('/nobody')).status).toBe(404);
  expect((await order('/once/hosts/nobody/rebooted', 'POST')).body.error).toContain('once-master-0');
  expect((await order('/once/hosts/nobody/rebooted', 'POST')).status).toBe(404);
  const taken = await order('', 'POST', { name: 'port', topology: 'sno', port: world.port });
  expect(taken.status).toBe(409);
  expect((await order('/port')).status).toBe(404);
  for (const token of [undefined, 'wrong', 'token-of-once']) {
    expect((await ask(`${control.url}/control/spokes`, token)).status).toBe(401);
  }
  expect((await ask(`${control.url}/elsewhere`, control.adminToken)).status).toBe(404);
});

it('answers any settings with a spoke or a reason', async () => {
  const value = fc.oneof(fc.jsonValue(), fc.string({ maxLength: 20 }), fc.constant('sno'));
  const settings = fc.record(
    { name: value, topology: value, hosts: value, profile: value, faults: value, olmOperators: value, token: value },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(settings, async (given) => {
      const { status, body } = await order('', 'POST', given);
      expect([201, 400, 409]).toContain(status);
      if (status === 201) await world.removeSpoke(body.name);
      else expect(body.error.length).toBeGreaterThan(5);
    }),
    { numRuns: 150 },
  );
});

it('costs less than a megabyte a spoke', async () => {
  const many = await SpokeWorld.start({ clock: new ManualClock(), tls: false });
  try {
    const used = () => {
      globalThis.gc?.();
      return process.memoryUsage().heapUsed;
    };
    await many.addSpoke({ name: 'first', topology: '3+2' });
    const before = used();
    for (let index = 0; index < 30; index++) await many.addSpoke({ name: `s-${index}`, topology: '3+2' });
    // Without a forced collection this counts garbage too, so the limit is a loose one.
    expect((used() - before) / 30).toBeLessThan(1024 * 1024 * (globalThis.gc ? 1 : 3));
  } finally {
    await many.close();
  }
});

it('ends open watches of a spoke that is removed', async () => {
  const spoke = await world.addSpoke({ name: 'watched', topology: 'sno' });
  const ended = new Promise<void>((resolve, reject) => {
    get(`${spoke.url}/api/v1/nodes?watch=true`, { headers: { authorization: `Bearer ${spoke.token}` } }, (response) => {
      response.resume();
      response.on('end', resolve);
      response.on('error', reject);
      void world.removeSpoke('watched');
    }).on('error', reject);
  });
  await ended;
});
