/** The launcher on the hub world, with pool and service played by the test. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type KubeMock, seedHub, startKubeMock } from '../../../controller-mock/index.ts';
import { KubeClient } from '../../../model/kube/kube-client.ts';
import type { KubeObject } from '../../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../../model/kube/kubeconfig.ts';
import { RESOURCES, resourceOf } from '../../../model/kube/resources.ts';
import { ScaledClock, startClock } from '../../../model/time/clock.ts';
import type { AddedHost, ClusterLaunch } from '../../pool/messages.ts';
import type { AgentSetup } from '../../service/discovery-ignition.ts';
import { IgnitionError } from '../../service/ignition-config.ts';
import type { LaunchEvent } from './launch-event.ts';
import { Launcher, type LauncherOptions } from './launcher.ts';

const clock = new ScaledClock(startClock(1));

let mock: KubeMock;
let client: KubeClient;
let launcher: Launcher;
let events: LaunchEvent[];
let pool: { launches: ClusterLaunch[]; hosts: Map<number, Map<number, AddedHost>> };
let downloads: string[];
let answer: (url: string, signal: AbortSignal) => Promise<AgentSetup>;

const setupOf = (url: string): AgentSetup => ({
  baseUrl: 'http://127.0.0.1:1',
  infraEnvId: url,
  agentVersion: 'agent:1',
  token: `token of ${url}`,
  insecure: false,
  ca: null,
  proxy: null,
  registrationRetrySeconds: null,
});

beforeEach(async () => {
  mock = await startKubeMock({ world: seedHub, tls: false });
  client = new KubeClient({
    kubeconfig: loadKubeconfig({ text: mock.kubeconfig }),
    clock,
    onCall: (call) => launcher?.noteCall(call),
  });
  events = [];
  downloads = [];
  pool = { launches: [], hosts: new Map() };
  answer = async (url) => setupOf(url);
  await put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'ns' } });
});
afterEach(async () => {
  await launcher.stop();
  await client.close();
  await mock.close();
});

async function put(object: KubeObject): Promise<KubeObject> {
  return client.apply(resourceOf(object)!, object, { fieldManager: 'test', force: true });
}

/** An InfraEnv as the service leaves it behind. */
async function infraEnv(name: string, agents: number, url = `http://x/${name}`): Promise<void> {
  await put({
    apiVersion: 'agent-install.openshift.io/v1beta1',
    kind: 'InfraEnv',
    metadata: { name, namespace: 'ns', annotations: { 'assisted-swarm/agents': String(agents) } },
    spec: { pullSecretRef: { name: 'pull' } },
  });
  const status = {
    bootArtifacts: { initrd: '', rootfs: '', kernel: '', ipxeScript: '', discoveryIgnitionURL: url },
    debugInfo: { eventsURL: '' },
  };
  await client.patch(RESOURCES.infraEnvs, 'ns', name, { status }, { subresource: 'status' });
}

async function start(options: Partial<LauncherOptions> = {}): Promise<void> {
  launcher = new Launcher({
    client,
    clock,
    pool: {
      launch: (launch) => {
        pool.launches.push(launch);
        pool.hosts.set(launch.cluster.index, new Map());
      },
      addHosts: (cluster, hosts) => {
        for (const host of hosts) pool.hosts.get(cluster)!.set(host.plan.ordinal, host);
      },
      removeHosts: (cluster, ordinals) => {
        for (const ordinal of ordinals) pool.hosts.get(cluster)!.delete(ordinal);
      },
      stopCluster: (cluster) => pool.hosts.delete(cluster),
    },
    capacity: 8,
    namespaces: ['ns'],
    selector: null,
    bareMetal: true,
    approve: false,
    bootSpreadMs: 0,
    spokeProfile: 'quick',
    agent: 'native',
    pollIntervalSeconds: null,
    boot: null,
    seed: 's',
    agents: 0,
    poweredOn: null,
    spokes: { open: async () => 'kubeconfig', hostRebooted: () => {}, shut: async () => {} },
    download: (url, signal) => {
      downloads.push(url);
      return answer(url, signal);
    },
    emit: (event) => events.push(event),
    ...options,
  });
  await launcher.start();
}

const alive = () => [...pool.hosts.values()].flatMap((hosts) => [...hosts.values()]);
const namesAlive = () =>
  alive()
    .map(({ forced }) => forced?.hostname)
    .sort();
const until = (look: () => void) =>
  expect
    .poll(
      () => {
        look();
        return true;
      },
      { timeout: 15_000, interval: 10 },
    )
    .toBe(true);

