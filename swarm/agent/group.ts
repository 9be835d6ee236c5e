/**
 * What agents share, so that each of them is small: the agents of one infra-env have one group, the groups of one timer wheel
 * have one table of agents.
 */
import type { TimerWheel } from '../../model/time/timer-wheel.ts';
import { AGENT_RETRY } from '../service/retry.ts';
import type { RoundTripper } from '../service/round-trip.ts';
import type { AgentEnvironment } from './agent.ts';
import { type AgentRequests, agentRequests } from './requests.ts';

/** What the wheel calls. */
interface Firing {
  fire(dueMs: number): void;
}

/** All agents of one wheel, so that a timer needs a number and no closure of its own. */
export class AgentTable {
  static readonly #tables = new WeakMap<TimerWheel, AgentTable>();

  static of(wheel: TimerWheel): AgentTable {
    let table = AgentTable.#tables.get(wheel);
    if (!table) {
      table = new AgentTable();
      AgentTable.#tables.set(wheel, table);
    }
    return table;
  }

  readonly #agents = new Map<number, Firing>();
  readonly fire = (slot: number, dueMs: number): void => this.#agents.get(slot)?.fire(dueMs);

  add(slot: number, agent: Firing): void {
    this.#agents.set(slot, agent);
  }

  remove(slot: number, agent: Firing): void {
    if (this.#agents.get(slot) === agent) this.#agents.delete(slot);
  }
}

export class AgentGroup {
  static readonly #groups = new WeakMap<AgentEnvironment, AgentGroup>();

  static of(environment: AgentEnvironment): AgentGroup {
    let group = AgentGroup.#groups.get(environment);
    if (!group) {
      group = new AgentGroup(environment);
      AgentGroup.#groups.set(environment, group);
    }
    return group;
  }

  readonly environment: AgentEnvironment;
  readonly table: AgentTable;
  readonly tripper: RoundTripper;
  readonly random: () => number;
  #requests: AgentRequests | null = null;

  private constructor(environment: AgentEnvironment) {
    const { runtime, random = Math.random } = environment;
    this.environment = environment;
    this.table = AgentTable.of(runtime.wheel);
    this.random = random;
    this.tripper = { runtime, client: 'agent', policy: AGENT_RETRY, random };
  }

  /** Of the process that registers: it always says what its own flag says. */
  get requests(): AgentRequests {
    this.#requests ??= this.requestsOf(this.environment.agentVersion);
    return this.#requests;
  }

  /** The requests of a runner: it says the version that the server has named. */
  requestsOf(version: string): AgentRequests {
    return agentRequests(this.environment.runtime.transport, this.environment.access, version);
  }
}
