/**
 * What Go's net/http does with a request before it goes on the wire: head order (net/http request.go Request.write), base
 * URLs, redirects (net/http client.go Client.do, redirectBehavior).
 */
import type { DialTarget } from './dialer.ts';
import type { HttpProxy } from './proxy.ts';
import { BLANK, type FilledRequest, type RequestTemplate, type WireRequest } from './transport.ts';

/** Where a request goes. */
export interface Target {
  /** Scheme and authority, e.g. `https://service.example.com:8090`. */
  origin: string;
  /** Value of the Host header: the authority as it was given. */
  host: string;
  /** Path before every request's path, without a slash at its end; '' for none. */
  prefix: string;
  /** Its parts, as a dialer wants them. */
  address: DialTarget;
  /** The way there; null for a direct one. */
  proxy: HttpProxy | null;
}

/** Decides whether an origin is reached through a proxy. */
export type Router = (origin: string) => HttpProxy | null;

/** @throws TypeError when the text is not a valid HTTP(S) URL. */
export function splitBaseUrl(baseUrl: string, route: Router): Target {
  const match = /^(https?):\/\/([^/?#@\s]+)(\/[^?#\s]*)?$/i.exec(baseUrl);
  if (!match || !URL.canParse(baseUrl)) {
    throw new TypeError(
      `${JSON.stringify(baseUrl)} is no base URL: give scheme, host and port, such as https://service.example.com:8090`,
    );
  }
  const [, scheme, authority, path] = match;
  const origin = `${scheme!.toLowerCase()}://${authority}`;
  const prefix = (path ?? '').replace(/\/+$/, '');
  return { origin, host: authority!, prefix, address: addressOf(new URL(origin)), proxy: route(origin) };
}

/** Plain fields: a dial reads them each time. */
function addressOf({ protocol, hostname, port }: URL): DialTarget {
  return { protocol, hostname, port };
}

/** Methods for which net/http says `Content-Length: 0` when there is no body. */
const METHODS_WITH_LENGTH = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Request line and headers as net/http orders them: Host, User-Agent, the length, then the rest as given. Ends with the
 * blank line, except for a chunked body, whose first line break the chunk writer makes.
 */
export function requestHead(target: Target, request: WireRequest, bodyLength: number): string {
  const chunked = request.chunked === true && bodyLength > 0;
  const length = chunked ? 'Transfer-Encoding: chunked\r\n' : lengthLine(request.method, bodyLength);
  return composeHead(target, request, length) + (chunked ? '' : '\r\n');
}

function lengthLine(method: string, bodyLength: number): string {
  return bodyLength > 0 || METHODS_WITH_LENGTH.has(method) ? `Content-Length: ${bodyLength}\r\n` : '';
}

/**
 * Without the blank line at its end. `length` is the line that tells how long the body is, or ''. A proxy learns the whole
 * address of what is not encrypted, and after all other headers who asks (net/http transport.go persistConn.mutateHeaderFunc).
 */
function composeHead(
  { host, origin, proxy }: Target,
  request: Pick<WireRequest, 'method' | 'path' | 'headers'>,
  length: string,
): string {
  const { headers, method } = request;
  const plain = origin.startsWith('http:') ? proxy : null;
  let head = `${method} ${plain ? origin : ''}${request.path} HTTP/1.1\r\nHost: ${host}\r\n`;
  let at = 0;
  if (headers[0] === 'User-Agent') {
    head += `User-Agent: ${headers[1]}\r\n`;
    at = 2;
  }
  head += length;
  for (; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  if (plain?.authorization) head += `Proxy-Authorization: ${plain.authorization}\r\n`;
  return head;
}

/**
 * The constant pieces of the heads that a template's requests have, and where their blanks are. The line with the length
 * of the body is a blank too, as its value depends on the request.
 *
 *   pieces[0] value[0] pieces[1] value[1] … pieces[lengthAt] LENGTH pieces[lengthAt + 1] value[lengthAt] … pieces[n]
 */
export interface HeadPieces {
  /** One more than there are values, and one more for the length. */
  pieces: readonly string[];
  /** Number of the piece that the line with the length follows. */
  lengthAt: number;
}

/** Cuts the head of a template's requests, composed as {@link requestHead} does, at its blanks. */
export function headPieces(target: Target, template: RequestTemplate): HeadPieces {
  const { method, path, headers } = template;
  const head = composeHead(target, { method, path: target.prefix + path, headers }, BLANK);
  const before = headers[0] === 'User-Agent' ? path + headers[1] : path;
  return { pieces: `${head}\r\n`.split(BLANK), lengthAt: before.split(BLANK).length - 1 };
}

/** The head of one request, the same text as {@link requestHead} makes of {@link filledRequest}. */
export function filledHead(of: HeadPieces, method: string, values: readonly string[], bodyLength: number): string {
  const { pieces, lengthAt } = of;
  let head = pieces[0]!;
  let next = 0;
  for (let at = 1; at < pieces.length; at++) {
    head += (at - 1 === lengthAt ? lengthLine(method, bodyLength) : values[next++]!) + pieces[at]!;
  }
  return head;
}

/**
 * The request that a filled one stands for.
 * @throws TypeError when there are more or fewer values than blanks.
 */
export function filledRequest(filled: FilledRequest): WireRequest {
  const { template } = filled.prepared;
  const values = filled.values[Symbol.iterator]();
  let missing = false;
  const fill = (text: string) =>
    text.replaceAll(BLANK, () => {
      const { value, done } = values.next();
      missing ||= done === true;
      return value ?? '';
    });
  const { method } = template;
  const path = fill(template.path);
  const headers = template.headers.map(fill);
  if (missing || !values.next().done) throw wrongValues(filled);
  return { method, path, headers, ...(filled.body === undefined ? {} : { body: filled.body }) };
}

/** For a request that has another number of values than its template has blanks. */
export function wrongValues(filled: FilledRequest): TypeError {
  const { method, path, headers } = filled.prepared.template;
  const blanks = [path, ...headers].join('').split(BLANK).length - 1;
  const name = `${method} ${path.replaceAll(BLANK, '…')}`;
  return new TypeError(`${name} has ${blanks} blanks to fill in, ${filled.values.length} values were given`);
}

/**
 * The request that follows a redirect, or null when the answer is final: 301, 302 and 303 become GET without a body
 * (HEAD stays), 307 and 308 are repeated as they are unless the body is a stream; a missing Location makes the answer final.
 */
export function redirectOf(
  from: Target,
  request: WireRequest,
  status: number,
  location: string,
  route: Router,
): { target: Target; request: WireRequest } | null {
  const keepsMethod = status === 307 || status === 308;
  if ((!keepsMethod && status !== 301 && status !== 302 && status !== 303) || location === '') return null;
  if (keepsMethod && request.chunked) return null;
  const lastUrl = from.origin + request.path;
  if (!URL.canParse(location, lastUrl)) return null;
  const url = new URL(location, lastUrl);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return null;

  const { body: _body, chunked: _chunked, ...bare } = request;
  const next: WireRequest = keepsMethod
    ? { ...request }
    : { ...bare, method: request.method === 'HEAD' ? 'HEAD' : 'GET' };
  next.path = url.pathname + url.search;
  // A secure page's address is not told to an insecure one.
  const referer = from.origin.startsWith('https:') && url.protocol === 'http:' ? null : lastUrl;
  next.headers = redirectHeaders(request.headers, referer, !keepsMethod, url.host !== from.host);
  const origin = `${url.protocol}//${url.host}`;
  const target = { origin, host: url.host, prefix: '', address: addressOf(url), proxy: route(origin) };
  return { target, request: next };
}

const BODY_HEADERS = new Set(['content-type', 'content-encoding', 'content-language', 'content-location']);
const SENSITIVE_HEADERS = new Set(['authorization', 'cookie', 'cookie2', 'www-authenticate']);

function redirectHeaders(
  headers: readonly string[],
  referer: string | null,
  withoutBody: boolean,
  elsewhere: boolean,
): string[] {
  const result: string[] = [];
  let pending = referer;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at]!;
    const lower = name.toLowerCase();
    if (lower === 'referer' || (withoutBody && BODY_HEADERS.has(lower))) continue;
    if (elsewhere && SENSITIVE_HEADERS.has(lower)) continue;
    // Names are sorted between User-Agent and the Accept-Encoding that ends the list.
    const last = at === headers.length - 2 && lower === 'accept-encoding';
    if (pending !== null && name !== 'User-Agent' && (name > 'Referer' || last)) {
      result.push('Referer', pending);
      pending = null;
    }
    result.push(name, headers[at + 1]!);
  }
  if (pending !== null) result.push('Referer', pending);
  return result;
}
