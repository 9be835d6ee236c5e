/**
 * The transport of agents' own traffic: HTTP/1.1 straight over node:net and node:tls, written for many connections with
 * few requests each, under the connection habits of Go's net/http (pool.ts).
 *
 * Where it still differs from a Go program: the TLS ClientHello is Node's; ALPN offers http/1.1 only, while Go would also
 * offer h2 (OpenShift routes answer http/1.1 unless configured otherwise).
 */
import { Dialer } from './dialer.ts';
import { LEAST_IDLE_MS, PooledTransport } from './pool.ts';
import type { Transport, TransportOptions } from './transport.ts';
import { WireConnection } from './wire/connection.ts';
import { IdleConnections } from './wire/idle.ts';

/**
 * A transport whose connections are plain sockets.
 * @throws Error when `tls.ca` is no PEM certificate, RangeError for a proxy that is neither http nor https.
 */
export function createWireTransport(options: TransportOptions): Transport {
  const { observer, idleTimeoutMs } = options;
  const parts = {
    ...{ dialer: new Dialer(options), observer },
    idle: new IdleConnections(Math.max(idleTimeoutMs, LEAST_IDLE_MS)),
  };
  return new PooledTransport(options, (set, onEnd) => new WireConnection(set, parts, onEnd));
}
