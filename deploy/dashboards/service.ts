/** The service under load: what is asked of it, how it answers, and its own figures on the same time axis. */
import type { DashboardSpec, RowSpec } from '../dashboard.ts';
import { furtherPanels, loadTable, percentiles, percentilesSoFar, RUN_ANNOTATIONS, target } from '../panels.ts';
import { type Question, shareOf } from '../queries.ts';
import { IMAGES, loadVariables, RECONCILERS, RECONCILERS_VARIABLE, RUN, SERVER, SERVER_VARIABLE } from '../scopes.ts';

const CLIENT: Question = { by: ['client'] };
const ANSWERED: Question = { ...CLIENT, where: 'result="answered"' };
const FAILED: Question = { ...CLIENT, where: 'result="failed"' };
const DUE = 'swarm_request_duration_seconds';

const LOAD: RowSpec = {
  title: 'Load',
  panels: [
    loadTable('run'),
    {
      title: 'Phase and step of the run',
      as: 'states',
      width: 24,
      targets: [target(RUN.most('swarm_run_phase', { by: ['phase', 'step'] }), '{{phase}} {{step}}')],
    },
    {
      title: 'Hosts, by phase',
      as: 'stacked',
      targets: [target(RUN.total('swarm_hosts', { by: ['phase'] }), '{{phase}}')],
    },
    {
      title: 'Clusters, by phase',
      as: 'stacked',
      targets: [target(RUN.total('swarm_clusters', { by: ['phase'] }), '{{phase}}')],
    },
    {
      title: 'Hosts, by stage reported last',
      as: 'stacked',
      targets: [target(RUN.total('swarm_host_stages', { by: ['stage'] }), '{{stage}}')],
    },
    {
      title: 'Requests, by client',
      as: 'stacked',
      targets: [target(RUN.rate('swarm_requests_total', CLIENT), '{{client}}')],
    },
    {
      title: 'Requests, by outcome',
      as: 'stacked',
      targets: [target(RUN.rate('swarm_requests_total', { by: ['code'] }), '{{code}}')],
    },
    {
      title: 'Requests, by endpoint',
      targets: [target(RUN.rate('swarm_requests_total', { by: ['method', 'endpoint'] }), '{{method}} {{endpoint}}')],
    },
  ],
};

const ANSWERS: RowSpec = {
  title: 'How it answers',
  panels: [
    {
      title: 'Outage that goes on',
      as: 'stat',
      width: 6,
      warnAt: [1, 20],
      targets: [target(RUN.most('swarm_service_outage_current_seconds'))],
    },
    {
      title: 'Oldest request without an answer',
      as: 'stat',
      width: 6,
      warnAt: [5, 30],
      targets: [target(RUN.most('swarm_oldest_request_age_seconds'))],
    },
    {
      title: 'Polls never sent',
      as: 'stat',
      width: 6,
      warnAt: [1, 100],
      targets: [target(RUN.total('swarm_polls_missed_total'))],
    },
    {
      title: 'Failed attempts, of all that were answered or failed',
      as: 'stat',
      width: 6,
      warnAt: [0.01, 0.1],
      targets: [target(shareOf(RUN.rate(DUE, { where: 'result="failed"' }), RUN.rate(DUE)))],
    },
    {
      title: 'Time since due, answered',
      targets: percentiles(RUN, DUE, ANSWERED, '{{client}}'),
      note: 'With the wait of requests that could not be sent in time.',
    },
    {
      title: 'Time since sent, answered',
      targets: percentiles(RUN, 'swarm_request_send_duration_seconds', ANSWERED, '{{client}}'),
    },
    {
      title: 'Time until success',
      targets: percentiles(RUN, 'swarm_request_success_duration_seconds', CLIENT, '{{client}}'),
    },
    {
      title: 'Time since due by endpoint, answered, p99',
      targets: [
        target(
          RUN.quantile(0.99, DUE, { by: ['client', 'endpoint'], where: 'result="answered"' }),
          '{{client}} {{endpoint}}',
        ),
      ],
    },
    { title: 'Time until an attempt failed', targets: percentiles(RUN, DUE, FAILED, '{{client}}') },
    { title: 'Wait of polls in an open loop', targets: percentiles(RUN, 'swarm_poll_wait_seconds') },
    {
      title: 'Answers of 400 or more, and none, so far',
      targets: [
        target(
          RUN.total('swarm_requests_total', { by: ['client', 'endpoint', 'code'], where: 'code!~"[123]..|aborted"' }),
          '{{client}} {{endpoint}} {{code}}',
        ),
      ],
      // A rate would not see the first ones: their series begins with them.
    },
    {
      title: 'Failed share, by client',
      targets: [target(shareOf(RUN.rate(DUE, FAILED), RUN.rate(DUE, CLIENT)), '{{client}}')],
    },
    {
      title: 'Requests repeated inside an attempt',
      targets: [target(RUN.rate('swarm_requests_repeated_total', { by: ['how'] }), '{{how}}')],
    },
    { title: 'Requests under way', targets: [target(RUN.total('swarm_requests_under_way', CLIENT), '{{client}}')] },
    {
      title: 'Oldest request without an answer, by client',
      targets: [target(RUN.most('swarm_oldest_request_age_seconds', CLIENT), '{{client}}')],
    },
    {
      title: 'Longest wait since the start',
      targets: [target(RUN.most('swarm_longest_request_wait_seconds', CLIENT), '{{client}}')],
    },
    {
      title: 'Outages that are over',
      as: 'stat',
      targets: [target(RUN.most('swarm_service_outage_duration_seconds'))],
      note: 'Of shards: of the one that saw most. Each of them sees the same service.',
    },
    {
      title: 'Start of the last outage',
      as: 'stat',
      targets: [target(RUN.most('swarm_service_outage_last_start_timestamp_seconds'))],
    },
  ],
};

