/**
 * Dials as a Go program does: a time-out for the connection and one for the handshake, both given up at once when told;
 * what failed is named in the words of the transport.
 */
import net from 'node:net';
import type { Duplex } from 'node:stream';
import tls from 'node:tls';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import { kindOfSystemError, kindOfTlsError, messageOfKind } from './error-kinds.ts';
import type { LinkPath } from './link/link-path.ts';
import { ShapedSocket } from './link/shaped-socket.ts';
import { type HttpProxy, hostPort } from './proxy.ts';
import { SourcePorts } from './source-ports.ts';
import { TransportError, type TransportOptions } from './transport.ts';

/** What a dialer needs to know of a transport. */
export type DialOptions = Pick<
  TransportOptions,
  'tls' | 'sourceAddresses' | 'sourcePorts' | 'dialTimeoutMs' | 'tlsHandshakeTimeoutMs'
>;

export type DialCallback = (error: TransportError | null, socket?: Duplex) => void;

/** Stock programs probe silent connections after this (assisted-installer-agent src/session/inventory_session.go). */
const TCP_KEEP_ALIVE_MS = 30_000;
/** A port that we chose may be somebody's; so many in a row mean that the range is full. */
const SOURCE_PORT_TRIES = 64;

/** How long a proxy may take to open a way to somebody else (net/http transport.go dialConn). */
const TUNNEL_MS = 60_000;
/** What a proxy answers to that is its head, and short. */
const MAX_TUNNEL_HEAD = 64 * 1024;

/** Where a connection leads. */
export interface DialTarget {
  protocol: string;
  hostname: string;
  port: string;
}

/** Opens TCP and TLS connections, from each source address in turn, directly or through a proxy. */
export class Dialer {
  readonly options: DialOptions;
  readonly secureContext: tls.SecureContext | null;
  readonly sources: SourcePorts | null;

  constructor(options: DialOptions) {
    this.options = options;
    const { sourceAddresses, sourcePorts } = options;
    this.sources = sourceAddresses?.length
      ? new SourcePorts(sourceAddresses, sourcePorts ?? { index: 0, count: 1 }, Math.random())
      : null;
    const ca = options.tls?.ca;
    this.secureContext = ca
      ? tls.createSecureContext({
          ca: [...new Set([...tls.getCACertificates('system'), ...tls.getCACertificates('default'), ca])],
        })
      : null;
  }

  /**
   * @param onRead how the socket that is handed over is read, other than as a stream; behind a proxy encrypted ones, and those over a link, are
   * streams all the same
   * @param path over a link; null for as this machine is connected
   * @returns what gives the dial up: `callback` is called with kind `aborted` then, unless it was called before.
   */
  dial(
    target: DialTarget,
    proxy: HttpProxy | null,
    callback: DialCallback,
    onRead?: net.OnReadOpts,
    path: LinkPath | null = null,
  ): () => void {
    const dial = new Dial(this, target, proxy, callback, onRead, path);
    dial.connect();
    return () => dial.end(new TransportError('aborted', 'the dial was given up'));
  }
}

/**
 * One dial.
 *
 *   TCP ──> http:// target ──────────────────────────────────────────────────> done
 *    │        └──── https:// ──> (CONNECT through the proxy) ──> TLS ──> done
 *    └──> https:// proxy: TLS first
 */
class Dial {
  readonly #dialer: Dialer;
  readonly #proxy: HttpProxy | null;
  readonly #secure: boolean;
  readonly #host: string;
  readonly #port: number;
  readonly #callback: DialCallback;
  readonly #onRead: net.OnReadOpts | undefined;
  readonly #path: LinkPath | null;
  #settled = false;
  #tcp: net.Socket | ShapedSocket | null = null;
  #timer: NodeJS.Timeout | undefined;
  #triesLeft: number;

