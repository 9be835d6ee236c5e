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
import {
  type FilledRequest,
  type Session,
  TransportError,
  type WireRequest,
  type WireResponse,
} from '../transport/transport.ts';
import { errorDetail } from './error-detail.ts';
import { type RetryPolicy, retriesFor, retryDelayMs } from './retry.ts';
import type { Runtime } from './runtime.ts';

/** Whose requests they are: the same for all sessions of a program, and for all programs of a kind. */
export interface RoundTripper {
  readonly runtime: Pick<Runtime, 'clock' | 'telemetry' | 'wallOf'>;
  readonly client: ClientKind;
  readonly policy: RetryPolicy;
  /** Source of the retries' jitter. */
  readonly random: () => number;
}

/** What became of a request in the end. */
export type RoundTripOutcome = WireResponse | TransportError;

/**
 * Never rejects for what the network or the service does; a request that is aborted by its signal or with its session ends
 * with a TransportError of kind `aborted`.
 * @param dueMs simulated moment at which the imitated program sends the request
 * @param firstDueMs simulated moment at which it first tried what it now tries again
 */
export async function roundTrip(
  tripper: RoundTripper,
  session: Session,
  endpoint: EndpointName,
  request: WireRequest | FilledRequest,
  dueMs: number,
  firstDueMs = dueMs,
): Promise<RoundTripOutcome> {
  const { runtime, client, policy } = tripper;
  let due = dueMs;
  for (let attempt = 0; ; attempt++) {
    const dueAt = runtime.wallOf(due);
    const startedAt = wallNow();
    const ticket = runtime.telemetry.requestStarted(client, startedAt);
    let outcome: RoundTripOutcome;
    try {
      outcome = await session.request(request);
      const { status, body, sentAt, firstByteAt, endAt, bytesSent, bytesReceived, overLink } = outcome;
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
        overLink,
      });
      if (status < 400) runtime.telemetry.requestSucceeded(client, endpoint, endAt - runtime.wallOf(firstDueMs));
      else runtime.telemetry.requestFailed(client, endpoint, status, () => errorDetail(body));
      if (retriesFor(policy, methodOf(request), status) <= attempt) return outcome;
    } catch (error) {
      if (!(error instanceof TransportError)) throw error;
      const { kind, sentAt, message } = error;
      outcome = error;
      runtime.telemetry.request({
        client,
        endpoint,
        outcome: kind,
        dueAt,
        sentAt,
        firstByteAt: 0,
        endAt: wallNow(),
        bytesSent: 0,
        bytesReceived: 0,
      });
      if (kind === 'aborted') return outcome;
      runtime.telemetry.requestFailed(client, endpoint, kind, () => message);
      if (retriesFor(policy, methodOf(request), error) <= attempt) return outcome;
    } finally {
      runtime.telemetry.requestEnded(ticket);
    }
    const delay = retryDelayMs(attempt, tripper.random);
    due = runtime.clock.now() + delay;
    try {
      await runtime.clock.sleep(delay, 'prepared' in request ? undefined : request.signal);
    } catch (cause) {
      return new TransportError('aborted', 'the request was aborted', { cause });
    }
    if (session.aborted) return new TransportError('aborted', 'the request was aborted');
  }
}

function methodOf(request: WireRequest | FilledRequest): string {
  return 'prepared' in request ? request.prepared.template.method : request.method;
}
