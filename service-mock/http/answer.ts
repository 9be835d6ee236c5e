/**
 * Writing answers the way the service does: its header set, its three error bodies, gzip from 1400 bytes on for clients
 * that take it, chunks for anything that outgrows the server's buffer. Upstream: assisted-service, internal/common/error_utils.go and pkg/app/middleware.go.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline, type Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { createGzip, gzip } from 'node:zlib';

const JSON_TYPE = 'application/json';
export const OCTETS_TYPE = 'application/octet-stream';

/** Smallest body, in bytes, that is compressed. */
const GZIP_FROM = 1400;
/** Largest body, in bytes, that the server can still measure before it has to send the head. */
const MEASURED_UP_TO = 2048;

export interface Answer {
  readonly status: number;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** A long body instead, made piece by piece while it is sent. */
  readonly pieces?: Iterable<string>;
  /** The length is announced however long the body is. */
  readonly sized?: boolean;
  /** Health and metrics answers bypass the compressing handler and its `Vary`. */
  readonly bare?: boolean;
}

/** A business error: what most handlers answer. Ends in a line feed except where answers are typed as bytes. */
export function businessError(status: number, reason: string, octets: boolean): Answer {
  const body = JSON.stringify({ code: String(status), href: '', id: status, kind: 'Error', reason });
  return { status, contentType: octets ? OCTETS_TYPE : JSON_TYPE, body: octets ? body : `${body}\n` };
}

/** A refused token (`infra_error`). */
export function infraError(status: number, message: string, octets: boolean): Answer {
  const body = JSON.stringify({ code: status, message });
  return { status, contentType: octets ? OCTETS_TYPE : JSON_TYPE, body: octets ? body : `${body}\n` };
}

/** What fails before a handler runs: no route, wrong parameter, body that does not decode. Not ended by a line feed. */
export function frameworkError(status: number, message: string, headers?: Readonly<Record<string, string>>): Answer {
  const body = JSON.stringify({ code: status, message }).replace(
    /[<>&]/g,
    (c) => `\\u00${c.charCodeAt(0).toString(16)}`,
  );
  return { status, contentType: JSON_TYPE, body, ...(headers && { headers }) };
}

/** A JSON value as the service's encoder prints it. */
export function jsonAnswer(status: number, value: unknown, headers?: Readonly<Record<string, string>>): Answer {
  return { status, contentType: JSON_TYPE, body: `${JSON.stringify(value)}\n`, ...(headers && { headers }) };
}

/** Characters of a piece: what a few hosts are written as, and no long time is spent on. */
const PIECE = 32_768;
/** A list of fewer pieces is sent as one: its length, or that of its compressed form, may be one that is announced. */
const MOST_AT_ONCE = 8;

/** A JSON list as the service's encoder prints it, of rows of which each is made when its turn to be sent comes. */
export function listAnswer(
  status: number,
  rows: Iterable<unknown>,
  headers?: Readonly<Record<string, string>>,
): Answer {
  const answer = { status, contentType: JSON_TYPE, ...(headers && { headers }) };
  const pieces = listPieces(rows);
  const begin: string[] = [];
  while (begin.length < MOST_AT_ONCE) {
    const piece = pieces.next();
    if (piece.done) return { ...answer, body: begin.join('') };
    begin.push(piece.value);
  }
  return { ...answer, pieces: followedBy(begin, pieces) };
}

function* listPieces(rows: Iterable<unknown>): Generator<string> {
  let text = '[';
  let separator = '';
  for (const row of rows) {
    text += `${separator}${JSON.stringify(row)}`;
    separator = ',';
    if (text.length < PIECE) continue;
    yield text;
    text = '';
  }
  yield `${text}]\n`;
}

function* followedBy(begin: readonly string[], rest: Iterable<string>): Generator<string> {
  yield* begin;
  yield* rest;
}

/** Size of an answer's body in bytes, before compression. */
export const sizeOf = ({ body }: Answer): number => (body === undefined ? 0 : Buffer.byteLength(body));

/** Whether the value of an `Accept-Encoding` header names gzip with a weight above zero. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  if (header === undefined || header.length === 0) return false;
  for (const coding of String(header).split(',')) {
    const [name, ...parameters] = coding.split(';');
    if (name!.trim().toLowerCase() !== 'gzip') continue;
    const weight = parameters.map((parameter) => /^\s*q=(.*)$/i.exec(parameter)?.[1]).find((q) => q !== undefined);
    return weight === undefined || Number(weight) > 0;
  }
  return false;
}

/**
 * Sends an answer in pieces, at the pace of its client; between two of them others get their turn. Ends early when the client goes.
 * @returns bytes of the body that were sent, before compression
 * @throws what making a piece throws, after the connection was cut
 */
export async function sendPieces(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer & { readonly pieces: Iterable<string> },
): Promise<number> {
  if (response.destroyed) return 0;
  const compresses = acceptsGzip(request.headers['accept-encoding']);
  writeHead(request, response, answer, Number.POSITIVE_INFINITY, compresses ? 'gzip' : undefined);
  let sink: Writable = response;
  if (compresses) {
    const gzip = createGzip();
    // What ends it early is seen at the response.
    pipeline(gzip, response, () => {});
    sink = gzip;
  }
  let bytes = 0;
  try {
    for (const piece of answer.pieces) {
      bytes += Buffer.byteLength(piece);
      if (!sink.write(piece)) await drained(sink, response);
      await turn();
      if (response.destroyed) return bytes;
    }
    sink.end();
    return bytes;
  } catch (error) {
    response.destroy();
    throw error;
  }
}

/** Resolves when a stream takes more, or when nobody reads it any more. */
function drained(sink: Writable, response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done);
      response.off('close', done);
      resolve();
    };
    sink.on('drain', done);
    response.on('close', done);
  });
}

/** Sends an answer. Nothing happens when the client has gone. */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const size = sizeOf(answer);
  if (size < GZIP_FROM || answer.bare || !acceptsGzip(request.headers['accept-encoding'])) {
    write(request, response, answer, answer.body, size, undefined);
    return;
  }
  gzip(answer.body!, (error, compressed) => {
    if (error) response.destroy(error);
    else write(request, response, { ...answer, sized: false }, compressed, compressed.length, 'gzip');
  });
}

function write(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  body: string | Buffer | undefined,
  size: number,
  encoding: 'gzip' | undefined,
): void {
  if (response.destroyed || response.headersSent) return;
  writeHead(request, response, answer, size, encoding);
  if (body === undefined || request.method === 'HEAD') response.end();
  else response.end(body);
}

/** @param size of the body as it is sent, in bytes */
function writeHead(
  request: IncomingMessage,
  response: ServerResponse,
  answer: Answer,
  size: number,
  encoding: 'gzip' | undefined,
): void {
  // The service's server keeps connections without saying so, and says so only when it closes one.
  if (response.shouldKeepAlive && request.httpVersionMinor > 0) response.removeHeader('Connection');
  const headers: string[] = [];
  for (const name in answer.headers) headers.push(name, answer.headers[name]!);
  if (encoding !== undefined) headers.push('Content-Encoding', encoding);
  if (answer.contentType !== undefined) headers.push('Content-Type', answer.contentType);
  if (!answer.bare) headers.push('Vary', 'Accept-Encoding');
  if (answer.status !== 204 && request.method !== 'HEAD' && (answer.sized || size <= MEASURED_UP_TO)) {
    headers.push('Content-Length', String(size));
  }
  response.writeHead(answer.status, headers);
}
