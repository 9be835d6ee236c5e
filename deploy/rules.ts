/** Recording and alert rules of Prometheus. */
import { type Queries, type Query, queries, shareOf } from './queries.ts';

/** Of the example of a scrape configuration; alerts about what is absent need its name. */
export const JOB = 'swarm';

/** Page that says what to do about each alert, under a heading with its name. */
export const RUNBOOK = 'docs/dashboards.md';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: 'warning' | 'critical' };
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook: string };
}

export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/**
 * Scrapes fail where the machine of the generator is overloaded, which is what an alert is to tell: so long the last figures count
 * meanwhile. More than ten scrapes in a row were seen to time out.
 */
const BRIDGE = '1m';

/**
 * Which load of a kind has not ended, by what a daemon says now, or where it does not answer by what it said last. Of two that it named
 * shortly before, one: a join takes no more.
 */
const underWay = (kind: 'run' | 'backup'): string => {
  const info = `swarm_run_info{kind="${kind}", state!="ended"}`;
  const labels = '(job, instance, run, plan)';
  const last = `group by ${labels} (last_over_time(${info}[${BRIDGE}]) and on (job, instance) (up == 0))`;
  return `group by ${labels} (${info}) or topk by (job, instance) (1, ${last})`;
};

/**
 * What a daemon measures and has not ended: its run, or, without the name of one, lone agents and hosts launched for others. Alerts and
 * records join it, so that none of them lives on with the last figures of a run that is over, which a daemon keeps showing.
 */
const LOAD = 'swarm:load:info';
const LOAD_RULE: RecordingRule = {
  record: LOAD,
  expr: `${underWay('run')} or (group by (job, instance) (swarm_clock_speed) unless on (job, instance) swarm_run_info{kind="run"})`,
};

const BACKUP_LOAD = 'swarm:backup_load:info';
const BACKUP_LOAD_RULE: RecordingRule = { record: BACKUP_LOAD, expr: underWay('backup') };

const BY_LOAD = ['job', 'instance', 'run', 'plan'];
const joinTo = (info: string): Queries =>
  queries({
    ...{ window: '1m', bridge: BRIDGE, by: BY_LOAD },
    join: `* on (job, instance) group_left (run, plan) ${info}`,
  });
const RUN = joinTo(LOAD);
const BACKUP = joinTo(BACKUP_LOAD);
/** All shards of a plan, as one. */
const WHOLE = queries({
  ...{ window: '1m', bridge: BRIDGE, by: ['job', 'plan'] },
  join: `* on (job, instance) group_left (plan) ${LOAD}`,
});
const DAEMON = queries({ window: '1m', by: ['job', 'instance'] });
/** Other programs have metrics of these names too. */
const SERVICE = queries({ window: '1m', by: ['job', 'instance'], where: 'service="assisted-installer"' });

const record = (name: string, { expr }: Query): RecordingRule => ({ record: name, expr });

const DUE = 'swarm_request_duration_seconds';
const ANSWERED = { by: ['client'], where: 'result="answered"' };

/** How often, and how long, by client. */
const RECORDS: readonly RecordingRule[] = [
  record('run_client_code:swarm_requests:rate1m', RUN.rate('swarm_requests_total', { by: ['client', 'code'] })),
  record(
    'run_client:swarm_requests_failed:ratio_rate1m',
    shareOf(RUN.rate(DUE, { by: ['client'], where: 'result="failed"' }), RUN.rate(DUE, { by: ['client'] })),
  ),
  record('run_client:swarm_request_duration_seconds:p50_rate1m', RUN.quantile(0.5, DUE, ANSWERED)),
  record('run_client:swarm_request_duration_seconds:p99_rate1m', RUN.quantile(0.99, DUE, ANSWERED)),
  record(
    'run_client:swarm_request_success_duration_seconds:p50_rate1m',
    RUN.quantile(0.5, 'swarm_request_success_duration_seconds', { by: ['client'] }),
  ),
  record(
    'run_client:swarm_request_success_duration_seconds:p99_rate1m',
    RUN.quantile(0.99, 'swarm_request_success_duration_seconds', { by: ['client'] }),
  ),
  record('run:swarm_poll_wait_seconds:p99_rate1m', RUN.quantile(0.99, 'swarm_poll_wait_seconds')),
  record('run:swarm_poll_lateness_seconds:p99_rate1m', RUN.quantile(0.99, 'swarm_poll_lateness_seconds')),
  ...wholeRecords(),
  record('instance:swarm_cpu_cores:rate1m', DAEMON.rate('swarm_cpu_seconds_total')),
];

/** The same over all shards that run a plan: quantiles of shards cannot be put together afterwards. */
function wholeRecords(): RecordingRule[] {
  const quantile = (q: number, name: string, where?: string) =>
    WHOLE.quantile(q, name, { by: ['client'], ...(where !== undefined && { where }) });
  return [
    record('plan_client_code:swarm_requests:rate1m', WHOLE.rate('swarm_requests_total', { by: ['client', 'code'] })),
    record(
      'plan_client:swarm_requests_failed:ratio_rate1m',
      shareOf(WHOLE.rate(DUE, { by: ['client'], where: 'result="failed"' }), WHOLE.rate(DUE, { by: ['client'] })),
    ),
    ...([0.5, 0.99] as const).flatMap((q) => [
      record(`plan_client:swarm_request_duration_seconds:p${q * 100}_rate1m`, quantile(q, DUE, ANSWERED.where)),
      record(
        `plan_client:swarm_request_success_duration_seconds:p${q * 100}_rate1m`,
        quantile(q, 'swarm_request_success_duration_seconds'),
      ),
    ]),
  ];
}

