/**
 * The reference transport: undici's HTTP/1.1 machinery under the connection habits of Go's net/http (pool.ts). It serves the
 * control plane and every comparison of a faster transport with it.
 *
 * undici composes request heads in its own way (lower-case `host`, `connection: keep-alive`, the length last). Go's order is
 * written by requestHead and filledHead (go-http.ts) and put in the place of undici's head when that is written to the
 * socket; everything else on the wire is undici's.
 *
 * Where it still differs from a Go program: the TLS ClientHello is Node's; ALPN offers http/1.1 only, while Go would also
 * offer h2 (OpenShift routes answer http/1.1 unless configured otherwise).
 */
import { Dialer } from './dialer.ts';
import { PooledTransport } from './pool.ts';
import type { Transport, TransportOptions } from './transport.ts';
import { UndiciConnection } from './undici/connection.ts';

/**
 * A transport whose connections are made by undici.
 * @throws Error when `tls.ca` is no PEM certificate, RangeError for a proxy that is neither http nor https.
 */
export function createUndiciTransport(options: TransportOptions): Transport {
  const dialer = new Dialer(options);
  return new PooledTransport(options, (set, onEnd) => new UndiciConnection(set, dialer, options, onEnd));
}
