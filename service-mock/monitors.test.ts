import { describe, expect, it } from 'vitest';
import { inventoryOf, Site } from './testing/test-site.ts';

const MINUTE = 60_000;

describe('the monitors', () => {
  it('overlook news that trigger nothing until the next five-minute slot', async () => {
    const site = new Site({ ENABLE_SINGLE_NODE_DNSMASQ: true });
    const machine = site.machine(site.infraEnv(site.cluster({ control_plane_count: 1 })));
    const keepAlive = async (minutes: number) => {
      for (let minute = 0; minute < minutes; minute++) {
        site.instructions(machine);
        await site.clock.advance(MINUTE);
      }
    };
    await keepAlive(21);
    expect(site.status(machine)).toBe('discovering');
    site.reply(machine, 'inventory', inventoryOf(1, '192.168.10'));
    await keepAlive(3);
    expect(site.status(machine)).toBe('discovering');
    await keepAlive(2);
    expect(site.status(machine)).toBe('insufficient');
  });

  it('notice what triggers them in the next run', async () => {
    const site = new Site({ ENABLE_SINGLE_NODE_DNSMASQ: true });
    const machine = site.machine(site.infraEnv(site.cluster({ control_plane_count: 1 })));
    await site.live(21);
    expect(site.status(machine)).toBe('known');
    site.reply(machine, 'domain-resolution', { resolutions: [] });
    await site.clock.advance(8000);
    expect(site.status(machine)).toBe('insufficient');
  });

  it('say that the service is ill when they stand still', async () => {
    const site = new Site({ HOST_MONITOR_INTERVAL: 400 * 1000 });
    await site.clock.advance(4 * MINUTE);
    expect(site.service.healthy()).toBe(true);
    await site.clock.advance(2 * MINUTE);
    expect(site.service.healthy()).toBe(false);
    await site.clock.advance(MINUTE);
    expect(site.service.healthy()).toBe(true);
    site.service.stop();
    expect(site.clock.pending).toBe(0);
  });
});

it('judges a cluster by the networks it had before the turn that finds them out', async () => {
  const site = new Site();
  const clusterId = site.cluster({
    api_vips: [{ ip: '192.168.10.100' }],
    ingress_vips: [{ ip: '192.168.10.101' }],
  });
  site.machine(site.infraEnv(clusterId));
  await site.clock.advance(20_000);
  await site.live(2);
  const { events } = site.service.listEvents({
    cluster_id: clusterId,
    cluster_level: true,
    message: 'machine-cidr-defined',
  });
  expect(Array.from(events, ({ name }) => name)).toEqual(['cluster_validation_failed', 'cluster_validation_fixed']);
});
