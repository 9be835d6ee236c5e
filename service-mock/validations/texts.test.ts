import { describe, expect, it } from 'vitest';
import type { JsonObject, ServiceSettings } from '../service-api.ts';
import { AGENT, inventoryOf, type Machine, Site } from '../testing/test-site.ts';

interface Case {
  readonly id: string;
  readonly status: string;
  readonly message: string;
  readonly inventory?: (document: JsonObject) => void;
  readonly cluster?: JsonObject;
  readonly settings?: Partial<ServiceSettings>;
  /** Asked before the host has sent its inventory. */
  readonly early?: true;
  readonly act?: (site: Site, machine: Machine) => void;
}

const disk = (document: JsonObject) => (document.disks as JsonObject[])[0] as JsonObject;
const nic = (document: JsonObject) => (document.interfaces as JsonObject[])[0] as JsonObject;
const HOSTNAME = '^[a-z0-9][a-z0-9-]{0,62}(?:[.][a-z0-9-]{1,63})*$';
const unmanaged = { user_managed_networking: true };
const vips = { api_vips: [{ ip: '192.168.10.100' }], ingress_vips: [{ ip: '192.168.10.101' }] };
const resolutions =
  (...names: readonly (readonly [string, string[]])[]) =>
  (site: Site, machine: Machine) =>
    site.reply(machine, 'domain-resolution', {
      resolutions: names.map(([domain_name, ipv4_addresses]) => ({
        domain_name,
        ipv4_addresses,
        ipv6_addresses: [],
        cnames: [],
      })),
    });

