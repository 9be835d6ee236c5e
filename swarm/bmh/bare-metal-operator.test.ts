import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { editable, type KubeObject } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import type { Clock } from '../../model/time/clock.ts';
import { seconds } from '../../model/time/span.ts';
import { BmhHub, HARDWARE, NAMESPACE } from './testing/bmh-hub.ts';

const ISO = 'http://192.0.2.1:8888/byid/1/4.20/x86_64/minimal.iso';
const LIVE_IMAGE = { spec: { image: { url: ISO, format: 'live-iso' }, online: true } };
const NO_INSPECTION = { 'inspect.metal3.io': 'disabled' };
// A busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });
const WAIT = { timeout: 60_000 };

let hub: BmhHub;

beforeEach(async () => {
  hub = await BmhHub.start();
});
afterEach(() => hub.stop());

const hostOf = async (name: string) => (await hub.host(name))!;
const reaches = (name: string, state: string) =>
  expect.poll(async () => (await hub.host(name))?.status.provisioning.state, WAIT).toBe(state);
const statusBecomes = (name: string, status: object) =>
  expect.poll(async () => (await hub.host(name))?.status, WAIT).toMatchObject(status);
const isGone = (name: string) => expect.poll(() => hub.host(name), WAIT).toBeUndefined();
const secretOf = (name: string) => hub.client.get(RESOURCES.secrets, NAMESPACE, `${name}-bmc`);

async function provisionedHost(): Promise<string> {
  const name = await hub.addHost({ annotations: NO_INSPECTION, ...LIVE_IMAGE });
  if (!hub.operator) await hub.operate();
  await reaches(name, 'provisioned');
  await statusBecomes(name, { poweredOn: true });
  await expect.poll(() => hub.powerOf(name), WAIT).toEqual([`on agent ${ISO}`]);
  return name;
}

describe('a host of the flow without a ramdisk', () => {
  it('becomes available, boots the live image, and is provisioned', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, spec: { online: false } });
    await hub.operate();
    await reaches(name, 'available');
    await hub.patch(name, LIVE_IMAGE);
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual([`on agent ${ISO}`]);
    await statusBecomes(name, { poweredOn: true });

    expect(hub.states(name)).toEqual(['registering', 'preparing', 'available', 'provisioning', 'provisioned']);
    const { status, metadata } = await hostOf(name);
    expect(metadata.finalizers).toEqual(['baremetalhost.metal3.io']);
    expect(status).toMatchObject({
      operationalStatus: 'OK',
      errorCount: 0,
      errorMessage: '',
      hardwareProfile: 'unknown',
      provisioning: {
        state: 'provisioned',
        bootMode: 'UEFI',
        image: { url: ISO, format: 'live-iso' },
        rootDeviceHints: { deviceName: '/dev/sda' },
        ID: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
      goodCredentials: { credentials: { name: `${name}-bmc`, namespace: NAMESPACE } },
    });
    expect(status.goodCredentials).toEqual(status.triedCredentials);
    for (const operation of ['register', 'provision'] as const) {
      const { start, end } = status.operationHistory[operation];
      expect(Date.parse(end!)).toBeGreaterThan(Date.parse(start!));
    }
    expect(status.operationHistory.inspect).toEqual({ start: null, end: null });
    expect(hub.errors()).toEqual([]);
  });

  it('says in its conditions where it is', async () => {
    const name = await provisionedHost();
    const { status } = await hostOf(name);
    expect(status.conditions!.map(({ type, status: verdict, reason }) => `${type} ${verdict} ${reason}`)).toEqual([
      'Ready True Provisioned',
      'AvailableForProvisioning False NotAvailable',
      'Healthy Unknown Unknown',
      'Manageable True Manageable',
      'Progressing False NotProgressing',
      'Provisioned True Provisioned',
    ]);
  });

  it('is written as often as upstream writes it', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, ...LIVE_IMAGE });
    await hub.operate();
    await reaches(name, 'provisioned');
    await statusBecomes(name, { poweredOn: true });
    // registering, id, profile, credentials and preparing, available, provisioning, provisioned, power
    expect(hub.operator!.writes).toEqual({
      status: 8,
      host: 1,
      secret: 1,
      image: 0,
      hardwareData: 0,
      firmwareSettings: 1,
      event: 4,
      conflicts: 0,
    });
    const events = await hub.client.list(RESOURCES.events, { namespace: NAMESPACE });
    expect(events.items.map(({ reason }) => reason).sort()).toEqual([
      'BMCAccessValidated',
      'ProfileSet',
      'ProvisioningComplete',
      'Registered',
    ]);
  });

  it('takes what the service found out about its hardware', async () => {
    const name = await provisionedHost();
    await hub.annotate(name, { 'inspect.metal3.io/hardwaredetails': JSON.stringify(HARDWARE) });
    await statusBecomes(name, { hardware: HARDWARE });
    await expect
      .poll(async () => (await hostOf(name)).metadata.annotations, WAIT)
      .not.toHaveProperty(['inspect.metal3.io/hardwaredetails']);
  });

  it('boots the new image when the service takes the old one away and sets another', async () => {
    const name = await provisionedHost();
    await hub.patch(name, { spec: { image: null } });
    await reaches(name, 'available');
    await hub.patch(name, { spec: { image: { url: `${ISO}?2`, format: 'live-iso' } } });
    await reaches(name, 'provisioned');
    await expect.poll(() => hub.powerOf(name).at(-1), WAIT).toBe(`on agent ${ISO}?2`);
    expect(hub.states(name).slice(-4)).toEqual(['deprovisioning', 'available', 'provisioning', 'provisioned']);
    const { deprovision } = (await hostOf(name)).status.operationHistory;
    expect(Date.parse(deprovision.end!)).toBeGreaterThan(Date.parse(deprovision.start!));
    expect(hub.powerOf(name)).toEqual([`on agent ${ISO}`, 'off', `on agent ${ISO}?2`]);
  });
});

