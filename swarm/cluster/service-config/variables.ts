/**
 * The service's environment variables with the defaults that it has without them: assisted-service, cmd/main.go (Options) and
 * the `envconfig` tags of the structs in it; stage timeouts from internal/host/config.go and internal/cluster/finalizing_stages.go.
 */
import { FINALIZING_STAGES, HOST_STAGES } from '../../../model/protocol/states.ts';
import { nearest } from '../../../model/text/nearest.ts';
import { goDurationMs } from '../../../model/time/go-duration.ts';

export type VariableKind = 'boolean' | 'integer' | 'duration' | 'json' | 'text';

export interface ServiceVariable {
  name: string;
  kind: VariableKind;
  /** What the service takes when the variable is absent; '' for nothing. */
  default: string;
}

const BOOLEANS = {
  ALLOW_CONVERGED_FLOW: 'true',
  AMD_REQUIRE_GPU: 'true',
  CHECK_CLUSTER_VERSION: 'false',
  CNV_MODE: 'true',
  CNV_SNO_INSTALL_HPP: 'true',
  CREATE_S3_BUCKET: 'false',
  DB_LOG_SLOW_QUERIES: 'false',
  DISK_ENCRYPTION_SUPPORT: 'true',
  DUMMY_IGNITION: 'false',
  ENABLE_AUTO_ASSIGN: 'true',
  ENABLE_DATA_COLLECTION: 'true',
  ENABLE_DELETE_UNREGISTER_GC: 'true',
  ENABLE_DEREGISTER_INACTIVE_GC: 'true',
  ENABLE_EVENT_STREAMING: 'false',
  ENABLE_IMAGE_SERVICE: 'true',
  ENABLE_KUBE_API: 'false',
  ENABLE_METAL3: 'true',
  ENABLE_OKD_SUPPORT: 'true',
  ENABLE_ORG_BASED_FEATURE_GATES: 'false',
  ENABLE_ORG_TENANCY: 'false',
  ENABLE_REJECT_UNKNOWN_FIELDS: 'true',
  ENABLE_SINGLE_NODE_DNSMASQ: 'false',
  ENABLE_SKIP_MCO_REBOOT: 'true',
  ENABLE_SOFT_TIMEOUTS: 'false',
  ENABLE_UPGRADE_AGENT: 'true',
  ENABLE_VIRTUAL_INTERFACES: 'false',
  ENABLE_XATTR_FALLBACK: 'true',
  FORCE_INSECURE_POLICY_JSON: 'false',
  INSTALL_RH_CA: 'false',
  IPV6_SUPPORT: 'true',
  LOCAL_AUTH_ENFORCE_RESOURCE_SCOPE: 'true',
  NVIDIA_REQUIRE_GPU: 'true',
  PAUSE_PROVISIONED_BMHS: 'true',
  SERVE_HTTPS: 'false',
  SKIP_CERT_VERIFICATION: 'false',
  TNA_CLUSTERS_SUPPORT: 'true',
  TNF_CLUSTERS_SUPPORT: 'false',
} as const;

const INTEGERS = {
  AGENT_INVENTORY_DISK_MIN_SIZE: '0',
  AGENT_INVENTORY_MAX_SIZE: '0',
  BMAC_MAX_CONCURRENT_RECONCILES: '1',
  CLUSTER_MONITOR_BATCH_SIZE: '100',
  CLUSTER_NETWORK_HOST_PREFIX: '23',
  CLUSTER_NETWORK_HOST_PREFIX_IPV6: '64',
  CNV_SNO_POOL_SIZE_REQUEST_HPP_GIB: '50',
  DB_MAX_IDLE_CONNECTIONS: '50',
  DB_MAX_OPEN_CONNECTIONS: '90',
  FILESYSTEM_USAGE_THRESHOLD: '80',
  HOST_MONITOR_BATCH_SIZE: '100',
  HW_VALIDATOR_MAX_TIME_DIFF_MINUTES: '4',
  LVM_CPU_PER_HOST: '1',
  LVM_MEMORY_PER_HOST_MIB: '400',
  MAX_GC_CLUSTERS_PER_INTERVAL: '100',
  MAX_GC_INFRAENVS_PER_INTERVAL: '100',
  MTV_CPU_PER_HOST: '1',
  MTV_MEMORY_PER_HOST_MIB: '1024',
  NETWORK_DISCOVERY_DELAY_SECONDS: '0',
  ODF_MIN_DISK_SIZE_GB: '25',
  ODF_NUM_MINIMUM_DISK: '3',
  ODF_NUM_MINIMUM_HOST: '3',
  ODF_PER_DISK_CPU_COUNT: '2',
  ODF_PER_DISK_RAM_GIB: '5',
  ODF_PER_HOST_CPU_COMPACT_MODE: '6',
  ODF_PER_HOST_CPU_STANDARD_MODE: '8',
  ODF_PER_HOST_MEMORY_GIB_COMPACT_MODE: '19',
  ODF_PER_HOST_MEMORY_GIB_STANDARD_MODE: '19',
  OPENSHIFT_AI_MIN_WORKER_CPU_CORES: '8',
  OPENSHIFT_AI_MIN_WORKER_MEMORY_GIB: '32',
  OPENSHIFT_AI_MIN_WORKER_NODES: '2',
  Osc_CPU_PER_HOST: '1',
  Osc_MEMORY_PER_HOST_MIB: '1024',
} as const;