/** Texts that people's scripts match on: assisted-service, internal/host/validator.go. */
const HOST: readonly Case[] = [
  { id: 'connected', status: 'success', message: 'Host is connected' },
  { id: 'media-connected', status: 'success', message: 'Media device is connected' },
  { id: 'has-inventory', status: 'success', message: 'Valid inventory exists for the host' },
  { id: 'has-inventory', status: 'failure', message: 'Inventory has not been received for the host', early: true },
  { id: 'has-min-cpu-cores', status: 'pending', message: 'Missing inventory', early: true },
  { id: 'has-cpu-cores-for-role', status: 'pending', message: 'Missing inventory or role', early: true },
  { id: 'has-default-route', status: 'pending', message: 'Missing default routing information.', early: true },
  { id: 'no-skip-missing-disk', status: 'pending', message: 'Host inventory not available yet', early: true },
  { id: 'non-overlapping-subnets', status: 'pending', message: 'Missing inventory', early: true },
  {
    id: 'sufficient-network-latency-requirement-for-role',
    status: 'pending',
    message: 'The inventory is not available yet.',
    early: true,
  },
  {
    id: 'inventory-not-partially-truncated',
    status: 'failure',
    message: 'Inventory is truncated (partial): big; wide',
    inventory: (document) => (document.truncation = { type: 'partial', reasons: ['big', 'wide'] }),
  },
  {
    id: 'inventory-not-partially-truncated',
    status: 'success',
    message: 'Inventory is not partially truncated (inventory fully truncated)',
    inventory: (document) => (document.truncation = { type: 'full' }),
  },
  {
    id: 'inventory-not-fully-truncated',
    status: 'failure',
    message: 'Inventory is truncated (full)',
    inventory: (document) => (document.truncation = { type: 'full' }),
  },
  {
    id: 'inventory-not-fully-truncated',
    status: 'error',
    message: 'Unexpected inventory truncation type',
    inventory: (document) => (document.truncation = { type: 'somehow' }),
  },
  {
    id: 'has-min-cpu-cores',
    status: 'failure',
    message:
      'The host is not eligible to participate in Openshift Cluster because the minimum required CPU cores for any role is 2, found only 1',
    inventory: (document) => ((document.cpu as JsonObject).count = 1),
  },
  {
    id: 'has-min-memory',
    status: 'failure',
    message:
      'The host is not eligible to participate in Openshift Cluster because the minimum required RAM for any role is 8.00 GiB, found only 512 MiB',
    inventory: (document) => ((document.memory as JsonObject).physical_bytes = 2 ** 29),
  },
  {
    id: 'has-memory-for-role',
    status: 'failure',
    message: 'Require at least 16.00 GiB RAM for role master, found only 4.50 GiB',
    cluster: { control_plane_count: 1 },
    inventory: (document) => ((document.memory as JsonObject).physical_bytes = 4.5 * 2 ** 30),
  },
  {
    id: 'has-min-valid-disks',
    status: 'error',
    message: 'Failed to detected disks',
    inventory: (document) => (document.disks = []),
  },
  {
    id: 'has-min-valid-disks',
    status: 'failure',
    message: 'No eligible disks were found, please check specific disks to see why they are not eligible',
    inventory: (document) => (disk(document).size_bytes = 1e9),
  },
  {
    id: 'machine-cidr-defined',
    status: 'failure',
    message:
      'Machine Network CIDR is undefined; the Machine Network CIDR can be defined by setting either the API or Ingress virtual IPs',
  },
  {
    id: 'belongs-to-machine-cidr',
    status: 'failure',
    message:
      'Host does not belong to machine network CIDRs. Verify that the host belongs to every CIDR listed under machine networks',
    cluster: { control_plane_count: 1, machine_networks: [{ cidr: '10.1.0.0/24' }] },
  },
  {
    id: 'hostname-valid',
    status: 'failure',
    message: 'The host name localhost is forbidden',
    inventory: (document) => (document.hostname = 'localhost'),
  },
  {
    id: 'hostname-valid',
    status: 'failure',
    message: `Hostname Upper is forbidden, hostname should match pattern ${HOSTNAME}`,
    inventory: (document) => (document.hostname = 'Upper'),
  },
  {
    id: 'valid-platform-network-settings',
    status: 'failure',
    message: 'Platform OpenStack Compute is allowed only for Single Node OpenShift or user-managed networking',
    inventory: (document) => ((document.system_vendor as JsonObject).product_name = 'OpenStack Compute'),
  },
  {
    id: 'ntp-synced',
    status: 'failure',
    message: "Host couldn't synchronize with any NTP server",
    act: (site, machine) =>
      site.reply(machine, 'ntp-synchronizer', { ntp_sources: [{ source_name: 'a', source_state: 'unreachable' }] }),
  },
  {
    id: 'container-images-available',
    status: 'failure',
    message:
      'Failed to fetch container images needed for installation from x,y. This may be due to a network hiccup. Retry to install again. If this problem persists, check your network settings to make sure you’re not blocked.',
    act: (site, machine) =>
      site.reply(machine, 'container-image-availability', {
        images: ['x', 'y'].map((name) => ({ name, result: 'failure' })),
      }),
  },
  {
    id: 'sufficient-installation-disk-speed',
    status: 'failure',
    message:
      'While preparing the previous installation the installation disk speed measurement failed or was found to be insufficient',
    act: (site, machine) =>
      site.reply(
        machine,
        'installation-disk-speed-check',
        { path: disk(inventoryOf(1, '')).id, io_sync_duration: 90 },
        1,
      ),
  },
  {
    id: 'sufficient-installation-disk-speed',
    status: 'disabled',
    message: 'Validation disabled by configuration',
    settings: { DISABLED_HOST_VALIDATIONS: ['sufficient-installation-disk-speed'] },
  },
  {
    id: 'has-default-route',
    status: 'failure',
    message: 'Host has not yet been configured with a default route.',
    inventory: (document) => (document.routes = []),
  },
  {
    id: 'non-overlapping-subnets',
    status: 'failure',
    message:
      'Address networks are overlapping: Address networks 192.168.10.0/24 in interface eth0 and 192.168.10.0/25 in interface eth1 overlap',
    inventory: (document) =>
      (document.interfaces as JsonObject[]).push({
        ...nic(document),
        name: 'eth1',
        ipv4_addresses: ['192.168.10.99/25'],
      }),
  },
  {
    id: 'non-overlapping-subnets',
    status: 'failure',
    message:
      'Address networks are overlapping: Address network 192.168.10.0/24 appears on multiple interfaces [eth0, eth1]',
    inventory: (document) =>
      (document.interfaces as JsonObject[]).push({
        ...nic(document),
        name: 'eth1',
        ipv4_addresses: ['192.168.10.99/24'],
      }),
  },
  {
    id: 'compatible-with-cluster-platform',
    status: 'failure',
    message:
      'Host is not compatible with cluster platform vsphere; either disable this host or discover a new compatible host.',
    cluster: { platform: { type: 'vsphere' } },
  },
  {
    id: 'dns-wildcard-not-configured',
    status: 'failure',
    message:
      'DNS wildcard configuration was detected for domain *.test.example.com - the installation will not be able to complete while this record exists. Please remove it to proceed. The domain resolves to 10.9.9.9, 10.9.9.8',
    act: resolutions(['validateNoWildcardDNS.test.example.com.', ['10.9.9.9', '10.9.9.8']]),
  },
  {
    id: 'dns-wildcard-not-configured',
    status: 'failure',
    message:
      'Unexpected domain name resolution was detected for the relative domain name with the sub-domain *.test.example.com despite the fact that no resolution exists for a Fully Qualified Domain Name (FQDN) with same sub-domain. This is usually a sign of DHCP-provided domain-search configuration. The installation will not be able to complete with this configuration in place. Please remove it to proceed. The relative domain name resolves to 10.9.9.9',
    act: resolutions(
      ['validateNoWildcardDNS.test.example.com.', []],
      ['validateNoWildcardDNS.test.example.com', ['10.9.9.9']],
    ),
  },
  {
    id: 'dns-wildcard-not-configured',
    status: 'pending',
    message: 'DNS wildcard check cannot be performed yet because the host has not yet performed DNS resolution',
    early: true,
  },
  {
    id: 'api-domain-name-resolved-correctly',
    status: 'success',
    message: 'Domain name resolution for the api.test.example.com domain was successful or not required',
  },
  {
    id: 'apps-domain-name-resolved-correctly',
    status: 'failure',
    message:
      "Couldn't resolve domain name *.apps.test.example.com on the host. To continue installation, create the necessary DNS entries to resolve this domain name to your cluster's application ingress IP address",
    cluster: unmanaged,
    act: resolutions(),
  },
  {
    id: 'compatible-agent',
    status: 'failure',
    message:
      "This host's agent is in the process of being upgraded to a compatible version. This might take a few minutes",
    act: (site, machine) => void site.service.getInstructions(machine.infraEnvId, machine.id, null, 'other'),
  },
  {
    id: 'disk-encryption-requirements-satisfied',
    status: 'failure',
    message: "The host's TPM version is not supported, expected-version: 2.0, actual-version: 1.2",
    cluster: { control_plane_count: 1, disk_encryption: { enable_on: 'all', mode: 'tpmv2' } },
    inventory: (document) => (document.tpm_version = '1.2'),
  },
  {
    id: 'disk-encryption-requirements-satisfied',
    status: 'failure',
    message: "TPM version could not be found, make sure TPM is enabled in host's BIOS",
    cluster: { control_plane_count: 1, disk_encryption: { enable_on: 'all', mode: 'tpmv2' } },
    inventory: (document) => (document.tpm_version = 'none'),
  },
  {
    id: 'no-skip-installation-disk',
    status: 'failure',
    message:
      "Requesting to skip the formatting of the installation disk is not allowed. The installation disk must be formatted. Please either change this host's installation disk or do not skip the formatting of the installation disk",
    act: (site, machine) =>
      void site.service.updateHost(machine.infraEnvId, machine.id, {
        disks_skip_formatting: [{ disk_id: disk(inventoryOf(1, '')).id as string, skip_formatting: true }],
      }),
  },
  {
    id: 'cnv-requirements-satisfied',
    status: 'failure',
    message: 'CPU does not have virtualization support',
    cluster: { control_plane_count: 1, olm_operators: [{ name: 'cnv' }] },
    inventory: (document) => ((document.cpu as JsonObject).flags = []),
  },
  {
    id: 'mce-requirements-satisfied',
    status: 'failure',
    message: 'Insufficient CPU to deploy multicluster engine. Required CPU count is 8 but found 7 ',
    cluster: { control_plane_count: 1, olm_operators: [{ name: 'mce' }] },
    inventory: (document) => ((document.cpu as JsonObject).count = 7),
  },
  {
    id: 'mce-requirements-satisfied',
    status: 'failure',
    message: 'Insufficient CPU to deploy multicluster engine. Required CPU count is 4 but found 2 ',
    cluster: { olm_operators: [{ name: 'mce' }] },
    inventory: (document) => ((document.cpu as JsonObject).count = 2),
  },
  {
    id: 'mtv-requirements-satisfied',
    status: 'failure',
    message:
      'Insufficient memory to deploy OpenShift Migration Toolkit for Virtualization. Required memory is 1024 MiB but found 512 MiB',
    cluster: { control_plane_count: 1, olm_operators: [{ name: 'mtv' }] },
    inventory: (document) => ((document.memory as JsonObject).usable_bytes = 2 ** 29),
  },
  {
    id: 'lvm-requirements-satisfied',
    status: 'failure',
    message: 'Logical Volume Manager requires at least one non-installation HDD/SSD disk on the host',
    cluster: { control_plane_count: 1, olm_operators: [{ name: 'lvm' }] },
  },
  {
    id: 'lvm-requirements-satisfied',
    status: 'failure',
    message: 'Logical Volume Manager requires at least one non-installation HDD/SSD disk of 70GB minimum on the host',
    cluster: { control_plane_count: 1, olm_operators: [{ name: 'lvm' }, { name: 'mce' }] },
  },
  {
    id: 'odf-requirements-satisfied',
    status: 'pending',
    message:
      'Auto-assigning roles for hosts with ODF is allowed only for clusters with exactly three hosts. For other scenarios, please manually assign the host role as either a control plane node or a worker.',
    cluster: { olm_operators: [{ name: 'odf' }] },
  },
  {
    id: 'kmm-requirements-satisfied',
    status: 'failure',
    message: 'Secure boot is enabled, but it needs to be disabled in order to load modules',
    cluster: { olm_operators: [{ name: 'kmm' }] },
    inventory: (document) => (document.boot = { secure_boot_state: 'Enabled' }),
  },
  {
    id: 'lso-requirements-satisfied',
    status: 'success',
    message: '',
    cluster: { olm_operators: [{ name: 'lso' }] },
  },
  { id: 'lso-requirements-satisfied', status: 'success', message: 'lso is disabled' },
];

