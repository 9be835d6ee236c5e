/** What changes of a cluster have in common. */

import type { Core } from '../core/core.ts';
import type { ClusterRow, ClusterState } from '../core/rows.ts';
import type { JsonObject } from '../service-api.ts';
import { clusterView } from './view.ts';

/** States in which users may change a cluster. Upstream: assisted-service, internal/cluster/cluster.go, VerifyClusterUpdatability. */
export const UPDATABLE: ReadonlySet<ClusterState> = new Set<ClusterState>([
  'insufficient',
  'ready',
  'pending-for-input',
  'adding-hosts',
]);

/** Why users may not change a cluster in its state; undefined when they may. */
export function notUpdatable({ id, status }: ClusterRow): string | undefined {
  if (UPDATABLE.has(status)) return undefined;
  return `Cluster ${id} is in ${status} state, cluster can be updated only in one of [${[...UPDATABLE].join(' ')}]`;
}

/** Dates a change, and has the monitor look at the cluster. */
export function touchCluster({ clock }: Core, cluster: ClusterRow): void {
  cluster.updatedAt = clock.now();
  cluster.triggeredAt = cluster.updatedAt;
}

/** What a client is given that asked for an action: without the networks of the hosts. */
export function actionView(cluster: ClusterRow): JsonObject {
  return clusterView(cluster, { networks: false });
}
