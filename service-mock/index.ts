/**
 * The embedded assisted-service: the real one's operations behind the real one's HTTP surface, in memory.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { KubeCall } from '../model/kube/kube-client.ts';
import { type Clock, type ClockSpec, ScaledClock } from '../model/time/clock.ts';
import { type Claim, LocalTokens } from './auth/local-tokens.ts';
import { type Core, createCore } from './core/core.ts';
import { Database, type TableRows } from './core/database.ts';
import { type PlantedFault, PlantedFaults } from './core/planted-faults.ts';
import { defaultSettings, KUBE_ISO_IMAGE_TYPE } from './core/settings.ts';
import { type Authentication, fixedAgentToken, localAuthentication, openToAll } from './http/authentication.ts';
import { HttpServiceMetrics } from './http/metrics.ts';
import { Restarts } from './http/restarts.ts';
import { createHttpServer } from './http/server.ts';
import { type ImageService, startImageService } from './images/image-service.ts';
import { DEFAULT_IMAGE_SETTINGS, type ImageServiceSettings } from './images/image-settings.ts';
import type { KubeService } from './kube/kube-service.ts';
import { serviceOf } from './service.ts';
import { type AssistedServiceApi, OperationError, type ServiceSettings } from './service-api.ts';

export { PLANTED_KINDS, type PlantedFault, PlantedFaultError, parsePlantedFault } from './core/planted-faults.ts';
export { SettingsError, settingsFromEnv } from './core/settings.ts';
export type { ImageServiceSettings } from './images/image-settings.ts';

export interface ServiceMockOptions {
  /** Address to listen on; 127.0.0.1 unless given. */
  host?: string;
  /** Port to listen on; 0 or absent takes a free one. */
  port?: number;
  /** Simulated time, shared with the generator: what it follows from, or the clock itself for those in the same process. */
  clock: ClockSpec | Clock;
  /** Laid over the real service's defaults. A SERVICE_BASE_URL that is the default becomes the server's own address. */
  settings?: Partial<ServiceSettings>;
  /** PEM texts; when given the service speaks HTTPS. */
  tls?: { cert: string; key: string };
  /** With AUTH_TYPE none: agents have to send it as `X-Secret-Key`; empty for no check. */
  agentToken?: string;
  /** Serves `/mock/faults` and `/mock/planted`, see `http/faults.ts` and `http/planted-admin.ts`. */
  admin?: boolean;
  /** Faults inside the service from its start. */
  planted?: readonly PlantedFault[];
  /**
   * Starts an image service beside it, on a port of its own (0 or absent takes a free one). An IMAGE_SERVICE_BASE_URL that
   * is the default becomes its address. Sizes and limits are laid over the real ones.
   */
  images?: { port?: number } & Partial<Omit<ImageServiceSettings, 'OS_IMAGES'>>;
  /** Reconciles the custom resources of a hub, as ENABLE_KUBE_API does. */
  kube?: {
    /** Text of a kubeconfig. */
    kubeconfig: string;
    /** Told of each request to the hub. */
    onCall?: (call: KubeCall) => void;
  };
  /** Told in one line each when the hub cannot be worked with, and when it can again; standard error when absent. */
  onProblem?: (message: string) => void;
  /** Told in one line each of reconciliations that failed, which are tried again; standard error when absent. */
  onFailure?: (message: string) => void;
}

export interface ServiceMock {
  /** Scheme, host and port, without the API base. */
  url: string;
  port: number;
  api: AssistedServiceApi;
  /** Scheme, host and port of the image service; undefined without one. */
  imagesUrl: string | undefined;
  /** Ends the monitors and all connections. */
  close(): Promise<void>;
}

/** How many connections may wait to be accepted: what the real service's server asks for on Linux. */
const BACKLOG = 4096;

const DEFAULTS = defaultSettings();

interface Service {
  core: Core;
  api: AssistedServiceApi;
  kube: KubeService | undefined;
}

function tell(message: string): void {
  process.stderr.write(`service-mock: ${message}\n`);
}

/** Who may call, by AUTH_TYPE. @throws Error for options that exclude each other. */
function authenticationOf(
  { agentToken = '' }: ServiceMockOptions,
  settings: ServiceSettings,
  { clock, tokens, api }: { clock: Clock; tokens: LocalTokens | undefined; api: () => AssistedServiceApi },
): Authentication {
  if (!tokens) return agentToken === '' ? openToAll : fixedAgentToken(agentToken);
  if (agentToken !== '') {
    throw new Error(
      'an agent token is not supported with AUTH_TYPE local: agents get theirs from the discovery ignition',
    );
  }
  const exists = ({ kind, id }: Claim) => {
    try {
      if (kind === 'infra_env_id') api().getInfraEnv(id);
      else api().getCluster(id, { excludeHosts: true });
      return true;
    } catch (error) {
      if (error instanceof OperationError) return false;
      throw error;
    }
  };
  return localAuthentication({ tokens, clock, exists, enforceScope: settings.LOCAL_AUTH_ENFORCE_RESOURCE_SCOPE });
}

const onBug = (error: unknown) => tell(String(error instanceof Error ? error.stack : error));