const DURATIONS = {
  AGENT_TIMEOUT_START: '3m',
  APPROVE_CSRS_REQUEUE_DURATION: '1m',
  CLUSTER_EVENTS_UPLOADER_INTERVAL: '15m',
  CLUSTER_MONITOR_BLACKLIST_DURATION: '15m',
  CLUSTER_MONITOR_CYCLE_DEADLINE: '4m',
  CLUSTER_MONITOR_INTERVAL: '10s',
  CLUSTER_MONITOR_PER_CLUSTER_DEADLINE: '2m',
  DB_CONNECTIONS_MAX_LIFETIME: '30m',
  DB_SLOW_QUERY_THRESHOLD: '200ms',
  DELETED_INACTIVE_AFTER: '480h',
  DELETED_UNREGISTERED_AFTER: '72h',
  DELETION_WORKER_INTERVAL: '1h',
  DEREGISTER_WORKER_INTERVAL: '1h',
  DISK_CHECK_TIMEOUT: '8m',
  FINALIZING_TIMEOUT: '5h',
  HOST_INSTALLING_PENDING_USER_ACTION_TIMEOUT: '60m',
  HOST_LOG_COLLECTION_TIMEOUT: '10m',
  HOST_LOG_PENDING_TIMEOUT: '2m',
  HOST_MAX_DISCONNECTION_TIME: '3m',
  HOST_MONITOR_INTERVAL: '8s',
  HOST_MONITOR_PER_HOST_TIMEOUT: '2m',
  IMAGE_AVAILABILITY_TIMEOUT: '16m',
  IMAGE_EXPIRATION_INTERVAL: '30m',
  IMAGE_EXPIRATION_TIME: '4h',
  INFRAENV_DELETED_INACTIVE_AFTER: '480h',
  INFRAENV_DELETION_WORKER_INTERVAL: '1h',
  INSTALLATION_TIMEOUT: '24h',
  INSTALLER_CACHE_RELEASE_FETCH_RETRY_INTERVAL: '30s',
  LEADER_LEASE_DURATION: '15s',
  LEADER_RENEW_DEADLINE: '10s',
  LEADER_RETRY_INTERVAL: '2s',
  LIVENESS_VALIDATION_TIMEOUT: '5m',
  LOG_COLLECTION_TIMEOUT: '60m',
  LOG_PENDING_TIMEOUT: '10m',
  OPENSHIFT_RELEASE_SYNCER_INTERVAL: '30m',
  PREPARE_FOR_INSTALLATION_HOST_TIMEOUT: '8m',
  PREPARE_FOR_INSTALLATION_TIMEOUT: '10m',
  RESET_CLUSTER_TIMEOUT: '3m',
  SLOW_CLUSTER_MONITOR_LOG_THRESHOLD: '1s',
  SLOW_HOST_MONITOR_LOG_THRESHOLD: '1s',
} as const;

const JSON_TEXTS = {
  EVENT_RATE_LIMITS: '',
  HW_VALIDATOR_REQUIREMENTS: '[]',
  MUST_GATHER_IMAGES: '',
  OS_IMAGES: '',
  RELEASE_IMAGES: '',
  RELEASE_SOURCES: '',
} as const;

