/**
 * The embedded assisted-service: the real one's rules behind the real one's HTTP surface, in memory.
 */
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { KubeCall } from '../model/kube/kube-client.ts';
import { type Clock, type ClockSpec, ScaledClock } from '../model/time/clock.ts';
import { createCore } from './core/core.ts';
import { serviceOf } from './core/service.ts';
import { defaultSettings, KUBE_ISO_IMAGE_TYPE } from './core/settings.ts';
import { HttpServiceMetrics } from './http/metrics.ts';
import { createHttpServer } from './http/server.ts';
import { KubeService } from './kube/kube-service.ts';
import type { AssistedServiceApi, ServiceSettings } from './service-api.ts';

export { settingsFromEnv } from './core/settings.ts';

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
  /** When given, agents have to send it as `X-Secret-Key`. */
  agentToken?: string;
  /** Serves `/mock/faults`, see `http/faults.ts`. */
  admin?: boolean;
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
  /** Ends the monitors and all connections. */
  close(): Promise<void>;
}

/** How many connections may wait to be accepted: what the real service's server asks for on Linux. */
const BACKLOG = 4096;

interface Rules {
  api: AssistedServiceApi;
  kube: KubeService | undefined;
}

function tell(message: string): void {
  process.stderr.write(`service-mock: ${message}\n`);
}

/**
 * Starts the service.
 * @throws Error when the address cannot be listened on, or the kubeconfig cannot be used
 */
export async function startServiceMock(options: ServiceMockOptions): Promise<ServiceMock> {
  const clock = 'now' in options.clock ? options.clock : new ScaledClock(options.clock);
  const metrics = new HttpServiceMetrics();
  const defaults = defaultSettings();
  const settings = {
    ...defaults,
    ...(options.kube && { ENABLE_KUBE_API: true, ISO_IMAGE_TYPE: KUBE_ISO_IMAGE_TYPE }),
    ...options.settings,
  };
  const ownAddress = settings.SERVICE_BASE_URL === defaults.SERVICE_BASE_URL;
  const host = options.host ?? '127.0.0.1';
  const urlAt = (port: number) =>
    `${options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const rulesAt = (port: number): Rules => {
    const core = createCore({
      clock,
      metrics,
      settings: ownAddress ? { ...settings, SERVICE_BASE_URL: urlAt(port) } : settings,
      uuid: randomUUID,
    });
    const api = serviceOf(core);
    const { onProblem = tell, onFailure = tell } = options;
    const kube = options.kube && new KubeService({ ...options.kube, core, service: api, onProblem, onFailure });
    return { api, kube };
  };
  // The rules need the server's address. A free port is known only once it listens; nobody else knows it sooner.
  let rules = options.port ? rulesAt(options.port) : undefined;
  const app = createHttpServer({
    api: () => rules!.api,
    hostRegistered: async (infraEnvId, hostId) => rules!.kube?.registered(infraEnvId, hostId),
    metrics,
    clock,
    rejectUnknownFields: settings.ENABLE_REJECT_UNKNOWN_FIELDS,
    random: Math.random,
    onBug: (error) => tell(String(error instanceof Error ? error.stack : error)),
    ...(options.tls && { tls: options.tls }),
    ...(options.agentToken !== undefined && { agentToken: options.agentToken }),
    ...(options.admin !== undefined && { admin: options.admin }),
  });
  await app.listen({ host, port: options.port ?? 0, backlog: BACKLOG });
  const { port } = app.server.address() as AddressInfo;
  rules ??= rulesAt(port);
  const { api, kube } = rules;
  api.start();
  kube?.start();
  return {
    url: urlAt(port),
    port,
    api,
    close: async () => {
      api.stop();
      await kube?.stop();
      await app.close();
    },
  };
}
