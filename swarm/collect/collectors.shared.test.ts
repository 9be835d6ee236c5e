/** What every collector keeps: figures of the table alone, no secrets, one line for each failure, and an end when it is told. */
import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { loadKubeconfig } from '../../model/kube/kubeconfig.ts';
import { serverFigureNamed } from '../plan/server-figures.ts';
import type { Collector, Reading } from './collector.ts';
import { NotOffered } from './collector.ts';
import { CONTROLLER_RULES, ControllerDerived } from './controller-metrics.ts';
import { EmbeddedDatabaseCollector } from './embedded-database.ts';
import { HttpText } from './http-text.ts';
import { HUB_RULES } from './hub-metrics.ts';
import { HubSource } from './hub-source.ts';
import { IMAGE_RULES } from './image-metrics.ts';
import { MetricsCollector, type MetricsCollectorOptions } from './metrics-collector.ts';
import { PostgresCollector } from './postgres.ts';
import { PROFILES } from './prometheus-profile.ts';
import { PrometheusCollector } from './prometheus-query.ts';
import { SERVICE_RULES, ServiceDerived } from './service-metrics.ts';
import { type Rows, startHttpSource, startPostgresSource, type TestSource } from './testing/sources.ts';

const SERVICE_TEXT = `http_request_duration_seconds_bucket{code="200",handler="/api/assisted-install/v2/clusters",method="GET",service="assisted-installer",le="0.005"} 2
http_request_duration_seconds_bucket{code="200",handler="/api/assisted-install/v2/clusters",method="GET",service="assisted-installer",le="+Inf"} 3
http_request_duration_seconds_sum{code="200",handler="/api/assisted-install/v2/clusters",method="GET",service="assisted-installer"} 0.5
http_request_duration_seconds_count{code="200",handler="/api/assisted-install/v2/clusters",method="GET",service="assisted-installer"} 3
http_request_duration_seconds_count{code="503",handler="/api/assisted-install/v2/clusters",method="GET",service="assisted-installer"} 1
service_assisted_installer_operation_duration_miliseconds_count{operation="HostMonitoring"} 4
go_goroutines 18
process_open_fds 10
process_max_fds 1000
process_start_time_seconds 1.7e+09
process_cpu_seconds_total 5
`;
const CONTROLLER_TEXT = `workqueue_depth{name="agent"} 2
workqueue_adds_total{name="agent"} 10
workqueue_queue_duration_seconds_bucket{name="agent",le="+Inf"} 7
workqueue_queue_duration_seconds_sum{name="agent"} 1
workqueue_queue_duration_seconds_count{name="agent"} 7
`;
const HUB_TEXT = `apiserver_request_duration_seconds_bucket{verb="LIST",resource="agents",subresource="",le="0.05"} 1
apiserver_request_duration_seconds_bucket{verb="LIST",resource="agents",subresource="",le="+Inf"} 1
apiserver_request_duration_seconds_sum{verb="LIST",resource="agents",subresource=""} 0.01
apiserver_request_duration_seconds_bucket{verb="WATCH",resource="agents",subresource="",le="+Inf"} 9
apiserver_request_total{verb="LIST",resource="agents",code="200"} 1
apiserver_request_total{verb="PUT",resource="agents",code="409"} 2
apiserver_storage_objects{resource="agents.agent-install.openshift.io"} 12
`;
const IMAGE_TEXT = `assisted_image_service_http_request_duration_seconds_bucket{service="",handler="/images/:id",method="GET",code="200",le="+Inf"} 1
assisted_image_service_http_request_duration_seconds_sum{service="",handler="/images/:id",method="GET",code="200"} 2
assisted_image_service_http_response_size_bytes_sum{service="",handler="/images/:id",method="GET",code="200"} 1000
`;
const DATABASE = {
  connections: { active: 3, idle: 4 },
  used: 7,
  allowed: 90,
  lockWaits: 1,
  longestStatementMs: 12.5,
  statements: [{ statement: 'v2GetCluster', calls: 3, totalMs: 6 }],
  tables: [{ table: 'events', bytes: 4200, indexBytes: 2600 }],
  events: 10,
  hosts: 5,
  infraEnvs: 2,
};