/** Of the service: what it was asked, and how long it took by its own account. */
const SERVICE_RECORDS: readonly RecordingRule[] = [
  record('instance_code:http_requests:rate1m', SERVICE.rate('http_request_duration_seconds', { by: ['code'] })),
  ...([0.5, 0.99] as const).map((q) =>
    record(
      `instance_handler:http_request_duration_seconds:p${q * 100}_rate1m`,
      SERVICE.quantile(q, 'http_request_duration_seconds', { by: ['method', 'handler'] }),
    ),
  ),
];

const FAILED_JOBS = record(
  'run:swarm_backup_jobs_failed:ratio',
  shareOf(
    BACKUP.total('swarm_backup_jobs', { where: 'state="failed"' }),
    BACKUP.total('swarm_backup_jobs', { where: 'state=~"succeeded|failed"' }),
  ),
);

/** Who the alert is about; lone agents have no run. */
const WHOSE =
  '{{ with $labels.run }}Run {{ . }} of plan {{ $labels.plan }}{{ else }}The load{{ end }} on {{ $labels.instance }}';

interface AlertSpec {
  alert: string;
  expr: string;
  for: string;
  severity: 'warning' | 'critical';
  summary: string;
  description: string;
}

const alert = ({ alert: name, expr, for: lasting, severity, summary, description }: AlertSpec): AlertRule => ({
  alert: name,
  expr,
  for: lasting,
  labels: { severity },
  annotations: { summary, description, runbook: `${RUNBOOK}#${name.toLowerCase()}` },
});

const ALERTS: readonly AlertRule[] = [
  alert({
    alert: 'SwarmGeneratorSaturated',
    // Judged anew every five seconds, so that a single bad look is none, and a single good one does not end it.
    expr: `${RUN.lasting('swarm_generator_saturated', { by: ['reason'] }).expr} > 0.5`,
    for: '30s',
    severity: 'warning',
    summary: 'The load generator on {{ $labels.instance }} is the bottleneck: {{ $labels.reason }}',
    description: `${WHOSE} measures its own generator: {{ $labels.reason }} in {{ $value | humanizePercentage }} of the last minute. Latencies of this time say nothing about the service.`,
  }),
  alert({
    alert: 'SwarmServiceOutage',
    expr: `${RUN.most('swarm_service_outage_current_seconds').expr} > 0`,
    for: '15s',
    severity: 'critical',
    summary: 'The service gives no good answer to the load on {{ $labels.instance }}',
    description: `${WHOSE}: for {{ $value | humanizeDuration }} requests have failed or waited, and none got a good answer.`,
  }),
  alert({
    alert: 'SwarmRequestErrors',
    expr: 'run_client:swarm_requests_failed:ratio_rate1m > 0.1',
    for: '1m',
    severity: 'warning',
    summary: 'Requests of {{ $labels.client }} fail on {{ $labels.instance }}',
    description: `${WHOSE}: {{ $value | humanizePercentage }} of the attempts of {{ $labels.client }} in the last minute were answered with 500 or more, or not at all.`,
  }),
  alert({
    alert: 'SwarmOldestRequest',
    expr: `${RUN.most('swarm_oldest_request_age_seconds', { by: ['client'] }).expr} > 30`,
    for: '10s',
    severity: 'warning',
    summary: 'A request of {{ $labels.client }} has no answer for {{ $value | humanizeDuration }}',
    description: `${WHOSE}: the oldest request of {{ $labels.client }} waits for {{ $value | humanizeDuration }}. Nothing of it is in the latencies before it ends.`,
  }),
  alert({
    alert: 'SwarmScrapeMissing',
    expr: `avg_over_time(up{job="${JOB}"}[1m]) < 0.5`,
    for: '30s',
    severity: 'warning',
    summary: 'No metrics of the load generator {{ $labels.instance }}',
    description:
      'Prometheus had no answer from {{ $labels.instance }} to most scrapes of the last minute. The program has ended, or wants a token, or is too busy to answer. Little is known of its run meanwhile, and after a minute the other alerts are silent.',
  }),
  alert({
    alert: 'SwarmBackupFailures',
    expr: 'run:swarm_backup_jobs_failed:ratio > 0.05',
    for: '1m',
    severity: 'warning',
    summary: 'Backups fail in the load on {{ $labels.instance }}',
    description: `${WHOSE}: {{ $value | humanizePercentage }} of the backup Jobs that have ended have failed. A load with an incorrect configuration expects it.`,
  }),
  alert({
    alert: 'SwarmBackupOperatorDown',
    expr: `${BACKUP.most('swarm_backup_operator_ready').expr} == 0`,
    for: '1m',
    severity: 'critical',
    summary: 'The DevWorkspace Operator under load is not ready',
    description: `${WHOSE}: no pod of the operator has been ready for a minute, so nothing is backed up.`,
  }),
];

/** As often as the example scrapes, twice over: what a rule sees has changed. */
const INTERVAL = '10s';

/** Rules of a group are evaluated one after the other, so each finds what those before it have recorded. */
export const RULE_GROUPS: readonly RuleGroup[] = [
  {
    name: 'assisted-swarm',
    interval: INTERVAL,
    rules: [LOAD_RULE, ...RECORDS, BACKUP_LOAD_RULE, FAILED_JOBS, ...ALERTS],
  },
  { name: 'assisted-swarm-service', interval: INTERVAL, rules: SERVICE_RECORDS },
];
