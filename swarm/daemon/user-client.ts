/** The simulated user's way to a service: one program with a pool of connections. */
import type { ScaledClock } from '../../model/time/clock.ts';
import type { TlsOptions } from '../plan/connections.ts';
import { createServiceClient, type ServiceClient } from '../service/service-client.ts';
import type { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createUndiciTransport } from '../transport/undici.ts';

export const USER_CONNECTIONS = 16;

export interface UserClientOptions {
  baseUrl: string;
  tls: TlsOptions;
  /** Value of the Authorization header; '' for none. */
  authorization: string;
  clock: ScaledClock;
  telemetry: SharedTelemetry;
}

/** `close` ends its connections; requests under way fail. */
export function createUserClient(options: UserClientOptions): { client: ServiceClient; close(): Promise<void> } {
  const { baseUrl, tls, authorization, clock, telemetry } = options;
  const transport = createUndiciTransport({
    mode: 'shared',
    tls,
    idleTimeoutMs: 90_000,
    dialTimeoutMs: 30_000,
    tlsHandshakeTimeoutMs: 10_000,
    sharedConnections: USER_CONNECTIONS,
    observer: telemetry,
  });
  const spec = { wall: performance.timeOrigin + performance.now(), simulated: clock.now() };
  const client = createServiceClient({
    runtime: {
      clock,
      transport,
      telemetry,
      wallOf: (simulated) => spec.wall + (simulated - spec.simulated) / clock.speed,
    },
    kind: 'user',
    baseUrl,
    token: null,
    authorization,
    machine: -1,
  });
  return {
    client,
    close: async () => {
      client.release();
      await transport.close();
    },
  };
}
