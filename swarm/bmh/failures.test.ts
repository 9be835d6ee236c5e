import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RESOURCES } from '../../model/kube/resources.ts';
import { seconds } from '../../model/time/span.ts';
import { BmhHub, NAMESPACE } from './testing/bmh-hub.ts';
import { BrokenLine } from './testing/broken-line.ts';
import type { BmhFailure } from './timings.ts';

const ISO = 'http://192.0.2.1:8888/minimal.iso';
const LIVE_IMAGE = { image: { url: ISO, format: 'live-iso' } };
const NO_INSPECTION = { 'inspect.metal3.io': 'disabled' };
// A busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });
const WAIT = { timeout: 60_000 };

let hub: BmhHub;

beforeEach(async () => {
  hub = await BmhHub.start(2000);
});
afterEach(() => hub.stop());

const statusOf = async (name: string) => (await hub.host(name))!.status;
const reaches = (name: string, state: string) =>
  expect.poll(async () => (await hub.host(name))?.status.provisioning.state, WAIT).toBe(state);

describe('work that fails', () => {
  it.each([
    ['register', 'registration error', 'no route to host', ['registering', 'inspecting', 'preparing', 'available']],
    ['inspect', 'inspection error', 'timeout reached', ['registering', 'inspecting', 'preparing', 'available']],
  ] as const)('at %s is tried again, later each time', async (operation, type, message, states) => {
    const name = await hub.addHost();
    const seen = await hub.followErrors(name);
    await hub.operate({ failures: [{ operation, share: 1, times: 2, message }] });
    await reaches(name, 'available');
    await expect.poll(() => seen, WAIT).toContain(`${type} 1 ${message}`);
    await expect.poll(() => seen, WAIT).toContain(`${type} 2 ${message}`);
    expect(hub.states(name)).toEqual(states);
    expect(await statusOf(name)).toMatchObject({ operationalStatus: 'OK', errorCount: 0, errorMessage: '' });
    const { register, inspect } = (await statusOf(name)).operationHistory;
    const { start, end } = operation === 'register' ? register : inspect;
    // One to two minutes, then two to four.
    expect(Date.parse(end!) - Date.parse(start!)).toBeGreaterThan(3 * 60_000);
    const events = await hub.client.list(RESOURCES.events, { namespace: NAMESPACE });
    const reason = operation === 'register' ? 'RegistrationError' : 'InspectionError';
    expect(events.items.filter((event) => event.reason === reason).length).toBe(2);
  });

  it('at provisioning goes through deprovisioning, counts, and ends at the limit of retries', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, spec: LIVE_IMAGE });
    const seen = await hub.followErrors(name);
    await hub.operate({
      maxProvisioningRetries: 2,
      failures: [{ operation: 'provision', share: 1, message: 'image not found' }],
    });
    const limit =
      'provisioning failed 2 times, retry limit (2) reached; change image or reset provisioningFailCount to retry';
    await expect.poll(async () => (await statusOf(name)).errorMessage, WAIT).toBe(limit);
    expect(seen.some((line) => line.endsWith(`Image provisioning failed (url: ${ISO}): image not found`))).toBe(true);
    expect(hub.states(name).slice(2)).toEqual([
      'available',
      'provisioning',
      'deprovisioning',
      'available',
      'provisioning',
      'deprovisioning',
      'available',
    ]);
    expect((await statusOf(name)).provisioningFailCount).toBe(2);
    // Another image gets its own tries.
    await hub.patch(name, { spec: { image: { url: `${ISO}?2`, format: 'live-iso' } } });
    await expect.poll(() => hub.states(name).length, WAIT).toBeGreaterThan(9);
  });

  it('at the power is an error of the power alone', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION });
    const seen = await hub.followErrors(name);
    await hub.operate({ failures: [{ operation: 'powerOn', share: 1, times: 1, message: 'chassis stuck' }] });
    await expect.poll(async () => (await statusOf(name)).poweredOn, WAIT).toBe(true);
    await expect.poll(() => seen, WAIT).toContain('power management error 1 PowerOn operation failed: chassis stuck');
    await expect
      .poll(() => statusOf(name), WAIT)
      .toMatchObject({
        operationalStatus: 'OK',
        provisioning: { state: 'available' },
      });
    expect((await statusOf(name)).errorType).toBeUndefined();
  });

  it('at the end of a life does not keep the host: it is given up after three times', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, spec: LIVE_IMAGE });
    await hub.operate({
      failures: [
        { operation: 'deprovision', share: 1, message: 'cleaning failed' },
        { operation: 'powerOff', share: 1, message: 'chassis stuck' },
      ],
    });
    await reaches(name, 'provisioned');
    await hub.remove(name);
    await expect.poll(() => hub.host(name), WAIT).toBeUndefined();
    expect(hub.states(name).slice(-3)).toEqual(['deprovisioning', 'powering off before delete', 'deleting']);
  });

  it('hits its share of the hosts, the same ones with the same seed', async () => {
    const failures: BmhFailure[] = [{ operation: 'register', share: 0.5, message: 'no route to host' }];
    const hosts = await Promise.all(Array.from({ length: 20 }, () => hub.addHost({ annotations: NO_INSPECTION })));
    const failing: string[][] = [];
    for (const seed of ['a', 'a', 'b']) {
      await hub.operate({ seed, failures, limit: 100 });
      await expect
        .poll(async () => {
          const statuses = (await hub.hosts()).map(({ status }) => status);
          return statuses.every(({ errorCount, provisioning }) => errorCount > 0 || provisioning.state === 'available');
        }, WAIT)
        .toBe(true);
      failing.push(
        (await hub.hosts()).filter(({ status }) => status.errorCount > 0).map(({ metadata }) => metadata.name),
      );
      await hub.halt();
      for (const name of hosts) {
        await hub.client.patch(RESOURCES.bareMetalHosts, NAMESPACE, name, { status: null }, { subresource: 'status' });
      }
    }
    expect(failing[0]!.length).toBeGreaterThan(3);
    expect(failing[0]!.length).toBeLessThan(17);
    expect(failing[1]).toEqual(failing[0]);
    expect(failing[2]).not.toEqual(failing[0]);
  });

  it.each([
    [{ operation: 'register', share: 1.2, message: '' }, 'share 1.2'],
    [{ operation: 'register', share: 0.2, times: 0, message: '' }, 'times 0'],
    [
      { operation: 'dance', share: 0.2, message: '' },
      '"dance" is not an operation that can fail: use one of register, ',
    ],
  ])('is refused as a row that is not valid: %j', async (row, message) => {
    await expect(hub.operate({ failures: [row as BmhFailure] })).rejects.toThrow(message);
  });
});

