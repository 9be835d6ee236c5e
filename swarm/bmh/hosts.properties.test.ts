/** Whatever users do to a host: it never holds a status that is not valid, and is never stuck. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { BmhHub, NAMESPACE } from './testing/bmh-hub.ts';
import type { BmhFailure } from './timings.ts';

const NAME = 'host';
const SECRET = `${NAME}-bmc`;

type Edit = (hub: BmhHub) => Promise<unknown>;

const patch =
  (spec: object): Edit =>
  (hub) =>
    hub.patch(NAME, { spec });
const annotate =
  (annotations: Record<string, string | null>): Edit =>
  (hub) =>
    hub.annotate(NAME, annotations);

/** What the service does for the flow with a ramdisk, where the host has asked for it. */
async function makeImage(hub: BmhHub): Promise<void> {
  const image = await hub.client.get(RESOURCES.preprovisioningImages, NAMESPACE, NAME);
  const { acceptFormats, architecture } = image.spec as { acceptFormats: string[]; architecture: string };
  const ready = {
    type: 'Ready',
    status: 'True',
    reason: 'InfraEnvAvailable',
    message: '',
    lastTransitionTime: '2026-01-01T00:00:00Z',
    observedGeneration: image.metadata.generation,
  };
  const status = { architecture, format: acceptFormats[0], imageUrl: 'http://192.0.2.1/env.iso', conditions: [ready] };
  await hub.client.patch(RESOURCES.preprovisioningImages, NAMESPACE, NAME, { status }, { subresource: 'status' });
}

/** By name, for counterexamples. */
const EDITS: Readonly<Record<string, Edit>> = {
  'live image': patch({ image: { url: 'http://192.0.2.1/a.iso', format: 'live-iso' } }),
  'another image': patch({ image: { url: 'http://192.0.2.1/b.iso', format: 'live-iso' } }),
  'disk image': patch({ image: { url: 'http://192.0.2.1/c.qcow2', checksum: 'auto' } }),
  'no image': patch({ image: null }),
  'custom deployment': patch({ customDeploy: { method: 'start_assisted_install' } }),
  'no custom deployment': patch({ customDeploy: null }),
  online: patch({ online: true }),
  offline: patch({ online: false }),
  'externally provisioned': patch({ externallyProvisioned: true }),
  'not externally provisioned': patch({ externallyProvisioned: false }),
  cleaning: patch({ automatedCleaningMode: 'metadata' }),
  'no cleaning': patch({ automatedCleaningMode: 'disabled' }),
  'no power off': patch({ disablePowerOff: true }),
  raid: patch({ raid: { softwareRAIDVolumes: [{ level: '1' }] } }),
  'no raid': patch({ raid: null }),
  hints: patch({ rootDeviceHints: { deviceName: '/dev/sdb' } }),
  detached: annotate({ 'baremetalhost.metal3.io/detached': '' }),
  'detached by force': annotate({ 'baremetalhost.metal3.io/detached': '{"force":true}' }),
  attached: annotate({ 'baremetalhost.metal3.io/detached': null }),
  paused: annotate({ 'baremetalhost.metal3.io/paused': '' }),
  'not paused': annotate({ 'baremetalhost.metal3.io/paused': null }),
  reboot: annotate({ 'reboot.metal3.io': '' }),
  'reboot by force': annotate({ 'reboot.metal3.io': '{"force":true,"mode":"hard"}' }),
  'reboot in words': annotate({ 'reboot.metal3.io': 'please' }),
  inspection: annotate({ 'inspect.metal3.io': '' }),
  'no inspection': annotate({ 'inspect.metal3.io': 'disabled' }),
  'no Secret': async (hub) => {
    await hub.client.patch(RESOURCES.secrets, NAMESPACE, SECRET, { metadata: { finalizers: null } });
    await hub.client.delete(RESOURCES.secrets, NAMESPACE, SECRET);
  },
  'a Secret': (hub) => hub.addSecret(NAME, { username: 'admin', password: 'secret' }),
  'a Secret without password': (hub) =>
    hub.client.patch(RESOURCES.secrets, NAMESPACE, SECRET, { data: { password: null } }),
  'the agent ends': async (hub) => hub.operator?.agentEnded({ namespace: NAMESPACE, name: NAME }),
  'the agent fails': async (hub) => hub.operator?.agentEnded({ namespace: NAMESPACE, name: NAME }, 'it failed'),
  'an operator anew': async (hub) => {
    const { converged } = hub;
    await hub.halt();
    await hub.operate({ failures: FAILURES, converged });
  },
  'an image': makeImage,
  deleted: (hub) => hub.remove(NAME),
  time: () => new Promise((resolve) => setTimeout(resolve, 20)),
};

