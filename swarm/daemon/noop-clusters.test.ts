import { Agent, request } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { buildHost } from '../host/build-host.ts';
import type { ClusterLaunch } from '../pool/messages.ts';
import { planOf, type Topology } from '../pool/testing/simulation.ts';
import { NoopClusters } from './noop-clusters.ts';

const launched: ClusterLaunch[] = [];
const due: number[] = [];
const written: { cluster: number; path: string; text: string }[] = [];
const warnings: string[] = [];
let clusters: NoopClusters;

afterEach(async () => {
  await clusters.close();
  for (const list of [launched, due, written, warnings]) list.length = 0;
});

async function start(): Promise<void> {
  clusters = await NoopClusters.start({
    machines: {
      launch: (launch) => launched.push(launch),
      startHosts: () => {},
      stopCluster: () => {},
      controllerDue: (cluster) => due.push(cluster),
      bootstrapWrites: (cluster, file) => written.push({ cluster, ...file }),
    },
    clock: new ScaledClock(startClock(1000)),
    openshiftVersion: '4.20',
    warn: (message) => warnings.push(message),
  });
}

function launchOf(kind: 'native' | 'noop', topology: Topology): ClusterLaunch {
  const cluster = planOf(topology, 3);
  for (const host of cluster.hosts) host.kind = kind;
  return {
    ...{
      seed: 'seed',
      cluster,
      clusterId: 'C',
      infraEnvId: 'IE',
      agentVersion: 'IMG',
      firstSlot: 0,
      start: [0],
      spokeProfile: 'quick',
    },
    access: { baseUrl: 'http://service.test', token: '', pollIntervalSeconds: null },
  };
}

/** Nodes that the kube-api of a launch shows to whoever has its credentials; the status where it shows none. */
async function nodesOf({ spoke }: ClusterLaunch): Promise<string[] | number> {
  const { at, ca, token, url } = spoke!;
  const dispatcher = new Agent({ connect: { ca, servername: new URL(url).hostname } });
  const response = await request(`https://${at.host}:${at.port}/api/v1/nodes`, {
    dispatcher,
    headers: { authorization: `Bearer ${token}` },
  });
  const text = await response.body.text();
  await dispatcher.close();
  if (response.statusCode !== 200) return response.statusCode;
  return (JSON.parse(text) as { items: { metadata: { name: string } }[] }).items.map(({ metadata }) => metadata.name);
}

const eventually = (look: () => unknown) => expect.poll(look, { timeout: 20_000, interval: 50 });

describe('clusters of no-op machines', () => {
  it('leave native machines and mere infra-envs as they are', async () => {
    await start();
    const native = launchOf('native', { controlPlanes: 1 });
    const discovered = launchOf('noop', { controlPlanes: 1 });
    discovered.cluster.justInfraEnv = true;
    clusters.launch(native);
    clusters.launch(discovered);
    expect(launched).toEqual([native, discovered]);
  });

  it('begin with their bootstrap, take hosts that reboot for nodes, and say when the controller would start', async () => {
    await start();
    const launch = launchOf('noop', { controlPlanes: 3 });
    clusters.launch(launch);
    const [given] = launched;
    expect(given!.spoke!.kubeconfig).toContain(`server: ${given!.spoke!.url}`);
    expect(await nodesOf(given!)).toBe(401);
    const ids = launch.cluster.hosts.map((plan) => buildHost('seed', launch.cluster, plan).identity.id);
    // The second of them, which no order of a plan says.
    clusters.bootstrapChosen(3, ids[1]!);
    await eventually(() => nodesOf(given!)).toEqual([]);
    const reboot = (index: number) =>
      clusters.apply({ type: 'host.phase', time: 0, cluster: 3, host: index, id: ids[index]!, phase: 'rebooted' });
    reboot(0);
    reboot(2);
    await eventually(async () => ((await nodesOf(given!)) as string[]).length).toBe(2);
    await eventually(() => due).toEqual([3]);
    // Who was served, as the stock bootstrap looks for it, and the end of bootkube.
    await eventually(() => written.at(-1)).toEqual({ cluster: 3, path: 'opt/openshift/.bootkube.done', text: '' });
    const { ipv4 } = buildHost('seed', launch.cluster, launch.cluster.hosts[0]!).identity;
    const log = written.slice(0, -1);
    expect(log).toHaveLength(2);
    for (const { path } of log) expect(path).toMatch(/^var\/log\/containers\/.*machine-config-server.*\.log$/);
    expect(log[0]!.text).toContain(`"${ipv4}:41000" User-Agent:"Ignition`);
    reboot(1);
    await eventually(async () => ((await nodesOf(given!)) as string[]).length).toBe(3);
    expect(warnings).toEqual([]);
  });
});
