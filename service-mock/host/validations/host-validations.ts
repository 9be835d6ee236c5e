/**
 * Host validations as data, in the order in which the service evaluates them, and the conditions beside them that the
 * state machine asks for. Source: Service facts 4.2 and 4.3. Messages are upstream's, people's scripts match on them:
 * assisted-service, internal/host/validator.go; a case whose facts no row here carries is left out.
 */

import { isDay2Cluster, isFencingCluster, isSingleNode } from '../../cluster/cluster.ts';
import type { Core } from '../../core/core.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import { trimmed } from '../../core/shared-values.ts';
import { MEDIA_LOST } from '../../events/events.ts';
import { byteText, memoryNeeded } from '../../hardware/hardware.ts';
import {
  clusterFamilies,
  hasMachineNetwork,
  inAllMachineNetworks,
  inSomeMachineNetwork,
  isUserManagedLoadBalancer,
  machineNetworks,
} from '../../network/cluster-networks.ts';
import { contains, overlaps, parseCidr, parseIp, sameNetwork } from '../../network/networks.ts';
import { hostOperatorResults, OPERATOR_VALIDATION_IDS } from '../../operators/operators.ts';
import { FORBIDDEN_HOSTNAMES, HOSTNAME, hostnameProblem } from '../../validations/names.ts';
import {
  DISABLED,
  ignoreList,
  isIgnored,
  type ValidationResult,
  type ValidationStatus,
  validationResult,
} from '../../validations/results.ts';
import { effectiveRole, hostnameOf, installationDiskSpeed, isDay2Host } from '../host.ts';
import { type DiskFacts, hostAddresses, type InventoryFacts } from '../inventory.ts';
import { isBeforeReboot, isManualRebootStage, isWrongBootStage } from '../stages.ts';
import {
  bound,
  boundWithInventory,
  broken,
  type Check,
  fail,
  type HostContext,
  type InventoryCheck,
  needsInventory,
  type Outcome,
  pass,
  passIf,
  wait,
} from './check.ts';
import { noWildcard, resolves } from './domain-names.ts';
import { latency, packetLoss } from './timing.ts';

export interface HostValidation {
  readonly id: string;
  readonly category: 'network' | 'hardware' | 'operators';
  readonly evaluate: Check;
  /** Stages in which the result is not shown. */
  readonly hiddenIn?: (stage: string) => boolean;
}

const MINUTE = 60_000;
const BOOTSTRAP_GRACE = 2 * MINUTE;
const SERVICE_AHEAD_LIMIT = 20 * MINUTE;
const HOST_AHEAD_LIMIT = 60 * MINUTE;
const SLOWEST_IMAGE_RATE = 0.001;
const NO_PLATFORM = "Missing inventory or platform isn't set";
const PLATFORMS_WITHOUT_VIPS: readonly string[] = ['OpenStack Compute'];
/** Manufacturers that platforms insist on. */
const PLATFORM_VENDORS: Readonly<Record<string, RegExp>> = { vsphere: /vmware/i, nutanix: /nutanix/i };

export const NEVER_IGNORABLE_HOST_VALIDATIONS: ReadonlySet<string> = new Set([
  'connected',
  'has-inventory',
  'inventory-not-fully-truncated',
  'machine-cidr-defined',
  'hostname-unique',
  'hostname-valid',
]);

function connected({ core, host, now }: HostContext): Outcome {
  const limit = core.settings.HOST_MAX_DISCONNECTION_TIME + (host.bootstrap ? BOOTSTRAP_GRACE : 0);
  const good = !isBeforeReboot(host.stage) || host.checkedInAt === 0 || now - host.checkedInAt <= limit;
  return passIf(good, 'Host is connected', 'Host is disconnected');
}

function truncation(kind: 'partial' | 'full'): InventoryCheck {
  return (inventory) => {
    if (!inventory.truncation) return pass('Inventory is not truncated');
    const { type, reasons } = inventory.truncation;
    if (type !== 'partial' && type !== 'full') return broken('Unexpected inventory truncation type');
    if (type !== kind) {
      return pass(
        kind === 'partial'
          ? 'Inventory is not partially truncated (inventory fully truncated)'
          : 'Inventory is partially truncated',
      );
    }
    return fail(`Inventory is truncated (${type})${reasons.length > 0 ? `: ${reasons.join('; ')}` : ''}`);
  };
}

