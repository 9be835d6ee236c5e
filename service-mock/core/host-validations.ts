/**
 * Host validations as data, in the order in which the service evaluates them, and the conditions beside them that the
 * state machine asks for. Source: Service facts 4.2 and 4.3. The messages are this service's own.
 */
import type { Core } from './core.ts';
import {
  clusterFamilies,
  hasMachineNetwork,
  inAllMachineNetworks,
  inSomeMachineNetwork,
  isUserManagedLoadBalancer,
  machineNetworks,
} from './cluster-networks.ts';
import { memoryNeeded, type Requirement } from './hardware.ts';
import { hostAddresses, type DiskFacts, type InventoryFacts } from './inventory.ts';
import { contains, overlaps, parseCidr, parseIp, sameNetwork } from './networks.ts';
import { hostnameProblem } from './names.ts';
import { hostOperatorResults, OPERATOR_VALIDATION_IDS } from './operators.ts';
import { isBeforeReboot, isManualRebootStage, isWrongBootStage } from './stages.ts';
import {
  effectiveRole,
  hostnameOf,
  isDay2Cluster,
  isDay2Host,
  isFencingCluster,
  isSingleNode,
  type ClusterRow,
  type HostRow,
} from './store.ts';
import { ignoreList, isIgnored, type ValidationResult, type ValidationStatus } from './validation.ts';
import { softTimeouts } from './core.ts';

/** What an evaluation sees. */
export interface HostContext {
  readonly core: Core;
  readonly host: HostRow;
  readonly cluster: ClusterRow | undefined;
  readonly now: number;
  readonly requirement: Requirement;
  readonly minimum: { readonly cpuCores: number; readonly ramMib: number };
}

/** Status and message; undefined is success that is not shown. */
type Outcome = readonly [ValidationStatus, string] | undefined;
type Check = (context: HostContext) => Outcome;
/** A check that is not made while the inventory is missing. */
type InventoryCheck = (inventory: InventoryFacts, context: HostContext) => Outcome;
/** A check of bound hosts only. */
type BoundCheck = (cluster: ClusterRow, context: HostContext) => Outcome;

const pass = (message: string): Outcome => ['success', message];
const fail = (message: string): Outcome => ['failure', message];
const wait = (message: string): Outcome => ['pending', message];
const broken = (message: string): Outcome => ['error', message];
const passIf = (good: boolean, yes: string, no: string): Outcome => (good ? pass(yes) : fail(no));

const needsInventory =
  (check: InventoryCheck): Check =>
  (context) =>
    context.host.inventory ? check(context.host.inventory, context) : wait('The inventory is missing');

const bound =
  (check: BoundCheck): Check =>
  (context) =>
    context.cluster ? check(context.cluster, context) : undefined;

const boundWithInventory = (check: (inventory: InventoryFacts, cluster: ClusterRow, context: HostContext) => Outcome): Check =>
  bound((cluster, context) =>
    context.host.inventory ? check(context.host.inventory, cluster, context) : wait('The inventory is missing'),
  );

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
  return passIf(good, 'The host polls', 'The host has stopped polling');
}

function truncation(kind: 'partial' | 'full'): InventoryCheck {
  return (inventory) => {
    if (!inventory.truncation) return pass('The inventory is complete');
    if (inventory.truncation.type !== 'partial' && inventory.truncation.type !== 'full') {
      return broken('The inventory was truncated in an unknown way');
    }
    if (inventory.truncation.type !== kind) return pass(`The inventory is not truncated in this way (${inventory.truncation.type})`);
    return fail(`The inventory is truncated (${kind}) ${inventory.truncation.reasons.join('; ')}`.trim());
  };
}

function machineCidrDefined(cluster: ClusterRow): Outcome {
  if (cluster.userManagedNetworking) return pass('User-managed networking needs no machine network');
  if (isDay2Cluster(cluster)) return pass('A day-2 cluster needs no machine network');
  return passIf(
    hasMachineNetwork(cluster),
    'The machine network is known',
    'The machine network is unknown; setting a VIP inside the hosts’ network makes it known',
  );
}

