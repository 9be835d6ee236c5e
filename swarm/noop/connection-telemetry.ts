/** Counts what stock programs send, as our own transport counts what native ones do. */
import { type ClientKind, endpointOf } from '../../model/protocol/endpoints.ts';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { HostStage } from '../../model/protocol/states.ts';
import { wallNow } from '../../model/time/clock.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { HttpTap, type TappedExchange } from '../telemetry/traffic/http-tap.ts';
import { programOfHost } from '../telemetry/traffic/program.ts';
import { type ConnectionTraffic, RECORDED_BODIES } from '../telemetry/traffic/traffic-recorder.ts';
import type { HostLink } from '../transport/link/host-link.ts';
import { LinkPath } from '../transport/link/link-path.ts';
import type { ConnectionListener } from './relay.ts';

/** Makes the listener of a new connection. */
export type TappedListener = () => ConnectionListener;

/** A host's stage was reported, and the service took it. */
export type OnStage = (hostId: string, stage: HostStage, info: string) => void;

/**
 * A connection that is opened now. Stock programs tell nobody when a request was due: it counts as sent when it was due.
 * @param from whose connection it is
 * @param traffic told of what goes over it too; null for nobody
 * @param link of the host; null for none
 */
export function tappedConnection(
  telemetry: Telemetry,
  from: 'host' | 'controller',
  onStage: OnStage,
  traffic: ConnectionTraffic | null = null,
  link: HostLink | null = null,
): ConnectionListener {
  telemetry.connectionOpened();
  const path = link && new LinkPath(link);
  /** What the link took for the requests that are over. */
  let heldMs = 0;
  let failure: TransportErrorKind = 'reset';
  const told = (exchange: TappedExchange) => {
    const { method, target, status, sentAt, firstByteAt, endAt, bytesSent, bytesReceived } = exchange;
    const endpoint = endpointOf(method, target);
    const client = from === 'controller' ? from : clientOf(programOfHost(endpoint, target));
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
      overLink: path && { link: path.link.kind.number, ms: path.heldMs - heldMs },
    });
    heldMs = path?.heldMs ?? 0;
    if (endpoint === 'host-progress' && status === 200) tellStage(exchange, onStage);
    traffic?.exchange(exchange);
  };
  const tap = traffic ? new HttpTap(wallNow, told, RECORDED_BODIES) : new HttpTap(wallNow, told);
  return {
    path,
    sent: (chunk) => tap.sent(chunk),
    received: (chunk) => tap.received(chunk),
    closed: (why = 'reset') => {
      failure = why;
      tap.end();
      traffic?.closed();
      telemetry.connectionClosed();
    },
  };
}

/** What the requests of a program count as: native agents send their logs themselves. */
function clientOf(program: ReturnType<typeof programOfHost>): ClientKind {
  return program === 'logs_sender' ? 'agent' : program;
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
