import { describe, expect, it } from 'vitest';
import { AGENT, inventoryOf, type Machine, Site } from '../testing/test-site.ts';
import { DAY1_STATES, DAY2_STATES, POOL_STATES } from './steps-by-state.ts';

describe('the tables', () => {
  it('of day-1 hosts', () => {
    const shared = ['connectivity-check', 'tang-connectivity-check', 'free-network-addresses', 'dhcp-lease-allocate'];
    const tail = ['ntp-synchronizer', 'domain-resolution', 'verify-vips'];
    expect(DAY1_STATES.insufficient?.steps).toEqual(['inventory', ...shared, ...tail]);
    expect(DAY1_STATES['pending-for-input']).toEqual(DAY1_STATES.insufficient);
    expect(DAY1_STATES.known?.steps).toEqual([...shared, 'inventory', ...tail]);
    expect(Object.fromEntries(Object.entries(DAY1_STATES).map(([state, { seconds }]) => [state, seconds]))).toEqual({
      discovering: 60,
      insufficient: 60,
      'pending-for-input': 60,
      known: 60,
      disconnected: 120,
      'preparing-for-installation': 60,
      installing: 60,
      'installing-in-progress': 60,
      disabled: 120,
      resetting: 120,
      error: 120,
      cancelled: 120,
      binding: 0,
    });
  });

  it('of day-2 and unbound hosts', () => {
    expect(DAY2_STATES.known?.steps).toEqual([
      'connectivity-check',
      'api-vip-connectivity-check',
      'tang-connectivity-check',
      'inventory',
      'ntp-synchronizer',
      'domain-resolution',
    ]);
    expect(DAY2_STATES.installing?.steps).toEqual(['install']);
    expect(POOL_STATES['known-unbound']).toMatchObject({ steps: ['inventory', 'ntp-synchronizer'], seconds: 60 });
    expect(POOL_STATES['reclaiming-rebooting']).toEqual({ steps: ['reboot-for-reclaim'], seconds: 120, exit: true });
    expect(POOL_STATES.unbinding).toMatchObject({ steps: [], seconds: 0, exit: true });
  });
});

describe('a poll', () => {
  async function three(settings = {}) {
    const site = new Site(settings);
    const clusterId = site.cluster({ api_vips: [{ ip: '192.168.10.100' }], ingress_vips: [{ ip: '192.168.10.101' }] });
    const infraEnv = site.infraEnv(clusterId);
    for (let index = 0; index < 3; index++) site.machine(infraEnv);
    await site.live(4);
    return { site, clusterId, first: site.machines[0] as Machine };
  }

  it('of a known host carries arguments as agents expect them', async () => {
    const { site, first } = await three();
    const steps = site.instructions(first).steps;
    expect(steps.map((step) => step.step_type)).toEqual([
      'connectivity-check',
      'free-network-addresses',
      'inventory',
      'ntp-synchronizer',
      'domain-resolution',
      'verify-vips',
    ]);
    const peers = JSON.parse(steps[0]?.args[0] as string);
    expect(peers).toEqual(
      site.machines.slice(1).map((machine) => ({
        host_id: machine.id,
        nics: [
          { ip_addresses: [`192.168.10.${10 + machine.index}`], mac: `52:54:00:00:00:0${machine.index}`, name: 'eth0' },
        ],
      })),
    );
    expect(steps[1]?.args).toEqual(['["192.168.10.0/24"]']);
    expect(steps[2]?.args).toEqual([first.id]);
    expect(JSON.parse(steps[4]?.args[0] as string).domains.at(-1)).toEqual({ domain_name: 'registry.example.com' });
    expect(JSON.parse(steps[5]?.args[0] as string)).toEqual([
      { vip: '192.168.10.100', vip_type: 'api' },
      { vip: '192.168.10.101', vip_type: 'ingress' },
    ]);
    for (const step of steps) expect(step.step_id).toMatch(new RegExp(`^${step.step_type}-[0-9a-f]{8}$`));
  });

  it('cuts every host out of its own peers, wherever it stands', async () => {
    const { site } = await three();
    for (const machine of site.machines) {
      const peers = JSON.parse(site.instructions(machine).steps[0]?.args[0] as string) as { host_id: string }[];
      expect(peers.map((peer) => peer.host_id)).toEqual(
        site.machines.filter((other) => other !== machine).map((other) => other.id),
      );
    }
  });

  it('leaves disabled steps out', async () => {
    const { site, first } = await three({ DISABLED_STEPS: ['verify-vips', 'inventory-of-nothing'] });
    expect(site.instructions(first).steps.map((step) => step.step_type)).not.toContain('verify-vips');
  });

  it('of an agent that does not fit brings nothing but its upgrade, and one event an hour', async () => {
    const { site, clusterId, first } = await three();
    const poll = () => site.service.getInstructions(first.infraEnvId, first.id, null, 'other:latest');
    expect(poll()).toEqual({
      instructions: [{ args: [JSON.stringify({ agent_image: AGENT })], step_type: 'upgrade-agent' }],
      next_instruction_seconds: 60,
      post_step_action: 'continue',
    });
    poll();
    const count = () =>
      site.service.listEvents({ cluster_id: clusterId, message: 'has been instructed to download image' }).total;
    expect(count()).toBe(1);
    site.service.stop();
    await site.clock.advance(3_600_000);
    poll();
    expect(count()).toBe(2);
  });

  it('without timestamp keeps the host from being known', async () => {
    const site = new Site({ ENABLE_SINGLE_NODE_DNSMASQ: true });
    const machine = site.machine(site.infraEnv(site.cluster({ control_plane_count: 1 })));
    site.service.getInstructions(machine.infraEnvId, machine.id, null, AGENT);
    site.reply(machine, 'inventory', inventoryOf(1, '192.168.10'));
    await site.clock.advance(10_000);
    expect(site.validation(machine, 'time-synced-between-host-and-service')?.status).toBe('pending');
    expect(site.status(machine)).toBe('insufficient');
  });

  it('hands out 150 connectivity checks a minute to larger clusters', async () => {
    const site = new Site({ HOST_MONITOR_INTERVAL: 1000 });
    const infraEnv = site.infraEnv(site.cluster());
    for (let index = 0; index < 160; index++) {
      const machine = site.machine(infraEnv, `10.${index}.0`);
      site.poll(machine);
    }
    await site.clock.advance(5000);
    const granted = () =>
      site.machines.filter((machine) =>
        site.instructions(machine).steps.some((step) => step.step_type === 'connectivity-check'),
      ).length;
    expect(granted()).toBe(150);
    expect(granted()).toBe(0);
    await site.clock.advance(61_000);
    expect(granted()).toBe(150);
  });
});
