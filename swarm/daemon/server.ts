/**
 * The daemon's HTTP side: its own API under /api/v1, the public Go tool's control API under /api/assisted-swarm, /metrics and a
 * status page. It only looks at runs and starts or stops them; nothing a client does slows one.
 */
import swagger from '@fastify/swagger';
import websocket from '@fastify/websocket';
import Fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { programVersion } from '../package-root.ts';
import { expandPlan } from '../plan/expand.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { parsePlan } from '../plan/load.ts';
import { PlanError } from '../plan/plan.ts';
import { createRegistry } from '../telemetry/registry.ts';
import { ApiError } from './api-error.ts';
import {
  clusterPage,
  clusterQuery,
  errorSchema,
  hostHistory,
  hostPage,
  hostParams,
  hostQuery,
  runParams,
  runQuery,
  runSchema,
  startQuery,
} from './api-schemas.ts';
import { COMPAT_BASE, compatApi } from './compat-api.ts';
import { closeAsOver } from './event-stream.ts';
import type { LoneAgents } from './lone-agent.ts';
import { applyOverrides } from './overrides.ts';
import { PastRun } from './past-run.ts';
import type { Run } from './run.ts';
import type { RowFilter } from './run-index.ts';
import type { RunManager } from './run-manager.ts';
import { STATUS_PAGE } from './status-page.ts';

export interface ServerOptions {
  runs: RunManager;
  agents: LoneAgents;
  /** Ends the daemon when a client asks for it. */
  exit: () => void;
}

/** Bytes of a plan that may be posted. */
const PLAN_LIMIT = 4 << 20;
/** Runs named to somebody who asks for one that is not there. */
const KNOWN_NAMED = 20;

interface StartQuery {
  seed?: string;
  keep?: boolean;
  speed?: number;
  workers?: number;
  hold?: number;
}

/** A server that does not listen yet. */
export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const app = Fastify({
    bodyLimit: PLAN_LIMIT,
    // Open websockets and keep-alive connections must not hold up the end of the process.
    forceCloseConnections: true,
    // Values of the query are turned into numbers and booleans; what the schema does not know is refused, not dropped.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: true, useDefaults: true, allErrors: false } },
  });
  await app.register(swagger, {
    // The websocket plugin hides its routes from documents; clients want to know them.
    transform: ({ schema, url, route }) => ({
      schema: (route as { websocket?: boolean }).websocket ? { ...schema, hide: false } : schema,
      url,
    }),
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'assisted-swarm',
        version: programVersion(),
        description: 'Runs of simulated hosts against assisted-service: start, watch, stop.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      tags: [
        { name: 'runs', description: 'Runs of plans' },
        { name: 'swarm', description: 'Single agents, compatible with the public Go tool' },
      ],
    },
  });
  await app.register(websocket, { options: { maxPayload: 1 << 16 } });
  app.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    const told = toApiError(error, request);
    return reply.code(told.status).send(told.body());
  });
  app.setNotFoundHandler((request, reply) => {
    const error = new ApiError(404, 'unknown-path', 'there is nothing at this path; see /api/v1/openapi.json', {
      given: `${request.method} ${request.url}`,
    });
    return reply.code(404).send(error.body());
  });

  const registry = createRegistry(programVersion(), () => {
    const run = options.runs.current;
    if (!run) return options.agents.measured();
    return { reader: run.reader, saturation: run.saturation, clockSpeed: run.plan.clockSpeed };
  });
  app.get('/metrics', { schema: { hide: true } }, async (_request, reply) => {
    reply.type(registry.contentType);
    return registry.metrics();
  });
  app.get('/', { schema: { hide: true } }, (_request, reply) =>
    reply.type('text/html; charset=utf-8').send(STATUS_PAGE),
  );
  await app.register((scope) => compatApi(scope, options), { prefix: COMPAT_BASE });
  await app.register((scope) => ownApi(scope, options.runs), { prefix: '/api/v1' });
  await app.ready();
  return app;
}

