/**
 * HTTP as a machine's programs speak it. One interface; implementations stand beside it (`undici.ts` now). Nothing above
 * this interface may know which one is in use, and all of them pass `transport.shared-tests.ts`.
 */
import type { ClientKind } from '../../model/protocol/endpoints.ts';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { ConnectionMode, TlsOptions } from '../plan/connections.ts';
import type { PortShare } from './source-ports.ts';

export interface TransportOptions {
  mode: ConnectionMode;
  tls?: TlsOptions;
  /** Local addresses to connect from, used in turn, so that one box can hold more connections than one port range. */
  sourceAddresses?: readonly string[];
  /** Which of their ports are this transport's, when several threads share them; default all. */
  sourcePorts?: PortShare;
  /** Wall-clock milliseconds an idle connection of a finished session stays open (stock: 90,000; agent facts 6.2). */
  idleTimeoutMs: number;
  /** Wall-clock milliseconds until a dial is given up (stock: 30,000). */
  dialTimeoutMs: number;
  /** Wall-clock milliseconds until a TLS handshake is given up (stock: 10,000). */
  tlsHandshakeTimeoutMs: number;
  /** At most this many connections of one shared pool (mode `shared`). */
  sharedConnections?: number;
  observer: TransportObserver;
}

/** Told of connections; must be cheap. */
export interface TransportObserver {
  connectionOpened(): void;
  connectionClosed(): void;
}

export interface SessionOptions {
  /** Scheme, host and port, with an optional path prefix, e.g. `https://service.example.com:8090`. */
  baseUrl: string;
  client: ClientKind;
  /** Stable number of the machine, so that `keep-alive` finds the machine's connections again. */
  machine: number;
}

export interface WireRequest {
  method: string;
  /** Path and query, already encoded, without the base URL's prefix. */
  path: string;
  /**
   * Name, value, name, value … in the order they go on the wire, `Host` excluded (the transport adds it first) and
   * `Content-Length`/`Transfer-Encoding` excluded (the transport adds it after `User-Agent`, where Go puts it).
   */
  headers: readonly string[];
  body?: string | Buffer;
  /** Send the body with `Transfer-Encoding: chunked` (multipart uploads of Go programs). */
  chunked?: boolean;
  /** Count the response's body but do not keep it. */
  discardBody?: boolean;
  signal?: AbortSignal;
}

export interface WireResponse {
  status: number;
  /** Value of the response's Content-Type, or '' when there is none. */
  contentType: string;
  /** Body after content decoding (gzip); empty when discarded. */
  body: Buffer;
  /** Bytes on the wire: request line, headers and body. */
  bytesSent: number;
  /** Bytes on the wire: status line, headers and encoded body; framing of chunks not counted. */
  bytesReceived: number;
  /** Wall-clock milliseconds (see wallNow) when the first byte of the request was handed to the socket. */
  sentAt: number;
  firstByteAt: number;
  endAt: number;
}

/** A request that got no usable response. */
export class TransportError extends Error {
  readonly kind: TransportErrorKind;
  /** What Go's net.Error.Temporary() would say: time-outs yes; refused, reset and EOF no (agent facts 6.4). */
  readonly temporary: boolean;

  constructor(kind: TransportErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TransportError';
    this.kind = kind;
    this.temporary = kind === 'dial-timeout' || kind === 'tls-timeout';
  }
}

/**
 * What a stock program calls a client: requests of one session share connections and nothing else. In mode `per-poll` a
 * session starts with none.
 */
export interface Session {
  /** @throws TransportError; never for a status code. Redirects are followed as Go does (at most 10). */
  request(request: WireRequest): Promise<WireResponse>;
  /** No further requests will come: its connections close when idle for {@link TransportOptions.idleTimeoutMs}. */
  release(): void;
}

export interface Transport {
  openSession(options: SessionOptions): Session;
  /** Closes every connection at once; requests under way fail with kind `aborted`. */
  close(): Promise<void>;
}
