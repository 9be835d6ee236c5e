/** A launch on the embedded hub with the embedded service in kube mode: real HTTP, real threads. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { conditionOf, type KubeObject } from '../../model/kube/kube-object.ts';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { wallNow } from '../../model/time/clock.ts';
import {
  deploymentOf,
  HubSite,
  imageSetOf,
  infraEnvOf,
  installOf,
  namespaceOf,
  pullSecretOf,
} from '../../service-mock/kube/testing/hub-site.ts';
import type { LaunchEvent } from '../cluster/launch/launch-event.ts';
import { INFRA_ENV, ignitionText } from '../service/testing/ignition-text.ts';
import { ImageServer } from '../service/testing/image-server.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { ProxyServer } from '../transport/testing/proxy-server.ts';
import { HubLaunch, type HubLaunchOptions } from './hub-launch.ts';

const { agents, agentClusterInstalls, clusterDeployments, infraEnvs } = RESOURCES;

let site: HubSite;
const launches: HubLaunch[] = [];
let events: LaunchEvent[] = [];

async function launch(options: Partial<HubLaunchOptions> = {}): Promise<HubLaunch> {
  events = [];
  const made = new HubLaunch({
    kubeconfig: loadKubeconfig({ text: site.mock.kubeconfig }),
    namespaces: [],
    selector: null,
    seed: 'e2e',
    agents: 0,
    approve: true,
    bmh: false,
    converged: null,
    tls: {},
    spokeProfile: 'quick',
    spokeAddress: '127.0.0.1',
    bootSpreadMs: 2_000,
    pollIntervalSeconds: 5,
    boot: null,
    workers: 1,
    emit: (event) => events.push(event),
    clock: { speed: site.clock.speed, originWall: wallNow(), originSimulated: site.clock.now() },
    ...options,
  });
  launches.push(made);
  await made.start();
  return made;
}

afterEach(async () => {
  await Promise.all(launches.splice(0).map((one) => one.stop()));
  await site.close();
});

const agentsIn = async (namespace: string) => (await site.client.list(agents, { namespace })).items;
const namesOf = (objects: readonly KubeObject[]) => objects.map((object) => object.metadata.name).sort();
const eventually = <T>(look: () => T | Promise<T>) => site.eventually(look);
const warnings = () => events.filter(({ type }) => type === 'launch.warning');

/** Everything of a cluster but its hosts. */
async function make(name: string, install: object = {}, infraEnv: object = {}): Promise<void> {
  await site.apply(namespaceOf(name), pullSecretOf(name), imageSetOf('release'));
  await site.apply(deploymentOf(name), installOf(name, install), infraEnvOf(name, infraEnv));
}

const installed = (name: string) =>
  expect
    .poll(async () => conditionOf(await site.client.get(agentClusterInstalls, name, name), 'Completed')?.reason, {
      timeout: 60_000,
      interval: 200,
    })
    .toBe('InstallationCompleted');

/** Of a BareMetalHost whose agent runs. */
const IN_THE_RAMDISK = { spec: { customDeploy: { method: 'start_assisted_install' } } };
const FROM_THE_ISO = { status: { poweredOn: true, provisioning: { state: 'provisioned' } } };

