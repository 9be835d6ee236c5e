/**
 * What runs on a host and speaks to the service. Two kinds: `native` (here) and `noop` (the stock binaries).
 */
import type { Host } from '../host/host.ts';
import type { RunInstaller } from '../host/machine.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';

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