function machineCidrDefined(cluster: ClusterRow): Outcome {
  if (cluster.userManagedNetworking) return pass('No Machine Network CIDR needed: User Managed Networking');
  if (isDay2Cluster(cluster)) return pass('No Machine Network CIDR needed: Day2 cluster');
  if (hasMachineNetwork(cluster)) return pass('Machine Network CIDR is defined');
  if (cluster.vipDhcpAllocation) return fail('Machine Network CIDR is undefined');
  return fail(
    'Machine Network CIDR is undefined; the Machine Network CIDR can be defined by setting either the API or Ingress virtual IPs',
  );
}

function belongsToMachineCidr(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (cluster.userManagedNetworking && !isSingleNode(cluster) && (!host.bootstrap || !hasMachineNetwork(cluster))) {
    return pass('No machine network CIDR validation needed: User Managed Networking');
  }
  if (isDay2Cluster(cluster)) return pass('No machine network CIDR validation needed: Day2 cluster');
  if (!host.inventory || !hasMachineNetwork(cluster)) return wait('Missing inventory or machine network CIDR');
  return isUserManagedLoadBalancer(cluster)
    ? passIf(
        inSomeMachineNetwork(cluster, host),
        'Host belongs to at least one machine network CIDR',
        'Host does not belong to any machine network CIDR. Verify that the host belongs to at least one CIDR listed under machine networks',
      )
    : passIf(
        inAllMachineNetworks(cluster, host),
        'Host belongs to all machine network CIDRs',
        'Host does not belong to machine network CIDRs. Verify that the host belongs to every CIDR listed under machine networks',
      );
}

const nameCounts = new WeakMap<ClusterRow, { version: number; counts: Map<string, number> }>();

/** How often each hostname occurs among the hosts that sent an inventory. */
function namesOf(cluster: ClusterRow): ReadonlyMap<string, number> {
  let entry = nameCounts.get(cluster);
  if (!entry || entry.version !== cluster.membersVersion) {
    const counts = new Map<string, number>();
    for (const host of cluster.hosts) {
      if (host.inventory) counts.set(hostnameOf(host), (counts.get(hostnameOf(host)) ?? 0) + 1);
    }
    entry = { version: cluster.membersVersion, counts };
    nameCounts.set(cluster, entry);
  }
  return entry.counts;
}

function hostnameValid({ host }: HostContext): Outcome {
  if (!host.inventory) return fail('Missing inventory');
  const name = hostnameOf(host);
  if (hostnameProblem(name) === undefined) return pass(`Hostname ${name} is allowed`);
  return fail(
    FORBIDDEN_HOSTNAMES.includes(name)
      ? `The host name ${name} is forbidden`
      : `Hostname ${name} is forbidden, hostname should match pattern ${HOSTNAME.source}`,
  );
}

function ignitionDownloadable(_cluster: ClusterRow, { host }: HostContext): Outcome {
  if (!isDay2Host(host)) return undefined;
  const answer = host.apiVipConnectivity;
  if (!answer) return wait('Ignition is not yet available, pending API connectivity');
  if (answer.isSuccess) return pass('Ignition is downloadable');
  return fail(
    answer.url === ''
      ? 'This host has failed to download the ignition file from the cluster, please ensure the host can reach the cluster'
      : `This host has failed to download the ignition file from ${answer.url} with the following error: ${answer.downloadError}. Please ensure the host can reach this URL`,
  );
}

const MEASURED_ALONE = 'Day2 host is not required to be connected to other hosts in the cluster';
const IN_MAJORITY = 'Host has connectivity to the majority of hosts in the cluster';

function majorityGroup(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (isDay2Host(host)) return pass(MEASURED_ALONE);
  if (isSingleNode(cluster)) return pass(IN_MAJORITY);
  if (!cluster.groups) return wait('Machine Network CIDR or Connectivity Majority Groups missing');
  const status =
    cluster.userManagedNetworking || isUserManagedLoadBalancer(cluster)
      ? layer3Group(cluster, host)
      : layer2Group(cluster, host);
  if (status === 'failure') {
    const enough = isFencingCluster(cluster) ? 2 : 3;
    if (cluster.hosts.length < enough) return wait('Not enough hosts in cluster to calculate connectivity groups');
    return fail('No connectivity to the majority of hosts in the cluster');
  }
  if (status === 'pending') return wait('Not enough information to calculate host majority groups');
  return status === 'error' ? broken('Unexpected status error') : pass(IN_MAJORITY);
}