const TEXTS = {
  ACKNOWLEDGE_DEPRECATED_OCM_SELF_TOKEN: '',
  ADMIN_USERS: '',
  AGENT_DOCKER_IMAGE: 'quay.io/edge-infrastructure/assisted-installer-agent:latest',
  ALLOWED_DOMAINS: '',
  AMD_SUPPORTED_GPUS: '1002',
  AUTH_TYPE: '',
  AWS_ACCESS_KEY_ID: '',
  AWS_SECRET_ACCESS_KEY: '',
  BASE_DNS_DOMAINS: '',
  BOOTSTRAP_HOST_MAC: '',
  CLUSTER_NETWORK_CIDR: '10.128.0.0/14',
  CLUSTER_NETWORK_CIDR_IPV6: 'fd01::/48',
  CNV_SUPPORTED_GPUS: '10de:1db6,10de:1eb8',
  CNV_SUPPORTED_SRIOV_NICS: '8086:158b,15b3:1015,15b3:1017,15b3:1013,15b3:101b',
  CONTROLLER_IMAGE: 'quay.io/edge-infrastructure/assisted-installer-controller:latest',
  DATA_UPLOAD_ENDPOINT: 'https://console.redhat.com/api/ingress/v1/upload',
  DB_HOST: '',
  DB_NAME: '',
  DB_PASS: '',
  DB_PORT: '',
  DB_SLOW_QUERY_HTTP_ROUTES: '',
  DB_SLOW_QUERY_SCOPES: '',
  DB_USER: '',
  DEPLOYMENT_TYPE: '',
  DEPLOYMENT_VERSION: '',
  DEPLOY_TARGET: 'k8s',
  DISABLED_CLUSTER_VALIDATIONS: '',
  DISABLED_HOST_VALIDATIONS: '',
  DISABLED_STEPS: '',
  DISK_ENCRYPTION_CIPHER: '',
  EC_PRIVATE_KEY_PEM: '',
  EC_PUBLIC_KEY_PEM: '',
  EDGE_WORKERS_PRODUCT_NAMES: 'BlueField SoC',
  EPHEMERAL_INSTALLER_CLUSTER_TLS_CERTS_OVERRIDE_DIR: '',
  HTTPS_CERT_FILE: '',
  HTTPS_KEY_FILE: '',
  HTTP_LISTEN_PORT: '',
  HTTP_PROXY: '',
  HTTPS_PROXY: '',
  IGNORED_OPENSHIFT_VERSIONS: '',
  IMAGE_SERVICE_BASE_URL: '',
  INFRA_ENV_ID: '',
  INSTALLER_CACHE_CAPACITY: '0',
  INSTALLER_CACHE_MAX_RELEASE_SIZE: '2GiB',
  INSTALLER_IMAGE: 'quay.io/edge-infrastructure/assisted-installer:latest',
  INSTALL_INVOKER: 'assisted-installer',
  IRONIC_AGENT_IMAGE: '',
  IRONIC_AGENT_IMAGE_ARM: '',
  ISO_IMAGE_TYPE: 'full-iso',
  JWKS_CERT: '',
  JWKS_URL: 'https://api.openshift.com/.well-known/jwks.json',
  KAFKA_BOOTSTRAP_SERVER: '',
  KAFKA_CLIENT_ID: '',
  KAFKA_CLIENT_SECRET: '',
  KAFKA_EVENT_STREAM_TOPIC: '',
  KAFKA_SASL_MECHANISM: 'PLAIN',
  LOG_FORMAT: 'text',
  LOG_LEVEL: 'info',
  MCE_MIN_OPENSHIFT_VERSION: '4.10.0',
  MIN_PERCENTAGE_OF_MATCHING_NODES_FOR_REMEDIATION: '51%',
  MIN_VERSION_FOR_NMSTATE_SERVICE: '4.18',
  NAMESPACE: 'assisted-installer',
  NODE_HEALTHCHECK_UNHEALTHY_CONDITIONS_UNKNOWN_DURATION: '300s',
  NODE_HEALTHCHECK_UNHEALTHY_CONDITIONS_UNREADY_DURATION: '300s',
  NO_PROXY: '',
  NTP_DEFAULT_SERVER: '',
  NVIDIA_SUPPORTED_GPUS: '10de',
  OCM_BASE_URL: '',
  OCM_SELF_TOKEN: '',
  OCM_SERVICE_CLIENT_ID: '',
  OCM_SERVICE_CLIENT_SECRET: '',
  OCM_TOKEN_URL: '',
  OKD_RPMS_IMAGE: '',
  OPENSHIFT_INSTALL_RELEASE_IMAGE_MIRROR: '',
  PUBLIC_CONTAINER_REGISTRIES: '',
  RED_HAT_PRODUCT_LIFE_CYCLE_DATA_API_BASE_URL: 'https://access.redhat.com/product-life-cycles/api/v2/products',
  REGISTRY_CREDS: '',
  RELEASE_TAG: '',
  S3_BUCKET: 'test',
  S3_ENDPOINT_URL: '',
  S3_REGION: '',
  S3_USE_SSL: '',
  SELF_NODE_REMEDIATION_TEMPLATE_NAME: 'self-node-remediation-automatic-strategy-template',
  SELF_VERSION: 'Unknown',
  SERVICE_BASE_URL: '',
  SERVICE_CA_CERT_PATH: '',
  SERVICE_NETWORK_CIDR: '172.30.0.0/16',
  SERVICE_NETWORK_CIDR_IPV6: 'fd02::/112',
  STORAGE: 's3',
  TLS_CIPHER_SUITES: '',
  TLS_MIN_VERSION: '',
  WORK_DIR: '/data/',
} as const;

