/**
 * The reference transport: undici's HTTP/1.1 machinery under the connection habits of Go's net/http. It serves the control
 * plane and every comparison of a faster transport with it.
 *
 *   Session ── per origin ──> ConnectionSet ── one request at a time ──> Connection (an undici Client with one socket)
 *                             idle: last used first, at most maxIdle kept
 *                             none idle: one more is opened (up to `limit`, then requests queue)
 *
 * undici composes request heads in its own way (lower-case `host`, `connection: keep-alive`, the length last). Go's order is
 * written by {@link requestHead} and put in the place of undici's head when that is written to the socket; everything
 * else on the wire is undici's.
 *
 * Where it still differs from a Go program: the TLS ClientHello is Node's; ALPN offers http/1.1 only, while Go would also
 * offer h2 (OpenShift routes answer http/1.1 unless configured otherwise); a request that opens a connection waits for
 * that one even when another becomes idle first.
 */
import net from 'node:net';
import tls from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { Client, type Dispatcher } from 'undici';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import { wallNow } from '../../model/time/clock.ts';
import { redirectOf, requestHead, splitBaseUrl, type Target } from './go-http.ts';
import { SourcePorts } from './source-ports.ts';
import {
  type Session,
  type SessionOptions,
  type Transport,
  TransportError,
  type TransportOptions,
  type WireRequest,
  type WireResponse,
} from './transport.ts';

/** Go keeps this many idle connections to one host (agent facts 6.1). */
const GO_MAX_IDLE_PER_HOST = 2;
const DEFAULT_SHARED_CONNECTIONS = 64;
/** net/http follows this many redirects, then fails. */
const MAX_REDIRECTS = 10;
/** Stock programs probe silent connections after this (agent facts 6.2). */
const TCP_KEEP_ALIVE_MS = 30_000;

/**
 * A transport whose connections are made by undici.
 * @throws Error when `tls.ca` is no PEM certificate.
 */
export function createUndiciTransport(options: TransportOptions): Transport {
  return new UndiciTransport(options);
}

class UndiciTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #dialer: Dialer;
  readonly #targets = new Map<string, Target>();
  /** Modes `keep-alive` and `shared`: sets that outlive a session, with the number of sessions that hold them. */
  readonly #kept = new Map<string, { set: ConnectionSet; sessions: number }>();
  /** Every open or opening connection, so that close() finds it. */
  readonly #connections = new Set<Connection>();
  #closed = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#dialer = new Dialer(options);
  }

  openSession(options: SessionOptions): Session {
    const { baseUrl, machine } = options;
    let target = this.#targets.get(baseUrl);
    if (!target) {
      target = splitBaseUrl(baseUrl);
      this.#targets.set(baseUrl, target);
    }
    switch (this.#options.mode) {
      case 'per-poll':
        return new UndiciSession(target, (origin) => this.#newSet(origin, GO_MAX_IDLE_PER_HOST, Infinity), noop);
      case 'keep-alive':
        return this.#keptSession(target, String(machine), 1, Infinity);
      case 'shared': {
        const limit = this.#options.sharedConnections ?? DEFAULT_SHARED_CONNECTIONS;
        return this.#keptSession(target, 'all', limit, limit);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#connections].map((connection) => connection.destroy('the transport was closed')));
  }

  #newSet(origin: string, maxIdle: number, limit: number): ConnectionSet {
    return new ConnectionSet(origin, maxIdle, limit, (from) => {
      if (this.#closed) throw new TransportError('aborted', 'the transport was closed');
      const connection = new Connection(origin, from, this.#dialer, this.#options, (ended) => {
        this.#connections.delete(ended);
      });
      this.#connections.add(connection);
      return connection;
    });
  }

  #keptSession(target: Target, owner: string, maxIdle: number, limit: number): Session {
    const held: string[] = [];
    return new UndiciSession(
      target,
      (origin) => {
        const key = `${owner} ${origin}`;
        let kept = this.#kept.get(key);
        if (!kept) {
          kept = { set: this.#newSet(origin, maxIdle, limit), sessions: 0 };
          this.#kept.set(key, kept);
        }
        kept.sessions++;
        held.push(key);
        return kept.set;
      },
      () => {
        for (const key of held) {
          const kept = this.#kept.get(key);
          if (!kept) continue;
          kept.sessions--;
          if (kept.sessions === 0) kept.set.whenEmpty(() => kept.sessions === 0 && this.#kept.delete(key));
        }
      },
    );
  }
}

function noop(): void {}

class UndiciSession implements Session {
  readonly #target: Target;
  readonly #open: (origin: string) => ConnectionSet;
  readonly #onRelease: () => void;
  #home: ConnectionSet | null = null;
  /** Origins that redirects led to; rare. */
  #others: Map<string, ConnectionSet> | null = null;
  #released = false;

  constructor(target: Target, open: (origin: string) => ConnectionSet, onRelease: () => void) {
    this.#target = target;
    this.#open = open;
    this.#onRelease = onRelease;
  }

  async request(request: WireRequest): Promise<WireResponse> {
    if (this.#released) throw new TransportError('aborted', 'the session was released');
    let target = this.#target;
    let current: WireRequest = { ...request, path: target.prefix + request.path };
    for (let hops = 0; ; hops++) {
      const exchange = await this.#roundTrip(target, current);
      const next = redirectOf(target, current, exchange.status, exchange.location);
      if (!next) return exchange.response(request.discardBody === true);
      if (hops === MAX_REDIRECTS) throw new TransportError('protocol', `stopped after ${MAX_REDIRECTS} redirects`);
      target = next.target;
      current = next.request;
    }
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#onRelease();
  }

  /**
   * One request and its response. A connection that the server closed while it was idle is noticed only when it is used:
   * as net/http does, a request without effects is then sent again on another one.
   */
  async #roundTrip(target: Target, request: WireRequest): Promise<Exchange> {
    const set = this.#setOf(target.origin);
    for (;;) {
      const connection = await set.acquire(request.signal);
      const reused = connection.used;
      const exchange = new Exchange(target, request);
      try {
        await connection.run(exchange);
        return exchange;
      } catch (error) {
        const silent = exchange.sentAt > 0 && exchange.firstByteAt === 0;
        if (reused && silent && isReplayable(request) && kindOf(error) !== 'aborted') continue;
        throw error;
      } finally {
        set.put(connection);
      }
    }
  }

  #setOf(origin: string): ConnectionSet {
    if (origin === this.#target.origin) {
      this.#home ??= this.#open(origin);
      return this.#home;
    }
    this.#others ??= new Map();
    let set = this.#others.get(origin);
    if (!set) {
      set = this.#open(origin);
      this.#others.set(origin, set);
    }
    return set;
  }
}

/** What net/http calls replayable: methods without effects; their bodies can be had again. */
function isReplayable(request: WireRequest): boolean {
  return ['GET', 'HEAD', 'OPTIONS', 'TRACE'].includes(request.method) && !request.chunked;
}

function kindOf(error: unknown): TransportErrorKind | undefined {
  return error instanceof TransportError ? error.kind : undefined;
}

class ConnectionSet {
  readonly #maxIdle: number;
  readonly #limit: number;
  readonly #connect: (set: ConnectionSet) => Connection;
  /** Last used at the end. */
  readonly #idle: Connection[] = [];
  #count = 0;
  readonly #waiting: (() => void)[] = [];
  #onEmpty: (() => void) | null = null;
  readonly origin: string;

  constructor(origin: string, maxIdle: number, limit: number, connect: (set: ConnectionSet) => Connection) {
    this.origin = origin;
    this.#maxIdle = maxIdle;
    this.#limit = limit;
    this.#connect = connect;
  }

  async acquire(signal: AbortSignal | undefined): Promise<Connection> {
    for (;;) {
      if (signal?.aborted) throw new TransportError('aborted', 'the request was aborted', { cause: signal.reason });
      const idle = this.#idle.pop();
      if (idle) return idle;
      if (this.#count < this.#limit) {
        const connection = this.#connect(this);
        this.#count++;
        return connection;
      }
      await this.#turn(signal);
    }
  }

  /** Takes a connection back after a request, whatever became of it. */
  put(connection: Connection): void {
    if (!connection.live || this.#idle.length >= this.#maxIdle) {
      this.#count--;
      void connection.destroy('no longer needed');
    } else {
      this.#idle.push(connection);
    }
    this.#waiting.shift()?.();
    this.#checkEmpty();
  }

  /** An idle connection's socket is gone. */
  drop(connection: Connection): void {
    const at = this.#idle.indexOf(connection);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#count--;
    void connection.destroy('closed');
    this.#checkEmpty();
  }

  /** Calls `fn` once as soon as no connection is left. */
  whenEmpty(fn: () => void): void {
    this.#onEmpty = fn;
    this.#checkEmpty();
  }

  #checkEmpty(): void {
    if (this.#count > 0 || this.#waiting.length > 0 || !this.#onEmpty) return;
    const fn = this.#onEmpty;
    this.#onEmpty = null;
    fn();
  }

  #turn(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = () => {
        const at = this.#waiting.indexOf(done);
        if (at >= 0) this.#waiting.splice(at, 1);
        resolve();
      };
      this.#waiting.push(done);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }
}

