/** The real parts of a run. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { RestAdapter } from '../cluster/rest.ts';
import { staticNetworkConfig } from '../cluster/static-network.ts';
import { buildHost } from '../host/build-host.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { createPool } from '../pool/pool.ts';
import { createServiceClient } from '../service/service-client.ts';
import { Ledger, type LedgerHeader } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { RunStore } from '../telemetry/run-store.ts';
import { createUndiciTransport } from '../transport/undici.ts';
import { startEmbedded } from './embedded.ts';
import type { RunParts, RunStoreWriter } from './run.ts';

/** Connections of the simulated user, who is one program with a pool of them. */
const USER_CONNECTIONS = 16;

export interface PartsOptions {
  /** Folder for the runs' folders. */
  directory: string;
  /** Told when something that does not stop a run goes wrong. */
  warn: (message: string) => void;
}

export function realParts({ directory, warn }: PartsOptions): RunParts {
  return {
    startEmbedded: (clock, agentToken) => startEmbedded({ clock, agentToken }),
    createPool,

    createUser: (plan, baseUrl, clock, telemetry, ledger) => {
      const transport = createUndiciTransport({
        mode: 'shared',
        tls: plan.service.tls,
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
        authorization: plan.service.userAuthorization,
        machine: -1,
      });
      const adapter = new RestAdapter({
        client,
        plan,
        ledger,
        staticNetwork: (cluster) =>
          staticNetworkConfig(
            cluster,
            cluster.hosts.map((host) => buildHost(plan.seed, cluster, host)),
          ),
        concurrency: USER_CONNECTIONS,
      });
      return {
        adapter,
        close: async () => {
          client.release();
          await transport.close();
        },
      };
    },

    openStore: async (run, plan): Promise<RunStoreWriter> => {
      const onFailure = (error: Error) => warn(error.message);
      const store = await RunStore.open({ root: directory, run, plan, onFailure }).catch((error: Error) => {
        throw new Error(`the run's folder cannot be made in ${directory}: ${error.message}`, { cause: error });
      });
      const ledger = openLedger(store, run, plan, warn);
      let closed = false;
      return {
        directory: store.folder,
        ledger,
        write: (event) => store.append(event),
        history: async (host) => (closed ? readHistory(store.folder, host) : store.hostHistory(host)),
        finish: async (summary) => {
          closed = true;
          await store
            .close(summary)
            .catch((error: Error) => warn(`the record in ${store.folder} is not complete: ${error.message}`));
        },
      };
    },
  };
}

/** @throws Error when the ledger cannot be written: without it nothing must be made. */
function openLedger(store: RunStore, run: string, plan: ExpandedPlan, warn: (message: string) => void): Ledger {
  const { name, seed, shard, service, clusters, hostCount } = plan;
  const header: LedgerHeader = {
    ledger: 1,
    run,
    plan: name,
    seed,
    shard,
    service: redactUrl(service.url),
    tls: service.tls,
    clusters: clusters.length,
    hosts: hostCount,
    startedAt: new Date().toISOString(),
    process: ownIdentity(),
  };
  try {
    return Ledger.create(store.folder, header, (error) => warn(error.message));
  } catch (cause) {
    throw new Error(`the run's ledger cannot be written in ${store.folder}: ${(cause as Error).message}`, { cause });
  }
}

/** One host's events from the file of a run that has ended. */
async function readHistory(folder: string, host: number): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const mark = `"host":${host},`;
  for await (const line of createInterface({ input: createReadStream(join(folder, 'events.ndjson')) })) {
    if (!line.includes(mark)) continue;
    const event = JSON.parse(line) as RunEvent;
    if ('host' in event && event.host === host) events.push(event);
  }
  return events;
}
