/** Stands between a client and an HTTP server; loses answers, or refuses requests, when told. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: carried out and its answer lost, or answered with this status without being carried out. */
export type Mishap = 'answer lost' | number;

export class FlakyProxy {
  url = '';
  /** Of the next requests that change something; the others go through. */
  readonly mishaps: Mishap[] = [];
  /** `POST /path` … that changed something, or were to. */
  readonly changes: string[] = [];
  readonly #target: URL;
  readonly #server = createServer((incoming, response) => this.#pass(incoming, response));

  private constructor(target: string) {
    this.#target = new URL(target);
  }

  static async start(target: string): Promise<FlakyProxy> {
    const proxy = new FlakyProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    proxy.url = `http://127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = incoming;
    const changes = method !== 'GET';
    if (changes) this.changes.push(`${method} ${url}`);
    const mishap = changes ? this.mishaps.shift() : undefined;
    if (typeof mishap === 'number') {
      incoming.resume();
      response.writeHead(mishap, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: String(mishap), reason: 'refused', message: 'refused' }));
      return;
    }
    const outgoing = request(
      { host: this.#target.hostname, port: this.#target.port, method, path: url, headers },
      (answer) => {
        if (mishap === 'answer lost') {
          answer.resume().once('end', () => incoming.socket.resetAndDestroy());
          return;
        }
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      },
    );
    outgoing.once('error', () => incoming.socket.destroy());
    response.once('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }
}
