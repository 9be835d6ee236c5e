/**
 * The service as the installer and the controller call it, one method an operation. Retries are the ServiceClient's.
 * Upstream: assisted-installer, src/inventory_client/inventory_client.go.
 */

import type {
  ClusterStatus,
  FinalizingStage,
  HostRole,
  HostStage,
  HostStatus,
  LogsState,
  OperatorStatus,
} from '../../model/protocol/states.ts';
import type { Clock } from '../../model/time/clock.ts';
import { type ServiceCall, type ServiceClient, ServiceError } from './service-client.ts';

/** What the programs read of a host (assisted-installer, src/installer/installer.go and src/assisted_installer_controller). */
export interface ClusterHost {
  id: string;
  status: HostStatus;
  role?: HostRole;
  infra_env_id: string;
  cluster_id?: string;
  requested_hostname?: string;
  progress: { current_stage?: HostStage };
  inventory?: string;
  node_labels?: string;
}

/** What the programs read of a cluster. */
export interface ClusterAnswer {
  status: ClusterStatus;
  kind?: string;
  platform?: { type?: string };
  progress?: { finalizing_stage?: FinalizingStage; finalizing_stage_timed_out?: boolean };
  hosts?: ClusterHost[];
}

export interface MonitoredOperator {
  name: string;
  operator_type?: 'builtin' | 'olm';
  status?: OperatorStatus;
  status_info?: string;
  version?: string;
}

/** Part of a report about cluster operators; `status_info` is left out when empty. */
export interface OperatorReport {
  name: string;
  status: OperatorStatus;
  status_info?: string;
}

/** Told of each stage report that the service accepted. */
export type StageObserver = (hostId: string, stage: HostStage, info: string) => void;

export interface CallOptions {
  /** X-Request-Id; stage reports, downloads, passes over the nodes and what ends an installation carry one, other looks do not. */
  requestId?: string;
  /** Simulated moment at which the program sends it; default now. */
  dueMs?: number;
  /** A context that ends before the process; default the process. */
  signal?: AbortSignal;
}

/** The reason with which a context inside a living process is cancelled. */
export class ContextCancelled extends Error {
  constructor() {
    super('context canceled');
    this.name = 'ContextCancelled';
  }
}

/** Simulated milliseconds for which a list of monitored operators is reused (assisted-installer, src/assisted_installer_controller/operator_handler.go). */
const OPERATORS_CACHE_MS = 20_000;

export interface InventoryClientOptions {
  client: ServiceClient;
  clock: Clock;
  clusterId: string;
  /** Aborts when the process is killed. */
  signal: AbortSignal;
  onStage?: StageObserver;
}

export function newRequestId(): string {
  return crypto.randomUUID();
}

/**
 * The answer, or null when the service refused, could not be reached or the call's own context ended.
 * @throws when the process was killed, and for mistakes in this program
 */
export async function answerOf<T>(call: Promise<T>): Promise<{ value: T } | null> {
  try {
    return { value: await call };
  } catch (error) {
    if (error instanceof ServiceError || error instanceof ContextCancelled) return null;
    throw error;
  }
}

/** Like {@link answerOf} for calls without a result. */
export async function accepted(call: Promise<unknown>): Promise<boolean> {
  return (await answerOf(call)) !== null;
}

/** What a generated client's decoder would refuse, or the program behind it would stumble over. */
function malformed(endpoint: string, wanted: string): ServiceError {
  return new ServiceError(`the answer to ${endpoint} is not ${wanted}`, 200, false, '');
}

function hostList(value: unknown, endpoint: string): ClusterHost[] {
  if (!Array.isArray(value)) throw malformed(endpoint, 'a list of hosts');
  for (const host of value) {
    if (typeof host?.id !== 'string' || typeof host.progress !== 'object' || !host.progress) {
      throw malformed(endpoint, 'a list of hosts with id and progress');
    }
  }
  return value;
}

/** All methods throw ServiceError as {@link ServiceClient.call} does, or the reason of the aborted signal. */
export class InventoryClient {
  readonly clusterId: string;
  readonly #client: ServiceClient;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #onStage: StageObserver;
  #operators: { at: number; list: MonitoredOperator[] } | null = null;

  constructor(options: InventoryClientOptions) {
    this.clusterId = options.clusterId;
    this.#client = options.client;
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#onStage = options.onStage ?? (() => {});
  }

