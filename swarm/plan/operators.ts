/**
 * Whether the machines of a plan are what the operators that it asks for need: assisted-service calls the hosts of a cluster
 * insufficient otherwise, for ever (internal/hardware/validator.go GetClusterHostRequirements; internal/operators/<operator>,
 * ValidateHost and ValidateCluster). A service may be configured with other minima, and may know other operators, so that
 * what is found here is worth a warning and no more.
 */
import {
  AI_WORKERS,
  MCE_STORAGE_GIB,
  ODF_DISK_GB,
  ODF_HOSTS,
  OPERATOR_NEEDS,
  type OperatorNeed,
  WORKERS_ENOUGH,
} from '../../model/protocol/operators.ts';
import { nearest } from '../../model/text/nearest.ts';
import { type HardwareProfile, profileNamed } from '../host/profiles.ts';
import type { PlanCluster } from './plan.ts';

type Role = 'master' | 'arbiter' | 'worker';
type Machines = Pick<PlanCluster, 'controlPlanes' | 'arbiters' | 'workers' | 'profiles' | 'olmOperators'>;

const NAMES: Readonly<Record<Role, string>> = { master: 'control planes', arbiter: 'arbiters', worker: 'workers' };

/** What OpenShift itself needs: assisted-service, deploy/podman/configmap.yml, HW_VALIDATOR_REQUIREMENTS. */
const OPENSHIFT: Readonly<Record<Role, OperatorNeed>> = {
  master: { cpu: 4, ramMib: 16_384 },
  arbiter: { cpu: 2, ramMib: 8192 },
  worker: { cpu: 2, ramMib: 8192 },
};
/** Of the only node before 4.22. */
const SINGLE_CPUS = 8;
/** What each further disk costs with Data Foundation: internal/operators/odf/config.go ODFPerDiskCPUCount, ODFPerDiskRAMGiB. */
const ODF_PER_DISK: OperatorNeed = { cpu: 2, ramMib: 5 * 1024 };
const NOTHING: OperatorNeed = { cpu: 0, ramMib: 0 };
const MIB = 2 ** 20;
/** PCI vendors of GPUs, by the operator that drives them. */
const GPU_VENDORS: Readonly<Record<string, string>> = { 'amd-gpu': '1002', 'nvidia-gpu': '10de' };

/** @returns one sentence for each thing that is missing, with what the plan could say instead */
export function operatorWarnings(cluster: Machines, openshiftVersion: string): string[] {
  const unknown = cluster.olmOperators.filter((name) => !Object.hasOwn(OPERATOR_NEEDS, name));
  return [...unknown.map(unknownOperator), ...new OperatorCheck(cluster, openshiftVersion).run()];
}

function unknownOperator(name: string): string {
  const known = Object.keys(OPERATOR_NEEDS);
  const meant = nearest(name, known);
  const hint = meant === undefined ? `known are ${known.join(', ')}` : `did you mean ${meant}?`;
  return `${name} is no operator that assisted-service is known to have, and it refuses clusters with one that it does not have; ${hint}`;
}

class OperatorCheck {
  readonly #cluster: Machines;
  readonly #version: string;
  readonly #operators: ReadonlySet<string>;
  readonly #single: boolean;
  readonly #roles: readonly Role[];
  readonly #found: string[] = [];

