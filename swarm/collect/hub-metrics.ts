/**
 * What a kube-apiserver tells. Names: kubernetes/kubernetes, staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go and
 * pkg/storage/etcd3/metrics/metrics.go.
 */
import { codeClass, keep, type MetricRule } from './metric-rules.ts';

type Labels = Readonly<Record<string, string>>;

/** Requests that last as long as their client wants. */
const LONG = new Set(['WATCH', 'CONNECT', 'WATCHLIST']);
const isLong = ({ verb = '', subresource = '' }: Labels) => LONG.has(verb) || subresource === 'log';
/** Health checks and documents have none. */
const resourceOf = ({ resource = '', subresource = '' }: Labels) =>
  subresource && !subresource.startsWith('/') ? `${resource}/${subresource}` : resource;

export const HUB_RULES: readonly MetricRule[] = [
  {
    metric: 'apiserver_request_duration_seconds',
    figure: 'hub_request_duration',
    kind: 'histogram',
    scale: 1000,
    labels: (labels) =>
      isLong(labels) || !labels.resource ? null : { verb: labels.verb ?? '', resource: resourceOf(labels) },
  },
  {
    metric: 'apiserver_request_total',
    figure: 'hub_requests',
    kind: 'counter',
    labels: (labels) => (isLong(labels) ? null : { code: codeClass(labels.code) }),
  },
  {
    metric: 'apiserver_request_total',
    figure: 'hub_refusals',
    kind: 'counter',
    labels: ({ code = '' }) => (code === '429' || code === '409' ? { code } : null),
  },
  {
    metric: 'apiserver_current_inflight_requests',
    figure: 'hub_inflight',
    kind: 'gauge',
    labels: ({ request_kind: kind = '' }) => ({ kind }),
  },
  { metric: 'apiserver_storage_objects', figure: 'hub_objects', kind: 'gauge', labels: keep('resource') },
  // Its name from Kubernetes 1.34 on.
  {
    metric: 'apiserver_resource_objects',
    figure: 'hub_objects',
    kind: 'gauge',
    labels: ({ group = '', resource = '' }) => ({ resource: group ? `${resource}.${group}` : resource }),
  },
  {
    metric: 'etcd_request_duration_seconds',
    figure: 'hub_etcd_duration',
    kind: 'histogram',
    scale: 1000,
    labels: keep('operation'),
  },
  { metric: 'apiserver_storage_size_bytes', figure: 'etcd_database_bytes', kind: 'gauge' },
];
