/**
 * What Go's net/http does with a request before it goes on the wire: head order, base URLs, redirects. Agent facts 2.1, 6.2.
 */
import type { WireRequest } from './transport.ts';

/** Where a request goes. */
export interface Target {
  /** Scheme and authority, e.g. `https://service.example.com:8090`. */
  origin: string;
  /** Value of the Host header: the authority as it was given. */
  host: string;
  /** Path before every request's path, without a slash at its end; '' for none. */
  prefix: string;
}

/** @throws TypeError when the text is no http or https URL. */
export function splitBaseUrl(baseUrl: string): Target {
  const match = /^(https?):\/\/([^/?#@\s]+)(\/[^?#\s]*)?$/i.exec(baseUrl);
  if (!match || !URL.canParse(baseUrl)) {
    throw new TypeError(
      `${JSON.stringify(baseUrl)} is no base URL: give scheme, host and port, such as https://service.example.com:8090`,
    );
  }
  const [, scheme, authority, path] = match;
  return {
    origin: `${scheme!.toLowerCase()}://${authority}`,
    host: authority!,
    prefix: (path ?? '').replace(/\/+$/, ''),
  };
}

/** Methods for which net/http says `Content-Length: 0` when there is no body. */
const METHODS_WITH_LENGTH = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Request line and headers as net/http orders them: Host, User-Agent, the length, then the rest as given. Ends with the
 * blank line, except for a chunked body, whose first line break the chunk writer makes.
 */
export function requestHead(host: string, request: WireRequest, bodyLength: number): string {
  const { headers, method } = request;
  let head = `${method} ${request.path} HTTP/1.1\r\nHost: ${host}\r\n`;
  let at = 0;
  if (headers[0] === 'User-Agent') {
    head += `User-Agent: ${headers[1]}\r\n`;
    at = 2;
  }
  if (request.chunked && bodyLength > 0) head += 'Transfer-Encoding: chunked\r\n';
  else if (bodyLength > 0 || METHODS_WITH_LENGTH.has(method)) head += `Content-Length: ${bodyLength}\r\n`;
  for (; at < headers.length; at += 2) head += `${headers[at]}: ${headers[at + 1]}\r\n`;
  return request.chunked && bodyLength > 0 ? head : `${head}\r\n`;
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
  return { target: { origin: `${url.protocol}//${url.host}`, host: url.host, prefix: '' }, request: next };
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
