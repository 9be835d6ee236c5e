/**
 * Settings of the simulated service under the real service's environment names, with the real defaults.
 * Upstream: assisted-service, cmd/main.go and the Config of each package below internal/.
 */
import { TOO_LONG_MS } from '../../model/time/go-duration.ts';
import type { JsonObject, ServiceSettings } from '../service-api.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Image type of InfraEnvs that ask for none: assisted-service, infraenv_controller.go, InfraEnvConfig. */
export const KUBE_ISO_IMAGE_TYPE = 'minimal-iso';

/** Versions that the invented release catalogue offers. */
const VERSIONS = ['4.16.40', '4.17.32', '4.18.30', '4.19.20', '4.20.8'];

const REGISTRY = 'registry.example.com';

function digest(seed: string): string {
  let state = 0x811c9dc5;
  let text = '';
  while (text.length < 64) {
    for (const character of `${seed}${text.length}`) state = Math.imul(state ^ character.charCodeAt(0), 0x01000193);
    text += (state >>> 0).toString(16).padStart(8, '0');
  }
  return text;
}

function releaseImages(): JsonObject[] {
  return VERSIONS.map((version, index) => ({
    openshift_version: version.split('.').slice(0, 2).join('.'),
    cpu_architecture: 'x86_64',
    cpu_architectures: ['x86_64'],
    url: `${REGISTRY}/openshift-release/ocp-release:${version}-x86_64`,
    version,
    ...(index === VERSIONS.length - 1 ? { default: true } : {}),
  }));
}

function osImages(): JsonObject[] {
  return VERSIONS.map((version) => {
    const short = version.split('.').slice(0, 2).join('.');
    return {
      openshift_version: short,
      cpu_architecture: 'x86_64',
      url: `https://mirror.example.com/rhcos/${short}/rhcos-${version}-x86_64-live.x86_64.iso`,
      version: `${short.replace('.', '')}.96.202601010000-0`,
    };
  });
}

function mustGatherImages(): Record<string, Record<string, string>> {
  return Object.fromEntries(
    VERSIONS.map((version) => {
      const short = version.split('.').slice(0, 2).join('.');
      return [short, { ocp: `${REGISTRY}/openshift-release/ocp-art@sha256:${digest(`must-gather ${short}`)}` }];
    }),
  );
}

/** Hardware minima by role (assisted-service, deploy/podman/configmap.yml, HW_VALIDATOR_REQUIREMENTS); single-node clusters from 4.22 on need half the cores. */
const HARDWARE_REQUIREMENTS: readonly JsonObject[] = [
  {
    version: 'default',
    master: requirement(4, 16384, 100, 100, 0),
    arbiter: requirement(2, 8192, 50, 1000, 0),
    worker: requirement(2, 8192, 100, 1000, 10),
    sno: requirement(8, 16384, 100),
    'edge-worker': requirement(2, 8192, 15),
  },
  { version: '4.22', match_type: 'min_version', sno: { cpu_cores: 4 } },
];

function requirement(cpu: number, ram: number, disk: number, latency?: number, loss?: number): JsonObject {
  return {
    cpu_cores: cpu,
    ram_mib: ram,
    disk_size_gb: disk,
    installation_disk_speed_threshold_ms: 10,
    ...(latency === undefined ? {} : { network_latency_threshold_ms: latency }),
    ...(loss === undefined ? {} : { packet_loss_percentage: loss }),
  };
}

