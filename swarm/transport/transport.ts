/**
 * HTTP as a machine's programs speak it. One interface; implementations stand beside it (`undici.ts` now). Nothing above
 * this interface may know which one is in use, and all of them pass
 * `testing/shared-tests.ts`.
 */
import type { ClientKind } from '../../model/protocol/endpoints.ts';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { ConnectionMode, ProxySettings, TlsOptions } from '../plan/connections.ts';
import type { HostLink } from './link/host-link.ts';
import type { OverLink } from './link/link-observer.ts';
import type { Program } from './program.ts';
import type { PortShare } from './source-ports.ts';

export interface TransportOptions {
  mode: ConnectionMode;
  tls?: TlsOptions;
  /** Proxies to go through; none when absent. The CA and `insecure` of `tls` count for them too. */
  proxy?: ProxySettings;
  /** Local addresses to connect from, used in turn, so that one box can hold more connections than one port range. */
  sourceAddresses?: readonly string[];
  /** Which of their ports are this transport's, when several threads share them; default all. */
  sourcePorts?: PortShare;
  /**
   * Wall-clock milliseconds an idle connection of a finished session stays open (stock: 90,000; assisted-installer-agent
   * src/session/inventory_session.go createBmInventoryClient). Below 1 none is kept.
   */
  idleTimeoutMs: number;
  /** Wall-clock milliseconds until a dial is given up (stock: 30,000). */
  dialTimeoutMs: number;
  /** Wall-clock milliseconds until a TLS handshake is given up (stock: 10,000). */
  tlsHandshakeTimeoutMs: number;
  /** At most this many connections of one shared pool (mode `shared`). */
  sharedConnections?: number;
  /**
   * So many connections this machine has means for. Beyond them an idle one is closed before its time for each that is opened;
   * when none is idle, it is opened nevertheless, and the system decides. Default: any number.
   */
  mostConnections?: number;
  /** Told when the first idle connection is closed before its time. */
  onCrowded?: () => void;
  /** The link of a machine; null for one that is connected as this one is. Absent where none has a link. */
  linkOf?: (machine: number) => HostLink | null;
  observer: TransportObserver;
}

/** Told of connections; must be cheap. */
export interface TransportObserver {
  connectionOpened(): void;
  connectionClosed(): void;
  /**
   * A request was sent once more: `replayed` because the idle connection it went out on was closed by the server, or to where it was
   * `redirected`. A server counts both as further requests; here they are one attempt.
   */
  requestRepeated(how: 'replayed' | 'redirected'): void;
  /** Whether the bytes of a connection that is opened for this session are looked at. Absent for never. @returns who is told of them */
  tap?(session: SessionOptions): ConnectionTap | null;
}

/** Told of the bytes of a connection as they go over it, inside TLS; they must stay as they are. */
export interface ConnectionTap {
  sent(chunk: Buffer): void;
  received(chunk: Buffer): void;
  closed(): void;
}

export interface SessionOptions {
  /** Scheme, host and port, with an optional path prefix, e.g. `https://service.example.com:8090`. */
  baseUrl: string;
  client: ClientKind;
  /** Stable number of the machine, so that `keep-alive` finds the machine's connections again. */
  machine: number;
  /** Whose session it is: a connection is closed when the program ends that opened it. Mode `shared` knows no programs. */
  program?: Program;
}

/** One request, with everything it says. */
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

/** Stands in a template for what only the single request knows. No head may contain it otherwise. */
export const BLANK = '\0';

/** What many requests have in common, with {@link BLANK}s in path and headers where they differ. */
export interface RequestTemplate {
  /** As of the sessions that will send the requests. */
  baseUrl: string;
  method: string;
  /** As {@link WireRequest.path}, with blanks. */
  path: string;
  /** As {@link WireRequest.headers}; a value may be or contain a blank. */
  headers: readonly string[];
}

/**
 * A template made ready by a transport: the head of its requests is composed once, so that each of them only fills in the
 * blanks. It holds no request, so any number of machines and sessions use the same one, also at the same time. An
 * implementation keeps in it what it likes, such as the bytes between the blanks.
 *
 *   GET …/infra-envs/␣/hosts/␣/instructions?timestamp=␣ HTTP/1.1⏎Host: …⏎User-Agent: …⏎…X-Request-Id: ␣⏎…⏎⏎
 *   └───── piece ────┘       └────── piece ──────┘     └─────────────────── piece ───────┘└ piece ┘
 */
export interface PreparedRequest {
  readonly template: RequestTemplate;
}

/** One request made from a prepared one. */
export interface FilledRequest {
  prepared: PreparedRequest;
  /** What stands in the blanks, in their order: those of the path, then those of the headers. */
  values: readonly string[];
  body?: string;
}

export interface WireResponse {
  status: number;
  /** Value of the response's Content-Type, or '' when there is none. */
  contentType: string;
  /** Body after content decoding (gzip); empty when discarded. */
  body: Buffer;
  /** Bytes on the wire: request line, headers and body; framing of chunks not counted. */
  bytesSent: number;
  /** Bytes on the wire: status line, headers and encoded body; framing of chunks not counted. */
  bytesReceived: number;
  /** Wall-clock milliseconds (see wallNow) when the first byte of the request was handed to the socket. */
  sentAt: number;
  firstByteAt: number;
  endAt: number;
  /** What a link had to do with it; null, or absent, where the machine has none. */
  overLink?: OverLink | null;
}

/** A request that got no usable response. */
export class TransportError extends Error {
  readonly kind: TransportErrorKind;
  /** What Go's net.Error.Temporary() would say: time-outs yes; refused, reset and EOF no (Go's net, OpError.Temporary). */
  readonly temporary: boolean;
  /** Wall-clock milliseconds (see wallNow) when the first byte of the request was handed to a socket; 0 when none was. */
  sentAt = 0;

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
  /**
   * Sends a request; a filled one puts the same bytes on the wire as the request that it stands for.
   * @throws TransportError; never for a status code. Redirects are followed as Go does (at most 10).
   * @throws TypeError when the request was prepared by another transport or for another base URL, or has another number of
   *   values than blanks.
   */
  request(request: WireRequest | FilledRequest): Promise<WireResponse>;
  /** The program was killed: requests under way and further ones fail with kind `aborted`. */
  abort(): void;
  /** {@link abort} was called. */
  readonly aborted: boolean;
  /**
   * The program has ended that had this session alone: no further requests will come, and connections that are its own are
   * closed, as the kernel does. Programs of many sessions end by {@link SessionOptions.program}.
   */
  end(): void;
  /** No further requests will come: its connections close when idle for {@link TransportOptions.idleTimeoutMs}. */
  release(): void;
}

export interface Transport {
  openSession(options: SessionOptions): Session;
  /**
   * Composes what the requests of a template have in common. Worth it for those that are sent over and over.
   * @throws TypeError when the base URL is not a valid HTTP(S) URL.
   */
  prepare(template: RequestTemplate): PreparedRequest;
  /** Closes every connection at once; requests under way fail with kind `aborted`. */
  close(): Promise<void>;
}