function layer2Group(cluster: ClusterRow, host: HostRow): ValidationStatus {
  if (!hasMachineNetwork(cluster)) return 'pending';
  for (const network of machineNetworks(cluster)) {
    let members: ReadonlySet<string> | undefined;
    for (const [key, ids] of cluster.groups?.majority ?? []) {
      if (key === 'IPv4' || key === 'IPv6') continue;
      const candidate = parseCidr(key);
      if (candidate && sameNetwork(candidate, network)) members = ids;
    }
    if (!members?.has(host.id)) return 'failure';
  }
  return 'success';
}

function layer3Group(cluster: ClusterRow, host: HostRow): ValidationStatus {
  const families = clusterFamilies(cluster);
  if (!families) return 'error';
  const addresses = cluster.groups?.l3Addresses.get(host.id);
  if (!addresses || families.length === 0) return 'failure';
  const reached = new Set(addresses.map((address) => parseIp(address)?.family));
  return families.every((family) => reached.has(family)) ? 'success' : 'failure';
}

function mtuValid(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (!host.inventory) return wait('Missing host inventory');
  if (isDay2Host(host)) return pass(MEASURED_ALONE);
  if (isSingleNode(cluster)) return undefined;
  if (!host.connectivity) return wait('Missing MTU report information');
  const networks = machineNetworks(cluster);
  for (const { nic, address } of host.connectivity.brokenMtu) {
    if (!cluster.userManagedNetworking) {
      const remote = parseIp(address);
      const own = host.inventory.interfaces.find((candidate) => candidate.name === nic);
      const inside = own?.addresses.some((item) => networks.some((network) => contains(network, item.ip)));
      if (!inside || !remote || !networks.some((network) => contains(network, remote))) continue;
    }
    return fail(`MTU is broken. Interface: ${nic}, remote IP address: ${address}`);
  }
  return pass('MTU is ok');
}

function ntpSynced({ host, cluster }: HostContext): Outcome {
  if (host.ntpSynced) return pass('Host NTP is synced');
  const wanted = host.infraEnv.additionalNtpSources || host.infraEnv.ntpSources;
  if (!cluster && host.status.endsWith('-unbound') && wanted === '') return undefined;
  return fail("Host couldn't synchronize with any NTP server");
}

function timeSynced({ host, now }: HostContext): Outcome {
  if (host.timestamp === 0) {
    return wait("Missing host time, can't determine synchronization between host and service");
  }
  const difference = now - host.timestamp * 1000;
  const behind = (order: string, limit: number) =>
    fail(
      `Host clock is not synchronized, ${order} at least for ${(limit / MINUTE).toFixed(1)} minutes, please configure an NTP server via DHCP. Service time: ${goTime(now)}`,
    );
  if (difference > SERVICE_AHEAD_LIMIT) return behind("service time is ahead of host's", SERVICE_AHEAD_LIMIT);
  if (difference < -HOST_AHEAD_LIMIT) return behind('host time is ahead of service', HOST_AHEAD_LIMIT);
  return pass('Host clock is synchronized with service');
}

/** A time in UTC as Go writes it: no zeros at the end of the fraction. @param now milliseconds since 1970. */
function goTime(now: number): string {
  const [day, time] = new Date(now).toISOString().slice(0, -1).split('T') as [string, string];
  return `${day} ${time.replace(/\.?0+$/, '')} +0000 UTC`;
}

function isBadImage(image: { result: string; size_bytes?: number; download_rate?: number }): boolean {
  return image.result === 'failure' || ((image.size_bytes ?? 0) > 0 && (image.download_rate ?? 0) < SLOWEST_IMAGE_RATE);
}

