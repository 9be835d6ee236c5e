/**
 * Hardware minima, eligibility of disks and choice of the installation disk. Texts are upstream's.
 * Upstream: assisted-service, internal/hardware/validator.go and versioned-requirements.go.
 */

import { isDay2Cluster, isSingleNode } from '../cluster/traits.ts';
import type { ClusterRow, HostRow, InfraEnvRow } from '../core/rows.ts';
import type { DiskFacts, InventoryFacts } from '../host/inventory.ts';
import { effectiveRole } from '../host/traits.ts';
import { parseIp } from '../network/networks.ts';
import { operatorNeeds } from '../operators/operators.ts';
import type { JsonObject, ServiceSettings } from '../service-api.ts';
import { compareBase } from '../versions/versions.ts';

export interface Requirement {
  readonly cpuCores: number;
  readonly ramMib: number;
  readonly diskGb: number;
  readonly diskSpeedMs: number;
  readonly latencyMs: number | undefined;
  readonly lossPercent: number | undefined;
}
type Role = 'master' | 'arbiter' | 'worker' | 'sno' | 'edge-worker';
type VersionRequirements = Readonly<Record<Role, Requirement>>;

const ROLES: readonly Role[] = ['master', 'arbiter', 'worker', 'sno', 'edge-worker'];
const FIELDS = {
  cpuCores: 'cpu_cores',
  ramMib: 'ram_mib',
  diskGb: 'disk_size_gb',
  diskSpeedMs: 'installation_disk_speed_threshold_ms',
  latencyMs: 'network_latency_threshold_ms',
  lossPercent: 'packet_loss_percentage',
} as const;

/** Memory that may be missing, MiB. */
const MEMORY_TOLERANCE_MIB = 100;
const MIB = 1024 * 1024;

export class Hardware {
  readonly #entries: readonly JsonObject[];
  readonly #byVersion = new Map<string, VersionRequirements>();
  /** Smallest latency and loss limits of any role: reports below them never matter. */
  readonly strictest: { readonly latencyMs: number; readonly lossPercent: number };

  constructor(settings: ServiceSettings) {
    this.#entries = settings.HW_VALIDATOR_REQUIREMENTS;
    const all = this.#entries.flatMap((entry) => ROLES.map((role) => entry[role] as JsonObject | undefined));
    const smallest = (field: string) =>
      Math.min(...all.map((item) => item?.[field]).filter((value): value is number => typeof value === 'number'));
    this.strictest = { latencyMs: smallest(FIELDS.latencyMs), lossPercent: smallest(FIELDS.lossPercent) };
  }

