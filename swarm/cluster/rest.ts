/**
 * The simulated user on the service's REST API. Service facts 1.2, 1.3, 1.5 and the recipes 4.5 to 4.8.
 */

import type { ClusterStatus, FinalizingStage, HostRole, HostStage, HostStatus } from '../../model/protocol/states.ts';
import type { ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';
import { type ServiceCall, type ServiceClient, ServiceError } from '../service/service-client.ts';
import { TransportError } from '../transport/transport.ts';
import {
  type ClusterAdapter,
  ClusterAdapterError,
  type ClusterObjects,
  type ClusterView,
  type FailingValidation,
  type HostSettings,
  type HostView,
} from './cluster-adapter.ts';
import { hintFor } from './hint.ts';
import { Semaphore } from './semaphore.ts';
import type { StaticNetworkConfig } from './static-network.ts';

/** Parts of the wire objects that are read here (Service facts, appendix B). */
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

/** Cluster states in which DELETE answers 409 until the installation is cancelled (Service facts 1.2, 2.6). */
const CANCEL_FIRST: readonly ClusterStatus[] = [
  'preparing-for-installation',
  'installing',
  'finalizing',
  'installing-pending-user-action',
];

/** Longer than any proxy waits for the service; without a limit a silent service would hold a run for ever. */
const CALL_LIMIT_MS = 120_000;

export interface RestAdapterOptions {
  /** Of kind `user`. */
  client: ServiceClient;
  plan: Pick<ExpandedPlan, 'openshiftVersion' | 'releaseImage' | 'pullSecret' | 'sshPublicKey'>;
  /** Network configuration of a cluster's hosts, for clusters that bring one to their infra-env. */
  staticNetwork: (cluster: ClusterPlan) => StaticNetworkConfig[];
  /** User calls under way at once; default 16. */
  concurrency?: number;
  /** Wall-clock milliseconds after which a call, its retries included, is given up; default {@link CALL_LIMIT_MS}. */
  callLimitMs?: number;
}

export class RestAdapter implements ClusterAdapter {
  readonly #client: ServiceClient;
  readonly #plan: RestAdapterOptions['plan'];
  readonly #staticNetwork: RestAdapterOptions['staticNetwork'];
  readonly #semaphore: Semaphore;
  readonly #callLimitMs: number;
  #agentVersion: Promise<string> | null = null;

  constructor(options: RestAdapterOptions) {
    this.#client = options.client;
    this.#plan = options.plan;
    this.#staticNetwork = options.staticNetwork;
    this.#semaphore = new Semaphore(options.concurrency ?? 16);
    this.#callLimitMs = options.callLimitMs ?? CALL_LIMIT_MS;
  }

  /** One request for all clusters; a failed one is forgotten, so that the next cluster asks again. */
  agentVersion(signal: AbortSignal): Promise<string> {
    this.#agentVersion ??= this.#askAgentVersion(signal).catch((error) => {
      this.#agentVersion = null;
      throw error;
    });
    return this.#agentVersion;
  }

  async #askAgentVersion(signal: AbortSignal): Promise<string> {
    const answer = await this.#json<{ versions?: Record<string, string> }>(
      { endpoint: 'component-versions', expect: 200 },
      signal,
    );
    const version = answer.versions?.['discovery-agent'];
    if (version) return version;
    throw new ClusterAdapterError(
      'the service names no discovery-agent among its component versions; is the URL that of an assisted-service?',
      { passing: false, conflict: false },
    );
  }

  async createCluster(cluster: ClusterPlan, signal: AbortSignal): Promise<string> {
    const body = clusterCreateParams(cluster, this.#plan);
    const made = await this.#create({ endpoint: 'register-cluster', json: body, expect: 201 }, signal);
    return made.id;
  }

  async createInfraEnv(cluster: ClusterPlan, clusterId: string | null, signal: AbortSignal): Promise<string> {
    const made = await this.#create(
      {
        endpoint: 'register-infra-env',
        json: {
          name: `${cluster.name}-infra-env`,
          pull_secret: this.#plan.pullSecret,
          openshift_version: this.#plan.openshiftVersion,
          ...(this.#plan.sshPublicKey && { ssh_authorized_key: this.#plan.sshPublicKey }),
          ...(clusterId !== null && { cluster_id: clusterId }),
          ...(cluster.withNmstate && { static_network_config: this.#staticNetwork(cluster) }),
        },
        expect: 201,
      },
      signal,
    );
    return made.id;
  }

  async cluster(clusterId: string, signal: AbortSignal): Promise<ClusterView> {
    const wire = await this.#json<WireCluster>(
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
    // A cluster's list comes without inventories and connectivity unless asked for; an infra-env's carries them all
    // (Service facts 1.5), so it is read only when there is no cluster.
    const wire =
      objects.clusterId !== null
        ? await this.#json<WireHost[]>(
            { endpoint: 'list-cluster-hosts', params: { cluster_id: objects.clusterId }, expect: 200 },
            signal,
          )
        : await this.#infraEnvHosts(objects.infraEnvId!, signal);
    return wire.map((host) => ({
      id: host.id,
      status: host.status,
      statusInfo: host.status_info,
      role: host.role ?? 'auto-assign',
      stage: host.progress?.current_stage || null,
      day2: host.kind === 'AddToExistingClusterHost',
      failing: () => failingValidations(host.validations_info),
    }));
  }

  async updateHost(infraEnvId: string, hostId: string, settings: HostSettings, signal: AbortSignal): Promise<void> {
    await this.#call(
      {
        endpoint: 'update-host',
        params: { infra_env_id: infraEnvId, host_id: hostId },
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
    await this.#call({ endpoint: 'install-cluster', params: { cluster_id: clusterId }, expect: 202 }, signal);
  }

  async allowAddHosts(clusterId: string, signal: AbortSignal): Promise<void> {
    await this.#call({ endpoint: 'allow-add-hosts', params: { cluster_id: clusterId }, expect: 202 }, signal);
  }

  async installHost(infraEnvId: string, hostId: string, signal: AbortSignal): Promise<void> {
    await this.#call(
      { endpoint: 'install-host', params: { infra_env_id: infraEnvId, host_id: hostId }, expect: 202 },
      signal,
    );
  }

  async remove(objects: ClusterObjects, signal: AbortSignal): Promise<void> {
    const clusterId = objects.clusterId;
    if (clusterId !== null) {
      await unlessGone(async () => {
        const { status } = await this.cluster(clusterId, signal);
        if (CANCEL_FIRST.includes(status)) {
          await this.#call({ endpoint: 'cancel-cluster', params: { cluster_id: clusterId }, expect: 202 }, signal);
        }
        await this.#call({ endpoint: 'delete-cluster', params: { cluster_id: clusterId }, expect: 204 }, signal);
      });
      objects.clusterId = null;
    }
    const infraEnvId = objects.infraEnvId;
    if (infraEnvId !== null) {
      await unlessGone(async () => {
        // Deleting the cluster has deleted the hosts of an infra-env that is tied to it; what is left is deleted here,
        // because the infra-env's own deletion answers 400 as long as one host belongs to it.
        for (const host of await this.#infraEnvHosts(infraEnvId, signal)) {
          await unlessGone(() =>
            this.#call(
              { endpoint: 'delete-host', params: { infra_env_id: infraEnvId, host_id: host.id }, expect: 204 },
              signal,
            ),
          );
        }
        await this.#call({ endpoint: 'delete-infra-env', params: { infra_env_id: infraEnvId }, expect: 204 }, signal);
      });
      objects.infraEnvId = null;
    }
  }

  #infraEnvHosts(infraEnvId: string, signal: AbortSignal): Promise<WireHost[]> {
    return this.#json<WireHost[]>(
      { endpoint: 'list-infra-env-hosts', params: { infra_env_id: infraEnvId }, expect: 200 },
      signal,
    );
  }

  #json<T>(call: ServiceCall, signal: AbortSignal): Promise<T> {
    return this.#limited(call, signal, signal, (limited) => this.#client.json<T>(limited));
  }

  /** A creation that was sent is waited for, by a run that is stopped too: what it makes must be known to be removed. */
  #create(call: ServiceCall, signal: AbortSignal): Promise<{ id: string }> {
    return this.#limited(call, signal, null, (limited) => this.#client.json<{ id: string }>(limited));
  }

  async #call(call: ServiceCall, signal: AbortSignal): Promise<void> {
    await this.#limited(call, signal, signal, (limited) => this.#client.call(limited));
  }

  /** @param waiting ends the wait for a place; `under` ends the call itself, null for one that must not be broken off. */
  #limited<T>(
    call: ServiceCall,
    waiting: AbortSignal,
    under: AbortSignal | null,
    send: (call: ServiceCall) => Promise<T>,
  ): Promise<T> {
    return this.#semaphore.run(waiting, async () => {
      const limit = AbortSignal.timeout(this.#callLimitMs);
      try {
        return await send({ ...call, signal: under ? AbortSignal.any([under, limit]) : limit });
      } catch (error) {
        if (limit.aborted && !under?.aborted && !(error instanceof ServiceError)) {
          throw new ClusterAdapterError(
            `${call.endpoint}: no answer within ${this.#callLimitMs / 1000} s; is the service overloaded, or the URL that of something else?`,
            { passing: true, conflict: false },
          );
        }
        throw refused(error);
      }
    });
  }
}