async function ownApi(app: FastifyInstance, runs: RunManager): Promise<void> {
  // Plans are read as text, JSON ones too: their errors then have a line and a column.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    ['application/json', 'application/yaml', 'application/x-yaml', 'text/yaml', 'text/x-yaml', 'text/plain'],
    { parseAs: 'string' },
    (_request, text, done) => done(null, text),
  );
  const problems = { '4xx': errorSchema, '5xx': errorSchema };
  const find = (request: FastifyRequest): Run | PastRun => {
    const { id } = request.params as { id: string };
    const run = runs.get(id);
    if (run) return run;
    const known = runs.list(KNOWN_NAMED).map((one) => one.id);
    throw new ApiError(404, 'unknown-run', 'there is no run of this id', { given: id, allowed: known });
  };

  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());

  app.post(
    '/runs',
    {
      schema: {
        tags: ['runs'],
        summary: 'Start a run of the plan in the body (YAML or JSON)',
        consumes: ['application/yaml', 'application/json'],
        querystring: startQuery,
        response: { 201: runSchema, ...problems },
      },
    },
    async (request, reply) => {
      const query = request.query as StartQuery;
      const run = runs.start(readPlan(request.body, query), {
        ...(query.workers !== undefined && { workers: query.workers }),
        ...(query.hold !== undefined && { holdSeconds: query.hold }),
      });
      return reply.code(201).header('location', `/api/v1/runs/${run.id}`).send(describe(run));
    },
  );

  app.get(
    '/runs',
    {
      schema: {
        tags: ['runs'],
        summary: 'List runs, newest first, with those of other processes in the same folder',
        querystring: runQuery,
        response: { 200: { type: 'array', items: runSchema }, ...problems },
      },
    },
    (request) => runs.list((request.query as { limit: number }).limit).map(describe),
  );

  app.get(
    '/runs/:id',
    {
      schema: { tags: ['runs'], summary: 'One run', params: runParams, response: { 200: runSchema, ...problems } },
    },
    (request) => describe(find(request)),
  );

  app.post(
    '/runs/:id/stop',
    {
      schema: {
        tags: ['runs'],
        summary: 'End a run early, clean-up included',
        params: runParams,
        response: { 202: runSchema, ...problems },
      },
    },
    (request, reply) => {
      const run = find(request);
      if (run instanceof PastRun && run.record.state === 'running') throw elsewhere(run);
      if (run instanceof PastRun || run.state === 'ended') {
        throw new ApiError(409, 'run-ended', `run ${run.id} has ended; there is nothing to stop`, { given: run.id });
      }
      run.stop();
      return reply.code(202).send(describe(run));
    },
  );

  app.get(
    '/runs/:id/summary',
    {
      schema: {
        tags: ['runs'],
        summary: 'What a run came to, or how it stands while it goes on',
        params: runParams,
        response: { 200: { type: 'object', additionalProperties: true }, ...problems },
      },
    },
    (request) => find(request).summary(),
  );

  app.get(
    '/runs/:id/clusters',
    {
      schema: {
        tags: ['runs'],
        summary: 'Clusters of a run',
        params: runParams,
        querystring: clusterQuery,
        response: { 200: clusterPage, ...problems },
      },
    },
    async (request) => (await runs.index(find(request))).clusters(request.query as RowFilter),
  );

  app.get(
    '/runs/:id/hosts',
    {
      schema: {
        tags: ['runs'],
        summary: 'Hosts of a run',
        params: runParams,
        querystring: hostQuery,
        response: { 200: hostPage, ...problems },
      },
    },
    async (request) => (await runs.index(find(request))).hosts(request.query as RowFilter),
  );

  app.get(
    '/runs/:id/hosts/:host',
    {
      schema: {
        tags: ['runs'],
        summary: 'One host and everything that happened to it',
        params: hostParams,
        response: { 200: hostHistory, ...problems },
      },
    },
    async (request) => {
      const run = find(request);
      const { host } = request.params as unknown as { host: number };
      const row = (await runs.index(run)).host(host);
      if (!row) {
        throw new ApiError(404, 'unknown-host', `run ${run.id} has no host of this number`, { given: host });
      }
      return { host: row, events: await run.history(host) };
    },
  );

  app.get(
    '/runs/:id/events',
    {
      websocket: true,
      schema: {
        tags: ['runs'],
        summary: 'Events as they happen: a websocket that sends one JSON object a message',
        description:
          'A reader that lets more than 1 MiB wait is closed with code 1013 and a reason. Code 1000 says that the run is over.',
        params: runParams,
      },
      // Runs before the upgrade, so that an unknown run is a plain 404.
      preValidation: async (request) => {
        const run = find(request);
        if (run instanceof PastRun && run.record.state === 'running') throw elsewhere(run);
      },
    },
    (socket, request) => {
      const run = find(request);
      if (run instanceof PastRun) closeAsOver(socket);
      else run.events.attach(socket);
    },
  );
}

