/** The kinds of a hub that a launch follows, in some namespaces or all of them, and which InfraEnvs a change of them concerns. */
import { Informer } from '../../../model/kube/informer.ts';
import type { KubeCall, KubeClient } from '../../../model/kube/kube-client.ts';
import type { KubeError } from '../../../model/kube/kube-error.ts';
import { type KubeObject, keyOf, splitKey } from '../../../model/kube/kube-object.ts';
import { isEmptySelector, type LabelSelector, matchesSelector } from '../../../model/kube/label-selector.ts';
import { type KubeResource, RESOURCES } from '../../../model/kube/resources.ts';
import type { Clock } from '../../../model/time/clock.ts';
import {
  bareMetalHostFacts,
  bootsFromDisk,
  type ClusterFacts,
  type ClusterHostFacts,
  clusterFacts,
  clusterHostFacts,
  clusterKeyOf,
  clusterOfAgent,
  type InfraEnvFacts,
  infraEnvKeyOf,
  installedClusterKeyOf,
  staticNetworkFacts,
} from './infra-env-facts.ts';

export interface HubWatchOptions {
  client: KubeClient;
  clock: Clock;
  /** All of them when empty. */
  namespaces: readonly string[];
  /** Of InfraEnvs. */
  labelSelector: string | null;
  /** The hub may have BareMetalHosts. */
  bareMetal: boolean;
  /** Something that these InfraEnvs' hosts follow from has changed. */
  onChange: (infraEnv: string) => void;
  onAgent: (agent: KubeObject) => void;
  /** A cluster or a host of it has changed. @param cluster key of the ClusterDeployment */
  onCluster: (cluster: string) => void;
  /** The hub cannot be followed; told once until it can again (null). */
  onTrouble: (trouble: string | null) => void;
}

const CLUSTER = 'cluster';
const INFRA_ENV = 'infra-env';

/** One kind in several namespaces. */
class Kind {
  readonly #informers: readonly Informer[];

  constructor(informers: readonly Informer[]) {
    this.#informers = informers;
  }

  get(key: string): KubeObject | undefined {
    for (const informer of this.#informers) {
      const found = informer.byKey(key);
      if (found) return found;
    }
    return undefined;
  }

  *list(): Generator<KubeObject> {
    for (const informer of this.#informers) yield* informer.list();
  }

  select(index: string, value: string): KubeObject[] {
    return this.#informers.flatMap((informer) => informer.select(index, value));
  }

  listen(onChange: (object: KubeObject) => void): void {
    for (const informer of this.#informers) {
      informer.onChange((after, before) => {
        if (before) onChange(before);
        if (after) onChange(after);
      });
    }
  }

  async start(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.start().synced));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#informers.map((informer) => informer.stop()));
  }
}

export class HubWatch {
  readonly #options: HubWatchOptions;
  readonly #infraEnvs: Kind;
  readonly #deployments: Kind;
  readonly #installs: Kind;
  readonly #networks: Kind;
  readonly #agents: Kind;
  readonly #bareMetalHosts: Kind | null;
  /** Kinds that cannot be followed now. */
  readonly #troubles = new Set<string>();

  constructor(options: HubWatchOptions) {
    this.#options = options;
    const { labelSelector, bareMetal } = options;
    const infraEnv = { [INFRA_ENV]: (object: KubeObject) => infraEnvKeyOf(object) ?? '' };
    const cluster = (of: (object: KubeObject) => string | null) => ({ [CLUSTER]: (one: KubeObject) => of(one) ?? '' });
    this.#infraEnvs = this.#kind(RESOURCES.infraEnvs, cluster(clusterKeyOf), labelSelector);
    this.#deployments = this.#kind(RESOURCES.clusterDeployments);
    this.#installs = this.#kind(RESOURCES.agentClusterInstalls, cluster(installedClusterKeyOf));
    this.#networks = this.#kind(RESOURCES.nmStateConfigs);
    this.#agents = this.#kind(RESOURCES.agents, { ...infraEnv, ...cluster(clusterOfAgent) });
    this.#bareMetalHosts = bareMetal ? this.#kind(RESOURCES.bareMetalHosts, infraEnv) : null;
  }

