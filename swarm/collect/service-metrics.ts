/**
 * What assisted-service tells of itself at `/metrics`. Names: openshift/assisted-service, internal/metrics/metricsManager.go
 * (NewMetricsManager) and pkg/app/middleware.go; prometheus/client_golang, prometheus/{go,process}_collector.go.
 */
import type { Reading } from './collector.ts';
import { codeClass, type MetricRule } from './metric-rules.ts';
import type { DerivedFigures } from './metrics-collector.ts';
import type { PrometheusSample } from './prometheus-text.ts';

const PREFIX = 'service_assisted_installer_';
const PASSES = `${PREFIX}operation_duration_miliseconds`;
const WHAT: Readonly<Record<string, string>> = { HostMonitoring: 'hosts', ClusterMonitoring: 'clusters' };

const ofPass = ({ operation = '' }: Readonly<Record<string, string>>) => {
  const what = WHAT[operation];
  return what === undefined ? null : { what };
};

export const SERVICE_RULES: readonly MetricRule[] = [
  {
    metric: 'http_request_duration_seconds',
    figure: 'service_request_duration',
    kind: 'histogram',
    scale: 1000,
    labels: ({ method = '', handler = '' }) => ({ method, handler: handler.replace(/^\/api\/assisted-install/, '') }),
  },
  {
    metric: 'http_request_duration_seconds_count',
    figure: 'service_requests',
    kind: 'counter',
    labels: ({ code }) => ({ code: codeClass(code) }),
  },
  { metric: 'http_requests_inflight', figure: 'service_requests_inflight', kind: 'gauge' },
  // Its buckets are finer than those of monitored_*_cycle_duration_ms, and older services have no others.
  { metric: PASSES, figure: 'service_monitor_cycle_duration', kind: 'histogram', labels: ofPass },
  ...['hosts', 'clusters'].map(
    (what): MetricRule => ({
      metric: `${PREFIX}monitored_${what}_duration_ms`,
      figure: 'service_monitor_object_duration',
      kind: 'histogram',
      labels: () => ({ what }),
    }),
  ),
  { metric: `${PREFIX}blacklisted_clusters_current`, figure: 'service_blacklisted_clusters', kind: 'gauge' },
  { metric: `${PREFIX}cluster_blacklisted_events_total`, figure: 'service_blacklistings', kind: 'counter' },
  { metric: 'go_goroutines', figure: 'service_goroutines', kind: 'gauge' },
  { metric: 'go_memstats_heap_alloc_bytes', figure: 'service_heap_bytes', kind: 'gauge' },
  { metric: 'process_resident_memory_bytes', figure: 'service_resident_bytes', kind: 'gauge' },
];

const PER_CONNECTION = 3;

/** What a process that loses nothing has no more of than its load explains. */
const GROWING = [
  { metric: 'go_memstats_heap_alloc_bytes', figure: 'service_memory_growth', labels: { of: 'heap' } },
  { metric: 'process_resident_memory_bytes', figure: 'service_memory_growth', labels: { of: 'process' } },
  { metric: 'process_open_fds', figure: 'service_open_files_growth', labels: {} },
];

/** Of one process; several behind one address would be taken for one that restarts when a new one begins. */
export class ServiceDerived implements DerivedFigures {
  readonly metrics = [
    `${PASSES}_count`,
    'process_start_time_seconds',
    'process_cpu_seconds_total',
    'process_open_fds',
    'process_max_fds',
    'go_goroutines',
    ...GROWING.map(({ metric }) => metric),
  ];
  readonly #unexplained = new Unexplained();
  /** What was seen of this process first, by metric. */
  readonly #first = new Map<string, number>();
  readonly #passes = new Map<string, Passes>();
  readonly #starts = new Set<number>();
  #restarts = 0;
  #cpu: { seconds: number; atMs: number } | null = null;

