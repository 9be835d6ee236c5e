import type { HostPhase } from '../../model/protocol/phases.ts';
import type { RegistrySource } from '../telemetry/metric-row.ts';

/** One agent that somebody else's program asked for, outside of any run (the public control API's `agent`). */

/** Body of POST /api/assisted-swarm/agents; fields that this program has no use for are accepted. */
export interface LoneAgentParams {
  /** The kind of agent, which the public tool does not know: `native` unless given, or `noop`. */
  agent?: string;
  service_url?: string;
  infra_env_id?: string;
  agent_version?: string;
  cacert?: string;
  /** The token that goes into X-Secret-Key. */
  pull_secret?: string;
  containers_conf?: string;
  containers_storage_conf?: string;
  dry_forced_host_id?: string;
  /** With prefix length, e.g. `10.123.0.5/16`. */
  dry_forced_host_ipv4?: string;
  dry_forced_mac_address?: string;
  dry_forced_hostname?: string;
  /** File that is created when the host reboots into the installed system; where it may lie, `AgentFiles` says. */
  dry_fake_reboot_marker_path?: string;
  /** JSON file that lists all hosts of the cluster; where it may lie, `AgentFiles` says. */
  dry_cluster_hosts_path?: string;
}

export interface LoneAgentRecord {
  id: number;
  /** Whether its program is there, in the public tool's two words. That of a frozen agent is: it sleeps until somebody ends it. */
  status: 'Running' | 'Terminated';
  created_at: string;
  terminated_at: string;
  /** Where the host is, which the public tool does not say. */
  phase: HostPhase;
  /** Why it is in this phase where that is no matter of course, such as a refused registration; else ''. */
  reason: string;
}

/** The agent cannot be started; the message says why. `status` is what the control API answers. */
export class LoneAgentError extends Error {
  readonly status: 400 | 500;
  constructor(status: 400 | 500, message: string) {
    super(message);
    this.name = 'LoneAgentError';
    this.status = status;
  }
}

export interface LoneAgents {
  /** @throws LoneAgentError */
  create(params: LoneAgentParams): Promise<LoneAgentRecord>;
  list(): LoneAgentRecord[];
  get(id: number): LoneAgentRecord | undefined;
  /** Forgets the record; like the public tool, it does not stop the agent. False when there is none. */
  forget(id: number): boolean;
  /** What the agents did, for metrics; null before the first. */
  measured(): RegistrySource | null;
  /** Whether some of them may still do something. */
  readonly active: boolean;
}
