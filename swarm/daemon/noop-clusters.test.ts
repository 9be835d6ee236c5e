import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { spokeAccessOf, spokeKubeconfig } from '../noop/spoke-access.ts';
import type { StockInstallation } from '../noop/stock-installation.ts';
import { NoopClusters } from './noop-clusters.ts';

const due: unknown[] = [];
const nodes: unknown[] = [];
const written: { launch: number; cluster: string; path: string; text: string }[] = [];
const warnings: string[] = [];
let clusters: NoopClusters;

afterEach(async () => {
  await clusters.close();
  for (const list of [due, nodes, written, warnings]) list.length = 0;
});

async function start(): Promise<void> {
  clusters = await NoopClusters.start({
    clock: new ScaledClock(startClock(1000)),
    openshiftVersion: '4.20',
    warn: (message) => warnings.push(message),
  });
  clusters.serve({
    controllerDue: (...what) => due.push(what),
    bootstrapWrites: (launch, cluster, file) => written.push({ launch, cluster, ...file }),
    nodeOfDay2: (...what) => nodes.push(what),
  });
}

function installation(number: number, role: StockInstallation['role'], other: Partial<StockInstallation> = {}) {
  const host = {
    id: `00000000-0000-4000-8000-00000000000${number}`,
    hostname: `host-${number}`,
    address: `10.0.0.${number}`,
    mac: `52:54:00:00:00:0${number}`,
  };
  const known = { clusterId: 'c-1', controlPlanes: 3, openshiftVersion: '4.20.8', reboots: 1 };
  const common = { day2: false, name: null, platform: 'none', profile: 'quick', stuck: null, fault: null } as const;
  return { ...known, ...common, role, host, ...other } satisfies StockInstallation;
}