function rowsOf(sql: string): Rows | undefined {
  if (/max_connections/.test(sql)) return [{ used: 7, allowed: 97, lockWaits: 1, longestStatementMs: 12.5 }];
  if (/as state,/.test(sql)) return [{ state: 'active', count: 3 }];
  if (/pg_extension/.test(sql)) return [{ count: 1 }];
  if (/from pg_stat_statements/.test(sql)) return [{ statement: 'select  $1', calls: 3, totalMs: 6 }];
  if (/pg_stat_database/.test(sql)) return [{ committed: 5, rolledBack: 1, deadlocks: 0 }];
  if (/pg_stat_user_tables/.test(sql))
    return [{ table: 'events', bytes: 4200, indexBytes: 2600, deadRows: 3, sequentialScans: 2, rows: 10 }];
  if (/to_regclass/.test(sql)) return [{ count: 1 }];
  if (/from hosts/.test(sql)) return [{ count: 5 }];
  if (/from infra_envs/.test(sql)) return [{ count: 2 }];
  return undefined;
}

interface Kind {
  name: string;
  /** A source of this kind in the state that is asked for, and a collector for it. */
  start(state: 'well' | 'wrong' | 'silent' | 'refused'): Promise<{ source: TestSource; collector: Collector }>;
  some: Partial<Reading>;
  /** Whether a refusal tells that there is nothing to be read. */
  refusable: boolean;
}

const now = () => 0;

const httpKind = (
  name: string,
  body: string | ((path: string) => string),
  make: (url: string) => Collector,
  some: Partial<Reading>,
): Kind => ({
  name,
  some,
  refusable: true,
  start: async (state) => {
    const source = await startHttpSource((path, _request, response: ServerResponse) => {
      if (state === 'silent') return;
      if (state === 'refused') response.writeHead(404);
      response.end(state === 'well' ? (typeof body === 'string' ? body : body(path)) : '<html>no</html>');
    });
    return { source, collector: make(source.url) };
  },
});

const metrics = (options: Omit<MetricsCollectorOptions, 'source' | 'now'>) => (url: string) => {
  const http = new HttpText(url);
  const source = {
    target: `${http.target}/metrics`,
    get: (signal: AbortSignal) => http.get('/metrics', signal),
    close: () => http.close(),
  };
  return new MetricsCollector({ ...options, source, now });
};

const kubeconfig = (server: string) =>
  loadKubeconfig({
    text: JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server } }],
      users: [{ name: 'u', user: { token: 'se-cret' } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    }),
  });

const KINDS: Kind[] = [
  httpKind('service', SERVICE_TEXT, metrics({ name: 'service', rules: SERVICE_RULES, derived: new ServiceDerived() }), {
    figure: 'service_requests',
    labels: { code: '5xx' },
    kind: 'counter',
  }),
  httpKind(
    'controllers',
    CONTROLLER_TEXT,
    metrics({ name: 'controllers', rules: CONTROLLER_RULES, derived: new ControllerDerived() }),
    { figure: 'reconciles_lost', labels: { queue: 'agent' }, kind: 'gauge' },
  ),
  httpKind('image-service', IMAGE_TEXT, metrics({ name: 'image-service', rules: IMAGE_RULES }), {
    figure: 'image_bytes',
    labels: {},
    kind: 'counter',
  }),
  httpKind(
    'hub',
    HUB_TEXT,
    (url) => new MetricsCollector({ name: 'hub', source: new HubSource(kubeconfig(url)), rules: HUB_RULES, now }),
    { figure: 'hub_refusals', labels: { code: '409' }, kind: 'counter' },
  ),
  httpKind(
    'database of the embedded service',
    JSON.stringify(DATABASE),
    (url) => new EmbeddedDatabaseCollector(new HttpText(url)),
    { figure: 'database_events_per_host', labels: {}, kind: 'gauge' },
  ),
  httpKind(
    'prometheus',
    (path) => {
      const query = new URL(path, 'http://x').searchParams.get('query')!;
      const metric = /_bucket/.test(query) ? { le: '+Inf', pod: 'etcd-0' } : { pod: 'p', code: '409', node: 'n' };
      const result = [{ metric: { __name__: 'x', ...metric }, value: [1, '3'] }];
      return JSON.stringify({ status: 'success', data: { resultType: 'vector', result } });
    },
    (url) => new PrometheusCollector(new HttpText(url), PROFILES.openshift, async () => 'se-cret'),
    { figure: 'etcd_fsync_duration', labels: { pod: 'etcd-0' }, kind: 'histogram' },
  ),
  {
    name: 'database',
    some: { figure: 'database_dead_rows', labels: { table: 'events' }, kind: 'gauge' },
    refusable: false,
    start: async (state) => {
      const source = await startPostgresSource((sql) => {
        if (state === 'silent') return 'silent';
        return state === 'well' ? rowsOf(sql) : new Error('permission denied for se-cret things');
      });
      return { source, collector: new PostgresCollector(source.url) };
    },
  },
];