describe('a host of the converged flow', () => {
  const imageOf = (name: string) => hub.client.get(RESOURCES.preprovisioningImages, NAMESPACE, name);

  /** What the service does with an image. */
  async function makeImage(name: string, url: string, { client } = hub): Promise<void> {
    const image = await client.get(RESOURCES.preprovisioningImages, NAMESPACE, name);
    const condition = (type: string, status: string) => ({
      type,
      status,
      reason: 'InfraEnvAvailable',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      observedGeneration: image.metadata.generation,
    });
    await client.patch(
      RESOURCES.preprovisioningImages,
      NAMESPACE,
      name,
      {
        status: {
          architecture: 'x86_64',
          format: 'iso',
          imageUrl: url,
          conditions: [condition('Ready', 'True'), condition('Error', 'False')],
        },
      },
      { subresource: 'status' },
    );
  }

  async function inspected(): Promise<string> {
    const name = await hub.addHost({ labels: { 'infraenvs.agent-install.openshift.io': 'env' } });
    await hub.operate({ converged: true });
    await expect.poll(() => imageOf(name).catch(() => null), WAIT).not.toBeNull();
    await makeImage(name, ISO);
    await reaches(name, 'available');
    return name;
  }

  it('whose image nobody makes is told of once', async () => {
    for (let i = 0; i < 3; i++) await hub.addHost({ annotations: { 'inspect.metal3.io': 'disabled' } });
    await hub.operate({ converged: true });
    const told = () => hub.events.filter((event) => event.kind === 'waiting').map(({ message }) => message);
    await expect
      .poll(told, WAIT)
      .toEqual([expect.stringMatching(/nobody has answered its PreprovisioningImage for \d+ min/)]);
    const from = hub.clock.now();
    await expect.poll(() => hub.clock.now() - from, WAIT).toBeGreaterThan(12 * 60_000);
    expect(told().length).toBe(1);
  });

  it('whose image was made is not told of when it waits for another one much later', async () => {
    // Slow, so that what a busy machine takes is no time; what is to be long passes at once.
    const slow = await BmhHub.start(10);
    onTestFinished(() => slow.stop());
    const { clock } = slow;
    let passed = 0;
    const later: Clock = {
      speed: clock.speed,
      now: () => clock.now() + passed,
      setTimer: (ms, fn) => clock.setTimer(ms, fn),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const quick = seconds(1, 0);
    const spec = { automatedCleaningMode: 'metadata' };
    const name = await slow.addHost({ annotations: NO_INSPECTION, spec });
    const timings = { verify: quick, customDeploy: quick, boot: quick, prepare: quick, clean: quick };
    await slow.operate({ converged: true, clock: later, timings });
    const state = async () => (await slow.host(name))?.status.provisioning.state;
    const image = () => slow.client.get(RESOURCES.preprovisioningImages, NAMESPACE, name);
    await expect.poll(state, WAIT).toBe('preparing');
    await expect.poll(() => image().catch(() => null), WAIT).not.toBeNull();
    await makeImage(name, ISO, slow);
    await expect.poll(state, WAIT).toBe('available');
    await slow.patch(name, { spec: { customDeploy: { method: 'start_assisted_install' } } });
    await expect.poll(() => slow.powerOf(name).at(-1), WAIT).toBe(`on agent ${ISO}`);
    slow.operator!.agentEnded({ namespace: NAMESPACE, name });
    await expect.poll(state, WAIT).toBe('provisioned');

    passed = 60 * 60_000;
    const none = { status: { conditions: [] } };
    await slow.client.patch(RESOURCES.preprovisioningImages, NAMESPACE, name, none, { subresource: 'status' });
    await slow.remove(name);
    await expect.poll(state, WAIT).toBe('deprovisioning');
    const from = clock.now();
    await expect.poll(() => clock.now() - from, WAIT).toBeGreaterThan(20_000);
    await makeImage(name, ISO, slow);
    await expect.poll(() => slow.host(name), WAIT).toBeUndefined();
    expect(slow.events.filter(({ kind }) => kind === 'waiting')).toEqual([]);
  });

  it('waits for its image, is inspected in it, and starts the agent when it is deployed', async () => {
    const name = await inspected();
    expect((await imageOf(name)) as KubeObject).toMatchObject({
      metadata: {
        labels: { 'infraenvs.agent-install.openshift.io': 'env' },
        finalizers: ['baremetalhost.metal3.io/preprovisioningImage'],
        ownerReferences: [{ kind: 'BareMetalHost', name, controller: true }],
      },
      spec: { acceptFormats: ['iso', 'initrd'], architecture: 'x86_64' },
    });
    expect(hub.states(name)).toEqual(['registering', 'inspecting', 'preparing', 'available']);
    expect((await hostOf(name)).status.hardware).toEqual(HARDWARE);
    const data = await hub.client.get(RESOURCES.hardwareData, NAMESPACE, name);
    expect(data.spec).toEqual({ hardware: HARDWARE });
    expect(hub.powerOf(name)).toEqual([`on ramdisk ${ISO}`]);

    await hub.patch(name, { spec: { customDeploy: { method: 'start_assisted_install' } } });
    await expect.poll(() => hub.powerOf(name).at(-1), WAIT).toBe(`on agent ${ISO}`);
    expect((await hostOf(name)).status.provisioning.state).toBe('provisioning');
    hub.operator!.agentEnded({ namespace: NAMESPACE, name });
    await reaches(name, 'provisioned');
    // The ramdisk ran already, and nothing was switched off.
    expect(hub.powerOf(name)).toEqual([`on ramdisk ${ISO}`, `on agent ${ISO}`]);
    expect((await hostOf(name)).status.provisioning.customDeploy).toEqual({ method: 'start_assisted_install' });
    expect(hub.errors()).toEqual([]);
  });

  it('is in error when the agent fails, and is provisioned again', async () => {
    const name = await inspected();
    await hub.patch(name, { spec: { customDeploy: { method: 'start_assisted_install' } } });
    await expect.poll(() => hub.powerOf(name).at(-1), WAIT).toBe(`on agent ${ISO}`);
    hub.operator!.agentEnded({ namespace: NAMESPACE, name }, 'Assisted Installer Agent has failed');
    await expect.poll(() => hub.states(name).slice(-3), WAIT).toEqual(['deprovisioning', 'available', 'provisioning']);
    await expect
      .poll(() => hub.powerOf(name), WAIT)
      .toEqual([`on ramdisk ${ISO}`, `on agent ${ISO}`, 'off', `on ramdisk ${ISO}`, `on agent ${ISO}`]);
  });

  it('begins inspection anew when the service asks for a reboot because the image has changed', async () => {
    const name = await hub.addHost({});
    await hub.operate({ converged: true, timings: { inspect: seconds(7200, 0) } });
    await expect.poll(() => imageOf(name).catch(() => null), WAIT).not.toBeNull();
    await makeImage(name, ISO);
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual([`on ramdisk ${ISO}`]);
    await makeImage(name, `${ISO}?2`);
    await hub.annotate(name, { 'reboot.metal3.io': '{"force":true}' });
    await expect.poll(() => hub.powerOf(name).slice(1), WAIT).toEqual(['off', `on ramdisk ${ISO}?2`]);
    expect((await hostOf(name)).metadata.annotations ?? {}).not.toHaveProperty(['reboot.metal3.io']);
    await reaches(name, 'inspecting');
  });

  it('is in error while its image cannot be made', async () => {
    const name = await hub.addHost({});
    await hub.operate({ converged: true });
    await expect.poll(() => imageOf(name).catch(() => null), WAIT).not.toBeNull();
    const status = (error: string) => ({
      status: {
        architecture: 'x86_64',
        format: 'iso',
        conditions: [
          {
            type: 'Error',
            status: error,
            reason: 'ImageCreationError',
            message: 'no such version',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    });
    const patch = (body: object) =>
      hub.client.patch(RESOURCES.preprovisioningImages, NAMESPACE, name, body, { subresource: 'status' });
    await patch(status('True'));
    await statusBecomes(name, {
      errorType: 'registration error',
      errorMessage: 'no such version',
      operationalStatus: 'error',
    });
    await makeImage(name, ISO);
    await reaches(name, 'available');
    await statusBecomes(name, { operationalStatus: 'OK', errorMessage: '' });
  });
});

describe('credentials', () => {
  it('are looked for every ten seconds while their Secret does not exist', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, credentials: null });
    await hub.operate();
    await expect.poll(async () => (await hostOf(name)).status.errorCount, WAIT).toBeGreaterThan(3);
    expect((await hostOf(name)).status).toMatchObject({
      operationalStatus: 'error',
      errorType: 'registration error',
      errorMessage: `BMC CredentialsName secret doesn't exist The BMC secret ${NAMESPACE}/${name}-bmc does not exist`,
      provisioning: { state: 'registering' },
    });
    await hub.addSecret(name, { username: 'admin', password: 'secret' });
    await reaches(name, 'available');
    await statusBecomes(name, { operationalStatus: 'OK', errorCount: 0 });
  });

  it('are refused without a password, until somebody mends the Secret', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, credentials: { username: 'admin' } });
    await hub.operate();
    await statusBecomes(name, {
      errorType: 'registration error',
      errorMessage: "Validation error with BMC credentials: Missing BMC connection details 'password' in credentials",
    });
    await hub.client.patch(RESOURCES.secrets, NAMESPACE, `${name}-bmc`, { stringData: { password: 'secret' } });
    await reaches(name, 'available');
  });

  it('are tried again when they change later', async () => {
    const name = await provisionedHost();
    const { goodCredentials } = (await hostOf(name)).status;
    await hub.client.patch(RESOURCES.secrets, NAMESPACE, `${name}-bmc`, { stringData: { password: 'another' } });
    const { metadata } = await secretOf(name);
    await statusBecomes(name, { goodCredentials: { credentialsVersion: metadata.resourceVersion } });
    expect(metadata.resourceVersion).not.toBe(goodCredentials.credentialsVersion);
    expect((await hostOf(name)).status.provisioning.state).toBe('provisioned');
  });

  it('belong to their host from then on', async () => {
    const name = await provisionedHost();
    expect((await secretOf(name)).metadata).toMatchObject({
      labels: { 'environment.metal3.io': 'baremetal' },
      finalizers: ['baremetalhost.metal3.io/secret'],
      ownerReferences: [{ kind: 'BareMetalHost', name, uid: (await hostOf(name)).metadata.uid }],
    });
  });
});

