/** Clusters that grow, with a hub that knows one Secret, over real HTTP. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeClient } from '../../../model/kube/kube-client.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { ScaledClock, startClock } from '../../../model/time/clock.ts';
import { GrowingClusters } from './growing-clusters.ts';
import type { ClusterFacts, ClusterHostFacts } from './infra-env-facts.ts';

const clock = new ScaledClock(startClock(100));
const CLUSTER: ClusterFacts = {
  key: 'ns/grows',
  name: 'grows',
  baseDomain: 'example.com',
  controlPlanes: 1,
  arbiters: 0,
  workers: 0,
  machineNetworks: [],
  apiVip: null,
  ingressVip: null,
  installed: true,
  kubeconfigSecret: 'grows-admin-kubeconfig',
};
const host = (id: string, facts: Partial<ClusterHostFacts> = {}): ClusterHostFacts => ({
  id,
  infraEnv: 'ns/grows',
  day2: false,
  added: false,
  hostname: id,
  role: 'worker',
  addresses: ['192.0.2.7'],
  mac: null,
  onDisk: !facts.day2,
  hasBareMetalHost: false,
  ...facts,
});

let server: Server;
let client: KubeClient;
let growing: GrowingClusters;
/** Statuses that the hub answers, one after the other; 200 behind the last. */
let answers: number[];
let written: string[];
let cluster: ClusterFacts | null;
let hosts: ClusterHostFacts[];
let alive: Set<string>;
let story: string[];
let warnings: string[];

beforeEach(async () => {
  answers = [];
  written = [];
  cluster = CLUSTER;
  hosts = [host('master'), host('late', { day2: true })];
  alive = new Set(['late']);
  story = [];
  warnings = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (data) => {
      body += data;
    });
    request.on('end', () => {
      const code = answers.shift() ?? 200;
      if (code === 200) {
        const { data } = JSON.parse(body) as { data: { kubeconfig: string } };
        written.push(`${request.url!.split('?')[0]} ${Buffer.from(data.kubeconfig, 'base64').toString()}`);
      }
      const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, message: `no: ${code}` };
      response.writeHead(code, { 'content-type': 'application/json' });
      response.end(JSON.stringify(code === 200 ? { metadata: { name: 'x' } } : status));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const text = `{apiVersion: v1, kind: Config, current-context: x, clusters: [{name: x, cluster: {server: '${url}'}}], users: [{name: x, user: {}}], contexts: [{name: x, context: {cluster: x, user: x}}]}`;
  client = new KubeClient({ kubeconfig: loadKubeconfig({ text }), clock });
  growing = new GrowingClusters({
    client,
    clock,
    spokes: {
      open: async ({ name }, known, approver) => {
        story.push(`open ${known.map(({ id }) => id)} for ${approver}`);
        return `kubeconfig of ${name}`;
      },
      hostRebooted: (id) => story.push(`node ${id}`),
      shut: async () => {
        story.push('shut');
      },
    },
    cluster: () => cluster,
    hostsOf: () => hosts,
    idsOf: () => new Set(['master', 'late', 'former', 'done']),
    isAlive: ({ id }) => alive.has(id),
    warn: (message) => warnings.push(message),
  });
});
afterEach(async () => {
  await growing.stop();
  await client.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const until = (look: () => void) =>
  expect
    .poll(
      () => {
        look();
        return true;
      },
      { timeout: 10_000, interval: 5 },
    )
    .toBe(true);

describe('a cluster that grows', () => {
  it('is served when a host joins, and shows its node when that has booted from its disk', async () => {
    growing.look('ns/grows');
    await until(() => expect(written).toHaveLength(1));
    expect(written[0]).toMatch(
      /^\/api\/v1\/namespaces\/ns\/secrets\/grows-admin-kubeconfig kubeconfig of grows-[0-9a-f]{8}$/,
    );
    expect(story).toEqual(['open master,late for service']);
    growing.boots('late', 'disk');
    growing.boots('master', 'disk');
    growing.look('ns/grows');
    await until(() => expect(story.filter((line) => line.startsWith('open'))).toHaveLength(2));
    expect(story).toEqual(['open master,late for service', 'node late', 'open master,late for service']);
    expect(written).toHaveLength(1);
    cluster = null;
    growing.look('ns/grows');
    await until(() => expect(story.at(-1)).toBe('shut'));
    expect(warnings).toEqual([]);
  });

  it('shows nodes of hosts that an earlier process has installed, and of those that boot before it is served', async () => {
    hosts.push(host('former', { day2: true, onDisk: true }), host('done', { day2: true, onDisk: true, added: true }));
    growing.boots('late', 'disk');
    growing.look('ns/grows');
    await until(() => expect(story).toEqual(['open master,late,former for service', 'node late', 'node former']));
  });

  it('waits for a Secret that the service has not made yet', async () => {
    answers = [404, 404];
    growing.look('ns/grows');
    await until(() => expect(written).toHaveLength(1));
    expect(warnings).toEqual([]);
  });

  it('lets hosts with BareMetalHosts in by itself', async () => {
    hosts = [host('master'), host('late', { day2: true, hasBareMetalHost: true })];
    growing.look('ns/grows');
    await until(() => expect(story).toEqual(['open master,late for cluster']));
  });

  it('is left alone while nobody joins, or when it is not installed', async () => {
    cluster = { ...CLUSTER, installed: false };
    growing.look('ns/grows');
    cluster = CLUSTER;
    hosts = [host('master'), host('done', { day2: true, added: true }), host('stranger', { day2: true })];
    growing.look('ns/grows');
    await growing.stop();
    expect(story).toEqual([]);
    expect(written).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it.each([
    ['others have installed it', [host('stranger'), host('late', { day2: true })]],
    ['nobody knows who has', [host('late', { day2: true })]],
  ])('keeps its kubeconfig when %s, which is told once', async (_, those) => {
    hosts = those;
    growing.look('ns/grows');
    await until(() => expect(warnings).toHaveLength(1));
    growing.look('ns/grows');
    await growing.stop();
    expect(warnings).toEqual([
      expect.stringMatching(
        /^cluster ns\/grows was not installed by hosts of this launch and seed: its kubeconfig stays/,
      ),
    ]);
    expect(story).toEqual([]);
    expect(written).toEqual([]);
  });

  it('says once that the right is missing to write Secrets', async () => {
    answers = [403, 403];
    growing.look('ns/grows');
    growing.look('ns/other');
    await until(() => expect(answers).toEqual([]));
    growing.look('ns/grows');
    await growing.stop();
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/may not write Secret ns\/grows-admin-kubeconfig .*grant patch on secrets/);
    expect(written).toEqual([]);
  });
});
