/** The daemon's own API under /api/v1: one plugin for each thing it is about. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { answers, json } from './api-components.ts';
import { ApiError } from './api-error.ts';
import { BackupLoad } from './backup-load.ts';
import { backupRoutes } from './backup-routes.ts';
import { PLAN_MEDIA_TYPES } from './error-reply.ts';
import { eventRoutes } from './event-routes.ts';
import { launchRoutes } from './launch-routes.ts';
import { noRows, PastRun } from './past-run.ts';
import { reportRoutes } from './report-routes.ts';
import type { AnyRun, OwnApiOptions, RouteContext } from './route-context.ts';
import { rowRoutes } from './row-routes.ts';
import { runRoutes } from './run-routes.ts';

/** Runs named to somebody who asks for one that is not there. */
const KNOWN_NAMED = 20;

/** Fastify plugin; register it with `prefix: OWN_BASE`. */
export async function ownApi(app: FastifyInstance, options: OwnApiOptions): Promise<void> {
  const { runs, limits, launch, backups } = options;
  // Plans are read as text, JSON ones too: their errors then have a line and a column.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...PLAN_MEDIA_TYPES], { parseAs: 'string' }, (_request, text, done) => done(null, text));

  const listAll = (limit: number): AnyRun[] => {
    const loads = backups?.own() ?? [];
    const ids = new Set(loads.map(({ id }) => id));
    const others = runs.list(limit + loads.length).filter(({ id }) => !ids.has(id));
    const startOf = (run: AnyRun) => new Date(run instanceof PastRun ? run.record.startedAt : run.startedAt).getTime();
    return [...loads, ...others].sort((a, b) => startOf(b) - startOf(a)).slice(0, limit);
  };
  const findAny = (request: FastifyRequest): AnyRun => {
    const { id } = request.params as { id: string };
    const run = backups?.own().find((load) => load.id === id) ?? runs.get(id);
    if (run) return run;
    const known = listAll(KNOWN_NAMED).map((one) => one.id);
    throw new ApiError(404, 'unknown-run', 'there is no run of this id', { given: id, allowed: known });
  };
  const context: RouteContext = {
    ...options,
    heavy: { rateLimit: { max: limits.heavyRequestsPerSecond } },
    listAll,
    findAny,
    find: (request) => {
      const run = findAny(request);
      if (run instanceof BackupLoad) throw noRows(run.id);
      return run;
    },
  };
  app.get(
    '/openapi.json',
    {
      config: {
        ...context.heavy,
        document: { response: answers({ 200: json('The document.', { type: 'object', additionalProperties: true }) }) },
      },
      schema: { tags: ['daemon'], operationId: 'getDocument', summary: 'This document' },
    },
    () => app.swagger(),
  );
  runRoutes(app, context);
  reportRoutes(app, context);
  if (backups) backupRoutes(app, backups, context);
  if (launch) launchRoutes(app, launch, context.heavy);
  rowRoutes(app, context);
  eventRoutes(app, context);
}
