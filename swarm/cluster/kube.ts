/**
 * The simulated user on a hub: makes clusters of custom resources, approves and binds Agents, and reads how it goes from what
 * watches bring. Upstream: assisted-service, internal/controller/controllers and docs/hive-integration.
 *
 *    manifests ── apply ──> hub <── service's controllers        one request an object
 *    HubView  <── watch ───  │                                   none a look
 *    settle   ── patch ──>  Agent                                one a host
 *    install  ── patch ──>  AgentClusterInstall                  none, or one that takes the hold off: the service starts by itself
 */
import { KubeDiscovery } from '../../model/kube/discovery.ts';
import type { KubeClient, PatchKind } from '../../model/kube/kube-client.ts';
import { isKubeError } from '../../model/kube/kube-error.ts';
import { type KubeObject, objectKey, splitKey } from '../../model/kube/kube-object.ts';
import { type KubeResource, RESOURCES, resourceOf } from '../../model/kube/resources.ts';
import { RUN_LABEL } from '../../model/kube/run-label.ts';
import type { BootLoad, ClusterPlan } from '../plan/expanded-plan.ts';
import type { AgentSetup } from '../service/discovery-ignition.ts';
import {
  type ClusterAdapter,
  ClusterAdapterError,
  type ClusterObjects,
  type ClusterView,
  type DiscoveredHost,
  type HostSetup,
  type HostView,
  hostSettings,
  type PlannedObject,
  type StateWatcher,
} from './cluster-adapter.ts';
import { type ClusterManifests, inSteps } from './cluster-manifests.ts';
import { FIELD_MANAGER, type HubObjects, type HubTarget } from './hub-objects.ts';
import { describeTarget, removeHubObjects } from './hub-removal.ts';
import {
  bootSourceOf,
  clusterViewOf,
  describeBareMetalHosts,
  discoveryIgnitionUrl,
  hostViewOf,
  imageState,
  kubeconfigSecretOf,
  repeatedState,
  serviceIdOf,
} from './hub-status.ts';
import type { HubView } from './hub-view.ts';
import { orAborted } from './or-aborted.ts';

/** What the hub says of a host that the service knows as well. */
export interface RepeatedState {
  /** Of host and InfraEnv on the service. */
  id: string;
  infraEnvId: string;
  /** The service's state as the Agent repeats it now; null when the Agent is gone. */
  agentState(): string | null;
  /** The same of its AgentClusterInstall; null when there is none. */
  clusterState(): string | null;
}

export interface KubeAdapterOptions {
  objects: HubObjects;
  view: HubView;
  /** Value of the run's label. */
  run: string;
  /** Objects of one cluster and its hosts, in an order in which each can be applied. */
  manifestsOf: (cluster: ClusterPlan) => readonly KubeObject[];
  /** Objects that all clusters share. */
  sharedManifests: () => readonly KubeObject[];
  /** Downloads and reads the discovery ignition at a URL, as each host of the InfraEnv would. */
  download: (ignitionUrl: string, signal: AbortSignal) => Promise<AgentSetup>;
  /**
   * Serves the kube-api of an installed cluster, where the service follows day-2 hosts, and gives its kubeconfig. Null leaves the
   * one that the service has made.
   */
  openSpoke: ((cluster: ClusterPlan) => Promise<string>) | null;
  /** Serves it no longer. */
  shutSpoke: (cluster: ClusterPlan) => Promise<void>;
  /** What booting hosts download; null or absent for nothing. */
  boot?: Pick<BootLoad, 'from'> | null;
  /** Replaces the poll interval that the service asks for; null obeys it. */
  pollIntervalSeconds: number | null;
  /** Wall-clock milliseconds that the finalizers of one step of a removal may take; default 120,000. */
  removalLimitMs?: number;
}

const REMOVAL_LIMIT_MS = 120_000;

export class KubeAdapter implements ClusterAdapter {
  readonly startsByItself = true;
  readonly #options: KubeAdapterOptions;
  readonly #objects: HubObjects;
  readonly #client: KubeClient;
  readonly #view: HubView;
  /** By index of the cluster. */
  readonly #manifests = new Map<number, ClusterManifests>();
  /** What was made, or may have been, by index of the cluster. */
  readonly #made = new Map<number, HubTarget[]>();
  /** The service's ids of InfraEnvs, by index of the cluster. */
  readonly #infraEnvIds = new Map<number, string>();
  readonly #madeForAll: HubTarget[] = [];
  #shared: Promise<void> | null = null;
  readonly #discovery: KubeDiscovery;