function imagesAvailable({ host }: HostContext): Outcome {
  const bad = [...host.imageStatuses.values()].filter(isBadImage).map((image) => image.name);
  return passIf(
    bad.length === 0,
    'All required container images were either pulled successfully or no attempt was made to pull them',
    `Failed to fetch container images needed for installation from ${bad.join(',')}. This may be due to a network hiccup. Retry to install again. If this problem persists, check your network settings to make sure you’re not blocked.`,
  );
}

function diskSpeed({ host }: HostContext): Outcome {
  if (host.installationDiskId === '') return broken('Validation error');
  const speed = installationDiskSpeed(host);
  if (!speed) return pass('Speed of installation disk has not yet been measured');
  return passIf(
    speed.exitCode === 0,
    'Speed of installation disk is sufficient',
    'While preparing the previous installation the installation disk speed measurement failed or was found to be insufficient',
  );
}

/** Roles for which a setting such as `masters,workers` holds. */
function enabledForRole(setting: string, role: string): boolean {
  return setting === 'all' || setting.split(',').some((part) => part === `${role}s`);
}

function diskEncryption(cluster: ClusterRow, { host }: HostContext): Outcome {
  const { enableOn, mode } = cluster.diskEncryption;
  const isConfigured = enableOn !== 'none' && enableOn !== '';
  if (!isDay2Host(host) && !isConfigured) return undefined;
  if (!host.inventory) return wait('Missing host inventory');
  const { tpmVersion } = host.inventory;
  if (isDay2Host(host)) {
    switch (host.apiVipConnectivity?.encryption ?? 'unknown') {
      case 'unknown':
        return isConfigured ? wait('Missing ignition information') : undefined;
      case 'none':
        return undefined;
      case 'tpmv2':
        return byTpm(tpmVersion, 'tpmv2');
      case 'tang':
        return byTang(host, 'tang');
      case 'neither':
        return fail(
          tpmVersion === 'none' ? NO_TPM : 'Invalid LUKS object in ignition - both TPM2 and Tang are not available',
        );
    }
  }
  const role = effectiveRole(host);
  if (role === 'auto-assign') return wait('Missing role assignment');
  if (!enabledForRole(enableOn, role)) return undefined;
  return mode === 'tang' ? byTang(host, mode) : byTpm(tpmVersion, mode);
}

const NO_TPM = "TPM version could not be found, make sure TPM is enabled in host's BIOS";
const encryptable = (mode: string) => `Installation disk can be encrypted using ${mode}`;

function byTpm(version: string, mode: string): Outcome {
  return passIf(
    version === '2.0',
    encryptable(mode),
    version === 'none'
      ? NO_TPM
      : `The host's TPM version is not supported, expected-version: 2.0, actual-version: ${version}`,
  );
}

function byTang({ tangConnectivity }: HostRow, mode: string): Outcome {
  if (tangConnectivity === '') return wait('Disk encryption check was not performed yet');
  return passIf(
    reachedTang(tangConnectivity),
    encryptable(mode),
    `Could not validate that all Tang servers are reachable and working: ${tangConnectivity}`,
  );
}

function reachedTang(reply: string): boolean {
  try {
    return (JSON.parse(reply) as { is_success?: boolean } | null)?.is_success === true;
  } catch {
    return false;
  }
}

const nonOverlapping: InventoryCheck = (inventory, { cluster }) => {
  if (!cluster) return undefined;
  const families = clusterFamilies(cluster);
  if (!families) return broken('Unexpected error: the networks of the cluster are malformed');
  for (const family of families) {
    const networks = inventory.interfaces.flatMap((nic) => {
      const texts = nic.addresses.filter(({ ip }) => ip.family === family).map((address) => address.networkText);
      return [...new Set(texts)].sort().map((network) => ({ nic: nic.name, network }));
    });
    for (const [at, left] of networks.entries()) {
      for (const right of networks.slice(at + 1)) {
        const problem = overlap(left, right);
        if (problem !== undefined) return fail(`Address networks are overlapping: ${problem}`);
      }
    }
  }
  return pass('Host subnets are not overlapping');
};

interface NicNetwork {
  readonly nic: string;
  readonly network: string;
}