const CLUSTER: readonly (readonly [string, string, string, JsonObject])[] = [
  [
    'machine-cidr-defined',
    'failure',
    'The Machine Network CIDR is undefined; the Machine Network CIDR can be defined by setting either the API or Ingress virtual IPs.',
    {},
  ],
  ['machine-cidr-defined', 'success', 'No Machine Network CIDR needed: User Managed Networking', unmanaged],
  ['api-vips-defined', 'failure', 'API virtual IPs are undefined and must be provided.', {}],
  [
    'api-vips-defined',
    'success',
    'API virtual IPs are not required: User Managed Networking',
    { control_plane_count: 1 },
  ],
  ['ingress-vips-valid', 'pending', 'Ingress virtual IPs are undefined.', {}],
  ['api-vips-valid', 'success', 'api vips 192.168.10.100 belongs to the Machine CIDR and is not in use.', vips],
  [
    'machine-cidr-equals-to-calculated-cidr',
    'failure',
    '1 error occurred:\n\t* No suitable matching CIDR found for VIP 10.5.0.1\n\n',
    { api_vips: [{ ip: '10.5.0.1' }], ingress_vips: [{ ip: '10.5.0.2' }] },
  ],
  [
    'no-cidrs-overlapping',
    'failure',
    'CIDRS Overlapping: MachineNetworkCIDR and ServiceNetworkCIDR: CIDRS 192.168.10.0/24 and 192.168.0.0/16 overlap.',
    { ...vips, service_networks: [{ cidr: '192.168.0.0/16' }] },
  ],
  [
    'no-cidrs-overlapping',
    'pending',
    'At least one of the CIDRs (Machine Network, Cluster Network, Service Network) is undefined.',
    {},
  ],
  [
    'networks-same-address-families',
    'failure',
    'Address families of networks (ServiceNetworks, ClusterNetworks) are not the same.',
    { ...vips, cluster_networks: [{ cidr: 'fd01::/48', host_prefix: 64 }] },
  ],
  [
    'custom-manifests-requirements-satisfied',
    'failure',
    'Custom manifests are required for: Calico network type. Please upload manifests via the custom manifests API.',
    { network_type: 'Calico' },
  ],
  ['custom-manifests-requirements-satisfied', 'success', 'No custom manifests are required', {}],
  [
    'sufficient-masters-count',
    'failure',
    'The cluster must have exactly 3 dedicated control plane nodes. Add or remove hosts, or change their roles configurations to meet the requirement.',
    vips,
  ],
  ['all-hosts-are-ready-to-install', 'failure', 'The cluster has hosts that are not ready to install.', {}],
  ['dns-domain-defined', 'failure', 'The base domain is undefined and must be provided.', { base_dns_domain: '' }],
  ['pull-secret-set', 'success', 'The pull secret is set.', {}],
  ['ntp-server-configured', 'success', 'No ntp problems found', {}],
  ['platform-requirements-satisfied', 'success', 'Platform requirements satisfied', {}],
  ['cnv-requirements-satisfied', 'success', 'cnv is disabled', {}],
  [
    'odf-requirements-satisfied',
    'failure',
    'The cluster must either have no dedicated worker nodes or at least three. Add or remove hosts, or change their roles configurations to meet the requirement.',
    { olm_operators: [{ name: 'odf' }] },
  ],
  [
    'nvidia-gpu-requirements-satisfied',
    'failure',
    'The NVIDIA GPU operator requires at least one supported NVIDIA GPU, but there is none in the discovered hosts.',
    { olm_operators: [{ name: 'nvidia-gpu' }] },
  ],
  [
    'openshift-ai-requirements-satisfied',
    'failure',
    'OpenShift AI requires at least 2 worker nodes, but the cluster has 0.',
    { olm_operators: [{ name: 'openshift-ai' }] },
  ],
  [
    'openshift-ai-gpu-requirements-satisfied',
    'success',
    'No GPU vendor selected - OpenShift AI will be installed without GPU support',
    { olm_operators: [{ name: 'openshift-ai' }] },
  ],
];

