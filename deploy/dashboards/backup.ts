/** Load on the DevWorkspace Operator, and how its backups and restores come along. */
import type { DashboardSpec, RowSpec } from '../dashboard.ts';
import { furtherPanels, loadTable, percentilesSoFar, target } from '../panels.ts';
import { type Query, shareOf } from '../queries.ts';
import { BACKUP, loadVariables } from '../scopes.ts';

const JOBS = 'swarm_backup_jobs';

/** Of the Jobs that have ended. */
function failedShare(): Query {
  return shareOf(
    BACKUP.total(JOBS, { where: 'state="failed"' }),
    BACKUP.total(JOBS, { where: 'state=~"succeeded|failed"' }),
  );
}

const PHASES: RowSpec = {
  title: 'Where it stands',
  panels: [
    loadTable('backup'),
    {
      title: 'Phase under way',
      as: 'states',
      width: 12,
      targets: [target(BACKUP.most('swarm_backup_phase', { by: ['phase'] }), '{{phase}}')],
    },
    {
      title: 'Workspaces, how far they have come',
      width: 12,
      targets: [target(BACKUP.total('swarm_backup_workspaces', { by: ['state'] }), '{{state}}')],
    },
    {
      title: 'Done in each phase',
      targets: [
        target(BACKUP.total('swarm_backup_phase_done', { by: ['phase'] }), '{{phase}} done'),
        target(BACKUP.total('swarm_backup_phase_planned', { by: ['phase'] }), '{{phase}} planned'),
      ],
    },
    {
      title: 'Time in each phase',
      targets: [target(BACKUP.most('swarm_backup_phase_duration_seconds', { by: ['phase'] }), '{{phase}}')],
    },
    { title: 'Clock speed', targets: [target(BACKUP.most('swarm_backup_clock_speed'))] },
  ],
};

const BACKUPS: RowSpec = {
  title: 'Backups (times of the load’s clock)',
  panels: [
    {
      title: 'Failed, of the Jobs that have ended',
      as: 'stat',
      width: 6,
      warnAt: [0.01, 0.05],
      targets: [target(failedShare())],
    },
    {
      title: 'Operator ready',
      as: 'stat',
      width: 6,
      targets: [target(BACKUP.most('swarm_backup_operator_ready'))],
      note: '1 is ready.',
    },
    {
      title: 'Restarts of the operator and etcd',
      as: 'stat',
      width: 6,
      warnAt: [1, 1],
      targets: [target(BACKUP.total('swarm_backup_restarts_total', { by: ['program'] }), '{{program}}')],
    },
    {
      title: 'Left behind',
      as: 'stat',
      width: 6,
      warnAt: [1, 1],
      targets: [target(BACKUP.total('swarm_backup_leftovers'))],
    },
    {
      title: 'Workspaces, by outcome',
      as: 'stacked',
      targets: [target(BACKUP.total('swarm_backup_outcomes', { by: ['outcome'] }), '{{outcome}}')],
    },
    {
      title: 'Backup Jobs, by state',
      as: 'stacked',
      targets: [target(BACKUP.total(JOBS, { by: ['state'] }), '{{state}}')],
    },
    {
      title: 'Pods of backup Jobs',
      targets: [
        target(BACKUP.total('swarm_backup_pods_total'), 'all'),
        target(BACKUP.total('swarm_backup_pod_retries_total'), 'beyond the first of a Job'),
        target(BACKUP.total('swarm_backup_pod_failures_total'), 'failed'),
      ],
    },
    { title: 'Most Jobs at once', targets: [target(BACKUP.most('swarm_backup_queue_peak_jobs'))] },
    ...(
      [
        ['Until a Job is made', 'swarm_backup_job_creation_lag_seconds'],
        ['Until its first container starts', 'swarm_backup_job_wait_seconds'],
        ['From there to its end', 'swarm_backup_job_run_seconds'],
        ['Whole Job', 'swarm_backup_job_duration_seconds'],
        ['Until a workspace is ready', 'swarm_backup_workspace_ready_duration_seconds'],
        ['Until a workspace is stopped', 'swarm_backup_workspace_stop_duration_seconds'],
      ] as const
    ).map(([title, name]) => ({
      title,
      targets: percentilesSoFar(BACKUP, name),
      note: 'Of the load so far.',
    })),
  ],
};

const RESTORES: RowSpec = {
  title: 'Restores',
  panels: [
    {
      title: 'Restored workspaces, by outcome',
      as: 'stacked',
      targets: [target(BACKUP.total('swarm_backup_restores', { by: ['outcome'] }), '{{outcome}}')],
    },
    {
      title: 'Until a restored workspace is ready',
      targets: percentilesSoFar(BACKUP, 'swarm_backup_restore_ready_duration_seconds'),
    },
  ],
};

const CLUSTER: RowSpec = {
  title: 'Cluster',
  panels: [
    {
      title: 'Requests to the API server',
      targets: [
        target(BACKUP.rate('swarm_backup_requests_total', { by: ['verb', 'resource'] }), '{{verb}} {{resource}}'),
      ],
    },
    {
      title: 'Requests to the API server, by outcome',
      as: 'stacked',
      targets: [target(BACKUP.rate('swarm_backup_requests_total', { by: ['code'] }), '{{code}}')],
    },
    {
      title: 'Client held back',
      targets: [
        target(BACKUP.rate('swarm_backup_client_paused_seconds_total'), 'the API server asked for a rest'),
        target(BACKUP.rate('swarm_backup_client_waited_seconds_total'), 'all waiting'),
      ],
      note: 'As a share of the wall clock.',
    },
    {
      title: 'Processor, statistics so far',
      targets: [
        target(BACKUP.most('swarm_backup_cpu_cores', { by: ['program', 'statistic'] }), '{{program}} {{statistic}}'),
      ],
    },
    {
      title: 'Memory, statistics so far',
      targets: [
        target(BACKUP.most('swarm_backup_memory_bytes', { by: ['program', 'statistic'] }), '{{program}} {{statistic}}'),
      ],
    },
    {
      title: 'Pods replaced',
      targets: [target(BACKUP.total('swarm_backup_replaced_pods_total', { by: ['program'] }), '{{program}}')],
    },
  ],
};

const ROWS = [PHASES, BACKUPS, RESTORES, CLUSTER];

export const BACKUP_DASHBOARD: DashboardSpec = {
  uid: 'assisted-swarm-backup',
  title: 'assisted-swarm: backup load',
  description: 'Load on the DevWorkspace Operator, and how its backups and restores come along.',
  variables: loadVariables('backup'),
  annotations: [],
  rows: [...ROWS, ...furtherPanels(BACKUP, ROWS, ({ name }) => name.startsWith('swarm_backup_'))],
};
