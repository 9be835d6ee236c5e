/** What concerns the adapter of hubs alone; the rest is in kube.adapter.test.ts. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { KubeClient } from '../../model/kube/kube-client.ts';
import type { KubeObject } from '../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import { Ledger } from '../telemetry/ledger.ts';
import { HubObjects } from './hub-objects.ts';
import { HubView } from './hub-view.ts';
import { KubeAdapter } from './kube.ts';
import { FaultProxy } from './testing/fault-proxy.ts';

const CLOCK = new ScaledClock(startClock(1));
const NEVER = new AbortController().signal;
const ACCOUNTS = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };
const { clusters } = expandPlan(
  parsePlan({ name: 'p', seed: 's', clusters: [{ topology: 'sno', amount: 2 }] }, 'plan.yaml'),
);
const [first, second] = clusters as [(typeof clusters)[0], (typeof clusters)[0]];

let mock: KubeMock;
let proxy: FaultProxy;
let client: KubeClient;
beforeEach(async () => {
  mock = await startKubeMock({ tls: false, world: seedHub });
  proxy = await FaultProxy.start(mock.url);
  const text = mock.kubeconfig.replaceAll(mock.url, proxy.url);
  client = new KubeClient({ kubeconfig: loadKubeconfig({ text }), clock: CLOCK });
});
afterEach(async () => {
  await client.close();
  await proxy.close();
  await mock.close();
});

const object = (apiVersion: string, kind: string, name: string, namespace?: string, spec?: object): KubeObject => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  ...(spec && { spec }),
});
const namespace = (name: string) => object('v1', 'Namespace', name);

function adapterOf(more: (name: string) => KubeObject[] = () => []): KubeAdapter {
  const ledger = new Ledger({ sink: () => {}, onFailure: () => {} });
  return new KubeAdapter({
    objects: new HubObjects({ client, clock: CLOCK, ledger, run: 'mine', patienceMs: 2000 }),
    view: new HubView({ client, clock: CLOCK, run: 'mine' }),
    run: 'mine',
    manifestsOf: ({ name }) => [
      namespace(name),
      ...more(name),
      object('extensions.hive.openshift.io/v1beta1', 'AgentClusterInstall', name, name, {
        clusterDeploymentRef: { name },
        networking: {},
        provisionRequirements: { controlPlaneAgents: 1 },
      }),
      object('agent-install.openshift.io/v1beta1', 'InfraEnv', name, name, { pullSecretRef: { name } }),
    ],
    sharedManifests: () => [
      object('hive.openshift.io/v1', 'ClusterImageSet', 'shared', undefined, { releaseImage: 'a' }),
    ],
    download: () => Promise.reject(new Error('nothing is downloaded here')),
    openSpoke: null,
    shutSpoke: () => Promise.resolve(),
    pollIntervalSeconds: null,
    removalLimitMs: 20_000,
  });
}

describe('an adapter of a hub', () => {
  it("makes and removes any kind that the hub serves, also several of a name in namespaces of the user's own", async () => {
    const adapter = adapterOf((name) => [
      namespace(`${name}-more`),
      object('v1', 'ServiceAccount', 'robot', name),
      object('v1', 'ServiceAccount', 'robot', `${name}-more`),
    ]);
    await adapter.createCluster(first, NEVER);
    await client.get(ACCOUNTS, first.name, 'robot');
    await client.get(ACCOUNTS, `${first.name}-more`, 'robot');
    expect(await adapter.remove(first, { clusterId: null, infraEnvId: null }, NEVER)).toBe(true);
    const { items } = await client.list(RESOURCES.namespaces, { labelSelector: 'assisted-swarm/run=mine' });
    expect(items).toEqual([]);
    expect(await adapter.remove(first, { clusterId: null, infraEnvId: null }, NEVER)).toBe(false);
  });

  it('knows what its BareMetalHosts wait for, and asks nobody where it has none', async () => {
    const adapter = adapterOf((name) => [
      object('metal3.io/v1alpha1', 'BareMetalHost', 'host', name, { online: true }),
    ]);
    await adapter.createCluster(first, NEVER);
    await adapter.enroll(first, NEVER);
    const status = {
      provisioning: { state: 'registering', ID: '', image: { url: '' } },
      operationalStatus: 'error',
      errorType: 'registration error',
      errorMessage: 'no route to host',
      poweredOn: false,
    };
    await client.patch(RESOURCES.bareMetalHosts, first.name, 'host', { status }, { subresource: 'status' });
    expect(await adapter.describeProvisioning(first, NEVER)).toBe(
      `BareMetalHost ${first.name}/host is registering (registration error: no route to host)`,
    );
    proxy.rule = () => expect.unreachable();
    expect(await adapterOf().describeProvisioning(first, NEVER)).toBe('');
  });

  it('names a kind that the hub does not serve', async () => {
    const adapter = adapterOf((name) => [object('example.com/v1', 'Robot', 'r', name)]);
    await expect(adapter.createCluster(first, NEVER)).rejects.toThrow(
      `the hub ${proxy.url} does not serve example.com/v1 Robot`,
    );
  });

  it('makes what clusters share for those that wait, when the one that began is given up', async () => {
    const adapter = adapterOf();
    const [held, begun] = [Promise.withResolvers<undefined>(), Promise.withResolvers<void>()];
    proxy.rule = ({ method, path }) => {
      if (method !== 'PATCH' || !path.includes('clusterimagesets')) return undefined;
      begun.resolve();
      return held.promise;
    };
    const trouble = new AbortController();
    const one = adapter.createCluster(first, trouble.signal);
    const other = adapter.createCluster(second, NEVER);
    await begun.promise;
    trouble.abort(new Error('the first is given up'));
    held.resolve(undefined);
    await expect(one).rejects.toThrow('the first is given up');
    expect(await other).toBe(`${second.name}/${second.name}`);
  });
});
