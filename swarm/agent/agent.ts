/**
 * What runs on a host and speaks to the service. Two kinds: `native` (here) and `noop` (the stock binaries).
 */
import type { Host } from '../host/host.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { Runtime, ServiceAccess } from '../pool/runtime.ts';

/** Arguments of the `install` step as the service sends them (agent facts 5.12). */
export interface InstallRequest {
  role: 'bootstrap' | 'master' | 'arbiter' | 'worker';
  cluster_id: string;
  infra_env_id: string;
  host_id: string;
  boot_device: string;
  control_plane_count?: number;
  controller_image: string;
  installer_image: string;
  openshift_version?: string;
  mco_image?: string;
  must_gather_image?: string;
  check_cvo?: boolean;
  disks_to_format?: string[];
  enable_skip_mco_reboot?: boolean;
  notify_num_reboots?: boolean;
  installer_args?: string;
  skip_installation_disk_cleanup?: boolean;
  service_ips?: string[] | null;
}

/** How an installer process ended. */
export interface InstallOutcome {
  exitCode: number;
  /** stderr text of the process; '' when it was silent. */
  error: string;
  /** Why a silent process failed, for people; no part of what it wrote. */
  reason?: string;
}

/** Runs the installer of one host to its end. */
export type RunInstaller = (
  request: InstallRequest,
  agentVersion: string,
  signal: AbortSignal,
) => Promise<InstallOutcome>;

export interface AgentOptions {
  runtime: Runtime;
  host: Host;
  /** The cluster whose network the machine is on. */
  cluster: ClusterPlan;
  /** Slot in the telemetry's host table; also the transport's machine number. */
  slot: number;
  infraEnvId: string;
  /** What `--agent-version` says at first boot. */
  agentVersion: string;
  access: ServiceAccess;
  install: RunInstaller;
  /** Called once when this agent will never send anything again (rebooted into the installed system, stopped, frozen). */
  onSilent: (host: Host) => void;
  /** Source of jitter; default Math.random. */
  random?: () => number;
}

export interface Agent {
  /** Boots: the first registration is due at this simulated moment. */
  start(dueMs: number): void;
  /** Unplugs the machine: nothing is sent any more; requests under way are aborted. */
  stop(): void;
  /** The machine leaves the discovery image: as stop, but the installed system takes over. */
  reboot(): void;
}
