/**
 * What runs on a machine and speaks to the service. Two kinds: `native` (here) and `noop` (the stock binaries).
 */
import type { DiscoveryProgram, Machine } from '../host/machine.ts';
import type { ClusterPlan } from '../plan/expanded-plan.ts';
import type { Runtime, ServiceAccess } from '../service/runtime.ts';

/** What the agents of one infra-env on one thread have in common: one object for all of them. */
export interface AgentEnvironment {
  readonly runtime: Runtime;
  /** The cluster whose network the machines are on. */
  readonly cluster: ClusterPlan;
  readonly infraEnvId: string;
  /** What `--agent-version` says at first boot. */
  readonly agentVersion: string;
  readonly access: ServiceAccess;
  /** Source of jitter; default Math.random. */
  readonly random?: () => number;
}

/** An agent has no life of its own: its machine starts and stops it. */
export type Agent = DiscoveryProgram;

/** Makes the agent of a machine, of whatever kind the machine's plan says. */
export type CreateAgent = (machine: Machine, environment: AgentEnvironment) => Agent;
