/** A bare HTTP client for tests: what was sent and what came back, nothing in between. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { KubeObject } from '../api/object.ts';
import type { KubeMock } from '../index.ts';

export interface Reply {
  code: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  /** Parsed body; undefined if it is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into answers.
  json: any;
}

export interface Sent {
  body?: unknown;
  type?: string;
  headers?: Record<string, string>;
}

export class TestClient {
  readonly #mock: KubeMock;
  readonly #agent: http.Agent;

  constructor(mock: KubeMock) {
    this.#mock = mock;
    this.#agent = mock.ca ? new https.Agent({ keepAlive: true, ca: mock.ca }) : new http.Agent({ keepAlive: true });
  }

  /** Objects are sent as JSON, text and bytes as they are. */
  send(method: string, path: string, { body, type, headers }: Sent = {}): Promise<Reply> {
    const bytes = body === undefined || typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = this.open(method, path, {
        // Node frames the body of a DELETE only when told its length.
        ...(bytes !== undefined && {
          'content-type': type ?? 'application/json',
          'content-length': String(Buffer.byteLength(bytes as string | Buffer)),
        }),
        ...headers,
      });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          let json: unknown;
          try {
            json = JSON.parse(text);
          } catch {
            json = undefined;
          }
          resolve({ code: response.statusCode ?? 0, headers: response.headers, text, json });
        });
      });
      request.end(bytes);
    });
  }

  /** A request whose body and answer the test handles itself. */
  open(method: string, path: string, headers: Record<string, string> = {}): http.ClientRequest {
    const { port, token, ca } = this.#mock;
    const make = ca ? https.request : http.request;
    const all = { authorization: `Bearer ${token}`, ...headers };
    return make({ host: '127.0.0.1', port, method, path, agent: this.#agent, headers: all });
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send('GET', path, { headers });
  }

  post(path: string, body: unknown): Promise<Reply> {
    return this.send('POST', path, { body });
  }

  put(path: string, body: unknown): Promise<Reply> {
    return this.send('PUT', path, { body });
  }

  merge(path: string, body: unknown): Promise<Reply> {
    return this.send('PATCH', path, { body, type: 'application/merge-patch+json' });
  }

  delete(path: string, body?: unknown): Promise<Reply> {
    return this.send('DELETE', path, { body });
  }

  /** Starts a watch; lines arrive as they are sent. */
  async watch(path: string, headers: Record<string, string> = {}): Promise<WatchStream> {
    const request = this.open('GET', path, headers);
    const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
      request.on('error', reject);
      request.on('response', resolve);
      request.end();
    });
    return new WatchStream(request, response);
  }

  close(): void {
    this.#agent.destroy();
  }
}

export interface WatchLine {
  type: string;
  object: KubeObject & { code?: number; reason?: string };
}

export class WatchStream {
  readonly code: number;
  readonly ended: Promise<void>;
  readonly #request: http.ClientRequest;
  readonly #lines: WatchLine[] = [];
  #wake: () => void = () => {};
  #done = false;

  constructor(request: http.ClientRequest, response: http.IncomingMessage) {
    this.#request = request;
    this.code = response.statusCode ?? 0;
    let rest = '';
    response.setEncoding('utf8');
    response.on('data', (text: string) => {
      const parts = (rest + text).split('\n');
      rest = parts.pop()!;
      for (const part of parts) this.#lines.push(JSON.parse(part) as WatchLine);
      this.#wake();
    });
    response.on('error', () => {});
    request.on('error', () => {});
    this.ended = new Promise((resolve) => {
      response.once('close', () => {
        this.#done = true;
        this.#wake();
        resolve();
      });
    });
  }

  /** The next line; undefined when the stream has ended. */
  async next(): Promise<WatchLine | undefined> {
    while (this.#lines.length === 0 && !this.#done) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#lines.shift();
  }

  /** The next `count` lines as `TYPE name`. */
  async take(count: number): Promise<string[]> {
    const shown: string[] = [];
    while (shown.length < count) {
      const line = await this.next();
      if (!line) break;
      shown.push(`${line.type} ${line.object.metadata?.name ?? ''}`.trim());
    }
    return shown;
  }

  close(): void {
    this.#request.destroy();
  }
}
