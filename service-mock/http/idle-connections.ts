/**
 * Connections that wait for their next request. Agents leave one open for 90 s after every poll, so that a service has two or
 * three times as many as hosts, and Node's HTTP server keeps a parser of 7 KB and some twenty closures for each. Here the parser
 * goes back to Node's pool after a while, and what remains is the socket:
 *
 *   connection → HTTP ─ answered, nothing begun for REST_AFTER_MS ─► rests ─ first byte ─► HTTP again, as a new connection
 *                                                                       └─ end, error ─► closed
 *
 * Clients cannot tell: nothing is sent, no byte is lost, and the time for a head counts from its first byte as before.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';

/** Wall-clock milliseconds: the parsers in use for the 1,667 polls a second of 100,000 hosts are within Node's pool of 1,000. */
const REST_AFTER_MS = 500;

/** What Node's HTTP server puts on a socket (`lib/_http_server.js`). */
interface ServedSocket extends Socket {
  readonly parser?: Parser | null;
  /** The answer that is being sent, or is to be. */
  readonly _httpMessage?: ServerResponse | null;
}

/** Node's own. Its callbacks are members by number; Node's HTTP server uses all but the one for the begin of a message. */
interface Parser {
  readonly socket: Socket;
  readonly constructor: { readonly kOnMessageBegin: number };
  [callback: number]: (this: Parser) => void;
}

/** Methods that it lays over those of the socket. */
const HTTP_METHODS = ['addListener', 'on', 'prependListener', 'setEncoding'] as const;

type Listener = (this: Socket) => void;

export class IdleConnections {
  /** What Node does with HTTP's side of a connection when this is closed. Without it a connection is left as it is. */
  readonly #endings = new WeakMap<Socket, Listener>();
  /** Those of which a head has begun. */
  readonly #begun = new WeakSet<Socket>();
  /** Those in HTTP whose requests are all answered, and since when; the oldest first. */
  readonly #idle = new Map<ServedSocket, number>();
  readonly #resting = new Set<Socket>();
  readonly #wake: (this: Socket, chunk: Buffer) => void;
  readonly #forget: Listener;
  readonly #restAfterMs: number;
  #isWatching = false;

  /**
   * @param server without TLS
   * @param restAfterMs wall-clock milliseconds without a request after which a connection rests
   */
  constructor(server: Server, restAfterMs = REST_AFTER_MS) {
    this.#restAfterMs = restAfterMs;
    const [begun, idle, resting] = [this.#begun, this.#idle, this.#resting];
    function onMessageBegin(this: Parser): void {
      begun.add(this.socket);
      idle.delete(this.socket);
    }
    // One listener for all: there are very many that rest.
    function forget(this: Socket): void {
      resting.delete(this);
    }
    function wake(this: Socket, chunk: Buffer): void {
      resting.delete(this);
      this.off('data', wake).off('end', end).off('error', ignore).off('close', forget);
      server.emit('connection', this);
      this.emit('data', chunk);
    }
    this.#wake = wake;
    this.#forget = forget;
    server.on('connection', (socket: ServedSocket) => {
      const [ending, other] = socket.listeners('close');
      const { parser } = socket;
      const number = parser?.constructor.kOnMessageBegin;
      if (!parser || number === undefined || !ending || other) return;
      parser[number] = onMessageBegin;
      this.#endings.set(socket, ending as Listener);
    });
    server.prependListener('request', (request, response) => this.#serving(request, response));
    // Node does not know of those that rest.
    for (const name of ['closeAllConnections', 'closeIdleConnections'] as const) {
      const close = server[name].bind(server);
      server[name] = () => {
        close();
        for (const socket of resting) socket.destroy();
      };
    }
  }

  /** How many rest. */
  get resting(): number {
    return this.#resting.size;
  }

  #serving(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#begun.delete(socket);
    response.once('close', () => {
      if (socket.destroyed || !request.complete || this.#begun.has(socket)) return;
      this.#idle.delete(socket);
      this.#idle.set(socket, performance.now());
      this.#watch(this.#restAfterMs);
    });
  }

  #watch(milliseconds: number): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    setTimeout(() => this.#look(), milliseconds).unref();
  }

  #look(): void {
    this.#isWatching = false;
    const now = performance.now();
    for (const [socket, since] of this.#idle) {
      const left = since + this.#restAfterMs - now;
      if (left > 0) {
        this.#watch(left);
        return;
      }
      this.#idle.delete(socket);
      if (isQuiet(socket)) this.#rest(socket);
    }
  }

  #rest(socket: ServedSocket): void {
    const ending = this.#endings.get(socket);
    if (!ending) return;
    this.#endings.delete(socket);
    const own = socket.listeners('end').filter((listener) => OWN_ENDS.has(listener)) as Listener[];
    // Set, as objects that members are deleted of take a KB more.
    for (const name of HTTP_METHODS) Object.assign(socket, { [name]: Socket.prototype[name] });
    socket.removeAllListeners();
    ending.call(socket);
    for (const listener of own) socket.on('end', listener);
    socket.on('data', this.#wake).on('end', end).on('error', ignore).on('close', this.#forget);
    this.#resting.add(socket);
  }
}

/** Listeners that every socket has of its own. */
const OWN_ENDS: ReadonlySet<unknown> = new Set(new Socket().listeners('end'));

/** How many listeners there are when nobody but Node's HTTP server listens. */
const LISTENERS: Readonly<Record<string, number>> = {
  close: 1,
  data: 1,
  drain: 1,
  end: 1 + OWN_ENDS.size,
  error: 1,
  pause: 1,
  resume: 1,
  timeout: 1,
};

function end(this: Socket): void {
  this.end();
}

/** A socket in error closes by itself. */
function ignore(): void {}

/** Whether nothing is on its way in either direction, no other request waits for its answer, and nobody else listens. */
function isQuiet(socket: ServedSocket): boolean {
  if (socket.destroyed || !socket.readable || !socket.writable || socket._httpMessage) return false;
  if (socket.writableLength > 0 || socket.readableLength > 0) return false;
  return socket.eventNames().every((name) => LISTENERS[name as string] === socket.listenerCount(name));
}
