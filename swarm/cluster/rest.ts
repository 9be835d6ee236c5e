/**
 * The simulated user on the service's REST API: assisted-service, internal/bminventory/inventory.go and inventory_v2_handlers.go.
 */

import type { ClusterStatus, FinalizingStage, HostRole, HostStage, HostStatus } from '../../model/protocol/states.ts';
import type { BootLoad, ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';
import type { BootSource } from '../service/boot-source.ts';
import type { ServiceAccess } from '../service/runtime.ts';
import type { ServiceCall } from '../service/service-client.ts';
import type { Ledger, LedgerEntry } from '../telemetry/ledger.ts';
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
} from './cluster-adapter.ts';
import { failingValidations } from './failing-validations.ts';
import { NO_SERVICE } from './hint.ts';
import { mayHaveBeenDone, RestCalls, type RestCallsOptions } from './rest-calls.ts';
import { INFRA_ENV_SUFFIX, REST_KINDS, type RestKind, RestObjects } from './rest-objects.ts';
import type { StaticNetworkConfig } from './static-network.ts';

/** Parts of the wire objects that are read here: assisted-service, swagger.yaml, `host` and `cluster`. */
interface WireHost {
  id: string;
  kind: string;
  status: HostStatus;
  status_info: string;
  role?: HostRole;
  validations_info?: string;
  progress?: { current_stage?: HostStage | '' };
}
interface WireCluster {
  id: string;
  status: ClusterStatus;
  status_info: string;
  validations_info?: string;
  progress?: { finalizing_stage?: FinalizingStage | '' };
  'last-installation-preparation'?: { status?: string; reason?: string };
}

export interface RestAdapterOptions extends RestCallsOptions {
  plan: Pick<ExpandedPlan, 'openshiftVersion' | 'releaseImage' | 'pullSecret' | 'sshPublicKey'>;
  /** How hosts reach the service. */
  access: ServiceAccess;
  /** What booting hosts download; null or absent for nothing. */
  boot?: Pick<BootLoad, 'from'> | null;
  /** Network configuration of a cluster's hosts, for clusters that bring one to their infra-env. */
  staticNetwork: (cluster: ClusterPlan) => StaticNetworkConfig[];
  ledger: Ledger;
}

export class RestAdapter implements ClusterAdapter {
  readonly startsByItself = false;
  readonly #calls: RestCalls;
  readonly #objects: RestObjects;
  readonly #plan: RestAdapterOptions['plan'];
  readonly #access: ServiceAccess;
  readonly #boot: Pick<BootLoad, 'from'> | null;
  readonly #staticNetwork: RestAdapterOptions['staticNetwork'];
  readonly #ledger: Ledger;
  #agentVersion: Promise<string> | null = null;

  constructor(options: RestAdapterOptions) {
    this.#calls = new RestCalls(options);
    this.#objects = new RestObjects(this.#calls);
    this.#plan = options.plan;
    this.#access = options.access;
    this.#boot = options.boot ?? null;
    this.#staticNetwork = options.staticNetwork;
    this.#ledger = options.ledger;
  }

  get reached(): boolean {
    return this.#calls.reached;
  }

  async alreadyThere(clusters: readonly ClusterPlan[], signal: AbortSignal): Promise<PlannedObject[]> {
    const kinds = clusters.every((cluster) => cluster.justInfraEnv) ? (['infra-env'] as const) : REST_KINDS;
    const found = await Promise.all(
      kinds.map(async (kind) => {
        const names = new Set(clusters.map((cluster) => nameOf(kind, cluster)));
        const list = await this.#objects.list(kind, signal);
        return list.filter(({ name }) => names.has(name)).map(({ name }) => ({ kind, name }));
      }),
    );
    return found.flat();
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.agentVersion(signal);
  }