/** The settings of a freshly deployed real service, with an invented release catalogue. */
export function defaultSettings(): ServiceSettings {
  return {
    AGENT_DOCKER_IMAGE: 'quay.io/edge-infrastructure/assisted-installer-agent:latest',
    INSTALLER_IMAGE: 'quay.io/edge-infrastructure/assisted-installer:latest',
    CONTROLLER_IMAGE: 'quay.io/edge-infrastructure/assisted-installer-controller:latest',
    SELF_VERSION: 'Unknown',
    RELEASE_TAG: '',
    SERVICE_BASE_URL: 'http://127.0.0.1:8090',
    AUTH_TYPE: 'none',
    EC_PRIVATE_KEY_PEM: '',
    LOCAL_AUTH_ENFORCE_RESOURCE_SCOPE: true,
    SERVICE_CA_CERT_PATH: '',
    SKIP_CERT_VERIFICATION: false,
    AGENT_TIMEOUT_START: 10 * MINUTE,
    RELEASE_IMAGES: releaseImages(),
    OS_IMAGES: osImages(),
    MUST_GATHER_IMAGES: mustGatherImages(),
    HW_VALIDATOR_REQUIREMENTS: HARDWARE_REQUIREMENTS,
    ENABLE_IMAGE_SERVICE: true,
    IMAGE_SERVICE_BASE_URL: 'http://127.0.0.1:8888',
    ISO_IMAGE_TYPE: 'full-iso',
    ENABLE_UPGRADE_AGENT: true,
    ENABLE_SINGLE_NODE_DNSMASQ: false,
    ENABLE_VIRTUAL_INTERFACES: false,
    ENABLE_SKIP_MCO_REBOOT: true,
    ENABLE_REJECT_UNKNOWN_FIELDS: true,
    ENABLE_SOFT_TIMEOUTS: false,
    ENABLE_KUBE_API: false,
    ENABLE_METAL3: true,
    ALLOW_CONVERGED_FLOW: true,
    PAUSE_PROVISIONED_BMHS: true,
    BMAC_MAX_CONCURRENT_RECONCILES: 1,
    IRONIC_AGENT_IMAGE: `quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:${digest('ironic-agent')}`,
    IRONIC_AGENT_IMAGE_ARM: `quay.io/openshift-release-dev/ocp-v4.0-art-dev@sha256:${digest('ironic-agent-arm')}`,
    CHECK_CLUSTER_VERSION: false,
    DISABLED_HOST_VALIDATIONS: [],
    DISABLED_CLUSTER_VALIDATIONS: [],
    DISABLED_STEPS: [],
    PUBLIC_CONTAINER_REGISTRIES: ['quay.io', REGISTRY],
    NTP_DEFAULT_SERVER: '',
    HOST_MONITOR_INTERVAL: 8 * SECOND,
    CLUSTER_MONITOR_INTERVAL: 10 * SECOND,
    HOST_MAX_DISCONNECTION_TIME: 3 * MINUTE,
    DISK_CHECK_TIMEOUT: 8 * MINUTE,
    IMAGE_AVAILABILITY_TIMEOUT: 16 * MINUTE,
    INSTALLATION_TIMEOUT: 24 * HOUR,
    FINALIZING_TIMEOUT: 5 * HOUR,
    RESET_CLUSTER_TIMEOUT: 3 * MINUTE,
    DELETED_UNREGISTERED_AFTER: 72 * HOUR,
    HW_VALIDATOR_MAX_TIME_DIFF_MINUTES: 4,
    APPROVE_CSRS_REQUEUE_DURATION: MINUTE,
    PREPARATION_DURATION: 50,
  };
}

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: SECOND,
  m: MINUTE,
  h: HOUR,
};

/** A variable has a value that the service does not start with. */
export class SettingsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SettingsError';
  }
}

/** The service panics when one of these is 0: Go, time.NewTicker. */
const TICKERS: ReadonlySet<string> = new Set(['HOST_MONITOR_INTERVAL', 'CLUSTER_MONITOR_INTERVAL']);

/**
 * Milliseconds of a Go duration such as `8s`, `1h30m` or `1.5h`.
 * @throws SettingsError that shows the text and the allowed form.
 */
