/**
 * Where everything in a run is now, kept from its events: one small row a cluster and a host, for lists and filters. What
 * happened before stands in the event stream.
 */

import { CLUSTER_PHASES, type ClusterPhase, HOST_PHASES, type HostPhase } from '../../model/protocol/phases.ts';
import type { ClusterStatus, FinalizingStage, HostStage, HostStatus } from '../../model/protocol/states.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import type { Funnel, Reached } from '../report/summary.ts';
import type { RunEvent } from '../telemetry/run-event.ts';

export interface ClusterRow {
  cluster: number;
  name: string;
  /** On the service; null until created. */
  id: string | null;
  phase: ClusterPhase;
  status: ClusterStatus | null;
  statusInfo: string;
  finalizingStage: FinalizingStage | null;
  /** Why it failed; '' otherwise, and where that had to be expected of its faults. */
  reason: string;
  /** 2 once it was removed and made anew, and so on. */
  life: number;
  hosts: number;
  /** Simulated epoch milliseconds of the last change; null when nothing happened yet. */
  updatedAt: number | null;
}

export interface HostRow {
  host: number;
  cluster: number;
  id: string | null;
  role: 'master' | 'arbiter' | 'worker';
  day2: boolean;
  phase: HostPhase;
  /** As the service says. */
  status: HostStatus | null;
  statusInfo: string;
  /** As the host reported last. */
  stage: HostStage | null;
  /** Last error, '' when there was none. */
  error: string;
  updatedAt: number | null;
}

export interface RowFilter {
  phase?: string;
  status?: string;
  stage?: string;
  cluster?: number;
  limit: number;
  offset: number;
}

export interface Page<T> {
  /** Rows that match, on all pages. */
  total: number;
  items: T[];
}

/** Phases that infra-envs without a cluster, and their hosts, never pass. */
const INSTALLATION: ReadonlySet<string> = new Set<HostPhase | ClusterPhase>([
  'installing',
  'writing',
  'rebooted',
  'joined',
  'done',
  'preparing',
  'finalizing',
  'installed',
]);

/** Whether nothing that only waits in an infra-env, without a cluster, comes to a phase of a host or cluster. */
export function isOfInstallation(phase: string): boolean {
  return INSTALLATION.has(phase);
}

/** Phases off the good way; whoever is in one of them keeps the furthest good one reached. */
const OFF_THE_WAY: ReadonlySet<string> = new Set(['frozen', 'failed', 'stopped', 'cancelled', 'deleted']);

const ENDS: ReadonlySet<ClusterPhase> = new Set(['complete', 'failed', 'cancelled', 'deleted']);

interface ExpectedCluster {
  /** Simulated milliseconds after the start of the run. */
  arrivalMs: number;
  kind: string;
  /** Index of its first host; the others follow. */
  firstHost: number;
}

/** Clusters of one kind take about as long as each other. */
function kindOf({ controlPlanes, workers, day2Workers, justInfraEnv }: ExpandedPlan['clusters'][number]): string {
  if (justInfraEnv) return 'infra-env';
  return `${controlPlanes > 1}/${workers > 0}/${day2Workers > 0}`;
}

export class RunIndex {
  readonly #clusters = new Map<number, ClusterRow>();
  readonly #hosts = new Map<number, HostRow>();
  readonly #furthestCluster = new Map<number, number>();
  readonly #furthestHost = new Map<number, number>();
  /** Simulated epoch milliseconds of the last event; null before the first. */
  #now: number | null = null;
  #origin = 0;
  /** By index. */
  readonly #expected: ReadonlyMap<number, ExpectedCluster>;
  /** When clusters started and ended. */
  readonly #started = new Map<number, number>();
  readonly #ended = new Set<number>();
  /** Simulated milliseconds of the longest life by kind, of those that completed. */
  readonly #longest = new Map<string, number>();
  /** Clusters that are only infra-envs. */
  readonly #uninstalled: ReadonlySet<number>;

