/** A proxy between a run and its service that counts, delays, and can be taken away. */
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { wallNow } from '../../../model/time/clock.ts';

export class CountingProxy {
  /** Requests that arrived. */
  requests = 0;
  connections = 0;
  /** Answers that were sent whole, by status. */
  readonly answers: Record<string, number> = {};
  #state: 'up' | 'refusing' | 'frozen' = 'up';
  #port = 0;
  readonly #upstream: URL;
  readonly #delayMs: number | ((incoming: IncomingMessage) => number);
  readonly #server: Server;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #sockets = new Set<Socket>();

  /** @param delayMs that each answer, or the answer to a request, is held back */
  constructor(upstream: string, delayMs: number | ((incoming: IncomingMessage) => number)) {
    this.#upstream = new URL(upstream);
    this.#delayMs = delayMs;
    // The side that asks closes idle connections.
    this.#server = createServer({ keepAliveTimeout: 600_000 }, (incoming, response) => this.#take(incoming, response));
    this.#server.on('connection', (socket) => {
      this.connections++;
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Nobody listens any more, and open connections are reset. @returns wall-clock milliseconds */
  refuse(): number {
    this.#state = 'refusing';
    this.#server.close();
    this.#reset();
    return wallNow();
  }

  /** Requests are taken and never answered. @returns wall-clock milliseconds */
  freeze(): number {
    this.#state = 'frozen';
    return wallNow();
  }

  /** As before; what waited is reset. @returns wall-clock milliseconds */
  async recover(): Promise<number> {
    const before = this.#state;
    this.#state = 'up';
    if (before === 'refusing') await this.listen();
    else this.#reset();
    return wallNow();
  }

  close(): void {
    this.#server.close();
    this.#reset();
    this.#agent.destroy();
  }

  #reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #take(incoming: IncomingMessage, response: ServerResponse): void {
    this.requests++;
    response.on('finish', () => {
      this.answers[response.statusCode] = (this.answers[response.statusCode] ?? 0) + 1;
    });
    const chunks: Buffer[] = [];
    incoming.on('error', () => {});
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    const delayMs = typeof this.#delayMs === 'number' ? this.#delayMs : this.#delayMs(incoming);
    incoming.on('end', () => {
      if (this.#state === 'frozen') return;
      const { method, url, headers } = incoming;
      const { hostname, port } = this.#upstream;
      const outgoing = request({ hostname, port, method, path: url, headers, agent: this.#agent }, (answer) => {
        const body: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => body.push(chunk));
        answer.on('end', () => {
          setTimeout(() => {
            if (this.#state !== 'up' || response.destroyed) return;
            response.writeHead(answer.statusCode!, answer.headers);
            response.end(Buffer.concat(body));
          }, delayMs);
        });
      });
      outgoing.on('error', () => response.destroy());
      outgoing.end(Buffer.concat(chunks));
    });
  }
}