const FAILURES: readonly BmhFailure[] = (['inspect', 'provision', 'deprovision', 'powerOff'] as const).map(
  (operation) => ({
    operation,
    share: 1,
    times: 1,
    message: `${operation} failed`,
  }),
);

/** States in which a host stays until somebody does something. */
const RESTING = ['available', 'provisioned', 'externally provisioned'];

async function edited(hub: BmhHub, edits: readonly string[], converged: boolean): Promise<void> {
  await hub.addHost({ name: NAME });
  await hub.operate({ failures: FAILURES, converged });
  for (const edit of edits) {
    // Users are refused at times, such as when there is nothing left to change.
    await EDITS[edit]!(hub).catch((error) => {
      if (!isKubeError(error)) throw error;
    });
  }
}

/** Takes away whatever keeps a host where it is, and says when it has come to rest. */
async function settled(hub: BmhHub): Promise<boolean> {
  if (hub.converged) await makeImage(hub).catch(() => {});
  const host = await hub.host(NAME);
  if (!host || (host.metadata.deletionTimestamp && host.metadata.finalizers === undefined)) return true;
  const { provisioning, operationalStatus } = host.status;
  const waitsForAgent =
    provisioning.state === 'provisioning' && host.spec.customDeploy?.method === 'start_assisted_install';
  if (waitsForAgent) hub.operator!.agentEnded({ namespace: NAMESPACE, name: NAME });
  if (host.metadata.deletionTimestamp) return false;
  return RESTING.includes(provisioning.state) && operationalStatus === 'OK';
}

async function lived(hub: BmhHub, edits: readonly string[], converged: boolean): Promise<void> {
  await edited(hub, edits, converged);
  for (const edit of ['not paused', 'attached', 'a Secret']) await EDITS[edit]!(hub).catch(() => {});
  await hub.client.patch(RESOURCES.secrets, NAMESPACE, SECRET, { stringData: { password: 'secret' } }).catch(() => {});
  await expect.poll(() => settled(hub), { timeout: 60_000, interval: 10 }).toBe(true);
  await hub.remove(NAME).catch(() => {});
  await expect.poll(() => hub.host(NAME), { timeout: 60_000, interval: 10 }).toBeUndefined();
  // Statuses that the schema does not allow would have been refused.
  expect(hub.errors()).toEqual([]);
  const left = await hub.client.list(RESOURCES.hardwareData, { namespace: NAMESPACE });
  expect(left.items.every(({ metadata }) => metadata.finalizers === undefined)).toBe(true);
}

it('a host that is let go comes to rest, and to its end when it is deleted', async () => {
  const names = fc.array(fc.constantFrom(...Object.keys(EDITS)), { minLength: 1, maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(names, fc.boolean(), async (edits, converged) => {
      const hub = await BmhHub.start(20_000);
      try {
        await lived(hub, edits, converged);
      } catch (error) {
        const host = await hub.host(NAME);
        throw new Error(`${error}\n${JSON.stringify(host)}\n${hub.states(NAME)}\n${hub.errors()}`);
      } finally {
        await hub.stop();
      }
    }),
    { numRuns: Number(process.env.RUNS ?? 12) },
  );
}, 600_000);
