/**
 * An answer of HTTP/1.x, read piece by piece as it comes from the socket, by the rules of Go's net/http (response.go
 * ReadResponse, transfer.go readTransfer and fixLength, internal/chunked.go; net/textproto reader.go).
 *
 *   head ──1xx──> head again
 *    ├── no body ─────────────────────────────────────────────> done
 *    ├── Content-Length: n ──> body ──────────────────────────> done
 *    ├── chunked ──> size ──> data ──> (size …) ──> trailer ──> done
 *    └── neither ──> body ── end of the connection ───────────> done
 *
 * Pieces are looked at where they lie: of the head only a line that comes in parts is copied, the body once, and no text is
 * made but of the few headers that matter.
 */
import type { Exchange } from '../exchange.ts';
import { TransportError } from '../transport.ts';

/** net/http reads no longer head (transport.go maxHeaderResponseSize). */
const MAX_HEAD = 10 << 20;
/** Interim answers to one request (transport.go readResponse max1xxResponses). */
const MAX_INTERIM = 5;
/** A line that tells the size of a chunk; all lines of a trailer (internal/chunked.go maxLineLength, bufio's default size). */
const MAX_CHUNK_LINE = 4096;
/** Sizes with more digits are too large (internal/chunked.go parseHexUint: 16, here as far as numbers are exact). */
const MAX_CHUNK_DIGITS = 13;

const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const TAB = 0x09;
const COLON = 0x3a;
const DELETE = 0x7f;

const STATUS_LINE = 0;
const HEADERS = 1;
const BODY_OF_LENGTH = 2;
const BODY_UNTIL_END = 3;
const CHUNK_SIZE = 4;
const CHUNK_DATA = 5;
const CHUNK_END = 6;
const TRAILER = 7;
const DONE = 8;

/** Where a header's value goes whose first line has come: it may go on in the next one. */
type Field = 'contentType' | 'location' | 'encoding' | 'length' | 'transfer' | 'connection';

