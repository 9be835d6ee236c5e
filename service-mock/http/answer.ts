/**
 * Writing answers the way the service does: its header set, its three error bodies, gzip from 1400 bytes on for clients
 * that take it, chunks for anything that outgrows the server's buffer. Facts: service sheet, section 0.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';

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
  // The service's server keeps connections without saying so, and says so only when it closes one.
  if (response.shouldKeepAlive && request.httpVersionMinor > 0) response.removeHeader('Connection');
  const headers: string[] = [];
  for (const name in answer.headers) headers.push(name, answer.headers[name]!);
  if (encoding !== undefined) headers.push('Content-Encoding', encoding);
  if (answer.contentType !== undefined) headers.push('Content-Type', answer.contentType);
  if (!answer.bare) headers.push('Vary', 'Accept-Encoding');
  const head = request.method === 'HEAD';
  if (answer.status !== 204 && !head && (answer.sized || size <= MEASURED_UP_TO)) {
    headers.push('Content-Length', String(size));
  }
  response.writeHead(answer.status, headers);
  if (body === undefined || head) response.end();
  else response.end(body);
}
