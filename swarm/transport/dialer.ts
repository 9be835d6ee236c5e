/**
 * Dials as a Go program does: a time-out for the connection and one for the handshake, both given up at once when told;
 * what failed is named in the words of the transport.
 */
import net from 'node:net';
import tls from 'node:tls';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import { SourcePorts } from './source-ports.ts';
import { TransportError, type TransportOptions } from './transport.ts';

export type DialCallback = (error: TransportError | null, socket?: net.Socket) => void;

/** Stock programs probe silent connections after this (assisted-installer-agent src/session/inventory_session.go). */
const TCP_KEEP_ALIVE_MS = 30_000;
/** A port that we chose may be somebody's; so many in a row mean that the range is full. */
const SOURCE_PORT_TRIES = 64;

/** Opens TCP and TLS connections, from each source address in turn. */
export class Dialer {
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

/** What a system error means for a request. */
export function kindOfSystemError(error: unknown): TransportErrorKind {
  if (error instanceof AggregateError && error.errors.length > 0) return kindOfSystemError(error.errors[0]);
  return KIND_OF_CODE[(error as { code?: string }).code ?? ''] ?? 'protocol';
}

function kindOfTlsError(error: Error): TransportErrorKind {
  const code = (error as { code?: string }).code ?? '';
  if (code === 'ECONNRESET') return /before secure TLS connection/.test(error.message) ? 'eof' : 'reset';
  return KIND_OF_CODE[code] ?? 'tls';
}