function overlap(left: NicNetwork, right: NicNetwork): string | undefined {
  if (left.network === right.network)
    return `Address network ${left.network} appears on multiple interfaces [${left.nic}, ${right.nic}]`;
  const [a, b] = [parseCidr(left.network), parseCidr(right.network)];
  if (!a || !b || !overlaps(a, b)) return undefined;
  return `Address networks ${left.network} in interface ${left.nic} and ${right.network} in interface ${right.nic} overlap`;
}

function vsphereUuid({ host }: HostContext): Outcome {
  if (!host.inventory || !PLATFORM_VENDORS.vsphere!.test(host.inventory.manufacturer)) return undefined;
  const without = host.inventory.disks.some((disk) => disk.eligible && !disk.hasUuid);
  return passIf(
    !without,
    'VSphere disk.EnableUUID is enabled for this virtual machine',
    "VSphere disk.EnableUUID isn't enabled for this virtual machine, it's necessary for disks to be mounted properly",
  );
}

function skippedDisks(host: HostRow): string[] {
  return host.skipFormattingDisks === '' ? [] : host.skipFormattingDisks.split(',');
}

function collisions({ cluster, host }: HostContext): Outcome {
  if (!cluster) return pass('Cluster has not yet been defined, skipping validation.');
  if (!host.inventory) return pass('Host inventory has not yet been defined, skipping validation.');
  if (isDay2Cluster(cluster)) return pass(`Skipping validation for day 2 host ${host.id}`);
  if (cluster.ipCollisions === '') return pass('IP collisions have not yet been evaluated');
  let problems = '';
  const own = new Set([...hostAddresses(host.inventory)].map((address) => address.text));
  for (const [address, macs] of cluster.collisions) {
    if (own.has(address))
      problems += `Collisions detected for host ID ${host.id}, IP address: ${address} Mac addresses: ${macs.join(',')}\n`;
  }
  return passIf(problems === '', `No IP collisions were detected by host ${host.id}`, problems);
}

function iscsiNetwork(cluster: ClusterRow, { host }: HostContext): Outcome {
  if ((cluster.userManagedNetworking && !isSingleNode(cluster)) || cluster.imported || isDay2Cluster(cluster))
    return undefined;
  const disk = installationDiskOf(host);
  if (!disk || !host.inventory) return undefined;
  if (!hasMachineNetwork(cluster)) return wait('Missing inventory or machine network CIDR');
  if (disk.driveType === 'iSCSI') return iscsiDisk(disk, host.inventory, cluster);
  if (disk.driveType !== 'Multipath') return undefined;
  const failing: string[] = [];
  let last: Outcome = pass('');
  for (const path of host.inventory.disks) {
    if (path.driveType !== 'iSCSI' || !path.holders.includes(disk.name)) continue;
    last = iscsiDisk(path, host.inventory, cluster);
    if (last?.[0] === 'error') return last;
    if (last?.[0] === 'failure') failing.push(path.name);
  }
  if (failing.length === 0) return last;
  return fail(
    `Installation on multipath device is not possible due to errors on at least one iSCSI disk: Network interface connected to iSCSI disk (${failing.join(', ')}) cannot belong to machine network CIDRs`,
  );
}

function iscsiDisk(disk: DiskFacts, inventory: InventoryFacts, cluster: ClusterRow): Outcome {
  if (disk.iscsiAddress === '') return broken('iSCSI disk is missing host IP address');
  const nic = inventory.interfaces.find((candidate) =>
    candidate.addresses.some((address) => address.text === disk.iscsiAddress),
  );
  if (!nic) return broken('Cannot find network interface associated to iSCSI host IP address');
  const inside = nic.addresses.some((address) =>
    machineNetworks(cluster).some((network) => contains(network, address.ip)),
  );
  return passIf(
    !inside,
    'Network interface connected to iSCSI disk does not belong to machine network CIDRs',
    'Network interface connected to iSCSI disk cannot belong to machine network CIDRs',
  );
}

export function installationDiskOf(host: HostRow): DiskFacts | undefined {
  return host.inventory?.disks.find(
    (disk) => disk.id === host.installationDiskId || disk.path === host.installationDiskPath,
  );
}

