/** Connections to one origin, with the habits of Go's pool: each has one request at a time, few are kept when idle. */
import type net from 'node:net';
import { Client } from 'undici';
import { wallNow } from '../../../model/time/clock.ts';
import type { Dialer } from '../dialer.ts';
import type { OwnConnection, Program } from '../program.ts';
import type { HttpProxy } from '../proxy.ts';
import { type ConnectionTap, type SessionOptions, TransportError, type TransportOptions } from '../transport.ts';
import type { Exchange } from './exchange.ts';

/** Milliseconds of idleness that timers can tell; connections that are to be idle for less are closed after each request. */
export const LEAST_IDLE_MS = 1;

function noop(): void {}

export class ConnectionSet {
  readonly #maxIdle: number;
  readonly #limit: number;
  readonly #connect: (set: ConnectionSet, program?: Program) => Connection;
  /** Last used at the end. */
  readonly #idle: Connection[] = [];
  #count = 0;
  readonly #waiting: Waiter[] = [];
  #onEmpty: (() => void) | null = null;
  #closed = false;
  readonly origin: string;
  readonly proxy: HttpProxy | null;
  /** Whose connections these are; null when they are everybody's, or nobody wants to know. */
  readonly owner: SessionOptions | null;

  constructor(
    origin: string,
    proxy: HttpProxy | null,
    maxIdle: number,
    limit: number,
    owner: SessionOptions | null,
    connect: (set: ConnectionSet, program?: Program) => Connection,
  ) {
    this.origin = origin;
    this.proxy = proxy;
    this.owner = owner;
    this.#maxIdle = maxIdle;
    this.#limit = limit;
    this.#connect = connect;
  }

  /**
   * A connection for a request, or null when it has to wait for its {@link turn}.
   * @param program whose connection it will be if it is opened now
   */
  take(program?: Program): Connection | null {
    const idle = this.#idle.pop();
    if (idle) return idle;
    if (this.#count >= this.#limit) return null;
    const connection = this.#connect(this, program);
    this.#count++;
    return connection;
  }

  /** Waits until a connection is free. @throws TransportError `aborted` when the exchange was cancelled meanwhile. */
  async turn(exchange: Exchange, program?: Program): Promise<Connection> {
    for (;;) {
      const called = await new Promise<boolean>((resolve) => {
        this.#waiting.push({ exchange, resolve });
        exchange.queue = this;
      });
      exchange.queue = null;
      if (exchange.cancelled) {
        // Its turn is somebody else's now.
        if (called) this.#wakeNext();
        throw exchange.cancelled;
      }
      const connection = this.take(program);
      if (connection) return connection;
    }
  }

  /** A waiting exchange was cancelled. */
  leave(exchange: Exchange): void {
    const at = this.#waiting.findIndex((waiter) => waiter.exchange === exchange);
    if (at >= 0) this.#waiting.splice(at, 1)[0]!.resolve(false);
  }

  /** Takes a connection back after a request, whatever became of it. */
  put(connection: Connection): void {
    if (!connection.live || connection.retired || this.#closed || this.#idle.length >= this.#maxIdle) {
      this.#count--;
      void connection.destroy('no longer needed');
    } else {
      this.#idle.push(connection);
    }
    this.#wakeNext();
    this.#checkEmpty();
  }

  /** Closes what is idle now, and everything else when it is. */
  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) {
      this.#count--;
      void connection.destroy('the program has ended');
    }
    this.#checkEmpty();
  }

  #wakeNext(): void {
    this.#waiting.shift()?.resolve(true);
  }

  /** An idle connection's socket is gone, or not wanted any more. */
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
}

interface Waiter {
  exchange: Exchange;
  /** Tells whether it is its turn; if not, it has left the queue. */
  resolve: (called: boolean) => void;
}