function belongsToMachineCidr(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (cluster.userManagedNetworking && !isSingleNode(cluster) && (!host.bootstrap || !hasMachineNetwork(cluster))) {
    return pass('User-managed networking does not look at the machine network');
  }
  if (isDay2Cluster(cluster)) return pass('A day-2 cluster does not look at the machine network');
  if (!host.inventory || !hasMachineNetwork(cluster)) return wait('The inventory or the machine network is missing');
  return isUserManagedLoadBalancer(cluster)
    ? passIf(inSomeMachineNetwork(cluster, host), 'The host is in a machine network', 'The host is in none of the machine networks')
    : passIf(inAllMachineNetworks(cluster, host), 'The host is in all machine networks', 'The host is not in every machine network');
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
  if (!host.inventory) return fail('The inventory is missing');
  const name = hostnameOf(host);
  const problem = hostnameProblem(name);
  return problem === undefined ? pass(`Hostname ${name} is allowed`) : fail(problem);
}

function ignitionDownloadable(_cluster: ClusterRow, { host }: HostContext): Outcome {
  if (!isDay2Host(host)) return undefined;
  const answer = host.apiVipConnectivity;
  if (!answer) return wait('The host has not yet tried to reach the cluster');
  return passIf(
    answer.isSuccess,
    'The ignition can be downloaded',
    `The host cannot download its ignition${answer.url ? ` from ${answer.url}` : ''}: ${answer.downloadError}`,
  );
}

function majorityGroup(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (isDay2Host(host) || isSingleNode(cluster)) return pass('The host needs no connection to others');
  if (!cluster.groups) return wait('Connectivity groups are not computed yet');
  const status =
    cluster.userManagedNetworking || isUserManagedLoadBalancer(cluster) ? layer3Group(cluster, host) : layer2Group(cluster, host);
  if (status === 'failure') {
    const enough = isFencingCluster(cluster) ? 2 : 3;
    if (cluster.hosts.length < enough) return wait('There are too few hosts for connectivity groups');
    return fail('The host is not connected to the majority of the hosts');
  }
  if (status === 'pending') return wait('There is not enough information for connectivity groups');
  return status === 'error' ? broken('The networks of the cluster are malformed') : pass('The host is connected to the majority of the hosts');
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
  if (!host.inventory) return wait('The inventory is missing');
  if (isDay2Host(host)) return pass('A day-2 host needs no connection to others');
  if (isSingleNode(cluster)) return undefined;
  if (!host.connectivity) return wait('MTU was not measured yet');
  const networks = machineNetworks(cluster);
  for (const { nic, address } of host.connectivity.brokenMtu) {
    if (!cluster.userManagedNetworking) {
      const remote = parseIp(address);
      const own = host.inventory.interfaces.find((candidate) => candidate.name === nic);
      const inside = own?.addresses.some((item) => networks.some((network) => contains(network, item.ip)));
      if (!inside || !remote || !networks.some((network) => contains(network, remote))) continue;
    }
    return fail(`Large packets do not pass from ${nic} to ${address}`);
  }
  return pass('MTU is fine');
}

function ntpSynced({ host, cluster }: HostContext): Outcome {
  if (host.ntpSynced) return pass('The clock follows an NTP server');
  const wanted = host.infraEnv.additionalNtpSources || host.infraEnv.ntpSources;
  if (!cluster && host.status.endsWith('-unbound') && wanted === '') return undefined;
  return fail('The clock follows no NTP server');
}

function timeSynced({ host, now }: HostContext): Outcome {
  if (host.timestamp === 0) return wait('The host has not sent its time');
  const difference = now - host.timestamp * 1000;
  if (difference > SERVICE_AHEAD_LIMIT) return fail('The host’s clock is more than 20 minutes behind');
  if (difference < -HOST_AHEAD_LIMIT) return fail('The host’s clock is more than an hour ahead');
  return pass('The host’s clock agrees with the service’s');
}

function isBadImage(image: { result: string; size_bytes?: number; download_rate?: number }): boolean {
  return image.result === 'failure' || ((image.size_bytes ?? 0) > 0 && (image.download_rate ?? 0) < SLOWEST_IMAGE_RATE);
}

function imagesAvailable({ host }: HostContext): Outcome {
  const bad = [...host.imageStatuses.values()].filter(isBadImage).map((image) => image.name);
  return passIf(bad.length === 0, 'No image failed', `Images could not be fetched: ${bad.join(', ')}`);
}

function diskSpeed({ host }: HostContext): Outcome {
  if (!host.inventory) return broken('The installation disk is unknown');
  const speed = host.diskSpeeds.get(host.installationDiskId);
  if (!speed) return pass('The installation disk was not measured yet');
  return passIf(speed.exitCode === 0, 'The installation disk is fast enough', 'The installation disk could not be measured or is too slow');
}

