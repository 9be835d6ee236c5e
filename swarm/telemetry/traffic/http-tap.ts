/**
 * Listens to a connection that others speak HTTP/1.1 on, without changing a byte: requests with their responses, sizes and
 * moments. What is not HTTP ends the listening, never the connection.
 *
 *    head ──► length or chunks or nothing or the rest ──► head …      once for each direction; pairs in order
 */

/** A request and what became of it. Moments are of the clock that the tap was given. */
export interface TappedExchange {
  method: string;
  /** Path and query, as sent. */
  target: string;
  /** Header fields as sent: name, value, name, value … */
  headers: string[];
  /** Of the request, without framing; '' where it is longer than what is kept. */
  body: string;
  /** 0 when no response came. */
  status: number;
  /** Header fields of the response, as {@link headers}. */
  responseHeaders: string[];
  /** Of the response, as {@link body}, still encoded. */
  responseBody: Buffer;
  /** Bytes of head and body, framing included. */
  bytesSent: number;
  bytesReceived: number;
  /** Bytes of the request's head, its blank line included. */
  headBytesSent: number;
  /** First byte of the request. */
  sentAt: number;
  /** First byte of the response; 0 when none came. */
  firstByteAt: number;
  /** Last byte of the response, or the end of the connection. */
  endAt: number;
}

/** Bytes up to which bodies are kept. */
export interface KeptBodies {
  request: number;
  response: number;
}

/** Enough for what programs say of stages. */
const KEPT_BODIES: KeptBodies = { request: 4096, response: 0 };
const NO_BODY = Buffer.alloc(0);
/** A head longer than this is none. */
const MOST_HEAD_BYTES = 256 * 1024;

type Body = 'none' | 'length' | 'chunked' | 'rest';

interface Head {
  /** First line. */
  line: string;
  fields: string[];
}

/** One direction of a connection. */
class Direction {
  /** Of the message under way, head included; 0 between messages. */
  bytes = 0;
  /** Of its head. */
  headBytes = 0;
  /** The bytes cannot be understood any more. */
  lost = false;
  readonly #onHead: (head: Head) => Body;
  readonly #onEnd: () => void;
  readonly #mostKept: number;
  #head = '';
  #body: Body | null = null;
  /** Bytes of the body, or of the chunk with its line break, that are still to come; -1 where a chunk's size is next. */
  #left = 0;
  #sizeLine = '';
  #trailer = false;
  /** Of the body; null when it is too long. */
  #kept: Buffer[] | null = null;
  #keptBytes = 0;

  constructor(mostKept: number, onHead: (head: Head) => Body, onEnd: () => void) {
    this.#mostKept = mostKept;
    this.#onHead = onHead;
    this.#onEnd = onEnd;
  }

  get underWay(): boolean {
    return this.bytes > 0;
  }

  /** What was kept of the message that ends. */
  get body(): Buffer {
    return this.#kept && this.#keptBytes > 0 ? Buffer.concat(this.#kept) : NO_BODY;
  }