async function discovered({ inventory, cluster = {}, settings = {}, early, act }: Partial<Case>) {
  const site = new Site(settings);
  const clusterId = site.cluster(cluster);
  const machine = site.machine(site.infraEnv(clusterId));
  if (inventory) machine.inventory = (document) => void inventory(document);
  if (early) site.service.updateCluster(clusterId, {});
  else await site.live(2);
  act?.(site, machine);
  await site.clock.advance(10_000);
  return { site, clusterId, machine };
}

describe('texts of host validations', () => {
  it.each(HOST)('$id, $status: $message', async (one) => {
    const { site, machine } = await discovered(one);
    expect(site.validation(machine, one.id)).toMatchObject({ status: one.status, message: one.message });
  });

  it.each([
    [
      -1300,
      "service time is ahead of host's at least for 20.0 minutes, please configure an NTP server via DHCP. Service time: ",
    ],
    [
      3700,
      'host time is ahead of service at least for 60.0 minutes, please configure an NTP server via DHCP. Service time: ',
    ],
  ])('tell the service’s time to a clock that is %i s off', async (seconds, text) => {
    const { site, machine } = await discovered({});
    const now = site.clock.now();
    site.service.getInstructions(machine.infraEnvId, machine.id, Math.floor(now / 1000) + seconds, AGENT);
    site.service.updateHost(machine.infraEnvId, machine.id, {});
    const time = new Date(now).toISOString().slice(0, 19).replace('T', ' ');
    expect(site.validation(machine, 'time-synced-between-host-and-service')?.message).toMatch(
      new RegExp(`^Host clock is not synchronized, ${text}${time}(\\.\\d+)? \\+0000 UTC$`),
    );
  });

  it('advise how to look further into latency and loss', async () => {
    const site = new Site();
    const infraEnv = site.infraEnv(site.cluster(vips));
    for (let index = 0; index < 3; index++) site.machine(infraEnv);
    await site.live(4);
    const [first, second] = site.machines as [Machine, Machine];
    site.reply(first, 'connectivity-check', {
      remote_hosts: [
        {
          host_id: second.id,
          l3_connectivity: [
            { remote_ip_address: 'x', average_rtt_ms: 150, packet_loss_percentage: 5, successful: true },
          ],
        },
      ],
    });
    site.service.updateHost(first.infraEnvId, first.id, {});
    const name = (machine: Machine) => inventoryOf(machine.index, machine.network).hostname;
    const address = (nic(inventoryOf(first.index, first.network)).ipv4_addresses as string[])[0];
    const text = (id: string) => site.validation(first, id)?.message;
    expect(text('sufficient-network-latency-requirement-for-role')).toBe(
      `A total network latency above the tolerated threshold of 100.00 ms was encountered when performing network latency tests between host ${first.id} and ${name(second)} (150.00 ms)\\n` +
        `Actions:\n1: Please try the following commands on the host ${name(first)} and examine averages to investigate the latency issue further\n\n` +
        `2: Please try the following commands on the host ${name(first)} to investigate the packet loss further\n\n` +
        `ping -c 10 -W 3 -q -I eth0 ${address}\n`,
    );
    expect(text('sufficient-packet-loss-requirement-for-role')).toBe(
      `A total packet loss above the tolerated threshold of 0.00% was encountered when performing connectivity validation between host ${first.id} and ${name(second)} (5.00%)\\n` +
        'Actions:\n1: Check if there are multiple devices on the same L2 network, if so then use the built-in nmstate-based advanced networking configuration to create a bond or disable all but one of the interfaces.\n' +
        `2: Please try the following commands on the host ${name(first)} to investigate the packet loss further\n\n` +
        `ping -c 10 -W 3 -q -I eth0 ${address}\n`,
    );
  });
});