/** One undici Client, used for one request at a time, so that it owns at most one socket. */
export class Connection implements OwnConnection {
  readonly #set: ConnectionSet;
  readonly #client: Client;
  readonly #onEnd: (connection: Connection) => void;
  /** Head of the request that undici is about to write. */
  #head: string | null = null;
  #exchange: Exchange | null = null;
  #cancelDial: () => void = noop;
  /** Why it was destroyed. */
  #end: TransportError | null = null;
  /** Its socket is open, and stays so. */
  live = false;
  /** A request was sent on the open socket before. */
  used = false;
  /** Its program has ended, or it was destroyed: it carries no further request. */
  retired = false;

  constructor(set: ConnectionSet, dialer: Dialer, options: TransportOptions, onEnd: (connection: Connection) => void) {
    this.#set = set;
    this.#onEnd = onEnd;
    // Of those that may not be idle at all none comes to be: see ConnectionSet.
    const idleTimeoutMs = Math.max(options.idleTimeoutMs, LEAST_IDLE_MS);
    this.#client = new Client(set.origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      keepAliveMaxTimeout: idleTimeoutMs,
      // Go does not obey a server's `Keep-Alive: timeout=` hint; this makes every hint at least the idle time.
      keepAliveTimeoutThreshold: -idleTimeoutMs,
      connect: (target, callback) => {
        this.#cancelDial = dialer.dial(target, set.proxy, (error, socket) => {
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

  /** It carries no request, and waits for the next one. */
  get idle(): boolean {
    return this.live && this.#exchange === null;
  }

  #adopt(socket: net.Socket, set: ConnectionSet, options: TransportOptions): void {
    this.live = true;
    this.used = false;
    const { observer } = options;
    observer.connectionOpened();
    const tap = (set.owner && observer.tap?.(set.owner)) ?? null;
    socket.once('close', () => {
      this.live = false;
      observer.connectionClosed();
      tap?.closed();
      set.drop(this);
    });
    if (tap) tapReads(socket, tap);
    const write = socket.write;
    const replaceHead = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
      let data = chunk;
      if (this.#head !== null && typeof chunk === 'string') {
        data = this.#head;
        this.#head = null;
        if (this.#exchange) this.#exchange.sentAt = wallNow();
      }
      tap?.sent(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
      return Reflect.apply(write, socket, [data, ...rest]);
    };
    socket.write = replaceHead as typeof socket.write;
  }

  /** Sends a request; rejects with what undici or the dialer says. {@link rest} follows. */
  run(exchange: Exchange): Promise<void> {
    this.#exchange = exchange;
    this.#head = exchange.head;
    exchange.carrier = this;
    return new Promise<void>((resolve, reject) => {
      // Its socket closes a moment after it: until then an idle one may be taken. undici would call it a failure.
      if (this.#end) throw this.#end;
      exchange.resolve = resolve;
      exchange.reject = reject;
      this.#client.dispatch(exchange.dispatchOptions(), exchange);
    });
  }

  /** The request is over. */
  rest(exchange: Exchange): void {
    exchange.carrier = null;
    this.#exchange = null;
    this.#head = null;
    this.used = true;
  }

  retire(): void {
    this.retired = true;
    this.#set.drop(this);
  }

  async destroy(why: string, cause?: unknown): Promise<void> {
    if (this.#end) return;
    this.#end = new TransportError('aborted', why, { cause });
    this.retired = true;
    // The system says so only later, and an answer that came with the end would leave it idle until then.
    this.live = false;
    this.#onEnd(this);
    this.#cancelDial();
    await this.#client.destroy(this.#end);
  }
}

/** Whoever reads from the socket, undici or Node itself, does so by its `read`. */
function tapReads(socket: net.Socket, tap: ConnectionTap): void {
  const read = socket.read;
  socket.read = ((...size: [number?]) => {
    const chunk = Reflect.apply(read, socket, size) as Buffer | null;
    if (chunk !== null) tap.received(chunk);
    return chunk;
  }) as typeof socket.read;
}
