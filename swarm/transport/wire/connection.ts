/**
 * One socket for one request at a time. A request leaves in one write; what comes back is read into one buffer that all
 * sockets of the thread share, and taken from there before the next read.
 *
 *   run ──> dial (first time) ──> write ──> onRead … ResponseReader … done ──> complete ──> rest ──> idle ──> run
 *                │                  │          │                                             └─ time over ─> retired
 *                └── failed         └── error, end, nonsense ──> fail ──> destroyed
 */
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { wallNow } from '../../../model/time/clock.ts';
import type { Connection, ConnectionSet } from '../connection-set.ts';
import type { Dialer } from '../dialer.ts';
import { kindOfSystemError } from '../error-kinds.ts';
import type { Exchange } from '../exchange.ts';
import { type ConnectionTap, TransportError, type TransportObserver } from '../transport.ts';
import type { IdleConnections, Waiting } from './idle.ts';
import { ResponseReader } from './response.ts';

/** What the connections of one transport have in common. */
export interface WireParts {
  dialer: Dialer;
  observer: TransportObserver;
  idle: IdleConnections;
}

/** Bodies up to here are put behind their head, and leave with it; longer ones are not copied. */
const ONE_WRITE_BYTES = 64 * 1024;

const CONNECTION = Symbol('connection');

interface OwnedSocket extends Duplex {
  [CONNECTION]?: WireConnection;
}

/** Shared by all sockets of the thread: a read is over before the next one begins. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);

/** How sockets are read: without a stream between. */
const ON_READ: net.OnReadOpts = { buffer: READ_BUFFER, callback: onRead };

/** Node calls it as a method of the socket. */
function onRead(this: unknown, bytes: number): boolean {
  (this as OwnedSocket)[CONNECTION]?.received(READ_BUFFER, bytes);
  return true;
}

export class WireConnection implements Connection, Waiting {
  readonly #set: ConnectionSet;
  readonly #parts: WireParts;
  readonly #onEnd: (connection: Connection) => void;
  #socket: OwnedSocket | null = null;
  #tap: ConnectionTap | null = null;
  #exchange: Exchange | null = null;
  #reader: ResponseReader | null = null;
  #cancelDial: (() => void) | null = null;
  #destroyed = false;
  #gone = false;
  #whenClosed: (() => void) | null = null;
  live = false;
  used = false;
  retired = false;
  readonly path: Connection['path'];
  idleSince = 0;
  before: Waiting | null = null;
  after: Waiting | null = null;

  constructor(set: ConnectionSet, parts: WireParts, onEnd: (connection: Connection) => void) {
    this.#set = set;
    this.#parts = parts;
    this.#onEnd = onEnd;
    this.path = set.newPath();
  }

  get idle(): boolean {
    return this.live && this.#exchange === null;
  }

  run(exchange: Exchange): Promise<void> {
    this.#exchange = exchange;
    return exchange.on(this, () => {
      // Its socket closes a moment after it: until then an idle one may be taken.
      if (this.#destroyed) throw new TransportError('aborted', 'the connection was closed');
      if (this.#socket) {
        this.#parts.idle.remove(this);
        this.#send(this.#socket, exchange);
      } else this.#dial();
    });
  }

  rest(): void {
    this.#exchange = null;
    this.#reader = null;
    this.used = true;
    if (this.live && !this.retired) this.#parts.idle.add(this);
  }

  retire(): void {
    this.retired = true;
    this.#set.drop(this);
  }

  destroy(why: string, cause?: unknown): void {
    if (this.#destroyed) return;
    const exchange = this.#exchange;
    this.#close();
    // Most connections that close carry nothing, and an error costs as much as a request.
    exchange?.fail(new TransportError('aborted', why, { cause }));
  }

  closed(): Promise<void> {
    const socket = this.#socket;
    if (!socket || this.#gone) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenClosed = resolve;
    });
  }

  #dial(): void {
    const { dialer } = this.#parts;
    const { address, proxy } = this.#set.target;
    this.#cancelDial = dialer.dial(
      address,
      proxy,
      (error, socket) => {
        this.#cancelDial = null;
        if (this.#destroyed) socket?.destroy();
        else if (socket) this.#adopt(socket);
        else this.#fail(error ?? new TransportError('protocol', 'no connection'));
      },
      ON_READ,
      this.path,
    );
  }

