/** The daemon's own API under /api/v1: one plugin for each thing it is about. */
import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import { errorSchema } from './api-schemas.ts';
import { PLAN_MEDIA_TYPES } from './error-reply.ts';
import { eventRoutes } from './event-routes.ts';
import { launchRoutes } from './launch-routes.ts';
import type { OwnApiOptions, RouteContext } from './route-context.ts';
import { rowRoutes } from './row-routes.ts';
import { runRoutes } from './run-routes.ts';

/** Runs named to somebody who asks for one that is not there. */
const KNOWN_NAMED = 20;

/** Fastify plugin; register it with `prefix: OWN_BASE`. */
export async function ownApi(app: FastifyInstance, { runs, plans, limits, launch }: OwnApiOptions): Promise<void> {
  // Plans are read as text, JSON ones too: their errors then have a line and a column.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser([...PLAN_MEDIA_TYPES], { parseAs: 'string' }, (_request, text, done) => done(null, text));

  const context: RouteContext = {
    runs,
    plans,
    limits,
    launch,
    problems: { '4xx': errorSchema, '5xx': errorSchema },
    heavy: { rateLimit: { max: limits.heavyRequestsPerSecond } },
    find: (request) => {
      const { id } = request.params as { id: string };
      const run = runs.get(id);
      if (run) return run;
      const known = runs.list(KNOWN_NAMED).map((one) => one.id);
      throw new ApiError(404, 'unknown-run', 'there is no run of this id', { given: id, allowed: known });
    },
  };
  app.get('/openapi.json', { schema: { hide: true }, config: context.heavy }, () => app.swagger());
  runRoutes(app, context);
  if (launch) launchRoutes(app, launch, context.heavy);
  rowRoutes(app, context);
  eventRoutes(app, context);
}