/** Minutes; stages that are not named have {@link OTHER_STAGE_MINUTES}. Upstream: internal/host/config.go, hostStageTimeoutDefaults. */
const HOST_STAGE_MINUTES: Readonly<Record<string, number>> = {
  'Starting installation': 30,
  'Writing image to disk': 30,
  'Copying registry data to disk': 90,
  Rebooting: 40,
  'Waiting for ignition': 1440,
};
const OTHER_STAGE_MINUTES = 60;
/** A timeout of these is not read from the environment. */
const STAGES_WITHOUT_TIMEOUT: ReadonlySet<string> = new Set(['Done', 'Failed']);

/** Minutes. Upstream: internal/cluster/finalizing_stages.go; those of `Done` are never awaited. */
const FINALIZING_MINUTES: Readonly<Record<string, number>> = {
  'Waiting for cluster operators': 600,
  'Applying olm manifests': 10,
  'Waiting for OLM operator setup jobs': 10,
};
const OTHER_FINALIZING_MINUTES = 70;

function* allVariables(): Generator<ServiceVariable> {
  const groups = [
    ['boolean', BOOLEANS],
    ['integer', INTEGERS],
    ['duration', DURATIONS],
    ['json', JSON_TEXTS],
    ['text', TEXTS],
  ] as const;
  for (const [kind, group] of groups) {
    for (const [name, value] of Object.entries(group)) yield { name, kind, default: value };
  }
  const stage = (text: string) => text.toUpperCase().replaceAll(' ', '_');
  for (const name of HOST_STAGES) {
    if (STAGES_WITHOUT_TIMEOUT.has(name)) continue;
    const minutes = HOST_STAGE_MINUTES[name] ?? OTHER_STAGE_MINUTES;
    yield { name: `HOST_STAGE_${stage(name)}_TIMEOUT`, kind: 'duration', default: `${minutes}m` };
  }
  for (const name of FINALIZING_STAGES) {
    const minutes = FINALIZING_MINUTES[name] ?? OTHER_FINALIZING_MINUTES;
    yield { name: `FINALIZING_STAGE_${stage(name)}_TIMEOUT`, kind: 'duration', default: `${minutes}m` };
  }
}

/** By name. */
export const SERVICE_VARIABLES: ReadonlyMap<string, ServiceVariable> = new Map(
  [...allVariables()].map((variable) => [variable.name, variable]),
);

/**
 * Set by the operator in the container's own `env`, which wins over every ConfigMap: agentserviceconfig_controller.go,
 * newAssistedServiceDeployment.
 */
export const FIXED_VARIABLES: ReadonlySet<string> = new Set([
  'DB_HOST',
  'DB_NAME',
  'DB_PASS',
  'DB_PORT',
  'DB_USER',
  'EC_PRIVATE_KEY_PEM',
  'EC_PUBLIC_KEY_PEM',
  'HTTP_LISTEN_PORT',
]);

/** Their values are never shown. */
const SECRET_NAME = /PASS|SECRET|PRIVATE_KEY|TOKEN$|REGISTRY_CREDS|AWS_ACCESS_KEY_ID|_PROXY$/;

