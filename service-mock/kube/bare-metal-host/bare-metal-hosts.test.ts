import { afterEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Agent, InfraEnv } from '../objects.ts';
import {
  deploymentOf,
  HubSite,
  imageSetOf,
  infraEnvOf,
  installOf,
  namespaceOf,
  pullSecretOf,
} from '../testing/hub-site.ts';
import type { BareMetalHost, PreprovisioningImage } from './objects.ts';

const { agentClusterInstalls, agents, bareMetalHosts, infraEnvs, secrets } = RESOURCES;
const BMAC = 'bmac.agent-install.openshift.io';
const DETACHED = 'baremetalhost.metal3.io/detached';
const PAUSED = 'baremetalhost.metal3.io/paused';
const STATUS = 'baremetalhost.metal3.io/status';
/** Of the first machine of a site; in capitals, as people write them too. */
const MAC = '52:54:00:00:00:01'.toUpperCase();

let site: HubSite;
afterEach(() => site.close());

const hostOf = (annotations: Record<string, string> = {}, spec: object = {}): KubeObject => ({
  apiVersion: 'metal3.io/v1alpha1',
  kind: 'BareMetalHost',
  metadata: {
    name: 'host',
    namespace: 'sno',
    labels: { 'infraenvs.agent-install.openshift.io': 'sno' },
    annotations,
  },
  spec: {
    bootMACAddress: MAC,
    online: false,
    bmc: { address: 'redfish-virtualmedia+http://192.0.2.1/redfish/v1/Systems/1', credentialsName: 'bmc' },
    ...spec,
  },
});
const bmcSecret: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'bmc', namespace: 'sno' },
  data: { username: 'dXNlcg==', password: 'c2VjcmV0' },
};

/** Plays the Bare Metal Operator. */
const provisioning = (state: string, more: object = {}) =>
  site.client.patch(
    bareMetalHosts,
    'sno',
    'host',
    {
      status: {
        provisioning: { state, ID: '', image: { url: '' } },
        operationalStatus: 'OK',
        errorMessage: '',
        poweredOn: true,
        ...more,
      },
    },
    { subresource: 'status' },
  );
const host = () => site.get<BareMetalHost>(bareMetalHosts, 'sno', 'host');
const annotationsOf = async () => (await host()).metadata.annotations ?? {};
const infraEnv = () => site.get<InfraEnv>(infraEnvs, 'sno', 'sno');

/** @returns the id of the infra-env. */
async function startSite(
  options: { isBound?: boolean; isHeld?: boolean; isConverged?: boolean } = {},
): Promise<string> {
  site = await HubSite.start({ settings: { ALLOW_CONVERGED_FLOW: options.isConverged === true } });
  await site.apply(namespaceOf('sno'), pullSecretOf('sno'), bmcSecret, imageSetOf('release'), deploymentOf('sno'));
  const { isBound = true, isHeld = true } = options;
  const made = infraEnvOf('sno');
  if (!isBound) delete (made.spec as { clusterRef?: object }).clusterRef;
  await site.apply(installOf('sno', { holdInstallation: isHeld }), made);
  await site.condition(infraEnvs, 'sno', 'sno', 'ImageCreated', { status: 'True' });
  return new URL((await infraEnv()).status!.debugInfo.eventsURL).searchParams.get('infra_env_id')!;
}