describe('a launch', () => {
  it('takes a single node that somebody else has made to installed, with tokens that it learns, and its hosts go with it', {
    timeout: 90_000,
  }, async () => {
    site = await HubSite.start({ settings: { AUTH_TYPE: 'local', HOST_MAX_DISCONNECTION_TIME: 3_600_000 } });
    await make('sno');
    const running = await launch();
    await installed('sno');
    const [agent, ...others] = await agentsIn('sno');
    expect(others).toEqual([]);
    expect(agent).toMatchObject({
      spec: { approved: true, role: 'master' },
      status: { inventory: { hostname: 'sno-master-0' } },
    });
    expect(events.filter(({ type }) => type === 'infra-env.ready')).toMatchObject([
      { infraEnv: 'sno/sno', service: site.service.url },
    ]);
    await site.client.delete(clusterDeployments, 'sno', 'sno');
    await site.gone(clusterDeployments, 'sno', 'sno');
    await site.client.delete(infraEnvs, 'sno', 'sno');
    await site.gone(infraEnvs, 'sno', 'sno');
    await eventually(() => expect(running.state).toMatchObject({ infraEnvs: 0, hosts: 0 }));
    expect(warnings()).toEqual([]);
  });

  it('installs a cluster of control planes and workers, and lets a host of day 2 join it', {
    timeout: 120_000,
  }, async () => {
    site = await HubSite.start({ settings: { HOST_MAX_DISCONNECTION_TIME: 3_600_000 } });
    await make('ha', {
      platformType: 'None',
      networking: {
        clusterNetwork: [{ cidr: '10.128.0.0/14', hostPrefix: 23 }],
        serviceNetwork: ['172.30.0.0/16'],
        userManagedNetworking: true,
      },
      provisionRequirements: { controlPlaneAgents: 3, workerAgents: 2 },
    });
    await launch();
    await installed('ha');
    expect((await agentsIn('ha')).map(({ spec }) => (spec as { role: string }).role).sort()).toEqual([
      'master',
      'master',
      'master',
      'worker',
      'worker',
    ]);
    await site.client.patch(infraEnvs, 'ha', 'ha', { metadata: { annotations: { 'assisted-swarm/agents': '6' } } });
    const joined = await eventually(async () => {
      const agent = (await agentsIn('ha')).find(
        ({ status }) => (status as { inventory?: { hostname?: string } }).inventory?.hostname === 'ha-day2-0',
      );
      return agent!.metadata.name;
    });
    const phases = () =>
      events.flatMap(({ type, event }: { type: string; event?: RunEvent }) =>
        type === 'host' && event?.type === 'host.phase' && event.id === joined ? [event.phase] : [],
      );
    await expect.poll(() => phases().at(-1), { timeout: 60_000 }).toBe('done');
    // The service has seen its node, and let it in.
    await expect
      .poll(async () => (await site.client.get(agents, 'ha', joined)).status, { timeout: 60_000, interval: 200 })
      .toMatchObject({
        debugInfo: { state: 'added-to-existing-cluster' },
        csrStatus: { approvedCSRs: [{ type: 'client' }, { type: 'serving' }] },
      });
    // Nothing but that host was started anew.
    expect(events.filter(({ type }) => type === 'infra-env.hosts')).toMatchObject([
      { hosts: 5, removed: [] },
      { hosts: 6, added: ['ha-day2-0'], removed: [] },
    ]);
    expect(warnings()).toEqual([]);
  });

  it('gives hosts the MACs and addresses of NMStateConfigs, the same ones when it is started anew', {
    timeout: 90_000,
  }, async () => {
    site = await HubSite.start();
    await site.apply(namespaceOf('net'), pullSecretOf('net'));
    await site.apply(
      ...[1, 2].map(
        (n): KubeObject => ({
          apiVersion: 'agent-install.openshift.io/v1beta1',
          kind: 'NMStateConfig',
          metadata: { name: `host-${n}`, namespace: 'net', labels: { of: 'net' } },
          spec: {
            interfaces: [{ name: 'eth0', macAddress: `02:00:00:80:12:0${n}` }],
            config: {
              interfaces: [
                {
                  name: 'eth0',
                  type: 'ethernet',
                  state: 'up',
                  ipv4: { enabled: true, dhcp: false, address: [{ ip: `192.168.7.${n + 20}`, 'prefix-length': 24 }] },
                },
              ],
            },
          },
        }),
      ),
      infraEnvOf('net', { clusterRef: undefined, nmStateConfigLabelSelector: { matchLabels: { of: 'net' } } }),
    );
    const first = await launch({ approve: false });
    const seen = () =>
      eventually(async () => {
        const found = await agentsIn('net');
        const nics = found.flatMap(
          ({ status }) =>
            (status as { inventory: { interfaces: { macAddress?: string; ipV4Addresses?: string[] }[] } }).inventory
              .interfaces,
        );
        for (const n of [1, 2]) {
          expect(nics).toContainEqual(
            expect.objectContaining({
              macAddress: `02:00:00:80:12:0${n}`,
              ipV4Addresses: [`192.168.7.${n + 20}/24`],
            }),
          );
        }
        return namesOf(found);
      });
    const before = await seen();
    expect(before).toHaveLength(2);
    expect((await agentsIn('net')).map(({ spec }) => (spec as { approved: boolean }).approved)).toEqual([false, false]);
    await first.stop();
    const again = await launch({ approve: false });
    await eventually(() => expect(again.measured().reader.snapshot(0).hosts.phases.polling).toBe(2));
    expect(await seen()).toEqual(before);
  });

  it('starts the hosts of an InfraEnv anew that was made anew with the same name', { timeout: 90_000 }, async () => {
    site = await HubSite.start();
    await site.apply(namespaceOf('late'), pullSecretOf('late'));
    await site.apply(infraEnvOf('late', { clusterRef: undefined }));
    const running = await launch({ agents: 3 });
    const names = await eventually(async () => {
      const found = namesOf(await agentsIn('late'));
      expect(found).toHaveLength(3);
      return found;
    });
    const { metadata } = await site.client.get(infraEnvs, 'late', 'late');
    await site.client.delete(infraEnvs, 'late', 'late');
    await site.gone(infraEnvs, 'late', 'late');
    await eventually(async () => expect(await agentsIn('late')).toEqual([]));
    await site.apply(infraEnvOf('late', { clusterRef: undefined }));
    await eventually(async () => expect(namesOf(await agentsIn('late'))).toEqual(names));
    expect((await site.client.get(infraEnvs, 'late', 'late')).metadata.uid).not.toBe(metadata.uid);
    expect(events.filter(({ type }) => type === 'infra-env.ready')).toHaveLength(2);
    expect(running.state).toMatchObject({ infraEnvs: 1, launched: 1, hosts: 3 });
  });

  it.each(['iso', 'ipxe'] as const)('lets hosts download what they boot, by %s', { timeout: 90_000 }, async (from) => {
    const images = await new ImageServer().start();
    try {
      site = await HubSite.start({ settings: { IMAGE_SERVICE_BASE_URL: images.url } });
      await site.apply(namespaceOf('late'), pullSecretOf('late'));
      await site.apply(infraEnvOf('late', { clusterRef: undefined }));
      const boot = { from, share: 1, ratePerHost: null, rateTotal: null, readBytes: 1e6 };
      const running = await launch({ agents: 2, boot });
      await eventually(async () => expect(await agentsIn('late')).toHaveLength(2));
      const wanted = from === 'iso' ? ['minimal.iso', 'rootfs'] : ['pxe-initrd', 'kernel', 'rootfs'];
      for (const what of wanted) {
        expect(images.received.filter((request) => request.what === what && request.method === 'GET')).toHaveLength(2);
      }
      const counted = running
        .measured()
        .reader.bootDownloads()
        .find(({ kind }) => kind === 'rootfs');
      expect(counted?.durations.count).toBe(2);
      expect(warnings()).toEqual([]);
    } finally {
      await images.close();
    }
  });

  it('lets hosts go through the proxy that their ignition names', { timeout: 60_000 }, async () => {
    const proxy = new ProxyServer();
    const port = await proxy.listen();
    proxy.refuses = 503;
    const service = ['HTTP', 'http'].map(
      (name) => `Environment=${name}_${name === 'HTTP' ? 'PROXY' : 'proxy'}=http://me:a%%20b@127.0.0.1:${port}`,
    );
    const unit = `--url http://assisted.example.com:8090 --infra-env-id ${INFRA_ENV} --agent-version image`;
    const ignitions = createServer((_, response) => response.end(ignitionText({ service, arguments: unit })));
    await new Promise<void>((resolve) => ignitions.listen(0, '127.0.0.1', resolve));
    try {
      site = await HubSite.start();
      // Without its pull Secret the service makes no image for it, and leaves these addresses alone.
      await site.apply(namespaceOf('late'), infraEnvOf('late', { clusterRef: undefined }));
      const discoveryIgnitionURL = `http://127.0.0.1:${(ignitions.address() as AddressInfo).port}/`;
      const none = { initrd: '', rootfs: '', kernel: '', ipxeScript: '' };
      const status = { bootArtifacts: { ...none, discoveryIgnitionURL }, debugInfo: { eventsURL: '' } };
      await site.client.patch(infraEnvs, 'late', 'late', { status }, { subresource: 'status' });
      await launch({ agents: 1 });
      await eventually(() => expect(proxy.requests).not.toEqual([]));
      const [first] = proxy.requests;
      expect(first!.line).toBe(
        `POST http://assisted.example.com:8090/api/assisted-install/v2/infra-envs/${INFRA_ENV}/hosts`,
      );
      expect(first!.headers.slice(-2)).toEqual(['Proxy-Authorization', `Basic ${btoa('me:a b')}`]);
    } finally {
      proxy.close();
      ignitions.close();
    }
  });

  it('follows only what it is asked to, and says what others wait for', { timeout: 60_000 }, async () => {
    site = await HubSite.start();
    for (const name of ['mine', 'other']) {
      await site.apply(namespaceOf(name), pullSecretOf(name), infraEnvOf(name, { clusterRef: undefined }));
    }
    const marked = infraEnvOf('mine', { clusterRef: { name: 'none', namespace: 'mine' } });
    await site.apply({ ...marked, metadata: { name: 'marked', namespace: 'mine', labels: { take: 'me' } } });
    const running = await launch({ agents: 1, namespaces: ['mine'], selector: 'take=me' });
    await eventually(() =>
      expect([...running.state!.waiting]).toEqual([
        ['mine/marked', 'waits: ClusterDeployment mine/none does not exist yet'],
      ]),
    );
    const annotations = { 'assisted-swarm/agents': 'many' };
    await site.client.patch(infraEnvs, 'mine', 'marked', { metadata: { annotations } });
    await eventually(() =>
      expect(running.state!.waiting.get('mine/marked')).toContain('annotation assisted-swarm/agents is "many"; write'),
    );
    expect(running.state).toMatchObject({ infraEnvs: 1, hosts: 0 });
    expect(await agentsIn('other')).toEqual([]);
  });

  it.each([
    ['the service makes their ramdisks, as the hub tells', true, null, IN_THE_RAMDISK],
    ['the service has that switched off', false, false, FROM_THE_ISO],
  ])(
    'boots hosts when their BareMetalHosts are provisioned, with their MACs, where %s',
    {
      timeout: 180_000,
    },
    async (_, ALLOW_CONVERGED_FLOW, converged, booted) => {
      site = await HubSite.start({ settings: { ALLOW_CONVERGED_FLOW, HOST_MAX_DISCONNECTION_TIME: 3_600_000 } });
      await make('bm');
      const { bareMetalHosts } = RESOURCES;
      await site.apply({
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'bmc', namespace: 'bm' },
        data: { username: 'dQ==', password: 'cA==' },
      });
      await site.apply({
        apiVersion: 'metal3.io/v1alpha1',
        kind: 'BareMetalHost',
        metadata: {
          name: 'node',
          namespace: 'bm',
          labels: { 'infraenvs.agent-install.openshift.io': 'bm' },
          annotations: { 'inspect.metal3.io': 'disabled' },
        },
        spec: {
          online: true,
          automatedCleaningMode: 'disabled',
          bootMACAddress: '02:00:00:99:00:01',
          bmc: { address: 'redfish-virtualmedia://192.0.2.1/redfish/v1/Systems/1', credentialsName: 'bmc' },
        },
      });
      await launch({ bmh: true, converged });
      await expect
        .poll(async () => (await agentsIn('bm'))[0]?.status, { timeout: 120_000, interval: 200 })
        .toMatchObject({
          inventory: {
            hostname: 'node',
            interfaces: expect.arrayContaining([expect.objectContaining({ macAddress: '02:00:00:99:00:01' })]),
          },
        });
      expect(await site.client.get(bareMetalHosts, 'bm', 'node')).toMatchObject(booted);
      expect(events.filter(({ type }) => type === 'infra-env.hosts')).toMatchObject([{ hosts: 1, added: ['node'] }]);
    },
  );
});
