/** Backup loads: start, list, follow. They are runs too: stop, summary and events are those of the runs. */
import type {} from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import type { BackupFigures } from '../backup/backup-figures.ts';
import type { BackupEnd } from '../backup/backup-output.ts';
import type { RunRecord } from '../telemetry/run-archive.ts';
import { answers, json, LOCATION, ref } from './api-components.ts';
import { ApiError } from './api-error.ts';
import { runParams, runQuery } from './api-schemas.ts';
import { backupStartOf } from './backup-body.ts';
import { BackupLoad } from './backup-load.ts';
import type { BackupManager } from './backup-manager.ts';
import { OWN_BASE, type RouteContext } from './route-context.ts';

/** Loads named to somebody who asks for one that is not there. */
const KNOWN_NAMED = 20;

/** Adds the routes to the API's scope. */
export function backupRoutes(app: FastifyInstance, backups: BackupManager, { heavy }: RouteContext): void {
  app.post(
    '/backups',
    {
      schema: {
        tags: ['backups'],
        operationId: 'startBackup',
        summary: 'Start a backup load',
        description:
          'The body has the parameters of `swarm backup run` under the names of its options. Credentials of the registry are in QUAY_USERNAME and QUAY_PASSWORD of the environment of the daemon, or in a secret of the cluster. What the cluster itself refuses is in `reasons` of the load, which then has ended; nothing was created.',
        consumes: ['application/json'],
        response: answers({ 201: json('The load that was started.', ref('Backup'), LOCATION) }, 409, 413, 415),
      },
      // The body is read with all of its problems at once, as the command line is.
      config: { document: { body: ref('BackupParameters') } },
    },
    async (request, reply) => {
      backups.refuseSecond();
      const load = backups.start(await backupStartOf(request.body));
      return reply.code(201).header('location', `${OWN_BASE}/backups/${load.id}`).send(describe(load, backups));
    },
  );

  app.get(
    '/backups',
    {
      schema: {
        tags: ['backups'],
        operationId: 'listBackups',
        summary: 'List backup loads, newest first, with those of other processes in the same folder',
        querystring: runQuery,
        response: answers({ 200: json('The loads.', { type: 'array', items: ref('BackupRow') }) }),
      },
    },
    (request) => backups.list((request.query as { limit: number }).limit).map(rowOf),
  );

  app.get(
    '/backups/:id',
    {
      config: heavy,
      schema: {
        tags: ['backups'],
        operationId: 'getBackup',
        summary: 'One backup load: its phases, figures so far, and what it came to',
        params: runParams,
        response: answers({ 200: json('The load.', ref('Backup')) }, 404),
      },
    },
    (request) => {
      const { id } = request.params as { id: string };
      const load = backups.get(id);
      if (load) return describe(load, backups);
      const allowed = backups.list(KNOWN_NAMED).map((one) => one.id);
      throw new ApiError(404, 'unknown-backup', 'there is no backup load of this id', { given: id, allowed });
    },
  );
}

function rowOf(load: BackupLoad | RunRecord): object {
  const { id, state, verdict, reasons } = load;
  if (!(load instanceof BackupLoad)) {
    const { plan: name, startedAt, endedAt, folder: directory } = load;
    return { id, name, state, startedAt, endedAt, verdict, reasons, directory };
  }
  const { name, startedAt, endedAt, directory } = load;
  const [started, ended] = [startedAt.toISOString(), endedAt?.toISOString() ?? null];
  return { id, name, state, startedAt: started, endedAt: ended, verdict, reasons, directory };
}

function describe(load: BackupLoad | RunRecord, backups: BackupManager): object {
  if (load instanceof BackupLoad) {
    const { progress, phases, figures, findings } = load;
    return { ...rowOf(load), progress, phases, figures: figures && withoutRows(figures), findings };
  }
  const { figures = null, findings = [] } = (backups.summaryOf(load.id) ?? {}) as Partial<
    BackupEnd & { figures: BackupFigures }
  >;
  const phases = figures?.phases ?? [];
  return { ...rowOf(load), progress: null, phases, figures: figures && withoutRows(figures), findings };
}

/** One row a workspace and one point a few seconds are no matter for somebody who looks every second. */
function withoutRows({ workspaces: _workspaces, phases: _phases, queue, restore, ...figures }: BackupFigures): object {
  const { points: _points, ...restOfQueue } = queue ?? { points: [] };
  const { workspaces: _restored, ...restOfRestore } = restore ?? { workspaces: [] };
  return { ...figures, queue: queue && restOfQueue, restore: restore && restOfRestore };
}
