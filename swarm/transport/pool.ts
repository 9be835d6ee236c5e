/**
 * The connection habits of Go's net/http, whatever connections are made of:
 *
 *   Session ── per origin ──> ConnectionSet ── one request at a time ──> Connection (one socket)
 *                             idle: last used first, at most maxIdle kept
 *                             none idle: one more is opened (up to `limit`, then requests queue)
 *
 * Where it differs from a Go program: a request that opens a connection waits for that one even when another becomes idle
 * first.
 */
import { type Connection, ConnectionSet } from './connection-set.ts';
import { PreparedHead } from './exchange.ts';
import { type Router, splitBaseUrl, type Target } from './go-http.ts';
import type { HostLink } from './link/host-link.ts';
import { ProxyRules } from './proxy.ts';
import { PooledSession } from './session.ts';
import {
  type PreparedRequest,
  type RequestTemplate,
  type Session,
  type SessionOptions,
  type Transport,
  TransportError,
  type TransportOptions,
} from './transport.ts';

/** Go keeps this many idle connections to one host (net/http transport.go DefaultMaxIdleConnsPerHost). */
const GO_MAX_IDLE_PER_HOST = 2;
const DEFAULT_SHARED_CONNECTIONS = 64;
/** Milliseconds of idleness that timers can tell; connections that are to be idle for less are closed after each request. */
export const LEAST_IDLE_MS = 1;

/**
 * Makes a connection of a set.
 * @param onEnd called once, when it is destroyed
 */
export type Connector = (set: ConnectionSet, onEnd: (connection: Connection) => void) => Connection;

export class PooledTransport implements Transport {
  readonly #options: TransportOptions;
  readonly #connect: Connector;
  readonly #route: Router;
  readonly #targets = new Map<string, Target>();
  /** Modes `keep-alive` and `shared`: sets that outlive a session, with the number of sessions that hold them. */
  readonly #kept = new Map<string, { set: ConnectionSet; sessions: number }>();
  /** Every open or opening connection, so that close() finds it. */
  readonly #connections = new Set<Connection>();
  #closed = false;
  #crowded = false;

  /** @throws RangeError for a proxy that is neither http nor https. */
  constructor(options: TransportOptions, connect: Connector) {
    this.#options = options;
    this.#connect = connect;
    const rules = options.proxy && new ProxyRules(options.proxy);
    this.#route = (origin) => rules?.of(origin) ?? null;
  }

  openSession(options: SessionOptions): Session {
    const { baseUrl, machine } = options;
    const target = this.#targetOf(baseUrl);
    const link = this.#options.linkOf?.(machine) ?? null;
    switch (this.#options.mode) {
      case 'per-poll':
        return new PooledSession(
          target,
          this.#route,
          (to) => this.#newSet(to, GO_MAX_IDLE_PER_HOST, Infinity, options, link),
          noop,
          true,
          this.#options.observer,
          options.program,
        );
      case 'keep-alive':
        return this.#keptSession(target, String(machine), 1, Infinity, options, link);
      case 'shared': {
        const limit = this.#options.sharedConnections ?? DEFAULT_SHARED_CONNECTIONS;
        // Machines on one cable share no connection with those on another.
        const owner = link === null ? 'all' : `all over link ${link.kind.number}`;
        return this.#keptSession(target, owner, limit, limit, null, link?.ofMany() ?? null);
      }
    }
  }

  prepare(template: RequestTemplate): PreparedRequest {
    return new PreparedHead(this.#targetOf(template.baseUrl), template);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const connections = [...this.#connections];
    for (const connection of connections) connection.destroy('the transport was closed');
    await Promise.all(connections.map((connection) => connection.closed()));
  }

  #targetOf(baseUrl: string): Target {
    let target = this.#targets.get(baseUrl);
    if (!target) {
      target = splitBaseUrl(baseUrl, this.#route);
      this.#targets.set(baseUrl, target);
    }
    return target;
  }

  /** @param opener whose connections these are; null when they are everybody's */
  #newSet(
    target: Target,
    maxIdle: number,
    limit: number,
    opener: SessionOptions | null,
    link: HostLink | null,
  ): ConnectionSet {
    const { observer, idleTimeoutMs } = this.#options;
    const owner = observer.tap ? opener : null;
    const kept = idleTimeoutMs < LEAST_IDLE_MS ? 0 : maxIdle;
    return new ConnectionSet(target, kept, limit, owner, link, (from, program) => {
      if (this.#closed) throw new TransportError('aborted', 'the transport was closed');
      this.#makeRoom();
      const connection = this.#connect(from, (ended) => {
        this.#connections.delete(ended);
        program?.closed(ended);
      });
      this.#connections.add(connection);
      program?.opened(connection);
      return connection;
    });
  }

  /** Closes the connection that was opened first of those that are idle when there are as many as there may be. */
  #makeRoom(): void {
    const { mostConnections = Infinity, onCrowded } = this.#options;
    if (this.#connections.size < mostConnections) return;
    const oldest = this.#oldestIdle();
    if (!oldest) return;
    oldest.retire();
    if (this.#crowded) return;
    this.#crowded = true;
    onCrowded?.();
  }

  #oldestIdle(): Connection | null {
    for (const connection of this.#connections) if (connection.idle) return connection;
    return null;
  }

  #keptSession(
    target: Target,
    owner: string,
    maxIdle: number,
    limit: number,
    opener: SessionOptions | null,
    link: HostLink | null,
  ): Session {
    const held: string[] = [];
    return new PooledSession(
      target,
      this.#route,
      (to) => {
        const key = `${owner} ${to.origin}`;
        let kept = this.#kept.get(key);
        if (!kept) {
          kept = { set: this.#newSet(to, maxIdle, limit, opener, link), sessions: 0 };
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
      false,
      this.#options.observer,
      opener?.program,
    );
  }
}

function noop(): void {}