describe('a BareMetalHost', () => {
  it('boots the image, has its Agent approved, and is let go when it is installed', { timeout: 90_000 }, async () => {
    const infraEnvId = await startSite({ isHeld: false });
    await site.apply(hostOf({ [`${BMAC}/role`]: 'master' }));
    await provisioning('registering');
    // Ready, but the image is too young for it.
    await site.eventually(async () => {
      const { metadata, spec } = await host();
      expect(metadata.annotations).toMatchObject({ 'inspect.metal3.io': 'disabled' });
      expect(metadata.finalizers).toEqual([`${BMAC}/deprovision`]);
      expect(metadata.labels).toMatchObject({ 'cluster.open-cluster-management.io/backup': 'true' });
      expect(spec).toMatchObject({ automatedCleaningMode: 'disabled', online: false });
      expect(spec.image).toBeUndefined();
    });
    await provisioning('available');
    const { isoDownloadURL: url, createdTime } = (await infraEnv()).status!;
    await site.eventually(async () => {
      expect((await host()).spec).toMatchObject({ online: true, image: { url, format: 'live-iso' } });
    });
    expect(site.clock.now() - Date.parse(createdTime!)).toBeGreaterThanOrEqual(60_000);
    await provisioning('provisioned');

    const machine = await site.boot(infraEnvId);
    await site.eventually(async () => {
      const { spec, metadata } = await site.get<Agent>(agents, 'sno', machine.id);
      expect(metadata.labels).toMatchObject({ 'agent-install.openshift.io/bmh': 'host' });
      expect(spec).toMatchObject({ approved: true, role: 'master' });
    });
    await site.eventually(async () => {
      const details = JSON.parse((await annotationsOf())['inspect.metal3.io/hardwaredetails']!);
      expect(details).toMatchObject({
        systemVendor: { manufacturer: 'Sim', productName: 'SimServer' },
        ramMebibytes: 32_768,
        nics: [{ name: 'eth0', mac: MAC.toLowerCase(), ip: '192.168.10.11' }],
        storage: [{ name: '/dev/sda', sizeBytes: 137_438_953_472 }],
        cpu: { arch: 'x86_64', count: 8 },
        hostname: 'node-1',
      });
      expect(Object.keys(details)).toEqual([
        ...['systemVendor', 'firmware', 'ramMebibytes', 'nics', 'storage', 'cpu', 'hostname'],
      ]);
    });
    const installing = { reason: 'InstallationInProgress' };
    await site.condition(agentClusterInstalls, 'sno', 'sno', 'Completed', installing);
    for (const stage of ['Starting installation', 'Installing', 'Waiting for bootkube', 'Writing image to disk']) {
      await site.eventually(() => site.progress(machine, stage));
    }
    expect((await annotationsOf())[DETACHED]).toBeUndefined();
    await site.progress(machine, 'Rebooting');
    machine.isOff = true;
    await site.eventually(async () => expect((await annotationsOf())[DETACHED]).toBe('assisted-service-controller'));
    expect((await annotationsOf())[PAUSED]).toBeUndefined();
    await provisioning('provisioned', { operationalStatus: 'detached' });
    await site.eventually(async () => {
      const annotations = await annotationsOf();
      expect(annotations[PAUSED]).toBe('assisted-service-controller');
      expect(JSON.parse(annotations[STATUS]!)).toMatchObject({ operationalStatus: 'detached' });
    });
    // One write for each thing that happened to it; nothing is written in a circle.
    const writes = site.calls.filter(
      ({ resource, verb, status }) => resource === 'baremetalhosts' && verb === 'patch' && status === 200,
    );
    expect(writes.length).toBeLessThanOrEqual(8);

    await site.client.delete(bareMetalHosts, 'sno', 'host');
    await site.gone(bareMetalHosts, 'sno', 'host');
    // Its Agent stays unless it was to go with it.
    expect((await site.get(agents, 'sno', machine.id)).metadata.deletionTimestamp).toBeUndefined();
  });

  it('is told of its hardware no more once the operator has taken it', { timeout: 60_000 }, async () => {
    const infraEnvId = await startSite();
    await site.apply(hostOf());
    await provisioning('available');
    const machine = await site.boot(infraEnvId);
    const hardwareDetails = 'inspect.metal3.io/hardwaredetails';
    const hardware = await site.eventually(async () => JSON.parse((await annotationsOf())[hardwareDetails]!));
    await provisioning('provisioned', { hardware });
    const annotate = (annotations: object) =>
      site.client.patch(bareMetalHosts, 'sno', 'host', { metadata: { annotations } });
    await annotate({ [hardwareDetails]: null });
    // Whatever else happens to it: what its Agent shows came of a look at the host without the annotation.
    for (const zone of ['west', 'east']) {
      await annotate({ [`${BMAC}.node-label.zone`]: zone });
      await site.eventually(async () => {
        expect((await site.get<Agent>(agents, 'sno', machine.id)).spec.nodeLabels).toEqual({ zone });
      });
      expect((await annotationsOf())[hardwareDetails]).toBeUndefined();
    }
  });

  it('gives its Agent what it says', { timeout: 90_000 }, async () => {
    const infraEnvId = await startSite();
    await site.apply(
      hostOf(
        {
          [`${BMAC}/hostname`]: 'first.example.com',
          [`${BMAC}/role`]: 'master',
          [`${BMAC}/machine-config-pool`]: 'pool',
          [`${BMAC}/installer-args`]: '["--append-karg","a=b"]',
          [`${BMAC}/ignition-config-overrides`]: '{"ignition":{"version":"3.1.0"}}',
          [`${BMAC}/create-fencing-credentials-secret`]: '',
          [`${BMAC}.node-label.zone`]: 'west',
          [`${BMAC}.agent-label.rack`]: 'r1',
        },
        { rootDeviceHints: { deviceName: '/dev/sda' } },
      ),
    );
    await provisioning('available');
    const machine = await site.boot(infraEnvId);
    await site.eventually(async () => {
      const { spec, metadata } = await site.get<Agent>(agents, 'sno', machine.id);
      expect(metadata.labels).toMatchObject({ 'agent-install.openshift.io/bmh': 'host', rack: 'r1' });
      expect(spec).toMatchObject({
        approved: true,
        hostname: 'first.example.com',
        role: 'master',
        machineConfigPool: 'pool',
        installerArgs: '["--append-karg","a=b"]',
        ignitionConfigOverrides: '{"ignition":{"version":"3.1.0"}}',
        nodeLabels: { zone: 'west' },
        installation_disk_id: '/dev/disk/by-id/wwn-0x500000000000001',
        fencingCredentialsSecretRef: `${machine.id}-fencing-credentials`,
      });
    });
    const fencing = await site.get(secrets, 'sno', `${machine.id}-fencing-credentials`);
    expect(fencing.data).toMatchObject({ username: 'dXNlcg==', certificateVerification: btoa('Enabled') });
    // A label that is taken away goes from the Agent too.
    await site.client.patch(bareMetalHosts, 'sno', 'host', {
      metadata: { annotations: { [`${BMAC}.node-label.zone`]: null } },
    });
    await site.eventually(async () => {
      expect((await site.get<Agent>(agents, 'sno', machine.id)).spec.nodeLabels ?? {}).toEqual({});
    });
  });

  it('names a disk that cannot be when its hints fit none, and binds and frees its Agent', {
    timeout: 60_000,
  }, async () => {
    const infraEnvId = await startSite({ isBound: false });
    await site.apply(
      hostOf({ [`${BMAC}/cluster-reference`]: 'sno/sno' }, { rootDeviceHints: { minSizeGigabytes: 200 } }),
    );
    await provisioning('available');
    const machine = await site.boot(infraEnvId);
    const agent = () => site.get<Agent>(agents, 'sno', machine.id);
    await site.eventually(async () => {
      expect((await agent()).spec).toMatchObject({
        installation_disk_id: '/dev/not-found-by-hints',
        clusterDeploymentName: { name: 'sno', namespace: 'sno' },
      });
    });
    await site.client.patch(bareMetalHosts, 'sno', 'host', {
      metadata: { annotations: { [`${BMAC}/cluster-reference`]: '' } },
    });
    await site.eventually(async () => expect((await agent()).spec.clusterDeploymentName ?? null).toBeNull());
  });

  it('is none of ours without an InfraEnv, and clears its image before another one', { timeout: 90_000 }, async () => {
    await startSite();
    await site.apply(hostOf({}, { image: { url: 'http://images.example.com/old.iso', format: 'live-iso' } }));
    await provisioning('provisioned');
    await site.eventually(async () => expect((await host()).spec.image).toBeUndefined());
    await provisioning('ready');
    await site.eventually(async () => expect((await host()).spec.image).toBeDefined());
    await site.client.patch(bareMetalHosts, 'sno', 'host', {
      metadata: { labels: { 'infraenvs.agent-install.openshift.io': null } },
    });
    await site.eventually(async () => expect((await host()).metadata.finalizers ?? []).toEqual([]));
  });
});

