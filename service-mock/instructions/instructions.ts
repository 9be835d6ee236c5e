/** What a polling host is told to do: tables by state and one builder a step type. Source: Service facts 3.1 and 3.2. */

import { aboutHost, type Core } from '../core/core.ts';
import type { ClusterRow, HostRow } from '../core/rows.ts';
import { disksToFormat } from '../hardware/hardware.ts';
import { displayName, installationDiskSpeed, isDay2Host } from '../host/host.ts';
import { installationDiskOf, keepsPartitions } from '../host/validations/host-validations.ts';
import { contains, isIpText, parseCidr } from '../network/networks.ts';
import type { JsonObject } from '../service-api.ts';
import { compareBase, registryOf } from '../versions/versions.ts';

interface StateEntry {
  readonly steps: readonly string[];
  readonly seconds: number;
  readonly exit?: boolean;
}

const MINUTE = 60;
const BACKOFF = 120;
const entry = (steps: readonly string[], seconds = MINUTE): StateEntry => ({ steps, seconds });
const EXIT: StateEntry = { steps: [], seconds: 0, exit: true };
const NOTHING = entry([]);

const DISCOVERED = [
  'inventory',
  'connectivity-check',
  'tang-connectivity-check',
  'free-network-addresses',
  'dhcp-lease-allocate',
  'ntp-synchronizer',
  'domain-resolution',
  'verify-vips',
];

/** Day-1 hosts of a cluster. */
export const DAY1_STATES: Readonly<Record<string, StateEntry>> = {
  discovering: entry(['inventory']),
  insufficient: entry(DISCOVERED),
  'pending-for-input': entry(DISCOVERED),
  known: entry([
    'connectivity-check',
    'tang-connectivity-check',
    'free-network-addresses',
    'dhcp-lease-allocate',
    'inventory',
    'ntp-synchronizer',
    'domain-resolution',
    'verify-vips',
  ]),
  disconnected: entry(['inventory'], BACKOFF),
  'preparing-for-installation': entry([
    'dhcp-lease-allocate',
    'installation-disk-speed-check',
    'container-image-availability',
  ]),
  installing: entry(['install', 'dhcp-lease-allocate']),
  'installing-in-progress': entry(['dhcp-lease-allocate']),
  disabled: entry([], BACKOFF),
  resetting: entry([], BACKOFF),
  error: entry(['logs-gather', 'stop-installation'], BACKOFF),
  cancelled: entry(['logs-gather', 'stop-installation'], BACKOFF),
  binding: EXIT,
};

/** Hosts that join an installed cluster. */
export const DAY2_STATES: Readonly<Record<string, StateEntry>> = {
  discovering: entry(['inventory', 'ntp-synchronizer', 'domain-resolution']),
  insufficient: entry([
    'inventory',
    'connectivity-check',
    'api-vip-connectivity-check',
    'tang-connectivity-check',
    'ntp-synchronizer',
    'domain-resolution',
  ]),
  known: entry([
    'connectivity-check',
    'api-vip-connectivity-check',
    'tang-connectivity-check',
    'inventory',
    'ntp-synchronizer',
    'domain-resolution',
  ]),
  'pending-for-input': entry([
    'inventory',
    'connectivity-check',
    'api-vip-connectivity-check',
    'tang-connectivity-check',
  ]),
  disconnected: entry(['inventory'], BACKOFF),
  installing: entry(['install']),
  disabled: entry([], BACKOFF),
  resetting: entry([], BACKOFF),
  error: entry(['logs-gather', 'stop-installation'], BACKOFF),
  cancelled: entry(['logs-gather', 'stop-installation'], BACKOFF),
  binding: EXIT,
};

/** Hosts without a cluster. */
export const POOL_STATES: Readonly<Record<string, StateEntry>> = {
  'discovering-unbound': entry(['inventory', 'ntp-synchronizer']),
  'insufficient-unbound': entry(['inventory', 'ntp-synchronizer']),
  'known-unbound': entry(['inventory', 'ntp-synchronizer']),
  'disconnected-unbound': entry(['inventory'], BACKOFF),
  'disabled-unbound': entry([], BACKOFF),
  unbinding: EXIT,
  'unbinding-pending-user-action': EXIT,
  reclaiming: entry(['download-boot-artifacts']),
  'reclaiming-rebooting': { steps: ['reboot-for-reclaim'], seconds: BACKOFF, exit: true },
};