  /** The cluster, with or without its hosts. */
  async getCluster(excludeHosts: boolean, options: CallOptions = {}): Promise<ClusterAnswer> {
    const cluster = await this.#json<ClusterAnswer | null>({
      ...this.#cluster('get-cluster', options),
      query: [['exclude-hosts', String(excludeHosts)]],
      expect: 200,
    });
    if (typeof cluster?.status !== 'string') throw malformed('get-cluster', 'a cluster with a status');
    return cluster;
  }

  /**
   * The hosts of the cluster, by id.
   * @param skipped hosts in these states are left out
   * @throws ServiceError also when a host has no inventory, because the programs cannot build their map then
   */
  async getHosts(skipped: readonly HostStatus[], options: CallOptions = {}): Promise<Map<string, ClusterHost>> {
    const cluster = await this.getCluster(false, options);
    const hosts = new Map<string, ClusterHost>();
    for (const host of hostList(cluster.hosts ?? [], 'get-cluster')) {
      if (skipped.includes(host.status)) continue;
      if (!host.inventory) throw new ServiceError(`host ${host.id} has no inventory`, 200, true, '');
      hosts.set(host.id, host);
    }
    return hosts;
  }

  /** The hosts of a role, without inventories. */
  async listHosts(role: 'master' | 'arbiter' | 'worker', options: CallOptions = {}): Promise<ClusterHost[]> {
    const hosts = await this.#json<unknown>({
      ...this.#cluster('list-cluster-hosts', options),
      query: [['role', role]],
      expect: 200,
    });
    return hostList(hosts, 'list-cluster-hosts');
  }

  /** A file of the cluster whose content does not matter. */
  async downloadFile(fileName: string, options: CallOptions = {}): Promise<void> {
    await this.#call({ ...this.#download('cluster-files', fileName, options), discardBody: true });
  }

  /** A file of the cluster. */
  readFile(fileName: string, options: CallOptions = {}): Promise<Buffer> {
    return this.#call(this.#download('cluster-files', fileName, options));
  }

  async downloadKubeconfig(options: CallOptions = {}): Promise<void> {
    await this.#call({
      ...this.#download('cluster-credentials', 'kubeconfig-noingress', options),
      discardBody: true,
    });
  }

  /** What the machine config server would give the host. The path says `infra-env`, where all others say `infra-envs`. */
  async downloadIgnition(infraEnvId: string, hostId: string, options: CallOptions = {}): Promise<void> {
    await this.#call({
      ...options,
      endpoint: 'host-ignition',
      params: { infra_env_id: infraEnvId, host_id: hostId },
      accept: 'application/octet-stream',
      discardBody: true,
      expect: 200,
    });
  }

  /** An empty info is left out. */
  async reportStage(
    infraEnvId: string,
    hostId: string,
    stage: HostStage,
    info: string,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#call({
      ...options,
      endpoint: 'host-progress',
      params: { infra_env_id: infraEnvId, host_id: hostId },
      json: info ? { current_stage: stage, progress_info: info } : { current_stage: stage },
      expect: 200,
    });
    this.#onStage(hostId, stage, info);
  }

  async reportHostLogs(infraEnvId: string, hostId: string, state: LogsState, options: CallOptions = {}): Promise<void> {
    await this.#call({
      ...options,
      endpoint: 'host-logs-progress',
      params: { infra_env_id: infraEnvId, host_id: hostId },
      json: { logs_state: state },
      expect: 204,
    });
  }

  async reportClusterLogs(state: LogsState, options: CallOptions = {}): Promise<void> {
    await this.#call({
      ...this.#cluster('cluster-logs-progress', options),
      json: { logs_state: state },
      expect: 204,
    });
  }

  async uploadControllerLogs(content: Buffer, options: CallOptions = {}): Promise<void> {
    await this.#call({
      ...this.#cluster('upload-logs', options),
      query: [['logs_type', 'controller']],
      upload: { field: 'upfile', filename: 'controller_logs.tar.gz', contentType: 'application/x-gzip', content },
      expect: 204,
    });
  }

  /** With `useCache` an answer of the last 20 simulated seconds is reused. */
  async listOperators(useCache: boolean, options: CallOptions = {}): Promise<MonitoredOperator[]> {
    const cached = this.#operators;
    if (useCache && cached && this.#clock.now() - cached.at < OPERATORS_CACHE_MS) return cached.list;
    const list = await this.#json<MonitoredOperator[]>({
      ...this.#cluster('list-operators', options),
      expect: 200,
    });
    if (!Array.isArray(list)) throw malformed('list-operators', 'a list of operators');
    this.#operators = { at: this.#clock.now(), list };
    return list;
  }

  /** Empty fields are left out. */
  async reportOperator(
    name: string,
    status: OperatorStatus,
    info: string,
    version: string,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#call({
      ...this.#cluster('report-operator', options),
      json: { name, status, ...(info && { status_info: info }), ...(version && { version }) },
      expect: 200,
    });
  }

  async reportFinalizingStage(stage: FinalizingStage, options: CallOptions = {}): Promise<void> {
    await this.#call({
      ...this.#cluster('cluster-progress', options),
      json: { finalizing_stage: stage },
      expect: 200,
    });
  }

  /** The body is one JSON string. */
  async uploadIngressCa(pem: string, options: CallOptions = {}): Promise<void> {
    await this.#call({ ...this.#cluster('ingress-cert', options), json: pem, expect: 201 });
  }

  /** `errorInfo` and `data` are left out when empty. */
  async completeInstallation(
    success: boolean,
    errorInfo: string,
    data: Record<string, unknown> | null,
    options: CallOptions = {},
  ): Promise<void> {
    await this.#call({
      ...this.#cluster('complete-installation', options),
      json: { ...(data && { data }), ...(errorInfo && { error_info: errorInfo }), is_success: success },
      expect: 202,
    });
  }

  async triggerEvent(event: Record<string, string>, options: CallOptions = {}): Promise<void> {
    await this.#call({ ...options, endpoint: 'trigger-event', json: event, expect: 201 });
  }

  #cluster(endpoint: ServiceCall['endpoint'], options: CallOptions) {
    return { ...options, endpoint, params: { cluster_id: this.clusterId } };
  }

  #download(endpoint: ServiceCall['endpoint'], fileName: string, options: CallOptions): ServiceCall {
    return {
      ...this.#cluster(endpoint, options),
      query: [['file_name', fileName]],
      accept: 'application/octet-stream',
      expect: 200,
    };
  }

  async #call(call: ServiceCall): Promise<Buffer> {
    const signal = call.signal ?? this.#signal;
    signal.throwIfAborted();
    return this.#client.call({ ...call, signal });
  }

  async #json<T>(call: ServiceCall): Promise<T> {
    const signal = call.signal ?? this.#signal;
    signal.throwIfAborted();
    return this.#client.json<T>({ ...call, signal });
  }
}
