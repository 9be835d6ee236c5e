/**
 * A request in undici's hands: the handler of what comes back, and the head that is written in the place of undici's.
 */
import { gunzipSync } from 'node:zlib';
import type { Dispatcher } from 'undici';
import { wallNow } from '../../../model/time/clock.ts';
import { kindOfSystemError } from '../error-kinds.ts';
import { filledHead, type HeadPieces, headPieces, requestHead, type Target, wrongValues } from '../go-http.ts';
import {
  type FilledRequest,
  type PreparedRequest,
  type RequestTemplate,
  TransportError,
  type WireRequest,
  type WireResponse,
} from '../transport.ts';

/** What net/http calls replayable: methods without effects; their bodies can be had again (request.go isReplayable). */
const METHODS_WITHOUT_EFFECTS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);
const NO_BODY = Buffer.alloc(0);

function noop(): void {}

/** A connection that carries a request. */
interface Carrier {
  destroy(why: string, cause?: unknown): Promise<void>;
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
 * One request and what came back; undici's handler and the record of times and sizes in one object. A request that is sent
 * again begins anew in the same object.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  /** The request's head as Go writes it, without the blank line when the body is chunked (undici writes that). */
  head = '';
  status = 0;
  location = '';
  sentAt = 0;
  firstByteAt = 0;
  endAt = 0;
  resolve: () => void = noop;
  reject: (error: unknown) => void = noop;
  /** The connection that it is on. */
  carrier: Carrier | null = null;
  /** Where it waits for a connection. */
  queue: Queue | null = null;
  cancelled: TransportError | null = null;
  #method = '';
  #path = '';
  #chunked = false;
  #discard = false;
  #body: Buffer | undefined;
  #contentType = '';
  #gzip = false;
  #chunks: Buffer[] = [];
  #bodyBytes = 0;
  #headBytes = 0;

  begin(target: Target, request: WireRequest): void {
    const { method, path, body, chunked = false, discardBody = false } = request;
    this.#method = method;
    this.#path = path;
    this.#chunked = chunked;
    this.#discard = discardBody;
    this.#body = typeof body === 'string' ? Buffer.from(body) : body;
    this.head = requestHead(target, request, this.#body?.length ?? 0);
  }

  beginFilled(request: FilledRequest, prepared: PreparedHead): void {
    this.#method = prepared.template.method;
    // undici writes a head with it, in whose place ours is put.
    this.#path = '/';
    this.#body = request.body === undefined ? undefined : Buffer.from(request.body);
    this.head = prepared.fill(request, this.#body?.length ?? 0);
  }

  /** Ends it where it is; it fails with kind `aborted`. */
  cancel(cause?: unknown): void {
    if (this.cancelled) return;
    this.cancelled = abortedError(cause);
    if (this.carrier) void this.carrier.destroy('the request was aborted', cause);
    else this.queue?.leave(this);
  }

  /**
   * A connection that the server closed while it was idle is noticed only when it is used: as net/http does, a request
   * without effects, whose body can be had again, is then sent on another one.
   */
  get replayable(): boolean {
    const silent = this.sentAt > 0 && this.firstByteAt === 0;
    return silent && !this.#chunked && METHODS_WITHOUT_EFFECTS.has(this.#method);
  }

  get redirected(): boolean {
    return this.status >= 300 && this.status < 400;
  }

  dispatchOptions(): Dispatcher.DispatchOptions {
    const body = this.#body;
    this.status = 0;
    this.location = '';
    this.sentAt = 0;
    this.firstByteAt = 0;
    this.#contentType = '';
    this.#gzip = false;
    this.#chunks = [];
    this.#bodyBytes = 0;
    return {
      method: this.#method as Dispatcher.HttpMethod,
      path: this.#path,
      // undici would close the connection after a GET with a body or the like; Go does not.
      reset: false,
      body: body === undefined || body.length === 0 ? null : this.#chunked ? (onePiece(body) as never) : body,
    };
  }

  onRequestStart(): void {}

  onResponseStarted(): void {
    if (this.firstByteAt === 0) this.firstByteAt = wallNow();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
    statusText?: string,
  ): void {
    if (status < 200) return;
    if (this.firstByteAt === 0) this.firstByteAt = wallNow();
    this.status = status;
    this.#contentType = first(headers['content-type']);
    this.location = first(headers.location);
    this.#gzip = first(headers['content-encoding']).toLowerCase() === 'gzip';
    let bytes = 'HTTP/1.1 000 \r\n\r\n'.length + (statusText?.length ?? 0);
    const raw = (controller as { rawHeaders?: (Buffer | string)[] }).rawHeaders ?? [];
    for (const part of raw) bytes += part.length + 2;
    this.#headBytes = bytes;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bodyBytes += chunk.length;
    if (!this.#discard) this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    this.endAt = wallNow();
    this.resolve();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.endAt = wallNow();
    this.reject(error);
  }

  /** @throws TransportError `decode` when the body is no proper gzip although it says so. */
  response(): WireResponse {
    let body: Buffer = NO_BODY;
    if (!this.#discard) {
      body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks, this.#bodyBytes);
      if (this.#gzip && body.length > 0) {
        try {
          body = gunzipSync(body);
        } catch (error) {
          throw new TransportError('decode', `the gzip body cannot be decoded: ${(error as Error).message}`, {
            cause: error,
          });
        }
      }
    }
    return {
      status: this.status,
      contentType: this.#contentType,
      body,
      bytesSent: Buffer.byteLength(this.head, 'latin1') + (this.#chunked ? 2 : 0) + (this.#body?.length ?? 0),
      bytesReceived: this.#headBytes + this.#bodyBytes,
      sentAt: this.sentAt,
      firstByteAt: this.firstByteAt,
      endAt: this.endAt,
    };
  }
}

/** As one chunk: net/http writes a body that is in memory that way. */
async function* onePiece(body: Buffer): AsyncGenerator<Buffer> {
  yield body;
}

function first(value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? '';
}

/** What went wrong with a request that a connection had taken. */
export function toTransportError(error: unknown, exchange: Exchange): TransportError {
  if (error instanceof TransportError) return error;
  if (exchange.cancelled) return exchange.cancelled;
  const { message, cause } = error as Error;
  // undici wraps what closed a socket.
  if (cause instanceof TransportError) return cause;
  const kind = kindOfSystemError(error);
  // A dial that timed out never got this far: here the kernel gave up a connection that was open.
  return new TransportError(kind === 'dial-timeout' ? 'reset' : kind, message, { cause: error });
}

export function abortedError(cause?: unknown): TransportError {
  return new TransportError('aborted', 'the request was aborted', { cause });
}