/** States in which an unfitting agent is replaced before anything else. */
const UPGRADABLE: ReadonlySet<string> = new Set([
  'binding',
  'discovering',
  'insufficient',
  'known',
  'pending-for-input',
  'discovering-unbound',
  'insufficient-unbound',
  'known-unbound',
]);

type Builder = (core: Core, host: HostRow) => readonly string[] | undefined;

const json = (value: unknown): string[] => [JSON.stringify(value)];

const inventoryStep: Builder = ({ settings }, host) => [
  host.id,
  ...(settings.AGENT_INVENTORY_MAX_SIZE ? [`--output-max-size=${settings.AGENT_INVENTORY_MAX_SIZE}`] : []),
  ...(settings.AGENT_INVENTORY_DISK_MIN_SIZE ? [`--disk-min-size=${settings.AGENT_INVENTORY_DISK_MIN_SIZE}`] : []),
];

/** Above this many members checks are handed out slowly: as many a minute. */
const THROTTLED_ABOVE = 150;

function isAdmitted(core: Core, cluster: ClusterRow, host: HostRow): boolean {
  const { admitted, waiting } = cluster.throttle;
  const now = core.clock.now();
  while (admitted.length > 0 && now - (admitted[0] as number) > 60_000) admitted.shift();
  let index = waiting.indexOf(host.id);
  if (index < 0) index = waiting.push(host.id) - 1;
  if (index >= THROTTLED_ABOVE - admitted.length) return false;
  waiting.splice(index, 1);
  admitted.push(now);
  return true;
}

/**
 * Every other member with its NICs. The text of all members is kept for the cluster and only the asking host is cut
 * out, so that a poll costs one slice instead of reading every inventory.
 */
const connectivityStep: Builder = (core, host) => {
  const cluster = host.cluster as ClusterRow;
  if (cluster.hosts.length < 2) return undefined;
  if (cluster.hosts.length > THROTTLED_ABOVE && !isAdmitted(core, cluster, host)) return undefined;
  let cache = cluster.connectivityArguments;
  if (!cache || cache.version !== cluster.membersVersion) {
    const pieces = new Map<string, string>();
    for (const member of cluster.hosts) {
      if (!member.inventory || member.status === 'discovering' || member.status === 'disconnected') continue;
      pieces.set(member.id, `{"host_id":"${member.id}","nics":${member.inventory.nicSummary}}`);
    }
    cache = { version: cluster.membersVersion, pieces, joined: [...pieces.values()].join(',') };
    cluster.connectivityArguments = cache;
  }
  const own = cache.pieces.get(host.id);
  if (cache.pieces.size - (own ? 1 : 0) === 0) return undefined;
  if (!own) return [`[${cache.joined}]`];
  const at = cache.joined.indexOf(own);
  const before = cache.joined.slice(0, at);
  const after = cache.joined.slice(at + own.length);
  return [`[${before === '' ? after.slice(1) : before.slice(0, -1) + after}]`];
};

const MIN_FREE_PREFIX = 22;

const freeAddressesStep: Builder = (_core, host) => {
  const networks = new Set<string>();
  for (const nic of host.inventory?.interfaces ?? []) {
    for (const { network, networkText } of nic.addresses) {
      if (network.family === 4 && network.prefix >= MIN_FREE_PREFIX) networks.add(networkText);
    }
  }
  return networks.size === 0 ? undefined : [JSON.stringify([...networks])];
};