describe('a host that is refused', () => {
  it.each([
    [
      'for an unknown kind of controller',
      { bmc: { address: 'carrier-pigeon://192.0.2.1' } },
      "Unknown BMC type 'carrier-pigeon'",
    ],
    ['for a missing MAC', { bootMACAddress: null }, 'BMC driver redfish-virtualmedia requires a BootMACAddress value'],
    ['for an unknown profile', { hardwareProfile: 'abacus' }, 'no hardware profile named "abacus"'],
  ])('%s says so', async (_, spec, message) => {
    const base = { address: 'redfish-virtualmedia://192.0.2.10/1', credentialsName: 'host-0-bmc' };
    const bmc = { ...base, ...('bmc' in spec ? spec.bmc : {}) };
    const name = await hub.addHost({ annotations: NO_INSPECTION, spec: { ...spec, bmc } });
    await hub.operate();
    await statusBecomes(name, {
      operationalStatus: 'error',
      errorType: 'registration error',
      errorMessage: expect.stringContaining(message),
    });
  });

  it('for the MAC of another host says whose it is', async () => {
    const first = await provisionedHost();
    const { bootMACAddress } = (await hostOf(first)).spec;
    const name = await hub.addHost({
      annotations: NO_INSPECTION,
      spec: { bootMACAddress: bootMACAddress!.toUpperCase() },
    });
    await statusBecomes(name, {
      errorMessage: `MAC address ${bootMACAddress} conflicts with existing node ${NAMESPACE}~${first}`,
    });
  });

  it('waits without a management controller, and is registered when it gets one', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, spec: { bmc: null } });
    await hub.operate();
    await statusBecomes(name, { operationalStatus: 'discovered', provisioning: { state: 'unmanaged' } });
    await hub.patch(name, { spec: { bmc: { address: 'ipmi://192.0.2.1', credentialsName: `${name}-bmc` } } });
    await reaches(name, 'available');
    await statusBecomes(name, { operationalStatus: 'OK' });
  });
});