/** A value as it may be shown: secrets hidden, long texts shortened. */
export function shownValue(name: string, value: string, most = 60): string {
  if (SECRET_NAME.test(name) && value !== '') return '(hidden)';
  const line = value.replace(/\s+/g, ' ').trim();
  if (line === '') return '""';
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}

const ALLOWED_VALUES: Readonly<Record<string, readonly string[]>> = {
  AUTH_TYPE: ['none', 'local', 'agent-installer-local', 'rhsso'],
  LOG_LEVEL: ['panic', 'fatal', 'error', 'warn', 'warning', 'info', 'debug', 'trace'],
  LOG_FORMAT: ['text', 'json'],
  DEPLOY_TARGET: ['k8s', 'onprem', 'ocp'],
  STORAGE: ['filesystem', 's3'],
  ISO_IMAGE_TYPE: ['full-iso', 'minimal-iso', 'disconnected-iso'],
};

/** Go's strconv.ParseBool. */
const GO_BOOLEAN = /^(1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/;

/** Whether a boolean variable's value means yes; null when the service would not start with it. */
export function goBoolean(value: string): boolean | null {
  return GO_BOOLEAN.test(value) ? /^[1tT]/.test(value) : null;
}

/**
 * What is wrong with setting a variable to a value; null when nothing is. A value that the service cannot read keeps it from
 * starting, so it is found here.
 */
export function problemWith(name: string, value: string): string | null {
  const variable = SERVICE_VARIABLES.get(name);
  if (!variable) {
    const hint = nearestVariable(name);
    return `${name} is not a variable of the service${hint ? `; did you mean ${hint}?` : ' (names are those of its environment, such as AUTH_TYPE)'}`;
  }
  if (FIXED_VARIABLES.has(name)) {
    return `${name} is set by the operator in the container itself, which wins over a ConfigMap; it cannot be changed this way`;
  }
  const allowed = ALLOWED_VALUES[name];
  if (allowed) return allowed.includes(value) ? null : `${name} is "${value}"; allowed: ${allowed.join(', ')}`;
  const shown = shownValue(name, value);
  if (variable.kind === 'boolean' && goBoolean(value) === null) return `${name} is ${shown}; allowed: true or false`;
  if (variable.kind === 'integer' && !/^[-+]?\d{1,18}$/.test(value))
    return `${name} is ${shown}; allowed: a whole number`;
  if (variable.kind === 'duration') return problemWithDuration(name, value);
  return variable.kind === 'json' && value !== '' ? problemWithJson(name, value) : null;
}

/** What the service does every so often; it panics when that is no time at all (assisted-service, pkg/thread/thread.go; Go, time.NewTicker). */
const TICKER = /(MONITOR|WORKER|UPLOADER|SYNCER)_INTERVAL$/;

function problemWithDuration(name: string, value: string): string | null {
  const ms = goDurationMs(value);
  const least = TICKER.test(name) ? 'longer than 0' : 'of at least 0';
  if (ms !== null && ms >= 0 && (ms > 0 || !TICKER.test(name))) return null;
  const allowed = `a duration as Go writes it, such as 90s, 5m or 1h30m${ms === null ? '' : `, ${least}`}`;
  return `${name} is ${shownValue(name, value)}; allowed: ${allowed}`;
}

/** Those that are mappings; the others are lists. */
const JSON_MAPPINGS: ReadonlySet<string> = new Set(['EVENT_RATE_LIMITS', 'MUST_GATHER_IMAGES']);

function problemWithJson(name: string, value: string): string | null {
  const shown = shownValue(name, value);
  let parsed: unknown;
  try {
    parsed = JSON.parse(value);
  } catch (error) {
    return `${name} is ${shown}, which is not valid JSON: ${(error as Error).message}`;
  }
  const mapping = JSON_MAPPINGS.has(name);
  const isMapping = (one: unknown) => typeof one === 'object' && one !== null && !Array.isArray(one);
  if (mapping ? isMapping(parsed) : Array.isArray(parsed) && parsed.every(isMapping)) return null;
  return `${name} is ${shown}; allowed: a JSON ${mapping ? 'object' : 'array of objects'}`;
}

function nearestVariable(name: string): string | undefined {
  // The distance is measured to lower-case words.
  const byLower = new Map([...SERVICE_VARIABLES.keys()].map((known) => [known.toLowerCase(), known]));
  const found = nearest(name, [...byLower.keys()]);
  return found && byLower.get(found);
}