function timing(measure: 'rttMs' | 'lossPercent', what: string): Check {
  return boundWithInventory((_inventory, cluster, { host, requirement }) => {
    const limit = measure === 'rttMs' ? requirement.latencyMs : requirement.lossPercent;
    const role = effectiveRole(host);
    if (cluster.hosts.length === 1 || limit === undefined || role === 'auto-assign' || isDay2Host(host)) {
      return pass(`${what} is fine`);
    }
    if (!host.connectivity) return wait(`${what} was not measured yet`);
    const bad: string[] = [];
    for (const path of host.connectivity.slow) {
      if (path[measure] <= limit) continue;
      const other = cluster.hosts.find((candidate) => candidate.id === path.hostId);
      if (!other) {
        if (measure === 'rttMs' || path.hostId !== '') return fail(`${what} was reported for the unknown host ${path.hostId}`);
        continue;
      }
      if (effectiveRole(other) === role) bad.push(`${hostnameOf(other)} (${path[measure].toFixed(2)})`);
    }
    return passIf(bad.length === 0, `${what} is fine`, `${what} is above ${limit} for ${bad.slice(0, 5).join(', ')}`);
  });
}

/** Whether names must resolve through load balancers of the user. */
function dnsMatters(cluster: ClusterRow, core: Core): Outcome | 'check' {
  let managed = !cluster.userManagedNetworking;
  if (cluster.imported) {
    const answers = cluster.hosts.map((host) => host.apiVipConnectivity).filter((answer) => answer?.isSuccess);
    if (answers.length === 0) return wait('It is not known yet who manages the networking');
    managed = answers.some((answer) => answer?.managedNetworking);
  }
  if (managed) return pass('Name resolution is not needed');
  if (!isDay2Cluster(cluster) && isSingleNode(cluster) && core.settings.ENABLE_SINGLE_NODE_DNSMASQ) {
    return pass('Name resolution is not needed');
  }
  if (cluster.baseDnsDomain === '') return broken('The cluster has no base domain');
  return 'check';
}

function resolves(prefix: string, target: string): Check {
  return bound((cluster, { core, host }) => {
    const matter = dnsMatters(cluster, core);
    if (matter !== 'check') return matter;
    const name = `${prefix}.${cluster.name}.${cluster.baseDnsDomain}`;
    if (!host.domainResolutions) return broken('Names were not resolved yet');
    const answer = host.domainResolutions.find(
      (item) =>
        item.domain_name === name &&
        item.ipv4_addresses.length + item.ipv6_addresses.length + item.cnames.length > 0,
    );
    if (!answer) return fail(`${name} does not resolve; it must lead to the ${target}`);
    const own = host.inventory ? new Set([...hostAddresses(host.inventory)].map((address) => address.text)) : new Set();
    const same = [...answer.ipv4_addresses, ...answer.ipv6_addresses].find((address) => own.has(address));
    return passIf(same === undefined, `${name} resolves`, `${name} resolves to ${same}, which is this host itself, not the ${target}`);
  });
}

function wildcard(cluster: ClusterRow, { host }: HostContext): Outcome {
  if (isDay2Host(host)) return pass('A day-2 host does not look for wildcard records');
  if (!host.domainResolutions) return wait('Names were not resolved yet');
  const name = `validateNoWildcardDNS.${cluster.name}.${cluster.baseDnsDomain}`;
  for (const spelling of [`${name}.`, name]) {
    const answer = host.domainResolutions.find((item) => item.domain_name === spelling);
    if (!answer) return broken(`The reply does not contain ${spelling}`);
    const found = [...answer.ipv4_addresses, ...answer.ipv6_addresses, ...answer.cnames];
    if (found.length > 0) return fail(`${spelling} resolves to ${found.join(', ')}; a wildcard record is in the way`);
  }
  return pass('There is no wildcard record');
}

/** Roles for which a setting such as `masters,workers` holds. */
function enabledForRole(setting: string, role: string): boolean {
  return setting === 'all' || setting.split(',').some((part) => part === `${role}s`);
}

