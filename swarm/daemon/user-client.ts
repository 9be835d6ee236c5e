/** The simulated user's way to a service: one program with a pool of connections. */
import { type ScaledClock, wallNow, wallTimes } from '../../model/time/clock.ts';
import { STOCK_IDLE_SECONDS, type TlsOptions } from '../plan/connections.ts';
import type { Runtime } from '../service/runtime.ts';
import { createServiceClient, type ServiceClient } from '../service/service-client.ts';
import type { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { environmentProxy } from './environment-proxy.ts';

export const USER_CONNECTIONS = 16;

export interface UserClientOptions {
  baseUrl: string;
  tls: TlsOptions;
  /** Value of the Authorization header; '' for none. */
  authorization: string;
  clock: ScaledClock;
  telemetry: SharedTelemetry;
}

/** What a user's requests go out by. */
export type UserRuntime = Pick<Runtime, 'clock' | 'transport' | 'telemetry' | 'wallOf'>;

/** Slot of the user among machines: it is none of them. */
export const USER_MACHINE = -1;

/** @param mode how connections are used: those of one program, new ones each time, or one of each machine. @throws Error when `tls.ca` is no PEM certificate. */
export function createUserRuntime(
  { tls, clock, telemetry }: Pick<UserClientOptions, 'tls' | 'clock' | 'telemetry'>,
  mode: 'shared' | 'per-poll' | 'keep-alive' = 'shared',
): UserRuntime {
  const transport = createUndiciTransport({
    mode,
    tls,
    ...environmentProxy(),
    idleTimeoutMs: STOCK_IDLE_SECONDS * 1000,
    dialTimeoutMs: 30_000,
    tlsHandshakeTimeoutMs: 10_000,
    sharedConnections: USER_CONNECTIONS,
    observer: telemetry,
  });
  return {
    clock,
    transport,
    telemetry,
    wallOf: wallTimes({ speed: clock.speed, originWall: wallNow(), originSimulated: clock.now() }),
  };
}

/** `close` ends its connections; requests under way fail. */
export function createUserClient(options: UserClientOptions): { client: ServiceClient; close(): Promise<void> } {
  const { baseUrl, authorization } = options;
  const runtime = createUserRuntime(options);
  const client = createServiceClient({
    runtime,
    kind: 'user',
    baseUrl,
    token: null,
    authorization,
    machine: USER_MACHINE,
  });
  return {
    client,
    close: async () => {
      client.release();
      await runtime.transport.close();
    },
  };
}