  #forVersion(version: string): VersionRequirements {
    let result = this.#byVersion.get(version);
    if (!result) {
      result = Object.fromEntries(ROLES.map((role) => [role, this.#merge(version, role)])) as VersionRequirements;
      this.#byVersion.set(version, result);
    }
    return result;
  }

  #merge(version: string, role: Role): Requirement {
    const layers = this.#entries
      .filter((entry) => matches(entry, version))
      .sort((a, b) => rank(a) - rank(b))
      .map((entry) => entry[role] as JsonObject | undefined);
    const pick = (field: string): number | undefined => {
      for (const layer of layers.toReversed()) {
        const value = layer?.[field];
        if (typeof value === 'number') return value;
      }
      return undefined;
    };
    return {
      cpuCores: pick(FIELDS.cpuCores) ?? 0,
      ramMib: pick(FIELDS.ramMib) ?? 0,
      diskGb: pick(FIELDS.diskGb) ?? 0,
      diskSpeedMs: pick(FIELDS.diskSpeedMs) ?? 0,
      latencyMs: pick(FIELDS.latencyMs),
      lossPercent: pick(FIELDS.lossPercent),
    };
  }

  /** Requirement of a host in its cluster without operators. */
  ofRole(cluster: ClusterRow, role: string): Requirement {
    const requirements = this.#forVersion(cluster.openshiftVersion);
    if (role === 'master') return isSingleNode(cluster) ? requirements.sno : requirements.master;
    if (role === 'arbiter') return requirements.arbiter;
    return requirements.worker;
  }

  /** Everything a bound host needs, operators included. */
  ofHost(host: HostRow, cluster: ClusterRow, role = effectiveRole(host)): Requirement {
    const base =
      role !== 'master' && role !== 'arbiter' && isEdgeWorker(host)
        ? this.#forVersion(cluster.openshiftVersion)['edge-worker']
        : this.ofRole(cluster, role);
    const extra = operatorNeeds(cluster, role);
    return { ...base, cpuCores: base.cpuCores + extra.cpu, ramMib: base.ramMib + extra.ramMib };
  }

  /** What an unbound host is measured against: the role with the smallest disk. */
  ofInfraEnv(infraEnv: InfraEnvRow): Requirement {
    const { master, arbiter, worker } = this.#forVersion(infraEnv.openshiftVersion);
    return [worker, master, arbiter].reduce((best, item) => (item.diskGb < best.diskGb ? item : best));
  }

  /** CPU and memory that any role needs at least; a single node is not told apart here. */
  minimum(cluster: ClusterRow | undefined, infraEnv: InfraEnvRow): { cpuCores: number; ramMib: number } {
    const requirements = this.#forVersion(cluster?.openshiftVersion ?? infraEnv.openshiftVersion);
    const { master, worker } = requirements;
    return { cpuCores: Math.min(master.cpuCores, worker.cpuCores), ramMib: Math.min(master.ramMib, worker.ramMib) };
  }

  /**
   * Judges every disk of a normalized inventory: keeps the agent's reasons, adds the service's own, and sets
   * `eligible`. Changes `inventory` in place.
   */
  judgeDisks(inventory: JsonObject, host: HostRow, cluster: ClusterRow | undefined): void {
    const disks = inventory.disks;
    if (!Array.isArray(disks)) return;
    const requirement = cluster ? this.ofHost(host, cluster) : this.ofInfraEnv(host.infraEnv);
    const version = cluster && !isDay2Cluster(cluster) ? cluster.openshiftVersion : host.infraEnv.openshiftVersion;
    const architecture = String((inventory.cpu as JsonObject | undefined)?.architecture ?? '');
    const allowed = driveTypes(version, architecture);
    for (const item of disks) {
      if (item === null) continue;
      const disk = item as JsonObject;
      const given = (disk.installation_eligibility as JsonObject | undefined)?.not_eligible_reasons;
      const reasons = (Array.isArray(given) ? given.map(String) : []).filter((reason) => !isOwnReason(reason));
      const size = typeof disk.size_bytes === 'number' ? disk.size_bytes : 0;
      if (size < requirement.diskGb * 1e9) reasons.push(tooSmall(size, requirement.diskGb * 1e9));
      const type = String(disk.drive_type ?? '');
      if (!allowed.includes(type)) reasons.push(`Drive type is ${type}, it must be one of ${allowed.join(', ')}.`);
      reasons.push(...pathProblems(disk, inventory, allowed));
      disk.installation_eligibility = {
        ...(reasons.length === 0 ? { eligible: true } : {}),
        not_eligible_reasons: reasons.length === 0 ? null : reasons,
      };
    }
  }
}

const BAD_MULTIPATH = 'Multipath device has path of unsupported type. It must be FC, iSCSI';
const MIXED_PATHS = 'Multipath device has paths of different types, but they must all be the same type';
const BAD_ISCSI_PATH = 'Installation on multipath device is not possible due to errors on at least one iSCSI disk';
const NO_ADDRESS = 'Host IP address is not available';
const NO_INTERFACE = 'Cannot find the network interface behind the default route';

/** Reasons that the service gives; they are found anew. */
const OWN_REASONS: readonly RegExp[] = [
  /Disk is too small \(disk only has .*, but .* are required\)/,
  /Drive type is .*, it must be one of .*\./,
  /Disk is a member of multipath device .* and is not eligible for installation\. Use the multipath device instead\./,
  /iSCSI host IP .* is the same as host IP, they must be different/,
  /Cannot parse iSCSI host IP .*: .*/,
];

function isOwnReason(reason: string): boolean {
  return (
    OWN_REASONS.some((own) => own.test(reason)) ||
    [BAD_MULTIPATH, MIXED_PATHS, BAD_ISCSI_PATH, NO_ADDRESS, NO_INTERFACE].some((own) => reason.includes(own))
  );
}

/** Sizes in bytes. */
function tooSmall(size: number, needed: number): string {
  const wanted = decimalText(needed);
  const has = decimalText(size);
  const found = has === wanted ? `${has} (short by ${decimalText(needed - size)})` : has;
  return `Disk is too small (disk only has ${found}, but ${wanted} are required)`;
}

const DECIMAL_UNITS = ['B', 'KB', 'MB', 'GB', 'TB'] as const;

/** A number of bytes with up to three decimals, rounded up (assisted-service, internal/hardware: preciseHumanizeBytes). */
function decimalText(bytes: number): string {
  let unit = 0;
  while (unit < DECIMAL_UNITS.length - 1 && bytes >= 1000 ** (unit + 1)) unit++;
  return `${Math.ceil((bytes / 1000 ** unit) * 1000) / 1000} ${DECIMAL_UNITS[unit]}`;
}

const objectsOf = (value: unknown): JsonObject[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'object' && item !== null) : [];
const holdersOf = (disk: JsonObject) => String(disk.holders ?? '').split(',');

/** What network storage and multipath devices must fulfil besides size and type. */
function pathProblems(disk: JsonObject, inventory: JsonObject, allowed: readonly string[]): string[] {
  const type = disk.drive_type;
  const disks = objectsOf(inventory.disks);
  const problems: string[] = [];
  if (type === 'FC' || type === 'iSCSI') {
    const devices = disks.filter((other) => other.drive_type === 'Multipath').map((other) => String(other.name));
    const holder = holdersOf(disk).find((name) => devices.includes(name));
    if (holder !== undefined) {
      problems.push(
        `Disk is a member of multipath device ${holder} and is not eligible for installation. Use the multipath device instead.`,
      );
    }
  }
  if (type === 'iSCSI') {
    const problem = iscsiProblem(disk, inventory);
    if (problem) problems.push(problem);
  }
  if (type !== 'Multipath') return problems;
  const paths = disks.filter((other) => holdersOf(other).includes(String(disk.name)));
  const fc = paths.filter((path) => path.drive_type === 'FC').length;
  const iscsi = paths.filter((path) => path.drive_type === 'iSCSI');
  if (fc === 0 && iscsi.length === 0) return [BAD_MULTIPATH];
  if (fc !== paths.length && iscsi.length !== paths.length) problems.push(MIXED_PATHS);
  if (iscsi.some((path) => !allowed.includes('iSCSI') || iscsiProblem(path, inventory) !== undefined))
    problems.push(BAD_ISCSI_PATH);
  return problems;
}

/** The host must reach the iSCSI target from another address than those of its default route's interface. */
function iscsiProblem(disk: JsonObject, inventory: JsonObject): string | undefined {
  const text = String((disk.iscsi as JsonObject | undefined)?.host_ip_address ?? '');
  if (text === '') return NO_ADDRESS;
  const ip = parseIp(text);
  if (!ip) return `Cannot parse iSCSI host IP ${text}: ParseAddr("${text}"): unable to parse IP`;
  const route = objectsOf(inventory.routes).find(
    (item) =>
      item.family === (ip.family === 6 ? 10 : 2) &&
      parseIp(String(item.destination ?? ''))?.value === 0n &&
      Boolean(item.gateway),
  );
  if (!route) return undefined;
  const nic = objectsOf(inventory.interfaces).find((item) => item.name === route.interface);
  if (!nic) return NO_INTERFACE;
  const addresses = (ip.family === 6 ? nic.ipv6_addresses : nic.ipv4_addresses) as string[] | null | undefined;
  return addresses?.some((address) => address.split('/')[0] === text)
    ? `iSCSI host IP ${text} is the same as host IP, they must be different`
    : undefined;
}

function matches(entry: JsonObject, version: string): boolean {
  const wanted = String(entry.version);
  if (wanted === 'default') return true;
  if (version === '') return false;
  const order = compareBase(version, wanted);
  return entry.match_type === 'min_version' ? order >= 0 : order === 0;
}

/** Later layers win: default, then minimum versions, then exact ones. */
function rank(entry: JsonObject): number {
  if (entry.version === 'default') return 0;
  return entry.match_type === 'min_version' ? 1 : 2;
}

function driveTypes(version: string, architecture: string): string[] {
  const types = ['HDD', 'SSD', 'Multipath'];
  if (compareBase(version, '4.14') >= 0) types.push('RAID');
  if (compareBase(version, '4.15') >= 0) types.push('iSCSI');
  if (architecture === 's390x') types.push('FC', 'ECKD (ESE)', 'ECKD', 'FBA');
  if (architecture === 'x86_64' || architecture === 'amd64') types.push('FC');
  return types;
}

/** Product names of data processing units that need less than a worker. */
const EDGE_WORKERS: readonly string[] = ['bluefield soc'];

function isEdgeWorker(host: HostRow): boolean {
  return EDGE_WORKERS.includes((host.inventory?.productName ?? '').toLowerCase());
}

/** Eligible disks, the best first. */
export function eligibleDisks(facts: InventoryFacts): DiskFacts[] {
  return facts.disks.filter((disk) => disk.eligible).sort(compareDisks);
}

function compareDisks(a: DiskFacts, b: DiskFacts): number {
  if (a.bootable !== b.bootable) return a.bootable ? -1 : 1;
  const nvmeA = a.name.startsWith('nvme');
  const nvmeB = b.name.startsWith('nvme');
  if (nvmeA !== nvmeB) return nvmeA ? 1 : -1;
  if (a.driveType !== b.driveType) return a.driveType < b.driveType ? -1 : 1;
  if (a.sizeBytes !== b.sizeBytes) return a.sizeBytes - b.sizeBytes;
  return a.hctl < b.hctl ? -1 : a.hctl > b.hctl ? 1 : 0;
}

/** The disk to install on: the one chosen before if it is still eligible, else the best. */
export function installationDisk(facts: InventoryFacts, chosen: string): DiskFacts | undefined {
  const disks = eligibleDisks(facts);
  return disks.find((disk) => chosen !== '' && (disk.id === chosen || disk.path === chosen)) ?? disks[0];
}

const NEVER_FORMATTED: ReadonlySet<string> = new Set(['FC', 'iSCSI', 'LVM', 'Multipath']);

/** Disks that hold something bootable and are wiped before the installation. */
export function disksToFormat(facts: InventoryFacts): DiskFacts[] {
  return facts.disks.filter(
    (disk) =>
      disk.bootable &&
      !disk.removable &&
      !disk.byPath.includes('mmcblk') &&
      !NEVER_FORMATTED.has(disk.driveType) &&
      !disk.installationMedia,
  );
}

const BINARY_UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** A number of bytes as upstream's texts write it (assisted-service, pkg/conversions: BytesToString). */
export function byteText(bytes: number): string {
  let unit = 0;
  while (unit < BINARY_UNITS.length - 1 && bytes >= 1024 ** (unit + 1)) unit++;
  const value = bytes / 1024 ** unit;
  return `${unit >= 3 ? value.toFixed(2) : Math.floor(value)} ${BINARY_UNITS[unit]}`;
}

/** Bytes of memory that satisfy a need, given how the agent measured. */
export function memoryNeeded(ramMib: number, method: string, forRole: boolean): number {
  const tolerance = MEMORY_TOLERANCE_MIB + (!forRole && method === 'meminfo' ? Math.trunc(ramMib / 50) : 0);
  return (ramMib - tolerance) * MIB;
}