/** Every host validation in evaluation order. */
export const HOST_VALIDATIONS: readonly HostValidation[] = [
  { id: 'connected', category: 'network', evaluate: connected, hiddenIn: isManualRebootStage },
  {
    id: 'media-connected',
    category: 'network',
    evaluate: ({ host }) => passIf(host.mediaStatus !== 'disconnected', 'Media device is connected', MEDIA_LOST),
    hiddenIn: isManualRebootStage,
  },
  {
    id: 'has-inventory',
    category: 'hardware',
    evaluate: ({ host }) =>
      passIf(
        host.inventory !== undefined,
        'Valid inventory exists for the host',
        'Inventory has not been received for the host',
      ),
  },
  {
    id: 'inventory-not-partially-truncated',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', truncation('partial')),
  },
  {
    id: 'inventory-not-fully-truncated',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', truncation('full')),
  },
  {
    id: 'has-min-cpu-cores',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', ({ cpuCount }, { minimum }) =>
      passIf(
        cpuCount >= minimum.cpuCores,
        'Sufficient CPU cores',
        `The host is not eligible to participate in Openshift Cluster because the minimum required CPU cores for any role is ${minimum.cpuCores}, found only ${cpuCount}`,
      ),
    ),
  },
  {
    id: 'has-min-memory',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', ({ physicalBytes, physicalBytesMethod }, { minimum }) =>
      passIf(
        physicalBytes >= memoryNeeded(minimum.ramMib, physicalBytesMethod, false),
        'Sufficient minimum RAM',
        `The host is not eligible to participate in Openshift Cluster because the minimum required RAM for any role is ${byteText(minimum.ramMib * 2 ** 20)}, found only ${byteText(physicalBytes)}`,
      ),
    ),
  },
  {
    id: 'has-min-valid-disks',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory', ({ disks }) => {
      if (disks.length === 0) return broken('Failed to detected disks');
      return passIf(
        disks.some((disk) => disk.eligible),
        'Sufficient disk capacity',
        'No eligible disks were found, please check specific disks to see why they are not eligible',
      );
    }),
  },
  { id: 'machine-cidr-defined', category: 'network', evaluate: bound(machineCidrDefined) },
  {
    id: 'has-cpu-cores-for-role',
    category: 'hardware',
    evaluate: needsInventory('Missing inventory or role', ({ cpuCount }, { host, requirement }) =>
      passIf(
        cpuCount >= requirement.cpuCores,
        `Sufficient CPU cores for role ${effectiveRole(host)}`,
        `Require at least ${requirement.cpuCores} CPU cores for ${effectiveRole(host)} role, found only ${cpuCount}`,
      ),
    ),
  },
  {
    id: 'has-memory-for-role',
    category: 'hardware',
    evaluate: needsInventory(
      'Missing inventory or role',
      ({ physicalBytes, physicalBytesMethod }, { host, requirement }) =>
        passIf(
          physicalBytes >= memoryNeeded(requirement.ramMib, physicalBytesMethod, true),
          `Sufficient RAM for role ${effectiveRole(host)}`,
          `Require at least ${byteText(requirement.ramMib * 2 ** 20)} RAM for role ${effectiveRole(host)}, found only ${byteText(physicalBytes)}`,
        ),
    ),
  },
  {
    id: 'hostname-unique',
    category: 'hardware',
    evaluate: boundWithInventory('Missing inventory', (_inventory, cluster, { host }) => {
      const name = hostnameOf(host);
      return passIf(
        (namesOf(cluster).get(name) ?? 0) <= 1,
        `Hostname ${name} is unique in cluster`,
        `Hostname ${name} is not unique in cluster`,
      );
    }),
  },
  { id: 'belongs-to-machine-cidr', category: 'network', evaluate: bound(belongsToMachineCidr) },
  { id: 'hostname-valid', category: 'hardware', evaluate: hostnameValid },
  { id: 'ignition-downloadable', category: 'network', evaluate: bound(ignitionDownloadable) },
  { id: 'belongs-to-majority-group', category: 'network', evaluate: bound(majorityGroup) },
  { id: 'mtu-valid', category: 'network', evaluate: bound(mtuValid) },
  {
    id: 'valid-platform-network-settings',
    category: 'network',
    evaluate: needsInventory('Missing inventory', ({ productName }, { cluster }) => {
      if (productName === undefined) return broken('Validation error');
      if (!PLATFORMS_WITHOUT_VIPS.includes(productName)) return pass(`Platform ${productName} is allowed`);
      if (!cluster) return undefined;
      return passIf(
        cluster.userManagedNetworking === true,
        `Platform ${productName} is allowed`,
        `Platform ${productName} is allowed only for Single Node OpenShift or user-managed networking`,
      );
    }),
  },
  { id: 'ntp-synced', category: 'network', evaluate: ntpSynced, hiddenIn: isManualRebootStage },
  {
    id: 'time-synced-between-host-and-service',
    category: 'network',
    evaluate: timeSynced,
    hiddenIn: isManualRebootStage,
  },
  { id: 'container-images-available', category: 'network', evaluate: imagesAvailable },
  { id: 'sufficient-installation-disk-speed', category: 'hardware', evaluate: diskSpeed },
  { id: 'sufficient-network-latency-requirement-for-role', category: 'network', evaluate: latency },
  {
    id: 'sufficient-packet-loss-requirement-for-role',
    category: 'network',
    evaluate: packetLoss,
  },
  {
    id: 'has-default-route',
    category: 'network',
    evaluate: needsInventory('Missing default routing information.', ({ hasDefaultRoute }) =>
      passIf(
        hasDefaultRoute,
        'Host has been configured with at least one default route.',
        'Host has not yet been configured with a default route.',
      ),
    ),
  },
  {
    id: 'api-domain-name-resolved-correctly',
    category: 'network',
    evaluate: resolves('api', 'api', 'API load balancer'),
  },
  {
    id: 'api-int-domain-name-resolved-correctly',
    category: 'network',
    evaluate: resolves('api-int', 'api-int', 'internal API load balancer'),
  },
  {
    id: 'apps-domain-name-resolved-correctly',
    category: 'network',
    evaluate: resolves('console-openshift-console.apps', '*.apps', 'application ingress'),
  },
  {
    id: 'compatible-with-cluster-platform',
    category: 'hardware',
    evaluate: boundWithInventory(NO_PLATFORM, (inventory, cluster) => {
      const platform = String(cluster.platform.type ?? '');
      if (platform === '') return wait(NO_PLATFORM);
      const vendor = PLATFORM_VENDORS[platform];
      return passIf(
        !vendor || vendor.test(inventory.manufacturer),
        `Host is compatible with cluster platform ${platform}`,
        `Host is not compatible with cluster platform ${platform}; either disable this host or discover a new compatible host.`,
      );
    }),
  },
  { id: 'dns-wildcard-not-configured', category: 'network', evaluate: bound(noWildcard) },
  { id: 'disk-encryption-requirements-satisfied', category: 'hardware', evaluate: bound(diskEncryption) },
  {
    id: 'non-overlapping-subnets',
    category: 'network',
    evaluate: needsInventory('Missing inventory', nonOverlapping),
  },
  {
    id: 'vsphere-disk-uuid-enabled',
    category: 'hardware',
    evaluate: bound((_cluster, context) => vsphereUuid(context)),
  },
  {
    id: 'compatible-agent',
    category: 'hardware',
    evaluate: ({ core, host }) =>
      core.settings.ENABLE_UPGRADE_AGENT
        ? passIf(
            host.discoveryAgentVersion === core.settings.AGENT_DOCKER_IMAGE,
            'Host agent is compatible with the service',
            "This host's agent is in the process of being upgraded to a compatible version. This might take a few minutes",
          )
        : pass('Host agent compatibility checking is disabled'),
    hiddenIn: (stage) => stage !== '',
  },
  {
    id: 'no-skip-installation-disk',
    category: 'hardware',
    evaluate: ({ host }) =>
      passIf(
        host.installationDiskId === '' || !skippedDisks(host).includes(host.installationDiskId),
        'No request to skip formatting of the installation disk',
        "Requesting to skip the formatting of the installation disk is not allowed. The installation disk must be formatted. Please either change this host's installation disk or do not skip the formatting of the installation disk",
      ),
  },
  {
    id: 'no-skip-missing-disk',
    category: 'hardware',
    evaluate: needsInventory('Host inventory not available yet', (inventory, { host }) =>
      passIf(
        skippedDisks(host).every((id) => inventory.disks.some((disk) => disk.id === id)),
        'All disks that have skipped formatting are present in the host inventory',
        "One or more of the disks that you have requested to skip the formatting of are no longer present on this host. To ensure they haven't just changed their identity, please remove your request to skip their formatting and then if needed add them back using the new ID",
      ),
    ),
  },
  {
    id: 'no-ip-collisions-in-network',
    category: 'network',
    evaluate: collisions,
  },
  { id: 'no-iscsi-nic-belongs-to-machine-cidr', category: 'network', evaluate: bound(iscsiNetwork) },
];

