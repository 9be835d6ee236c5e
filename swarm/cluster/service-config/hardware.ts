/**
 * Whether simulated machines pass the service's hardware minima: assisted-service, internal/hardware/versioned-requirements.go
 * (which entry applies), internal/hardware/validator.go (disks) and internal/host/validator.go (CPUs and memory).
 */
import { type HardwareProfile, profileNamed } from '../../host/profiles.ts';

export type HardwareRole = 'master' | 'arbiter' | 'worker' | 'sno';

export interface RoleMinimum {
  cpuCores: number;
  ramMib: number;
  diskGb: number;
}

interface Entry {
  version: string;
  match_type?: string;
  [role: string]: unknown;
}
const FIELDS = ['cpu_cores', 'ram_mib', 'disk_size_gb'] as const;
type Fields = Partial<Record<(typeof FIELDS)[number], number>>;

/** What the operator sets: internal/controller/controllers/default_controller_hw_requirements.json. */
const STOCK_MINIMA: Entry = {
  version: 'default',
  master: { ...minima(4, 16_384, 100), network_latency_threshold_ms: 100, packet_loss_percentage: 0 },
  arbiter: { ...minima(2, 8192, 50), network_latency_threshold_ms: 1000, packet_loss_percentage: 0 },
  worker: { ...minima(2, 8192, 100), network_latency_threshold_ms: 1000, packet_loss_percentage: 10 },
  sno: minima(8, 16_384, 100),
  'edge-worker': minima(2, 8192, 15),
};

function minima(cpu: number, ram: number, disk: number): Fields & { installation_disk_speed_threshold_ms: number } {
  return { cpu_cores: cpu, ram_mib: ram, disk_size_gb: disk, installation_disk_speed_threshold_ms: 10 };
}

/** Memory that may be missing: internal/host/validator.go, HostMemoryRequirementToleranceMiB. */
const TOLERANCE_MIB = 100;
const MIB = 2 ** 20;
const GB = 1e9;
const DEFAULT_VERSION = 'default';

export class HardwareRequirements {
  readonly #entries: readonly Entry[];

  /** @param text of HW_VALIDATOR_REQUIREMENTS. @throws RangeError when the service would not start with it. */
  constructor(text: string) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(text);
    } catch (cause) {
      throw new RangeError(`is not valid JSON (${(cause as Error).message})`, { cause });
    }
    if (!Array.isArray(parsed)) throw new RangeError('must be a JSON list');
    const bad = parsed.findIndex((entry) => typeof entry?.version !== 'string' || entry.version === '');
    if (bad >= 0) throw new RangeError(`has no version in entry ${bad + 1}`);
    this.#entries = parsed;
    if (this.#entries.some(isMinimum) && !this.#default) {
      throw new RangeError('has an entry with match_type min_version and none for version default');
    }
  }

  /** Null where the service knows no minimum for the version and role, and therefore refuses every host. */
  minimum(version: string, role: HardwareRole): RoleMinimum | null {
    const entry = this.#entryFor(version);
    if (!entry) return null;
    const base = this.#default;
    const fields: Fields = base
      ? { ...ownOrWorker(base, role), ...(entry[role] as Fields | undefined) }
      : ownOrWorker(entry, role);
    const { cpu_cores: cpuCores = 0, ram_mib: ramMib = 0, disk_size_gb: diskGb = 0 } = fields;
    return cpuCores > 0 && ramMib > 0 && diskGb > 0 ? { cpuCores, ramMib, diskGb } : null;
  }

  /** The same requirements where no role asks for more than these machines have; text for the variable. */
  loweredTo(machines: readonly { role: HardwareRole; profile: string }[]): string {
    const entries = structuredClone(this.#default ? this.#entries : [...this.#entries, STOCK_MINIMA]) as Entry[];
    for (const { role, profile } of machines) {
      const most = capacityOf(profileNamed(profile));
      for (const entry of entries) {
        if (entry === entries.find((one) => one.version === DEFAULT_VERSION)) entry[role] ??= ownOrWorker(entry, role);
        const fields = entry[role] as Fields | undefined;
        if (!fields) continue;
        for (const field of FIELDS) {
          if (fields[field] !== undefined && fields[field] > most[field]) fields[field] = most[field];
        }
      }
    }
    return JSON.stringify(entries);
  }

  get #default(): Entry | undefined {
    return this.#entries.find((entry) => entry.version === DEFAULT_VERSION && !isMinimum(entry));
  }

  /** Exact version, then the highest minimum version that is not above it, then `default`. */
  #entryFor(version: string): Entry | undefined {
    const exact = this.#entries.find((entry) => entry.version === version && !isMinimum(entry));
    if (exact) return exact;
    return (
      this.#entries
        .filter((entry) => isMinimum(entry) && compareBase(entry.version, version) <= 0)
        .sort((a, b) => compareBase(b.version, a.version))[0] ?? this.#default
    );
  }
}

function isMinimum({ match_type: type }: Entry): boolean {
  return type === 'min_version';
}

/** An arbiter for which nothing is said is measured as a worker: applyRoleFallbacks. */
function ownOrWorker(entry: Entry, role: HardwareRole): Fields {
  return (entry[role] ?? (role === 'arbiter' ? entry.worker : undefined) ?? {}) as Fields;
}

/** Order of two versions by their numbers; what follows a hyphen does not count: internal/common, BaseVersionGreaterOrEqual. */
function compareBase(a: string, b: string): number {
  const parts = (text: string) => text.split('-', 1)[0]!.split('.').map(Number);
  const [left, right] = [parts(a), parts(b)];
  for (let i = 0; i < 3; i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** What a machine of a profile lacks, in words; empty when it passes. Needs of OLM operators come on top of this. */
export function shortfalls(profileName: string, { cpuCores, ramMib, diskGb }: RoleMinimum): string[] {
  const { cpu_cores: cpus, ram_mib: memory, disk_size_gb: disk } = capacityOf(profileNamed(profileName));
  const lacks: string[] = [];
  if (cpus < cpuCores) lacks.push(`${cpus} of ${cpuCores} CPUs`);
  if (memory < ramMib - TOLERANCE_MIB) lacks.push(`${memory} of ${ramMib} MiB of memory`);
  if (disk < diskGb) lacks.push(`a disk of ${disk} of ${diskGb} GB`);
  return lacks;
}

/** Whole numbers, rounded down; of its disks the largest that an operating system could be written to. */
function capacityOf({ cpu, memory, disks }: HardwareProfile): Required<Fields> {
  const sizes = disks
    .filter((disk) => disk.driveType !== 'ODD' && !disk.installationMedia)
    .map((disk) => disk.sizeBytes);
  return {
    cpu_cores: cpu.count,
    ram_mib: Math.floor(memory.physicalBytes / MIB),
    disk_size_gb: Math.floor(Math.max(0, ...sizes) / GB),
  };
}
