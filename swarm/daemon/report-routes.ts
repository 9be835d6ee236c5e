/** Reports of runs, as a browser shows them. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { renderReport } from '../report/html-report.ts';
import { keptPercentiles, keptSummary } from '../report/kept-summary.ts';
import { readPlan } from '../report/report-files.ts';
import { answers } from './api-components.ts';
import { ApiError } from './api-error.ts';
import { runParams } from './api-schemas.ts';
import { PastRun } from './past-run.ts';
import type { RouteContext } from './route-context.ts';
import type { Run } from './run.ts';

/** Nothing in a report is a script, and what it shows comes from servers. */
const REPORT_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
} as const;

/** Adds the route to the API's scope. */
export function reportRoutes(app: FastifyInstance, { find, heavy }: Pick<RouteContext, 'find' | 'heavy'>): void {
  const page = { description: 'The report.', content: { 'text/html': { schema: { type: 'string' } } } };
  app.get(
    '/runs/:id/report',
    {
      config: { ...heavy, document: { response: answers({ 200: page }, 404) } },
      schema: {
        tags: ['runs'],
        operationId: 'getRunReport',
        summary: 'What a run came to, or how it stands, as one HTML document with plots',
        params: runParams,
      },
    },
    (request, reply) => {
      const report = reportOf(find(request));
      return reply.headers(REPORT_HEADERS).send(report);
    },
  );
}

/** @throws ApiError 404 for a run without a summary, or with one that cannot be read */
function reportOf(run: Run | PastRun): string {
  const summary = keptSummary(run.summary());
  if (summary === null) {
    throw new ApiError(404, 'no-summary', `run ${run.id} has no summary that a report could be made of`, {
      given: run.id,
    });
  }
  const plan = run instanceof PastRun ? readPlan(run.record.folder) : run.plan;
  return renderReport(summary, { plan, percentiles: keptPercentiles(summary) });
}
