/** Runs: start, list, show, stop. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { answers, json, LOCATION, ref } from './api-components.ts';
import { ApiError } from './api-error.ts';
import { paceQuery, runParams, runQuery, startQuery } from './api-schemas.ts';
import { BackupLoad } from './backup-load.ts';
import { PLAN_MEDIA_ADVICE, PLAN_MEDIA_TYPES } from './error-reply.ts';
import { elsewhere, PastRun } from './past-run.ts';
import { type AnyRun, OWN_BASE, type RouteContext } from './route-context.ts';

/** The body of a start. Plans are read as text, whichever form they have, so that their errors have a line and a column. */
const planBody = {
  content: Object.fromEntries(
    PLAN_MEDIA_TYPES.map((type) => [
      type,
      {
        schema:
          type === 'application/json'
            ? ref('Plan')
            : { type: 'string', description: 'A plan in YAML, as the schema Plan says.' },
      },
    ]),
  ),
};

interface StartQuery {
  seed?: string;
  keep?: boolean;
  speed?: number;
  workers?: number;
  hold?: number;
}

/** Adds the routes to the API's scope. */
export function runRoutes(app: FastifyInstance, { runs, plans, find, findAny, listAll, heavy }: RouteContext): void {
  app.post(
    '/runs',
    {
      schema: {
        tags: ['runs'],
        operationId: 'startRun',
        summary: 'Start a run of the plan in the body (YAML or JSON)',
        consumes: PLAN_MEDIA_ADVICE,
        querystring: startQuery,
        response: answers({ 201: json('The run that was started.', ref('Run'), LOCATION) }, 409, 413, 415, 503),
      },
      config: { document: { body: planBody } },
    },
    async (request, reply) => {
      const query = request.query as StartQuery;
      const text = planText(request.body);
      // First of all: reading a plan takes time from the run that is under way.
      runs.refuseSecond();
      const plan = await plans.read(text, query.seed ?? null, {
        ...(query.keep !== undefined && { keep: query.keep }),
        ...(query.speed !== undefined && { speed: query.speed }),
      });
      const run = runs.start(plan, {
        ...(query.workers !== undefined && { workers: query.workers }),
        ...(query.hold !== undefined && { soakSeconds: query.hold }),
      });
      return reply.code(201).header('location', `${OWN_BASE}/runs/${run.id}`).send(describe(run));
    },
  );

  app.get(
    '/runs',
    {
      schema: {
        tags: ['runs'],
        operationId: 'listRuns',
        summary: 'List runs, newest first, with those of other processes in the same folder',
        querystring: runQuery,
        response: answers({ 200: json('The runs.', { type: 'array', items: ref('Run') }) }),
      },
    },
    (request) => listAll((request.query as { limit: number }).limit).map(describe),
  );

  app.get(
    '/runs/:id',
    {
      schema: {
        tags: ['runs'],
        operationId: 'getRun',
        summary: 'One run',
        params: runParams,
        response: answers({ 200: json('The run.', ref('Run')) }, 404),
      },
    },
    (request) => describe(findAny(request)),
  );

  app.post(
    '/runs/:id/stop',
    {
      schema: {
        tags: ['runs'],
        operationId: 'stopRun',
        summary: 'End a run early, clean-up included',
        params: runParams,
        response: answers({ 202: json('The run, which ends now.', ref('Run')) }, 404, 409),
      },
    },
    (request, reply) => {
      const run = findAny(request);
      if (run instanceof PastRun && run.record.state === 'running') throw elsewhere(run);
      if (run instanceof PastRun || run.state === 'ended') {
        throw new ApiError(409, 'run-ended', `run ${run.id} has ended; there is nothing to stop`, { given: run.id });
      }
      run.stop();
      return reply.code(202).send(describe(run));
    },
  );

  app.post(
    '/runs/:id/pace',
    {
      schema: {
        tags: ['runs'],
        operationId: 'setPace',
        summary: 'Let the clusters that are still to come arrive faster, slower or not at all',
        querystring: paceQuery,
        params: runParams,
        response: answers({ 200: json('The run.', ref('Run')) }, 404, 409),
      },
    },
    (request) => {
      const run = find(request);
      if (run instanceof PastRun && run.record.state === 'running') throw elsewhere(run);
      if (run instanceof PastRun || run.pace === null) {
        throw new ApiError(409, 'no-arrivals', `no cluster is to come any more in run ${run.id}`, { given: run.id });
      }
      run.setPace((request.query as { factor: number }).factor);
      return describe(run);
    },
  );

  app.get(
    '/runs/:id/summary',
    {
      // Summaries of earlier versions are given as they are.
      config: {
        ...heavy,
        document: {
          response: answers({ 200: json('The summary.', { anyOf: [ref('RunSummary'), ref('BackupSummary')] }) }, 404),
        },
      },
      schema: {
        tags: ['runs'],
        operationId: 'getRunSummary',
        summary: 'What a run came to, or how it stands while it goes on',
        description: 'Of a run of a plan a RunSummary, of a backup load a BackupSummary.',
        params: runParams,
      },
    },
    (request) => findAny(request).summary(),
  );
}

/** A run as the API shows it. */
function describe(run: AnyRun): object {
  if (run instanceof PastRun) {
    const { folder, service: _service, hub: _hub, process: _process, ...record } = run.record;
    return { ...record, directory: folder, phase: null, step: null, pace: null };
  }
  const isBackup = run instanceof BackupLoad;
  return {
    id: run.id,
    ...(isBackup ? { plan: run.name, seed: run.id } : { plan: run.plan.name, seed: run.plan.seed }),
    state: run.state,
    startedAt: run.startedAt.toISOString(),
    endedAt: run.endedAt?.toISOString() ?? null,
    verdict: run.verdict,
    reasons: run.reasons,
    clusters: isBackup ? 0 : run.plan.clusters.length,
    hosts: isBackup ? 0 : run.plan.hostCount,
    backup: isBackup,
    directory: run.directory,
    phase: isBackup ? null : (run.part?.phase ?? null),
    step: isBackup ? null : (run.part?.step ?? null),
    pace: isBackup ? null : run.pace,
  };
}

/** @throws ApiError 400 when there is no text in the body */
function planText(body: unknown): string {
  if (typeof body === 'string' && body.trim() !== '') return body;
  throw new ApiError(400, 'no-plan', 'the body is empty; it must be a plan, as YAML or JSON', {
    allowed: PLAN_MEDIA_ADVICE,
  });
}
