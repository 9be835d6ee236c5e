/**
 * The figures of the servers under load that thresholds can name, as one table beside that of the load's own (`figures.ts`). Where they
 * are read is in `collect/`; what is read is kept in `telemetry/server-figures.ts`. Every duration is in wall-clock milliseconds.
 */

/**
 * Where in the chain of causes a figure lies, from causes to symptoms: a database without connections makes requests slow, and slow
 * requests make nothing else slow. Of several crossed thresholds the one of the first layer names the cause.
 */
export const SERVER_LAYERS = [
  'machine',
  'database',
  'service',
  'controllers',
  'hub',
  'image-service',
  'requests',
] as const;
export type ServerLayer = (typeof SERVER_LAYERS)[number];

export type ServerFigureKind = 'gauge' | 'counter' | 'trend';

export interface ServerFigure {
  readonly name: string;
  readonly kind: ServerFigureKind;
  /** Of its values: of a trend's samples, of what a counter counts. */
  readonly unit: 'ms' | 'share' | 'bytes' | 'cores' | 'count';
  readonly help: string;
  /** Labels that it may have. Their values are the servers' own (handlers, tables, queues), so any may be asked for. */
  readonly labels: readonly string[];
  readonly layer: ServerLayer;
}

const define = <const T extends readonly ServerFigure[]>(list: T) => list;

const MACHINE = define([
  {
    name: 'machine_cpu_share',
    kind: 'gauge',
    unit: 'share',
    help: 'Share of the processors of a node in use',
    labels: ['node'],
    layer: 'machine',
  },
  {
    name: 'machine_memory_share',
    kind: 'gauge',
    unit: 'share',
    help: 'Share of the memory of a node in use',
    labels: ['node'],
    layer: 'machine',
  },
  {
    name: 'service_cpu_cores',
    kind: 'gauge',
    unit: 'cores',
    help: 'Processors that the service keeps busy',
    labels: ['pod'],
    layer: 'machine',
  },
  {
    name: 'alerts_firing',
    kind: 'gauge',
    unit: 'count',
    help: 'Alerts that Prometheus fires',
    labels: ['alert', 'severity'],
    layer: 'machine',
  },
]);

const DATABASE = define([
  {
    name: 'database_connections_share',
    kind: 'gauge',
    unit: 'share',
    help: 'Connections in use of those that the database, or the pool before it, allows',
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_connections_busy',
    kind: 'gauge',
    unit: 'share',
    help: "Connections in a statement or a transaction, of those allowed, or of the 90 of the service's usual pool where more are",
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_connections',
    kind: 'gauge',
    unit: 'count',
    help: 'Connections to the database by what they do: active, idle, idle in transaction, or waiting for one of the pool',
    labels: ['state'],
    layer: 'database',
  },
  {
    name: 'database_statement_duration',
    kind: 'gauge',
    unit: 'ms',
    help: 'Mean time of a statement since the look before: of all, and of those that took most time in all',
    labels: ['statement'],
    layer: 'database',
  },
  {
    name: 'database_longest_statement',
    kind: 'gauge',
    unit: 'ms',
    help: 'How long the oldest statement that has not ended has run',
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_lock_waits',
    kind: 'gauge',
    unit: 'count',
    help: 'Statements that wait for a lock',
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_statements',
    kind: 'counter',
    unit: 'count',
    help: 'Statements that ended',
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_transactions',
    kind: 'counter',
    unit: 'count',
    help: 'Transactions that ended',
    labels: ['result'],
    layer: 'database',
  },
  {
    name: 'database_deadlocks',
    kind: 'counter',
    unit: 'count',
    help: 'Transactions that waited for each other',
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_sequential_scans',
    kind: 'counter',
    unit: 'count',
    help: 'Reads of a table from its beginning to its end',
    labels: ['table'],
    layer: 'database',
  },
  {
    name: 'database_dead_rows',
    kind: 'gauge',
    unit: 'count',
    help: 'Rows of a table that are no longer seen and not yet cleaned away',
    labels: ['table'],
    layer: 'database',
  },
  {
    name: 'database_table_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Size of a table without its indexes',
    labels: ['table'],
    layer: 'database',
  },
  {
    name: 'database_index_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Size of the indexes of a table',
    labels: ['table'],
    layer: 'database',
  },
  { name: 'database_events', kind: 'gauge', unit: 'count', help: 'Rows of events', labels: [], layer: 'database' },
  {
    name: 'database_events_per_host',
    kind: 'gauge',
    unit: 'count',
    help: 'Rows of events divided by the hosts that there are',
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_events_written',
    kind: 'gauge',
    unit: 'count',
    help: 'Rows of events that came since the first look, divided by the hosts that there were then and those that came, or by the infra-envs where those were more',
    labels: [],
    layer: 'database',
  },
  {
    name: 'database_bytes_written',
    kind: 'gauge',
    unit: 'bytes',
    help: 'By how much all tables with their indexes grew since the first look, divided by the same number',
    labels: [],
    layer: 'database',
  },
]);