/** All ids that can be disabled or ignored. */
export const HOST_VALIDATION_IDS: readonly string[] = [
  ...HOST_VALIDATIONS.map((validation) => validation.id),
  ...OPERATOR_VALIDATION_IDS,
];

/** Checks that make up "minimum hardware". */
export const MINIMUM_HARDWARE: readonly string[] = [
  'has-min-valid-disks',
  'has-min-cpu-cores',
  'has-min-memory',
  'compatible-with-cluster-platform',
  'disk-encryption-requirements-satisfied',
];

const NOT_BLOCKING: ReadonlySet<string> = new Set([
  ...MINIMUM_HARDWARE,
  'connected',
  'media-connected',
  'has-inventory',
  'inventory-not-fully-truncated',
  'inventory-not-partially-truncated',
  'machine-cidr-defined',
  'ntp-synced',
  'mtu-valid',
  'container-images-available',
  'vsphere-disk-uuid-enabled',
]);

/** Checks that make up "sufficient for install". */
export const SUFFICIENT_FOR_INSTALL: readonly string[] = HOST_VALIDATION_IDS.filter((id) => !NOT_BLOCKING.has(id));

/** What the state machine asks: which validations hold, and conditions beside them. */
export interface HostVerdict {
  readonly results: readonly ValidationResult[];
  holds(id: string): boolean;
}