/** A run as the API shows it. */
function describe(run: Run | PastRun): object {
  if (run instanceof PastRun) {
    const { id, plan, seed, state, startedAt, endedAt, verdict, reasons, clusters, hosts, folder } = run.record;
    return { id, plan, seed, state, startedAt, endedAt, verdict, reasons, clusters, hosts, directory: folder };
  }
  return {
    id: run.id,
    plan: run.plan.name,
    seed: run.plan.seed,
    state: run.state,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
    verdict: run.verdict,
    reasons: run.reasons,
    clusters: run.plan.clusters.length,
    hosts: run.plan.hostCount,
    directory: run.directory,
  };
}

function elsewhere({ id, record }: PastRun): ApiError {
  const { pid, host } = record.process!;
  return new ApiError(409, 'run-elsewhere', `run ${id} goes on in process ${pid} on ${host}; stop or watch it there`, {
    given: id,
  });
}

function readPlan(body: unknown, query: StartQuery): ExpandedPlan {
  if (typeof body !== 'string' || body.trim() === '') {
    throw new ApiError(400, 'no-plan', 'the body is empty; it must be a plan, as YAML or JSON', {
      allowed: ['application/yaml', 'application/json'],
    });
  }
  try {
    const plan = parsePlan(body, 'plan');
    return applyOverrides(expandPlan(plan, query.seed === undefined ? {} : { seed: query.seed }), query);
  } catch (error) {
    if (error instanceof PlanError) {
      throw new ApiError(400, 'bad-plan', error.message, { given: error.problems });
    }
    if (error instanceof RangeError) throw new ApiError(400, 'bad-plan', error.message);
    throw error;
  }
}

/** Every error in the API's own shape. */
function toApiError(error: FastifyError | ApiError, request: FastifyRequest): ApiError {
  if (error instanceof ApiError) return error;
  const [invalid] = error.validation ?? [];
  if (invalid) {
    const name = invalid.instancePath.slice(1) || String(invalid.params.additionalProperty ?? '');
    const source = error.validationContext === 'params' ? request.params : request.query;
    return new ApiError(400, 'bad-value', `${name || error.validationContext} ${invalid.message ?? 'is wrong'}`, {
      given: (source as Record<string, unknown>)[name],
      allowed: invalid.params.allowedValues ?? invalid.params.type ?? invalid.params.limit,
    });
  }
  if (error.code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return new ApiError(415, 'unknown-media-type', 'the body must be a plan, as YAML or JSON', {
      given: request.headers['content-type'],
      allowed: ['application/yaml', 'application/json'],
    });
  }
  const status = error.statusCode ?? 500;
  return new ApiError(status, status < 500 ? 'bad-request' : 'internal', error.message);
}