const INSTALLATION: RowSpec = {
  title: 'Installations (simulated time, of the run so far)',
  panels: [
    {
      title: 'Clusters from one milestone to another, p95',
      targets: [
        target(RUN.quantileSoFar(0.95, 'swarm_cluster_duration_seconds', { by: ['from', 'to'] }), '{{from}} → {{to}}'),
      ],
    },
    {
      title: 'Hosts in a stage, p95',
      targets: [
        target(
          RUN.quantileSoFar(0.95, 'swarm_stage_duration_seconds', { by: ['role', 'stage'] }),
          '{{role}} {{stage}}',
        ),
      ],
    },
    {
      title: 'Steps, by fate',
      targets: [
        target(RUN.rate('swarm_steps_received_total'), 'received'),
        target(RUN.rate('swarm_step_replies_total', { by: ['fate'] }), '{{fate}}'),
      ],
    },
    {
      title: 'Boot downloads',
      targets: [target(RUN.rate('swarm_boot_downloads_total', { by: ['kind', 'code'] }), '{{kind}} {{code}}')],
    },
    {
      title: 'Boot downloads, bytes',
      as: 'stacked',
      targets: [target(RUN.rate('swarm_boot_download_bytes_total', { by: ['kind'] }), '{{kind}}')],
    },
    {
      title: 'Boot downloads, time until complete',
      targets: percentilesSoFar(RUN, 'swarm_boot_download_duration_seconds', { by: ['kind'] }, '{{kind}}'),
    },
  ],
};

const HUB: RowSpec = {
  title: 'Hub',
  closed: true,
  panels: [
    {
      title: 'Requests to the hub',
      targets: [
        target(
          RUN.rate('swarm_kube_requests_total', { by: ['client', 'verb', 'resource'] }),
          '{{client}} {{verb}} {{resource}}',
        ),
      ],
    },
    {
      title: 'Requests to the hub, by outcome',
      as: 'stacked',
      targets: [target(RUN.rate('swarm_kube_requests_total', { by: ['code'] }), '{{code}}')],
    },
    {
      title: 'Time until an answer of the hub, p99',
      targets: [
        target(
          RUN.quantile(0.99, 'swarm_kube_request_duration_seconds', { by: ['verb', 'resource', 'result'] }),
          '{{verb}} {{resource}} {{result}}',
        ),
      ],
    },
  ],
};

const HTTP = 'http_request_duration_seconds';
const MONITOR = 'service_assisted_installer_operation_duration_miliseconds';