  /** Resolves when everything is known. @throws the signal's reason when stopped before */
  async start(): Promise<void> {
    await Promise.all(this.#kinds.map((kind) => kind.start()));
    const { onChange, onAgent, onCluster } = this.#options;
    const tell = (key: string | null) => key !== null && this.infraEnv(key) && onChange(key);
    this.#infraEnvs.listen((object) => onChange(keyOf(object)));
    this.#deployments.listen((object) => this.#ofCluster(keyOf(object)));
    this.#installs.listen((object) => this.#ofCluster(installedClusterKeyOf(object)));
    this.#networks.listen((network) => {
      for (const infraEnv of this.#infraEnvs.list()) if (selects(infraEnv, network)) onChange(keyOf(infraEnv));
    });
    this.#agents.listen((object) => {
      tell(infraEnvKeyOf(object));
      onAgent(object);
      const cluster = clusterOfAgent(object);
      if (cluster !== null) onCluster(cluster);
    });
    this.#bareMetalHosts?.listen((object) => tell(infraEnvKeyOf(object)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#kinds.map((kind) => kind.stop()));
  }

  infraEnv(key: string): KubeObject | undefined {
    return this.#infraEnvs.get(key);
  }

  /** Of all namespaces that are followed. */
  infraEnvs(): Iterable<KubeObject> {
    return this.#infraEnvs.list();
  }

  agent(key: string): KubeObject | undefined {
    return this.#agents.get(key);
  }

  /** Null when the BareMetalHost is not there, or has no InfraEnv. */
  infraEnvOfBareMetalHost(key: string): string | null {
    const object = this.#bareMetalHosts?.get(key);
    return object ? infraEnvKeyOf(object) : null;
  }

  agentsOf(infraEnv: string): KubeObject[] {
    return this.#agents.select(INFRA_ENV, infraEnv);
  }

  /** Null for a ClusterDeployment that is not there, or has no AgentClusterInstall. */
  cluster(key: string): ClusterFacts | null {
    const facts = clusterFacts(key, this.#deployments.get(key), this.#installs.select(CLUSTER, key)[0]);
    return typeof facts === 'string' ? null : facts;
  }

  /** Hosts that are bound to a cluster and have told their inventories. */
  hostsOf(cluster: string): ClusterHostFacts[] {
    return this.#agents
      .select(CLUSTER, cluster)
      .flatMap((agent) => (agent.metadata.deletionTimestamp ? [] : (clusterHostFacts(agent) ?? [])));
  }

  facts(infraEnv: KubeObject): InfraEnvFacts {
    const key = keyOf(infraEnv);
    const cluster = clusterKeyOf(infraEnv);
    return {
      key,
      name: infraEnv.metadata.name,
      namespace: splitKey(key).namespace ?? '',
      annotations: infraEnv.metadata.annotations ?? {},
      cluster:
        cluster === null
          ? null
          : clusterFacts(cluster, this.#deployments.get(cluster), this.#installs.select(CLUSTER, cluster)[0]),
      bareMetalHosts: (this.#bareMetalHosts?.select(INFRA_ENV, key) ?? []).map(bareMetalHostFacts),
      networks: [...this.#networks.list()].filter((network) => selects(infraEnv, network)).map(staticNetworkFacts),
      onDisk: new Set(
        this.agentsOf(key)
          .filter(bootsFromDisk)
          .map(({ metadata }) => metadata.name),
      ),
    };
  }

  get #kinds(): Kind[] {
    const { bareMetal } = this.#options;
    return [
      this.#infraEnvs,
      this.#deployments,
      this.#installs,
      this.#networks,
      this.#agents,
      ...(bareMetal ? [this.#bareMetalHosts!] : []),
    ];
  }

  #ofCluster(cluster: string): void {
    this.#options.onCluster(cluster);
    for (const infraEnv of this.#infraEnvs.select(CLUSTER, cluster)) this.#options.onChange(keyOf(infraEnv));
  }

  #kind(
    resource: KubeResource,
    indices: Readonly<Record<string, (object: KubeObject) => string>> = {},
    labelSelector: string | null = null,
  ): Kind {
    const { client, clock, namespaces } = this.#options;
    const places = namespaces.length > 0 ? namespaces : [undefined];
    return new Kind(
      places.map((namespace) => {
        const informer = new Informer({
          client,
          resource,
          clock,
          selection: { ...(namespace && { namespace }), ...(labelSelector && { labelSelector }) },
          onError: (error) => this.#trouble(resource.plural, error),
        });
        for (const [name, one] of Object.entries(indices)) informer.addIndex(name, (object) => [one(object)]);
        return informer;
      }),
    );
  }

  /** A request of the client ended: a watch that begins again is how a lost hub is found back. */
  noteCall({ verb, resource, status }: KubeCall): void {
    if (verb !== 'watch' || status < 200 || status >= 300) return;
    if (this.#troubles.delete(resource) && this.#troubles.size === 0) this.#options.onTrouble(null);
  }

  #trouble(plural: string, error: KubeError): void {
    const first = this.#troubles.size === 0;
    this.#troubles.add(plural);
    if (first) this.#options.onTrouble(error.message);
  }
}

/** A selector of nothing selects none (assisted-service infraenv_controller.go, processNMStateConfig). */
function selects({ spec }: KubeObject, network: KubeObject): boolean {
  const selector =
    (spec as { nmStateConfigLabelSelector?: LabelSelector } | undefined)?.nmStateConfigLabelSelector ?? {};
  try {
    return !isEmptySelector(selector) && matchesSelector(network.metadata.labels, selector);
  } catch {
    // An operator that nobody knows; the service refuses the InfraEnv.
    return false;
  }
}