const SERVICE = define([
  {
    name: 'service_restarts',
    kind: 'counter',
    unit: 'count',
    help: 'Times that the process began anew',
    labels: ['pod'],
    layer: 'service',
  },
  {
    name: 'service_monitor_cycle_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Passes of the monitor over all hosts or clusters',
    labels: ['what'],
    layer: 'service',
  },
  {
    name: 'service_monitor_period',
    kind: 'gauge',
    unit: 'ms',
    help: 'From the end of a monitor pass to that of the next; while none ends, the time since the last one',
    labels: ['what'],
    layer: 'service',
  },
  {
    name: 'service_monitor_object_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'What the monitor takes for one host or cluster',
    labels: ['what'],
    layer: 'service',
  },
  {
    name: 'service_blacklisted_clusters',
    kind: 'gauge',
    unit: 'count',
    help: 'Clusters that the monitor passes over because they took too long',
    labels: [],
    layer: 'service',
  },
  {
    name: 'service_blacklistings',
    kind: 'counter',
    unit: 'count',
    help: 'Times that the monitor began to pass over a cluster',
    labels: [],
    layer: 'service',
  },
  { name: 'service_goroutines', kind: 'gauge', unit: 'count', help: 'Goroutines', labels: ['pod'], layer: 'service' },
  {
    name: 'service_goroutines_unexplained',
    kind: 'gauge',
    unit: 'count',
    help: 'Goroutines that came since the first look, beyond three for each open file or connection that came',
    labels: [],
    layer: 'service',
  },
  {
    name: 'service_heap_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Memory of objects on the heap',
    labels: ['pod'],
    layer: 'service',
  },
  {
    name: 'service_resident_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Resident memory of the process',
    labels: ['pod'],
    layer: 'service',
  },
  {
    name: 'service_memory_growth',
    kind: 'gauge',
    unit: 'bytes',
    help: 'Memory that came since the first look: objects on the heap, resident memory of the process',
    labels: ['of'],
    layer: 'service',
  },
  {
    name: 'service_open_files_growth',
    kind: 'gauge',
    unit: 'count',
    help: 'Open files and connections that came since the first look',
    labels: [],
    layer: 'service',
  },
  {
    name: 'service_open_files_share',
    kind: 'gauge',
    unit: 'share',
    help: 'Open files and connections of those that the process may have',
    labels: ['pod'],
    layer: 'service',
  },
]);

const CONTROLLERS = define([
  {
    name: 'reconciles_lost',
    kind: 'gauge',
    unit: 'count',
    help: 'Keys that a queue took in and that neither wait nor were worked on',
    labels: ['queue'],
    layer: 'controllers',
  },
  {
    name: 'workqueue_depth',
    kind: 'gauge',
    unit: 'count',
    help: 'Keys that wait in the queue of a controller',
    labels: ['queue'],
    layer: 'controllers',
  },
  {
    name: 'workqueue_wait',
    kind: 'trend',
    unit: 'ms',
    help: 'How long keys waited',
    labels: ['queue'],
    layer: 'controllers',
  },
  {
    name: 'workqueue_retries',
    kind: 'counter',
    unit: 'count',
    help: 'Keys that came back after a failure',
    labels: ['queue'],
    layer: 'controllers',
  },
  {
    name: 'workqueue_longest_work',
    kind: 'gauge',
    unit: 'ms',
    help: 'How long the oldest reconcile that has not ended has run',
    labels: ['queue'],
    layer: 'controllers',
  },
  {
    name: 'reconcile_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Reconciles',
    labels: ['controller'],
    layer: 'controllers',
  },
  {
    name: 'reconciles',
    kind: 'counter',
    unit: 'count',
    help: 'Reconciles that ended: success, error, requeue or requeue_after',
    labels: ['controller', 'result'],
    layer: 'controllers',
  },
]);