const ntpStep: Builder = (_core, { infraEnv, cluster }) => {
  const sources = infraEnv.ntpSources || cluster?.ntpSources || '';
  const additional = [infraEnv.additionalNtpSources, cluster?.additionalNtpSource ?? ''];
  const all = sources !== '' ? [sources] : additional;
  const names = all
    .flatMap((list) => list.split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return json({ ntp_source: [...new Set(names)].join(',') });
};

const dnsCache = new WeakMap<ClusterRow, { key: string; args: readonly string[] }>();

const domainStep: Builder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  if (cluster.baseDnsDomain === '') return undefined;
  const day2 = isDay2Host(host);
  const key = `${cluster.name} ${cluster.baseDnsDomain} ${cluster.releaseImage} ${day2}`;
  const known = dnsCache.get(cluster);
  if (known?.key === key) return known.args;
  const base = `${cluster.name}.${cluster.baseDnsDomain}`;
  const names = [
    `api.${base}`,
    `api-int.${base}`,
    `console-openshift-console.apps.${base}`,
    `validateNoWildcardDNS.${base}.`,
    `validateNoWildcardDNS.${base}`,
  ];
  const registry = registryOf(cluster.releaseImage).replace(/:\d+$/, '');
  if (!day2 && cluster.releaseImage !== '' && !isIpText(registry)) names.push(registry);
  const args = json({ domains: names.map((name) => ({ domain_name: name })) });
  dnsCache.set(cluster, { key, args });
  return args;
};

const vipsStep: Builder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  if (cluster.apiVips.length + cluster.ingressVips.length === 0) return undefined;
  return json([
    ...cluster.apiVips.map(({ ip }) => ({ vip: ip, vip_type: 'api' })),
    ...cluster.ingressVips.map(({ ip }) => ({ vip: ip, vip_type: 'ingress' })),
  ]);
};

/** MAC addresses for VIP leases are made from the cluster's id. */
function vipMac(cluster: ClusterRow, kind: 'api' | 'ingress'): string {
  const hex = cluster.id.replaceAll('-', '');
  const tail = kind === 'api' ? hex.slice(0, 6) : hex.slice(6, 12);
  return `00:1a:4a:${tail.match(/../g)!.join(':')}`;
}

const dhcpStep: Builder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  const network = parseCidr(cluster.machineNetworks[0] ?? '');
  if (!cluster.vipDhcpAllocation || !network) return undefined;
  const nic = host.inventory?.interfaces.find((candidate) =>
    candidate.addresses.some((address) => contains(network, address.ip)),
  );
  return (
    nic &&
    json({ api_vip_mac: vipMac(cluster, 'api'), ingress_vip_mac: vipMac(cluster, 'ingress'), interface: nic.name })
  );
};

const tangStep: Builder = (_core, host) => {
  const { mode, enableOn, tangServers } = (host.cluster as ClusterRow).diskEncryption;
  return mode === 'tang' && enableOn !== 'none' ? json({ tang_servers: tangServers }) : undefined;
};

const apiVipStep: Builder = (_core, host) => {
  const cluster = host.cluster as ClusterRow;
  const pool = host.machineConfigPoolName || 'worker';
  const custom = cluster.ignitionEndpoint.url;
  const address = cluster.apiVipDnsName || `api.${cluster.name}.${cluster.baseDnsDomain}`;
  const ca = cluster.ignitionEndpoint.ca_certificate;
  const token = host.ignitionEndpointToken;
  const headers = Object.entries({
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
    ...(host.ignitionEndpointHttpHeaders ? (JSON.parse(host.ignitionEndpointHttpHeaders) as JsonObject) : {}),
  });
  return json({
    ...(ca ? { ca_certificate: ca } : {}),
    ...(token ? { ignition_endpoint_token: token } : {}),
    request_headers: headers.length === 0 ? null : headers.map(([key, value]) => ({ key, value })),
    url: custom
      ? `${custom}/${pool}`
      : `${ca ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${ca ? 22623 : 22624}/config/${pool}`,
  });
};

const diskSpeedStep: Builder = ({ settings }, host) => {
  const skipped = keepsPartitions(host) || host.inventory?.deviceType === 'persistent';
  if (skipped || host.installationDiskId === '' || installationDiskSpeed(host)) return undefined;
  return [JSON.stringify({ path: host.installationDiskId }), (settings.DISK_CHECK_TIMEOUT / 1000).toFixed(2)];
};

function imagesOf(core: Core, cluster: ClusterRow): string[] {
  return [
    cluster.releaseImage,
    core.versions.machineConfigImage(cluster.releaseImage),
    ...Object.values(core.versions.mustGather(cluster.openshiftVersion)).slice(0, 1),
    core.settings.INSTALLER_IMAGE,
  ];
}