  /**
   * The agent image that the service expects hosts to run: assisted-service, internal/versions/api.go.
   * One request for all clusters; a failed one is forgotten, so that the next cluster asks again.
   */
  agentVersion(signal: AbortSignal): Promise<string> {
    this.#agentVersion ??= this.#askAgentVersion(signal).catch((error) => {
      this.#agentVersion = null;
      throw error;
    });
    return this.#agentVersion;
  }

  async #askAgentVersion(signal: AbortSignal): Promise<string> {
    const answer = await this.#calls.json<{ versions?: Record<string, string> }>(
      { endpoint: 'component-versions', expect: 200 },
      signal,
    );
    const version = answer.versions?.['discovery-agent'];
    if (version) return version;
    throw new ClusterAdapterError(`the service names no discovery-agent among its component versions; ${NO_SERVICE}`, {
      passing: false,
      conflict: false,
    });
  }

  createCluster(cluster: ClusterPlan, signal: AbortSignal): Promise<string> {
    const json = clusterCreateParams(cluster, this.#plan);
    return this.#make('cluster', cluster, { endpoint: 'register-cluster', json, expect: 201 }, signal);
  }

  createInfraEnv(cluster: ClusterPlan, clusterId: string | null, signal: AbortSignal): Promise<string> {
    const json = {
      name: nameOf('infra-env', cluster),
      pull_secret: this.#plan.pullSecret,
      openshift_version: this.#plan.openshiftVersion,
      ...(this.#plan.sshPublicKey && { ssh_authorized_key: this.#plan.sshPublicKey }),
      ...(clusterId !== null && { cluster_id: clusterId }),
      ...(cluster.withNmstate && { static_network_config: this.#staticNetwork(cluster) }),
    };
    return this.#make('infra-env', cluster, { endpoint: 'register-infra-env', json, expect: 201 }, signal);
  }

  /** Makes an object, or finds the one that an earlier call has made whose answer was lost. Returns its id. */
  async #make(kind: RestKind, cluster: ClusterPlan, call: ServiceCall, signal: AbortSignal): Promise<string> {
    const name = nameOf(kind, cluster);
    let entry = this.#ledger.find(kind, name);
    if (entry) {
      const found = entry.id ?? (await this.#adopt(kind, entry, signal));
      if (found !== null) return found;
    }
    try {
      const { id } = await this.#calls.create<{ id?: string }>(call, signal, async () => {
        entry ??= await this.#ledger.intend(kind, name, { cluster: cluster.index });
      });
      if (!id) {
        throw new ClusterAdapterError(`${call.endpoint} was answered without an id; ${NO_SERVICE}`, {
          passing: false,
          conflict: false,
        });
      }
      entry!.made(id);
      return id;
    } catch (error) {
      if (mayHaveBeenDone(error)) entry?.notAnswered();
      else if (!entry?.unanswered) entry?.gone();
      throw error;
    }
  }

  /** Takes the object that an unanswered request has made; null when there is none. Several of its name are all ours. */
  async #adopt(kind: RestKind, entry: LedgerEntry, signal: AbortSignal): Promise<string | null> {
    const [first, ...others] = await this.#objects.find(kind, entry.name, signal);
    if (first === undefined) return null;
    entry.made(first);
    for (const id of others) await this.#objects.remove(kind, id, signal);
    return first;
  }

  async cluster(clusterId: string, signal: AbortSignal): Promise<ClusterView> {
    const wire = await this.#calls.json<WireCluster>(
      {
        endpoint: 'get-cluster',
        params: { cluster_id: clusterId },
        query: [['exclude-hosts', 'true']],
        expect: 200,
      },
      signal,
    );
    const preparation = wire['last-installation-preparation'];
    return {
      status: wire.status,
      statusInfo: wire.status_info,
      finalizingStage: wire.progress?.finalizing_stage || null,
      preparationFailure: preparation?.status === 'failed' ? (preparation.reason ?? '') : '',
      failing: () => failingValidations(wire.validations_info),
    };
  }

  async hosts(objects: ClusterObjects, signal: AbortSignal): Promise<HostView[]> {
    // A cluster's list comes without inventories and connectivity unless asked for; an infra-env's carries them
    // all, so it is read only when there is no cluster.
    const wire =
      objects.clusterId !== null
        ? await this.#calls.json<WireHost[]>(
            { endpoint: 'list-cluster-hosts', params: { cluster_id: objects.clusterId }, expect: 200 },
            signal,
          )
        : await this.#calls.json<WireHost[]>(
            { endpoint: 'list-infra-env-hosts', params: { infra_env_id: objects.infraEnvId! }, expect: 200 },
            signal,
          );
    return wire.map(hostViewOf);
  }

  async setup(_cluster: ClusterPlan, infraEnvId: string, signal: AbortSignal): Promise<HostSetup> {
    const agentVersion = await this.agentVersion(signal);
    const boot = this.#boot && (await this.#bootSource(infraEnvId, this.#boot.from, signal));
    return { infraEnvId, agentVersion, access: this.#access, ...(boot && { boot }) };
  }

  /** A host fetches the script itself; asking for its address is what a user does, as for that of an ISO. */
  async #bootSource(infraEnvId: string, from: BootSource['from'], signal: AbortSignal): Promise<BootSource> {
    const params = { infra_env_id: infraEnvId };
    const call: ServiceCall =
      from === 'iso'
        ? { endpoint: 'infra-env-image-url', params, expect: 200 }
        : { endpoint: 'infra-env-presigned-file', params, query: [['file_name', 'ipxe-script']], expect: 200 };
    const { url } = await this.#calls.json<{ url?: string }>(call, signal);
    if (url && URL.canParse(url)) return { from, url };
    throw new ClusterAdapterError(`${call.endpoint} names no URL to boot from; ${NO_SERVICE}`, {
      passing: false,
      conflict: false,
    });
  }

  async enroll(): Promise<void> {}

  /** No request where the service is to decide. */
  async settle(cluster: ClusterPlan, infraEnvId: string, host: DiscoveredHost, signal: AbortSignal): Promise<void> {
    const settings = hostSettings(cluster, host);
    if (Object.keys(settings).length === 0) return;
    await this.#calls.call(
      {
        endpoint: 'update-host',
        params: { infra_env_id: infraEnvId, host_id: host.id },
        json: {
          ...(settings.role && { host_role: settings.role }),
          ...(settings.hostname && { host_name: settings.hostname }),
        },
        expect: 201,
      },
      signal,
    );
  }

  async install(clusterId: string, signal: AbortSignal): Promise<void> {
    await this.#calls.call({ endpoint: 'install-cluster', params: { cluster_id: clusterId }, expect: 202 }, signal);
  }

  async allowAddHosts(_cluster: ClusterPlan, clusterId: string, signal: AbortSignal): Promise<void> {
    await this.#calls.call({ endpoint: 'allow-add-hosts', params: { cluster_id: clusterId }, expect: 202 }, signal);
  }

  async installHost(_cluster: ClusterPlan, infraEnvId: string, hostId: string, signal: AbortSignal): Promise<void> {
    await this.#calls.call(
      { endpoint: 'install-host', params: { infra_env_id: infraEnvId, host_id: hostId }, expect: 202 },
      signal,
    );
  }

  onService(_cluster: ClusterPlan, objects: ClusterObjects): ClusterObjects {
    return objects;
  }

  changed(): null {
    return null;
  }

  async remove(cluster: ClusterPlan, objects: ClusterObjects, signal: AbortSignal): Promise<boolean> {
    let any = false;
    for (const kind of REST_KINDS) {
      const entry = this.#ledger.find(kind, nameOf(kind, cluster));
      if (entry) {
        any = true;
        await this.#objects.removeEntry(entry, signal);
      }
      objects[kind === 'cluster' ? 'clusterId' : 'infraEnvId'] = null;
    }
    return any;
  }
}

