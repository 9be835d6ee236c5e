import { expect, it } from 'vitest';
import { BmhHub } from './testing/bmh-hub.ts';

const HOSTS = 40;

it(`takes ${HOSTS} hosts from nothing to provisioned with as many writes for each as for one`, async () => {
  const hub = await BmhHub.start(200);
  try {
    const image = { url: 'http://192.0.2.1/minimal.iso', format: 'live-iso' };
    for (let i = 0; i < HOSTS; i += 20) {
      const wishes = { annotations: { 'inspect.metal3.io': 'disabled' }, spec: { image } };
      await Promise.all(Array.from({ length: 20 }, () => hub.addHost(wishes)));
    }
    await hub.operate();
    await expect
      .poll(() => hub.power.filter((line) => line.includes(' on agent ')).length, { timeout: 90_000, interval: 200 })
      .toBe(HOSTS);
    await expect.poll(() => hub.operator!.depth, { timeout: 20_000 }).toBe(0);
    for (const { status } of await hub.hosts()) {
      expect(status).toMatchObject({
        provisioning: { state: 'provisioned' },
        poweredOn: true,
        operationalStatus: 'OK',
      });
    }
    const { status, host, secret, event, firmwareSettings } = hub.operator!.writes;
    expect({ status, host, secret, event, firmwareSettings }).toEqual({
      status: 8 * HOSTS,
      host: HOSTS,
      secret: HOSTS,
      event: 4 * HOSTS,
      firmwareSettings: HOSTS,
    });
    // Besides writes: one look at each Secret that is not the operator's yet, and lists and watches of kinds.
    expect(hub.count('get secrets')).toBe(HOSTS);
    expect(hub.calls.filter(({ verb }) => verb === 'list' || verb === 'watch').length).toBeLessThan(40);
    expect(hub.errors()).toEqual([]);
  } finally {
    await hub.stop();
  }
}, 120_000);
