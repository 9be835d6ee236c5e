/**
 * Metrics of the servers under load that dashboards and rules ask for, under the names of those servers. Units are theirs too.
 *
 * - assisted-service: openshift/assisted-service, internal/metrics/metricsManager.go (prefix `service_`) and pkg/app/middleware.go
 *   (`http_*`, of slok/go-http-metrics)
 * - image service: openshift/assisted-image-service, main.go
 * - reconcilers, on port 8080 of a service in kube-api mode: kubernetes-sigs/controller-runtime,
 *   pkg/internal/controller/metrics/metrics.go and pkg/metrics/workqueue.go
 * - `process_*` and `go_*`: prometheus/client_golang, collectors of process and runtime
 */
import type { Metric } from './metric.ts';

export interface ServerMetric extends Metric {
  /** Of all its series, without `le`. */
  readonly labels: readonly string[];
}

const HTTP = ['code', 'handler', 'method', 'service'];

export const SERVER_METRICS: readonly ServerMetric[] = [
  {
    name: 'http_request_duration_seconds',
    type: 'histogram',
    help: 'Time that the service took for a request, by route, method and status.',
    labels: HTTP,
  },
  {
    name: 'http_response_size_bytes',
    type: 'histogram',
    help: 'Size of the answers of the service before compression.',
    labels: HTTP,
  },
  {
    name: 'http_requests_inflight',
    type: 'gauge',
    help: 'Requests that the service works on now, by route and method.',
    labels: ['handler', 'method', 'service'],
  },
  {
    name: 'service_assisted_installer_operation_duration_miliseconds',
    type: 'histogram',
    help: 'Time of a pass of a monitor over all hosts, or all clusters, in milliseconds; spelt as the service spells it.',
    labels: ['operation'],
  },
  {
    name: 'service_assisted_installer_monitored_hosts_duration_ms',
    type: 'histogram',
    help: 'Time that the monitor spends on one host, in milliseconds.',
    labels: [],
  },
  {
    name: 'service_assisted_installer_monitored_clusters_duration_ms',
    type: 'histogram',
    help: 'Time that the monitor spends on one cluster, in milliseconds.',
    labels: [],
  },
  {
    name: 'service_assisted_installer_cluster_installation_started',
    type: 'counter',
    help: 'Installations that the service has started.',
    labels: [],
  },
  {
    name: 'service_assisted_installer_cluster_installation_seconds',
    type: 'histogram',
    help: 'Duration of installations that are over, by result, in seconds of the service.',
    labels: ['result'],
  },
  {
    name: 'process_cpu_seconds_total',
    type: 'counter',
    help: 'Processor time of the server, user and system.',
    labels: [],
  },
  { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Resident memory of the server.', labels: [] },
  {
    name: 'process_open_fds',
    type: 'gauge',
    help: 'Files that the server has open, connections included.',
    labels: [],
  },
  {
    name: 'process_start_time_seconds',
    type: 'gauge',
    help: 'Start of the server in seconds of the Unix epoch.',
    labels: [],
  },
  { name: 'go_goroutines', type: 'gauge', help: 'Goroutines of the server.', labels: [] },
  {
    name: 'assisted_image_service_http_request_duration_seconds',
    type: 'histogram',
    help: 'Time that the image service took for a request, by route, method and status.',
    labels: HTTP,
  },
  {
    name: 'assisted_image_service_http_requests_inflight',
    type: 'gauge',
    help: 'Requests that the image service works on now, by route.',
    labels: ['handler', 'service'],
  },
  { name: 'workqueue_depth', type: 'gauge', help: 'Objects that wait for a reconciler.', labels: ['name'] },
  {
    name: 'workqueue_queue_duration_seconds',
    type: 'histogram',
    help: 'Time that an object waits for a reconciler.',
    labels: ['name'],
  },
  {
    name: 'workqueue_retries_total',
    type: 'counter',
    help: 'Objects that were put back to be tried again.',
    labels: ['name'],
  },
  {
    name: 'controller_runtime_reconcile_time_seconds',
    type: 'histogram',
    help: 'Time of one reconciliation.',
    labels: ['controller'],
  },
  {
    name: 'controller_runtime_reconcile_errors_total',
    type: 'counter',
    help: 'Reconciliations that ended with an error.',
    labels: ['controller'],
  },
];
