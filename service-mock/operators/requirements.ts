/**
 * What operators check of hosts and clusters. Texts, order and figures are upstream's: assisted-service,
 * internal/operators/<operator>, ValidateHost and ValidateCluster. Whether an operator goes with an architecture is not
 * looked at.
 */
import {
  AI_WORKERS,
  MCE_STORAGE_GIB,
  type OperatorNeed as Need,
  ODF_DISK_GB,
  ODF_HOSTS,
  WORKERS_ENOUGH,
} from '../../model/protocol/operators.ts';
import { isSingleNode } from '../cluster/traits.ts';
import type { ClusterRow, HostRow } from '../core/rows.ts';
import type { DiskFacts, InventoryFacts } from '../host/inventory.ts';
import { effectiveRole } from '../host/traits.ts';
import type { ValidationStatus } from '../validations/results.ts';
import { compareBase } from '../versions/versions.ts';

/** Status and message; a check that passes mostly says nothing. */
export type OperatorOutcome = readonly [ValidationStatus, string];
export interface OperatorHost {
  readonly host: HostRow;
  readonly cluster: ClusterRow;
  /** The role that the host has or is suggested, or that it is looked at for. */
  readonly role: string;
  /** The role that it is given, or that it is looked at for. */
  readonly given: string;
  readonly need: Need;
}
export type HostCheck = (subject: OperatorHost) => OperatorOutcome;
export type ClusterCheck = (cluster: ClusterRow) => OperatorOutcome;

export const MET: OperatorOutcome = ['success', ''];
const fail = (message: string): OperatorOutcome => ['failure', message];

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** @param missing message while the host has sent no inventory. */
const needsInventory =
  (missing: string, check: (inventory: InventoryFacts, subject: OperatorHost) => OperatorOutcome): HostCheck =>
  (subject) =>
    subject.host.inventory ? check(subject.host.inventory, subject) : ['pending', missing];

/** Enough CPU cores and memory for `title`. */
export function resources(title: string, missing: string): HostCheck {
  return needsInventory(missing, (inventory, subject) => resourcesFor(title, inventory, subject));
}

function resourcesFor(title: string, inventory: InventoryFacts, { role, need }: OperatorHost): OperatorOutcome {
  if (role === 'arbiter') return MET;
  if (inventory.cpuCount < need.cpu) {
    return fail(
      `Insufficient CPU to deploy ${title}. Required CPU count is ${need.cpu} but found ${inventory.cpuCount} `,
    );
  }
  if (inventory.usableBytes >= need.ramMib * MIB) return MET;
  const found = Math.floor(inventory.usableBytes / MIB);
  return fail(`Insufficient memory to deploy ${title}. Required memory is ${need.ramMib} MiB but found ${found} MiB`);
}

export const virtualization: HostCheck = needsInventory(
  'Missing Inventory in some of the hosts',
  (inventory, subject) => {
    if (!inventory.virtualization) return fail('CPU does not have virtualization support');
    if (subject.role === 'auto-assign')
      return fail('All host roles must be assigned to enable OpenShift Virtualization');
    return resourcesFor('OpenShift Virtualization', inventory, subject);
  },
);

/** @param loads what secure boot keeps from being loaded. @param vendor of the GPUs that need it; any host else. */
export function secureBootOff(loads: string, vendor?: string): HostCheck {
  return needsInventory('Missing inventory in the host', (inventory) =>
    inventory.secureBoot && (vendor === undefined || inventory.gpuVendors.includes(vendor))
      ? fail(`Secure boot is enabled, but it needs to be disabled in order to load ${loads}`)
      : MET,
  );
}

/** A GPU of a vendor in a host that carries workload. @param name as texts call it. */
export function someGpu(name: string, vendor: string): ClusterCheck {
  return (cluster) => {
    const carriers = cluster.hosts.filter(
      ({ role }) => role !== 'arbiter' && (cluster.schedulableMasters || !['master', 'bootstrap'].includes(role)),
    );
    const found = carriers.some((host) => host.inventory?.gpuVendors.includes(vendor));
    if (found) return MET;
    return fail(
      `The ${name} GPU operator requires at least one supported ${name} GPU, but there is none in the discovered hosts.`,
    );
  };
}

