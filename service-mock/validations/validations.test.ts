import { describe, expect, it } from 'vitest';
import type { JsonObject, ServiceSettings } from '../service-api.ts';
import { AGENT, inventoryOf, type Machine, Site } from '../testing/test-site.ts';

interface Case {
  readonly id: string;
  readonly status: string;
  readonly inventory?: (document: JsonObject) => void;
  readonly cluster?: JsonObject;
  readonly settings?: Partial<ServiceSettings>;
  readonly act?: (site: Site, machine: Machine) => void;
}

const nic = (document: JsonObject) => (document.interfaces as JsonObject[])[0] as JsonObject;
const disk = (document: JsonObject) => (document.disks as JsonObject[])[0] as JsonObject;
const none = { user_managed_networking: true };
const vips = { api_vips: [{ ip: '192.168.10.100' }], ingress_vips: [{ ip: '192.168.10.101' }] };

/** Each validation once with the healthy host of {@link inventoryOf} and once broken. */
const BROKEN: readonly Case[] = [
  { id: 'media-connected', status: 'failure', act: (site, machine) => site.reply(machine, 'inventory', '', 256) },
  { id: 'has-min-cpu-cores', status: 'failure', inventory: (document) => ((document.cpu as JsonObject).count = 1) },
  {
    id: 'has-min-memory',
    status: 'failure',
    inventory: (document) => ((document.memory as JsonObject).physical_bytes = 2 ** 32),
  },
  {
    id: 'has-cpu-cores-for-role',
    status: 'failure',
    inventory: (document) => ((document.cpu as JsonObject).count = 1),
  },
  {
    id: 'has-memory-for-role',
    status: 'failure',
    inventory: (document) => ((document.memory as JsonObject).physical_bytes = 2 ** 32),
  },
  { id: 'has-min-valid-disks', status: 'failure', inventory: (document) => (disk(document).size_bytes = 1e9) },
  { id: 'has-min-valid-disks', status: 'failure', inventory: (document) => (disk(document).drive_type = 'ODD') },
  {
    id: 'has-min-valid-disks',
    status: 'failure',
    inventory: (document) =>
      (disk(document).installation_eligibility = { not_eligible_reasons: ['Disk is removable'] }),
  },
  { id: 'has-min-valid-disks', status: 'error', inventory: (document) => (document.disks = []) },
  { id: 'machine-cidr-defined', status: 'failure' },
  {
    id: 'belongs-to-machine-cidr',
    status: 'failure',
    cluster: { control_plane_count: 1, machine_networks: [{ cidr: '10.1.0.0/24' }] },
  },
  { id: 'hostname-valid', status: 'failure', inventory: (document) => (document.hostname = 'localhost') },
  { id: 'hostname-valid', status: 'failure', inventory: (document) => (document.hostname = 'Upper') },
  {
    id: 'inventory-not-partially-truncated',
    status: 'failure',
    inventory: (document) => (document.truncation = { type: 'partial', reasons: ['big'] }),
  },
  {
    id: 'inventory-not-fully-truncated',
    status: 'failure',
    inventory: (document) => (document.truncation = { type: 'full' }),
  },
  {
    id: 'valid-platform-network-settings',
    status: 'failure',
    inventory: (document) => ((document.system_vendor as JsonObject).product_name = 'OpenStack Compute'),
  },
  { id: 'valid-platform-network-settings', status: 'error', inventory: (document) => delete document.system_vendor },
  {
    id: 'ntp-synced',
    status: 'failure',
    act: (site, machine) =>
      site.reply(machine, 'ntp-synchronizer', { ntp_sources: [{ source_name: 'a', source_state: 'unreachable' }] }),
  },
  {
    id: 'time-synced-between-host-and-service',
    status: 'failure',
    act: (site, machine) =>
      void site.service.getInstructions(
        machine.infraEnvId,
        machine.id,
        Math.floor(site.clock.now() / 1000) - 1300,
        AGENT,
      ),
  },
  {
    id: 'time-synced-between-host-and-service',
    status: 'failure',
    act: (site, machine) =>
      void site.service.getInstructions(
        machine.infraEnvId,
        machine.id,
        Math.floor(site.clock.now() / 1000) + 3700,
        AGENT,
      ),
  },
  {
    id: 'container-images-available',
    status: 'failure',
    act: (site, machine) =>
      site.reply(machine, 'container-image-availability', { images: [{ name: 'x', result: 'failure' }] }),
  },
  {
    id: 'sufficient-installation-disk-speed',
    status: 'failure',
    act: (site, machine) =>
      site.reply(
        machine,
        'installation-disk-speed-check',
        { path: disk(inventoryOf(1, '')).id, io_sync_duration: 90 },
        1,
      ),
  },
  { id: 'has-default-route', status: 'failure', inventory: (document) => (document.routes = []) },
  {
    id: 'has-default-route',
    status: 'failure',
    inventory: (document) => (((document.routes as JsonObject[])[0] as JsonObject).gateway = ''),
  },
  {
    id: 'non-overlapping-subnets',
    status: 'failure',
    inventory: (document) =>
      (document.interfaces as JsonObject[]).push({
        ...nic(document),
        name: 'eth1',
        ipv4_addresses: ['192.168.10.99/25'],
      }),
  },
  { id: 'compatible-with-cluster-platform', status: 'failure', cluster: { platform: { type: 'vsphere' } } },
  {
    id: 'dns-wildcard-not-configured',
    status: 'failure',
    act: (site, machine) =>
      site.reply(machine, 'domain-resolution', {
        resolutions: ['.', ''].map((dot) => ({
          domain_name: `validateNoWildcardDNS.test.example.com${dot}`,
          ipv4_addresses: ['10.9.9.9'],
          ipv6_addresses: [],
          cnames: [],
        })),
      }),
  },
  {
    id: 'dns-wildcard-not-configured',
    status: 'error',
    act: (site, machine) => site.reply(machine, 'domain-resolution', { resolutions: [] }),
  },
  {
    id: 'api-domain-name-resolved-correctly',
    status: 'failure',
    cluster: none,
    act: (site, machine) =>
      site.reply(machine, 'domain-resolution', {
        resolutions: [{ domain_name: 'api.test.example.com', ipv4_addresses: [], ipv6_addresses: [], cnames: [] }],
      }),
  },
  {
    id: 'apps-domain-name-resolved-correctly',
    status: 'failure',
    cluster: none,
    act: (site, machine) => site.reply(machine, 'domain-resolution', { resolutions: [] }),
  },
  {
    id: 'compatible-agent',
    status: 'failure',
    act: (site, machine) => void site.service.getInstructions(machine.infraEnvId, machine.id, null, 'other'),
  },
  {
    id: 'disk-encryption-requirements-satisfied',
    status: 'failure',
    cluster: { disk_encryption: { enable_on: 'all', mode: 'tpmv2' } },
    inventory: (document) => (document.tpm_version = '1.2'),
  },
  {
    id: 'vsphere-disk-uuid-enabled',
    status: 'failure',
    inventory: (document) => ((document.system_vendor as JsonObject).manufacturer = 'VMware, Inc.'),
  },
  {
    id: 'no-skip-installation-disk',
    status: 'failure',
    act: (site, machine) =>
      void site.service.updateHost(machine.infraEnvId, machine.id, {
        disks_skip_formatting: [{ disk_id: disk(inventoryOf(1, '')).id as string, skip_formatting: true }],
      }),
  },
  {
    id: 'cnv-requirements-satisfied',
    status: 'failure',
    cluster: { olm_operators: [{ name: 'cnv' }] },
    inventory: (document) => ((document.cpu as JsonObject).flags = []),
  },
  {
    id: 'sufficient-installation-disk-speed',
    status: 'disabled',
    settings: { DISABLED_HOST_VALIDATIONS: ['sufficient-installation-disk-speed'] },
  },
];

