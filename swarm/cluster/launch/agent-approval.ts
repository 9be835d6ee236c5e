/**
 * Does with Agents what their user does: approves them, and gives those of a cluster the role that their hosts are meant for
 * (openshift-assisted/assisted-swarm did it by a script beside the agents).
 */
import type { KubeClient } from '../../../model/kube/kube-client.ts';
import { isKubeError } from '../../../model/kube/kube-error.ts';
import { type KubeObject, keyOf, splitKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { type Outcome, WorkQueue } from '../../../model/kube/work-queue.ts';
import type { Clock } from '../../../model/time/clock.ts';
import type { WantedHost } from './wanted-hosts.ts';

export interface AgentApprovalOptions {
  client: KubeClient;
  clock: Clock;
  agent: (key: string) => KubeObject | undefined;
  /** Null for an Agent of an InfraEnv that is not followed; without host for one whose host is somebody else's. */
  hostOf: (agent: KubeObject) => { infraEnv: string; host: WantedHost | undefined; roles: boolean } | null;
  onApproved: (infraEnv: string, agent: string, role: string | null) => void;
  onError: (message: string) => void;
}

const WORKERS = 8;

interface AgentSpec {
  approved?: boolean;
  role?: string;
}

export class AgentApproval {
  readonly #options: AgentApprovalOptions;
  readonly #queue: WorkQueue;
  /** Uids. What was approved is known here before it is seen, and stays its user's affair. */
  readonly #approved = new Set<string>();

  constructor(options: AgentApprovalOptions) {
    this.#options = options;
    this.#queue = new WorkQueue({
      clock: options.clock,
      workers: WORKERS,
      work: (key) => this.#approve(key),
      onError: (key, error) =>
        options.onError(`Agent ${key} cannot be approved: ${error instanceof Error ? error.message : String(error)}`),
    });
  }

  /** An Agent is there or has changed. */
  look(agent: KubeObject): void {
    const done = (agent.spec as AgentSpec | undefined)?.approved || this.#approved.has(agent.metadata.uid ?? '');
    if (!done) this.#queue.add(keyOf(agent));
  }

  async stop(): Promise<void> {
    await this.#queue.stop();
  }

  async #approve(key: string): Promise<Outcome> {
    const { client, agent: find, hostOf, onApproved } = this.#options;
    const agent = find(key);
    const owner = agent && hostOf(agent);
    // Hosts that are not ours are their owners' to approve.
    if (!owner?.host || (agent?.spec as AgentSpec | undefined)?.approved) return null;
    const uid = agent?.metadata.uid ?? '';
    if (this.#approved.has(uid)) return null;
    const role = owner.roles ? owner.host.role : null;
    const { namespace, name } = splitKey(key);
    try {
      await client.patch(RESOURCES.agents, namespace, name, { spec: { approved: true, ...(role && { role }) } });
    } catch (error) {
      if (isKubeError(error) && error.notFound) return null;
      throw error;
    }
    this.#approved.add(uid);
    onApproved(owner.infraEnv, name, role);
    return null;
  }
}