/** @param words what stands between the operator's title and the version. */
export function fromVersion(title: string, version: string, words = 'openshift'): ClusterCheck {
  return (cluster) =>
    compareBase(cluster.openshiftVersion, version) < 0
      ? fail(`${title} is only supported for ${words} versions ${version} and above`)
      : MET;
}

const isOlm = (cluster: ClusterRow, name: string) =>
  cluster.operators.some((operator) => operator.type === 'olm' && operator.name === name);

/** How much larger disks must be for multicluster engine beside a storage operator, GB. */
function storageOfMce(cluster: ClusterRow): number {
  if (!isOlm(cluster, 'mce') || !(isOlm(cluster, 'lvm') || isOlm(cluster, 'odf'))) return 0;
  return isSingleNode(cluster) ? MCE_STORAGE_GIB.reduce((sum, size) => sum + size, 0) : Math.max(...MCE_STORAGE_GIB);
}

/** Disks beside the installation disk, by whether they are large enough. @param least GB. */
function spareDisks(host: HostRow, disks: readonly DiskFacts[], least: number): { large: number; small: number } {
  const spare = disks.filter(
    (disk) => ['SSD', 'HDD'].includes(disk.driveType) && disk.id !== host.installationDiskId && disk.sizeBytes !== 0,
  );
  const large = spare.filter((disk) => disk.sizeBytes >= least * 1e9).length;
  return { large, small: spare.length - large };
}

/** Upstream: internal/common/common.go, ShouldMastersBeSchedulable. */
export function mastersAreSchedulable(cluster: ClusterRow): boolean {
  const workers = cluster.hosts.filter((other) => effectiveRole(other) === 'worker').length;
  return isSingleNode(cluster) || workers < WORKERS_ENOUGH;
}

const LVM = 'Logical Volume Manager';

export const lvmHost: HostCheck = needsInventory(
  'Missing Inventory in the host',
  (inventory, { host, cluster, role }) => {
    const carries = role === 'worker' || (mastersAreSchedulable(cluster) && role !== 'arbiter');
    if (!carries) {
      return role === 'auto-assign'
        ? fail(`For ${LVM} Standard Mode, host role must be assigned to master or worker.`)
        : MET;
    }
    const least = storageOfMce(cluster);
    if (spareDisks(host, inventory.disks, least).large > 0) return MET;
    const size = least > 0 ? ` of ${least}GB minimum` : '';
    return fail(`${LVM} requires at least one non-installation HDD/SSD disk${size} on the host`);
  },
);

export const lvmCluster: ClusterCheck = (cluster) => {
  const tooOld = fromVersion(LVM, '4.11.0')(cluster);
  if (tooOld !== MET || isSingleNode(cluster) || compareBase(cluster.openshiftVersion, '4.15.0') >= 0) return tooOld;
  return fail(`${LVM} is only supported for highly available openshift with version 4.15.0 or above`);
};

type OdfMode = 'Compact' | 'Standard' | 'Unknown';

/** Whether control-plane nodes or workers carry the storage, by the roles that users gave. */
function odfMode(cluster: ClusterRow): OdfMode {
  const count = (...roles: readonly string[]) => cluster.hosts.filter(({ role }) => roles.includes(role)).length;
  const masters = count('master', 'bootstrap');
  const arbiters = count('arbiter');
  const workers = count('worker');
  const open = count('auto-assign');
  if (workers === 0 && masters + open === 3) return 'Compact';
  if (workers === 0 && open === 0 && masters + arbiters >= ODF_HOSTS) return 'Compact';
  const controlled = masters >= 3 || (masters >= 2 && arbiters > 0);
  return controlled && workers >= ODF_HOSTS ? 'Standard' : 'Unknown';
}

