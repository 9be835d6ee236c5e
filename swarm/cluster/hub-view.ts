/**
 * What stands on a hub because of a run, kept up to date by one watch a kind: nobody asks for a host or a cluster by itself.
 *
 *    InfraEnvs, AgentClusterInstalls   those with the run's label
 *    Agents                            all, because the service makes them; those of other InfraEnvs are kept by name only
 *
 * Inventories and passing validations are dropped as they arrive: they are most of an Agent and nobody here reads them.
 */
import { Informer } from '../../model/kube/informer.ts';
import type { KubeClient } from '../../model/kube/kube-client.ts';
import type { KubeError } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey } from '../../model/kube/kube-object.ts';
import { RESOURCES } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { Clock } from '../../model/time/clock.ts';
import type { AgentState, ClusterInstallState } from '../telemetry/resource-states.ts';
import { conditionStateOf, keptAgent, keptClusterInstall, keptInfraEnv } from './hub-status.ts';

/** Label of Agents: assisted-service, api/v1beta1/infraenv_types.go, InfraEnvNameLabel. */
const INFRA_ENV_LABEL = 'infraenvs.agent-install.openshift.io';
const BY_INFRA_ENV = 'infra-env';

/** An Agent or AgentClusterInstall of a namespace has come to another state; null when it is gone. */
export type StateListener = (
  change:
    | { of: 'agent'; name: string; state: AgentState | null }
    | { of: 'agentclusterinstall'; name: string; state: ClusterInstallState | null },
) => void;

export interface HubViewOptions {
  client: KubeClient;
  clock: Clock;
  /** Value of the run's label. */
  run: string;
  /** Told of each list or watch that failed and is tried again. */
  onError?: (error: KubeError) => void;
}

export class HubView {
  readonly #infraEnvs: Informer;
  readonly #clusterInstalls: Informer;
  readonly #agents: Informer;
  /** Keys of the InfraEnvs whose Agents are ours. */
  readonly #ours = new Set<string>();
  /** Who waits for a change, by namespace. */
  readonly #waiting = new Map<string, Set<() => void>>();
  /** Who is told of states, by namespace. */
  readonly #listeners = new Map<string, Set<StateListener>>();
  #started: Promise<void> | null = null;

  constructor({ client, clock, run, onError }: HubViewOptions) {
    const common = { client, clock, ...(onError && { onError }) };
    const selection = { labelSelector: `${RUN_LABEL}=${run}` };
    this.#infraEnvs = new Informer({ ...common, resource: RESOURCES.infraEnvs, selection, keep: keptInfraEnv });
    this.#clusterInstalls = new Informer({
      ...common,
      resource: RESOURCES.agentClusterInstalls,
      selection,
      keep: keptClusterInstall,
    });
    this.#agents = new Informer({
      ...common,
      resource: RESOURCES.agents,
      keep: (agent) => keptAgent(agent, this.#ours.has(infraEnvOf(agent))),
    }).addIndex(BY_INFRA_ENV, (agent) => [infraEnvOf(agent)]);
  }

  /** Begins to watch; resolves when everything that is there is known. May be called again. @throws when stopped before. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.stop()));
  }

  /** Agents of this InfraEnv are ours from now on. Call before it is made. */
  follow(infraEnvKey: string): void {
    this.#ours.add(infraEnvKey);
  }

  /** Reduced, see hub-status.ts; undefined when it is not there, or not yet seen. */
  infraEnv(key: string): KubeObject | undefined {
    return this.#infraEnvs.byKey(key);
  }

  clusterInstall(key: string): KubeObject | undefined {
    return this.#clusterInstalls.byKey(key);
  }

  agent(key: string): KubeObject | undefined {
    return this.#agents.byKey(key);
  }

  agents(infraEnvKey: string): KubeObject[] {
    return this.#agents.select(BY_INFRA_ENV, infraEnvKey);
  }

  /** Resolves at the next change in a namespace, or when the signal aborts. */
  changed(namespace: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const waiting = this.#waiting.get(namespace) ?? new Set();
      this.#waiting.set(namespace, waiting);
      const end = () => {
        signal.removeEventListener('abort', end);
        waiting.delete(end);
        if (waiting.size === 0 && this.#waiting.get(namespace) === waiting) this.#waiting.delete(namespace);
        resolve();
      };
      waiting.add(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Tells of each change of a state in a namespace from now on. Returns what ends it. */
  onState(namespace: string, listener: StateListener): () => void {
    const listeners = this.#listeners.get(namespace) ?? new Set();
    this.#listeners.set(namespace, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(namespace) === listeners) this.#listeners.delete(namespace);
    };
  }

  get #informers(): Informer[] {
    return [this.#infraEnvs, this.#clusterInstalls, this.#agents];
  }

  async #start(): Promise<void> {
    for (const informer of this.#informers) {
      informer.onChange((after, before) => this.#tell((after ?? before)!));
      informer.start();
    }
    this.#agents.onChange((after, before) => this.#tellState('agent', after, before));
    this.#clusterInstalls.onChange((after, before) => this.#tellState('agentclusterinstall', after, before));
    await Promise.all(this.#informers.map((informer) => informer.synced));
  }

  #tellState(of: 'agent' | 'agentclusterinstall', after: KubeObject | undefined, before: KubeObject | undefined): void {
    const { namespace, name } = (after ?? before)!.metadata;
    const listeners = this.#listeners.get(namespace ?? '');
    if (!listeners) return;
    const state = after ? conditionStateOf(after) : null;
    if (state === (before ? conditionStateOf(before) : null)) return;
    // What conditions are made into goes by the kind.
    const change = { of, name, state } as Parameters<StateListener>[0];
    for (const listener of [...listeners]) listener(change);
  }

  #tell({ metadata: { namespace } }: KubeObject): void {
    for (const end of [...(this.#waiting.get(namespace ?? '') ?? [])]) end();
  }
}

/** Key of the InfraEnv that an Agent belongs to; '' when it names none. */
function infraEnvOf({ metadata: { namespace, labels } }: KubeObject): string {
  const name = labels?.[INFRA_ENV_LABEL];
  return name === undefined ? '' : objectKey(namespace, name);
}