const imagesStep: Builder = (core, host) => {
  const missing = imagesOf(core, host.cluster as ClusterRow).filter((image) => !host.imageStatuses.has(image));
  return missing.length === 0
    ? undefined
    : json({ images: missing, timeout: core.settings.IMAGE_AVAILABILITY_TIMEOUT / 1000 });
};

const logsStep: Builder = (_core, host) => {
  if (host.logsCollectedAt !== 0) return undefined;
  const cluster = host.cluster as ClusterRow;
  const masters = host.bootstrap
    ? cluster.hosts
        .filter((member) => member.role === 'master' && member !== host)
        .flatMap(
          (member) =>
            member.inventory?.interfaces.flatMap((nic) => nic.addresses.map((address) => address.text)).slice(0, 1) ??
            [],
        )
    : undefined;
  return json({
    bootstrap: host.bootstrap,
    cluster_id: cluster.id,
    host_id: host.id,
    infra_env_id: host.infraEnv.id,
    installer_gather: true,
    master_ips: masters?.length ? masters : null,
  });
};

function installerArguments(host: HostRow): string {
  const cluster = host.cluster as ClusterRow;
  const list = host.installerArgs === '' ? [] : (JSON.parse(host.installerArgs) as string[]);
  if (host.infraEnv.staticNetworkConfig !== '') {
    if (!list.includes('--copy-network')) list.push('--copy-network');
  } else if (!list.some((argument) => argument.startsWith('ip='))) {
    const network = primaryNetwork(cluster);
    const dual = new Set(cluster.clusterNetworks.map(({ cidr }) => parseCidr(cidr)?.family)).size > 1;
    for (const nic of network ? (host.inventory?.interfaces ?? []) : []) {
      if (!network || !nic.addresses.some((address) => contains(network, address.ip))) continue;
      const how = dual ? 'dhcp,dhcp6' : network.family === 6 ? 'dhcp6' : 'dhcp';
      list.push('--append-karg', `ip=${nic.mac.replaceAll(':', '-')}:${how}`);
    }
  }
  return list.length === 0 ? '' : JSON.stringify(list);
}

/** The machine network, else a network of the bootstrap host. */
function primaryNetwork(cluster: ClusterRow) {
  const given = cluster.machineNetworks[0];
  if (given !== undefined) return parseCidr(given);
  const networks = cluster.hosts
    .find((host) => host.bootstrap)
    ?.inventory?.interfaces.flatMap((nic) => nic.addresses.map((address) => address.network));
  return networks?.find((network) => network.family === 4) ?? networks?.[0];
}

const installStep: Builder = (core, host) => {
  const cluster = host.cluster as ClusterRow;
  const disk = installationDiskOf(host);
  if (!disk || !host.inventory) return undefined;
  const day2 = isDay2Host(host);
  const skipped = host.skipFormattingDisks.split(',');
  const format: string[] = [];
  for (const candidate of disksToFormat(host.inventory)) {
    const keep = skipped.includes(candidate.id);
    core.events.emit(
      keep ? 'quick_disk_format_skipped' : 'quick_disk_format_performed',
      aboutHost(host),
      displayName(host),
      candidate.name,
      candidate.id,
    );
    if (!keep) format.push(candidate.id);
  }
  const mustGather = core.versions.mustGather(cluster.openshiftVersion);
  const proxy = {
    ...(cluster.httpProxy ? { http_proxy: cluster.httpProxy } : {}),
    ...(cluster.httpsProxy ? { https_proxy: cluster.httpsProxy } : {}),
    ...(cluster.noProxy ? { no_proxy: cluster.noProxy } : {}),
  };
  const args = installerArguments(host);
  host.installerVersion = core.settings.INSTALLER_IMAGE;
  return json({
    boot_device: disk.id,
    check_cvo: core.settings.CHECK_CLUSTER_VERSION,
    cluster_id: cluster.id,
    ...(cluster.controlPlaneCount ? { control_plane_count: cluster.controlPlaneCount } : {}),
    controller_image: core.settings.CONTROLLER_IMAGE,
    disks_to_format: format.length === 0 ? null : format,
    ...(skipMcoReboot(core, host, cluster) ? { enable_skip_mco_reboot: true } : {}),
    host_id: host.id,
    infra_env_id: host.infraEnv.id,
    ...(args ? { installer_args: args } : {}),
    installer_image: core.settings.INSTALLER_IMAGE,
    ...(day2 ? {} : { mco_image: core.versions.machineConfigImage(cluster.releaseImage) }),
    ...(day2
      ? {}
      : { must_gather_image: Object.keys(mustGather).length > 1 ? JSON.stringify(mustGather) : mustGather.ocp }),
    notify_num_reboots: true,
    ...(day2 ? {} : { openshift_version: cluster.openshiftVersion }),
    ...(Object.keys(proxy).length > 0 ? { proxy } : {}),
    role: host.bootstrap ? 'bootstrap' : host.role,
    service_ips: null,
    ...(keepsPartitions(host) ? { skip_installation_disk_cleanup: true } : {}),
  });
};