describe('texts of cluster validations', () => {
  it.each(CLUSTER)('%s, %s: %s', async (id, status, message, cluster) => {
    const { site, clusterId } = await discovered({ cluster });
    expect(site.clusterValidation(clusterId, id)).toMatchObject({ status, message });
  });

  it('network-type-valid, failure: no infra-env can be of such a cluster', async () => {
    const site = new Site();
    const clusterId = site.cluster({ vip_dhcp_allocation: true });
    await site.clock.advance(10_000);
    expect(site.clusterValidation(clusterId, 'network-type-valid')).toMatchObject({
      status: 'failure',
      message: 'VIP DHCP allocation is not supported when the cluster is configured to use OVNKubernetes.',
    });
    expect(() => site.infraEnv(clusterId)).toThrow('cannot use VIP Automatic Allocation');
  });
});

describe('texts of ODF', () => {
  /** Three hosts with these sizes of a second disk, GB; none without. */
  async function compact(sizes: readonly (number | undefined)[]) {
    const site = new Site();
    const clusterId = site.cluster({ ...vips, olm_operators: [{ name: 'odf' }] });
    const infraEnv = site.infraEnv(clusterId);
    for (const size of sizes) {
      const machine = site.machine(infraEnv);
      machine.inventory = (document) => {
        Object.assign(document.cpu as JsonObject, { count: 32 });
        Object.assign(document.memory as JsonObject, { physical_bytes: 2 ** 37, usable_bytes: 2 ** 37 });
        if (size === undefined) return;
        const second = { ...disk(document), id: '/dev/disk/by-id/second', name: 'sdb', path: '/dev/sdb' };
        (document.disks as JsonObject[]).push({ ...second, size_bytes: size * 1e9 });
      };
    }
    await site.live(4);
    return {
      host: site.validation(site.machines[0] as Machine, 'odf-requirements-satisfied'),
      cluster: site.clusterValidation(clusterId, 'odf-requirements-satisfied'),
    };
  }
  const short =
    'Insufficient resources to deploy ODF in compact mode. ODF requires a minimum of 3 hosts. Each host must have at least 1 additional disk of 25 GB minimum and an installation disk.';

  it.each([
    [[100, 100, 100], 'success', '', 'success', 'ODF Requirements for Compact Deployment are satisfied.'],
    [[10, 100, 100], 'failure', short, 'failure', short],
    [
      [undefined, 100, 100],
      'failure',
      'Insufficient disks, ODF requires at least one non-installation SSD or HDD disk on each host in compact mode.',
      'failure',
      short,
    ],
  ] as const)('with second disks of %j GB', async (sizes, hostStatus, hostText, clusterStatus, clusterText) => {
    expect(await compact(sizes)).toMatchObject({
      host: { status: hostStatus, message: hostText },
      cluster: { status: clusterStatus, message: clusterText },
    });
  });
});