async function discovered({ inventory, cluster = {}, settings = {}, act }: Partial<Case>) {
  const site = new Site(settings);
  const clusterId = site.cluster(cluster);
  const machine = site.machine(site.infraEnv(clusterId));
  if (inventory) machine.inventory = (document) => void inventory(document);
  await site.live(2);
  act?.(site, machine);
  await site.clock.advance(10_000);
  return { site, clusterId, machine };
}

describe('host validations', () => {
  it.each(BROKEN)('$id is $status when broken', async (broken) => {
    const { site, machine } = await discovered(broken);
    expect(site.validation(machine, broken.id)?.status).toBe(broken.status);
  });

  it.each([...new Set(BROKEN.map((broken) => broken.id))])('%s passes for a healthy host', async (id) => {
    const healthy = {
      'disk-encryption-requirements-satisfied': { disk_encryption: { enable_on: 'all', mode: 'tpmv2' } },
      'cnv-requirements-satisfied': { olm_operators: [{ name: 'cnv' }] },
    }[id];
    const { site, machine } = await discovered({
      cluster: { ...vips, ...healthy },
    });
    if (id === 'vsphere-disk-uuid-enabled') expect(site.validation(machine, id)).toBeUndefined();
    else expect(site.validation(machine, id)?.status).toBe('success');
  });

  it('compare latency and loss only between hosts of one role', async () => {
    const site = new Site();
    const infraEnv = site.infraEnv(
      site.cluster({ api_vips: [{ ip: '192.168.10.100' }], ingress_vips: [{ ip: '192.168.10.101' }] }),
    );
    for (let index = 0; index < 4; index++) site.machine(infraEnv);
    await site.live(4);
    const slow = (target: Machine) => ({
      remote_hosts: [
        {
          host_id: target.id,
          l3_connectivity: [
            { remote_ip_address: 'x', average_rtt_ms: 150, packet_loss_percentage: 5, successful: true },
          ],
        },
      ],
    });
    const roles = site.machines.map((machine) => site.host(machine).suggested_role);
    expect(roles.filter((role) => role === 'master')).toHaveLength(3);
    const workerAt = roles.indexOf('worker');
    const masters = site.machines.filter((_, index) => index !== workerAt) as [Machine, Machine];
    site.reply(masters[0], 'connectivity-check', slow(site.machines[workerAt] as Machine));
    site.service.updateHost(masters[0].infraEnvId, masters[0].id, {});
    expect(site.validation(masters[0], 'sufficient-network-latency-requirement-for-role')?.status).toBe('success');
    site.reply(masters[0], 'connectivity-check', slow(masters[1]));
    site.service.updateHost(masters[0].infraEnvId, masters[0].id, {});
    for (const id of [
      'sufficient-network-latency-requirement-for-role',
      'sufficient-packet-loss-requirement-for-role',
    ]) {
      expect(site.validation(masters[0], id)?.status).toBe('failure');
    }
  });

  it('that are ignored do not block, but those that must not be ignored cannot be', async () => {
    const { site, clusterId, machine } = await discovered({
      inventory: (document) => (document.routes = []),
      cluster: { control_plane_count: 1 },
      settings: { ENABLE_SINGLE_NODE_DNSMASQ: true },
    });
    expect(site.status(machine)).toBe('insufficient');
    expect(() => site.service.setIgnoredValidations(clusterId, { 'host-validation-ids': '["connected"]' })).toThrow(
      expect.objectContaining({ status: 400 }),
    );
    expect(() => site.service.setIgnoredValidations(clusterId, { 'host-validation-ids': 'all' })).toThrow(
      expect.objectContaining({ status: 400 }),
    );
    site.service.setIgnoredValidations(clusterId, { 'host-validation-ids': '["all"]' });
    await site.live(1);
    expect(site.status(machine)).toBe('known');
    expect(site.validation(machine, 'has-default-route')?.status).toBe('failure');
  });
});

