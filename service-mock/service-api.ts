/**
 * The border between the simulated service's operations and its HTTP surface (`http/`): one method an operation.
 * Methods are synchronous (all state is in memory), return what goes on the wire and throw {@link OperationError}.
 * Upstream: assisted-service, internal/bminventory/inventory.go and inventory_v2_handlers.go.
 */

/** Wire objects; field names as in upstream's swagger.yaml of assisted-service. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json | undefined;
}

/** A business error: the service's error body `{code:"409",href:"",id:409,kind:"Error",reason}` is made from it. */
export class OperationError extends Error {
  readonly status: number;
  constructor(status: number, reason: string) {
    super(reason);
    this.name = 'OperationError';
    this.status = status;
  }
}

/** The real service dies on a request and closes the connection without an answer. */
export class Hangup extends Error {
  constructor() {
    super('the service closed the connection');
    this.name = 'Hangup';
  }
}

/** Settings of the real service that matter here, under its own environment names (assisted-service, cmd/main.go and the Config of each package). */
export interface ServiceSettings {
  AGENT_DOCKER_IMAGE: string;
  INSTALLER_IMAGE: string;
  CONTROLLER_IMAGE: string;
  SELF_VERSION: string;
  RELEASE_TAG: string;
  SERVICE_BASE_URL: string;
  /** Who may call: everybody, or agents and holders of URLs with tokens. */
  AUTH_TYPE: 'none' | 'local';
  /** P-256 key that signs the tokens of AUTH_TYPE local; a new one when empty. */
  EC_PRIVATE_KEY_PEM: string;
  /** Tokens of URLs open only what they were made for. */
  LOCAL_AUTH_ENFORCE_RESOURCE_SCOPE: boolean;
  /** File with the certificates that agents are to trust; none when empty. */
  SERVICE_CA_CERT_PATH: string;
  /** Agents are told not to check certificates. */
  SKIP_CERT_VERIFICATION: boolean;
  /** How long the agent's unit may take to start (simulated milliseconds). */
  AGENT_TIMEOUT_START: number;
  /** Release and OS images as the real variables carry them (parsed). */
  RELEASE_IMAGES: readonly JsonObject[];
  OS_IMAGES: readonly JsonObject[];
  MUST_GATHER_IMAGES: Readonly<Record<string, Readonly<Record<string, string>>>>;
  HW_VALIDATOR_REQUIREMENTS: readonly JsonObject[];
  ENABLE_IMAGE_SERVICE: boolean;
  IMAGE_SERVICE_BASE_URL: string;
  ISO_IMAGE_TYPE: string;
  ENABLE_UPGRADE_AGENT: boolean;
  ENABLE_SINGLE_NODE_DNSMASQ: boolean;
  ENABLE_VIRTUAL_INTERFACES: boolean;
  ENABLE_SKIP_MCO_REBOOT: boolean;
  ENABLE_REJECT_UNKNOWN_FIELDS: boolean;
  ENABLE_SOFT_TIMEOUTS: boolean;
  /** Custom resources of a hub are reconciled; metrics events are dropped then. */
  ENABLE_KUBE_API: boolean;
  /** BareMetalHosts are reconciled too. */
  ENABLE_METAL3: boolean;
  /** The Bare Metal Operator may boot the image itself, when it is new enough. */
  ALLOW_CONVERGED_FLOW: boolean;
  /** BareMetalHosts of installed hosts are paused, and can be moved to another hub. */
  PAUSE_PROVISIONED_BMHS: boolean;
  /** BareMetalHosts worked on at once. */
  BMAC_MAX_CONCURRENT_RECONCILES: number;
  /** The Bare Metal Operator's agent, when the hub names none. */
  IRONIC_AGENT_IMAGE: string;
  IRONIC_AGENT_IMAGE_ARM: string;
  CHECK_CLUSTER_VERSION: boolean;
  DISABLED_HOST_VALIDATIONS: readonly string[];
  DISABLED_CLUSTER_VALIDATIONS: readonly string[];
  DISABLED_STEPS: readonly string[];
  PUBLIC_CONTAINER_REGISTRIES: readonly string[];
  NTP_DEFAULT_SERVER: string;
  /** Simulated milliseconds from here on. */
  HOST_MONITOR_INTERVAL: number;
  CLUSTER_MONITOR_INTERVAL: number;
  HOST_MAX_DISCONNECTION_TIME: number;
  DISK_CHECK_TIMEOUT: number;
  IMAGE_AVAILABILITY_TIMEOUT: number;
  INSTALLATION_TIMEOUT: number;
  FINALIZING_TIMEOUT: number;
  RESET_CLUSTER_TIMEOUT: number;
  /** How long events outlive the clusters and infra-envs that they are about. */
  DELETED_UNREGISTERED_AFTER: number;
  HW_VALIDATOR_MAX_TIME_DIFF_MINUTES: number;
  /** Distance of two looks at the spoke of an Agent that joins it (simulated milliseconds). */
  APPROVE_CSRS_REQUEUE_DURATION: number;
  /** Further timeouts (simulated milliseconds) by their environment name, e.g. `HOST_STAGE_REBOOTING_TIMEOUT`; absent ones keep the real default (internal/host/config.go, internal/cluster/finalizing_stages.go). */
  TIMEOUTS?: Readonly<Record<string, number>>;
  /** Shortest distance (simulated milliseconds) of two events of one name about one entity. */
  EVENT_RATE_LIMITS?: Readonly<Record<string, number>>;
  /** Limits that the inventory step hands to the agent; absent or 0 = none. */
  AGENT_INVENTORY_MAX_SIZE?: number;
  AGENT_INVENTORY_DISK_MIN_SIZE?: number;
  /** Simulated milliseconds that generating ignitions takes; the real service with DUMMY_IGNITION needs tens of ms. */
  PREPARATION_DURATION: number;
}