/** A service error in the adapter's own terms; anything else (an abort's reason) as it is. */
function refused(error: unknown): unknown {
  if (!(error instanceof ServiceError)) return error;
  const { status, detail, cause } = error;
  // The business error's reason says more than its envelope; of a transport's error it is only the kind.
  const more = cause instanceof TransportError || error.message.includes(detail) ? '' : `: ${detail}`;
  const hint = hintFor(error);
  return new ClusterAdapterError(
    `${error.message}${more}${hint && ` (${hint})`}`.replace(/\s+/g, ' '),
    { passing: status === 0 || status === 429 || status >= 500, conflict: status === 409 },
    { cause: error },
  );
}

/** Runs a deletion; what is already gone counts as deleted. */
async function unlessGone(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    const cause = error instanceof ClusterAdapterError ? error.cause : undefined;
    if (!(cause instanceof ServiceError && cause.status === 404)) throw error;
  }
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
    // The service derives platform none and user-managed networking for a single node by itself (Service facts 1.2).
    ...(!singleNode && { platform: { type: cluster.platform }, user_managed_networking: !managed }),
    ...(managed && {
      machine_networks: [{ cidr: cluster.machineNetwork }],
      ...(cluster.apiVip !== null && { api_vips: [{ ip: cluster.apiVip }] }),
      ...(cluster.ingressVip !== null && { ingress_vips: [{ ip: cluster.ingressVip }] }),
    }),
    ...(cluster.olmOperators.length > 0 && { olm_operators: cluster.olmOperators.map((name) => ({ name })) }),
  };
}

/** What does not pass in a `validations_info` text; empty when the text is absent or no JSON. */
export function failingValidations(text: string | undefined): FailingValidation[] {
  if (!text) return [];
  let categories: unknown;
  try {
    categories = JSON.parse(text);
  } catch {
    return [];
  }
  const failing: FailingValidation[] = [];
  for (const list of Object.values(categories ?? {})) {
    if (!Array.isArray(list)) continue;
    for (const one of list as Partial<FailingValidation>[]) {
      const status = one?.status;
      if (status !== 'failure' && status !== 'pending' && status !== 'error') continue;
      failing.push({ id: String(one.id), status, message: String(one.message ?? '') });
    }
  }
  return failing;
}