/** Whether a host carries the storage; undefined while its role must be given first. */
function carriesOdf(cluster: ClusterRow, mode: OdfMode, role: string): boolean | undefined {
  if (role === 'auto-assign' && cluster.hosts.length !== 3) return undefined;
  if (mode === 'Standard') return role === 'worker';
  return mode === 'Compact' && ['master', 'arbiter', 'auto-assign'].includes(role);
}

const odfShort = (mode: OdfMode, least: number) =>
  `Insufficient resources to deploy ODF in ${mode.toLowerCase()} mode. ODF requires a minimum of ${ODF_HOSTS} hosts. Each host must have at least 1 additional disk of ${least} GB minimum and an installation disk.`;

export const odfHost: HostCheck = ({ host, cluster, given }) => {
  const mode = odfMode(cluster);
  const carries = carriesOdf(cluster, mode, given);
  if (carries === undefined) {
    return [
      'pending',
      'Auto-assigning roles for hosts with ODF is allowed only for clusters with exactly three hosts. For other scenarios, please manually assign the host role as either a control plane node or a worker.',
    ];
  }
  if (!carries) return MET;
  if (!host.inventory) return ['pending', 'Missing Inventory in the host.'];
  const least = ODF_DISK_GB + storageOfMce(cluster);
  const { large, small } = spareDisks(host, host.inventory.disks, least);
  if (large > 0) return MET;
  if (small > 0) return fail(odfShort(mode, least));
  return fail(
    `Insufficient disks, ODF requires at least one non-installation SSD or HDD disk on each host in ${mode.toLowerCase()} mode.`,
  );
};

export const odfCluster: ClusterCheck = (cluster) => {
  const mode = odfMode(cluster);
  if (mode === 'Unknown') {
    return fail(
      'The cluster must either have no dedicated worker nodes or at least three. Add or remove hosts, or change their roles configurations to meet the requirement.',
    );
  }
  let disks = 0;
  let hosts = 0;
  for (const host of cluster.hosts) {
    if (!carriesOdf(cluster, mode, effectiveRole(host))) continue;
    if (!host.inventory) return ['pending', 'Missing Inventory in some of the hosts'];
    const { large, small } = spareDisks(host, host.inventory.disks, ODF_DISK_GB);
    if (large === 0 && small > 0) return fail(odfShort(mode, ODF_DISK_GB));
    disks += large;
    hosts += large > 0 ? 1 : 0;
  }
  return disks >= ODF_HOSTS && hosts >= ODF_HOSTS
    ? ['success', `ODF Requirements for ${mode} Deployment are satisfied.`]
    : fail(odfShort(mode, ODF_DISK_GB));
};

export const aiHost: HostCheck = needsInventory('Missing inventory in the host', (inventory, { need }) => {
  const problems: string[] = [];
  if (inventory.cpuCount < need.cpu) {
    problems.push(
      `Insufficient CPU to deploy OpenShift AI, requires ${need.cpu} CPU cores but found ${inventory.cpuCount}`,
    );
  }
  if (inventory.usableBytes < need.ramMib * MIB) {
    const [needed, found] = [need.ramMib * MIB, inventory.usableBytes].map((bytes) => Math.floor(bytes / GIB));
    problems.push(`Insufficient memory to deploy OpenShift AI, requires ${needed} GiB but found ${found} GiB`);
  }
  return problems.length > 0 ? fail(problems.join('\n')) : MET;
});

export const aiCluster: ClusterCheck = (cluster) => {
  const workers = cluster.hosts.filter((host) => effectiveRole(host) === 'worker').length;
  if (isSingleNode(cluster) || workers >= AI_WORKERS) return MET;
  return fail(`OpenShift AI requires at least ${AI_WORKERS} worker nodes, but the cluster has ${workers}.`);
};

/** Without an operator for GPUs OpenShift AI does without them, which is told. */
export const aiGpus: ClusterCheck = (cluster) =>
  isOlm(cluster, 'nvidia-gpu') || isOlm(cluster, 'amd-gpu')
    ? MET
    : ['success', 'No GPU vendor selected - OpenShift AI will be installed without GPU support'];
