/** A request on its way, and what came back. */
import { gunzipSync } from 'node:zlib';
import { wallNow } from '../../model/time/clock.ts';
import { filledHead, type HeadPieces, headPieces, requestHead, type Target, wrongValues } from './go-http.ts';
import type { OverLink } from './link/link-observer.ts';
import {
  type FilledRequest,
  type PreparedRequest,
  type RequestTemplate,
  TransportError,
  type WireRequest,
  type WireResponse,
} from './transport.ts';

/** What net/http calls replayable: methods without effects; their bodies can be had again (request.go isReplayable). */
const METHODS_WITHOUT_EFFECTS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const NO_BODY = Buffer.alloc(0);

function noop(): void {}

/** A connection that carries a request. */
interface Carrier {
  destroy(why: string, cause?: unknown): void;
}

/** Where requests wait for a connection. */
interface Queue {
  leave(exchange: Exchange): void;
}

/** A template whose head was composed: the texts between its blanks. */
export class PreparedHead implements PreparedRequest {
  readonly template: RequestTemplate;
  readonly target: Target;
  readonly #head: HeadPieces;

  constructor(target: Target, template: RequestTemplate) {
    this.template = template;
    this.target = target;
    this.#head = headPieces(target, template);
  }

  /** @throws TypeError when there are more or fewer values than blanks. */
  fill(filled: FilledRequest, bodyLength: number): string {
    if (filled.values.length !== this.#head.pieces.length - 2) throw wrongValues(filled);
    return filledHead(this.#head, this.template.method, filled.values, bodyLength);
  }
}

/**
 * One request, and the record of what came back with times and sizes. One that is sent again begins anew in the same object.
 *
 *   begin ──> on(connection) ──> sent ──> began ──> answered ──> data … ──> complete ──> response
 *                  │                                                 └──> fail
 *                  └── cancel: the connection is destroyed
 */
export class Exchange {
  /** The request's head as Go writes it, without the blank line when the body is chunked (the first chunk begins with it). */
  head = '';
  method = '';
  body: string | Buffer | undefined;
  /** Bytes of the body. */
  bodyBytes = 0;
  chunked = false;
  status = 0;
  contentType = '';
  location = '';
  /** The body that comes back is encoded so. */
  gzip = false;
  sentAt = 0;
  firstByteAt = 0;
  endAt = 0;
  /** Where it waits for a connection. */
  queue: Queue | null = null;
  cancelled: TransportError | null = null;
  #resolve: () => void = noop;
  #reject: (error: TransportError) => void = noop;
  #carrier: Carrier | null = null;
  #discard = false;
  #chunks: Buffer[] | null = null;
  #bytesReceived = 0;
  #receivedOfBody = 0;
  #overLink: OverLink | null = null;

  begin(target: Target, request: WireRequest): void {
    const { method, body, chunked = false, discardBody = false } = request;
    this.method = method;
    this.#discard = discardBody;
    this.#put(body);
    this.chunked = chunked && this.bodyBytes > 0;
    this.head = requestHead(target, request, this.bodyBytes);
  }

  beginFilled(request: FilledRequest, prepared: PreparedHead): void {
    this.method = prepared.template.method;
    this.#put(request.body);
    this.head = prepared.fill(request, this.bodyBytes);
  }

  #put(body: string | Buffer | undefined): void {
    this.body = body;
    this.bodyBytes = body === undefined ? 0 : Buffer.byteLength(body);
  }

  /**
   * Hands it to a connection: `send` begins, and what it throws is the failure.
   * @returns fulfilled with {@link complete}
   */
  on(carrier: Carrier, send: () => void): Promise<void> {
    this.#carrier = carrier;
    this.status = 0;
    this.contentType = '';
    this.location = '';
    this.gzip = false;
    this.sentAt = 0;
    this.firstByteAt = 0;
    this.#chunks = null;
    this.#bytesReceived = 0;
    this.#receivedOfBody = 0;
    return new Promise<void>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      send();
    });
  }

  /** A link had bytes of its connection under way for so many wall-clock milliseconds, beside those before on other connections. */
  held(link: number, ms: number): void {
    this.#overLink = { link, ms: (this.#overLink?.ms ?? 0) + ms };
  }

  /** Its connection has let it go. */
  off(): void {
    this.#carrier = null;
  }

  /** Ends it where it is; it fails with kind `aborted`. */
  cancel(cause?: unknown): void {
    if (this.cancelled) return;
    this.cancelled = abortedError(cause);
    if (this.#carrier) this.#carrier.destroy('the request was aborted', cause);
    else this.queue?.leave(this);
  }

  /**
   * A connection that the server closed while it was idle is noticed only when it is used: as net/http does, a request
   * without effects, whose body can be had again, is then sent on another one.
   */
  get replayable(): boolean {
    const silent = this.sentAt > 0 && this.firstByteAt === 0;
    return silent && !this.chunked && METHODS_WITHOUT_EFFECTS.has(this.method);
  }

  get redirected(): boolean {
    return this.status >= 300 && this.status < 400;
  }

  /** Its first byte is handed to the socket now. */
  sent(): void {
    this.sentAt = wallNow();
  }

  /** The first byte of an answer came at this moment (see wallNow). */
  began(at: number): void {
    if (this.firstByteAt === 0) this.firstByteAt = at;
  }

  /** @param headBytes status line and headers, with their line ends */
  answered(status: number, headBytes: number): void {
    this.status = status;
    this.#bytesReceived = headBytes;
  }

  /** A piece of the encoded body; it must stay as it is. */
  data(chunk: Buffer): void {
    this.count(chunk.length);
    if (this.#discard) return;
    this.#chunks ??= [];
    this.#chunks.push(chunk);
  }

  /** So many bytes of the body came; of a discarded one nothing else is wanted. */
  count(bytes: number): void {
    this.#bytesReceived += bytes;
    this.#receivedOfBody += bytes;
  }

  /** The body is not kept. */
  get discards(): boolean {
    return this.#discard;
  }

  complete(): void {
    this.endAt = wallNow();
    this.#resolve();
  }

  fail(error: TransportError): void {
    this.endAt = wallNow();
    this.#reject(this.cancelled ?? error);
  }

  /** @throws TransportError `decode` when the body is no proper gzip although it says so. */
  response(): WireResponse {
    return {
      status: this.status,
      contentType: this.contentType,
      body: this.#decoded(),
      bytesSent: this.head.length + (this.chunked ? 2 : 0) + this.bodyBytes,
      bytesReceived: this.#bytesReceived,
      sentAt: this.sentAt,
      firstByteAt: this.firstByteAt,
      endAt: this.endAt,
      overLink: this.#overLink,
    };
  }

  #decoded(): Buffer {
    const chunks = this.#chunks;
    if (!chunks) return NO_BODY;
    const body = chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, this.#receivedOfBody);
    if (!this.gzip || body.length === 0) return body;
    try {
      return gunzipSync(body);
    } catch (error) {
      const { message } = error as Error;
      throw new TransportError('decode', `the gzip body cannot be decoded: ${message}`, { cause: error });
    }
  }
}

export function abortedError(cause?: unknown): TransportError {
  return new TransportError('aborted', 'the request was aborted', { cause });
}