/** Of the kube-api that whoever has the credentials of a host sees; the status where it shows none. */
async function namesOf({ host }: StockInstallation, path: string): Promise<string[] | number> {
  const { at, ca, token, url } = spokeAccessOf(clusters.access, host.id);
  const dispatcher = new Agent({ connect: { ca, servername: new URL(url).hostname } });
  const response = await request(`https://${at.host}:${at.port}${path}`, {
    dispatcher,
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await response.body.text();
  await dispatcher.close();
  if (response.statusCode !== 200) return response.statusCode;
  return (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
}

const nodesOf = (bootstrap: StockInstallation) => namesOf(bootstrap, '/api/v1/nodes');
const reboot = ({ host }: StockInstallation) =>
  clusters.apply({ type: 'host.phase', time: 0, cluster: 3, host: 0, id: host.id, phase: 'rebooted' });
const eventually = (look: () => unknown) => expect.poll(look, { timeout: 20_000, interval: 50 });

describe('clusters of no-op machines', () => {
  it('are there for nobody before a bootstrap, and then for those who have its credentials', async () => {
    await start();
    const [bootstrap, worker] = [installation(1, 'bootstrap'), installation(2, 'worker')];
    expect(spokeKubeconfig(clusters.access)).toContain(`server: ${clusters.access.url}`);
    clusters.installing(3, worker);
    reboot(worker);
    expect(await nodesOf(bootstrap)).toBe(401);
    clusters.installing(3, bootstrap);
    await eventually(() => nodesOf(bootstrap)).toEqual([]);
    expect(await nodesOf(worker)).toBe(401);
    expect(warnings).toEqual([]);
  });

  it('take hosts in as their installers start, hosts that reboot for nodes, and say when the controller would start', async () => {
    await start();
    const [bootstrap, ...masters] = [
      installation(1, 'bootstrap', { platform: 'baremetal' }),
      installation(2, 'master'),
      installation(3, 'master'),
    ] as const;
    const worker = installation(4, 'worker');
    // One of them is earlier than the bootstrap, the others are later: each polls at a time of its own.
    clusters.installing(5, masters[0]);
    clusters.installing(3, bootstrap);
    clusters.installing(5, masters[1]);
    clusters.installing(7, worker);
    await eventually(() => nodesOf(bootstrap)).toEqual([]);
    const machines = '/apis/machine.openshift.io/v1beta1/machines';
    await eventually(async () => ((await namesOf(bootstrap, machines)) as string[]).length).toBe(4);
    for (const master of masters) reboot(master);
    await eventually(() => nodesOf(bootstrap)).toEqual(['host-2', 'host-3']);
    await eventually(() => due).toEqual([[3, 'c-1']]);
    // Who was served, as the stock bootstrap looks for it, and the end of bootkube.
    const bootkube = { launch: 3, cluster: 'c-1', path: 'opt/openshift/.bootkube.done', text: '' };
    await eventually(() => written.at(-1)).toEqual(bootkube);
    const log = written.slice(0, -1);
    expect(log).toHaveLength(2);
    for (const { path } of log) expect(path).toMatch(/^var\/log\/containers\/.*machine-config-server.*\.log$/);
    expect(log.map(({ text }) => text).join()).toContain('"10.0.0.2:41000" User-Agent:"Ignition');
    reboot(bootstrap);
    reboot(worker);
    await eventually(() => nodesOf(bootstrap)).toEqual(['host-1', 'host-2', 'host-3', 'host-4']);
    expect(nodes).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('begin anew with another bootstrap, and tell of the nodes of day 2', async () => {
    await start();
    const first = installation(1, 'bootstrap', { controlPlanes: 1, name: 'planned' });
    clusters.installing(3, first);
    reboot(first);
    await eventually(() => nodesOf(first)).toEqual(['host-1']);
    const second = installation(2, 'bootstrap', { controlPlanes: 1, name: 'planned' });
    clusters.installing(3, second);
    await eventually(() => nodesOf(second)).toEqual([]);
    expect(await nodesOf(first)).toBe(401);
    reboot(second);
    await eventually(() => nodesOf(second)).toEqual(['host-2']);
    const late = installation(5, 'worker', { day2: true });
    clusters.installing(9, late);
    reboot(late);
    await eventually(() => nodes).toEqual([
      [9, late.host.id, false],
      [9, late.host.id, true],
    ]);
    expect(warnings).toEqual([]);
  });

  it('show the faults of their hosts and their own', async () => {
    await start();
    const [bootstrap, ...others] = [
      installation(1, 'bootstrap', { fault: 'no-ingress-certificate' }),
      installation(2, 'master'),
      installation(3, 'master'),
      installation(4, 'worker', { stuck: 'node-never-joins' }),
      installation(5, 'worker', { stuck: 'node-never-ready' }),
      installation(6, 'worker', { stuck: 'no-ignition' }),
      installation(7, 'worker'),
    ] as const;
    clusters.installing(3, bootstrap);
    for (const other of others) clusters.installing(3, other);
    await eventually(() => nodesOf(bootstrap)).toEqual([]);
    for (const other of others) reboot(other);
    await eventually(() => nodesOf(bootstrap)).toEqual(['host-2', 'host-3', 'host-5', 'host-7']);
    reboot(bootstrap);
    await eventually(() => namesOf(bootstrap, '/api/v1/nodes?limit=9')).toContain('host-1');
    const ingress = () => namesOf(bootstrap, '/api/v1/namespaces/openshift-config-managed/configmaps');
    const operators = () => namesOf(bootstrap, '/apis/config.openshift.io/v1/clusteroperators');
    await eventually(operators).toContain('console');
    expect(await ingress()).toEqual([]);
    const served = written.map(({ text }) => text).join();
    expect(served).toContain('"10.0.0.4:');
    expect(served).not.toContain('"10.0.0.6:');
    expect(warnings).toEqual([]);
  });

  it('end when no machine of theirs is left', async () => {
    await start();
    const [bootstrap, worker] = [installation(1, 'bootstrap'), installation(2, 'worker')];
    clusters.installing(3, bootstrap);
    clusters.installing(4, worker);
    await eventually(() => nodesOf(bootstrap)).toEqual([]);
    clusters.left(3);
    clusters.left(5);
    reboot(worker);
    await eventually(() => nodesOf(bootstrap)).toEqual(['host-2']);
    clusters.left(4);
    await eventually(() => nodesOf(bootstrap)).toBe(401);
    clusters.installing(6, bootstrap);
    await eventually(() => nodesOf(bootstrap)).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('whose kube-api cannot be say why', async () => {
    await start();
    clusters.installing(3, installation(1, 'bootstrap', { controlPlanes: 9 }));
    await eventually(() => warnings).toEqual([expect.stringMatching(/^kube-api of cluster c-1: topology: /)]);
  });
});
