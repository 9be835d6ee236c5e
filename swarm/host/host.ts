/**
 * A simulated machine: everything an agent, an installer or a controller may ask of it, derived from (seed, cluster, host).
 */
import type { ClusterPlan, HostPlan } from '../plan/expanded-plan.ts';

export interface HostIdentity {
  /** Lower-case UUID. */
  id: string;
  hostname: string;
  /** Motherboard serial (system_vendor.serial_number). */
  serial: string;
  /** Address inside the cluster's machine network, without prefix length. */
  ipv4: string;
  /** MAC of the NIC that holds {@link ipv4}. */
  mac: string;
}

export interface HostNic {
  name: string;
  mac: string;
  mtu: number;
  /** CIDR texts. */
  ipv4: readonly string[];
  ipv6: readonly string[];
  /** Kernel type: `physical`, `bond`, `vlan`, `device` (lo) … */
  type: string;
}

/** Replaces parts of a generated identity, for hosts that somebody else has named (the control API's `dry_forced_*`). */
export interface ForcedIdentity {
  id?: string;
  hostname?: string;
  mac?: string;
  /** CIDR form, e.g. `10.123.0.5/16`. */
  ipv4Cidr?: string;
}

export interface Host {
  readonly plan: HostPlan;
  readonly identity: HostIdentity;
  /** All NICs in kernel order, `lo` first. */
  readonly nics: readonly HostNic[];
  /** `id` of the disk that the profile means for the operating system. */
  readonly installationDisk: string;
  /** The inventory document: compact JSON in the agent's key order, the same bytes on every call. */
  inventory(): string;
  /**
   * A reproducible number in [0, 1) for a purpose and an ordinal, e.g. ('rtt', 17). The same host, purpose and ordinal
   * always give the same number.
   */
  random(purpose: string, ordinal: number): number;
}

/** Signature of `buildHost` in `build-host.ts`. */
export type BuildHost = (seed: string, cluster: ClusterPlan, host: HostPlan, forced?: ForcedIdentity) => Host;
