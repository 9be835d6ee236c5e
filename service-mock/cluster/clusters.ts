/** Clusters as users list, open and end them. Upstream: assisted-service, internal/bminventory/inventory.go and inventory_v2_handlers.go. */

import { aboutCluster, aboutHost, type Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING } from '../core/lookup.ts';
import type { ClusterRow } from '../core/rows.ts';
import { eachOf } from '../core/wire.ts';
import { runHost } from '../host/state-machine/machine.ts';
import { displayName, effectiveRole } from '../host/traits.ts';
import { hostView } from '../host/view.ts';
import { type ClusterHostsQuery, type Json, type JsonObject, OperationError, type Rows } from '../service-api.ts';
import { NO_TRANSITION } from '../statemachine/machine.ts';
import { actionView } from './changes.ts';
import { clusterView } from './view.ts';

/** States in which a cluster cannot be deleted. */
const INSTALLING: ReadonlySet<string> = new Set([
  'preparing-for-installation',
  'installing',
  'installing-pending-user-action',
  'finalizing',
]);

/** Without an identity service everything belongs to everybody, an owner selects nothing. */
export function listClusters(
  core: Core,
  { with_hosts, openshift_cluster_id }: { with_hosts: boolean; owner?: string; openshift_cluster_id?: string },
): Rows {
  const clusters = [...core.store.clusters.values()].filter(
    (cluster) => !openshift_cluster_id || cluster.openshiftClusterId === openshift_cluster_id,
  );
  return eachOf(clusters, (cluster) =>
    with_hosts
      ? clusterView(cluster)
      : { ...clusterView(cluster, { hosts: false, networks: false, counts: true }), hosts: [] as Json[] },
  );
}

export function getCluster(core: Core, id: string, { excludeHosts }: { excludeHosts: boolean }): JsonObject {
  return clusterView(clusterOf(core, id), { hosts: !excludeHosts });
}

export function deleteCluster(core: Core, id: string): void {
  const cluster = clusterOf(core, id, ON_CHANGING);
  if (INSTALLING.has(cluster.status)) {
    throw new OperationError(
      409,
      `Cluster ${id} is being installed and cannot be deleted; wait, or cancel or reset the installation`,
    );
  }
  for (const host of [...cluster.hosts]) {
    if (host.infraEnv.clusterId === id) {
      core.store.removeHost(host);
      core.events.emit('host_deregistered', aboutHost(host), displayName(host));
    } else if (!runHost(core, host, 'unbind')) {
      // One that is just on its way to the cluster cannot be freed yet, and must not stay with a cluster that is gone.
      throw new OperationError(500, NO_TRANSITION);
    }
  }
  deregisterCluster(core, cluster);
}

/** Forgets a cluster, whatever its hosts are. Upstream: internal/cluster/registrar.go, DeregisterCluster. */
export function deregisterCluster({ store, events }: Core, cluster: ClusterRow): void {
  store.removeCluster(cluster);
  events.emit('cluster_deregistered', aboutCluster(cluster));
  events.retire(cluster.id, (other) => store.stands(other));
}

export function allowAddHosts(core: Core, id: string): JsonObject {
  const cluster = clusterOf(core, id, ON_CHANGING);
  for (const [what, needed] of [
    ['status', 'installed'],
    ['kind', 'Cluster'],
  ] as const) {
    const { [what]: is } = cluster;
    if (is === needed) continue;
    const expected = `Expected cluster ${what}: ${needed}, but cluster ${what} is: ${is}`;
    throw new OperationError(400, `cannot transform cluster ${id} to day2. ${expected}`);
  }
  cluster.apiVipDnsName = `api.${cluster.name}.${cluster.baseDnsDomain}`;
  cluster.kind = 'AddHostsCluster';
  cluster.status = 'adding-hosts';
  cluster.updatedAt = core.clock.now();
  return actionView(cluster);
}

export function listClusterHosts(core: Core, id: string, query: ClusterHostsQuery): Rows {
  const hosts = (core.store.clusters.get(id)?.hosts ?? []).filter(
    (host) => (!query.role || effectiveRole(host) === query.role) && (!query.status || host.status === query.status),
  );
  return eachOf(hosts, (host) =>
    hostView(host, { customized: false, inventory: query.withInventory, connectivity: query.withConnectivity }),
  );
}
