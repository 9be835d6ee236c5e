/**
 * The service's own metrics under its own names. Facts: service sheet, section 8; bucket bounds are those the real
 * service shows.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { wallNow } from '../../model/time/clock.ts';
import type { ServiceMetrics } from '../service-api.ts';

const SERVICE = 'assisted-installer';
const PREFIX = 'service_assisted_installer_';

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BYTES = [100, 1000, 10_000, 100_000, 1e6, 1e7, 1e8, 1e9];
const INSTALLATION_SECONDS = [1, 5, 10, 30, 60, 120, 300, 600, 900, 1200, 1800];
const OPERATION_MS = [
  100, 200, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1400, 1600, 1800, 2000, 2400, 2800, 3200, 3600, 4000, 5000,
];
const CYCLE_MS = [
  1000, 10_000, 30_000, 60_000, 120_000, 180_000, 240_000, 300_000, 360_000, 420_000, 480_000, 540_000, 600_000,
];
const MONITORED_MS = [10, 100, 200, 500, 1000, 10_000, 30_000];
const DISK_SYNC_MS = [1, 5, 10, 15, 20];
const NEVER_MS = 2 ** 31 - 1;
const DOWNLOAD_RATES = [0.1, 0.5, 1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50];

/** What the server measures of one route; made once, so that a request costs no look-up by label. */
export interface RouteMetrics {
  begin(): void;
  /** @param bytes body size before compression */
  end(status: number, seconds: number, bytes: number): void;
}

export class HttpServiceMetrics implements ServiceMetrics {
  readonly registry = new Registry();
  readonly #durations: Histogram<'code' | 'handler' | 'method' | 'service'>;
  readonly #sizes: Histogram<'code' | 'handler' | 'method' | 'service'>;
  readonly #inflight: Gauge<'handler' | 'method' | 'service'>;
  readonly #clusterCreations: Counter;
  readonly #installationsStarted: Counter;
  readonly #installationSeconds: Histogram<'result'>;
  readonly #hostPhaseSeconds: Histogram<'phase' | 'result'>;
  readonly #hosts: Counter<'role' | 'result'>;
  readonly #operations: Histogram<'operation'>;
  readonly #cycles: Readonly<Record<'HostMonitoring' | 'ClusterMonitoring', Histogram<'fullscan'>>>;
  readonly #monitoredHosts: Histogram;
  readonly #monitoredClusters: Histogram;
  readonly #imagePulls: Histogram<'imageName' | 'result'>;
  readonly #diskSync: Histogram;
  readonly #hostValidationsLost: Counter<'hostValidationType'>;
  readonly #clusterValidationsLost: Counter<'clusterValidationType'>;

  /** Seconds since the epoch. */
  #startedAt = performance.timeOrigin / 1000;
  /** What a planted fault leaves behind, each a timer that never fires. */
  readonly #leaked: NodeJS.Timeout[] = [];

