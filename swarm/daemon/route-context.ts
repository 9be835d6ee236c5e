/** What the routes of the daemon's own API share. */
import type { FastifyRequest } from 'fastify';
import type { LaunchSource } from './launch-routes.ts';
import type { PastRun } from './past-run.ts';
import type { PlanReader } from './plan-reader.ts';
import type { Run } from './run.ts';
import type { RunManager } from './run-manager.ts';
import type { ServerLimits } from './server-limits.ts';

export const OWN_BASE = '/api/v1';

export interface OwnApiOptions {
  runs: RunManager;
  /** Reads the plans that clients send. */
  plans: PlanReader;
  limits: ServerLimits;
  /** Null in a process that launches nothing. */
  launch: LaunchSource | null;
}

export interface RouteContext extends OwnApiOptions {
  /** The run that a request's path names. @throws ApiError 404 */
  find: (request: FastifyRequest) => Run | PastRun;
  /** Answers of errors, for `schema.response`. */
  problems: object;
  /** Route configuration of what looks at every host or counter. */
  heavy: object;
}
