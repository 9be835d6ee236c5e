/** What is known when a stock installer starts on a host: its arguments name the cluster and the host's part in it. */
import type { ClusterFaultKind, HostFault } from '../../model/faults/faults.ts';
import type { InstallRequest } from '../../model/protocol/install-request.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';

/** The installer's arguments: assisted-installer, src/config/config.go. */
export interface InstallerArguments {
  role: InstallRequest['role'];
  clusterId: string;
  /** Null where the service does not say. */
  controlPlanes: number | null;
  openshiftVersion: string | null;
  /** Which a node has behind it when it is done. */
  reboots: number;
}

/** An installation of one host, for whoever serves the cluster's kube-api. */
export interface StockInstallation extends InstallerArguments {
  host: { id: string; hostname: string; address: string; mac: string };
  /** It joins a cluster that is installed. */
  day2: boolean;
  /** The name of the cluster where a plan gives it; null where several may have it. */
  name: string | null;
  platform: ClusterPlan['platform'];
  /** Name of the table that says how long the cluster takes. */
  profile: string;
  /** How far the host never gets once it has rebooted; null for one that becomes a node. */
  stuck: StuckHost | null;
  /** What goes wrong with the cluster; null for nothing. */
  fault: ClusterFaultKind | null;
}

/** Faults of hosts that their cluster shows. */
export type StuckHost = 'no-ignition' | 'node-never-joins' | 'node-never-ready';

/** Whoever boots the wrong thing asks for no ignition either. */
export function stuckHost(fault: HostFault | undefined): StuckHost | null {
  switch (fault?.kind) {
    case 'no-ignition':
    case 'node-never-joins':
    case 'node-never-ready':
      return fault.kind;
    case 'reboot':
      return fault.at === 'rebooted' ? 'no-ignition' : null;
    default:
      return null;
  }
}

const ROLES: ReadonlySet<string> = new Set([
  'bootstrap',
  'master',
  'arbiter',
  'worker',
] satisfies InstallRequest['role'][]);

/** Reads what the replaced podman tells of an installer. @returns null for what is none */
export function installerArguments([
  role,
  reboots,
  clusterId,
  planes,
  version,
]: readonly string[]): InstallerArguments | null {
  if (role === undefined || !ROLES.has(role) || clusterId === undefined || clusterId === '-') return null;
  const controlPlanes = Number(planes);
  return {
    role: role as InstallRequest['role'],
    clusterId,
    controlPlanes: Number.isSafeInteger(controlPlanes) && controlPlanes > 0 ? controlPlanes : null,
    openshiftVersion: version === undefined || version === '-' ? null : version,
    reboots: Number(reboots),
  };
}