/** One undici Client, used for one request at a time, so that it owns at most one socket. */
class Connection {
  readonly #client: Client;
  readonly #onEnd: (connection: Connection) => void;
  /** Head of the request that undici is about to write. */
  #head: string | null = null;
  #exchange: Exchange | null = null;
  #cancelDial: () => void = noop;
  #destroyed = false;
  /** Its socket is open. */
  live = false;
  /** A request was sent on the open socket before. */
  used = false;

  constructor(
    origin: string,
    set: ConnectionSet,
    dialer: Dialer,
    options: TransportOptions,
    onEnd: (connection: Connection) => void,
  ) {
    this.#onEnd = onEnd;
    this.#client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: options.idleTimeoutMs,
      keepAliveMaxTimeout: options.idleTimeoutMs,
      // Go does not obey a server's `Keep-Alive: timeout=` hint; this makes every hint at least the idle time.
      keepAliveTimeoutThreshold: -options.idleTimeoutMs,
      connect: (target, callback) => {
        this.#cancelDial = dialer.dial(target, (error, socket) => {
          this.#cancelDial = noop;
          if (!socket) {
            callback(error ?? new TransportError('protocol', 'no connection'), null);
            return;
          }
          this.#adopt(socket, set, options);
          callback(null, socket);
        });
      },
    });
  }

  #adopt(socket: net.Socket, set: ConnectionSet, options: TransportOptions): void {
    this.live = true;
    this.used = false;
    options.observer.connectionOpened();
    socket.once('close', () => {
      this.live = false;
      options.observer.connectionClosed();
      set.drop(this);
    });
    const write = socket.write;
    const replaceHead = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      let data = chunk;
      if (this.#head !== null && typeof chunk === 'string') {
        data = this.#head;
        this.#head = null;
        if (this.#exchange) this.#exchange.sentAt = wallNow();
      }
      return Reflect.apply(write, socket, [data, ...rest]);
    };
    socket.write = replaceHead as typeof socket.write;
  }

  /** @throws TransportError */
  async run(exchange: Exchange): Promise<void> {
    const { signal } = exchange.request;
    if (signal?.aborted) {
      throw new TransportError('aborted', 'the request was aborted', { cause: signal.reason });
    }
    const onAbort = () => void this.destroy('the request was aborted', signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#exchange = exchange;
    this.#head = exchange.head;
    try {
      await new Promise<void>((resolve, reject) => {
        exchange.resolve = resolve;
        exchange.reject = reject;
        this.#client.dispatch(exchange.dispatchOptions(), exchange);
      });
    } catch (error) {
      throw toTransportError(error, exchange);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      this.#exchange = null;
      this.#head = null;
      this.used = true;
    }
  }

  async destroy(why: string, cause?: unknown): Promise<void> {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#onEnd(this);
    this.#cancelDial();
    await this.#client.destroy(new TransportError('aborted', why, { cause }));
  }
}