describe('the provisioning limit', () => {
  it('of 20 delays further machines that do not boot by virtual media', async () => {
    const bmc = (i: number) => ({ address: `ipmi://192.0.2.${i}`, credentialsName: `host-${i}-bmc` });
    for (let i = 0; i < 30; i++) await hub.addHost({ spec: { bmc: bmc(i) } });
    let most = 0;
    const look = () => {
      most = Math.max(most, hub.operator?.busy ?? 0);
    };
    const timings = { inspect: seconds(1_000_000, 0) };
    await hub.operate({ concurrency: 1, timings, onEvent: look, onPower: look });
    await expect
      .poll(async () => (await hub.hosts()).filter(({ status }) => status.operationalStatus === 'delayed').length, WAIT)
      .toBe(10);
    await expect.poll(() => hub.operator!.busy, WAIT).toBe(20);
    expect(most).toBeLessThanOrEqual(20);
  });

  it('does not hold for virtual media, unless it is told to', async () => {
    for (const [limitVirtualMedia, delays] of [
      [false, false],
      [true, true],
    ] as const) {
      const hosts = await Promise.all([hub.addHost(), hub.addHost(), hub.addHost()]);
      await hub.operate({ limit: 1, limitVirtualMedia, concurrency: 1, timings: { inspect: seconds(300, 0) } });
      let delayed = false;
      await expect
        .poll(async () => {
          const statuses = await Promise.all(hosts.map(statusOf));
          delayed ||= statuses.some(({ operationalStatus }) => operationalStatus === 'delayed');
          return statuses.every(({ provisioning: { state } }) => state === 'available');
        }, WAIT)
        .toBe(true);
      expect(delayed).toBe(delays);
      await hub.halt();
    }
  });
});

describe('an operator', () => {
  it('goes on where it was when the hub was away', async () => {
    const line = new BrokenLine(hub.mock.port);
    await line.mend();
    const name = await hub.addHost({ annotations: NO_INSPECTION });
    await hub.operate({}, line.port);
    await reaches(name, 'available');
    await line.cut();
    await hub.patch(name, { spec: LIVE_IMAGE });
    await expect.poll(() => hub.errors().length, WAIT).toBeGreaterThan(0);
    expect((await statusOf(name)).provisioning.state).toBe('available');
    await line.mend();
    await reaches(name, 'provisioned');
    await line.cut();
  });

  it('that is started anew goes on from the objects, in the middle of provisioning', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, spec: LIVE_IMAGE });
    await hub.operate({ timings: { liveImage: seconds(100_000, 0) } });
    await reaches(name, 'provisioning');
    const before = await statusOf(name);
    await hub.halt();
    await hub.operate();
    await reaches(name, 'provisioned');
    const after = await statusOf(name);
    expect(after.provisioning.ID).toBe(before.provisioning.ID);
    expect(after.operationHistory.provision.start).toBe(before.operationHistory.provision.start);
    await expect.poll(() => hub.powerOf(name).at(-1), WAIT).toBe(`on agent ${ISO}`);
    expect(hub.states(name)).toEqual(['registering', 'preparing', 'available', 'provisioning', 'provisioned']);
  });

  it('that is started anew boots the machines that were on, and writes nothing where nothing has changed', async () => {
    const name = await hub.addHost({ annotations: NO_INSPECTION, spec: LIVE_IMAGE });
    const detached = await hub.addHost({ annotations: NO_INSPECTION, spec: LIVE_IMAGE });
    await hub.operate();
    for (const host of [name, detached]) {
      await expect.poll(async () => (await statusOf(host)).poweredOn, WAIT).toBe(true);
    }
    await hub.annotate(detached, { 'baremetalhost.metal3.io/detached': '' });
    await expect.poll(async () => (await statusOf(detached)).operationalStatus, WAIT).toBe('detached');
    await hub.halt();
    hub.power.length = 0;
    await hub.operate();
    await expect.poll(() => hub.powerOf(name), WAIT).toEqual([`on agent ${ISO}`]);
    expect(Object.entries(hub.operator!.writes).filter(([, writes]) => writes > 0)).toEqual([]);
    expect(hub.powerOf(detached)).toEqual([]);
  });

  it('works on the hosts of its label alone', async () => {
    const own = await hub.addHost({ annotations: NO_INSPECTION, labels: { run: 'mine' } });
    const other = await hub.addHost({ annotations: NO_INSPECTION });
    await hub.operate({ labelSelector: 'run=mine' });
    await reaches(own, 'available');
    expect((await statusOf(other)).provisioning.state).toBe('');
  });
});
