/** `/mock/faults` and `/mock/planted`: faults that tests and people plant while the service runs. */

import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ZodError } from 'zod';
import { JsonSyntaxError } from '../../model/protocol/json-syntax.ts';
import { type Answer, frameworkError, jsonAnswer, send } from './answer.ts';
import type { Faults } from './faults.ts';
import { parseFirstValue } from './go-json.ts';
import { managePlanted } from './planted-admin.ts';
import { readText } from './request-input.ts';

export function addAdmin(app: FastifyInstance, faults: Faults): void {
  const plant = async (request: FastifyRequest, reply: FastifyReply) => {
    const answer = await managePlanted(request.raw, faults.planted, (request.params as { kind?: string }).kind);
    reply.hijack();
    send(request.raw, reply.raw, answer);
  };
  app.route({ method: ['GET', 'POST', 'DELETE'], url: '/mock/planted', handler: plant });
  app.delete('/mock/planted/:kind', plant);
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mock/faults',
    handler: async (request, reply) => {
      const answer = await manageFaults(request.method, request.raw, faults);
      reply.hijack();
      send(request.raw, reply.raw, answer);
    },
  });
  app.delete('/mock/faults/:id', (request, reply) => {
    const { id } = request.params as { id: string };
    const removed = faults.remove(Number(id));
    reply.hijack();
    send(request.raw, reply.raw, removed ? { status: 204 } : frameworkError(404, `there is no fault '${id}'`));
  });
}

async function manageFaults(method: string, raw: IncomingMessage, faults: Faults): Promise<Answer> {
  switch (method) {
    case 'GET':
      return jsonAnswer(200, faults.list());
    case 'DELETE':
      faults.remove();
      return { status: 204 };
    default:
      try {
        return jsonAnswer(201, faults.add(parseFirstValue(await readText(raw))));
      } catch (error) {
        if (error instanceof ZodError) {
          const { issues } = error;
          return frameworkError(400, issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
        }
        if (error instanceof RangeError || error instanceof JsonSyntaxError) return frameworkError(400, error.message);
        throw error;
      }
  }
}