export class ResponseReader {
  readonly #exchange: Exchange;
  #state = STATUS_LINE;
  /** The beginning of a line that has come in parts. */
  #line: Buffer | null = null;
  #lineLength = 0;
  #headBytes = 0;
  #interim = 0;
  /** Bytes of the body, or of the chunk, that are still to come; of the end of a chunk, those that have come. */
  #left = 0;
  #trailerBytes = 0;
  #oldProtocol = false;
  #status = 0;
  #field: Field | null = null;
  #contentType = '';
  #location = '';
  #encoding = '';
  #length: string | null = null;
  #transfer: string | null = null;
  #transfers = 0;
  #connection = '';
  /** The connection can carry another request when this one is done. */
  keepsConnection = true;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /**
   * Takes the first `end` bytes of a piece, which may be overwritten afterwards.
   * @returns whether the answer is complete; more bytes than it has are no answer to anything and end the connection
   * @throws TransportError `protocol` for what is no answer
   */
  feed(piece: Buffer, end: number): boolean {
    let at = 0;
    while (at < end && this.#state !== DONE) {
      switch (this.#state) {
        case BODY_OF_LENGTH:
        case CHUNK_DATA:
          at = this.#take(piece, at, Math.min(end, at + this.#left));
          break;
        case BODY_UNTIL_END:
          at = this.#take(piece, at, end);
          break;
        case CHUNK_END:
          at = this.#endOfChunk(piece, at);
          break;
        default:
          at = this.#lines(piece, at, end);
      }
    }
    if (this.#state !== DONE) return false;
    if (at < end) this.keepsConnection = false;
    return true;
  }

  /** The server has ended the connection. @returns whether that completes the answer */
  end(): boolean {
    return this.#state === BODY_UNTIL_END;
  }

  #take(piece: Buffer, at: number, end: number): number {
    const bytes = end - at;
    const exchange = this.#exchange;
    if (exchange.discards) exchange.count(bytes);
    else exchange.data(Buffer.from(piece.subarray(at, end)));
    if (this.#state !== BODY_UNTIL_END) {
      this.#left -= bytes;
      if (this.#left === 0) this.#state = this.#state === CHUNK_DATA ? CHUNK_END : DONE;
    }
    return end;
  }

  #endOfChunk(piece: Buffer, at: number): number {
    if (piece[at] !== (this.#left === 0 ? CR : LF)) throw malformed('malformed chunked encoding');
    this.#left++;
    if (this.#left === 2) this.#state = CHUNK_SIZE;
    return at + 1;
  }

  /** Takes lines as long as they are complete and the answer has lines. @returns where it has stopped */
  #lines(piece: Buffer, start: number, end: number): number {
    const lineEnd = piece.indexOf(LF, start);
    if (lineEnd < 0 || lineEnd >= end) {
      this.#keep(piece, start, end);
      return end;
    }
    if (this.#line === null) {
      this.#onLine(piece, start, lineEnd);
      return lineEnd + 1;
    }
    this.#keep(piece, start, lineEnd);
    const line = this.#line;
    this.#line = null;
    this.#onLine(line, 0, this.#lineLength);
    this.#lineLength = 0;
    return lineEnd + 1;
  }

  #keep(piece: Buffer, start: number, end: number): void {
    const length = this.#lineLength + end - start;
    if (length + this.#headBytes > MAX_HEAD) throw headTooLong();
    if (this.#state === CHUNK_SIZE && length > MAX_CHUNK_LINE) throw malformed('header line too long');
    if (!this.#line || length > this.#line.length) {
      const longer = Buffer.allocUnsafe(Math.max(256, length * 2));
      this.#line?.copy(longer, 0, 0, this.#lineLength);
      this.#line = longer;
    }
    piece.copy(this.#line, this.#lineLength, start, end);
    this.#lineLength = length;
  }

  /** @param end where its LF is */
  #onLine(bytes: Buffer, start: number, lineEnd: number): void {
    const end = lineEnd > start && bytes[lineEnd - 1] === CR ? lineEnd - 1 : lineEnd;
    if (this.#state === CHUNK_SIZE) {
      if (end === lineEnd) throw malformed('chunked line ends with bare LF');
      this.#onChunkSize(bytes.toString('latin1', start, end));
      return;
    }
    if (this.#state === TRAILER) {
      this.#trailerBytes += lineEnd + 1 - start;
      if (this.#trailerBytes > MAX_CHUNK_LINE) throw malformed('suspiciously long trailer after chunked body');
      if (end === start) this.#state = DONE;
      else this.#onHeader(bytes, start, end);
      return;
    }
    this.#headBytes += lineEnd + 1 - start;
    if (this.#headBytes > MAX_HEAD) throw headTooLong();
    if (this.#state === STATUS_LINE) this.#onStatusLine(bytes.toString('latin1', start, end));
    else if (end === start) this.#onHeadEnd();
    else this.#onHeader(bytes, start, end);
  }

  #onStatusLine(line: string): void {
    const match = /^HTTP\/(\d)\.(\d) +(\d{3})(?: |$)/.exec(line);
    if (!match) throw malformed(`malformed HTTP response ${JSON.stringify(line.slice(0, 80))}`);
    this.#oldProtocol = match[1] === '0' || (match[1] === '1' && match[2] === '0');
    this.#status = Number(match[3]);
    this.#state = HEADERS;
  }

  #onHeader(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start];
    if (first === SPACE || first === TAB) {
      this.#onContinuation(bytes, start, end);
      return;
    }
    let colon = start;
    while (colon < end && bytes[colon] !== COLON) {
      if (!isNameByte(bytes[colon]!)) throw malformedLine(bytes, start, end);
      colon++;
    }
    if (colon === end) throw malformedLine(bytes, start, end);
    let from = colon + 1;
    let to = end;
    while (from < to && isBlank(bytes[from]!)) from++;
    while (to > from && isBlank(bytes[to - 1]!)) to--;
    for (let at = from; at < to; at++) if (!isValueByte(bytes[at]!)) throw malformedLine(bytes, start, end);
    const field = this.#state === TRAILER ? null : fieldOf(bytes, start, colon);
    this.#field = field;
    if (field !== null) this.#put(field, bytes.toString('latin1', from, to));
  }

  /** Headers on several lines are one with blanks between (net/textproto readContinuedLineSlice). */
  #onContinuation(bytes: Buffer, start: number, end: number): void {
    const more = bytes.toString('latin1', start, end).trim();
    switch (this.#field) {
      case 'contentType':
        this.#contentType += ` ${more}`;
        break;
      case 'location':
        this.#location += ` ${more}`;
        break;
      case 'encoding':
        this.#encoding += ` ${more}`;
        break;
      case 'length':
        this.#length += ` ${more}`;
        break;
      case 'transfer':
        this.#transfer += ` ${more}`;
        break;
      case 'connection':
        this.#connection += ` ${more}`;
        break;
    }
  }

  /** Of headers that come more than once the first counts, but for those that must not or are lists. */
  #put(field: Field, value: string): void {
    switch (field) {
      case 'contentType':
        this.#contentType ||= value;
        break;
      case 'location':
        this.#location ||= value;
        break;
      case 'encoding':
        this.#encoding ||= value;
        break;
      case 'length':
        if (this.#length !== null && this.#length !== value) {
          throw malformed(`message cannot contain multiple Content-Length headers; got ${this.#length} and ${value}`);
        }
        this.#length = value;
        break;
      case 'transfer':
        this.#transfer = value;
        this.#transfers++;
        break;
      case 'connection':
        this.#connection += `,${value}`;
        break;
    }
  }

  #onHeadEnd(): void {
    const status = this.#status;
    if (status < 200 && status !== 101) {
      this.#interim++;
      if (this.#interim > MAX_INTERIM) throw malformed('too many 1xx informational responses');
      this.#forget();
      return;
    }
    const exchange = this.#exchange;
    exchange.answered(status, this.#headBytes);
    exchange.contentType = this.#contentType;
    exchange.location = this.#location;
    exchange.gzip = this.#encoding.toLowerCase() === 'gzip';
    if (this.#oldProtocol) this.keepsConnection = hasToken(this.#connection, 'keep-alive');
    if (hasToken(this.#connection, 'close') || status === 101) this.keepsConnection = false;
    const chunked = this.#isChunked();
    const length = this.#length === null ? null : lengthOf(this.#length);
    if (exchange.method === 'HEAD' || status === 101 || status === 204 || status === 304) this.#state = DONE;
    else if (chunked) this.#state = CHUNK_SIZE;
    else if (length === null) {
      this.keepsConnection = false;
      this.#state = BODY_UNTIL_END;
    } else {
      this.#left = length;
      this.#state = length === 0 ? DONE : BODY_OF_LENGTH;
    }
  }

  #isChunked(): boolean {
    // Before HTTP/1.1 there was none of it.
    if (this.#transfer === null || this.#oldProtocol) return false;
    if (this.#transfers > 1 || this.#transfer.toLowerCase() !== 'chunked') {
      throw malformed(`unsupported transfer encoding: ${JSON.stringify(this.#transfer)}`);
    }
    return true;
  }

  #onChunkSize(line: string): void {
    if (line.includes('\r')) throw malformed('invalid CR in chunked line');
    const [size = ''] = line.split(';', 1);
    const digits = size.trimEnd();
    if (!/^[\da-f]+$/i.test(digits)) throw malformed(`invalid chunk length ${JSON.stringify(digits.slice(0, 80))}`);
    if (digits.length > MAX_CHUNK_DIGITS) throw malformed('http chunk length too large');
    this.#left = Number.parseInt(digits, 16);
    this.#state = this.#left === 0 ? TRAILER : CHUNK_DATA;
  }

  /** An interim answer is over. */
  #forget(): void {
    this.#state = STATUS_LINE;
    this.#headBytes = 0;
    this.#field = null;
    this.#contentType = '';
    this.#location = '';
    this.#encoding = '';
    this.#length = null;
    this.#transfer = null;
    this.#transfers = 0;
    this.#connection = '';
  }
}

function lengthOf(text: string): number {
  const length = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(length)) throw malformed(`bad Content-Length ${JSON.stringify(text.slice(0, 80))}`);
  return length;
}

function hasToken(list: string, token: string): boolean {
  return list !== '' && list.split(',').some((one) => one.trim().toLowerCase() === token);
}

function fieldOf(bytes: Buffer, start: number, colon: number): Field | null {
  switch (colon - start) {
    case 8:
      return isName(bytes, start, 'location') ? 'location' : null;
    case 10:
      return isName(bytes, start, 'connection') ? 'connection' : null;
    case 12:
      return isName(bytes, start, 'content-type') ? 'contentType' : null;
    case 14:
      return isName(bytes, start, 'content-length') ? 'length' : null;
    case 16:
      return isName(bytes, start, 'content-encoding') ? 'encoding' : null;
    case 17:
      return isName(bytes, start, 'transfer-encoding') ? 'transfer' : null;
    default:
      return null;
  }
}

/** @param name in lower case; its hyphens are what they are in either case */
function isName(bytes: Buffer, start: number, name: string): boolean {
  for (let at = 0; at < name.length; at++) if ((bytes[start + at]! | 0x20) !== name.charCodeAt(at)) return false;
  return true;
}

function isBlank(byte: number): boolean {
  return byte === SPACE || byte === TAB;
}

/** Tokens, and blanks, which net/http lets pass before the colon (net/textproto canonicalMIMEHeaderKey). */
function isNameByte(byte: number): boolean {
  return byte > 0x7f ? false : NAME_BYTES[byte] === 1;
}

const NAME_BYTES = new Uint8Array(128);
for (const char of " !#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz") {
  NAME_BYTES[char.charCodeAt(0)] = 1;
}

function isValueByte(byte: number): boolean {
  return byte >= SPACE ? byte !== DELETE : byte === TAB;
}

function malformed(message: string): TransportError {
  return new TransportError('protocol', message);
}

function malformedLine(bytes: Buffer, start: number, end: number): TransportError {
  return malformed(
    `malformed header line ${JSON.stringify(bytes.toString('latin1', start, Math.min(end, start + 80)))}`,
  );
}

function headTooLong(): TransportError {
  return malformed(`server response headers exceeded ${MAX_HEAD} bytes; aborted`);
}