export function parseDuration(name: string, text: string): number {
  const body = text.trim().replace(/^[+-]/, '');
  const parts = [...body.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  const consumed = parts.reduce((length, part) => length + part[0].length, 0);
  if (body !== '0' && (parts.length === 0 || consumed !== body.length)) {
    throw new SettingsError(
      `${name}: "${text}" is no duration. Write a Go duration, for example 8s, 3m or 1h30m (units ns, us, ms, s, m, h).`,
    );
  }
  const sum = parts.reduce((total, part) => total + Number(part[1]) * UNITS[part[2] as string]!, 0);
  if (text.trim().startsWith('-')) {
    throw new SettingsError(`${name}: "${text}" is negative. Write a duration of at least 0, for example 8s.`);
  }
  if (sum === 0 && TICKERS.has(name)) {
    throw new SettingsError(`${name}: "${text}" is no time at all. Write a duration longer than 0, for example 8s.`);
  }
  if (sum >= TOO_LONG_MS) {
    throw new SettingsError(`${name}: "${text}" is longer than a Go duration can be. Write at most 2562047h.`);
  }
  return sum;
}

function parseBoolean(name: string, text: string): boolean {
  if (/^(1|t|true)$/i.test(text.trim())) return true;
  if (/^(0|f|false)$/i.test(text.trim())) return false;
  throw new SettingsError(`${name}: "${text}" is no boolean. Write true or false.`);
}

function parseNumber(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) {
    throw new SettingsError(`${name}: "${text}" is no whole number of at least 0. Write for example 4.`);
  }
  return value;
}

function parseJson(name: string, text: string, kind: 'list' | 'map'): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new SettingsError(
      `${name}: not valid JSON (${(error as Error).message}). Write a JSON ${kind === 'list' ? 'array of objects' : 'object'}.`,
    );
  }
  const good = kind === 'list' ? Array.isArray(value) && value.every(isObject) : isObject(value);
  if (!good)
    throw new SettingsError(
      `${name}: a JSON ${kind === 'list' ? 'array of objects' : 'object'} is needed, this is ${text.slice(0, 60)}.`,
    );
  return value;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseList(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

type Kind = 'text' | 'boolean' | 'number' | 'duration' | 'comma-list' | 'json-list' | 'json-map';

const KINDS: Readonly<Partial<Record<keyof ServiceSettings, Kind>>> = {
  AGENT_DOCKER_IMAGE: 'text',
  INSTALLER_IMAGE: 'text',
  CONTROLLER_IMAGE: 'text',
  SELF_VERSION: 'text',
  RELEASE_TAG: 'text',
  SERVICE_BASE_URL: 'text',
  AUTH_TYPE: 'text',
  EC_PRIVATE_KEY_PEM: 'text',
  LOCAL_AUTH_ENFORCE_RESOURCE_SCOPE: 'boolean',
  SERVICE_CA_CERT_PATH: 'text',
  SKIP_CERT_VERIFICATION: 'boolean',
  AGENT_TIMEOUT_START: 'duration',
  RELEASE_IMAGES: 'json-list',
  OS_IMAGES: 'json-list',
  MUST_GATHER_IMAGES: 'json-map',
  HW_VALIDATOR_REQUIREMENTS: 'json-list',
  ENABLE_IMAGE_SERVICE: 'boolean',
  IMAGE_SERVICE_BASE_URL: 'text',
  ISO_IMAGE_TYPE: 'text',
  ENABLE_UPGRADE_AGENT: 'boolean',
  ENABLE_SINGLE_NODE_DNSMASQ: 'boolean',
  ENABLE_VIRTUAL_INTERFACES: 'boolean',
  ENABLE_SKIP_MCO_REBOOT: 'boolean',
  ENABLE_REJECT_UNKNOWN_FIELDS: 'boolean',
  ENABLE_SOFT_TIMEOUTS: 'boolean',
  ENABLE_KUBE_API: 'boolean',
  ENABLE_METAL3: 'boolean',
  ALLOW_CONVERGED_FLOW: 'boolean',
  PAUSE_PROVISIONED_BMHS: 'boolean',
  BMAC_MAX_CONCURRENT_RECONCILES: 'number',
  IRONIC_AGENT_IMAGE: 'text',
  IRONIC_AGENT_IMAGE_ARM: 'text',
  CHECK_CLUSTER_VERSION: 'boolean',
  DISABLED_HOST_VALIDATIONS: 'comma-list',
  DISABLED_CLUSTER_VALIDATIONS: 'comma-list',
  DISABLED_STEPS: 'comma-list',
  PUBLIC_CONTAINER_REGISTRIES: 'comma-list',
  NTP_DEFAULT_SERVER: 'text',
  HOST_MONITOR_INTERVAL: 'duration',
  CLUSTER_MONITOR_INTERVAL: 'duration',
  HOST_MAX_DISCONNECTION_TIME: 'duration',
  DISK_CHECK_TIMEOUT: 'duration',
  IMAGE_AVAILABILITY_TIMEOUT: 'duration',
  INSTALLATION_TIMEOUT: 'duration',
  FINALIZING_TIMEOUT: 'duration',
  RESET_CLUSTER_TIMEOUT: 'duration',
  DELETED_UNREGISTERED_AFTER: 'duration',
  HW_VALIDATOR_MAX_TIME_DIFF_MINUTES: 'number',
  APPROVE_CSRS_REQUEUE_DURATION: 'duration',
};

function parseValue(kind: Kind, name: string, text: string): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'boolean':
      return parseBoolean(name, text);
    case 'number':
      return parseNumber(name, text);
    case 'duration':
      return parseDuration(name, text);
    case 'comma-list':
      return parseList(text);
    case 'json-list':
      return parseJson(name, text, 'list');
    case 'json-map':
      return parseJson(name, text, 'map');
  }
}

