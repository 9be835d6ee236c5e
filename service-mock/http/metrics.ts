/**
 * The service's own metrics under its own names. Upstream: assisted-service, internal/metrics/metricsManager.go; bucket bounds are those the real
 * service shows.
 */

import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { wallNow } from '../../model/time/clock.ts';
import type { ServiceMetrics } from '../service-api.ts';
import { addProcessMetrics } from './process-metrics.ts';

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

const HTTP_LABELS = ['code', 'handler', 'method', 'service'] as const;

function cycleHistogram(what: 'hosts' | 'clusters', registry: Registry): Histogram<'fullscan'> {
  return new Histogram({
    name: `${PREFIX}monitored_${what}_cycle_duration_ms`,
    help: `Duration of passes over all ${what} in milliseconds`,
    labelNames: ['fullscan'],
    buckets: CYCLE_MS,
    registers: [registry],
  });
}

/** In the order in which they are told. */
export class HttpServiceMetrics implements ServiceMetrics {
  readonly registry = new Registry();
  readonly #registers = [this.registry];
  readonly #durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Duration of API requests in seconds',
    labelNames: HTTP_LABELS,
    buckets: SECONDS,
    registers: this.#registers,
  });
  readonly #sizes = new Histogram({
    name: 'http_response_size_bytes',
    help: 'Size of API answers in bytes, before compression',
    labelNames: HTTP_LABELS,
    buckets: BYTES,
    registers: this.#registers,
  });
  readonly #inflight = new Gauge({
    name: 'http_requests_inflight',
    help: 'API requests in work',
    labelNames: ['handler', 'method', 'service'] as const,
    registers: this.#registers,
  });
  readonly #clusterCreations = new Counter({
    name: `${PREFIX}cluster_creations`,
    help: 'Clusters registered',
    registers: this.#registers,
  });
  readonly #installationsStarted = new Counter({
    name: `${PREFIX}cluster_installation_started`,
    help: 'Installations started',
    registers: this.#registers,
  });
  readonly #installationSeconds = new Histogram({
    name: `${PREFIX}cluster_installation_seconds`,
    help: 'Duration of finished installations in seconds',
    labelNames: ['result'] as const,
    buckets: INSTALLATION_SECONDS,
    registers: this.#registers,
  });
  readonly #hostPhaseSeconds = new Histogram({
    name: `${PREFIX}host_installation_phase_seconds`,
    help: 'Duration of host stages in seconds',
    labelNames: ['phase', 'result'] as const,
    buckets: INSTALLATION_SECONDS,
    registers: this.#registers,
  });
  readonly #hosts = new Counter({
    name: `${PREFIX}cluster_hosts`,
    help: 'Hosts of finished installations',
    labelNames: ['role', 'result'] as const,
    registers: this.#registers,
  });
  readonly #operations = new Histogram({
    // Spelt as the service spells it.
    name: `${PREFIX}operation_duration_miliseconds`,
    help: 'Duration of monitor passes in milliseconds',
    labelNames: ['operation'] as const,
    buckets: OPERATION_MS,
    registers: this.#registers,
  });
  readonly #cycles = {
    HostMonitoring: cycleHistogram('hosts', this.registry),
    ClusterMonitoring: cycleHistogram('clusters', this.registry),
  };
  readonly #blacklisted = new Gauge({
    name: `${PREFIX}blacklisted_clusters_current`,
    help: 'Clusters that the monitor passes over',
    registers: this.#registers,
  });
  readonly #monitoredHosts = new Histogram({
    name: `${PREFIX}monitored_hosts_duration_ms`,
    help: 'Time the monitor spends on one host in milliseconds',
    buckets: MONITORED_MS,
    registers: this.#registers,
  });
  readonly #monitoredClusters = new Histogram({
    name: `${PREFIX}monitored_clusters_duration_ms`,
    help: 'Time the monitor spends on one cluster in milliseconds',
    buckets: MONITORED_MS,
    registers: this.#registers,
  });
  readonly #imagePulls = new Histogram({
    name: `${PREFIX}cluster_image_pull_status`,
    help: 'Download rates of images',
    labelNames: ['imageName', 'result'] as const,
    buckets: DOWNLOAD_RATES,
    registers: this.#registers,
  });
  readonly #diskSync = new Histogram({
    name: `${PREFIX}cluster_host_disk_sync_duration_ms`,
    help: 'Sync durations that disk speed checks found, in milliseconds',
    buckets: DISK_SYNC_MS,
    registers: this.#registers,
  });
  readonly #hostValidationsLost = new Counter({
    name: `${PREFIX}host_validation_failed_after_success_before_installation`,
    help: 'Host validations that passed and then failed',
    labelNames: ['hostValidationType'] as const,
    registers: this.#registers,
  });
  readonly #clusterValidationsLost = new Counter({
    name: `${PREFIX}cluster_validation_failed_after_success_before_installation`,
    help: 'Cluster validations that passed and then failed',
    labelNames: ['clusterValidationType'] as const,
    registers: this.#registers,
  });

  /** Seconds since the epoch. */
  #startedAt = performance.timeOrigin / 1000;
  /** What a planted fault leaves behind, each a timer that never fires. */
  readonly #leaked: NodeJS.Timeout[] = [];

  constructor() {
    this.#blacklisted.set(0);
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