/** Evaluates every validation of a host. */
export function evaluateHost(core: Core, host: HostRow): HostVerdict {
  const cluster = host.cluster;
  const context: HostContext = {
    core,
    host,
    cluster,
    now: core.clock.now(),
    requirement: cluster ? core.hardware.ofHost(host, cluster) : core.hardware.ofInfraEnv(host.infraEnv),
    minimum: core.hardware.minimum(cluster, host.infraEnv),
  };
  const ignored = ignoreList(cluster?.ignoredHostValidations ?? '');
  const disabled = cluster?.ignoredHostValidations ? [] : core.settings.DISABLED_HOST_VALIDATIONS;
  const failing = new Set<string>();
  const results: ValidationResult[] = [];
  for (const { id, category, evaluate, hiddenIn } of HOST_VALIDATIONS) {
    const outcome: Outcome = disabled.includes(id) ? DISABLED : evaluate(context);
    if (!outcome) continue;
    const [status, message] = outcome;
    if (status !== 'success' && status !== 'disabled') failing.add(id);
    if (!hiddenIn?.(host.stage)) results.push(validationResult(id, category, status, message));
  }
  if (cluster) {
    for (const result of hostOperatorResults(host, cluster)) {
      if (result.status !== 'success') failing.add(result.id);
      results.push(result);
    }
  }
  for (const id of [...failing]) if (isIgnored(ignored, id, NEVER_IGNORABLE_HOST_VALIDATIONS)) failing.delete(id);
  return { results: trimmed(results), holds: (id) => !failing.has(id) };
}

/** Conditions that are no validations. */
export const hostConditions = {
  /** Measured and good, or not to be measured. */
  diskSpeedSuccessful(host: HostRow): boolean {
    if (keepsPartitions(host) || host.inventory?.deviceType === 'persistent') return true;
    return installationDiskSpeed(host)?.exitCode === 0;
  },
  imagesSuccessful(host: HostRow): boolean {
    return host.imageStatuses.size > 0 && ![...host.imageStatuses.values()].some(isBadImage);
  },
  waitsForOthers(host: HostRow): boolean {
    return isWrongBootStage(host.stage) && host.cluster?.status === 'installing-pending-user-action';
  },
};

export function keepsPartitions(host: HostRow): boolean {
  return host.installerArgs.includes('--save-partlabel') || host.installerArgs.includes('--save-partindex');
}