describe('an annotation', () => {
  it('that detaches lets a provisioned machine go on without the operator, until it is taken away', async () => {
    const name = await provisionedHost();
    const { ID } = (await hostOf(name)).status.provisioning;
    await hub.annotate(name, { 'baremetalhost.metal3.io/detached': 'assisted-service-controller' });
    await statusBecomes(name, {
      operationalStatus: 'detached',
      provisioning: { state: 'provisioned', ID },
      poweredOn: true,
    });
    await hub.patch(name, { spec: { online: false } });
    await hub.annotate(name, { 'reboot.metal3.io': '' });
    await statusBecomes(name, { operationalStatus: 'detached' });
    expect(hub.powerOf(name)).toEqual([`on agent ${ISO}`]);

    await hub.annotate(name, { 'baremetalhost.metal3.io/detached': null, 'reboot.metal3.io': null });
    // It is enrolled anew, taken over, and then brought to what is wanted.
    await statusBecomes(name, { operationalStatus: 'OK', poweredOn: false, provisioning: { state: 'provisioned' } });
    expect((await hostOf(name)).status.provisioning.ID).not.toBe(ID);
    expect(hub.powerOf(name)).toEqual([`on agent ${ISO}`, 'off']);
  });

  it('that detaches waits for the end of work that is under way, unless it forces', async () => {
    const name = await hub.addHost();
    await hub.operate({ timings: { inspect: seconds(100_000, 0) } });
    await reaches(name, 'inspecting');
    await hub.annotate(name, { 'baremetalhost.metal3.io/detached': '' });
    await hub.patch(name, { spec: { description: 'looked at once more' } });
    await expect
      .poll(async () => (await hostOf(name)).status.conditions?.[0]?.observedGeneration, WAIT)
      .toBe((await hostOf(name)).metadata.generation);
    expect((await hostOf(name)).status.operationalStatus).toBe('OK');
    await hub.annotate(name, { 'baremetalhost.metal3.io/detached': '{"force":true}' });
    await statusBecomes(name, { operationalStatus: 'detached', provisioning: { state: 'inspecting' } });
  });

  it('that pauses keeps the operator away', async () => {
    const paused = { 'baremetalhost.metal3.io/paused': 'somebody' };
    const name = await hub.addHost({ annotations: { ...NO_INSPECTION, ...paused } });
    const other = await hub.addHost({ annotations: NO_INSPECTION });
    await hub.operate();
    await reaches(other, 'available');
    expect((await hostOf(name)).metadata.finalizers).toBeUndefined();
    await hub.annotate(name, { 'baremetalhost.metal3.io/paused': null });
    await reaches(name, 'available');
  });

  it('that holds a status restores it where there is none', async () => {
    const name = await provisionedHost();
    const { status } = await hostOf(name);
    await hub.halt();
    const moved = await hub.addHost({
      name: 'moved',
      ...LIVE_IMAGE,
      annotations: {
        ...NO_INSPECTION,
        'baremetalhost.metal3.io/status': JSON.stringify({ ...status, goodCredentials: {}, triedCredentials: {} }),
      },
    });
    await hub.operate();
    await statusBecomes(moved, { provisioning: { state: 'provisioned', image: { url: ISO } }, poweredOn: true });
    await expect
      .poll(async () => (await hostOf(moved)).metadata.annotations, WAIT)
      .not.toHaveProperty(['baremetalhost.metal3.io/status']);
    expect(hub.states(moved)).toEqual([]);
  });

  it.each([
    ['softly', ''],
    ['hard', '{"mode":"hard"}'],
  ])('that asks for a reboot switches the machine off and on, %s', async (_, value) => {
    const name = await provisionedHost();
    await hub.annotate(name, { 'reboot.metal3.io': value });
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual([`on agent ${ISO}`, 'off', `on agent ${ISO}`]);
    await statusBecomes(name, { poweredOn: true, provisioning: { state: 'provisioned' } });
    expect((await hostOf(name)).metadata.annotations).not.toHaveProperty(['reboot.metal3.io']);
  });

  it('that somebody else keeps for a reboot holds the machine off until it is gone', async () => {
    const name = await provisionedHost();
    await hub.annotate(name, { 'reboot.metal3.io/remediation': '' });
    await statusBecomes(name, { poweredOn: false });
    await hub.annotate(name, { 'reboot.metal3.io/remediation': null });
    await statusBecomes(name, { poweredOn: true });
  });

  it('that asks for another inspection gets one, and HardwareData anew', async () => {
    const name = await hub.addHost();
    await hub.operate();
    await reaches(name, 'available');
    const before = await hub.client.get(RESOURCES.hardwareData, NAMESPACE, name);
    await hub.annotate(name, { 'inspect.metal3.io': '' });
    await expect
      .poll(() => hub.states(name), WAIT)
      .toEqual(['registering', 'inspecting', 'preparing', 'available', 'inspecting', 'preparing', 'available']);
    const after = await hub.client.get(RESOURCES.hardwareData, NAMESPACE, name);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    expect((await hostOf(name)).metadata.annotations ?? {}).not.toHaveProperty(['inspect.metal3.io']);
  });
});