  constructor(options: KubeAdapterOptions) {
    this.#options = options;
    this.#objects = options.objects;
    this.#client = options.objects.client;
    this.#discovery = new KubeDiscovery(options.objects.client);
    this.#view = options.view;
  }

  get reached(): boolean {
    return this.#objects.reached;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await orAborted(this.#view.start(), signal);
  }

  /** Namespaces of this run's clusters. */
  async alreadyThere(clusters: readonly ClusterPlan[], signal: AbortSignal): Promise<PlannedObject[]> {
    const names = new Set(clusters.map(({ name }) => name));
    const labelSelector = `${RUN_LABEL}=${this.#options.run}`;
    const { items } = await this.#objects.insist(signal, () =>
      this.#client.list(RESOURCES.namespaces, { labelSelector }, signal),
    );
    return items
      .filter(({ metadata: { name } }) => names.has(name))
      .map(({ metadata: { name } }) => ({ kind: 'namespace', name }));
  }

  async createCluster(cluster: ClusterPlan, signal: AbortSignal): Promise<string> {
    const manifests = this.#manifestsOf(cluster);
    await this.#applyShared(signal);
    await this.#applyAll(cluster, manifests.cluster, signal);
    return manifests.clusterInstall!;
  }

  async createInfraEnv(cluster: ClusterPlan, clusterId: string | null, signal: AbortSignal): Promise<string> {
    const manifests = this.#manifestsOf(cluster);
    if (clusterId === null) await this.#applyAll(cluster, manifests.cluster, signal);
    this.#view.follow(manifests.infraEnv);
    await this.#applyAll(cluster, manifests.infraEnvironment, signal);
    return manifests.infraEnv;
  }

  async setup(cluster: ClusterPlan, infraEnvId: string, signal: AbortSignal): Promise<HostSetup | string> {
    const infraEnv = this.#view.infraEnv(infraEnvId);
    const url = infraEnv && discoveryIgnitionUrl(infraEnv);
    if (!url) return imageState(infraEnv);
    let found: AgentSetup;
    try {
      found = await this.#options.download(url, signal);
    } catch (cause) {
      signal.throwIfAborted();
      throw new ClusterAdapterError((cause as Error).message, { passing: true, conflict: false }, { cause });
    }
    this.#infraEnvIds.set(cluster.index, found.infraEnvId);
    const { baseUrl, token, insecure, ca, proxy, registrationRetrySeconds } = found;
    const { boot } = this.#options;
    const source = boot ? bootSourceOf(infraEnv, boot.from) : null;
    if (boot && !source) return `the InfraEnv names nothing to boot from by ${boot.from}`;
    return {
      infraEnvId: found.infraEnvId,
      agentVersion: found.agentVersion,
      access: {
        baseUrl,
        token,
        pollIntervalSeconds: this.#options.pollIntervalSeconds,
        ...(registrationRetrySeconds !== null && { registrationRetrySeconds }),
      },
      tls: { insecure, ...(ca !== null && { ca }) },
      ...(proxy && { proxy }),
      ...(source && { boot: source }),
    };
  }

  async enroll(cluster: ClusterPlan, signal: AbortSignal): Promise<void> {
    await this.#applyAll(cluster, this.#manifestsOf(cluster).bareMetalHosts, signal);
  }

  async cluster(clusterId: string): Promise<ClusterView> {
    const install = this.#view.clusterInstall(clusterId);
    if (!install) throw new ClusterAdapterError(`AgentClusterInstall ${clusterId} is not on the hub`, MISSING);
    return clusterViewOf(install);
  }

  async hosts({ infraEnvId }: ClusterObjects): Promise<HostView[]> {
    return this.#view.agents(infraEnvId!).map(hostViewOf);
  }

  /** BareMetalHosts carry what their Agents are to be; their controller writes it and approves. */
  async settle(cluster: ClusterPlan, _infraEnvId: string, host: DiscoveredHost, signal: AbortSignal): Promise<void> {
    if (cluster.flow.bmh) return;
    const { role, hostname } = hostSettings(cluster, host);
    await this.#patchAgent(cluster, host.id, signal, {
      ...(role && { role }),
      ...(hostname && { hostname }),
      installation_disk_id: host.installationDisk,
    });
  }

  /** The service starts what is ready; all there is to do is to take the hold off. */
  async install(clusterId: string, signal: AbortSignal): Promise<void> {
    const { spec } = this.#view.clusterInstall(clusterId) as { spec?: { holdInstallation?: boolean } };
    if (!spec?.holdInstallation) return;
    const { namespace, name } = splitKey(clusterId);
    const patch = { spec: { holdInstallation: false } };
    await this.#objects.insist(signal, () =>
      this.#client.patch(RESOURCES.agentClusterInstalls, namespace, name, patch, AS_US, signal),
    );
  }

  /** Controllers open an installed cluster for further hosts by themselves; the kubeconfig to it is one that leads somewhere from now on. */
  async allowAddHosts(cluster: ClusterPlan, clusterId: string, signal: AbortSignal): Promise<void> {
    const { status } = await this.cluster(clusterId);
    if (status !== 'adding-hosts') {
      throw new ClusterAdapterError(`the cluster is ${status} and does not take further hosts yet`, {
        passing: true,
        conflict: false,
      });
    }
    const kubeconfig = await this.#options.openSpoke?.(cluster);
    if (kubeconfig === undefined) return;
    const { namespace, clusterDeployment } = this.#manifestsOf(cluster);
    const name = kubeconfigSecretOf(this.#view.clusterInstall(clusterId)!, splitKey(clusterDeployment!).name);
    const patch = { data: { kubeconfig: Buffer.from(kubeconfig).toString('base64') } };
    await this.#objects.insist(signal, () =>
      this.#client.patch(RESOURCES.secrets, namespace, name, patch, AS_US, signal),
    );
  }

  async installHost(cluster: ClusterPlan, _infraEnvId: string, hostId: string, signal: AbortSignal): Promise<void> {
    await this.#patchAgent(cluster, hostId, signal, {});
  }

  onService({ index }: ClusterPlan, { clusterId }: ClusterObjects): ClusterObjects {
    const install = clusterId === null ? undefined : this.#view.clusterInstall(clusterId);
    return {
      clusterId: (install && serviceIdOf(install)) ?? null,
      infraEnvId: this.#infraEnvIds.get(index) ?? null,
    };
  }

  changed(cluster: ClusterPlan, signal: AbortSignal): Promise<void> {
    return this.#view.changed(this.#manifestsOf(cluster).namespace, signal);
  }

  watchStates(cluster: ClusterPlan, watcher: StateWatcher): () => void {
    const { namespace, clusterInstall } = this.#manifestsOf(cluster);
    return this.#view.onState(namespace, (change) => {
      const key = `${namespace}/${change.name}`;
      if (change.of === 'agent') watcher.agent(change.name, change.state);
      else if (key === clusterInstall) watcher.clusterInstall(key, change.state);
    });
  }

  async describeProvisioning(cluster: ClusterPlan, signal: AbortSignal): Promise<string> {
    const { namespace, bareMetalHosts } = this.#manifestsOf(cluster);
    if (bareMetalHosts.length === 0) return '';
    const { items } = await this.#client.list(RESOURCES.bareMetalHosts, { namespace }, signal);
    return describeBareMetalHosts(items);
  }

  /** One of the hosts that stand on the hub; null when there is none. @param turn a number for each, in rotation */
  repeatedState(turn: number): RepeatedState | null {
    const ids = [...this.#infraEnvIds];
    if (ids.length === 0) return null;
    const [cluster, infraEnvId] = ids[turn % ids.length]!;
    const { infraEnv, clusterInstall, namespace } = this.#manifests.get(cluster)!;
    const agents = this.#view.agents(infraEnv);
    const id = agents[Math.floor(turn / ids.length) % agents.length]?.metadata.name;
    if (id === undefined) return null;
    // What is being removed says nothing of its state.
    const stateOf = (object: KubeObject | undefined) =>
      object && this.#infraEnvIds.has(cluster) ? repeatedState(object) : null;
    return {
      id,
      infraEnvId,
      agentState: () => stateOf(this.#view.agent(objectKey(namespace, id))),
      clusterState: () => stateOf(clusterInstall === null ? undefined : this.#view.clusterInstall(clusterInstall)),
    };
  }

  async remove(cluster: ClusterPlan, objects: ClusterObjects, signal: AbortSignal): Promise<boolean> {
    this.#infraEnvIds.delete(cluster.index);
    const made = this.#made.get(cluster.index) ?? [];
    const any = made.length > 0;
    await this.#removeAll(made, signal);
    await this.#options.shutSpoke(cluster);
    this.#made.delete(cluster.index);
    this.#manifests.delete(cluster.index);
    objects.clusterId = null;
    objects.infraEnvId = null;
    return any;
  }

  /** Removes what all clusters shared. Call when none is left. @throws as {@link remove} */
  async removeShared(signal: AbortSignal): Promise<void> {
    await this.#removeAll(this.#madeForAll, signal);
  }

  /** Takes what is gone out of `made`. */
  async #removeAll(made: HubTarget[], signal: AbortSignal): Promise<void> {
    if (made.length === 0) return;
    const left = await removeHubObjects({
      objects: this.#objects,
      targets: [...made],
      signal,
      limitMs: this.#options.removalLimitMs ?? REMOVAL_LIMIT_MS,
      onGone: (target) => {
        const gone = describeTarget(target);
        const at = made.findIndex((one) => describeTarget(one) === gone);
        if (at >= 0) made.splice(at, 1);
      },
    });
    const [first] = left;
    if (!first) return;
    throw new ClusterAdapterError(`${describeTarget(first.target)} ${first.reason}`, {
      passing: false,
      conflict: false,
    });
  }

  #manifestsOf(cluster: ClusterPlan): ClusterManifests {
    let manifests = this.#manifests.get(cluster.index);
    if (!manifests) {
      manifests = inSteps(cluster, this.#options.manifestsOf(cluster));
      this.#manifests.set(cluster.index, manifests);
    }
    return manifests;
  }

  /** One application for all who come meanwhile; a failed one is forgotten, so that the next cluster tries again. */
  async #applyShared(signal: AbortSignal): Promise<void> {
    const own = this.#shared === null;
    this.#shared ??= this.#apply(this.#options.sharedManifests(), this.#madeForAll, {}, signal).catch((error) => {
      this.#shared = null;
      throw error;
    });
    try {
      await this.#shared;
    } catch (error) {
      // The cluster that began it was given up, which is nobody else's matter.
      const others = !own && !(error instanceof ClusterAdapterError) && !signal.aborted;
      if (!others) throw error;
      await this.#applyShared(signal);
    }
  }

  async #applyAll(cluster: ClusterPlan, objects: readonly KubeObject[], signal: AbortSignal): Promise<void> {
    const made = this.#made.get(cluster.index) ?? [];
    this.#made.set(cluster.index, made);
    await this.#apply(objects, made, { cluster: cluster.index }, signal);
  }

  /** Applies what is not applied yet. What is begun is waited for, by a run that is stopped too. */
  async #apply(
    objects: readonly KubeObject[],
    made: HubTarget[],
    attributes: { cluster?: number },
    signal: AbortSignal,
  ): Promise<void> {
    for (const object of objects) {
      const resource = resourceOf(object) ?? (await this.#servedAs(object, signal));
      const { namespace, name } = object.metadata;
      const known = made.find((one) => one.resource === resource && one.name === name && one.namespace === namespace);
      if (known?.uid !== undefined) continue;
      const target: HubTarget = known ?? { resource, namespace, name };
      if (!known) made.push(target);
      signal.throwIfAborted();
      try {
        const applied = await this.#objects.apply(object, signal, { attributes, resource });
        target.uid = applied.metadata.uid;
      } catch (error) {
        if (!known && wasRefused(error)) made.splice(made.indexOf(target), 1);
        throw error;
      }
    }
  }

  /** How the hub serves a kind of the user's own templates. */
  async #servedAs({ apiVersion, kind }: KubeObject, signal: AbortSignal): Promise<KubeResource> {
    const found = await this.#objects.insist(signal, () => this.#discovery.find(apiVersion, kind, signal));
    if (found) return found;
    throw new ClusterAdapterError(`the hub ${this.#client.server} does not serve ${apiVersion} ${kind}`, MISSING);
  }

  /** One patch with everything that a user says of a host. */
  async #patchAgent(cluster: ClusterPlan, id: string, signal: AbortSignal, spec: object): Promise<void> {
    const { namespace, clusterDeployment } = this.#manifestsOf(cluster);
    const [bindNamespace, bindName] = clusterDeployment?.split('/') ?? [];
    const patch = {
      spec: {
        ...spec,
        approved: true,
        ...(cluster.flow.lateBinding && { clusterDeploymentName: { namespace: bindNamespace, name: bindName } }),
      },
    };
    await this.#objects.insist(signal, () => this.#client.patch(RESOURCES.agents, namespace, id, patch, AS_US, signal));
  }
}

/** The hub has answered that it does not make the object: there is nothing to be removed. */
function wasRefused(error: unknown): boolean {
  const cause = error instanceof ClusterAdapterError ? error.cause : undefined;
  if (cause === undefined) return error instanceof ClusterAdapterError && !error.passing;
  return isKubeError(cause) && cause.status >= 400 && cause.status < 500 && cause.status !== 429;
}

const AS_US: { kind: PatchKind; fieldManager: string } = { kind: 'merge', fieldManager: FIELD_MANAGER };
const MISSING = { passing: false, conflict: false } as const;