const HUB = define([
  {
    name: 'etcd_fsync_duration',
    kind: 'trend',
    unit: 'ms',
    help: "Writes of etcd's log to its disk",
    labels: ['pod'],
    layer: 'hub',
  },
  {
    name: 'etcd_commit_duration',
    kind: 'trend',
    unit: 'ms',
    help: "Commits of etcd's database to its disk",
    labels: ['pod'],
    layer: 'hub',
  },
  {
    name: 'etcd_database_bytes',
    kind: 'gauge',
    unit: 'bytes',
    help: "Size of etcd's database",
    labels: ['pod'],
    layer: 'hub',
  },
  {
    name: 'hub_etcd_duration',
    kind: 'trend',
    unit: 'ms',
    help: "The hub's requests to etcd",
    labels: ['operation'],
    layer: 'hub',
  },
  {
    name: 'hub_refusals',
    kind: 'counter',
    unit: 'count',
    help: 'Requests to the hub that it refused: 429 because there were too many, 409 because of a conflict',
    labels: ['code'],
    layer: 'hub',
  },
  {
    name: 'hub_inflight',
    kind: 'gauge',
    unit: 'count',
    help: 'Requests in work at the hub',
    labels: ['kind'],
    layer: 'hub',
  },
  {
    name: 'hub_objects',
    kind: 'gauge',
    unit: 'count',
    help: 'Objects that the hub stores',
    labels: ['resource'],
    layer: 'hub',
  },
  {
    name: 'hub_requests',
    kind: 'counter',
    unit: 'count',
    help: 'Requests to the hub by class of their status, such as 2xx; watches not counted',
    labels: ['code'],
    layer: 'hub',
  },
  {
    name: 'hub_request_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Requests to the hub, as it measures them; watches not counted',
    labels: ['verb', 'resource'],
    layer: 'hub',
  },
]);

const IMAGE_SERVICE = define([
  {
    name: 'image_requests_inflight',
    kind: 'gauge',
    unit: 'count',
    help: 'Requests in work at the image service',
    labels: [],
    layer: 'image-service',
  },
  {
    name: 'image_bytes',
    kind: 'counter',
    unit: 'bytes',
    help: 'What the image service sent',
    labels: [],
    layer: 'image-service',
  },
  {
    name: 'image_requests',
    kind: 'counter',
    unit: 'count',
    help: 'Requests to the image service by class of their status',
    labels: ['code'],
    layer: 'image-service',
  },
  {
    name: 'image_request_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Requests to the image service, as it measures them',
    labels: ['handler'],
    layer: 'image-service',
  },
]);

const REQUESTS = define([
  {
    name: 'service_requests_inflight',
    kind: 'gauge',
    unit: 'count',
    help: 'Requests in work at the service',
    labels: [],
    layer: 'requests',
  },
  {
    name: 'service_requests',
    kind: 'counter',
    unit: 'count',
    help: 'Requests to the service by class of their status, such as 5xx',
    labels: ['code'],
    layer: 'requests',
  },
  {
    name: 'service_request_duration',
    kind: 'trend',
    unit: 'ms',
    help: 'Requests to the service, as it measures them',
    labels: ['method', 'handler'],
    layer: 'requests',
  },
]);

/** In the order of their layers, and in a layer causes before what follows from them. */
export const SERVER_FIGURES = define([
  ...MACHINE,
  ...DATABASE,
  ...SERVICE,
  ...CONTROLLERS,
  ...HUB,
  ...IMAGE_SERVICE,
  ...REQUESTS,
]);
export type ServerFigureName = (typeof SERVER_FIGURES)[number]['name'];

const byName = new Map<string, ServerFigure>(SERVER_FIGURES.map((figure) => [figure.name, figure]));

/** A server figure by its name; undefined when there is none. */
export function serverFigureNamed(name: string): ServerFigure | undefined {
  return byName.get(name);
}
