/**
 * The two monitors that drive every time-based transition, with the service's rule of what a run looks at: everything
 * on the first run and in each new five-minute slot of the hour, otherwise what was triggered lately.
 * Upstream: assisted-service, internal/host/monitor.go, HostMonitoring; internal/cluster/cluster.go, ClusterMonitoring;
 * internal/common/monitor_query_generator.go.
 *
 *   timer → pass → for each selected cluster: refresh → (every HOSTS_A_TURN hosts: let the event loop run) → timer
 */
import type { ClockTimer } from '../model/time/clock.ts';
import { monitorCluster } from './cluster/monitoring.ts';
import type { Core } from './core/core.ts';
import type { ClusterRow, HostRow } from './core/rows.ts';
import { canAssignRoles, restartSuggestions, sortForRoles, suggestRole } from './host/roles.ts';
import { refreshHost } from './host/state-machine/machine.ts';

const MINUTE = 60_000;
/** Refreshes between two turns of the event loop. */
const HOSTS_A_TURN = 100;
/** Wall-clock milliseconds after which a pass that a planted fault stalls looks whether it is still there. */
const STALLED_LOOK_MS = 200;

/** Yields costs; returns whether it looked at everything. */
type Pass = Generator<number, boolean>;

/** Which rows a run looks at: those triggered after this time; minus infinity = all. */
class Selection {
  #last: number | undefined;

  next(now: number): number {
    const last = this.#last;
    this.#last = now;
    const minute = (time: number) => new Date(time).getUTCMinutes();
    if (last === undefined || Math.trunc(minute(last) / 5) !== Math.trunc(minute(now) / 5))
      return Number.NEGATIVE_INFINITY;
    return now - (minute(last) !== minute(now) ? 15 : 5) * MINUTE;
  }
}

const ALWAYS: ReadonlySet<string> = new Set([
  'discovering',
  'known',
  'disconnected',
  'insufficient',
  'pending-for-input',
  'preparing-for-installation',
  'preparing-failed',
  'preparing-successful',
  'installing',
  'installing-in-progress',
  'installing-pending-user-action',
  'resetting-pending-user-action',
]);
const LOGS_DONE: ReadonlySet<string> = new Set(['completed', 'timeout', '']);
const POOL: ReadonlySet<string> = new Set([
  'disconnected-unbound',
  'discovering-unbound',
  'insufficient-unbound',
  'known-unbound',
  'reclaiming',
  'reclaiming-rebooting',
]);

/** A cluster's hosts are looked at as long as one of them can still change by itself. */
function hasMonitoredHost(cluster: ClusterRow): boolean {
  return cluster.hosts.some(
    (host) =>
      ALWAYS.has(host.status) ||
      ((host.status === 'cancelled' || host.status === 'error') && !LOGS_DONE.has(host.logsInfo)) ||
      (host.status === 'installed' && cluster.status !== 'installed'),
  );
}

function wasTriggered(cluster: ClusterRow, after: number): boolean {
  return cluster.triggeredAt > after || cluster.hosts.some((host) => host.triggeredAt > after);
}

function isMonitored(cluster: ClusterRow): boolean {
  if (cluster.status === 'installed' || cluster.status === 'unmonitored') return false;
  const ended = cluster.status === 'error' || cluster.status === 'cancelled';
  return !(ended && (cluster.logsInfo === 'completed' || cluster.logsInfo === 'timeout'));
}

/** Ids in the order in which the database hands them out. */
function sorted(clusters: Iterable<ClusterRow>): ClusterRow[] {
  return [...clusters].sort((a, b) => (a.id < b.id ? -1 : 1));
}

export class Monitors {
  readonly #core: Core;
  readonly #hostSelection = new Selection();
  readonly #clusterSelection = new Selection();
  #hostTimer: ClockTimer | undefined;
  #clusterTimer: ClockTimer | undefined;
  #running = false;
  #hostPassAt: number;
  #clusterPassAt: number;

  constructor(core: Core) {
    this.#core = core;
    this.#hostPassAt = core.clock.now();
    this.#clusterPassAt = core.clock.now();
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#hostPassAt = this.#core.clock.now();
    this.#clusterPassAt = this.#core.clock.now();
    this.#armHosts();
    this.#armClusters();
  }