  read(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length && !this.lost) {
      const from = at;
      if (this.#body === null) at = this.#readHead(chunk, at);
      else if (this.#body === 'length') at = this.#readLength(chunk, at);
      else if (this.#body === 'chunked') at = this.#readChunks(chunk, at);
      else at = this.#readRest(chunk, at);
      this.bytes += at - from;
      if (this.#body !== null && this.#isOver()) this.#finish();
    }
  }

  #isOver(): boolean {
    if (this.#body === 'length') return this.#left === 0;
    return this.#body === 'none';
  }

  #finish(): void {
    this.#body = null;
    this.#onEnd();
    this.bytes = 0;
    this.#kept = null;
    this.#keptBytes = 0;
  }

  #keep(piece: Buffer): void {
    this.#keptBytes += piece.length;
    if (this.#keptBytes > this.#mostKept) this.#kept = null;
    else this.#kept?.push(piece);
  }

  #readHead(chunk: Buffer, from: number): number {
    const text = chunk.toString('latin1', from);
    const before = this.#head.length;
    const all = this.#head + text;
    const end = all.indexOf('\r\n\r\n', Math.max(0, before - 3));
    if (end < 0) {
      this.#head = all;
      if (all.length > MOST_HEAD_BYTES) this.lost = true;
      return chunk.length;
    }
    this.#head = '';
    const head = parseHead(all.slice(0, end));
    if (!head) {
      this.lost = true;
      return chunk.length;
    }
    this.headBytes = this.bytes + end + 4 - before;
    this.#body = this.#onHead(head);
    this.#kept = this.#mostKept > 0 ? [] : null;
    if (this.#body === 'length') {
      this.#left = lengthOf(head.fields);
      if (this.#left > this.#mostKept) this.#kept = null;
      if (this.#left === 0) this.#body = 'none';
    }
    if (this.#body === 'chunked') {
      this.#left = -1;
      this.#sizeLine = '';
      this.#trailer = false;
    }
    return from + end + 4 - before;
  }

  #readLength(chunk: Buffer, from: number): number {
    const taken = Math.min(this.#left, chunk.length - from);
    this.#left -= taken;
    this.#keep(chunk.subarray(from, from + taken));
    return from + taken;
  }

  #readRest(chunk: Buffer, from: number): number {
    this.#keep(chunk.subarray(from));
    return chunk.length;
  }

  /** The line break after a chunk is none of the body. */
  #readChunk(chunk: Buffer, from: number): number {
    const taken = Math.min(this.#left, chunk.length - from);
    const ofBody = Math.min(taken, Math.max(0, this.#left - 2));
    if (ofBody > 0) this.#keep(chunk.subarray(from, from + ofBody));
    this.#left -= taken;
    return from + taken;
  }

  #readChunks(chunk: Buffer, from: number): number {
    if (this.#left > 0) return this.#readChunk(chunk, from);
    if (this.#left === 0) this.#left = -1;
    const end = chunk.indexOf(10, from);
    const upTo = end < 0 ? chunk.length : end + 1;
    this.#sizeLine += chunk.toString('latin1', from, upTo);
    if (this.#sizeLine.length > MOST_HEAD_BYTES) this.lost = true;
    if (end < 0) return upTo;
    const line = this.#sizeLine.trim();
    this.#sizeLine = '';
    if (this.#trailer) {
      if (line === '') this.#body = 'none';
      return upTo;
    }
    const size = /^[0-9a-fA-F]{1,8}(?=\s*(;|$))/.exec(line);
    if (!size) {
      this.lost = true;
      return upTo;
    }
    const bytes = Number.parseInt(size[0], 16);
    if (bytes === 0) this.#trailer = true;
    else this.#left = bytes + 2;
    return upTo;
  }
}

interface Open extends TappedExchange {
  answered: boolean;
}

export class HttpTap {
  readonly #now: () => number;
  readonly #onExchange: (exchange: TappedExchange) => void;
  /** Requests whose responses are not over, oldest first. */
  readonly #open: Open[] = [];
  readonly #requests: Direction;
  readonly #responses: Direction;
  #startedAt = 0;
  /** The request whose bytes are coming in. */
  #sending: Open | null = null;

  /** @param onExchange told of each request when its response is over, or will not come */
  constructor(now: () => number, onExchange: (exchange: TappedExchange) => void, kept: KeptBodies = KEPT_BODIES) {
    this.#now = now;
    this.#onExchange = onExchange;
    this.#requests = new Direction(
      kept.request,
      (head) => this.#requested(head),
      () => {
        if (this.#sending) {
          this.#sending.bytesSent = this.#requests.bytes;
          this.#sending.headBytesSent = this.#requests.headBytes;
          this.#sending.body = this.#requests.body.toString('utf8');
        }
        this.#sending = null;
      },
    );
    this.#responses = new Direction(
      kept.response,
      (head) => this.#responded(head),
      () => this.#over(),
    );
  }

  /** Bytes on their way to the service. */
  sent(chunk: Buffer): void {
    if (!this.#requests.underWay) this.#startedAt = this.#now();
    this.#requests.read(chunk);
  }

  /** Bytes on their way back. */
  received(chunk: Buffer): void {
    const first = this.#open[0];
    if (first && first.firstByteAt === 0) first.firstByteAt = this.#now();
    this.#responses.read(chunk);
  }

  /** The connection has ended. */
  end(): void {
    const [first] = this.#open;
    if (first) {
      first.bytesReceived += this.#responses.bytes;
      if (first.answered) first.responseBody = this.#responses.body;
    }
    const at = this.#now();
    for (const exchange of this.#open.splice(0)) this.#tell(exchange, at);
  }

  #requested({ line, fields }: Head): Body {
    const [method = '', target = ''] = line.split(' ', 2);
    const exchange: Open = {
      ...{ method, target, headers: fields, body: '', status: 0, responseHeaders: [], responseBody: NO_BODY },
      ...{ bytesSent: 0, bytesReceived: 0, headBytesSent: 0 },
      ...{ sentAt: this.#startedAt, firstByteAt: 0, endAt: 0, answered: false },
    };
    this.#open.push(exchange);
    this.#sending = exchange;
    return isChunked(fields) ? 'chunked' : 'length';
  }

  #responded({ line, fields }: Head): Body {
    const status = Number(line.split(' ', 2)[1]);
    const exchange = this.#open[0];
    const interim = status >= 100 && status < 200 && status !== 101;
    if (!exchange || interim) return 'none';
    exchange.status = status;
    exchange.answered = true;
    exchange.responseHeaders = fields;
    if (exchange.method === 'HEAD' || status === 204 || status === 304) return 'none';
    if (isChunked(fields)) return 'chunked';
    return lengthOf(fields) >= 0 && hasLength(fields) ? 'length' : 'rest';
  }

  #over(): void {
    const exchange = this.#open[0];
    if (!exchange) return;
    exchange.bytesReceived += this.#responses.bytes;
    // An interim response comes before the one that counts.
    if (!exchange.answered) return;
    exchange.responseBody = this.#responses.body;
    this.#open.shift();
    this.#tell(exchange, this.#now());
  }

  #tell({ answered: _, ...exchange }: Open, endAt: number): void {
    if (exchange.bytesSent === 0) exchange.bytesSent = this.#requests.bytes;
    this.#onExchange({ ...exchange, endAt });
  }
}

function parseHead(text: string): Head | null {
  const [line = '', ...lines] = text.split('\r\n');
  if (!/^(\S+ \S+ HTTP\/1\.[01]|HTTP\/1\.[01] \d{3}( .*)?)$/.test(line)) return null;
  const fields: string[] = [];
  for (const field of lines) {
    const colon = field.indexOf(':');
    if (colon <= 0) return null;
    fields.push(field.slice(0, colon), field.slice(colon + 1).trim());
  }
  return { line, fields };
}

function fieldOf(fields: readonly string[], name: string): string | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toLowerCase() === name) return fields[i + 1];
  return undefined;
}

const isChunked = (fields: readonly string[]) => /\bchunked\s*$/i.test(fieldOf(fields, 'transfer-encoding') ?? '');
const hasLength = (fields: readonly string[]) => fieldOf(fields, 'content-length') !== undefined;

function lengthOf(fields: readonly string[]): number {
  const value = Number(fieldOf(fields, 'content-length') ?? 0);
  return Number.isSafeInteger(value) && value >= 0 ? value : 0;
}
