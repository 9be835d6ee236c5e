/** Requests of one program: the connection they take, the redirects they follow, and their end when it is killed. */
import type { ConnectionSet } from './connection-set.ts';
import { abortedError, Exchange, PreparedHead } from './exchange.ts';
import { filledRequest, type Router, redirectOf, type Target } from './go-http.ts';
import type { Program } from './program.ts';
import {
  type FilledRequest,
  type Session,
  TransportError,
  type TransportObserver,
  type WireRequest,
  type WireResponse,
} from './transport.ts';

/** net/http follows this many redirects, then fails (client.go defaultCheckRedirect). */
const MAX_REDIRECTS = 10;

export class PooledSession implements Session {
  readonly #target: Target;
  readonly #route: Router;
  readonly #open: (target: Target) => ConnectionSet;
  readonly #onRelease: () => void;
  readonly #own: boolean;
  readonly #observer: Pick<TransportObserver, 'requestRepeated'>;
  readonly #program: Program | undefined;
  #home: ConnectionSet | null = null;
  /** Origins that redirects led to; rare. */
  #others: Map<string, ConnectionSet> | null = null;
  #released = false;
  readonly #underWay: Exchange[] = [];
  aborted = false;

  /**
   * @param own whether no other session uses its connections
   * @param program whose connections those are that it opens
   */
  constructor(
    target: Target,
    route: Router,
    open: (target: Target) => ConnectionSet,
    onRelease: () => void,
    own: boolean,
    observer: Pick<TransportObserver, 'requestRepeated'>,
    program?: Program,
  ) {
    this.#target = target;
    this.#route = route;
    this.#open = open;
    this.#onRelease = onRelease;
    this.#own = own;
    this.#observer = observer;
    this.#program = program;
  }

  /**
   * The whole way of a request is this one function, as agents come this way at each poll:
   *
   *   begin ──> connection ──> head and body out, answer in ──> redirect? ──no──> response
   *     ^           ^                      │                        │yes
   *     │           └──── idle one dead <──┘                        │
   *     └────────────────── next location <─────────────────────────┘
   */
  async request(request: WireRequest | FilledRequest): Promise<WireResponse> {
    if (this.#released) throw new TransportError('aborted', 'the session was released');
    if (this.aborted) throw abortedError();
    const exchange = new Exchange();
    let target = this.#target;
    let current: WireRequest | null = null;
    let signal: AbortSignal | undefined;
    if ('prepared' in request) {
      exchange.beginFilled(request, this.#headOf(request));
    } else {
      current = { ...request, path: target.prefix + request.path };
      exchange.begin(target, current);
      signal = request.signal;
      if (signal?.aborted) throw abortedError(signal.reason);
    }
    const onAbort = signal && (() => exchange.cancel(signal.reason));
    if (onAbort) signal?.addEventListener('abort', onAbort, { once: true });
    this.#underWay.push(exchange);
    try {
      for (let hops = 0; ; ) {
        if (exchange.cancelled) throw exchange.cancelled;
        const set = this.#setOf(target);
        const connection = set.take(this.#program) ?? (await set.turn(exchange, this.#program));
        const reused = connection.used;
        const { path } = connection;
        const heldMs = path === null ? 0 : path.heldMs;
        try {
          await connection.run(exchange);
        } catch (error) {
          // Connections throw nothing else.
          const failure = error as TransportError;
          if (reused && exchange.replayable && failure.kind !== 'aborted') {
            this.#observer.requestRepeated('replayed');
            continue;
          }
          failure.sentAt = exchange.sentAt;
          throw failure;
        } finally {
          exchange.off();
          if (path !== null) exchange.held(path.link.kind.number, path.heldMs - heldMs);
          connection.rest();
          set.put(connection);
        }
        if (!exchange.redirected) return exchange.response();
        current ??= withPrefix(target, request);
        const next = redirectOf(target, current, exchange.status, exchange.location, this.#route);
        if (!next) return exchange.response();
        if (hops++ === MAX_REDIRECTS) throw new TransportError('protocol', `stopped after ${MAX_REDIRECTS} redirects`);
        this.#observer.requestRepeated('redirected');
        target = next.target;
        current = next.request;
        exchange.begin(target, current);
      }
    } finally {
      const at = this.#underWay.indexOf(exchange);
      this.#underWay.splice(at, 1);
      if (onAbort) signal?.removeEventListener('abort', onAbort);
    }
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const exchange of [...this.#underWay]) exchange.cancel();
  }

  release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#onRelease();
  }

  end(): void {
    this.release();
    if (!this.#own) return;
    this.#home?.close();
    for (const set of this.#others?.values() ?? []) set.close();
  }

  #headOf({ prepared }: FilledRequest): PreparedHead {
    if (!(prepared instanceof PreparedHead)) {
      throw new TypeError('the request was prepared by another transport: use the prepare() of the one that sends it');
    }
    if (prepared.target !== this.#target) {
      const { baseUrl } = prepared.template;
      throw new TypeError(`the request was prepared for ${baseUrl}, the session goes to ${this.#target.origin}`);
    }
    return prepared;
  }

  #setOf(target: Target): ConnectionSet {
    const { origin } = target;
    if (origin === this.#target.origin) {
      this.#home ??= this.#open(target);
      return this.#home;
    }
    this.#others ??= new Map();
    let set = this.#others.get(origin);
    if (!set) {
      set = this.#open(target);
      this.#others.set(origin, set);
    }
    return set;
  }
}

function withPrefix(target: Target, request: WireRequest | FilledRequest): WireRequest {
  const whole = 'prepared' in request ? filledRequest(request) : request;
  return { ...whole, path: target.prefix + whole.path };
}
