/** Clusters and hosts of a run. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { answers, json, ref } from './api-components.ts';
import { ApiError } from './api-error.ts';
import { clusterParams, clusterQuery, hostParams, hostQuery, runParams } from './api-schemas.ts';
import type { RouteContext } from './route-context.ts';
import type { Run } from './run.ts';
import type { RowFilter } from './run-index.ts';

/** Adds the routes to the API's scope. */
export function rowRoutes(app: FastifyInstance, { runs, find, heavy }: RouteContext): void {
  app.get(
    '/runs/:id/clusters',
    {
      config: heavy,
      schema: {
        tags: ['runs'],
        operationId: 'listRunClusters',
        summary: 'Clusters of a run',
        params: runParams,
        querystring: clusterQuery,
        response: answers({ 200: json('Some of the clusters.', ref('ClusterPage')) }, 404),
      },
    },
    async (request) => (await runs.index(find(request))).clusters(request.query as RowFilter),
  );

  app.get(
    '/runs/:id/clusters/:cluster',
    {
      // Events of earlier versions are given as they are.
      config: { ...heavy, document: { response: answers({ 200: json('The cluster.', ref('ClusterHistory')) }, 404) } },
      schema: {
        tags: ['runs'],
        operationId: 'getRunCluster',
        summary: 'One cluster and what happened to it; what happened to its hosts stands with them',
        params: clusterParams,
      },
    },
    async (request) => {
      const run = find(request);
      const { cluster } = request.params as unknown as { cluster: number };
      const row = (await runs.index(run)).cluster(cluster);
      if (!row) {
        throw new ApiError(404, 'unknown-cluster', `run ${run.id} has no cluster of this number`, { given: cluster });
      }
      return { cluster: row, events: await run.clusterHistory(cluster) };
    },
  );

  app.get(
    '/runs/:id/hosts',
    {
      config: heavy,
      schema: {
        tags: ['runs'],
        operationId: 'listRunHosts',
        summary: 'Hosts of a run',
        params: runParams,
        querystring: hostQuery,
        response: answers({ 200: json('Some of the hosts.', ref('HostPage')) }, 404),
      },
    },
    async (request) => (await runs.index(find(request))).hosts(request.query as RowFilter),
  );

  app.get(
    '/runs/:id/hosts/:host',
    {
      // Events of earlier versions are given as they are.
      config: { ...heavy, document: { response: answers({ 200: json('The host.', ref('HostHistory')) }, 404) } },
      schema: {
        tags: ['runs'],
        operationId: 'getRunHost',
        summary: 'One host and everything that happened to it',
        params: hostParams,
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
        processes: 'processes' in run ? processesOf(run, host) : null,
        events: await run.history(host),
      };
    },
  );
}

/** What the programs of a host took; null when it runs none. */
function processesOf(run: Run, host: number): object | null {
  const record = run.processes.host(host);
  return record && { seconds: record.seconds, programs: record.programs, peaks: record.peaks };
}
