/**
 * The way out of a lab: a socket that takes the hosts' connections, and dials what they are for. TLS ends here and begins anew,
 * so that what hosts send can be seen; those that speak to a kube-api keep theirs.
 *
 *    host ──TLS of our authority──► relay ──TLS of the service──► service
 *                                     └─► listener: the bytes between
 */
import { createServer, type Server, type Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls';
import { CertificateAuthority } from '../../model/protocol/certificate-authority.ts';
import type { TransportErrorKind } from '../../model/protocol/outcomes.ts';
import type { TlsOptions } from '../plan/connections.ts';
import { Dialer, type DialOptions } from '../transport/dialer.ts';
import type { LinkPath } from '../transport/link/link-path.ts';
import type { TransportError } from '../transport/transport.ts';

/** Told of the bytes of a connection, which must stay as they are. */
export interface ConnectionListener {
  /** Over a link; null, or absent, for as this machine is connected. */
  readonly path?: LinkPath | null;
  sent(chunk: Buffer): void;
  received(chunk: Buffer): void;
  /** @param failure why the service could not be reached */
  closed(failure?: TransportErrorKind): void;
}

/** Where hosts may get to. */
export interface RelayTarget {
  host: string;
  port: number;
  /** Else it is a part of the hosts' own world, and what they say there is nobody's load. */
  isService: boolean;
  /** How the relay trusts it, where TLS is ended for hosts; null where bytes pass as they come. */
  tls: TlsOptions | null;
}

export interface RelayOptions {
  /** Of the socket. */
  path: string;
  /** How the relay dials. */
  dial: DialOptions;
  /** A host opens a connection. @returns null when there is no such host */
  onConnection: (slot: number) => ConnectionListener | null;
  /** Told once of each reason why a target cannot be reached. */
  warn: (message: string) => void;
}

/** For connections that are nobody's load. */
const UNTOLD: ConnectionListener = { sent: () => {}, received: () => {}, closed: () => {} };

interface OpenTarget extends RelayTarget {
  dialer: Dialer;
  /** What hosts are shown. */
  context: SecureContext | null;
}

export class Relay {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #connections = new Set<Duplex>();
  /** By address and port in the lab. */
  readonly #targets = new Map<string, OpenTarget>();
  readonly #warned = new Set<string>();
  #authority: Promise<CertificateAuthority> | undefined;

  constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.#accept(socket));
  }

  /** @throws Error when the socket cannot be made */
  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.path, resolve);
    });
  }

  /**
   * Lets hosts reach a target as `key`, address and port in the lab.
   * @param names under which hosts know it
   * @returns PEM that hosts trust it by; '' where they have other means
   */
  async open(key: string, target: RelayTarget, names: readonly string[]): Promise<string> {
    const dialer = new Dialer({ ...this.#options.dial, tls: target.tls ?? {} });
    if (!target.tls) {
      this.#targets.set(key, { ...target, dialer, context: null });
      return '';
    }
    this.#authority ??= CertificateAuthority.create('assisted-swarm');
    const authority = await this.#authority;
    const context = createSecureContext(await authority.issue('assisted-service', names));
    this.#targets.set(key, { ...target, dialer, context });
    return authority.cert;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A connection of a host: its first line is `SLOT ADDRESS:PORT`. */
  #accept(inner: Socket): void {
    this.#keep(inner);
    let head = '';
    const onData = (data: Buffer): void => {
      const end = data.indexOf(10);
      head += data.subarray(0, end < 0 ? data.length : end).toString('latin1');
      if (end < 0) return;
      inner.off('data', onData);
      const [slot, key = ''] = head.split(' ');
      const target = this.#targets.get(key);
      const told = target && (target.isService ? this.#options.onConnection(Number(slot)) : UNTOLD);
      if (!target || !told) {
        inner.destroy();
        return;
      }
      inner.pause();
      if (end + 1 < data.length) inner.unshift(data.subarray(end + 1));
      this.#join(target.context ? this.#endTls(inner, target.context) : inner, target, told);
    };
    inner.on('data', onData);
  }

  #endTls(inner: Socket, secureContext: SecureContext): Socket {
    const plain = new TLSSocket(inner, { isServer: true, secureContext, ALPNProtocols: ['http/1.1'] });
    this.#keep(plain);
    return plain;
  }

  #join(inner: Socket, target: OpenTarget, told: ConnectionListener): void {
    const { host, port, tls, dialer } = target;
    // What is sent while the target is being dialled is seen when it comes.
    const waiting = new PassThrough();
    inner.on('data', (chunk: Buffer) => told.sent(chunk)).pipe(waiting);
    const giveUp = dialer.dial(
      { protocol: tls ? 'https:' : 'http:', hostname: host, port: String(port) },
      null,
      (error, outer) => {
        if (error || !outer) {
          this.#refuse(inner, waiting.readableLength > 0, told, error);
          if (error?.kind !== 'aborted') this.#warn(`no-op hosts cannot reach ${host}:${port}: ${error?.message}`);
          return;
        }
        this.#keep(outer);
        outer.once('close', () => {
          told.closed();
          inner.destroy();
        });
        inner.once('close', () => outer.destroy());
        waiting.pipe(outer);
        outer.on('data', (chunk: Buffer) => told.received(chunk)).pipe(inner);
      },
      undefined,
      told.path,
    );
    inner.once('close', giveUp);
  }

  /** What was asked is seen before the connection ends, so that it counts as a request that failed. */
  #refuse(inner: Socket, wasAsked: boolean, told: ConnectionListener, error: TransportError | null): void {
    if (inner.destroyed) {
      told.closed(error?.kind);
      return;
    }
    inner.once('close', () => told.closed(error?.kind));
    if (wasAsked) inner.destroy();
    else inner.once('data', () => inner.destroy());
  }

  #keep(socket: Duplex): void {
    this.#connections.add(socket);
    socket.once('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
  }

  #warn(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn(message);
  }
}