/** One request and what came back; undici's handler and the record of times and sizes in one object. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly request: WireRequest;
  /** The request's head as Go writes it, without the blank line when the body is chunked (undici writes that). */
  readonly head: string;
  status = 0;
  location = '';
  sentAt = 0;
  firstByteAt = 0;
  endAt = 0;
  resolve: () => void = noop;
  reject: (error: unknown) => void = noop;
  readonly #body: Buffer | undefined;
  #contentType = '';
  #gzip = false;
  #chunks: Buffer[] = [];
  #bodyBytes = 0;
  #headBytes = 0;

  constructor(target: Target, request: WireRequest) {
    this.request = request;
    this.#body = typeof request.body === 'string' ? Buffer.from(request.body) : request.body;
    this.head = requestHead(target.host, request, this.#body?.length ?? 0);
  }

  dispatchOptions(): Dispatcher.DispatchOptions {
    const { method, path, chunked } = this.request;
    const body = this.#body;
    return {
      method: method as Dispatcher.HttpMethod,
      path,
      // undici would close the connection after a GET with a body or the like; Go does not.
      reset: false,
      body: body === undefined || body.length === 0 ? null : chunked ? (onePiece(body) as never) : body,
    };
  }

  onRequestStart(): void {}

  onResponseStarted(): void {
    if (this.firstByteAt === 0) this.firstByteAt = wallNow();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (status < 200) return;
    if (this.firstByteAt === 0) this.firstByteAt = wallNow();
    this.status = status;
    this.#contentType = first(headers['content-type']);
    this.location = first(headers.location);
    this.#gzip = first(headers['content-encoding']).toLowerCase() === 'gzip';
    let bytes = 'HTTP/1.1 000 \r\n\r\n'.length + (statusText?.length ?? 0);
    const raw = (controller as { rawHeaders?: (Buffer | string)[] }).rawHeaders ?? [];
    for (const part of raw) bytes += part.length + 2;
    this.#headBytes = bytes;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (!this.request.discardBody) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.endAt = wallNow();
    this.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.endAt = wallNow();
    this.reject(error);
  }

  /** @throws TransportError `decode` when the body is no proper gzip although it says so. */
  response(discard: boolean): WireResponse {
    let body: Buffer = Buffer.alloc(0);
    if (!discard) {
      body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#bodyBytes);
      if (this.#gzip && body.length > 0) {
        try {
          body = gunzipSync(body);
        } catch (error) {
          throw new TransportError('decode', `the gzip body cannot be decoded: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }
    }
    return {
      status: this.status,
      contentType: this.#contentType,
      body,
      bytesSent: Buffer.byteLength(this.head, 'latin1') + (this.request.chunked ? 2 : 0) + (this.#body?.length ?? 0),
      bytesReceived: this.#headBytes + this.#bodyBytes,
      sentAt: this.sentAt,
      firstByteAt: this.firstByteAt,
      endAt: this.endAt,
    };
  }
}

/** As one chunk: net/http writes a body that is in memory that way. */
async function* onePiece(body: Buffer): AsyncGenerator<Buffer> {
  yield body;
}

function first(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

type DialCallback = (error: TransportError | null, socket?: net.Socket) => void;

/** Opens TCP and TLS connections, from each source address in turn. */
/** A port that we chose may be somebody's; so many in a row mean that the range is full. */
const SOURCE_PORT_TRIES = 64;

class Dialer {
  readonly #options: TransportOptions;
  readonly #secureContext: tls.SecureContext | null;
  readonly #sources: SourcePorts | null;

  constructor(options: TransportOptions) {
    this.#options = options;
    const { sourceAddresses, sourcePorts } = options;
    this.#sources = sourceAddresses?.length
      ? new SourcePorts(sourceAddresses, sourcePorts ?? { index: 0, count: 1 }, Math.random())
      : null;
    const ca = options.tls?.ca;
    this.#secureContext = ca
      ? tls.createSecureContext({
          ca: [...new Set([...tls.getCACertificates('system'), ...tls.getCACertificates('default'), ca])],
        })
      : null;
  }

  /** @returns what gives the dial up: `callback` is called with kind `aborted` then, unless it was called before. */
  dial(target: { protocol: string; hostname: string; port: string }, callback: DialCallback): () => void {
    const secure = target.protocol === 'https:';
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const port = Number(target.port) || (secure ? 443 : 80);

    let settled = false;
    let tcp: net.Socket;
    const finish: DialCallback = (error, socket) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (error) tcp.destroy();
      callback(error, socket);
    };
    let timer = setTimeout(() => {
      finish(new TransportError('dial-timeout', `no connection to ${host}:${port} in time`));
    }, this.#options.dialTimeoutMs);
    let triesLeft = this.#sources ? SOURCE_PORT_TRIES : 1;
    const connect = () => {
      if (settled) return;
      triesLeft--;
      tcp = net.connect({ host, port, ...this.#sources?.next() });
      tcp.once('error', onDialError);
      tcp.once('connect', onConnect);
    };
    const onDialError = (error: Error) => {
      const taken = ['EADDRINUSE', 'EADDRNOTAVAIL'].includes((error as NodeJS.ErrnoException).code ?? '');
      if (taken && triesLeft > 0) connect();
      else finish(new TransportError(kindOfSystemError(error), error.message, { cause: error }));
    };
    const onConnect = () => {
      clearTimeout(timer);
      tcp.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
      tcp.removeListener('error', onDialError);
      if (!secure) {
        finish(null, tcp);
        return;
      }
      timer = setTimeout(() => {
        finish(new TransportError('tls-timeout', `no TLS handshake with ${host}:${port} in time`));
      }, this.#options.tlsHandshakeTimeoutMs);
      const encrypted = tls.connect({
        socket: tcp,
        host,
        ...(net.isIP(host) ? {} : { servername: host }),
        ALPNProtocols: ['http/1.1'],
        rejectUnauthorized: !this.#options.tls?.insecure,
        ...(this.#secureContext ? { secureContext: this.#secureContext } : {}),
      });
      const onTlsError = (error: Error) =>
        finish(new TransportError(kindOfTlsError(error), error.message, { cause: error }));
      encrypted.on('error', onTlsError);
      encrypted.once('secureConnect', () => {
        finish(null, encrypted);
        encrypted.removeListener('error', onTlsError);
      });
    };
    connect();
    return () => finish(new TransportError('aborted', 'the dial was given up'));
  }
}

const KIND_OF_CODE: Readonly<Record<string, TransportErrorKind>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  UND_ERR_SOCKET: 'eof',
  HPE_INVALID_EOF_STATE: 'eof',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ETIMEDOUT: 'dial-timeout',
  UND_ERR_CONNECT_TIMEOUT: 'dial-timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EADDRNOTAVAIL: 'ports-exhausted',
  EADDRINUSE: 'ports-exhausted',
  EMFILE: 'files-exhausted',
  ENFILE: 'files-exhausted',
  ENOBUFS: 'ports-exhausted',
};

function kindOfSystemError(error: unknown): TransportErrorKind {
  if (error instanceof AggregateError && error.errors.length > 0) return kindOfSystemError(error.errors[0]);
  return KIND_OF_CODE[(error as { code?: string }).code ?? ''] ?? 'protocol';
}

function kindOfTlsError(error: Error): TransportErrorKind {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ECONNRESET') return /before secure TLS connection/.test(error.message) ? 'eof' : 'reset';
  return KIND_OF_CODE[code] ?? 'tls';
}

/** What went wrong with a request that a connection had taken. */
function toTransportError(error: unknown, exchange: Exchange): TransportError {
  if (error instanceof TransportError) return error;
  if (exchange.request.signal?.aborted) {
    return new TransportError('aborted', 'the request was aborted', { cause: exchange.request.signal.reason });
  }
  const { message, cause } = error as Error;
  // undici wraps what closed a socket.
  if (cause instanceof TransportError) return cause;
  const kind = kindOfSystemError(error);
  // A dial that timed out never got this far: here the kernel gave up a connection that was open.
  return new TransportError(kind === 'dial-timeout' ? 'reset' : kind, message, { cause: error });
}
