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
import { keptAgent, keptClusterInstall, keptInfraEnv } from './hub-status.ts';

/** Label of Agents: assisted-service, api/v1beta1/infraenv_types.go, InfraEnvNameLabel. */
const INFRA_ENV_LABEL = 'infraenvs.agent-install.openshift.io';
const BY_INFRA_ENV = 'infra-env';

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

  get #informers(): Informer[] {
    return [this.#infraEnvs, this.#clusterInstalls, this.#agents];
  }

  async #start(): Promise<void> {
    for (const informer of this.#informers) {
      informer.onChange((after, before) => this.#tell((after ?? before)!));
      informer.start();
    }
    await Promise.all(this.#informers.map((informer) => informer.synced));
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