  constructor(
    dialer: Dialer,
    { protocol, hostname, port }: DialTarget,
    proxy: HttpProxy | null,
    callback: DialCallback,
    onRead: net.OnReadOpts | undefined,
    path: LinkPath | null,
  ) {
    this.#dialer = dialer;
    this.#proxy = proxy;
    this.#secure = protocol === 'https:';
    this.#host = hostname.replace(/^\[|\]$/g, '');
    this.#port = Number(port) || (this.#secure ? 443 : 80);
    this.#callback = callback;
    this.#onRead = onRead;
    this.#path = path;
    this.#triesLeft = dialer.sources ? SOURCE_PORT_TRIES : 1;
    const first = hostPort(proxy ?? { host: this.#host, port: this.#port });
    this.#limit(dialer.options.dialTimeoutMs, 'dial-timeout', `no connection to ${first} in time`);
  }

  connect(): void {
    if (this.#settled) return;
    this.#triesLeft--;
    const { host, port } = this.#proxy ?? { host: this.#host, port: this.#port };
    const source = this.#dialer.sources?.next();
    const way = { host, port, ...source };
    const direct = this.#proxy === null;
    const read = this.#onRead && { onread: this.#onRead };
    const tcp = this.#path
      ? new ShapedSocket(this.#path, () => net.connect({ ...way, allowHalfOpen: true }))
      : direct && this.#secure
        ? tls.connect({ ...way, ...this.#tlsOptions(host), ...read })
        : net.connect({ ...way, ...(!this.#secure && !this.#proxy?.secure && read) });
    this.#tcp = tcp;
    const onError = (error: Error) => {
      const kind = kindOfSystemError(error);
      const why = messageOfKind(kind, source?.localAddress);
      if (kind === 'ports-exhausted' && this.#triesLeft > 0) this.connect();
      else this.#fail(kind, why === '' ? error.message : `${why}: ${error.message}`, error);
    };
    tcp.once('error', onError);
    tcp.once('connect', () => {
      clearTimeout(this.#timer);
      tcp.setNoDelay(true).setKeepAlive(true, TCP_KEEP_ALIVE_MS);
      tcp.removeListener('error', onError);
      if (tcp instanceof tls.TLSSocket) this.#shakeHands(tcp, host, (encrypted) => this.end(null, encrypted));
      else if (this.#proxy?.secure) this.#encrypt(tcp, host, (stream) => this.#reached(stream));
      else this.#reached(tcp);
    });
  }

  /** The dial is over, unless it was before. */
  end(error: TransportError | null, socket?: Duplex): void {
    if (this.#settled) return;
    this.#settled = true;
    clearTimeout(this.#timer);
    if (error) this.#tcp?.destroy();
    else this.#path?.connected();
    this.#callback(error, socket);
  }

  /** The target, or the proxy that leads there, is connected. */
  #reached(stream: Duplex): void {
    if (!this.#secure) this.end(null, stream);
    else if (this.#proxy) this.#tunnel(stream, this.#proxy);
    else this.#encrypt(stream, this.#host, (encrypted) => this.end(null, encrypted));
  }

  #encrypt(stream: Duplex, host: string, next: (encrypted: Duplex) => void): void {
    this.#shakeHands(tls.connect({ socket: stream, host, ...this.#tlsOptions(host) }), host, next);
  }

  #tlsOptions(host: string): tls.ConnectionOptions {
    const { options, secureContext } = this.#dialer;
    return {
      ...(net.isIP(host) ? {} : { servername: host }),
      ALPNProtocols: ['http/1.1'],
      rejectUnauthorized: !options.tls?.insecure,
      ...(secureContext ? { secureContext } : {}),
    };
  }

  #shakeHands(encrypted: tls.TLSSocket, host: string, next: (encrypted: Duplex) => void): void {
    const { tlsHandshakeTimeoutMs } = this.#dialer.options;
    const port = encrypted.remotePort ?? this.#port;
    this.#limit(tlsHandshakeTimeoutMs, 'tls-timeout', `no TLS handshake with ${host}:${port} in time`);
    const onError = (error: Error) => this.#fail(kindOfTlsError(error), error.message, error);
    encrypted.on('error', onError);
    encrypted.once('secureConnect', () => {
      clearTimeout(this.#timer);
      next(encrypted);
      encrypted.removeListener('error', onError);
    });
  }

  /** Asks the proxy to connect the target. */
  #tunnel(stream: Duplex, { authorization }: HttpProxy): void {
    const target = hostPort({ host: this.#host, port: this.#port });
    this.#limit(TUNNEL_MS, 'dial-timeout', `no answer to CONNECT ${target} in time`);
    let head = '';
    const release = () => {
      clearTimeout(this.#timer);
      stream.removeListener('data', onData);
      stream.removeListener('error', onError);
      stream.removeListener('end', onEnd);
    };
    const refuse = (why: string) => this.#fail('protocol', `CONNECT ${target}: ${why}`);
    const onError = (error: Error) => this.#fail(kindOfSystemError(error), error.message, error);
    const onEnd = () => this.#fail('eof', `CONNECT ${target}: the connection was closed`);
    const onData = (data: Buffer) => {
      head += data.toString('latin1');
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) {
        if (head.length > MAX_TUNNEL_HEAD) refuse('the response is not HTTP');
        return;
      }
      const [, status, text] = /^HTTP\/1\.[01] (\d{3}) ?([^\r\n]*)/.exec(head) ?? [];
      if (status !== '200') return refuse(status ? `${status} ${text}`.trim() : 'the response is not HTTP');
      release();
      const rest = head.slice(end + 4);
      if (rest !== '') stream.unshift(Buffer.from(rest, 'latin1'));
      this.#encrypt(stream, this.#host, (encrypted) => this.end(null, encrypted));
    };
    stream.on('data', onData).on('error', onError).on('end', onEnd);
    const asks = authorization === null ? '' : `Proxy-Authorization: ${authorization}\r\n`;
    stream.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\nUser-Agent: Go-http-client/1.1\r\n${asks}\r\n`);
  }

  #limit(ms: number, kind: TransportErrorKind, message: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fail(kind, message), ms);
  }

  #fail(kind: TransportErrorKind, message: string, cause?: Error): void {
    const way = this.#proxy ? `proxy ${hostPort(this.#proxy)}: ` : '';
    this.end(new TransportError(kind, way + message, { cause }));
  }
}
