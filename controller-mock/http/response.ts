/** Writes responses: content types, compression, warnings, errors. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzip } from 'node:zlib';
import { stringify } from 'yaml';
import { parseJsonExactly } from '../api/int64.ts';
import { ApiStatusError, internalError } from '../api/status.ts';
import type { Representation } from './negotiation.ts';

/** Responses below this are not worth compressing; the API server draws the line there, too. */
const GZIP_FROM_BYTES = 128 * 1024;
/** Fast rather than small, as the API server does. */
const GZIP_LEVEL = 1;

/** The response to one request. */
export class Response {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #warnings: string[] = [];

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.#request = request;
    this.#response = response;
  }

  /** Node's own, for what is neither a document nor a stream of text. */
  get raw(): ServerResponse {
    return this.#response;
  }

  /** Adds a `Warning: 299` header; each text once. */
  warn(text: string): void {
    if (!this.#warnings.includes(text)) this.#warnings.push(text);
  }

  /** @param body JSON as bytes or value. */
  json(code: number, body: unknown, headers: Record<string, string> = {}): void {
    this.send(code, Buffer.isBuffer(body) ? body : `${JSON.stringify(body)}\n`, 'application/json', headers);
  }

  /** @param body JSON; turned into YAML, or indented, if the client asked so. */
  represent(code: number, body: Buffer | string, representation: Representation, pretty: boolean): void {
    if (representation.encoding === 'yaml') {
      const text = stringify(parseJsonExactly(body.toString()), { aliasDuplicateObjects: false });
      this.send(code, text, 'application/yaml');
    } else {
      const text = pretty ? JSON.stringify(parseJsonExactly(body.toString()), null, 2) : body;
      this.send(code, withLineEnd(text), 'application/json');
    }
  }

  text(code: number, text: string, headers: Record<string, string> = {}): void {
    this.send(code, text, 'text/plain; charset=utf-8', headers);
  }

  /** @param body short ones best as text: Node writes head and text at once. */
  send(code: number, body: Buffer | string, contentType: string, headers: Record<string, string> = {}): void {
    if (this.#response.headersSent) return;
    const all = this.headers(contentType, headers);
    if (body.length < GZIP_FROM_BYTES || !/\bgzip\b/.test(String(this.#request.headers['accept-encoding'] ?? ''))) {
      this.#response.writeHead(code, { ...all, 'content-length': String(Buffer.byteLength(body)) });
      this.#response.end(body);
      return;
    }
    gzip(body, { level: GZIP_LEVEL }, (error, packed) => {
      if (this.#response.destroyed) return;
      if (error) {
        this.#response.destroy(error);
        return;
      }
      this.#response.writeHead(code, {
        ...all,
        'content-encoding': 'gzip',
        vary: 'Accept-Encoding',
        'content-length': String(packed.length),
      });
      this.#response.end(packed);
    });
  }

  /** Pieces of text as they come; ends early when the client goes. */
  async stream(code: number, pieces: AsyncIterable<string>, contentType: string): Promise<void> {
    const response = this.#response;
    response.writeHead(code, this.headers(contentType, {}));
    response.flushHeaders();
    for await (const piece of pieces) {
      if (response.destroyed || response.writableEnded) return;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
  }

  /** Common headers of every response. */
  headers(contentType: string, headers: Record<string, string>): Record<string, string | string[]> {
    return {
      'cache-control': 'no-cache, private',
      'content-type': contentType,
      ...headers,
      ...(this.#warnings.length > 0 && { warning: this.#warnings.map((text) => `299 - ${quoted(text)}`) }),
    };
  }

  /** Any failure becomes a Status. */
  fail(error: unknown): void {
    const known =
      error instanceof ApiStatusError ? error : internalError(error instanceof Error ? error.message : String(error));
    if (this.#response.headersSent) {
      // Too late for a Status: the client sees a broken response.
      this.#response.destroy();
      return;
    }
    const { status, code } = known;
    const headers: Record<string, string> = {};
    const retry = status.details?.retryAfterSeconds;
    if (retry !== undefined) headers['retry-after'] = String(retry);
    if (code === 401) headers['www-authenticate'] = 'Bearer realm="kubernetes"';
    this.json(code, status, headers);
  }
}

/** A quoted string of HTTP: visible ASCII only. */
function quoted(text: string): string {
  return `"${text.replace(/[^\x20-\x7e]/g, '?').replace(/["\\]/g, '\\$&')}"`;
}

const LINE_END = Buffer.from('\n');

/** Responses end with a line feed, as those of the API server do. */
function withLineEnd(body: Buffer | string): Buffer | string {
  if (typeof body === 'string') return `${body}\n`;
  return body.at(-1) === LINE_END[0] ? body : Buffer.concat([body, LINE_END]);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
