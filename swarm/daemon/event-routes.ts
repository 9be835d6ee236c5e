/** The events of a run, through a websocket. */
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { WebSocket } from 'ws';
import { answers, empty } from './api-components.ts';
import { ApiError } from './api-error.ts';
import { runParams } from './api-schemas.ts';
import { closeAsOver } from './event-stream.ts';
import { elsewhere, PastRun } from './past-run.ts';
import type { RouteContext } from './route-context.ts';

/** Adds the route to the API's scope. */
export function eventRoutes(app: FastifyInstance, { findAny, limits }: RouteContext): void {
  const { clients } = app.websocketServer;
  const url = '/runs/:id/events';
  // Before the upgrade, so that these errors are plain answers.
  const watchable = async (request: FastifyRequest) => {
    const run = findAny(request);
    if (run instanceof PastRun && run.record.state === 'running') throw elsewhere(run);
    if (request.ws && clients.size >= limits.websockets) {
      throw new ApiError(503, 'too-many-readers', 'there are too many readers of events; close one', {
        allowed: limits.websockets,
      });
    }
  };
  const refuse = (request: FastifyRequest, reply: FastifyReply) => {
    reply.headers({ upgrade: 'websocket', connection: 'upgrade, close', 'sec-websocket-version': '13' });
    const asked = request.headers.upgrade !== undefined;
    throw new ApiError(
      426,
      'websocket-only',
      asked
        ? 'events are sent through a websocket of version 13, and this request is not the opening of one (Upgrade, Connection, Sec-WebSocket-Version and Sec-WebSocket-Key); connect with a websocket client'
        : 'events are sent through a websocket; connect with a websocket client',
    );
  };
  app.route({
    method: 'GET',
    url,
    exposeHeadRoute: false,
    schema: {
      tags: ['runs'],
      operationId: 'followRunEvents',
      summary: 'Events as they happen: a websocket that sends one JSON object a message',
      description:
        'Each message is a RunEvent (of a backup load: a line of its events.ndjson). A reader that lets more than 1 MiB wait is closed with code 1013 and a reason. Code 1000 says that the run is over. Without the opening of a websocket the answer is 426.',
      params: runParams,
      response: answers({ 101: empty('The websocket is open.') }, 404, 409, 426, 503),
    },
    config: { document: { 'x-message': { $ref: '#/components/schemas/RunEvent' } } },
    preValidation: watchable,
    handler: refuse,
    wsHandler: (socket, request) => {
      const run = findAny(request);
      if (run instanceof PastRun) closeAsOver(socket);
      else run.events.attach(socket, request.socket);
    },
  });
  app.route({ method: 'HEAD', url, schema: { hide: true }, preValidation: watchable, handler: refuse });

  const heartbeat = new Heartbeat(() => clients, limits.pingMs);
  app.addHook('onClose', async () => heartbeat.stop());
}

/** Cuts off websockets whose peer is gone without a word. */
class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  /** Those that were pinged and have not answered. */
  #silent = new WeakSet<WebSocket>();
  readonly #watched = new WeakSet<WebSocket>();

  /** @param everyMs wall-clock milliseconds between pings */
  constructor(clients: () => Iterable<WebSocket>, everyMs: number) {
    this.#timer = setInterval(() => {
      for (const client of clients()) this.#look(client);
    }, everyMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(client: WebSocket): void {
    if (this.#silent.has(client)) {
      client.terminate();
      return;
    }
    if (!this.#watched.has(client)) {
      this.#watched.add(client);
      client.on('pong', () => this.#silent.delete(client));
    }
    this.#silent.add(client);
    if (client.readyState === client.OPEN) client.ping();
  }
}
