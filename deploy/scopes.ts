/**
 * Whose series a dashboard looks at: those of the runs, or backup loads, that its variables choose. The shards of a plan are runs of
 * their own, each in a process of its own: what adds up is summed over them, quantiles are those of their summed buckets, and what does
 * not add up (the oldest request, an outage) is that of the shard that has most of it.
 */
import type { VariableSpec } from './dashboard.ts';
import { queries } from './queries.ts';

/** Grafana's: four scrapes at least. */
const WINDOW = '$__rate_interval';

/** All shards of a plan are shown as one unless one is chosen. */
const SHARD_VARIABLE: VariableSpec = {
  name: 'shard',
  label: 'Shard',
  query: 'label_values(swarm_run_info{kind="run", instance=~"$instance", plan=~"$plan", run=~"$run"}, shard)',
  all: '.*',
};

/** Choices of a dashboard about loads of this kind. */
export const loadVariables = (kind: 'run' | 'backup'): VariableSpec[] => [
  {
    name: 'instance',
    label: 'Daemon',
    query: 'label_values(swarm_build_info, instance)',
    all: '.*',
  },
  {
    name: 'plan',
    label: 'Plan',
    query: `label_values(swarm_run_info{kind="${kind}", instance=~"$instance"}, plan)`,
    all: '.*',
  },
  {
    name: 'run',
    label: kind === 'run' ? 'Run' : 'Load',
    query: `label_values(swarm_run_info{kind="${kind}", instance=~"$instance", plan=~"$plan"}, run)`,
    all: '.*',
  },
  // Backup loads are never in shards.
  ...(kind === 'run' ? [SHARD_VARIABLE] : []),
];

/** Selector of what says which load the series of a scrape are of. */
export const chosen = (kind: 'run' | 'backup'): string =>
  `swarm_run_info{kind="${kind}", instance=~"$instance", plan=~"$plan", run=~"$run"${kind === 'run' ? ', shard=~"$shard"' : ''}}`;

const ofLoads = (kind: 'run' | 'backup') => queries({ window: WINDOW, join: `and on (job, instance) ${chosen(kind)}` });

export const RUN = ofLoads('run');
export const BACKUP = ofLoads('backup');

/** Of daemons, whatever they do. */
export const DAEMON = queries({ window: WINDOW, where: 'instance=~"$instance"' });

/** Of the chosen assisted-services. */
export const SERVER = queries({ window: WINDOW, where: 'instance=~"$server"' });
export const SERVER_VARIABLE: VariableSpec = {
  name: 'server',
  label: 'Service',
  query: 'label_values(http_request_duration_seconds_count{service="assisted-installer"}, instance)',
};

/** Of the image services, which are told apart by the names of their metrics. */
export const IMAGES = queries({ window: WINDOW });

/** Of the reconcilers of chosen jobs: names of their metrics are those of many other programs. */
export const RECONCILERS = queries({ window: WINDOW, where: 'job=~"$reconcilers"' });
export const RECONCILERS_VARIABLE: VariableSpec = {
  name: 'reconcilers',
  label: 'Reconcilers (job)',
  query: 'label_values(controller_runtime_reconcile_time_seconds_count, job)',
};