/** Where the service's metrics are fed from (assisted-service, internal/metrics/metricsManager.go); `http/metrics.ts` implements it. */
export interface ServiceMetrics {
  clusterCreated(): void;
  installationStarted(): void;
  installationFinished(result: string, seconds: number): void;
  hostPhase(phase: string, result: string, seconds: number): void;
  hostsFinished(role: string, result: string): void;
  /** @param fullScan whether everything was looked at */
  operation(name: 'HostMonitoring' | 'ClusterMonitoring', milliseconds: number, fullScan: boolean): void;
  monitoredHost(milliseconds: number): void;
  monitoredCluster(milliseconds: number): void;
  imagePull(image: string, result: string, rate: number): void;
  diskSyncDuration(milliseconds: number): void;
  hostValidationLost(id: string): void;
  clusterValidationLost(id: string): void;
}

/** A file with the name that clients are to give it. */
export interface DownloadedFile {
  readonly name: string;
  readonly content: Buffer;
}

export interface EventsQuery {
  cluster_id?: string;
  host_ids?: string[];
  infra_env_id?: string;
  limit?: number;
  offset?: number;
  order?: 'ascending' | 'descending';
  severities?: string[];
  message?: string;
  deleted_hosts?: boolean;
  cluster_level?: boolean;
  categories?: string[];
}

/** Which hosts of a cluster are listed, and how much of each. */
export interface ClusterHostsQuery {
  role?: string;
  status?: string;
  withInventory: boolean;
  withConnectivity: boolean;
}

/** Whose logs are uploaded. */
export interface LogsQuery {
  logs_type: string;
  host_id?: string;
  infra_env_id?: string;
}

/** Rows of an answer, to be gone through once: which ones they are is settled, each is made when its turn comes. */
export type Rows = Iterable<JsonObject>;

export interface EventsPage {
  events: Rows;
  total: number;
  severities: { info: number; warning: number; error: number; critical: number };
}

/** Name of a custom resource, in kube mode. */
export interface KubeKey {
  readonly namespace: string;
  readonly name: string;
}

/** All operations. `createService(dependencies)` in `service.ts` makes one. */
export interface AssistedServiceApi {
  /** Starts the monitors; stop ends every timer. */
  start(): void;
  stop(): void;
  /** False (liveness 500) when a monitor pass started longer than 5 simulated minutes ago without a newer one. */
  healthy(): boolean;

