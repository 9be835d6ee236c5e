import { afterEach, beforeEach, expect, it } from 'vitest';
import { Informer } from '../../model/kube/informer.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { clusterPlan } from '../cluster/testing/fake-service.ts';
import { buildHost } from '../host/build-host.ts';
import { ServedSpokes, spokeHostOf } from './served-spokes.ts';

const REQUESTS = {
  group: 'certificates.k8s.io',
  version: 'v1',
  plural: 'certificatesigningrequests',
  kind: 'CertificateSigningRequest',
  namespaced: false,
};
const clock = new ScaledClock(startClock(600));

let spokes: ServedSpokes;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  spokes = await ServedSpokes.start({ clock, profile: 'quick' });
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  await spokes.close();
});

function plan() {
  const cluster = clusterPlan({ name: 'grows', controlPlanes: 1, workers: 0, platform: 'none', day2Workers: 1 });
  const dayOne = { ...cluster.hosts[0]!, ordinal: 0, day2: false, role: 'master' as const, profile: 'vm' };
  cluster.hosts = [dayOne, { ...dayOne, index: dayOne.index + 1, ordinal: 1, role: 'worker', day2: true }];
  return { cluster, hosts: cluster.hosts.map((host) => buildHost('seed', cluster, host)) };
}

/** What the service keeps for the cluster: a client from its kubeconfig, and informers. */
async function look(kubeconfig: string) {
  const client = new KubeClient({ kubeconfig: loadKubeconfig({ text: kubeconfig }), clock });
  const nodes = new Informer({ client, resource: RESOURCES.nodes, clock }).start();
  const requests = new Informer({ client, resource: REQUESTS, clock }).start();
  closing.push(
    () => nodes.stop(),
    () => requests.stop(),
    () => client.close(),
  );
  await Promise.all([nodes.synced, requests.synced]);
  return { client, nodes, requests };
}

const readyNode = (nodes: Informer, name: string) => {
  const node = nodes.get(undefined, name);
  return node !== undefined && conditionOf(node, 'Ready')?.status === 'True';
};

it('let a day-2 host in after its two certificates were approved', async () => {
  const { cluster, hosts } = plan();
  const newcomer = hosts[1]!.identity;
  const { client, nodes, requests } = await look(await spokes.open(cluster, hosts.map(spokeHostOf), 'service'));
  const seen: unknown[] = [];
  requests.onChange((request: KubeObject | undefined, before) => {
    if (!request || before) return;
    const { username, usages } = request.spec as { username: string; usages: string[] };
    seen.push([username, usages.at(-1)]);
    const approval = { type: 'Approved', status: 'True', reason: 'NodeCSRApprove', message: 'ours' };
    void client.patch(
      REQUESTS,
      undefined,
      `${request.metadata.name}`,
      { status: { conditions: [approval] } },
      { subresource: 'approval' },
    );
  });
  expect(nodes.size).toBe(0);
  spokes.hostRebooted(newcomer.id);
  await expect.poll(() => readyNode(nodes, newcomer.hostname), { timeout: 20_000 }).toBe(true);
  expect(seen).toEqual([
    ['system:serviceaccount:openshift-machine-config-operator:node-bootstrapper', 'client auth'],
    [`system:node:${newcomer.hostname}`, 'server auth'],
  ]);
});

it('let a host in by themselves where the cluster has an approver', async () => {
  const { cluster, hosts } = plan();
  const { nodes } = await look(await spokes.open(cluster, hosts.map(spokeHostOf), 'cluster'));
  spokes.hostRebooted(hosts[1]!.identity.id);
  await expect.poll(() => readyNode(nodes, hosts[1]!.identity.hostname), { timeout: 20_000 }).toBe(true);
});

it('are the same for the same cluster until they are shut, and know no other hosts', async () => {
  const { cluster, hosts } = plan();
  const first = await spokes.open(cluster, hosts.map(spokeHostOf), 'service');
  expect(await spokes.open(cluster, hosts.map(spokeHostOf), 'service')).toBe(first);
  spokes.hostRebooted(hosts[0]!.identity.id);
  spokes.hostRebooted('somebody');
  await spokes.shut(cluster.name);
  await spokes.shut(cluster.name);
  expect(await spokes.open(cluster, hosts.map(spokeHostOf), 'service')).not.toBe(first);
});