describe('a hub', () => {
  interface Schema {
    properties: Record<string, unknown>;
    required: string[];
  }

  /** As assisted-service ships them (hack/crds/metal3): without conditions, and with more that is required. */
  async function olderDefinition(): Promise<void> {
    const name = 'baremetalhosts.metal3.io';
    const definition = editable(await hub.client.get(RESOURCES.customResourceDefinitions, undefined, name));
    const { versions } = definition.spec as {
      versions: { schema: { openAPIV3Schema: { properties: { spec: Schema; status: Schema } } } }[];
    };
    const { spec, status } = versions[0]!.schema.openAPIV3Schema.properties;
    delete spec.properties.architecture;
    for (const member of ['conditions', 'lastAttemptedImage', 'provisioningFailCount'])
      delete status.properties[member];
    status.required = [
      'errorCount',
      'errorMessage',
      'hardwareProfile',
      'operationalStatus',
      'poweredOn',
      'provisioning',
    ];
    await hub.client.update(RESOURCES.customResourceDefinitions, definition);
  }

  it('with older definitions is worked on as well, without a write for what it does not keep', async () => {
    await olderDefinition();
    const inspected = await hub.addHost();
    const name = await provisionedHost();
    await reaches(inspected, 'available');
    await statusBecomes(inspected, { poweredOn: true });
    expect(hub.operator!.writes.host).toBe(3);
    const { status } = hub.operator!.writes;
    for (const description of ['one', 'two', 'three']) await hub.patch(name, { spec: { description } });
    await hub.patch(name, { spec: { online: false } });
    await statusBecomes(name, { poweredOn: false });
    expect(hub.operator!.writes.status).toBe(status + 1);
    await hub.remove(name);
    await isGone(name);
    expect(hub.errors()).toEqual([]);
  });
});