describe('a BareMetalHost that the operator boots by itself', () => {
  const { preprovisioningImages } = RESOURCES;
  const image = () => site.get<PreprovisioningImage>(preprovisioningImages, 'sno', 'host');
  /** What the operator asks for. */
  async function askForImage(spec: object): Promise<void> {
    const { metadata } = await host();
    await site.apply({
      apiVersion: 'metal3.io/v1alpha1',
      kind: 'PreprovisioningImage',
      metadata: {
        name: 'host',
        namespace: 'sno',
        labels: metadata.labels!,
        ownerReferences: [
          {
            apiVersion: 'metal3.io/v1alpha1',
            kind: 'BareMetalHost',
            name: 'host',
            uid: metadata.uid!,
            controller: true,
          },
        ],
      },
      spec,
    });
  }
  const findings = async () => {
    const { conditions = [] } = (await image()).status ?? {};
    return conditions.map(({ type, status, reason, message }) => `${type} ${status} ${reason}: ${message}`);
  };

  it('is given an image with the operator’s agent in it, and its Agent goes with it', { timeout: 90_000 }, async () => {
    const infraEnvId = await startSite({ isConverged: true, isBound: false });
    await site.apply(hostOf({ [`${BMAC}/remove-agent-and-node-on-delete`]: 'true' }));
    await provisioning('registering');
    await askForImage({ acceptFormats: [], architecture: 'x86_64' });
    await site.eventually(async () => {
      expect(await findings()).toEqual([
        'Ready False UnsupportedImageFormat: Unsupported image format',
        'Error True UnsupportedImageFormat: Unsupported image format',
      ]);
    });
    await askForImage({ acceptFormats: ['iso', 'initrd'], architecture: 'aarch64' });
    const mismatch = 'PreprovisioningImage CPU architecture (arm64) does not match InfraEnv CPU architecture (x86_64)';
    await site.eventually(async () => {
      expect(await findings()).toEqual([
        `Ready False InfraEnvArchMismatch: ${mismatch}`,
        `Error True InfraEnvArchMismatch: ${mismatch}`,
      ]);
    });
    await askForImage({ acceptFormats: ['iso', 'initrd'], architecture: 'x86_64' });
    const url = (await infraEnv()).status!.isoDownloadURL;
    await site.eventually(async () => {
      expect((await image()).status).toMatchObject({ imageUrl: url, format: 'iso', architecture: 'x86_64' });
      expect(await findings()).toEqual([
        'Ready True InfraEnvAvailable: InfraEnv is available: Image has been created',
        'Error False InfraEnvAvailable: InfraEnv is available: Image has been created',
      ]);
    });
    const { metadata } = await image();
    expect(metadata.finalizers).toEqual(['preprovisioningimage.agent-install.openshift.io/ai-deprovision']);
    expect(metadata.labels).toMatchObject({ 'velero.io/exclude-from-backup': 'true' });
    expect((await infraEnv()).metadata.annotations).toMatchObject({
      'infraenv.agent-install.openshift.io/enable-ironic-agent': 'true',
    });
    const ignition = site.service.api.downloadInfraEnvFile(infraEnvId, 'discovery.ign', {}).content.toString();
    expect(ignition).toContain('/etc/ironic-python-agent.conf');
    await site.eventually(async () => {
      expect((await host()).spec).toMatchObject({ customDeploy: { method: 'start_assisted_install' } });
    });
    expect((await annotationsOf())['inspect.metal3.io']).toBeUndefined();

    const machine = await site.boot(infraEnvId);
    await site.eventually(async () => {
      expect((await site.get<Agent>(agents, 'sno', machine.id)).spec.approved).toBe(true);
    });
    await provisioning('provisioned');
    await site.eventually(async () => expect((await annotationsOf())[DETACHED]).toBe('{"deleteAction":"delay"}'));
    await site.client.delete(bareMetalHosts, 'sno', 'host');
    await site.gone(bareMetalHosts, 'sno', 'host');
    await site.gone(agents, 'sno', machine.id);
    // It belongs to the host, and is needed for cleaning until that has gone.
    await site.gone(preprovisioningImages, 'sno', 'host');
  });
});