  constructor() {
    const registers = [this.registry];
    const http = ['code', 'handler', 'method', 'service'] as const;
    this.#durations = new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Duration of API requests in seconds',
      labelNames: http,
      buckets: SECONDS,
      registers,
    });
    this.#sizes = new Histogram({
      name: 'http_response_size_bytes',
      help: 'Size of API answers in bytes, before compression',
      labelNames: http,
      buckets: BYTES,
      registers,
    });
    this.#inflight = new Gauge({
      name: 'http_requests_inflight',
      help: 'API requests in work',
      labelNames: ['handler', 'method', 'service'],
      registers,
    });
    this.#clusterCreations = new Counter({
      name: `${PREFIX}cluster_creations`,
      help: 'Clusters registered',
      registers,
    });
    this.#installationsStarted = new Counter({
      name: `${PREFIX}cluster_installation_started`,
      help: 'Installations started',
      registers,
    });
    this.#installationSeconds = new Histogram({
      name: `${PREFIX}cluster_installation_seconds`,
      help: 'Duration of finished installations in seconds',
      labelNames: ['result'],
      buckets: INSTALLATION_SECONDS,
      registers,
    });
    this.#hostPhaseSeconds = new Histogram({
      name: `${PREFIX}host_installation_phase_seconds`,
      help: 'Duration of host stages in seconds',
      labelNames: ['phase', 'result'],
      buckets: INSTALLATION_SECONDS,
      registers,
    });
    this.#hosts = new Counter({
      name: `${PREFIX}cluster_hosts`,
      help: 'Hosts of finished installations',
      labelNames: ['role', 'result'],
      registers,
    });
    this.#operations = new Histogram({
      // Spelt as the service spells it.
      name: `${PREFIX}operation_duration_miliseconds`,
      help: 'Duration of monitor passes in milliseconds',
      labelNames: ['operation'],
      buckets: OPERATION_MS,
      registers,
    });
    const cycle = (what: string) =>
      new Histogram({
        name: `${PREFIX}monitored_${what}_cycle_duration_ms`,
        help: `Duration of passes over all ${what} in milliseconds`,
        labelNames: ['fullscan'] as const,
        buckets: CYCLE_MS,
        registers,
      });
    this.#cycles = { HostMonitoring: cycle('hosts'), ClusterMonitoring: cycle('clusters') };
    new Gauge({
      name: `${PREFIX}blacklisted_clusters_current`,
      help: 'Clusters that the monitor passes over',
      registers,
    }).set(0);
    this.#monitoredHosts = new Histogram({
      name: `${PREFIX}monitored_hosts_duration_ms`,
      help: 'Time the monitor spends on one host in milliseconds',
      buckets: MONITORED_MS,
      registers,
    });
    this.#monitoredClusters = new Histogram({
      name: `${PREFIX}monitored_clusters_duration_ms`,
      help: 'Time the monitor spends on one cluster in milliseconds',
      buckets: MONITORED_MS,
      registers,
    });
    this.#imagePulls = new Histogram({
      name: `${PREFIX}cluster_image_pull_status`,
      help: 'Download rates of images',
      labelNames: ['imageName', 'result'],
      buckets: DOWNLOAD_RATES,
      registers,
    });
    this.#diskSync = new Histogram({
      name: `${PREFIX}cluster_host_disk_sync_duration_ms`,
      help: 'Sync durations that disk speed checks found, in milliseconds',
      buckets: DISK_SYNC_MS,
      registers,
    });
    this.#hostValidationsLost = new Counter({
      name: `${PREFIX}host_validation_failed_after_success_before_installation`,
      help: 'Host validations that passed and then failed',
      labelNames: ['hostValidationType'],
      registers,
    });
    this.#clusterValidationsLost = new Counter({
      name: `${PREFIX}cluster_validation_failed_after_success_before_installation`,
      help: 'Cluster validations that passed and then failed',
      labelNames: ['clusterValidationType'],
      registers,
    });
    addProcessMetrics(this.registry, () => this.#startedAt);
  }

  /** A planted fault: the process is as if it had just begun. */
  restarted(): void {
    this.registry.resetMetrics();
    this.#startedAt = wallNow() / 1000;
    this.forgetLeaked();
  }

  /** A planted fault: so many more of what `go_goroutines` counts, for good. */
  leak(count: number): void {
    for (let left = count; left > 0; left--) this.#leaked.push(setInterval(() => {}, NEVER_MS));
  }

  forgetLeaked(): void {
    for (const timer of this.#leaked.splice(0)) clearInterval(timer);
  }

  /** @param handler route pattern with the API base */
  route(handler: string, method: string): RouteMetrics {
    const route = { handler, method, service: SERVICE };
    const byCode = new Map<number, { duration: Histogram.Internal<string>; size: Histogram.Internal<string> }>();
    let inflight: Gauge.Internal<string> | undefined;
    return {
      begin: () => {
        inflight ??= this.#inflight.labels(route);
        inflight.inc();
      },
      end: (status, seconds, bytes) => {
        let cells = byCode.get(status);
        if (cells === undefined) {
          const labels = { ...route, code: String(status) };
          cells = { duration: this.#durations.labels(labels), size: this.#sizes.labels(labels) };
          byCode.set(status, cells);
        }
        cells.duration.observe(seconds);
        cells.size.observe(bytes);
        inflight?.dec();
      },
    };
  }

  clusterCreated(): void {
    this.#clusterCreations.inc();
  }
  installationStarted(): void {
    this.#installationsStarted.inc();
  }
  installationFinished(result: string, seconds: number): void {
    this.#installationSeconds.observe({ result }, seconds);
  }
  hostPhase(phase: string, result: string, seconds: number): void {
    this.#hostPhaseSeconds.observe({ phase, result }, seconds);
  }
  hostsFinished(role: string, result: string): void {
    this.#hosts.inc({ role, result });
  }
  operation(name: 'HostMonitoring' | 'ClusterMonitoring', milliseconds: number, fullScan: boolean): void {
    this.#operations.observe({ operation: name }, milliseconds);
    this.#cycles[name].observe({ fullscan: String(fullScan) }, milliseconds);
  }
  monitoredHost(milliseconds: number): void {
    this.#monitoredHosts.observe(milliseconds);
  }
  monitoredCluster(milliseconds: number): void {
    this.#monitoredClusters.observe(milliseconds);
  }
  imagePull(image: string, result: string, rate: number): void {
    this.#imagePulls.observe({ imageName: image, result }, rate);
  }
  diskSyncDuration(milliseconds: number): void {
    this.#diskSync.observe(milliseconds);
  }
  hostValidationLost(id: string): void {
    this.#hostValidationsLost.inc({ hostValidationType: id });
  }
  clusterValidationLost(id: string): void {
    this.#clusterValidationsLost.inc({ clusterValidationType: id });
  }
}

/**
 * This process's own figures, read when somebody asks. Those that /proc has are absent elsewhere. Those of Go's runtime stand for what
 * is most like them here: goroutines for whatever the event loop waits for (connections, timers, requests of our own).
 */
function addProcessMetrics(registry: Registry, startedAt: () => number): void {
  const add = (name: string, help: string, read: () => number | undefined) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        const value = read();
        if (value !== undefined) this.set(value);
      },
    });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system time of this process in seconds',
    registers: [registry],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  add(
    'go_goroutines',
    'Connections, timers and requests that this process waits for',
    () => process.getActiveResourcesInfo().length,
  );
  add('go_memstats_heap_alloc_bytes', 'Memory of objects in bytes', () => process.memoryUsage().heapUsed);
  add('go_memstats_heap_sys_bytes', 'Memory of the heap in bytes', () => process.memoryUsage().heapTotal);
  add('process_resident_memory_bytes', 'Resident memory of this process in bytes', () => process.memoryUsage.rss());
  add('process_start_time_seconds', 'Start of this process in seconds since the epoch', startedAt);
  if (process.platform !== 'linux') return;
  add('process_open_fds', 'Open file descriptors of this process', openFiles);
  add('process_max_fds', 'Limit of open file descriptors of this process', () =>
    procNumber('/proc/self/limits', /^Max open files\s+(\d+)/m),
  );
  add('process_virtual_memory_bytes', 'Virtual memory of this process in bytes', () => {
    const kilobytes = procNumber('/proc/self/status', /^VmSize:\s+(\d+) kB/m);
    return kilobytes === undefined ? undefined : kilobytes * 1024;
  });
}

/** Linux tells the number as the folder's size since 6.2; before, the folder has to be read, which takes long with many connections. */
function openFiles(): number {
  return statSync('/proc/self/fd').size || readdirSync('/proc/self/fd').length;
}

function procNumber(file: string, expression: RegExp): number | undefined {
  const found = expression.exec(readFileSync(file, 'utf8'))?.[1];
  return found === undefined ? undefined : Number(found);
}
