/** The events of a run, through a websocket. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { WebSocket } from 'ws';
import { ApiError } from './api-error.ts';
import { runParams } from './api-schemas.ts';
import { closeAsOver } from './event-stream.ts';
import { elsewhere, PastRun } from './past-run.ts';
import type { RouteContext } from './route-context.ts';

/** Adds the route to the API's scope. */
export function eventRoutes(app: FastifyInstance, { findAny, problems, limits }: RouteContext): void {
  const { clients } = app.websocketServer;
  app.route({
    method: 'GET',
    url: '/runs/:id/events',
    exposeHeadRoute: false,
    schema: {
      tags: ['runs'],
      summary: 'Events as they happen: a websocket that sends one JSON object a message',
      description:
        'A reader that lets more than 1 MiB wait is closed with code 1013 and a reason. Code 1000 says that the run is over.',
      params: runParams,
      response: problems,
    },
    // Runs before the upgrade, so that these errors are plain answers.
    preValidation: async (request) => {
      const run = findAny(request);
      if (run instanceof PastRun && run.record.state === 'running') throw elsewhere(run);
      if (request.ws && clients.size >= limits.websockets) {
        throw new ApiError(503, 'too-many-readers', 'there are too many readers of events; close one', {
          allowed: limits.websockets,
        });
      }
    },
    handler: (_request, reply) => {
      reply.header('upgrade', 'websocket').header('connection', 'upgrade, close');
      throw new ApiError(426, 'websocket-only', 'events are sent through a websocket; connect with a websocket client');
    },
    wsHandler: (socket, request) => {
      const run = findAny(request);
      if (run instanceof PastRun) closeAsOver(socket);
      else run.events.attach(socket);
    },
  });

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