const SERVICE_ITSELF: RowSpec = {
  title: 'The service by its own figures',
  panels: [
    { title: 'Requests, by status', as: 'stacked', targets: [target(SERVER.rate(HTTP, { by: ['code'] }), '{{code}}')] },
    {
      title: 'Time by route, p99',
      targets: [target(SERVER.quantile(0.99, HTTP, { by: ['method', 'handler'] }), '{{method}} {{handler}}')],
      note: 'The last bucket ends at 10 s: what takes longer is shown as 10 s.',
    },
    {
      title: 'Time in all routes',
      targets: percentiles(SERVER, HTTP),
      note: 'Beside "time since sent": the difference is network, queues in front of the service, and this machine.',
    },
    {
      title: 'In work, by route',
      targets: [
        target(SERVER.total('http_requests_inflight', { by: ['method', 'handler'] }), '{{method}} {{handler}}'),
      ],
    },
    {
      title: 'Pass of a monitor, mean',
      targets: [target(SERVER.mean(MONITOR, { by: ['operation'] }), '{{operation}}')],
    },
    { title: 'Passes of monitors', targets: [target(SERVER.rate(MONITOR, { by: ['operation'] }), '{{operation}}')] },
    {
      title: 'Monitors, one host and one cluster, p99',
      targets: [
        target(SERVER.quantile(0.99, 'service_assisted_installer_monitored_hosts_duration_ms'), 'host'),
        target(SERVER.quantile(0.99, 'service_assisted_installer_monitored_clusters_duration_ms'), 'cluster'),
      ],
    },
    {
      title: 'Size of answers, by route, p99',
      targets: [
        target(
          SERVER.quantile(0.99, 'http_response_size_bytes', { by: ['method', 'handler'] }),
          '{{method}} {{handler}}',
        ),
      ],
    },
    {
      title: 'Installations started and ended',
      targets: [
        target(SERVER.rate('service_assisted_installer_cluster_installation_started'), 'started'),
        target(
          SERVER.rate('service_assisted_installer_cluster_installation_seconds', { by: ['result'] }),
          'ended: {{result}}',
        ),
      ],
    },
    {
      title: 'Processor',
      targets: [target(SERVER.rate('process_cpu_seconds_total', { by: ['instance'] }), '{{instance}}')],
    },
    {
      title: 'Memory',
      targets: [target(SERVER.most('process_resident_memory_bytes', { by: ['instance'] }), '{{instance}}')],
    },
    {
      title: 'Goroutines and open files',
      targets: [
        target(SERVER.most('go_goroutines', { by: ['instance'] }), '{{instance}} goroutines'),
        target(SERVER.most('process_open_fds', { by: ['instance'] }), '{{instance}} open files'),
      ],
    },
  ],
};

const RECONCILER_ROW: RowSpec = {
  title: 'Reconcilers (a service in kube-api mode, port 8080)',
  closed: true,
  panels: [
    {
      title: 'Objects that wait',
      targets: [target(RECONCILERS.total('workqueue_depth', { by: ['name'] }), '{{name}}')],
    },
    {
      title: 'Time that they wait, p95',
      targets: [target(RECONCILERS.quantile(0.95, 'workqueue_queue_duration_seconds', { by: ['name'] }), '{{name}}')],
    },
    {
      title: 'Time of a reconciliation, p95',
      targets: [
        target(
          RECONCILERS.quantile(0.95, 'controller_runtime_reconcile_time_seconds', { by: ['controller'] }),
          '{{controller}}',
        ),
      ],
    },
    {
      title: 'Errors and retries',
      targets: [
        target(
          RECONCILERS.rate('controller_runtime_reconcile_errors_total', { by: ['controller'] }),
          '{{controller}} errors',
        ),
        target(RECONCILERS.rate('workqueue_retries_total', { by: ['name'] }), '{{name}} retries'),
      ],
    },
  ],
};

const IMAGE = 'assisted_image_service_http_request_duration_seconds';

const IMAGE_ROW: RowSpec = {
  title: 'Image service by its own figures',
  closed: true,
  panels: [
    {
      title: 'Requests',
      targets: [target(IMAGES.rate(IMAGE, { by: ['handler', 'code'] }), '{{handler}} {{code}}')],
    },
    {
      title: 'Time by route, mean',
      targets: [target(IMAGES.mean(IMAGE, { by: ['handler'] }), '{{handler}}')],
      note: 'Its buckets are too wide for percentiles.',
    },
    {
      title: 'In work',
      targets: [
        target(IMAGES.total('assisted_image_service_http_requests_inflight', { by: ['handler'] }), '{{handler}}'),
      ],
    },
  ],
};

const ROWS = [LOAD, ANSWERS, INSTALLATION, HUB, SERVICE_ITSELF, RECONCILER_ROW, IMAGE_ROW];

/** @param elsewhere rows of the dashboard of the generator: what they and these do not show gets plain panels at the end */
export const serviceDashboard = (elsewhere: readonly RowSpec[]): DashboardSpec => ({
  uid: 'assisted-swarm-service',
  title: 'assisted-swarm: service under load',
  description: 'What is asked of assisted-service, how it answers, and its own figures on the same time axis.',
  variables: [...loadVariables('run'), SERVER_VARIABLE, RECONCILERS_VARIABLE],
  annotations: RUN_ANNOTATIONS,
  rows: [...ROWS, ...furtherPanels(RUN, [...elsewhere, ...ROWS], ({ name }) => !name.startsWith('swarm_backup_'))],
});