  constructor(plan: Pick<ExpandedPlan, 'clusters'>) {
    this.#uninstalled = new Set(plan.clusters.filter((one) => one.justInfraEnv).map((one) => one.index));
    this.#expected = new Map(
      plan.clusters.map((one) => [
        one.index,
        { arrivalMs: one.arrivalMs, kind: kindOf(one), firstHost: one.hosts[0]?.index ?? 0 },
      ]),
    );
    for (const cluster of plan.clusters) {
      this.#clusters.set(cluster.index, {
        cluster: cluster.index,
        name: cluster.name,
        id: null,
        phase: 'planned',
        status: null,
        statusInfo: '',
        finalizingStage: null,
        reason: '',
        life: 1,
        hosts: cluster.hosts.length,
        updatedAt: null,
      });
      for (const host of cluster.hosts) {
        this.#hosts.set(host.index, {
          host: host.index,
          cluster: cluster.index,
          id: null,
          role: host.role,
          day2: host.day2,
          phase: 'planned',
          status: null,
          statusInfo: '',
          stage: null,
          error: '',
          updatedAt: null,
        });
      }
    }
  }

  /** Takes note of an event; those about the run as a whole change nothing. */
  apply(event: RunEvent): void {
    if (this.#now === null) this.#origin = event.time;
    this.#now = event.time;
    if (!('cluster' in event)) return;
    if (!('host' in event)) {
      const row = this.#clusters.get(event.cluster);
      if (!row) return;
      row.updatedAt = event.time;
      if (event.type === 'cluster.phase') {
        advance(this.#furthestCluster, event.cluster, CLUSTER_PHASES, event.phase);
        this.#follow(event.cluster, event.phase, event.time);
        if (event.phase === 'creating' && event.life !== undefined) this.#anew(row, event.life);
        row.phase = event.phase;
        row.id = event.id ?? row.id;
        if (event.phase === 'failed' && !event.expected) row.reason = event.reason ?? '';
      } else if (event.type === 'cluster.status') {
        row.status = event.status;
        row.statusInfo = event.info;
      } else if (event.type === 'cluster.finalizing-stage') row.finalizingStage = event.stage;
      return;
    }
    const row = this.#hosts.get(event.host);
    if (!row) return;
    row.updatedAt = event.time;
    row.id = event.id;
    if (event.type === 'host.phase') {
      advance(this.#furthestHost, event.host, HOST_PHASES, event.phase);
      row.phase = event.phase;
    } else if (event.type === 'host.stage') row.stage = event.stage;
    else if (event.type === 'host.error') row.error = `${event.kind}: ${event.message}`;
    else if (event.type === 'host.status') {
      row.status = event.status;
      row.statusInfo = event.info;
    }
  }

  /** On the service; null until created. */
  clusterId(index: number): string | null {
    return this.#clusters.get(index)?.id ?? null;
  }

  clusters(filter: RowFilter): Page<ClusterRow> {
    return page(this.#clusters.values(), filter, (row) => matches(row, filter));
  }

  hosts(filter: RowFilter): Page<HostRow> {
    return page(
      this.#hosts.values(),
      filter,
      (row) => matches(row, filter) && (filter.stage === undefined || row.stage === filter.stage),
    );
  }

  funnel(): Funnel {
    const hosts = new Tally(HOST_PHASES);
    for (const { host, cluster } of this.#hosts.values()) {
      hosts.add(this.#furthestHost.get(host) ?? 0, !this.#uninstalled.has(cluster));
    }
    const clusters = new Tally(CLUSTER_PHASES);
    for (const cluster of this.#clusters.keys()) {
      clusters.add(this.#furthestCluster.get(cluster) ?? 0, !this.#uninstalled.has(cluster));
    }
    return {
      hosts: hosts.cumulated(),
      clusters: clusters.cumulated(),
      // They have nothing else to do, so they are complete when their hosts are discovered.
      infraEnvs: clusters.uninstalled('complete'),
    };
  }

  /** Clusters that failed, with their reasons; `life` of those that did when they had been made anew. */
  failures(): { cluster: number; name: string; reason: string; life?: number }[] {
    return [...this.#clusters.values()]
      .filter((row) => row.reason !== '')
      .map(({ cluster, name, reason, life }) => ({ cluster, name, reason, ...(life > 1 && { life }) }));
  }

  /** A cluster is made anew: what it was before counts as reached, and is not what it is now. */
  #anew(row: ClusterRow, life: number): void {
    Object.assign(row, { life, id: null, status: null, statusInfo: '', finalizingStage: null });
    const { firstHost } = this.#expected.get(row.cluster)!;
    for (let index = firstHost; index < firstHost + row.hosts; index++) {
      Object.assign(this.#hosts.get(index)!, {
        id: null,
        phase: 'planned',
        status: null,
        statusInfo: '',
        stage: null,
        error: '',
      });
    }
  }

  /**
   * Simulated milliseconds from the last event until all clusters have ended, if each takes as long as the longest of its
   * kind so far; null as long as a kind of which one is left has not been seen to the end. Clean-up is not counted.
   */
  remainingMs(): number | null {
    if (this.#now === null) return null;
    let last = this.#now;
    for (const [index, { arrivalMs, kind }] of this.#expected) {
      if (this.#ended.has(index)) continue;
      const longest = this.#longest.get(kind);
      if (longest === undefined) return null;
      last = Math.max(last, (this.#started.get(index) ?? this.#origin + arrivalMs) + longest);
    }
    return last - this.#now;
  }

  #follow(cluster: number, phase: ClusterPhase, time: number): void {
    if (phase === 'creating') this.#started.set(cluster, time);
    if (!ENDS.has(phase) || this.#ended.has(cluster)) return;
    this.#ended.add(cluster);
    const kind = this.#expected.get(cluster)?.kind;
    if (phase !== 'complete' || kind === undefined) return;
    const took = time - (this.#started.get(cluster) ?? time);
    this.#longest.set(kind, Math.max(took, this.#longest.get(kind) ?? 0));
  }

  cluster(index: number): ClusterRow | undefined {
    return this.#clusters.get(index);
  }

  host(index: number): HostRow | undefined {
    return this.#hosts.get(index);
  }
}

function advance<T extends string>(furthest: Map<number, number>, key: number, phases: readonly T[], phase: T): void {
  if (OFF_THE_WAY.has(phase)) return;
  const reached = phases.indexOf(phase);
  if (reached > (furthest.get(key) ?? -1)) furthest.set(key, reached);
}

/** Counts by the furthest phase reached, of those that install and the others: lists of a million rows would take seconds. */
class Tally<T extends string> {
  readonly #phases: readonly T[];
  readonly #installing: number[];
  readonly #others: number[];

  constructor(phases: readonly T[]) {
    this.#phases = phases;
    this.#installing = phases.map(() => 0);
    this.#others = phases.map(() => 0);
  }

  /** @param reached position of the phase */
  add(reached: number, installs: boolean): void {
    (installs ? this.#installing : this.#others)[reached]!++;
  }

  /** For each phase, how many reached it or a later one. */
  cumulated(): Record<T, Reached> {
    const table = {} as Record<T, Reached>;
    this.#phases.forEach((phase, at) => {
      const counts = [this.#installing, ...(INSTALLATION.has(phase) ? [] : [this.#others])];
      table[phase] = {
        count: counts.reduce((total, one) => total + sum(one.slice(at)), 0),
        of: counts.reduce((total, one) => total + sum(one), 0),
      };
    });
    return table;
  }

  /** The same of those that are not to be installed. */
  uninstalled(phase: T): Reached {
    return { count: sum(this.#others.slice(this.#phases.indexOf(phase))), of: sum(this.#others) };
  }
}

const sum = (counts: readonly number[]) => counts.reduce((total, one) => total + one, 0);

function matches(row: { phase: string; status: string | null; cluster: number }, filter: RowFilter): boolean {
  return (
    (filter.phase === undefined || row.phase === filter.phase) &&
    (filter.status === undefined || row.status === filter.status) &&
    (filter.cluster === undefined || row.cluster === filter.cluster)
  );
}

function page<T>(rows: Iterable<T>, { limit, offset }: RowFilter, wanted: (row: T) => boolean): Page<T> {
  const items: T[] = [];
  let total = 0;
  for (const row of rows) {
    if (!wanted(row)) continue;
    if (total >= offset && items.length < limit) items.push(row);
    total++;
  }
  return { total, items };
}
