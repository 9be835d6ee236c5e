/** Counts what stock programs send, as our own transport counts what native ones do. */
import { type ClientKind, type EndpointName, endpointOf } from '../../model/protocol/endpoints.ts';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { HostStage } from '../../model/protocol/states.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { HttpTap, type TappedExchange } from './http-tap.ts';
import type { ConnectionListener } from './relay.ts';

/** Makes the listener of a new connection. */
export type TappedListener = () => ConnectionListener;

/** A host's stage was reported, and the service took it. */
export type OnStage = (hostId: string, stage: HostStage, info: string) => void;

/** What an agent and its runner ask for; all else of a host comes from the installer and the logs sender. */
const OF_AGENT: ReadonlySet<EndpointName> = new Set(['register-host', 'get-instructions', 'post-step-reply']);

/**
 * A connection that is opened now. Stock programs tell nobody when a request was due: it counts as sent when it was due.
 * @param others whose requests are those that an agent does not send
 */
export function tappedConnection(telemetry: Telemetry, others: ClientKind, onStage: OnStage): ConnectionListener {
  telemetry.connectionOpened();
  let failure: TransportErrorKind = 'reset';
  const tap = new HttpTap(wallNow, (exchange) => {
    const { method, target, status, sentAt, firstByteAt, endAt, bytesSent, bytesReceived } = exchange;
    const endpoint = endpointOf(method, target);
    const client: ClientKind = OF_AGENT.has(endpoint) ? 'agent' : others;
    const outcome = status || failure;
    telemetry.request({
      client,
      endpoint,
      outcome,
      dueAt: sentAt,
      sentAt,
      firstByteAt,
      endAt,
      bytesSent,
      bytesReceived,
    });
    if (endpoint === 'host-progress' && status === 200) tellStage(exchange, onStage);
  });
  return {
    sent: (chunk) => tap.sent(chunk),
    received: (chunk) => tap.received(chunk),
    closed: (why = 'reset') => {
      failure = why;
      tap.end();
      telemetry.connectionClosed();
    },
  };
}

function tellStage({ target, body }: TappedExchange, onStage: OnStage): void {
  const [, hostId] = /\/hosts\/([^/]+)\/progress/.exec(target) ?? [];
  try {
    const { current_stage: stage, progress_info: info } = JSON.parse(body) as {
      current_stage?: HostStage;
      progress_info?: string;
    };
    if (hostId !== undefined && stage !== undefined) onStage(hostId, stage, info ?? '');
  } catch {
    // Too long to be kept, or no JSON: the service's own matter.
  }
}