function diskEncryption(cluster: ClusterRow, { host }: HostContext): Outcome {
  const { enableOn, mode } = cluster.diskEncryption;
  if (enableOn === 'none' || enableOn === '' || isDay2Host(host)) return undefined;
  if (!host.inventory) return wait('The inventory is missing');
  const role = effectiveRole(host);
  if (role === 'auto-assign') return wait('The role is not known yet');
  if (!enabledForRole(enableOn, role)) return undefined;
  if (mode === 'tang') {
    if (host.tangConnectivity === '') return wait('Tang servers were not tried yet');
    let reached = false;
    try {
      reached = (JSON.parse(host.tangConnectivity) as { is_success?: boolean } | null)?.is_success === true;
    } catch {
      reached = false;
    }
    return passIf(reached, 'Tang servers can be reached', 'Tang servers cannot be reached');
  }
  return passIf(host.inventory.tpmVersion === '2.0', 'The disk can be encrypted', `TPM 2.0 is needed, the host has ${host.inventory.tpmVersion || 'none'}`);
}

const nonOverlapping: InventoryCheck = (inventory, { cluster }) => {
  if (!cluster) return undefined;
  const families = clusterFamilies(cluster);
  if (!families) return broken('The networks of the cluster are malformed');
  const networks = inventory.interfaces.flatMap((nic) =>
    nic.addresses.filter((address) => families.includes(address.network.family)).map((address) => ({ nic: nic.name, ...address })),
  );
  const distinct = networks.filter(
    (item, index) => networks.findIndex((other) => other.nic === item.nic && other.networkText === item.networkText) === index,
  );
  for (let a = 0; a < distinct.length; a++) {
    for (let b = a + 1; b < distinct.length; b++) {
      const left = distinct[a] as (typeof distinct)[number];
      const right = distinct[b] as (typeof distinct)[number];
      if (overlaps(left.network, right.network)) {
        return fail(`Networks overlap: ${left.networkText} on ${left.nic} and ${right.networkText} on ${right.nic}`);
      }
    }
  }
  return pass('Networks do not overlap');
};

function vsphereUuid({ host }: HostContext): Outcome {
  if (!host.inventory || !PLATFORM_VENDORS['vsphere']!.test(host.inventory.manufacturer)) return undefined;
  const without = host.inventory.disks.some((disk) => disk.eligible && !disk.hasUuid);
  return passIf(!without, 'Disks have UUIDs', 'A disk has no UUID; turn disk.EnableUUID on');
}

function skippedDisks(host: HostRow): string[] {
  return host.skipFormattingDisks === '' ? [] : host.skipFormattingDisks.split(',');
}

function collisions(inventory: InventoryFacts, cluster: ClusterRow): Outcome {
  if (isDay2Cluster(cluster)) return pass('A day-2 host does not look for address collisions');
  for (const address of hostAddresses(inventory)) {
    const macs = cluster.collisions.get(address.text);
    if (macs) return fail(`Address ${address.text} is used by ${macs.join(' and ')}`);
  }
  return pass('No address collision was seen');
}

function iscsiNetwork(cluster: ClusterRow, { host }: HostContext): Outcome {
  if ((cluster.userManagedNetworking && !isSingleNode(cluster)) || cluster.imported || isDay2Cluster(cluster)) return undefined;
  const disk = installationDiskOf(host);
  if (!disk || !host.inventory) return undefined;
  if (!hasMachineNetwork(cluster)) return wait('The machine network is missing');
  if (disk.driveType !== 'iSCSI') return undefined;
  const ip = parseIp(disk.iscsiAddress);
  if (!ip) return broken('The iSCSI disk does not say which address it uses');
  const nic = host.inventory.interfaces.find((candidate) => candidate.addresses.some((address) => address.text === disk.iscsiAddress));
  if (!nic) return broken('No interface has the iSCSI address');
  const inside = nic.addresses.some((address) => machineNetworks(cluster).some((network) => contains(network, address.ip)));
  return passIf(!inside, 'The iSCSI interface is outside the machine network', 'The iSCSI interface must not be in the machine network');
}

export function installationDiskOf(host: HostRow): DiskFacts | undefined {
  return host.inventory?.disks.find((disk) => disk.id === host.installationDiskId || disk.path === host.installationDiskPath);
}

