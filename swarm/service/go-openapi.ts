/**
 * What a generated go-openapi client puts into a request and recognises in an answer (go-openapi/runtime client/request.go,
 * client/runtime.go Submit, json.go).
 */
import { randomBytes } from 'node:crypto';
import { API_BASE, ENDPOINTS, type EndpointName, endpointNumber } from '../../model/protocol/endpoints.ts';

export interface HeaderFields {
  accept?: string | undefined;
  /** Only of the simulated user. */
  authorization?: string | undefined;
  contentType?: string | undefined;
  /** `Discovery_agent_version`; agents only. */
  agentVersion?: string | undefined;
  requestId?: string | undefined;
  /** X-Secret-Key; '' is sent with an empty value, absent is not sent. */
  secretKey?: string | undefined;
}

/**
 * Headers in Go's order: User-Agent first, the program's own sorted by name, Accept-Encoding last (the HTTP library adds
 * it). Host and the length are the transport's.
 */
export function goHeaders(fields: HeaderFields): string[] {
  const headers = ['User-Agent', 'Go-http-client/1.1', 'Accept', fields.accept ?? 'application/json'];
  if (fields.authorization) headers.push('Authorization', fields.authorization);
  if (fields.contentType) headers.push('Content-Type', fields.contentType);
  if (fields.agentVersion !== undefined) headers.push('Discovery_agent_version', fields.agentVersion);
  if (fields.requestId !== undefined) headers.push('X-Request-Id', fields.requestId);
  if (fields.secretKey !== undefined) headers.push('X-Secret-Key', fields.secretKey);
  headers.push('Accept-Encoding', 'gzip');
  return headers;
}

/**
 * Path and query of an operation below the base URL.
 * @throws TypeError when a parameter of the template has no value.
 */
export function operationPath(
  endpoint: EndpointName,
  params: Readonly<Record<string, string>> = {},
  query: readonly (readonly [string, string])[] = [],
): string {
  const template = ENDPOINTS[endpointNumber(endpoint)]!.template;
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined) throw new TypeError(`operation ${endpoint} needs a value for {${name}}`);
    return encodeURIComponent(value);
  });
  return API_BASE + path + queryString(query);
}

/** As Go encodes url.Values: sorted by name, spaces as plus signs. */
function queryString(query: readonly (readonly [string, string])[]): string {
  if (query.length === 0) return '';
  const encode = (text: string) =>
    encodeURIComponent(text)
      .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
      .replace(/%20/g, '+');
  const sorted = [...query].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `?${sorted.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')}`;
}

/** Compact, without HTML escaping, ended by a line feed; the two line separators that JavaScript once disliked are escaped. */
export function jsonBody(value: unknown): string {
  const text = JSON.stringify(value).replace(/[\u2028\u2029]/g, (c) => (c === '\u2028' ? '\\u2028' : '\\u2029'));
  return `${text}\n`;
}

export interface Upload {
  field: string;
  filename: string;
  contentType: string;
  content: Buffer;
}

/** One part of multipart/form-data, with the boundary of 60 hex digits that Go draws. */
export function multipartBody(upload: Upload): { contentType: string; body: Buffer } {
  const boundary = randomBytes(30).toString('hex');
  const head =
    `--${boundary}\r\nContent-Disposition: form-data; name="${upload.field}"; filename="${upload.filename}"\r\n` +
    `Content-Type: ${upload.contentType}\r\n\r\n`;
  return {
    contentType: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([Buffer.from(head), upload.content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}

/** Media types that can be decoded into nothing at most: any text in them is a decoding error. */
const EMPTY_ONLY = new Set([
  'text/plain',
  'application/octet-stream',
  'application/xml',
  'text/csv',
  'application/x-yaml',
]);

function mediaType(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase() || 'application/json';
}

/**
 * Whether a generated client sees the status of an error answer (`true`) or only that it could not be decoded: JSON, HTML
 * and empty bodies are understood, others are not (assisted-installer-agent src/session/inventory_session.go HTMLConsumer).
 */
export function isTypedError(contentType: string, body: Buffer): boolean {
  const type = mediaType(contentType);
  if (type === 'text/html') return true;
  if (type === 'application/json') {
    if (body.length === 0) return true;
    const value = decodeFirstJson(body.toString());
    return value === null || (typeof value === 'object' && !Array.isArray(value));
  }
  return body.length === 0 && EMPTY_ONLY.has(type);
}

/**
 * The JSON object of a good answer as the generated client decodes it. An empty body is an empty object there, and what
 * follows the first value is never read.
 * @returns undefined when the client would report a decoding error.
 */
export function decodeJsonAnswer(contentType: string, body: Buffer): Record<string, unknown> | undefined {
  const type = mediaType(contentType);
  if (body.length === 0) return type === 'application/json' || type === 'text/html' ? {} : undefined;
  if (type !== 'application/json') return undefined;
  const value = decodeFirstJson(body.toString());
  if (value === null) return {};
  return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

/** The first JSON value of a text, undefined when there is none. */
function decodeFirstJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // A streaming decoder stops after the first value.
    const after = /position (\d+)/.exec((error as Error).message)?.[1];
    if (!after || !/non-whitespace character after JSON/i.test((error as Error).message)) return undefined;
    return JSON.parse(text.slice(0, Number(after)));
  }
}
