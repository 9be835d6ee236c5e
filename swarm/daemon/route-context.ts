/** What the routes of the daemon's own API share. */
import type { FastifyRequest } from 'fastify';
import type { BackupLoad } from './backup-load.ts';
import type { BackupManager } from './backup-manager.ts';
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
  /** Null in a process that starts no backup loads. */
  backups: BackupManager | null;
}

export type AnyRun = Run | PastRun | BackupLoad;

export interface RouteContext extends OwnApiOptions {
  /** The run of a plan that a request's path names, or one of another process. @throws ApiError 404 */
  find: (request: FastifyRequest) => Run | PastRun;
  /** The same, with backup loads. @throws ApiError 404 */
  findAny: (request: FastifyRequest) => AnyRun;
  /** At most so many of all, newest first. */
  listAll: (limit: number) => AnyRun[];
  /** Route configuration of what looks at every host or counter. */
  heavy: object;
}