/** Every host validation in evaluation order. */
export const HOST_VALIDATIONS: readonly HostValidation[] = [
  { id: 'connected', category: 'network', evaluate: connected, hiddenIn: isManualRebootStage },
  {
    id: 'media-connected',
    category: 'network',
    evaluate: ({ host }) => passIf(host.mediaStatus !== 'disconnected', 'The medium is there', 'The installation medium is gone'),
    hiddenIn: isManualRebootStage,
  },
  {
    id: 'has-inventory',
    category: 'hardware',
    evaluate: ({ host }) => passIf(host.inventory !== undefined, 'The inventory is there', 'The host has sent no inventory'),
  },
  { id: 'inventory-not-partially-truncated', category: 'hardware', evaluate: needsInventory(truncation('partial')) },
  { id: 'inventory-not-fully-truncated', category: 'hardware', evaluate: needsInventory(truncation('full')) },
  {
    id: 'has-min-cpu-cores',
    category: 'hardware',
    evaluate: needsInventory(({ cpuCount }, { minimum }) =>
      passIf(cpuCount >= minimum.cpuCores, 'There are enough CPU cores', `Any role needs ${minimum.cpuCores} CPU cores, the host has ${cpuCount}`),
    ),
  },
  {
    id: 'has-min-memory',
    category: 'hardware',
    evaluate: needsInventory(({ physicalBytes, physicalBytesMethod }, { minimum }) =>
      passIf(
        physicalBytes >= memoryNeeded(minimum.ramMib, physicalBytesMethod, false),
        'There is enough memory',
        `Any role needs ${minimum.ramMib} MiB of memory, the host has ${Math.floor(physicalBytes / 2 ** 20)}`,
      ),
    ),
  },
  {
    id: 'has-min-valid-disks',
    category: 'hardware',
    evaluate: needsInventory(({ disks }) => {
      if (disks.length === 0) return broken('The host reported no disks');
      return passIf(disks.some((disk) => disk.eligible), 'There is a disk to install on', 'No disk can be installed on; each disk tells why');
    }),
  },
  { id: 'machine-cidr-defined', category: 'network', evaluate: bound(machineCidrDefined) },
  {
    id: 'has-cpu-cores-for-role',
    category: 'hardware',
    evaluate: needsInventory(({ cpuCount }, { host, requirement }) =>
      passIf(
        cpuCount >= requirement.cpuCores,
        `There are enough CPU cores for role ${effectiveRole(host)}`,
        `Role ${effectiveRole(host)} needs ${requirement.cpuCores} CPU cores, the host has ${cpuCount}`,
      ),
    ),
  },
  {
    id: 'has-memory-for-role',
    category: 'hardware',
    evaluate: needsInventory(({ physicalBytes, physicalBytesMethod }, { host, requirement }) =>
      passIf(
        physicalBytes >= memoryNeeded(requirement.ramMib, physicalBytesMethod, true),
        `There is enough memory for role ${effectiveRole(host)}`,
        `Role ${effectiveRole(host)} needs ${requirement.ramMib} MiB of memory, the host has ${Math.floor(physicalBytes / 2 ** 20)}`,
      ),
    ),
  },
  {
    id: 'hostname-unique',
    category: 'hardware',
    evaluate: boundWithInventory((_inventory, cluster, { host }) => {
      const name = hostnameOf(host);
      return passIf((namesOf(cluster).get(name) ?? 0) <= 1, `Hostname ${name} is unique`, `Hostname ${name} is used by several hosts`);
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
    evaluate: needsInventory(({ productName }, { cluster }) => {
      if (productName === undefined) return broken('The host does not name its vendor');
      if (!PLATFORMS_WITHOUT_VIPS.includes(productName)) return pass(`Platform ${productName} is allowed`);
      if (!cluster) return undefined;
      return passIf(cluster.userManagedNetworking === true, `Platform ${productName} is allowed`, `Platform ${productName} needs user-managed networking`);
    }),
  },
  { id: 'ntp-synced', category: 'network', evaluate: ntpSynced, hiddenIn: isManualRebootStage },
  { id: 'time-synced-between-host-and-service', category: 'network', evaluate: timeSynced, hiddenIn: isManualRebootStage },
  { id: 'container-images-available', category: 'network', evaluate: imagesAvailable },
  { id: 'sufficient-installation-disk-speed', category: 'hardware', evaluate: diskSpeed },
  { id: 'sufficient-network-latency-requirement-for-role', category: 'network', evaluate: timing('rttMs', 'Latency') },
  { id: 'sufficient-packet-loss-requirement-for-role', category: 'network', evaluate: timing('lossPercent', 'Packet loss') },
  {
    id: 'has-default-route',
    category: 'network',
    evaluate: needsInventory(({ hasDefaultRoute }) => passIf(hasDefaultRoute, 'There is a default route', 'There is no default route')),
  },
  { id: 'api-domain-name-resolved-correctly', category: 'network', evaluate: resolves('api', 'API load balancer') },
  { id: 'api-int-domain-name-resolved-correctly', category: 'network', evaluate: resolves('api-int', 'internal API load balancer') },
  { id: 'apps-domain-name-resolved-correctly', category: 'network', evaluate: resolves('console-openshift-console.apps', 'application ingress') },
  {
    id: 'compatible-with-cluster-platform',
    category: 'hardware',
    evaluate: boundWithInventory((inventory, cluster) => {
      const platform = String(cluster.platform['type'] ?? '');
      if (platform === '') return wait('The platform is not set');
      const vendor = PLATFORM_VENDORS[platform];
      return passIf(!vendor || vendor.test(inventory.manufacturer), `The host fits platform ${platform}`, `The host does not fit platform ${platform}`);
    }),
  },
  { id: 'dns-wildcard-not-configured', category: 'network', evaluate: bound(wildcard) },
  { id: 'disk-encryption-requirements-satisfied', category: 'hardware', evaluate: bound(diskEncryption) },
  { id: 'non-overlapping-subnets', category: 'network', evaluate: (context) => (context.cluster ? needsInventory(nonOverlapping)(context) : undefined) },
  { id: 'vsphere-disk-uuid-enabled', category: 'hardware', evaluate: bound((_cluster, context) => vsphereUuid(context)) },
  {
    id: 'compatible-agent',
    category: 'hardware',
    evaluate: ({ core, host }) =>
      passIf(
        !core.settings.ENABLE_UPGRADE_AGENT || host.discoveryAgentVersion === core.settings.AGENT_DOCKER_IMAGE,
        'The agent fits the service',
        'The agent is being upgraded to a version that fits the service',
      ),
    hiddenIn: (stage) => stage !== '',
  },
  {
    id: 'no-skip-installation-disk',
    category: 'hardware',
    evaluate: ({ host }) =>
      passIf(
        host.installationDiskId === '' || !skippedDisks(host).includes(host.installationDiskId),
        'The installation disk will be formatted',
        'Formatting must not be skipped on the installation disk',
      ),
  },
  {
    id: 'no-skip-missing-disk',
    category: 'hardware',
    evaluate: needsInventory((inventory, { host }) =>
      passIf(
        skippedDisks(host).every((id) => inventory.disks.some((disk) => disk.id === id)),
        'All disks that are left alone are there',
        'A disk that is to be left alone is missing',
      ),
    ),
  },
  {
    id: 'no-ip-collisions-in-network',
    category: 'network',
    evaluate: ({ cluster, host }) =>
      cluster && host.inventory ? collisions(host.inventory, cluster) : pass('Address collisions are not looked for yet'),
  },
  { id: 'no-iscsi-nic-belongs-to-machine-cidr', category: 'network', evaluate: bound(iscsiNetwork) },
];

/** All ids that can be disabled or ignored. */
export const HOST_VALIDATION_IDS: readonly string[] = [...HOST_VALIDATIONS.map((validation) => validation.id), ...OPERATOR_VALIDATION_IDS];

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
    const outcome: Outcome = disabled.includes(id) ? ['disabled', 'Disabled by the configuration'] : evaluate(context);
    if (!outcome) continue;
    const [status, message] = outcome;
    if (status !== 'success' && status !== 'disabled') failing.add(id);
    if (!hiddenIn?.(host.stage)) results.push({ id, category, status, message });
  }
  if (cluster) {
    for (const result of hostOperatorResults(host, cluster)) {
      if (result.status !== 'success') failing.add(result.id);
      results.push(result);
    }
  }
  for (const id of [...failing]) if (isIgnored(ignored, id, NEVER_IGNORABLE_HOST_VALIDATIONS)) failing.delete(id);
  return { results, holds: (id) => !failing.has(id) };
}

/** Conditions that are no validations. */
export const hostConditions = {
  /** Measured and good, or not to be measured. */
  diskSpeedSuccessful(host: HostRow): boolean {
    if (keepsPartitions(host) || host.inventory?.deviceType === 'persistent') return true;
    return host.diskSpeeds.get(host.installationDiskId)?.exitCode === 0;
  },
  imagesSuccessful(host: HostRow): boolean {
    return host.imageStatuses.size > 0 && ![...host.imageStatuses.values()].some(isBadImage);
  },
  waitsForOthers(host: HostRow): boolean {
    return isWrongBootStage(host.stage) && host.cluster?.status === 'installing-pending-user-action';
  },
  softTimeouts,
};

export function keepsPartitions(host: HostRow): boolean {
  return host.installerArgs.includes('--save-partlabel') || host.installerArgs.includes('--save-partindex');
}
