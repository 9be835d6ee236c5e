/** Connections to one origin, with the habits of Go's pool: each has one request at a time, few are kept when idle. */
import type { Exchange } from './exchange.ts';
import type { Target } from './go-http.ts';
import type { HostLink } from './link/host-link.ts';
import { LinkPath } from './link/link-path.ts';
import type { OwnConnection, Program } from './program.ts';
import type { SessionOptions } from './transport.ts';

/** One connection to an origin, for one request at a time; it is dialled when the first one is run. */
export interface Connection extends OwnConnection {
  /** Its socket is open, and stays so. */
  readonly live: boolean;
  /** A request was sent on the open socket before. */
  readonly used: boolean;
  /** Its program has ended, or it was destroyed: it carries no further request. */
  readonly retired: boolean;
  /** It carries no request, and waits for the next one. */
  readonly idle: boolean;
  /** Its way over a link; null without one. */
  readonly path: LinkPath | null;
  /** Sends a request and waits for its answer; {@link rest} follows. @throws TransportError */
  run(exchange: Exchange): Promise<void>;
  /** The request is over. */
  rest(): void;
  /** Closes it at once; a request on it fails with kind `aborted`. */
  destroy(why: string, cause?: unknown): void;
  /** Fulfilled when its socket is closed, after {@link destroy}. */
  closed(): Promise<void>;
}

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
  readonly target: Target;
  /** Whose connections these are; null when they are everybody's, or nobody wants to know. */
  readonly owner: SessionOptions | null;
  readonly #link: HostLink | null;

  constructor(
    target: Target,
    maxIdle: number,
    limit: number,
    owner: SessionOptions | null,
    link: HostLink | null,
    connect: (set: ConnectionSet, program?: Program) => Connection,
  ) {
    this.target = target;
    this.owner = owner;
    this.#link = link;
    this.#maxIdle = maxIdle;
    this.#limit = limit;
    this.#connect = connect;
  }

  /** The way of a new connection over its machine's link; null without one. */
  newPath(): LinkPath | null {
    return this.#link === null ? null : new LinkPath(this.#link);
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
      connection.destroy('no longer needed');
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
      connection.destroy('the program has ended');
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
    connection.destroy('closed');
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