describe('the power', () => {
  it('follows what is wanted', async () => {
    const name = await provisionedHost();
    await hub.patch(name, { spec: { online: false } });
    await statusBecomes(name, { poweredOn: false });
    await hub.patch(name, { spec: { online: true } });
    await statusBecomes(name, { poweredOn: true });
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual([`on agent ${ISO}`, 'off', `on agent ${ISO}`]);
  });

  it('of an available machine is that of the disk', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION });
    await hub.operate();
    await statusBecomes(name, { poweredOn: true, provisioning: { state: 'available' } });
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual(['on disk']);
  });

  it('is cut and given again at once where it may not be off', async () => {
    const name = await provisionedHost();
    await hub.patch(name, { spec: { disablePowerOff: true } });
    await hub.annotate(name, { 'reboot.metal3.io': '' });
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual([`on agent ${ISO}`, 'off', `on agent ${ISO}`]);
  });
});

describe('a host that is deleted', () => {
  it('is deprovisioned, switched off, and lets its Secret go', async () => {
    const name = await provisionedHost();
    await hub.remove(name);
    await isGone(name);
    expect(hub.states(name).slice(-3)).toEqual(['deprovisioning', 'powering off before delete', 'deleting']);
    expect(hub.powerOf(name)).toEqual([`on agent ${ISO}`, 'off']);
    // Its owner is gone, and nothing else holds it.
    await expect.poll(() => secretOf(name).catch(({ status }) => status), WAIT).toBe(404);
    expect(hub.errors()).toEqual([]);
  });

  it.each([
    ['registering', { credentials: null }, ['deleting']],
    ['available', {}, ['powering off before delete', 'deleting']],
    ['externally provisioned', { spec: { externallyProvisioned: true } }, ['powering off before delete', 'deleting']],
  ])('goes away from %s', async (state, wishes, last) => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, ...wishes });
    await hub.operate();
    await reaches(name, state);
    await hub.remove(name);
    await isGone(name);
    expect(hub.states(name).slice(-last.length)).toEqual(last);
  });

  it('goes away while it is being inspected, with its HardwareData', async () => {
    const name = await hub.addHost();
    await hub.operate({ timings: { inspect: seconds(100_000, 0) } });
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual(['on ramdisk']);
    await hub.remove(name);
    await isGone(name);
    expect(hub.powerOf(name)).toEqual(['on ramdisk', 'off']);
  });

  it('goes away after its Secret', async () => {
    const name = await provisionedHost();
    await hub.client.patch(RESOURCES.secrets, NAMESPACE, `${name}-bmc`, { metadata: { finalizers: null } });
    await hub.client.delete(RESOURCES.secrets, NAMESPACE, `${name}-bmc`);
    await hub.remove(name);
    await isGone(name);
  });

  it('lets a Secret go that is of no use', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, credentials: { username: 'admin' } });
    await hub.operate();
    await statusBecomes(name, { operationalStatus: 'error' });
    await hub.remove(name);
    await isGone(name);
    await expect.poll(() => secretOf(name).catch(({ status }) => status), WAIT).toBe(404);
  });

  it('is only forgotten when it is detached', async () => {
    const name = await provisionedHost();
    await hub.annotate(name, { 'baremetalhost.metal3.io/detached': '' });
    await statusBecomes(name, { operationalStatus: 'detached' });
    await hub.remove(name);
    await isGone(name);
    expect(hub.states(name).at(-1)).toBe('deleting');
    expect(hub.states(name)).not.toContain('deprovisioning');
  });

  it('waits while its detachment says so', async () => {
    const name = await provisionedHost();
    await hub.annotate(name, { 'baremetalhost.metal3.io/detached': '{"deleteAction":"delay"}' });
    await statusBecomes(name, { operationalStatus: 'detached' });
    await hub.remove(name);
    await hub.annotate(name, { note: 'looked at once more' });
    await statusBecomes(name, { operationalStatus: 'detached', provisioning: { state: 'provisioned' } });
    await hub.annotate(name, { 'baremetalhost.metal3.io/detached': null });
    await isGone(name);
    expect(hub.states(name)).toContain('deprovisioning');
  });

  it('has its machine switched off when somebody takes the finalizers away', async () => {
    const name = await provisionedHost();
    await hub.annotate(name, { 'baremetalhost.metal3.io/paused': '' });
    await hub.remove(name);
    await hub.patch(name, { metadata: { finalizers: null } });
    await isGone(name);
    await expect.poll(() => hub.powerOf(name).at(-1), WAIT).toBe('off');
  });
});