  /** @param kubeKey of the ClusterDeployment that it is for. */
  registerCluster(body: JsonObject, kubeKey?: KubeKey): JsonObject;
  /** @param kubeKey of the ClusterDeployment that it is for. */
  importCluster(body: JsonObject, kubeKey?: KubeKey): JsonObject;
  listClusters(query: { with_hosts: boolean; owner?: string; openshift_cluster_id?: string }): Rows;
  getCluster(id: string, query: { excludeHosts: boolean }): JsonObject;
  /**
   * @param options `interactive` false takes networks as they are given and leaves states to the monitor, as for custom
   * resources.
   */
  updateCluster(id: string, body: JsonObject, options?: { interactive?: boolean }): JsonObject;
  deleteCluster(id: string): void;
  installCluster(id: string): JsonObject;
  cancelCluster(id: string): JsonObject;
  resetCluster(id: string): JsonObject;
  allowAddHosts(id: string): JsonObject;
  listClusterHosts(id: string, query: ClusterHostsQuery): Rows;
  updateClusterFinalizingProgress(id: string, body: JsonObject): void;
  completeInstallation(id: string, body: JsonObject): JsonObject;
  uploadIngressCert(id: string, pem: string): void;
  clusterCredentials(id: string): JsonObject;
  downloadClusterFile(id: string, fileName: string): Buffer;
  downloadClusterCredentials(id: string, fileName: string): Buffer;
  getInstallConfig(id: string): string;
  updateInstallConfig(id: string, overrides: string): void;
  getIgnoredValidations(id: string): JsonObject;
  setIgnoredValidations(id: string, body: JsonObject): JsonObject;
  listManifests(id: string, includeSystemGenerated: boolean): JsonObject[];
  createManifest(id: string, body: JsonObject): JsonObject;
  /** Moves a manifest, gives it new content, or both. */
  updateManifest(id: string, body: JsonObject): JsonObject;
  deleteManifest(id: string, folder: string, fileName: string): void;
  downloadManifest(id: string, folder: string, fileName: string): Buffer;
  listMonitoredOperators(id: string, name?: string): JsonObject[];
  reportMonitoredOperator(id: string, body: JsonObject): void;
  updateClusterLogsProgress(id: string, body: JsonObject): void;
  /** `bytes` is what was received; content is kept only up to a small limit. */
  uploadLogs(id: string, query: LogsQuery, bytes: number): void;

  /** @param kubeKey of the InfraEnv that it is for. */
  registerInfraEnv(body: JsonObject, kubeKey?: KubeKey): JsonObject;
  listInfraEnvs(query: { cluster_id?: string; owner?: string }): Rows;
  getInfraEnv(id: string): JsonObject;
  /** @param internalIgnition config that the service itself lays over the discovery ignition; not to be had by REST. */
  updateInfraEnv(id: string, body: JsonObject, internalIgnition?: string): JsonObject;
  deleteInfraEnv(id: string): void;
  infraEnvImageUrl(id: string): JsonObject;
  infraEnvFileUrl(id: string, fileName: string, ipxeScriptType?: string): JsonObject;
  downloadInfraEnvFile(id: string, fileName: string, query: Readonly<Record<string, string>>): DownloadedFile;
  /** A gzipped cpio archive; null when a minimal image needs nothing more. */
  downloadMinimalInitrd(id: string): Buffer | null;

  registerHost(infraEnvId: string, body: JsonObject, agentVersionHeader: string): JsonObject;
  listInfraEnvHosts(infraEnvId: string): Rows;
  getHost(infraEnvId: string, hostId: string): JsonObject;
  /** @param options `interactive` false leaves states to the monitor, as for custom resources. */
  updateHost(infraEnvId: string, hostId: string, body: JsonObject, options?: { interactive?: boolean }): JsonObject;
  deleteHost(infraEnvId: string, hostId: string): void;
  getInstructions(infraEnvId: string, hostId: string, timestamp: number | null, agentVersionHeader: string): JsonObject;
  postStepReply(infraEnvId: string, hostId: string, body: JsonObject): void;
  updateHostProgress(infraEnvId: string, hostId: string, body: JsonObject): void;
  updateHostLogsProgress(infraEnvId: string, hostId: string, body: JsonObject): void;
  downloadHostIgnition(infraEnvId: string, hostId: string): Buffer;
  /** @param options `interactive` false tells nobody of it, as for custom resources. */
  bindHost(infraEnvId: string, hostId: string, body: JsonObject, options?: { interactive?: boolean }): JsonObject;
  unbindHost(infraEnvId: string, hostId: string): JsonObject;
  installHost(infraEnvId: string, hostId: string): JsonObject;
  resetHost(infraEnvId: string, hostId: string): JsonObject;
  updateInstallerArgs(infraEnvId: string, hostId: string, body: JsonObject): JsonObject;
  getHostIgnition(infraEnvId: string, hostId: string): JsonObject;
  updateHostIgnition(infraEnvId: string, hostId: string, body: JsonObject): void;
  resetHostValidation(infraEnvId: string, hostId: string, validationId: string): JsonObject;

  componentVersions(): JsonObject;
  openshiftVersions(query: { version?: string; only_latest: boolean }): JsonObject;
  supportedOperators(): string[];
  defaultConfig(): JsonObject;
  triggerEvent(body: JsonObject): void;
  listEvents(query: EventsQuery): EventsPage;
}