  derive(samples: readonly PrometheusSample[], nowMs: number): Reading[] {
    // NaN is a value that is not known.
    const of = (name: string) => samples.find((one) => one.name === name && Number.isFinite(one.value))?.value;
    const gauge = (figure: string, value: number, labels = {}): Reading => ({ figure, labels, kind: 'gauge', value });
    const readings: Reading[] = [];
    const start = of('process_start_time_seconds');
    const restartsBefore = this.#restarts;
    if (start !== undefined) {
      readings.push({ figure: 'service_restarts', labels: {}, kind: 'counter', value: this.#began(start) });
    }
    if (this.#restarts > restartsBefore) this.#first.clear();
    for (const { metric, figure, labels } of GROWING) {
      const value = of(metric);
      if (value === undefined) continue;
      const first = this.#first.get(metric) ?? value;
      this.#first.set(metric, first);
      readings.push(gauge(figure, Math.max(0, value - first), labels));
    }
    for (const [what, count] of passesOf(samples)) {
      const known = this.#passes.get(what) ?? new Passes();
      this.#passes.set(what, known);
      const period = known.look(count, nowMs);
      if (period !== null) readings.push(gauge('service_monitor_period', period, { what }));
    }
    const [open, most, goroutines] = [of('process_open_fds'), of('process_max_fds'), of('go_goroutines')];
    if (open !== undefined && most) readings.push(gauge('service_open_files_share', open / most));
    if (open !== undefined && goroutines !== undefined) {
      if (this.#restarts > restartsBefore) this.#unexplained.forget();
      readings.push(gauge('service_goroutines_unexplained', this.#unexplained.look(goroutines, open)));
    }
    const cpu = of('process_cpu_seconds_total');
    if (cpu !== undefined) {
      const before = this.#cpu;
      this.#cpu = { seconds: cpu, atMs: nowMs };
      if (before && cpu >= before.seconds && nowMs > before.atMs) {
        readings.push(gauge('service_cpu_cores', (cpu - before.seconds) / ((nowMs - before.atMs) / 1000)));
      }
    }
    return readings;
  }

  /** Times that the process began anew. One that began before another that was seen is a second one behind the same address. */
  #began(start: number): number {
    const isNew = !this.#starts.has(start) && this.#starts.size > 0 && start > Math.max(...this.#starts);
    this.#starts.add(start);
    if (isNew) this.#restarts++;
    return this.#restarts;
  }
}

/**
 * Passes by what is passed over. A service that has metrics of its process and none of a monitor has not ended a pass yet: it counts
 * them from the first one.
 */
function passesOf(samples: readonly PrometheusSample[]): Map<string, number> {
  const isService = samples.some(({ name }) => name === 'process_start_time_seconds');
  const passes = new Map<string, number>(isService ? Object.values(WHAT).map((what) => [what, 0]) : []);
  for (const { name, labels, value } of samples) {
    const pass = name === `${PASSES}_count` ? ofPass(labels) : null;
    if (!pass) continue;
    if (Number.isFinite(value)) passes.set(pass.what, value);
    else passes.delete(pass.what);
  }
  return passes;
}

/**
 * Goroutines that nothing we know of needs. An open connection has one that serves it and while it is in work one that reads on, and a
 * handler may start one more (net/http, server.go; database/sql has one a connection): three are counted.
 */
class Unexplained {
  #first: { goroutines: number; open: number } | null = null;

  look(goroutines: number, open: number): number {
    this.#first ??= { goroutines, open };
    const explained = PER_CONNECTION * Math.max(0, open - this.#first.open);
    return Math.max(0, goroutines - this.#first.goroutines - explained);
  }

  /** The process began anew. */
  forget(): void {
    this.#first = null;
  }
}

/** Passes of one monitor. */
class Passes {
  #count: number | null = null;
  #grewAt = 0;
  #period: number | null = null;

  /** @returns milliseconds from pass to pass, or since the last one, or the first look, when these are more; null at the first look. */
  look(count: number, nowMs: number): number | null {
    if (this.#count === null || count < this.#count) {
      this.#count = count;
      this.#grewAt = nowMs;
      return this.#period;
    }
    const grown = count - this.#count;
    const since = nowMs - this.#grewAt;
    if (grown > 0) {
      this.#period = since / grown;
      this.#count = count;
      this.#grewAt = nowMs;
      return this.#period;
    }
    // Before the first pass has been seen it is the time in which none was.
    return Math.max(since, this.#period ?? 0);
  }
}
