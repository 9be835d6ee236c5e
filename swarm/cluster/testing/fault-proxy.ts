/** An HTTP proxy in front of a Kubernetes API that answers in its place, cuts connections, or holds requests. */
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to a request. `reset`: the connection breaks before it is carried out, `lost`: after that. */
export type ProxyFault = { status: number; body?: object; headers?: Record<string, string> } | 'reset' | 'lost';

export interface ProxiedRequest {
  method: string;
  /** With its query. */
  path: string;
  /** Requests before it. */
  index: number;
}

export class FaultProxy {
  /** Decides for each request; one that is awaited holds it. */
  rule: (request: ProxiedRequest) => ProxyFault | undefined | Promise<ProxyFault | undefined> = () => undefined;
  /** `METHOD path` without query of all requests, in their order. */
  readonly seen: string[] = [];
  readonly url: string;
  readonly #server: Server;
  readonly #target: URL;

  private constructor(server: Server, target: URL) {
    this.#server = server;
    this.#target = target;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
      void this.#handle(incoming, response);
    });
  }

  /** @param target URL of plain HTTP */
  static async start(target: string): Promise<FaultProxy> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FaultProxy(server, new URL(target));
  }

  /** Requests that would change something, reviews of rights not counted. */
  writes(): string[] {
    return this.seen.filter((one) => !one.startsWith('GET ') && !one.includes('selfsubjectaccessreviews'));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = incoming;
    const index = this.seen.push(`${method} ${path.split('?')[0]}`) - 1;
    const fault = await this.rule({ method, path, index });
    if (fault === 'reset') incoming.socket.destroy();
    else if (typeof fault === 'object') {
      const { status, body = {}, headers } = fault;
      incoming.resume();
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    } else this.#forward(incoming, response, fault === 'lost');
  }

  #forward(incoming: IncomingMessage, response: ServerResponse, loses: boolean): void {
    const { method, url: path, headers } = incoming;
    const { hostname, port } = this.#target;
    const outgoing = request({ hostname, port, method, path, headers }, (answer) => {
      if (loses) {
        answer.resume();
        answer.on('end', () => incoming.socket.destroy());
        return;
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => incoming.socket.destroy());
    incoming.pipe(outgoing);
  }
}