function nameOf(kind: RestKind, cluster: ClusterPlan): string {
  return kind === 'cluster' ? cluster.name : `${cluster.name}${INFRA_ENV_SUFFIX}`;
}

/** Body of POST /v2/clusters. Fields that do not apply are left out: the service rejects VIPs on user-managed networks. */
export function clusterCreateParams(cluster: ClusterPlan, plan: RestAdapterOptions['plan']): Record<string, unknown> {
  const singleNode = cluster.controlPlanes === 1;
  const managed = !singleNode && cluster.platform === 'baremetal';
  return {
    name: cluster.name,
    openshift_version: plan.openshiftVersion,
    pull_secret: plan.pullSecret,
    base_dns_domain: cluster.baseDomain,
    control_plane_count: cluster.controlPlanes,
    ...(plan.sshPublicKey && { ssh_public_key: plan.sshPublicKey }),
    ...(plan.releaseImage !== null && { ocp_release_image: plan.releaseImage }),
    // The service derives platform none and user-managed networking for a single node by itself:
    // assisted-service, internal/provider/platform.go.
    ...(!singleNode && { platform: { type: cluster.platform }, user_managed_networking: !managed }),
    ...(managed && {
      machine_networks: [{ cidr: cluster.machineNetwork }],
      ...(cluster.apiVip !== null && { api_vips: [{ ip: cluster.apiVip }] }),
      ...(cluster.ingressVip !== null && { ingress_vips: [{ ip: cluster.ingressVip }] }),
    }),
    ...(cluster.olmOperators.length > 0 && { olm_operators: cluster.olmOperators.map((name) => ({ name })) }),
  };
}

/** Views are kept between two looks, and the inventories that come with them are not: 100,000 of them are a gigabyte. */
function hostViewOf({ id, kind, status, status_info, role, progress, validations_info }: WireHost): HostView {
  const validations = status === 'known' || status === 'known-unbound' ? undefined : validations_info;
  return {
    id,
    status,
    statusInfo: status_info,
    role: role ?? 'auto-assign',
    stage: progress?.current_stage || null,
    day2: kind === 'AddToExistingClusterHost',
    failing: () => failingValidations(validations),
  };
}
