/**
 * logs_sender: gathers a host's logs and uploads them, in a session of its own. Started by the agent (step logs-gather) and by
 * the installer before it reboots (assisted-installer-agent, src/logs_sender/send_logs.go).
 */

import { type Span, spanMs } from '../../model/time/span.ts';
import { logArchive } from './log-archive.ts';
import type { Runtime, ServiceAccess } from './runtime.ts';
import { createServiceClient, type ServiceClient, ServiceError } from './service-client.ts';

/** What logs_sender's flags say. */
export interface HostLogs {
  clusterId: string;
  hostId: string;
  infraEnvId: string;
  bootstrap: boolean;
  /** Core dumps, dmesg and, on a bootstrap host, the installer's own gather script. */
  installerGather: boolean;
}

export interface HostLogsOptions {
  runtime: Runtime;
  access: ServiceAccess;
  /** The transport's number of the machine. */
  slot: number;
  signal: AbortSignal;
  /** Source of jitter. */
  random: () => number;
  /** Nothing of it reaches the service. */
  lost?: boolean;
}

/** logs_sender: journals of one host; with the installer's gather script on the bootstrap host. */
const LOG_GATHER: Span = { delayMs: 8000, jitterMs: 22_000 };
export const BOOTSTRAP_LOG_GATHER: Span = { delayMs: 150_000, jitterMs: 150_000 };
/** Partial logs of a bootstrap host go out this often while gathering. */
const PARTIAL_LOGS_EVERY_MS = 60_000;

/** Compressed bytes of one host's journals, and with everything that a failed installation leaves. */
const LOG_BYTES = 48 * 1024;
const GATHERED_LOG_BYTES = 1024 * 1024;

/**
 * @returns whether the archive was accepted; progress reports that fail are only lost.
 * @throws the signal's reason when the machine is unplugged.
 */
export async function sendHostLogs(logs: HostLogs, options: HostLogsOptions): Promise<boolean> {
  const { runtime, access, slot, signal, random, lost } = options;
  if (lost) {
    await runtime.clock.sleep(spanMs(LOG_GATHER, random()), signal);
    return false;
  }
  const client = createServiceClient({
    runtime,
    kind: 'agent-logs',
    baseUrl: access.baseUrl,
    token: access.token,
    machine: slot,
    random,
  });
  const sender = new LogsSender(client, logs, signal);
  try {
    await sender.report('requested');
    const slow = logs.bootstrap && logs.installerGather;
    let left = spanMs(slow ? BOOTSTRAP_LOG_GATHER : LOG_GATHER, random());
    while (slow && left > PARTIAL_LOGS_EVERY_MS) {
      await runtime.clock.sleep(PARTIAL_LOGS_EVERY_MS, signal);
      left -= PARTIAL_LOGS_EVERY_MS;
      await sender.upload();
    }
    await runtime.clock.sleep(left, signal);
    if (!(await sender.upload())) return false;
    await sender.report('completed');
    return true;
  } finally {
    client.release();
  }
}

class LogsSender {
  readonly #client: ServiceClient;
  readonly #logs: HostLogs;
  readonly #signal: AbortSignal;
  /** One id for all requests of the session. */
  readonly #requestId = crypto.randomUUID();

  constructor(client: ServiceClient, logs: HostLogs, signal: AbortSignal) {
    this.#client = client;
    this.#logs = logs;
    this.#signal = signal;
  }

  report(state: 'requested' | 'collecting' | 'completed'): Promise<boolean> {
    const { infraEnvId, hostId } = this.#logs;
    return accepted(
      this.#client.call({
        endpoint: 'host-logs-progress',
        params: { infra_env_id: infraEnvId, host_id: hostId },
        json: { logs_state: state },
        requestId: this.#requestId,
        expect: 204,
        signal: this.#signal,
      }),
    );
  }

  async upload(): Promise<boolean> {
    const { clusterId, hostId, infraEnvId, installerGather } = this.#logs;
    await this.report('collecting');
    return accepted(
      this.#client.call({
        endpoint: 'upload-logs',
        params: { cluster_id: clusterId },
        query: [
          ['host_id', hostId],
          ['infra_env_id', infraEnvId],
          ['logs_type', 'host'],
        ],
        upload: {
          field: 'upfile',
          filename: 'logs.tar.gz',
          contentType: 'application/x-gzip',
          content: logArchive('logs_host/agent.logs', installerGather ? GATHERED_LOG_BYTES : LOG_BYTES),
        },
        requestId: this.#requestId,
        expect: 204,
        signal: this.#signal,
      }),
    );
  }
}

async function accepted(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof ServiceError) return false;
    throw error;
  }
}
