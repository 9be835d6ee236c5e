import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperationError } from '../service-api.ts';
import { inventoryOf, type Machine, Site } from '../testing/test-site.ts';

const TYPES = [
  'inventory',
  'connectivity-check',
  'api-vip-connectivity-check',
  'tang-connectivity-check',
  'free-network-addresses',
  'dhcp-lease-allocate',
  'ntp-synchronizer',
  'container-image-availability',
  'installation-disk-speed-check',
  'domain-resolution',
  'upgrade-agent',
  'verify-vips',
];

function site(): { site: Site; machine: Machine; clusterId: string } {
  const made = new Site({ ENABLE_SINGLE_NODE_DNSMASQ: true });
  const clusterId = made.cluster({ control_plane_count: 1 });
  return { site: made, clusterId, machine: made.machine(made.infraEnv(clusterId)) };
}

const refusal = (status: number) => expect.objectContaining({ status });

describe('replies', () => {
  it.each(TYPES)('of type %s with output that is no JSON are refused with 400', (type) => {
    const { site: here, machine } = site();
    expect(() => here.reply(machine, type, 'not json')).toThrow(refusal(400));
  });

  it.each(TYPES)('of type %s never break the service, whatever they hold', (type) => {
    const { site: here, machine } = site();
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: -1, max: 2 }), (output, exitCode) => {
        try {
          here.reply(machine, type, output, exitCode);
        } catch (error) {
          expect(error).toBeInstanceOf(OperationError);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('of failed steps are accepted', () => {
    const { site: here, machine } = site();
    for (const type of TYPES) expect(() => here.reply(machine, type, 'not json', -1, 'boom')).not.toThrow();
  });

  it('with empty output are ignored only for disk speed and images', () => {
    const { site: here, machine } = site();
    here.reply(machine, 'installation-disk-speed-check', '');
    here.reply(machine, 'container-image-availability', '');
    expect(() => here.reply(machine, 'inventory', '')).toThrow(refusal(400));
    for (const type of ['install', 'logs-gather', 'stop-installation', 'reboot-for-reclaim'])
      here.reply(machine, type, '');
  });

  it('with an inventory are refused with 500 once the cluster prepares', async () => {
    const { site: here, machine, clusterId } = site();
    await here.live(2);
    here.service.installCluster(clusterId);
    await here.clock.advance(10_000);
    expect(() => here.reply(machine, 'inventory', inventoryOf(1, '192.168.10'))).toThrow(refusal(500));
  });

  it('with no free addresses are refused with 500', () => {
    const { site: here, machine } = site();
    expect(() => here.reply(machine, 'free-network-addresses', [])).toThrow(refusal(500));
  });

  it('are stored in model order, unknown fields dropped, lists kept as null', () => {
    const { site: here, machine } = site();
    here.reply(machine, 'inventory', { ...inventoryOf(1, '192.168.10'), unknown: 1, gpus: undefined });
    const stored = JSON.parse(here.host(machine).inventory as string);
    expect(Object.keys(stored)).toEqual(Object.keys(stored).toSorted());
    expect(stored).toMatchObject({ gpus: null, hostname: 'node-1' });
    expect(stored).not.toHaveProperty('unknown');
    expect(stored.disks[0].installation_eligibility).toEqual({ eligible: true, not_eligible_reasons: null });
    expect(here.host(machine)).toMatchObject({ requested_hostname: 'node-1', installation_disk_path: '/dev/sda' });
  });

  it('drop interfaces that are not physical', () => {
    const { site: here, machine } = site();
    const document = inventoryOf(1, '192.168.10');
    (document.interfaces as unknown[]).push({ name: 'veth0', mac_address: '02:00:00:00:00:99', type: 'device' });
    here.reply(machine, 'inventory', document);
    expect(JSON.parse(here.host(machine).inventory as string).interfaces).toHaveLength(1);
  });

  it('of a failed installation end the host, except when the container runs already', async () => {
    const { site: here, machine, clusterId } = site();
    await here.live(2);
    here.service.installCluster(clusterId);
    await here.live(2);
    here.reply(machine, 'install', '', 125, 'Error: the container name "assisted-installer" is already in use by x');
    expect(here.status(machine)).toBe('installing');
    here.reply(machine, 'install', '', 125, 'no such image');
    expect(here.host(machine)).toMatchObject({ status: 'error', status_info: 'installation command failed' });
  });

  it('of a lost medium disconnect the host until the next good reply', async () => {
    const { site: here, machine } = site();
    await here.live(2);
    here.reply(machine, 'inventory', '', 256);
    expect(here.host(machine)).toMatchObject({ status: 'disconnected', media_status: 'disconnected' });
    here.reply(machine, 'ntp-synchronizer', { ntp_sources: [] });
    expect(here.host(machine).media_status).toBe('connected');
  });
});

it.each([
  ['success', 'upgrade_agent_finished'],
  ['failure', 'upgrade_agent_failed'],
  ['', undefined],
])('an agent whose upgrade ended with "%s" makes the event %s', (result, event) => {
  const site = new Site();
  const machine = site.machine(site.infraEnv());
  site.reply(machine, 'upgrade-agent', { agent_image: 'image', result });
  const names = Array.from(site.service.listEvents({ infra_env_id: machine.infraEnvId }).events, ({ name }) => name);
  expect(names.filter((name) => String(name).startsWith('upgrade_agent'))).toEqual(event ? [event] : []);
});

describe('addresses from DHCP', () => {
  async function leased() {
    // The last version that takes them.
    const here = new Site({
      RELEASE_IMAGES: [
        { openshift_version: '4.14', version: '4.14.40', cpu_architecture: 'x86_64', url: 'quay.io/a:b' },
      ],
      OS_IMAGES: [
        { openshift_version: '4.14', version: '414.1', cpu_architecture: 'x86_64', url: 'https://a.b/c.iso' },
      ],
    });
    const clusterId = here.cluster({ openshift_version: '4.14', vip_dhcp_allocation: true });
    const infraEnv = here.infraEnv(clusterId);
    for (let index = 0; index < 3; index++) here.machine(infraEnv);
    await here.live(2);
    const [machine] = here.machines as [Machine];
    const lease = (api_vip_address: string, ingress_vip_address: string) =>
      here.reply(machine, 'dhcp-lease-allocate', { api_vip_address, ingress_vip_address });
    return { here, clusterId, lease };
  }

  it('are taken when they lie in the machine network, and told of', async () => {
    const { here, clusterId, lease } = await leased();
    lease('192.168.10.200', '192.168.10.201');
    expect(here.service.getCluster(clusterId, { excludeHosts: true })).toMatchObject({
      api_vips: [{ ip: '192.168.10.200' }],
      ingress_vips: [{ ip: '192.168.10.201' }],
    });
    const told = 'Cluster was updated with api-vip 192.168.10.200, ingress-vip 192.168.10.201';
    expect(here.service.listEvents({ cluster_id: clusterId, message: told }).total).toBe(1);
    lease('192.168.10.200', '192.168.10.201');
    expect(here.service.listEvents({ cluster_id: clusterId, message: told }).total).toBe(1);
  });

  it('are refused when they lie elsewhere, or when nobody asked for them', async () => {
    const { here, clusterId, lease } = await leased();
    expect(() => lease('10.0.0.1', '192.168.10.201')).toThrow(
      'At least of the IPs (10.0.0.1, 192.168.10.201) is not in machine CIDR 192.168.10.0/24',
    );
    expect(() => lease('', '')).toThrow('IP is nil');
    here.service.updateCluster(clusterId, { vip_dhcp_allocation: false });
    expect(() => lease('192.168.10.200', '192.168.10.201')).toThrow(`DHCP not enabled in cluster ${clusterId}`);
  });
});