describe('cluster validations', () => {
  it.each([
    ['dns-domain-defined', 'failure', { base_dns_domain: '' }],
    ['api-vips-defined', 'failure', {}],
    ['ingress-vips-defined', 'failure', {}],
    ['api-vips-valid', 'pending', {}],
    ['machine-cidr-defined', 'failure', {}],
    [
      'machine-cidr-equals-to-calculated-cidr',
      'failure',
      { api_vips: [{ ip: '10.5.0.1' }], ingress_vips: [{ ip: '10.5.0.2' }] },
    ],
    ['sufficient-masters-count', 'failure', vips],
    ['all-hosts-are-ready-to-install', 'failure', {}],
    ['no-cidrs-overlapping', 'failure', { ...vips, service_networks: [{ cidr: '192.168.0.0/16' }] }],
    [
      'networks-same-address-families',
      'failure',
      { ...vips, cluster_networks: [{ cidr: 'fd01::/48', host_prefix: 64 }] },
    ],
    ['custom-manifests-requirements-satisfied', 'failure', { network_type: 'Calico' }],
    ['api-vips-valid', 'success', vips],
    ['ingress-vips-valid', 'success', vips],
    ['machine-cidr-equals-to-calculated-cidr', 'success', vips],
    ['no-cidrs-overlapping', 'success', vips],
    ['network-prefix-valid', 'success', vips],
    ['pull-secret-set', 'success', vips],
    ['ntp-server-configured', 'success', vips],
  ])('%s is %s with %j', async (id, status, body) => {
    const { site, clusterId } = await discovered({ cluster: body });
    expect(site.clusterValidation(clusterId, id)?.status).toBe(status);
  });

  it.each([
    [1, 'success', 'The Cluster Network prefix is valid.'],
    [
      2,
      'failure',
      'Cluster network CIDR prefix 24 does not contain enough addresses for 2 hosts each one with 24 prefix (256 addresses)',
    ],
  ])('network-prefix-valid counts %i hosts', async (hosts, status, message) => {
    const { site, clusterId, machine } = await discovered({
      cluster: { cluster_networks: [{ cidr: '10.128.0.0/24', host_prefix: 24 }] },
    });
    while (site.machines.length < hosts) site.machine(machine.infraEnvId);
    await site.live(2);
    expect(site.clusterValidation(clusterId, 'network-prefix-valid')).toMatchObject({ status, message });
  });

  it('ntp-server-configured looks at how far the hosts’ clocks are apart', async () => {
    const { site, clusterId, machine } = await discovered({ cluster: vips });
    const other = site.machine(machine.infraEnvId);
    await site.live(1);
    const now = Math.floor(site.clock.now() / 1000);
    const poll = (target: Machine, seconds: number) =>
      site.service.getInstructions(target.infraEnvId, target.id, seconds, AGENT);
    for (const [gap, status] of [
      [299, 'success'],
      [300, 'failure'],
    ] as const) {
      poll(machine, now);
      poll(other, now - gap);
      site.service.updateCluster(clusterId, {});
      expect(site.clusterValidation(clusterId, 'ntp-server-configured')?.status).toBe(status);
    }
  });
});