  constructor(cluster: Machines, openshiftVersion: string) {
    this.#cluster = cluster;
    this.#version = openshiftVersion;
    this.#operators = withDependencies(cluster.olmOperators);
    this.#single = cluster.controlPlanes === 1;
    const { arbiters, workers } = cluster;
    this.#roles = [
      'master',
      ...(arbiters > 0 ? (['arbiter'] as const) : []),
      ...(workers > 0 ? (['worker'] as const) : []),
    ];
  }

  run(): string[] {
    if (this.#operators.size === 0) return [];
    this.#versions();
    this.#clusterShape();
    for (const role of this.#roles) this.#host(role, profileNamed(this.#cluster.profiles[role]));
    return this.#found;
  }

  /** Whether control-plane nodes carry workload. */
  get #mastersCarry(): boolean {
    return this.#single || this.#cluster.workers < WORKERS_ENOUGH;
  }

  #versions(): void {
    for (const name of this.#operators) {
      const from = name === 'lvm' && !this.#single ? '4.15' : OPERATOR_NEEDS[name]?.from;
      if (from !== undefined && isBefore(this.#version, from)) {
        const where = name === 'lvm' && !this.#single ? ' on more than one node' : '';
        this.#found.push(`${name}${where} needs OpenShift ${from} or later, the plan has ${this.#version}`);
      }
    }
  }

  #clusterShape(): void {
    const { controlPlanes, arbiters, workers } = this.#cluster;
    if (this.#operators.has('odf') && this.#odfRole() === null) {
      this.#found.push(
        this.#single
          ? `odf needs at least ${ODF_HOSTS} hosts: the service refuses a single node`
          : `odf needs no workers, or at least ${ODF_HOSTS}: the plan has ${workers} beside ${controlPlanes + arbiters} control-plane hosts`,
      );
    }
    if (this.#operators.has('openshift-ai') && !this.#single && workers < AI_WORKERS) {
      this.#found.push(`openshift-ai needs at least ${AI_WORKERS} workers, or a single node: the plan has ${workers}`);
    }
    for (const [name, vendor] of Object.entries(GPU_VENDORS)) {
      if (!this.#operators.has(name)) continue;
      const some = this.#roles.some((role) => this.#profile(role).gpus.some((gpu) => gpu.vendor_id === vendor));
      if (!some) this.#found.push(`${name} needs a GPU that it drives, and no hardware profile of these hosts has one`);
    }
  }

  #host(role: Role, profile: HardwareProfile): void {
    const who = `${this.#single && role === 'master' ? 'single nodes' : NAMES[role]} of profile ${profile.name}`;
    if (this.#operators.has('cnv') && !/\b(vmx|svm)\b/.test(profile.cpu.flags)) {
      this.#found.push(`cnv needs CPUs that support virtualization, which ${who} have not`);
    }
    if (this.#operators.has('kmm') && profile.secureBoot === 'Enabled') {
      this.#found.push(`kmm needs secure boot to be off, and ${who} have it on`);
    }
    this.#disks(role, profile, who);
    this.#resources(role, profile, who);
  }

  #disks(role: Role, profile: HardwareProfile, who: string): void {
    const lvm = this.#operators.has('lvm') && (role === 'worker' || (role === 'master' && this.#mastersCarry));
    const odf = this.#operators.has('odf') && this.#carriesOdf(role);
    for (const [name, carries, ownGb] of [
      ['lvm', lvm, 0],
      ['odf', odf, ODF_DISK_GB],
    ] as const) {
      const leastGb = ownGb + this.#mceDiskGb();
      if (!carries || spareDisks(profile, leastGb) > 0) continue;
      const size = leastGb > 0 ? ` of at least ${leastGb} GB` : '';
      this.#found.push(
        `${name} needs a disk${size} beside the installation disk, and ${who} have none; choose another profile (master, worker-medium, server-large have more disks)`,
      );
    }
  }

  #resources(role: Role, profile: HardwareProfile, who: string): void {
    const parts: [string, OperatorNeed][] = [['OpenShift', this.#openshift(role)]];
    for (const name of this.#operators) parts.push([name, this.#need(name, role, profile)]);
    for (const [what, unit, has, of] of [
      ['CPUs', '', profile.cpu.count, (need: OperatorNeed) => need.cpu],
      ['memory', ' MiB', profile.memory.physicalBytes / MIB, (need: OperatorNeed) => need.ramMib],
    ] as const) {
      const needed = parts.reduce((sum, [, need]) => sum + of(need), 0);
      if (needed <= has) continue;
      const terms = parts.filter(([, need]) => of(need) > 0).map(([name, need]) => `${of(need)} for ${name}`);
      this.#found.push(
        `${who} have too few ${what}: ${has}${unit}, ${needed} needed (${terms.join(', ')})`.replace(
          'few memory',
          'little memory',
        ),
      );
    }
  }

  #openshift(role: Role): OperatorNeed {
    const need = OPENSHIFT[role];
    return this.#single && isBefore(this.#version, '4.22') ? { ...need, cpu: SINGLE_CPUS } : need;
  }

  #need(name: string, role: Role, profile: HardwareProfile): OperatorNeed {
    const { master, worker, single, avoidsMasters } = OPERATOR_NEEDS[name] ?? {};
    if (name === 'odf') {
      if (!this.#carriesOdf(role)) return NOTHING;
      const own = (role === 'worker' ? worker : master) ?? NOTHING;
      const disks = Math.max(1, spareDisks(profile, ODF_DISK_GB));
      return { cpu: own.cpu + disks * ODF_PER_DISK.cpu, ramMib: own.ramMib + disks * ODF_PER_DISK.ramMib };
    }
    if (this.#single && single) return single;
    if (role === 'arbiter') return NOTHING;
    if (role === 'worker') return worker ?? NOTHING;
    return avoidsMasters && !this.#mastersCarry ? NOTHING : (master ?? NOTHING);
  }

  /** Who carries the storage of odf: internal/operators/odf/common.go getODFDeploymentMode. Null where the cluster has another shape. */
  #odfRole(): 'control plane' | 'worker' | null {
    const { controlPlanes, arbiters, workers } = this.#cluster;
    if (workers === 0) return controlPlanes + arbiters >= ODF_HOSTS ? 'control plane' : null;
    return !this.#single && workers >= ODF_HOSTS ? 'worker' : null;
  }

  #carriesOdf(role: Role): boolean {
    const carrier = this.#odfRole();
    return carrier === 'worker' ? role === 'worker' : carrier === 'control plane' && role !== 'worker';
  }

  /** How much larger disks must be for multicluster engine beside a storage operator, GB. */
  #mceDiskGb(): number {
    if (!this.#operators.has('mce')) return 0;
    return this.#single ? MCE_STORAGE_GIB.reduce((sum, size) => sum + size, 0) : Math.max(...MCE_STORAGE_GIB);
  }

  #profile(role: Role): HardwareProfile {
    return profileNamed(this.#cluster.profiles[role]);
  }
}

/** The known ones of these, and what comes with them. */
function withDependencies(names: readonly string[]): Set<string> {
  const all = new Set<string>();
  const add = (name: string) => {
    if (all.has(name) || !Object.hasOwn(OPERATOR_NEEDS, name)) return;
    all.add(name);
    for (const needed of OPERATOR_NEEDS[name]!.needs ?? []) add(needed);
  };
  for (const name of names) add(name);
  return all;
}

/** Disks beside the installation disk, which is the first one, that are large enough: internal/operators/common NonInstallationDiskCount. */
function spareDisks(profile: HardwareProfile, leastGb: number): number {
  const sizes = profile.disks.flatMap(({ driveType, sizeBytes, count = 1 }) =>
    driveType === 'ODD' ? [] : Array<number>(count).fill(sizeBytes),
  );
  return sizes.slice(1).filter((bytes) => bytes >= leastGb * 1e9).length;
}

/** By major and minor alone. */
function isBefore(version: string, from: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [leastMajor = 0, leastMinor = 0] = from.split('.').map(Number);
  return major === leastMajor ? minor < leastMinor : major < leastMajor;
}
