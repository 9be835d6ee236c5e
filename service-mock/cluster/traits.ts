/** What a cluster's row says of its kind and of its members. */
import type { ClusterRow } from '../core/rows.ts';
import { effectiveRole } from '../host/traits.ts';

export function isDay2Cluster(cluster: ClusterRow): boolean {
  return cluster.kind === 'AddHostsCluster';
}

export function isSingleNode(cluster: ClusterRow | undefined): boolean {
  return cluster?.controlPlaneCount === 1;
}

/** Two control-plane nodes whose members carry fencing credentials instead of an arbiter. */
export function isFencingCluster(cluster: ClusterRow): boolean {
  return (
    cluster.controlPlaneCount === 2 &&
    cluster.hosts.length > 0 &&
    cluster.hosts.filter((host) => effectiveRole(host) !== 'worker').every((host) => host.fencingCredentials !== '')
  );
}
