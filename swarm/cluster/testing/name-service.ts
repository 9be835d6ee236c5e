/** Clusters and infra-envs over real HTTP, as far as making, finding and removing them goes; answers get lost on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { API_BASE } from '../../../model/protocol/endpoints.ts';

/**
 * What becomes of a creation: `made`; made and the answer lost (`reset`, `cut` in the middle, `504` or no JSON from a gateway);
 * or not made and refused with a status.
 */
export type CreationOutcome = 'made' | 'reset' | 'cut' | '504' | 'junk' | { status: number };

export class NameService {
  /** By id. */
  readonly clusters = new Map<string, string>();
  readonly infraEnvs = new Map<string, string>();
  /** `POST /v2/clusters` … in order. */
  readonly requests: string[] = [];
  /** Authorization headers seen. */
  readonly authorizations = new Set<string>();
  /** What becomes of the next creations; afterwards they are made. */
  script: CreationOutcome[] = [];
  /** Answers to removals with this status instead of removing; null removes. */
  refuseRemovals: number | null = null;
  /** Called after a creation was carried out, before it is answered. */
  onMade: (kind: 'cluster' | 'infra-env') => void | Promise<void> = () => {};
  url = '';
  #ids = 0;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  static async start(): Promise<NameService> {
    const service = new NameService();
    await new Promise<void>((resolve) => service.#server.listen(0, '127.0.0.1', resolve));
    service.url = `http://127.0.0.1:${(service.#server.address() as AddressInfo).port}`;
    return service;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }

  /** Requests of one kind. */
  count(request: string): number {
    return this.requests.filter((one) => one === request).length;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [path] = request.url!.slice(API_BASE.length).split('?') as [string];
    this.requests.push(`${request.method} ${path}`);
    if (request.headers.authorization) this.authorizations.add(request.headers.authorization);
    const send = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const [, , kind, id, below] = path.split('/');
    const objects = kind === 'clusters' ? this.clusters : this.infraEnvs;
    if (path === '/v2/component-versions') return void send(200, { versions: { 'discovery-agent': 'agent:1' } });
    if (request.method === 'POST' && id === undefined) {
      return this.#create(objects, JSON.parse(Buffer.concat(chunks).toString()).name, request, response);
    }
    if (request.method === 'GET' && id === undefined)
      return void send(
        200,
        [...objects].map(([id, name]) => ({ id, name })),
      );
    if (below === 'hosts') return void send(200, []);
    if (!objects.has(id!)) return void send(404, { code: '404', reason: 'not found' });
    if (request.method === 'GET') return void send(200, { id, status: 'insufficient' });
    if (this.refuseRemovals !== null) {
      const who = request.headers.authorization ?? 'anybody';
      return void send(this.refuseRemovals, { code: 'x', reason: `not now, not for ${who}` });
    }
    objects.delete(id!);
    response.writeHead(204).end();
  }

  async #create(
    objects: Map<string, string>,
    name: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const outcome = this.script.shift() ?? 'made';
    if (typeof outcome === 'object') {
      response.writeHead(outcome.status, { 'content-type': 'application/json' }).end('{"code":"x","reason":"refused"}');
      return;
    }
    const id = `id-${++this.#ids}`;
    objects.set(id, name);
    await this.onMade(objects === this.clusters ? 'cluster' : 'infra-env');
    const body = JSON.stringify({ id, name });
    if (outcome === 'reset') request.socket.resetAndDestroy();
    else if (outcome === 'cut') {
      response.writeHead(201, { 'content-type': 'application/json', 'content-length': body.length + 10 }).write(body);
      setImmediate(() => request.socket.destroy());
    } else if (outcome === '504') response.writeHead(504, { 'content-type': 'text/html' }).end('<html>gateway</html>');
    else if (outcome === 'junk') response.writeHead(201, { 'content-type': 'text/html' }).end('<html>hello</html>');
    else response.writeHead(201, { 'content-type': 'application/json' }).end(body);
  }
}
