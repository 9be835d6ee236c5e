/**
 * What is asked of a Prometheus: a list of figures of the table with the PromQL that gives them, as data. The built-in ones are for
 * OpenShift's monitoring; others are YAML files of the same form.
 */
import { parse } from 'yaml';
import { z } from 'zod';
import { allowedWords } from '../../model/text/allowed-words.ts';
import type { PROMETHEUS_PROFILES } from '../plan/collect-plan.ts';
import { SERVER_FIGURES, type ServerFigureName, serverFigureNamed } from '../plan/server-figures.ts';

export interface ProfileQuery {
  figure: ServerFigureName;
  /** PromQL with a vector or number as its result. Of a trend: cumulative buckets with the label `le`, as `sum by (le) (x_bucket)`. */
  query: string;
  /** PromQL of the sum of a trend's values; without it their mean is only guessed from the buckets. */
  sum?: string;
  /** The query's values times this are the figure's: 1000 for seconds. */
  scale?: number;
}

export type PrometheusProfile = readonly ProfileQuery[];

const trend = (figure: ServerFigureName, metric: string, by: string, scale = 1000, selector = ''): ProfileQuery => ({
  figure,
  query: `sum by (le${by && `, ${by}`}) (${metric}_bucket${selector})`,
  sum: by ? `sum by (${by}) (${metric}_sum${selector})` : `sum(${metric}_sum${selector})`,
  scale,
});

const SERVICE_POD = 'container="assisted-service"';

/** Names: kube-state-metrics, cAdvisor, etcd, kube-apiserver and controller-runtime as OpenShift's monitoring scrapes them. */
export const PROFILES: Readonly<Record<(typeof PROMETHEUS_PROFILES)[number], PrometheusProfile>> = {
  openshift: [
    {
      figure: 'machine_cpu_share',
      query:
        'instance:node_cpu_utilisation:rate1m * on (instance) group_left (node) label_replace(node_uname_info, "node", "$1", "nodename", "(.+)")',
    },
    { figure: 'machine_memory_share', query: '1 - node_memory_MemAvailable_bytes / node_memory_MemTotal_bytes' },
    {
      figure: 'service_cpu_cores',
      query: `sum by (pod) (rate(container_cpu_usage_seconds_total{${SERVICE_POD}}[2m]))`,
    },
    { figure: 'service_resident_bytes', query: `sum by (pod) (container_memory_rss{${SERVICE_POD}})` },
    { figure: 'service_restarts', query: `sum by (pod) (kube_pod_container_status_restarts_total{${SERVICE_POD}})` },
    trend('etcd_fsync_duration', 'etcd_disk_wal_fsync_duration_seconds', 'pod'),
    trend('etcd_commit_duration', 'etcd_disk_backend_commit_duration_seconds', 'pod'),
    { figure: 'etcd_database_bytes', query: 'max by (pod) (etcd_mvcc_db_total_size_in_bytes)' },
    { figure: 'hub_objects', query: 'max by (resource) (apiserver_storage_objects) > 0' },
    trend(
      'hub_request_duration',
      'apiserver_request_duration_seconds',
      'verb, resource',
      1000,
      '{verb!~"WATCH|CONNECT"}',
    ),
    { figure: 'hub_refusals', query: 'sum by (code) (apiserver_request_total{code=~"409|429"})' },
    {
      figure: 'workqueue_depth',
      query:
        'sum by (queue) (label_replace(workqueue_depth{namespace="multicluster-engine"}, "queue", "$1", "name", "(.+)"))',
    },
    {
      figure: 'workqueue_retries',
      query:
        'sum by (queue) (label_replace(workqueue_retries_total{namespace="multicluster-engine"}, "queue", "$1", "name", "(.+)"))',
    },
    trend(
      'reconcile_duration',
      'controller_runtime_reconcile_time_seconds',
      'controller',
      1000,
      '{namespace="multicluster-engine"}',
    ),
    {
      figure: 'alerts_firing',
      query:
        'sum by (alert, severity) (label_replace(ALERTS{alertstate="firing", alertname!="Watchdog"}, "alert", "$1", "alertname", "(.+)"))',
    },
  ],
};

/** A profile that is none. The message says what was given and what is allowed. */
export class ProfileError extends Error {}

const text = z.string().min(1, { error: 'a query of PromQL' });
const schema = z
  .array(
    z.strictObject({
      figure: z.enum(SERVER_FIGURES.map(({ name }) => name) as [ServerFigureName, ...ServerFigureName[]]),
      query: text,
      sum: text.exactOptional(),
      scale: z.number().positive().exactOptional(),
    }),
  )
  .min(1);

/** @param file what errors call it. @throws ProfileError */
export function readProfile(yaml: string, file: string): PrometheusProfile {
  let value: unknown;
  try {
    value = parse(yaml, { logLevel: 'silent' });
  } catch (cause) {
    throw new ProfileError(`${file} is no YAML: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
  const parsed = schema.safeParse(value, { error: allowedWords });
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues as [z.core.$ZodIssue];
    const where = path.length > 0 ? `${path.join('.')}: ` : '';
    throw new ProfileError(
      `${file} is no profile: ${where}allowed: ${message}; a profile is a list of {figure, query, sum, scale}`,
    );
  }
  for (const { figure, sum } of parsed.data) {
    if (sum !== undefined && serverFigureNamed(figure)!.kind !== 'trend')
      throw new ProfileError(`${file} is no profile: ${figure} is no trend; allowed: sum beside trends alone`);
  }
  return parsed.data;
}