function skipMcoReboot(core: Core, host: HostRow, cluster: ClusterRow): boolean {
  if (!core.settings.ENABLE_SKIP_MCO_REBOOT || cluster.openshiftVersion === '') return false;
  return compareBase(cluster.openshiftVersion, '4.15') >= 0 && host.inventory?.architecture !== 's390x';
}

const artifactsStep: Builder = ({ settings }, { infraEnv }) => {
  const query = `arch=${infraEnv.cpuArchitecture}&version=${infraEnv.openshiftVersion}`;
  return json({
    host_fs_mount_dir: '/host',
    initrd_url: `${settings.IMAGE_SERVICE_BASE_URL}/images/${infraEnv.id}/pxe-initrd?${query}`,
    kernel_url: `${settings.IMAGE_SERVICE_BASE_URL}/boot-artifacts/kernel?${query}`,
    rootfs_url: `${settings.IMAGE_SERVICE_BASE_URL}/boot-artifacts/rootfs?${query}`,
  });
};

const BUILDERS: Readonly<Record<string, Builder>> = {
  inventory: inventoryStep,
  'connectivity-check': connectivityStep,
  'free-network-addresses': freeAddressesStep,
  'ntp-synchronizer': ntpStep,
  'domain-resolution': domainStep,
  'verify-vips': vipsStep,
  'dhcp-lease-allocate': dhcpStep,
  'tang-connectivity-check': tangStep,
  'api-vip-connectivity-check': apiVipStep,
  'installation-disk-speed-check': diskSpeedStep,
  'container-image-availability': imagesStep,
  install: installStep,
  'logs-gather': logsStep,
  'stop-installation': () => [],
  'download-boot-artifacts': artifactsStep,
  'reboot-for-reclaim': () => json({ host_fs_mount_dir: '/host' }),
};

/** The table row for a host as it is now. */
function stateEntry(host: HostRow): StateEntry {
  const table = !host.cluster ? POOL_STATES : isDay2Host(host) ? DAY2_STATES : DAY1_STATES;
  return table[host.status] ?? NOTHING;
}

/** The answer to a poll. */
export function instructionsFor(core: Core, host: HostRow): JsonObject {
  const { settings } = core;
  if (
    settings.ENABLE_UPGRADE_AGENT &&
    UPGRADABLE.has(host.status) &&
    host.discoveryAgentVersion !== settings.AGENT_DOCKER_IMAGE
  ) {
    core.events.emit('upgrade_agent_started', aboutHost(host), displayName(host), settings.AGENT_DOCKER_IMAGE);
    return {
      instructions: [{ args: json({ agent_image: settings.AGENT_DOCKER_IMAGE }), step_type: 'upgrade-agent' }],
      next_instruction_seconds: MINUTE,
      post_step_action: 'continue',
    };
  }
  const { steps, seconds, exit } = stateEntry(host);
  const instructions: JsonObject[] = [];
  for (const type of steps) {
    if (settings.DISABLED_STEPS.includes(type)) continue;
    const args = BUILDERS[type]?.(core, host);
    if (args)
      instructions.push({ args: args as string[], step_id: `${type}-${core.uuid().slice(0, 8)}`, step_type: type });
  }
  return {
    instructions: instructions.length === 0 ? null : instructions,
    ...(seconds === 0 ? {} : { next_instruction_seconds: seconds }),
    post_step_action: exit ? 'exit' : 'continue',
  };
}