let ended: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ended) await end();
  ended = [];
});

describe.each(KINDS)('the collector of $name', (kind) => {
  const start = async (state: Parameters<Kind['start']>[0]) => {
    const { source, collector } = await kind.start(state);
    ended.push(
      () => collector.close(),
      () => source.close(),
    );
    return { source, collector };
  };
  const never = new AbortController().signal;

  test('gives figures of the table with its kinds and labels, again and again', async () => {
    const { collector } = await start('well');
    for (let look = 0; look < 2; look++) {
      const readings = await collector.collect(never);
      expect(readings).toContainEqual(expect.objectContaining(kind.some));
      for (const reading of readings) {
        const known = serverFigureNamed(reading.figure)!;
        expect(known.kind).toBe(reading.kind === 'histogram' ? 'trend' : reading.kind);
        expect(known.labels).toEqual(expect.arrayContaining(Object.keys(reading.labels)));
        if (reading.kind === 'histogram') {
          const bounds = reading.buckets.map(({ upToMs }) => upToMs);
          expect(bounds).toEqual(bounds.toSorted((a, b) => a - b));
          expect(bounds.at(-1)).toBe(Number.POSITIVE_INFINITY);
        } else expect(Number.isFinite(reading.value)).toBe(true);
      }
    }
  });

  test('is told apart by name and target, without secrets', async () => {
    const { collector, source } = await start('well');
    expect(collector.name).toMatch(/^[a-z-]+$/);
    expect(collector.target).toContain(new URL(source.url).host);
    expect(collector.target).not.toContain('se-cret');
  });

  test('fails with one line that says where, and goes on', async () => {
    const { collector } = await start('wrong');
    for (let look = 0; look < 2; look++) {
      const error: Error = await collector.collect(never).then(
        () => expect.fail('nothing failed'),
        (reason) => reason,
      );
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(NotOffered);
      expect(error.message).toContain('127.0.0.1');
      expect(error.message).not.toContain('\n');
    }
  });

  test('tells when nobody is there', async () => {
    const { collector, source } = await start('well');
    await source.close();
    await expect(collector.collect(never)).rejects.toThrow(/127\.0\.0\.1.*ECONNREFUSED/);
  });

  test('gives up when it is told', async () => {
    const { collector, source } = await start('silent');
    const abort = new AbortController();
    const look = collector.collect(abort.signal);
    look.catch(() => {});
    while (source.asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    abort.abort(new Error('the run ended'));
    await expect(look).rejects.toThrow('the run ended');
  });

  if (kind.refusable) {
    test('says that there is nothing when that is the first answer', async () => {
      const { collector } = await start('refused');
      await expect(collector.collect(never)).rejects.toThrow(NotOffered);
    });
  }
});

test('a database without pg_stat_statements, or without a right to it, tells the rest and says what is missing', async () => {
  for (const [extension, statements, said] of [
    [0, undefined, /extension pg_stat_statements is not there/],
    [1, new Error('permission denied'), /permission denied/],
  ] as const) {
    const source = await startPostgresSource((sql) => {
      if (/pg_extension/.test(sql)) return [{ count: extension }];
      return /from pg_stat_statements/.test(sql) ? statements : rowsOf(sql);
    });
    const collector = new PostgresCollector(source.url);
    ended.push(
      () => collector.close(),
      () => source.close(),
    );
    const figures = (await collector.collect(new AbortController().signal)).map(({ figure }) => figure);
    expect(figures).toContain('database_events_per_host');
    expect(figures).not.toContain('database_statements');
    expect(collector.missing).toMatch(said);
  }
});
