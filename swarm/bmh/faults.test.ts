import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FaultBmhState } from '../../model/faults/faults.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { seconds } from '../../model/time/span.ts';
import { BmhHub, macOf, NAMESPACE } from './testing/bmh-hub.ts';
import type { BmhFault } from './timings.ts';

const ISO = 'http://192.0.2.1:8888/minimal.iso';
const LIVE_IMAGE = { image: { url: ISO, format: 'live-iso' } };
// A busy machine takes its time.
vi.setConfig({ testTimeout: 120_000 });
const WAIT = { timeout: 60_000 };
const STATES: FaultBmhState[] = ['registering', 'inspecting', 'provisioning'];

let hub: BmhHub;

beforeEach(async () => {
  hub = await BmhHub.start(2000);
});
afterEach(() => hub.stop());

const statusOf = async (name: string) => (await hub.host(name))!.status;
const reaches = (name: string, state: string) =>
  expect.poll(async () => (await hub.host(name))?.status.provisioning.state, WAIT).toBe(state);

/** A host that something goes wrong with, and one beside it, which boots. */
async function besideGood(fault: BmhFault) {
  const annotations = fault.state === 'inspecting' ? {} : { 'inspect.metal3.io': 'disabled' };
  const name = await hub.addHost({ annotations, spec: LIVE_IMAGE });
  const good = await hub.addHost({ annotations, spec: LIVE_IMAGE });
  const seen = await hub.followErrors(name);
  await hub.operate({
    // Sooner than a failure is noticed: who had been switched on would run.
    timings: { boot: seconds(1, 0) },
    faultOf: (mac) => (mac === macOf(0) ? fault : null),
  });
  return { name, good, seen };
}

async function goesWithoutTrace(name: string): Promise<void> {
  await hub.remove(name);
  await hub.client.delete(RESOURCES.secrets, NAMESPACE, `${name}-bmc`);
  await expect.poll(() => hub.host(name), WAIT).toBeUndefined();
  const secrets = async () => (await hub.client.list(RESOURCES.secrets, { namespace: NAMESPACE })).items;
  await expect
    .poll(async () => (await secrets()).map((secret) => secret.metadata.name), WAIT)
    .not.toContain(`${name}-bmc`);
  expect(hub.errors()).toEqual([]);
}

describe('a host that gets stuck', () => {
  it.each(STATES)('at %s stays there without an error, boots no agent, and can be removed', async (state) => {
    const { name, good } = await besideGood({ kind: 'bmh-stuck', state });
    await reaches(good, 'provisioned');
    await reaches(name, state);
    const from = hub.clock.now();
    await expect.poll(() => hub.clock.now() - from, WAIT).toBeGreaterThan(30 * 60_000);
    expect(await statusOf(name)).toMatchObject({ provisioning: { state }, errorCount: 0, errorMessage: '' });
    expect(hub.powerOf(name).filter((line) => line.includes('agent'))).toEqual([]);
    await goesWithoutTrace(name);
  });
});

describe('a host that fails', () => {
  it.each([
    ['registering', 'registration error', 'no route to host'],
    ['inspecting', 'inspection error', 'timeout reached'],
  ] as const)('at %s shows it, and is tried again later each time', async (state, type, message) => {
    const { name, good, seen } = await besideGood({ kind: 'bmh-fails', state, message });
    await reaches(good, 'provisioned');
    for (const count of [1, 2, 3]) await expect.poll(() => seen, WAIT).toContain(`${type} ${count} ${message}`);
    const status = await statusOf(name);
    expect(status.provisioning.state).toBe(state);
    expect(status.errorCount).toBeGreaterThanOrEqual(3);
    expect(hub.powerOf(name).filter((line) => line.includes('agent'))).toEqual([]);
    await goesWithoutTrace(name);
  });

  it('at provisioning goes through deprovisioning, and never boots its image', async () => {
    const message = 'the virtual media cannot be inserted';
    const { name, good, seen } = await besideGood({ kind: 'bmh-fails', state: 'provisioning', message });
    await reaches(good, 'provisioned');
    const rounds = () => hub.states(name).filter((state) => state === 'deprovisioning').length;
    await expect.poll(rounds, WAIT).toBeGreaterThan(1);
    const error = `provisioning error 1 Image provisioning failed (url: ${ISO}): ${message}`;
    await expect.poll(() => seen.filter((line) => line === error).length, WAIT).toBeGreaterThan(1);
    expect(hub.powerOf(name).filter((line) => line.includes('agent'))).toEqual([]);
    await goesWithoutTrace(name);
  });
});