/** Variables beyond {@link KINDS} that hold a duration (assisted-service, internal/host/config.go, internal/cluster/finalizing_stages.go). */
const TIMEOUT_NAME =
  /^(HOST_STAGE_[A-Z_]+_TIMEOUT|FINALIZING_STAGE_[A-Z_]+_TIMEOUT|PREPARE_FOR_INSTALLATION_TIMEOUT|PREPARE_FOR_INSTALLATION_HOST_TIMEOUT|HOST_INSTALLING_PENDING_USER_ACTION_TIMEOUT|HOST_LOG_COLLECTION_TIMEOUT|HOST_LOG_PENDING_TIMEOUT|LOG_COLLECTION_TIMEOUT|LOG_PENDING_TIMEOUT)$/;

/**
 * Settings from environment variables; what is absent or empty keeps the real default.
 * @param env variables by the real service's names; others are ignored.
 * @throws SettingsError with a line for each variable that cannot be read: its name, the given value and what is allowed.
 */
export function settingsFromEnv(env: Readonly<Record<string, string | undefined>>): ServiceSettings {
  const settings: Record<string, unknown> = { ...defaultSettings() };
  const problems: string[] = [];
  const read = (name: string, parse: () => unknown) => {
    try {
      settings[name] = parse();
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      problems.push(error.message);
    }
  };
  for (const [name, kind] of Object.entries(KINDS)) {
    const text = env[name];
    if (text) read(name, () => parseValue(kind, name, text));
  }
  if (settings.ENABLE_KUBE_API && !env.ISO_IMAGE_TYPE) settings.ISO_IMAGE_TYPE = KUBE_ISO_IMAGE_TYPE;
  for (const [name, allowed] of Object.entries(WORDS)) {
    const value = String(settings[name]);
    if (!allowed.includes(value)) problems.push(`${name}: "${value}" is not supported. Write ${allowed.join(' or ')}.`);
  }
  const timeouts = Object.entries(env).filter(([name, text]) => text && TIMEOUT_NAME.test(name));
  if (timeouts.length > 0) {
    settings.TIMEOUTS = {};
    for (const [name, text] of timeouts) {
      read('TIMEOUTS', () => ({ ...(settings.TIMEOUTS as object), [name]: parseDuration(name, text!) }));
    }
  }
  const { EVENT_RATE_LIMITS: limits } = env;
  if (limits) read('EVENT_RATE_LIMITS', () => eventRateLimits(limits));
  for (const name of ['AGENT_INVENTORY_MAX_SIZE', 'AGENT_INVENTORY_DISK_MIN_SIZE'] as const) {
    const text = env[name];
    if (text) read(name, () => parseNumber(name, text));
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));
  return settings as unknown as ServiceSettings;
}

/** Variables that take one of a few words. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  ISO_IMAGE_TYPE: ['full-iso', 'minimal-iso'],
  AUTH_TYPE: ['none', 'local'],
};

function eventRateLimits(text: string): Record<string, number> {
  const limits = parseJson('EVENT_RATE_LIMITS', text, 'map') as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(limits).map(([name, limit]) => [name, parseDuration(`EVENT_RATE_LIMITS ${name}`, String(limit))]),
  );
}
