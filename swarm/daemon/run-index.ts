/**
 * Where everything in a run is now, kept from its events: one small row a cluster and a host, for lists and filters. What
 * happened before stands in the event stream.
 */
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import type { ClusterStatus, FinalizingStage, HostStage, HostStatus } from '../protocol/states.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { CLUSTER_PHASES, type ClusterPhase, HOST_PHASES, type HostPhase } from '../telemetry/telemetry.ts';

export interface ClusterRow {
  cluster: number;
  name: string;
  /** On the service; null until created. */
  id: string | null;
  phase: ClusterPhase;
  status: ClusterStatus | null;
  statusInfo: string;
  finalizingStage: FinalizingStage | null;
  /** Why it failed; '' otherwise. */
  reason: string;
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

/** How many ever came as far as each phase: a funnel, in which each number is at most the one before. */
export interface Funnel {
  hosts: Record<HostPhase, number>;
  clusters: Record<ClusterPhase, number>;
}

/** Phases off the good way; whoever is in one of them keeps the furthest good one reached. */
const OFF_THE_WAY: ReadonlySet<string> = new Set(['frozen', 'failed', 'stopped', 'cancelled', 'deleted']);

export class RunIndex {
  readonly #clusters = new Map<number, ClusterRow>();
  readonly #hosts = new Map<number, HostRow>();
  readonly #furthestCluster = new Map<number, number>();
  readonly #furthestHost = new Map<number, number>();

  constructor(plan: Pick<ExpandedPlan, 'clusters'>) {
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
    if (!('cluster' in event)) return;
    if (!('host' in event)) {
      const row = this.#clusters.get(event.cluster);
      if (!row) return;
      row.updatedAt = event.time;
      if (event.type === 'cluster.phase') {
        advance(this.#furthestCluster, event.cluster, CLUSTER_PHASES, event.phase);
        row.phase = event.phase;
        row.id = event.id ?? row.id;
        if (event.phase === 'failed') row.reason = event.reason ?? '';
      } else if (event.type === 'cluster.status') {
        row.status = event.status;
        row.statusInfo = event.info;
      } else row.finalizingStage = event.stage;
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
    else {
      row.status = event.status;
      row.statusInfo = event.info;
    }
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
    return {
      hosts: cumulate(this.#furthestHost, HOST_PHASES, this.#hosts.size),
      clusters: cumulate(this.#furthestCluster, CLUSTER_PHASES, this.#clusters.size),
    };
  }

  /** Clusters that failed, with their reasons. */
  failures(): { cluster: number; name: string; reason: string }[] {
    return [...this.#clusters.values()]
      .filter((row) => row.reason !== '')
      .map(({ cluster, name, reason }) => ({ cluster, name, reason }));
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

/** For each phase, how many reached it or a later one; all `total` reached the first. */
function cumulate<T extends string>(
  furthest: ReadonlyMap<number, number>,
  phases: readonly T[],
  total: number,
): Record<T, number> {
  const counts = new Array<number>(phases.length).fill(0);
  for (const reached of furthest.values()) for (let at = 0; at <= reached; at++) counts[at]!++;
  counts[0] = total;
  return Object.fromEntries(phases.map((phase, at) => [phase, counts[at]!])) as Record<T, number>;
}

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
