/**
 * Passes requests on to a server and writes each of them down, with the connections they came on. Streams pass through. It can hold
 * requests back, answer some itself, and stand still for a while. All moments are wall-clock milliseconds.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { wallNow } from '../../../model/time/clock.ts';

export interface RecordedRequest {
  method: string;
  /** Path and query. */
  target: string;
  headers: IncomingHttpHeaders;
  /** That it came on: place in the list of them. */
  connection: number;
  arrivedAt: number;
  /** 0 while there is no answer. */
  status: number;
  /** Just before the last bytes of its answer so far were handed to the socket: whoever waits for them has them later. */
  lastByteAt: number;
  /** Its client went away before it was answered in full. */
  cutOff: boolean;
  /** Bytes that only frame the chunks of bodies; a request's is taken to be one chunk, as Go's net/http sends what it has in memory. */
  chunkFrames: { sent: number; received: number };
  /** Bodies of what is to be kept; '' of others. */
  body: string;
  answer: string;
}

export interface RecordedConnection {
  openedAt: number;
  /** 0 while it is open. */
  closedAt: number;
  /** By its client, and by this side. */
  bytesSent: number;
  bytesReceived: number;
}

export interface RecordingOptions {
  /** Milliseconds that a request is held back before it is passed on; asked in the order of arrival. */
  delayMs?: (request: RecordedRequest) => number;
  /** What the proxy answers by itself; null for what it passes on. */
  answerItself?: (request: RecordedRequest) => { status: number; body: object } | null;
  /** Whether bodies are kept. */
  keepBodies?: (request: RecordedRequest) => boolean;
}

interface Stall {
  wanted: (request: RecordedRequest) => boolean;
  ms: number;
  begun: (fromMs: number) => void;
}

const LAST_CHUNK = '0\r\n\r\n'.length;
/** RFC 9112, 7.1: the length as hexadecimal digits, and two line ends. */
const frameOf = (bytes: number) => bytes.toString(16).length + 4;
const isChunked = (headers: IncomingHttpHeaders) => headers['transfer-encoding'] === 'chunked';

export class RecordingProxy {
  readonly requests: RecordedRequest[] = [];
  readonly connections: RecordedConnection[] = [];
  readonly #target: URL;
  readonly #options: RecordingOptions;
  readonly #server: Server;
  readonly #connectionOf = new WeakMap<Socket, number>();
  #stall: Stall | null = null;
  /** Resolves when nothing stands still. */
  #open: Promise<unknown> = Promise.resolve();

  /** @param target base URL of the server, http */
  constructor(target: string, options: RecordingOptions = {}) {
    this.#target = new URL(target);
    this.#options = options;
    // The side that asks closes idle connections.
    this.#server = createServer(
      { keepAliveTimeout: 600_000 },
      (incoming, outgoing) => void this.#take(incoming, outgoing),
    );
    this.#server.on('connection', (socket) => this.#connected(socket));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /**
   * Stands still once, for so many milliseconds from the arrival of the next such request: nothing is passed on, and no answer begins.
   * @returns when it began
   */
  standStillAt(wanted: (request: RecordedRequest) => boolean, ms: number): Promise<number> {
    return new Promise((begun) => {
      this.#stall = { wanted, ms, begun };
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #connected(socket: Socket): void {
    const record: RecordedConnection = { openedAt: wallNow(), closedAt: 0, bytesSent: 0, bytesReceived: 0 };
    this.#connectionOf.set(socket, this.connections.push(record) - 1);
    socket.on('close', () => {
      record.closedAt = wallNow();
      record.bytesSent = socket.bytesRead;
      record.bytesReceived = socket.bytesWritten;
    });
  }

  async #take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const { method = '', url: target = '', headers } = incoming;
    const connection = this.#connectionOf.get(incoming.socket)!;
    const record: RecordedRequest = {
      ...{ method, target, headers, connection, arrivedAt: wallNow(), status: 0, lastByteAt: 0, cutOff: false },
      ...{ chunkFrames: { sent: 0, received: 0 }, body: '', answer: '' },
    };
    this.requests.push(record);
    let gone = false;
    let leave = () => {};
    outgoing.on('close', () => {
      gone = true;
      record.cutOff = !outgoing.writableFinished;
      leave();
    });
    const { delayMs, answerItself, keepBodies } = this.#options;
    this.#standStill(record);
    const wait = delayMs?.(record) ?? 0;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    await this.#open;
    if (gone) return;
    const own = answerItself?.(record) ?? null;
    if (own !== null) {
      incoming.resume();
      record.status = own.status;
      record.lastByteAt = wallNow();
      const body = JSON.stringify(own.body);
      const fields = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
      outgoing.writeHead(own.status, fields).end(body);
      return;
    }
    const keeps = keepBodies?.(record) ?? false;
    let bodyBytes = 0;
    incoming.on('data', (chunk: Buffer) => {
      bodyBytes += chunk.length;
      if (isChunked(headers)) record.chunkFrames.sent = frameOf(bodyBytes) + LAST_CHUNK;
      if (keeps) record.body += chunk;
    });
    const { hostname, port } = this.#target;
    const onward = httpRequest({ hostname, port, method, path: target, headers }, async (answer) => {
      await this.#open;
      record.status = answer.statusCode!;
      record.lastByteAt = wallNow();
      outgoing.writeHead(record.status, answer.headers);
      const chunked = isChunked(answer.headers);
      if (chunked) record.chunkFrames.received = LAST_CHUNK;
      // Before the pipe gets to see it.
      answer.on('data', (chunk: Buffer) => {
        record.lastByteAt = wallNow();
        if (chunked) record.chunkFrames.received += frameOf(chunk.length);
        if (keeps) record.answer += chunk;
      });
      answer.pipe(outgoing);
    });
    leave = () => onward.destroy();
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  }

  #standStill(record: RecordedRequest): void {
    if (!this.#stall?.wanted(record)) return;
    const { ms, begun } = this.#stall;
    this.#stall = null;
    const { arrivedAt } = record;
    // Timers may fire a little early.
    this.#open = new Promise((resolve) => setTimeout(resolve, Math.ceil(arrivedAt + ms - wallNow()) + 1));
    begun(arrivedAt);
  }
}