/** The image service that the options ask for. @param serviceUrl asked at each request */
async function startImages(
  { images, host, tls }: ServiceMockOptions,
  { OS_IMAGES }: ServiceSettings,
  { serviceUrl, faults }: { serviceUrl: () => string; faults: PlantedFaults },
): Promise<ImageService | undefined> {
  if (!images) return undefined;
  const { port, ...sizes } = images;
  return startImageService({
    settings: { ...DEFAULT_IMAGE_SETTINGS, ...sizes, OS_IMAGES },
    serviceUrl,
    faults,
    onBug,
    ...(port !== undefined && { port }),
    ...(host !== undefined && { host }),
    ...(tls && { tls, serviceCa: tls.cert }),
  });
}

/**
 * Starts the service.
 * @throws Error when the address cannot be listened on, or for settings, options or a kubeconfig that cannot be used
 */
export async function startServiceMock(options: ServiceMockOptions): Promise<ServiceMock> {
  const given = {
    ...DEFAULTS,
    ...(options.kube && { ENABLE_KUBE_API: true, ISO_IMAGE_TYPE: KUBE_ISO_IMAGE_TYPE }),
    ...options.settings,
  };
  let started: ServiceMock | undefined;
  const faults = new PlantedFaults(options.planted);
  const images = await startImages(options, given, { serviceUrl: () => started?.url ?? '', faults });
  const ownImages = images && given.IMAGE_SERVICE_BASE_URL === DEFAULTS.IMAGE_SERVICE_BASE_URL;
  try {
    started = await serve(
      options,
      { ...given, ...(ownImages && { IMAGE_SERVICE_BASE_URL: images.url }) },
      images,
      faults,
    );
    return started;
  } catch (error) {
    await images?.close();
    throw error;
  }
}

type CreateKube = (service: Omit<Service, 'kube'>) => KubeService;

/** Loads what works on a hub, when there is one: that takes as long as all the rest. Making it throws for a kubeconfig that cannot be used. */
async function loadKube(
  { kube, onProblem = tell, onFailure = tell }: ServiceMockOptions,
  { registry }: HttpServiceMetrics,
): Promise<CreateKube | undefined> {
  if (!kube) return undefined;
  const [{ KubeService }, { ControllerMetrics }] = await Promise.all([
    import('./kube/kube-service.ts'),
    import('./kube/controller-metrics.ts'),
  ]);
  const metrics = new ControllerMetrics(registry);
  return ({ core, api }) => new KubeService({ ...kube, core, service: api, metrics, onProblem, onFailure });
}

function rowsOf({ store, events }: Core): TableRows {
  const { clusters, infraEnvs, hosts } = store;
  return { clusters: clusters.size, infra_envs: infraEnvs.size, hosts, events: events.size };
}

async function serve(
  options: ServiceMockOptions,
  settings: ServiceSettings,
  images: ImageService | undefined,
  faults: PlantedFaults,
): Promise<ServiceMock> {
  const clock = 'now' in options.clock ? options.clock : new ScaledClock(options.clock);
  const metrics = new HttpServiceMetrics();
  const createKube = await loadKube(options, metrics);
  const database = new Database(faults);
  const tokens = settings.AUTH_TYPE === 'local' ? new LocalTokens(settings.EC_PRIVATE_KEY_PEM) : undefined;
  const authentication = authenticationOf(options, settings, { clock, tokens, api: () => service!.api });
  const ownAddress = settings.SERVICE_BASE_URL === DEFAULTS.SERVICE_BASE_URL;
  const host = options.host ?? '127.0.0.1';
  const urlAt = (port: number) =>
    `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const serviceAt = (port: number): Service => {
    const core = createCore({
      clock,
      metrics,
      tokens,
      database,
      faults,
      settings: ownAddress ? { ...settings, SERVICE_BASE_URL: urlAt(port) } : settings,
      uuid: randomUUID,
    });
    const api = serviceOf(core);
    return { core, api, kube: createKube?.({ core, api }) };
  };
  // The service needs the server's address. A free port is known only once it listens; nobody else knows it sooner.
  let service: Service | undefined = options.port ? serviceAt(options.port) : undefined;
  const app = createHttpServer({
    api: () => service!.api,
    authentication,
    hostRegistered: async (infraEnvId, hostId) => service!.kube?.registered(infraEnvId, hostId),
    metrics,
    clock,
    database: { of: database, rows: () => rowsOf(service!.core) },
    rejectUnknownFields: settings.ENABLE_REJECT_UNKNOWN_FIELDS,
    random: Math.random,
    planted: faults,
    onBug,
    ...(options.tls && { tls: options.tls }),
    ...(options.admin !== undefined && { admin: options.admin }),
  });
  await app.listen({ host, port: options.port ?? 0, backlog: BACKLOG });
  const { port } = app.server.address() as AddressInfo;
  try {
    service ??= serviceAt(port);
  } catch (error) {
    await app.close();
    throw error;
  }
  const { api, kube } = service;
  api.start();
  kube?.start();
  const restarts = new Restarts(app.server, { host, port, backlog: BACKLOG }, metrics, faults);
  return {
    url: urlAt(port),
    port,
    api,
    imagesUrl: images?.url,
    close: async () => {
      restarts.stop();
      metrics.forgetLeaked();
      api.stop();
      await kube?.stop();
      await images?.close();
      await app.close();
    },
  };
}
