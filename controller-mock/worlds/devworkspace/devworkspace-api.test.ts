/** The world as clients see it: over HTTP, and with kubectl. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeUnless, findKubectl } from '../../../model/testing/needs.ts';
import { SteadyClock } from '../../../model/time/steady-clock.ts';
import type { KubeObject } from '../../api/object.ts';
import { type KubeMock, startDevWorkspaceWorld } from '../../index.ts';
import { TestClient } from '../../testing/test-client.ts';
import { OPERATOR_NAMESPACE, WorldBench } from './testing/world-bench.ts';
import { LABELS } from './world-objects.ts';

let bench: WorldBench;
let client: TestClient;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'devworkspace-world-'));
  bench = await WorldBench.start({ tls: true, kubeconfigPath: join(directory, 'kubeconfig') });
  const { url, token, ca } = bench.world;
  client = new TestClient({ url, token, ca, port: Number(new URL(url).port) } as KubeMock);
});
afterAll(async () => {
  client.close();
  await bench.close();
  await rm(directory, { recursive: true });
});

const WORKSPACES = '/apis/workspace.devfile.io/v1alpha2/namespaces/load/devworkspaces';
const workspace = (name: string, more: object = {}) => ({
  apiVersion: 'workspace.devfile.io/v1alpha2',
  kind: 'DevWorkspace',
  metadata: { name },
  spec: {
    started: true,
    template: {
      attributes: { 'controller.devfile.io/storage-type': 'per-workspace' },
      components: [
        { name: 'projects', volume: { size: '64Mi' } },
        { name: 'main', container: { image: 'registry.example/shell:1' } },
      ],
    },
    ...more,
  },
});

describe('webhooks', () => {
  it('note who made a workspace, and keep the note', async () => {
    const { json } = await client.post(WORKSPACES, workspace('noted'));
    expect(json.metadata.labels).toHaveProperty([LABELS.creator]);
    const changed = await client.merge(`${WORKSPACES}/noted`, { metadata: { labels: { [LABELS.creator]: 'me' } } });
    expect(changed.code).toBe(403);
    expect(changed.json.message).toMatch(/immutable/);
    const dropped = await client.merge(`${WORKSPACES}/noted`, { metadata: { labels: { [LABELS.creator]: null } } });
    expect(dropped.json.metadata.labels).toHaveProperty([LABELS.creator]);
    await bench.pass(5);
    expect(bench.phase('noted')).toBe('Running');
  });

  it('refuse everything while their server is down', async () => {
    bench.world.control.setWebhooks(false);
    const refused = await client.post(WORKSPACES, workspace('late'));
    expect(refused.code).toBe(500);
    expect(refused.json.message).toMatch(/failed calling webhook "mutate.devworkspace-controller.svc"/);
    expect((await client.merge(`${WORKSPACES}/noted`, { spec: { started: false } })).code).toBe(500);
    // They are not asked about what is deleted, nor about other kinds.
    expect((await client.delete(`${WORKSPACES}/noted`)).code).toBe(200);
    bench.world.control.setWebhooks(true);
    expect((await client.post(WORKSPACES, workspace('late'))).code).toBe(201);
  });
});

it('refuses settings without a registry', async () => {
  const path = `/apis/controller.devfile.io/v1alpha1/namespaces/${OPERATOR_NAMESPACE}/devworkspaceoperatorconfigs`;
  const refused = await client.post(path, {
    apiVersion: 'controller.devfile.io/v1alpha1',
    kind: 'DevWorkspaceOperatorConfig',
    metadata: { name: 'devworkspace-operator-config' },
    config: { workspace: { backupCronJob: { enable: true } } },
  });
  expect(refused.code).toBe(422);
});

describe('faults', () => {
  it('refuse requests, all or a share, for a while or a number of times', async () => {
    const { control } = bench.world;
    control.setApiFault('storm', { verbs: ['list'], code: 429, retryAfterSeconds: 7 });
    const refused = await client.get(WORKSPACES);
    expect([refused.code, refused.headers['retry-after']]).toEqual([429, '7']);
    expect((await client.get('/api/v1/namespaces/load')).code).toBe(200);
    control.setApiFault('storm', null);
    expect((await client.get(WORKSPACES)).code).toBe(200);
    control.setApiFault('share', { resources: ['devworkspaces'], code: 500, share: 0.5 });
    const codes = new Map<number, number>();
    for (let index = 0; index < 100; index++) {
      const { code } = await client.get(WORKSPACES);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    expect(codes.get(500)).toBeGreaterThan(30);
    expect(codes.get(200)).toBeGreaterThan(30);
    control.setApiFault('share', { verbs: ['create'], code: 503, times: 2 });
    const create = () => client.post('/api/v1/namespaces', { metadata: { generateName: 'n-' } });
    expect([(await create()).code, (await create()).code, (await create()).code]).toEqual([503, 503, 201]);
    control.setApiFault('share', null);
  });

  it('delay lists', async () => {
    bench.world.control.setApiFault('slow', { verbs: ['list'], delayMs: 30_000 });
    let answered = false;
    const answer = client.get(WORKSPACES).then((reply) => {
      answered = true;
      return reply;
    });
    await expect.poll(() => bench.world.control.requests.get('list devworkspaces')).toBeGreaterThan(0);
    await client.get('/api/v1/namespaces/load');
    expect(answered).toBe(false);
    bench.world.control.setApiFault('slow', null);
    await expect
      .poll(async () => {
        await bench.pass(31);
        return answered;
      })
      .toBe(true);
    expect((await answer).code).toBe(200);
  });

  it('end watches with 410', async () => {
    const { json } = await client.get(WORKSPACES);
    const watch = await client.watch(`${WORKSPACES}?watch=true&resourceVersion=${json.metadata.resourceVersion}`);
    bench.world.control.dropWatches('workspace.devfile.io/devworkspaces');
    const line = await watch.next();
    expect(line).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } });
    await watch.ended;
  });
});

it('holds its counts in compressed time, whatever the machine does', { timeout: 60_000 }, async () => {
  const clock = new SteadyClock(600);
  const world = await startDevWorkspaceWorld({ clock, tls: false });
  const fast = new WorldBench(world, clock);
  try {
    fast.namespace('load');
    fast.createMany(200);
    await expect.poll(() => fast.phases(), { timeout: 30_000 }).toEqual({ Running: 200 });
    fast.stopAll();
    await expect.poll(() => fast.phases(), { timeout: 30_000 }).toEqual({ Stopped: 200 });
    fast.arm({});
    await expect.poll(() => world.control.backups.passes, { timeout: 30_000 }).toBeGreaterThan(4);
    const once = { jobs: 200, pods: 200, succeeded: 200, failed: 0, workspaces: 200 };
    expect(fast.counts).toEqual(once);
  } finally {
    await fast.close();
  }
});

describe('metrics', () => {
  const usage = async (namespace: string, name: string) => {
    const { json } = await client.get(`/apis/metrics.k8s.io/v1beta1/namespaces/${namespace}/pods`);
    const pod = json.items.find(({ metadata }: KubeObject) => metadata.name?.startsWith(name));
    return pod && Number.parseInt(pod.containers[0].usage.cpu, 10) / 1e6;
  };

  it('follow what the operator and etcd have to do', async () => {
    await bench.pass(120);
    const before = [
      await usage(OPERATOR_NAMESPACE, 'devworkspace-controller-manager'),
      await usage('openshift-etcd', 'etcd'),
    ];
    bench.createMany(100);
    await bench.pass(5);
    const busy = [
      await usage(OPERATOR_NAMESPACE, 'devworkspace-controller-manager'),
      await usage('openshift-etcd', 'etcd'),
    ];
    expect(busy[0]).toBeGreaterThan(before[0] * 1.5);
    expect(busy[1]).toBeGreaterThan(before[1] * 1.5);
    await bench.pass(300);
    expect(await usage(OPERATOR_NAMESPACE, 'devworkspace-controller-manager')).toBeLessThan(busy[0]);
  });
});

const { program: KUBECTL, lack } = findKubectl();

describeUnless(lack, 'kubectl', {}, () => {
  const kubectl = (...args: string[]) =>
    new Promise<string>((resolve, reject) => {
      const env = {
        ...process.env,
        KUBECONFIG: join(directory, 'kubeconfig'),
        KUBECACHEDIR: join(directory, 'cache'),
        HOME: directory,
        NO_PROXY: '127.0.0.1',
        no_proxy: '127.0.0.1',
      };
      execFile(KUBECTL, args, { env }, (error, out, err) => {
        if (error) reject(new Error(`kubectl ${args.join(' ')}: ${error.message}\n${err}`));
        else resolve(out);
      });
    });

  it('shows workspaces, Jobs, logs and usage', async () => {
    expect(await readFile(join(directory, 'kubeconfig'), 'utf8')).toMatch(bench.world.url);
    bench.create('shown', { env: { PAYLOAD_MARKER: 'm' } });
    await bench.pass(5);
    expect(await kubectl('get', 'dw', '-n', 'load', 'shown')).toMatch(
      /^NAME +DEVWORKSPACE ID +PHASE +INFO\s+shown +workspace\w+ +Running +Workspace is running/,
    );
    await kubectl('patch', 'dw', '-n', 'load', 'shown', '--type', 'merge', '-p', '{"spec":{"started":false}}');
    await bench.pass(5);
    bench.arm({ schedule: '@every 10s' });
    await bench.pass(15);
    const [job] = bench.jobsOf('shown');
    expect(await kubectl('get', 'jobs', '-A', '-l', `${LABELS.backupJob}=true`)).toContain(job!.name);
    expect(await kubectl('logs', '-n', 'load', `job/${job!.name}`)).toMatch(/Backup completed successfully/);
    expect(await kubectl('top', 'pods', '-n', OPERATOR_NAMESPACE)).toMatch(
      /devworkspace-controller-manager-\w+ +\d+m +\d+Mi/,
    );
    await kubectl('rollout', 'restart', '-n', OPERATOR_NAMESPACE, 'deployment/devworkspace-controller-manager');
    expect(bench.world.control.operatorUp).toBe(false);
    await bench.pass(5);
    await kubectl('rollout', 'status', '-n', OPERATOR_NAMESPACE, 'deployment/devworkspace-controller-manager');
  });
});
