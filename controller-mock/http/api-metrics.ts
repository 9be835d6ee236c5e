/**
 * What a kube-apiserver tells of its requests and objects at `/metrics`. Names, labels and buckets: kubernetes/kubernetes,
 * staging/src/k8s.io/apiserver/pkg/endpoints/metrics/metrics.go and pkg/storage/etcd3/metrics/metrics.go.
 */
import type { ServerResponse } from 'node:http';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { wallNow } from '../../model/time/clock.ts';
import type { Store } from '../store/store.ts';
import type { ResourceInfo } from './request-info.ts';

const SECONDS = [
  ...[0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60],
];
/** The API server's words for verbs. */
const VERBS: Readonly<Record<string, string>> = {
  get: 'GET',
  list: 'LIST',
  watch: 'WATCH',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
};
const MUTATING = new Set(['POST', 'PUT', 'PATCH', 'DELETE', 'DELETECOLLECTION']);
const COMMON = ['verb', 'dry_run', 'group', 'version', 'resource', 'subresource', 'scope', 'component'] as const;

export class ApiMetrics {
  readonly #registry = new Registry();
  readonly #durations: Histogram<(typeof COMMON)[number]>;
  readonly #requests: Counter<(typeof COMMON)[number] | 'code'>;
  readonly #inflight: Gauge<'request_kind'>;

  constructor(store: Store) {
    const registers = [this.#registry];
    this.#durations = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Response latency distribution in seconds for each verb, dry run value, group, version, resource, subresource, scope and component.',
      labelNames: COMMON,
      buckets: SECONDS,
      registers,
    });
    this.#requests = new Counter({
      name: 'apiserver_request_total',
      help: 'Counter of apiserver requests broken out for each verb, dry run value, group, version, resource, scope, component, and HTTP response code.',
      labelNames: [...COMMON, 'code'],
      registers,
    });
    this.#inflight = new Gauge({
      name: 'apiserver_current_inflight_requests',
      help: 'Requests in work, by kind.',
      labelNames: ['request_kind'] as const,
      registers,
    });
    for (const request_kind of ['mutating', 'readOnly']) this.#inflight.set({ request_kind }, 0);
    new Gauge({
      name: 'apiserver_storage_objects',
      help: 'Number of stored objects at the time of last check split by kind.',
      labelNames: ['resource'] as const,
      registers,
      collect() {
        for (const [key, { size }] of store.collections()) {
          const [group = '', plural = ''] = key.split('/');
          this.set({ resource: group === '' ? plural : `${plural}.${group}` }, size);
        }
      },
    });
  }

  /** Follows a request from now to the end of its response. */
  follow(verb: string | undefined, info: ResourceInfo, response: ServerResponse): void {
    const startedAt = wallNow();
    const named = VERBS[verb ?? ''] ?? 'other';
    const { group, version, resource, subresource, namespace, name } = info;
    const reach = name !== '' ? 'resource' : namespace !== '' ? 'namespace' : 'cluster';
    const labels = {
      verb: named,
      dry_run: '',
      group,
      version,
      resource,
      subresource,
      scope: reach,
      component: 'apiserver',
    };
    // Watches are not limited, and so not among those in work.
    const kind = named === 'WATCH' ? null : { request_kind: MUTATING.has(named) ? 'mutating' : 'readOnly' };
    if (kind) this.#inflight.inc(kind);
    response.once('close', () => {
      if (kind) this.#inflight.dec(kind);
      this.#durations.observe(labels, (wallNow() - startedAt) / 1000);
      this.#requests.inc({ ...labels, code: String(response.statusCode) });
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