  #adopt(socket: OwnedSocket): void {
    this.#socket = socket;
    this.live = true;
    socket[CONNECTION] = this;
    const { observer } = this.#parts;
    const {
      owner,
      target: { proxy },
    } = this.#set;
    observer.connectionOpened();
    this.#tap = (owner && observer.tap?.(owner)) ?? null;
    // tls.connect knows no onread for sockets that are connected already, and links have streams.
    if (this.path !== null || (proxy && 'encrypted' in socket)) socket.on('data', onData);
    socket.on('error', onError).on('end', onEnd).on('close', onClose);
    if (this.#exchange) this.#send(socket, this.#exchange);
  }

  #send(socket: OwnedSocket, exchange: Exchange): void {
    const { head, body, bodyBytes, chunked } = exchange;
    this.#reader = new ResponseReader(exchange);
    exchange.sent();
    if (body === undefined || bodyBytes === 0) this.#write(socket, head);
    else if (!chunked && typeof body === 'string' && bodyBytes === body.length) this.#write(socket, head + body);
    else {
      const pieces = [Buffer.from(head, 'latin1'), Buffer.from(body as string)];
      if (chunked) {
        pieces.splice(1, 0, Buffer.from(`\r\n${bodyBytes.toString(16)}\r\n`, 'latin1'));
        pieces.push(Buffer.from('\r\n0\r\n\r\n', 'latin1'));
      }
      if (bodyBytes <= ONE_WRITE_BYTES) this.#write(socket, Buffer.concat(pieces));
      else {
        socket.cork();
        for (const piece of pieces) this.#write(socket, piece);
        socket.uncork();
      }
    }
  }

  #write(socket: OwnedSocket, data: string | Buffer): void {
    this.#tap?.sent(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
    if (typeof data === 'string') socket.write(data, 'latin1');
    else socket.write(data);
  }

  /** The first `bytes` of a buffer came, which may be overwritten afterwards. */
  received(buffer: Buffer, bytes: number): void {
    this.#tap?.received(Buffer.from(buffer.subarray(0, bytes)));
    const exchange = this.#exchange;
    const reader = this.#reader;
    if (!exchange || !reader) {
      // Nobody has asked for anything (net/http transport.go readLoopPeekFailLocked).
      this.retire();
      return;
    }
    exchange.began(wallNow());
    let done: boolean;
    try {
      done = reader.feed(buffer, bytes);
    } catch (error) {
      this.#fail(error as TransportError);
      return;
    }
    if (done) this.#complete(exchange, reader.keepsConnection);
  }

  /** The server has ended the connection. */
  ended(): void {
    const exchange = this.#exchange;
    if (exchange && this.#reader?.end()) this.#complete(exchange, false);
    else if (!exchange) this.retire();
    else this.#fail(new TransportError('eof', 'the server has closed the connection'));
  }

  /** The socket has failed. */
  failed(error: Error): void {
    const kind = kindOfSystemError(error);
    // A dial that timed out never got this far: here the kernel gave up a connection that was open.
    this.#fail(new TransportError(kind === 'dial-timeout' ? 'reset' : kind, error.message, { cause: error }));
  }

  /** The socket is closed. */
  gone(): void {
    this.#gone = true;
    this.live = false;
    this.#parts.observer.connectionClosed();
    this.#tap?.closed();
    if (!this.#destroyed) this.ended();
    this.#whenClosed?.();
  }

  #complete(exchange: Exchange, keepsConnection: boolean): void {
    this.#reader = null;
    // An answer before the whole request was sent: the rest of it would be taken for the next one.
    if (!keepsConnection || this.#socket!.writableLength > 0) this.retired = true;
    exchange.complete();
  }

  /** Fails what is under way, and closes. An idle one is gone from its set. */
  #fail(error: TransportError): void {
    if (this.#destroyed) return;
    const exchange = this.#exchange;
    this.#close();
    exchange?.fail(error);
    this.#set.drop(this);
  }

  #close(): void {
    this.#destroyed = true;
    this.retired = true;
    // The system says so only later, and an answer that came with the end would leave it idle until then.
    this.live = false;
    this.#parts.idle.remove(this);
    this.#onEnd(this);
    this.#cancelDial?.();
    this.#socket?.destroy();
    this.#reader = null;
  }
}

function onData(this: OwnedSocket, chunk: Buffer): void {
  this[CONNECTION]!.received(chunk, chunk.length);
}

function onError(this: OwnedSocket, error: Error): void {
  this[CONNECTION]!.failed(error);
}

function onEnd(this: OwnedSocket): void {
  this[CONNECTION]!.ended();
}

function onClose(this: OwnedSocket): void {
  this[CONNECTION]!.gone();
}
