/** One undici Client, used for one request at a time, so that it owns at most one socket. */
import type net from 'node:net';
import type { Duplex } from 'node:stream';
import { Client, type Dispatcher } from 'undici';
import { wallNow } from '../../../model/time/clock.ts';
import type { Connection, ConnectionSet } from '../connection-set.ts';
import type { DialCallback, Dialer } from '../dialer.ts';
import { kindOfSystemError } from '../error-kinds.ts';
import type { Exchange } from '../exchange.ts';
import { LEAST_IDLE_MS } from '../pool.ts';
import { type ConnectionTap, TransportError, type TransportOptions } from '../transport.ts';

function noop(): void {}

export class UndiciConnection implements Connection, Dispatcher.DispatchHandler {
  readonly #set: ConnectionSet;
  readonly #client: Client;
  readonly #onEnd: (connection: Connection) => void;
  /** Head of the request that undici is about to write. */
  #head: string | null = null;
  #exchange: Exchange | null = null;
  #cancelDial: () => void = noop;
  /** Why it was destroyed. */
  #end: TransportError | null = null;
  #closed: Promise<void> | null = null;
  live = false;
  used = false;
  retired = false;
  readonly path: Connection['path'];

  constructor(set: ConnectionSet, dialer: Dialer, options: TransportOptions, onEnd: (connection: Connection) => void) {
    this.#set = set;
    this.#onEnd = onEnd;
    this.path = set.newPath();
    // Of those that may not be idle at all none comes to be: see ConnectionSet.
    const idleTimeoutMs = Math.max(options.idleTimeoutMs, LEAST_IDLE_MS);
    this.#client = new Client(set.target.origin, {
      pipelining: 1,
      allowH2: false,
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: idleTimeoutMs,
      keepAliveMaxTimeout: idleTimeoutMs,
      // Go does not obey a server's `Keep-Alive: timeout=` hint; this makes every hint at least the idle time.
      keepAliveTimeoutThreshold: -idleTimeoutMs,
      connect: (target, callback) => {
        const dialled: DialCallback = (error, socket) => {
          this.#cancelDial = noop;
          if (!socket) {
            callback(error ?? new TransportError('protocol', 'no connection'), null);
            return;
          }
          this.#adopt(socket, set, options);
          // What undici asks of a socket beyond a stream it leaves alone where it is not there.
          callback(null, socket as net.Socket);
        };
        this.#cancelDial = dialer.dial(target, set.target.proxy, dialled, undefined, this.path);
      },
    });
  }

  get idle(): boolean {
    return this.live && this.#exchange === null;
  }

  #adopt(socket: Duplex, set: ConnectionSet, options: TransportOptions): void {
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
        this.#exchange?.sent();
      }
      tap?.sent(typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data));
      return Reflect.apply(write, socket, [data, ...rest]);
    };
    socket.write = replaceHead as typeof socket.write;
  }

  run(exchange: Exchange): Promise<void> {
    this.#exchange = exchange;
    this.#head = exchange.head;
    return exchange.on(this, () => {
      // Its socket closes a moment after it: until then an idle one may be taken. undici would call it a failure.
      if (this.#end) throw this.#end;
      this.#client.dispatch(dispatchOptions(exchange), this);
    });
  }

  rest(): void {
    this.#exchange = null;
    this.#head = null;
    this.used = true;
  }

  retire(): void {
    this.retired = true;
    this.#set.drop(this);
  }

  destroy(why: string, cause?: unknown): void {
    if (this.#end) return;
    this.#end = new TransportError('aborted', why, { cause });
    this.retired = true;
    // The system says so only later, and an answer that came with the end would leave it idle until then.
    this.live = false;
    this.#onEnd(this);
    this.#cancelDial();
    this.#closed = this.#client.destroy(this.#end);
  }

  async closed(): Promise<void> {
    await this.#closed;
  }

  onRequestStart(): void {}

  onResponseStarted(): void {
    this.#exchange?.began(wallNow());
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (status < 200) return;
    let bytes = 'HTTP/1.1 000 \r\n\r\n'.length + (statusText?.length ?? 0);
    const raw = (controller as { rawHeaders?: (Buffer | string)[] }).rawHeaders ?? [];
    for (const part of raw) bytes += part.length + 2;
    const exchange = this.#exchange!;
    exchange.began(wallNow());
    exchange.answered(status, bytes);
    exchange.contentType = first(headers['content-type']);
    exchange.location = first(headers.location);
    exchange.gzip = first(headers['content-encoding']).toLowerCase() === 'gzip';
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#exchange!.data(chunk);
  }

  onResponseEnd(): void {
    this.#exchange!.complete();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#exchange!.fail(this.#meaning(error));
  }

  /** What undici or the dialer says went wrong. */
  #meaning(error: Error): TransportError {
    if (error instanceof TransportError) return error;
    const { message, cause } = error;
    // undici wraps what closed a socket.
    if (cause instanceof TransportError) return cause;
    const kind = kindOfSystemError(error);
    // A dial that timed out never got this far: here the kernel gave up a connection that was open.
    return new TransportError(kind === 'dial-timeout' ? 'reset' : kind, message, { cause: error });
  }
}

function dispatchOptions({ method, body, chunked, bodyBytes }: Exchange): Dispatcher.DispatchOptions {
  return {
    method: method as Dispatcher.HttpMethod,
    // undici writes a head with it, in whose place ours is put.
    path: '/',
    // undici would close the connection after a GET with a body or the like; Go does not.
    reset: false,
    body: body === undefined || bodyBytes === 0 ? null : chunked ? (onePiece(body) as never) : body,
  };
}

/** As one chunk: net/http writes a body that is in memory that way. */
async function* onePiece(body: string | Buffer): AsyncGenerator<string | Buffer> {
  yield body;
}

function first(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** Whoever reads from the socket, undici or Node itself, does so by its `read`. */
function tapReads(socket: Duplex, tap: ConnectionTap): void {
  const read = socket.read;
  socket.read = ((...size: [number?]) => {
    const chunk = Reflect.apply(read, socket, size) as Buffer | null;
    if (chunk !== null) tap.received(chunk);
    return chunk;
  }) as typeof socket.read;
}