describe('a launcher', () => {
  it('keeps as many hosts alive as the annotation says, each in a slot and with an address of its own', async () => {
    await infraEnv('a', 2);
    await start();
    await until(() => expect(namesAlive()).toEqual(['a-master-0', 'a-master-1']));
    expect(pool.launches[0]!.agent).toBe('native');
    await infraEnv('a', 3);
    await infraEnv('b', 2);
    await until(() => expect(alive()).toHaveLength(5));
    expect(new Set(alive().map(({ slot }) => slot)).size).toBe(5);
    expect(new Set(alive().map(({ forced }) => forced?.ipv4Cidr)).size).toBe(5);
    await infraEnv('a', 1);
    await until(() => expect(namesAlive()).toEqual(['a-master-0', 'b-master-0', 'b-master-1']));
    // Each ignition came once, whatever happened to its InfraEnv.
    expect(downloads.sort()).toEqual(['http://x/a', 'http://x/b']);
    expect(pool.launches.map(({ access }) => access.token).sort()).toEqual([
      'token of http://x/a',
      'token of http://x/b',
    ]);
    await client.delete(RESOURCES.infraEnvs, 'ns', 'b');
    await until(() => expect(namesAlive()).toEqual(['a-master-0']));
    expect(launcher.state).toMatchObject({ infraEnvs: 1, launched: 1, hosts: 1 });
  });

  it('makes agents of the kind that is wanted', async () => {
    await infraEnv('a', 1);
    await start({ agent: 'noop' });
    await until(() => expect(alive().map(({ plan }) => plan.kind)).toEqual(['noop']));
    expect(pool.launches[0]!.agent).toBe('noop');
  });

  it('tries a download again that failed, and says why it has no hosts', async () => {
    await infraEnv('a', 1);
    let tries = 0;
    answer = async (url) => {
      tries++;
      if (tries === 1)
        throw new IgnitionError(
          'The discovery ignition at http://x/a could not be downloaded: the server answered 404',
        );
      return setupOf(url);
    };
    await start();
    await until(() => expect(launcher.state.waiting.get('ns/a')).toContain('the server answered 404'));
    await until(() => expect(alive()).toHaveLength(1));
    expect(launcher.state.waiting.size).toBe(0);
    expect(downloads).toHaveLength(2);
  });

  it('gives a download up when the InfraEnv is deleted meanwhile', async () => {
    await infraEnv('a', 1);
    let aborted = '';
    answer = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = (signal.reason as Error).message;
          reject(signal.reason);
        });
      });
    await start();
    await until(() => expect(downloads).toHaveLength(1));
    await client.delete(RESOURCES.infraEnvs, 'ns', 'a');
    await until(() => expect(aborted).toBe('InfraEnv ns/a is gone'));
    await until(() => expect(launcher.state.infraEnvs).toBe(0));
    expect(pool.launches).toEqual([]);
  });

  it('does not start hosts with the ignition of a former InfraEnv of that name', async () => {
    await infraEnv('a', 1, 'http://x/former');
    const former = Promise.withResolvers<void>();
    answer = async (url) => {
      if (url === 'http://x/former') await former.promise;
      return setupOf(url);
    };
    await start();
    await until(() => expect(downloads).toEqual(['http://x/former']));
    await client.delete(RESOURCES.infraEnvs, 'ns', 'a');
    await infraEnv('a', 1, 'http://x/new');
    former.resolve();
    await until(() => expect(alive()).toHaveLength(1));
    expect(pool.launches.map(({ infraEnvId }) => infraEnvId)).toEqual(['http://x/new']);
  });

  it('goes on while the hub is lost, and makes up for what happened', async () => {
    await infraEnv('a', 1);
    await start();
    await until(() => expect(alive()).toHaveLength(1));
    mock.handler.endWatches('/infraenvs');
    await infraEnv('a', 2);
    await until(() => expect(alive()).toHaveLength(2));
  });

  it('says so when it has no room for more hosts', async () => {
    await infraEnv('a', 9);
    await start();
    await until(() =>
      expect(launcher.state.waiting.get('ns/a')).toContain('8 hosts are alive, and one process can have no more'),
    );
    expect(alive()).toHaveLength(8);
    await infraEnv('a', 7);
    await until(() => expect(launcher.state.waiting.size).toBe(0));
    expect(alive()).toHaveLength(7);
  });

  it('launches hosts again that the pool could not keep', async () => {
    await infraEnv('a', 1);
    await start();
    await until(() => expect(alive()).toHaveLength(1));
    pool.hosts.clear();
    launcher.groupLost(0, 'their worker failed');
    await until(() => expect(alive()).toHaveLength(1));
    expect(events).toContainEqual(
      expect.objectContaining({ type: 'launch.warning', message: expect.stringContaining('their worker failed') }),
    );
  });
});
