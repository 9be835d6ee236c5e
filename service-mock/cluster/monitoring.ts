/** What the cluster monitor does with one cluster. Upstream: assisted-service, internal/cluster/cluster.go, ClusterMonitoring. */
import { aboutCluster, type Core } from '../core/core.ts';
import type { ClusterRow } from '../core/rows.ts';
import { derivedMachineNetworks } from '../network/cluster-networks.ts';
import { computeCollisions, computeGroups } from '../network/connectivity.ts';
import { refreshCluster } from './state-machine/machine.ts';
import { isFencingCluster } from './traits.ts';

/** States in which groups, collisions and networks are still worked out. */
const FORMING: ReadonlySet<string> = new Set(['pending-for-input', 'insufficient', 'ready']);

/** Groups and collisions; only when what they are made from has changed. */
export function updateConnectivity(core: Core, cluster: ClusterRow): void {
  if (!FORMING.has(cluster.status) || cluster.groupsVersion === cluster.connectivityVersion) return;
  cluster.groupsVersion = cluster.connectivityVersion;
  const { groups, text } = computeGroups(cluster, isFencingCluster(cluster) ? 2 : 3);
  cluster.groups = groups;
  if (text !== cluster.connectivityGroups) {
    cluster.connectivityGroups = text;
    cluster.updatedAt = core.clock.now();
  }
  const collisions = computeCollisions(cluster);
  const collisionText = JSON.stringify(Object.fromEntries(collisions));
  if (collisionText !== cluster.ipCollisions) {
    cluster.collisions = collisions;
    cluster.ipCollisions = collisionText;
    cluster.triggeredAt = core.clock.now();
  }
}

/** One cluster's turn in the cluster monitor. */
export function monitorCluster(core: Core, cluster: ClusterRow): void {
  const networks = derivedMachineNetworks(cluster);
  updateConnectivity(core, cluster);
  refreshCluster(core, cluster);
  // As in the real service this turn has still been judged by the networks that were read before.
  if (networks) {
    cluster.machineNetworks = networks;
    cluster.updatedAt = core.clock.now();
  }
  const prepared =
    cluster.status === 'preparing-for-installation' &&
    cluster.hosts.length > 0 &&
    cluster.hosts.every((host) => host.status === 'preparing-successful');
  if (prepared && cluster.preparation.status === 'not_started' && cluster.openshiftClusterId !== '') {
    preparationSucceeded(core, cluster);
    refreshCluster(core, cluster);
  }
}

/** Install config and ignition are there. */
export function preparationSucceeded(core: Core, cluster: ClusterRow): void {
  cluster.preparation = { status: 'success', reason: 'Installation preparation successful' };
  core.events.emit('cluster_prepare_installation_started', aboutCluster(cluster));
}
