/** Clusters and hosts of a run. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import { clusterPage, clusterQuery, hostHistory, hostPage, hostParams, hostQuery, runParams } from './api-schemas.ts';
import type { RouteContext } from './route-context.ts';
import type { RowFilter } from './run-index.ts';

/** Adds the routes to the API's scope. */
export function rowRoutes(app: FastifyInstance, { runs, find, problems, heavy }: RouteContext): void {
  app.get(
    '/runs/:id/clusters',
    {
      config: heavy,
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
      config: heavy,
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
      config: heavy,
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
      return {
        host: row,
        processes: 'processes' in run ? run.processes.host(host) : null,
        events: await run.history(host),
      };
    },
  );
}
