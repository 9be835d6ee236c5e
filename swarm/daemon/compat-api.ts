/**
 * The control API of the public Go tool under /api/assisted-swarm, answer for answer, so that its clients work unchanged
 * (openshift-assisted/assisted-swarm, swagger.yaml and cmd/main.go). Business errors have its shape `{kind, id, href, code, reason}`; what its framework refuses has
 * `{code, message}` with the framework's own numbers.
 */
// Its types add tags, summary and the like to route schemas.
import type {} from '@fastify/swagger';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { refuseBrowsers } from './access.ts';
import { agentAnswers, empty, frameworkAnswers, json, ref } from './api-components.ts';
import { ApiError } from './api-error.ts';
import { AGENT_FIELDS, IPV4_PATTERN } from './compat-schemas.ts';
import { LoneAgentError, type LoneAgentParams, type LoneAgents } from './lone-agent.ts';

export const COMPAT_BASE = '/api/assisted-swarm';
/** Milliseconds between the answer to /exit and the exit. */
const EXIT_DELAY_MS = 500;

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;
const MAC = /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i;

/** The framework's codes of a failed validation; all of them are answered with 422. */
const CODE = { type: 601, pattern: 605 } as const;

/** What the framework refuses before a handler sees it. */
class FrameworkError extends Error {
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

export interface CompatOptions {
  agents: LoneAgents;
  /** Ends the daemon; called a moment after /exit was answered. */
  exit: () => void;
}

/** Fastify plugin; register it with `prefix: COMPAT_BASE`. */
export async function compatApi(app: FastifyInstance, { agents, exit }: CompatOptions): Promise<void> {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, text, done) => done(null, text));

  app.setErrorHandler((error: Error & { statusCode?: number; code?: unknown }, request, reply) => {
    if (error instanceof LoneAgentError) return business(reply, error.status, error.message);
    if (error instanceof ApiError) {
      return reply.code(error.status).send({ code: error.status, message: error.message });
    }
    if (error instanceof FrameworkError) {
      return reply.code(error.status).send({ code: error.code, message: error.message });
    }
    if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
      const given = request.headers['content-type'] ?? '';
      return reply
        .code(415)
        .send({ code: 415, message: `unsupported media type "${given}", only [application/json] are allowed` });
    }
    const status = error.statusCode ?? 500;
    return reply.code(status).send({ code: status, message: error.message });
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.slice(COMPAT_BASE.length).split('?')[0];
    return reply.code(404).send({ code: 404, message: `path ${path} was not found` });
  });
  const onlyMethods = (path: string, allowed: string[]) => {
    const others = (['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const).filter((method) => !allowed.includes(method));
    app.route({
      method: others,
      url: path,
      schema: { hide: true },
      handler: (request, reply) =>
        reply
          .code(405)
          .header('allow', allowed.join(', '))
          .send({ code: 405, message: `method ${request.method} is not allowed, but [${allowed.join(',')}] are` }),
    });
  };

  // For the document alone: what is taken and given is the public tool's affair.
  const operation = (operationId: string, summary: string, document: object) => ({
    schema: { tags: ['swarm'], operationId, summary },
    config: { document },
  });
  const params = {
    type: 'object',
    required: ['agent_id'],
    properties: { agent_id: { type: 'integer', description: 'As `id` says.' } },
  };

  app.get(
    '/agents',
    operation('listAgents', 'List all agents that were not deleted.', {
      response: frameworkAnswers({ 200: json('The agents.', { type: 'array', items: ref('Agent') }) }),
    }),
    () => agents.list(),
  );
  app.post(
    '/agents',
    operation('createAgent', 'Create new agent.', {
      body: ref('NewAgent'),
      response: agentAnswers({ 201: json('The agent.', ref('Agent')) }, [400, 500], 415, 422),
    }),
    async (request, reply) => {
      const record = await agents.create(checkParams(request.body as string | undefined));
      return reply.code(201).send(record);
    },
  );
  onlyMethods('/agents', ['GET', 'POST']);

  app.get(
    '/agents/:agent_id',
    operation('getAgent', 'Get specific agent.', {
      params,
      response: agentAnswers({ 200: json('The agent.', ref('Agent')) }, [404], 422),
    }),
    (request, reply) => {
      const id = agentId(request.params);
      return agents.get(id) ?? business(reply, 404, `id ${id} was not found`);
    },
  );
  app.delete(
    '/agents/:agent_id',
    operation('deleteAgent', 'Delete agent: its record alone, it goes on.', {
      params,
      response: agentAnswers({ 204: empty('It is forgotten.') }, [404], 422),
    }),
    (request, reply) => {
      const id = agentId(request.params);
      return agents.forget(id) ? reply.code(204).send() : business(reply, 404, `id ${id} does not exist`);
    },
  );
  onlyMethods('/agents/:agent_id', ['GET', 'DELETE']);

  app.get(
    '/health',
    operation('checkHealth', 'Health check.', { response: frameworkAnswers({ 204: empty('The daemon is there.') }) }),
    (_request, reply) => reply.code(204).send(),
  );
  onlyMethods('/health', ['GET']);
  app.get(
    '/exit',
    {
      ...operation('exit', 'Exit the process.', { response: frameworkAnswers({ 204: empty('The daemon ends.') }) }),
      // A GET that changes something: an image on any page is enough to send it.
      onRequest: refuseBrowsers,
      exposeHeadRoute: false,
    },
    (_request, reply) => {
      // The client gets its answer before the process goes.
      setTimeout(exit, EXIT_DELAY_MS);
      return reply.code(204).send();
    },
  );
  onlyMethods('/exit', ['GET']);
}

function business(reply: FastifyReply, status: number, reason: string): FastifyReply {
  return reply.code(status).send({ code: String(status), href: '', id: status, kind: 'Error', reason });
}

function agentId(params: unknown): number {
  const text = (params as { agent_id: string }).agent_id;
  if (!/^[+-]?\d+$/.test(text)) {
    throw new FrameworkError(422, CODE.type, `agent_id in path must be of type int64: "${text}"`);
  }
  return Number(text);
}

/** Checks a create request as the public tool's generated code does: unknown fields pass, formats do not. */
function checkParams(text: string | undefined): LoneAgentParams {
  let body: unknown;
  try {
    body = JSON.parse(text ?? '');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new FrameworkError(400, 400, `parsing new-agent-params body from "" failed, because ${why}`);
  }
  if (body === null || typeof body !== 'object' || Array.isArray(body)) {
    throw new FrameworkError(400, 400, 'parsing new-agent-params body from "" failed, because it is not a JSON object');
  }
  const params: Record<string, string> = {};
  for (const [name, check] of Object.entries(AGENT_FIELDS)) {
    const value = (body as Record<string, unknown>)[name];
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string') {
      throw new FrameworkError(
        400,
        400,
        `parsing new-agent-params body from "" failed, because ${name} is a ${typeof value}, not a string`,
      );
    }
    if ((check === 'uuid' && !UUID.test(value)) || (check === 'mac' && !MAC.test(value))) {
      throw new FrameworkError(422, CODE.type, `${name} in body must be of type ${check}: "${value}"`);
    }
    if (check === 'ipv4' && !new RegExp(IPV4_PATTERN).test(value)) {
      throw new FrameworkError(422, CODE.pattern, `${name} in body should match '${IPV4_PATTERN}'`);
    }
    params[name] = value;
  }
  return params;
}