  stop(): void {
    this.#running = false;
    this.#hostTimer?.cancel();
    this.#clusterTimer?.cancel();
  }

  /** When the older of the last passes started. */
  get lastPassAt(): number {
    return Math.min(this.#hostPassAt, this.#clusterPassAt);
  }

  get running(): boolean {
    return this.#running;
  }

  #armHosts(): void {
    if (!this.#running) return;
    this.#hostTimer = this.#core.clock.setTimer(this.#core.settings.HOST_MONITOR_INTERVAL, () => {
      this.#hostPassAt = this.#core.clock.now();
      this.#drive('HostMonitoring', this.hostPass(), () => this.#armHosts());
    });
  }

  #armClusters(): void {
    if (!this.#running) return;
    this.#clusterTimer = this.#core.clock.setTimer(this.#core.settings.CLUSTER_MONITOR_INTERVAL, () => {
      this.#clusterPassAt = this.#core.clock.now();
      this.#drive('ClusterMonitoring', this.clusterPass(), () => this.#armClusters());
    });
  }

  /** Runs a pass in turns, each step of it as a statement; what it yields is the cost of a step in hosts. */
  #drive(name: 'HostMonitoring' | 'ClusterMonitoring', pass: Pass, done: () => void): void {
    const startedAt = performance.now();
    let cost = 0;
    /** @returns whether the pass goes on */
    const took = (step: IteratorResult<number, boolean>): boolean => {
      if (!step.done) {
        cost += step.value;
        return true;
      }
      this.#core.metrics.operation(name, performance.now() - startedAt, step.value);
      done();
      return false;
    };
    const turn = () => {
      if (this.#core.faults.amount('stalled-monitor') !== null) {
        if (this.#running) setTimeout(turn, STALLED_LOOK_MS).unref();
        return;
      }
      while (this.#running && cost < HOSTS_A_TURN) {
        const step = this.#core.database.statement(name, () => pass.next());
        if (step instanceof Promise) {
          void step.then((late) => took(late) && turn());
          return;
        }
        if (!took(step)) return;
      }
      cost = 0;
      if (this.#running) setImmediate(turn);
    };
    turn();
  }

  /** One run of the host monitor. */
  *hostPass(): Pass {
    const { store, clock } = this.#core;
    const after = this.#hostSelection.next(clock.now());
    for (const cluster of sorted(store.clusters.values())) {
      if (!wasTriggered(cluster, after) || !hasMonitoredHost(cluster)) continue;
      restartSuggestions(cluster);
      const assign = canAssignRoles(cluster);
      for (const host of sortForRoles(cluster.hosts)) {
        if (host.cluster !== cluster) continue;
        this.#refresh(host);
        if (assign) suggestRole(this.#core, host);
        yield 1;
      }
    }
    for (const infraEnv of [...store.infraEnvs.values()]) {
      if (infraEnv.clusterId !== '') continue;
      for (const host of [...infraEnv.hosts.values()]) {
        if (host.cluster || !POOL.has(host.status) || host.triggeredAt <= after) continue;
        this.#refresh(host);
        yield 1;
      }
    }
    return after === Number.NEGATIVE_INFINITY;
  }

  #refresh(host: HostRow): void {
    const startedAt = performance.now();
    refreshHost(this.#core, host);
    this.#core.metrics.monitoredHost(performance.now() - startedAt);
  }

  /** One run of the cluster monitor. */
  *clusterPass(): Pass {
    const { store, clock } = this.#core;
    const after = this.#clusterSelection.next(clock.now());
    for (const cluster of sorted(store.clusters.values())) {
      if (!isMonitored(cluster) || !wasTriggered(cluster, after)) continue;
      const startedAt = performance.now();
      monitorCluster(this.#core, cluster);
      this.#core.metrics.monitoredCluster(performance.now() - startedAt);
      yield Math.max(1, Math.ceil(cluster.hosts.length / 4));
    }
    return after === Number.NEGATIVE_INFINITY;
  }
}
