/**
 * One request of a program with the retries below it, each try recorded. The agent's polls and every service client go
 * through here; it is part of the hot path.
 *
 *   due ──> session.request ──> telemetry ──> done?  ──yes──> outcome
 *    ^                                          │no
 *    └──────────── sleep (simulated) <──────────┘
 */

import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';
import { wallNow } from '../../model/time/clock.ts';
import { type Session, TransportError, type WireRequest, type WireResponse } from '../transport/transport.ts';
import { type RetryPolicy, retriesFor, retryDelayMs } from './retry.ts';
import type { Runtime } from './runtime.ts';

/** What the requests of one session have in common. */
export interface Line {
  readonly runtime: Pick<Runtime, 'clock' | 'telemetry' | 'wallOf'>;
  readonly session: Session;
  readonly client: ClientKind;
  readonly policy: RetryPolicy;
  /** Source of the retries' jitter. */
  readonly random: () => number;
}

/** What became of a request in the end. */
export type Outcome = WireResponse | TransportError;

/**
 * Never rejects for what the network or the service does; an aborted request ends with a TransportError of kind `aborted`.
 * @param dueMs simulated moment at which the imitated program sends the request
 */
export async function exchange(
  line: Line,
  endpoint: EndpointName,
  request: WireRequest,
  dueMs: number,
): Promise<Outcome> {
  let due = dueMs;
  for (let attempt = 0; ; attempt++) {
    const outcome = await tryOnce(line, endpoint, request, due);
    const failed = outcome instanceof TransportError;
    if (failed && outcome.kind === 'aborted') return outcome;
    if (attempt >= retriesFor(line.policy, request.method, failed ? outcome : outcome.status)) return outcome;
    const { clock } = line.runtime;
    const delay = retryDelayMs(attempt, line.random);
    due = clock.now() + delay;
    try {
      await clock.sleep(delay, request.signal);
    } catch (cause) {
      return new TransportError('aborted', 'the request was aborted', { cause });
    }
  }
}

async function tryOnce(line: Line, endpoint: EndpointName, request: WireRequest, dueMs: number): Promise<Outcome> {
  const { runtime, client } = line;
  const dueAt = runtime.wallOf(dueMs);
  const startedAt = wallNow();
  const ticket = runtime.telemetry.requestStarted(client, startedAt);
  try {
    const response = await line.session.request(request);
    const { status, sentAt, firstByteAt, endAt, bytesSent, bytesReceived } = response;
    runtime.telemetry.request({
      client,
      endpoint,
      outcome: status,
      dueAt,
      sentAt,
      firstByteAt,
      endAt,
      bytesSent,
      bytesReceived,
    });
    return response;
  } catch (error) {
    if (!(error instanceof TransportError)) throw error;
    runtime.telemetry.request({
      client,
      endpoint,
      outcome: error.kind,
      dueAt,
      sentAt: startedAt,
      firstByteAt: 0,
      endAt: wallNow(),
      bytesSent: 0,
      bytesReceived: 0,
    });
    return error;
  } finally {
    runtime.telemetry.requestEnded(ticket);
  }
}
