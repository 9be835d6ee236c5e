/** Hosts that users give to a cluster, or take from it. Upstream: assisted-service, internal/bminventory/inventory.go, BindHostInternal and UnbindHostInternal. */

import { checkArbiters } from '../cluster/arbiters.ts';
import { refreshCluster } from '../cluster/state-machine/machine.ts';
import { aboutHost, type Core } from '../core/core.ts';
import { hostOf } from '../core/lookup.ts';
import type { HostRow } from '../core/rows.ts';
import { requiredText } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { NO_TRANSITION } from '../statemachine/machine.ts';
import { checkAccepts } from './registration.ts';
import { runHost } from './state-machine/machine.ts';
import { displayName } from './traits.ts';
import { hostView } from './view.ts';

/** Upstream: assisted-service, internal/host/common.go, HostInstallingStatuses. */
export const HOST_INSTALLING: ReadonlySet<string> = new Set([
  'preparing-for-installation',
  'preparing-failed',
  'preparing-successful',
  'installing',
  'installing-in-progress',
  'installing-pending-user-action',
]);

/** Whatever fails is told of as well. @param options `interactive` false tells nobody of it, as for custom resources. */
export function bindHost(
  core: Core,
  infraEnvId: string,
  hostId: string,
  body: JsonObject,
  { interactive = true } = {},
): JsonObject {
  const target = requiredText(body, 'cluster_id');
  if (!interactive) return bind(core, hostOf(core, infraEnvId, hostId), target);
  try {
    const view = bind(core, hostOf(core, infraEnvId, hostId), target);
    const host = hostOf(core, infraEnvId, hostId);
    core.events.emit('host_bind_succeeded', aboutHost(host), displayName(host), target);
    return view;
  } catch (error) {
    const about = { clusterId: target, hostId, infraEnvId };
    core.events.emit('host_bind_failed', about, hostId, target, (error as Error).message);
    throw error;
  }
}

function bind(core: Core, host: HostRow, target: string): JsonObject {
  if (host.cluster) throw new OperationError(409, `Host ${host.id} is already bound to cluster ${host.cluster.id}`);
  const cluster = core.store.clusters.get(target);
  if (!cluster) throw new OperationError(400, `Failed to find cluster ${target}`);
  if (
    cluster.cpuArchitecture &&
    cluster.cpuArchitecture !== 'multi' &&
    cluster.cpuArchitecture !== host.infraEnv.cpuArchitecture
  ) {
    throw new OperationError(
      400,
      `InfraEnv's CPU architecture (${host.infraEnv.cpuArchitecture}) doesn't match the cluster (${cluster.cpuArchitecture})`,
    );
  }
  if (host.role === 'arbiter') checkArbiters(cluster, `Host ${host.id} is assigned the arbiter role`);
  checkAccepts(cluster);
  if (!runHost(core, host, 'bind', { target: cluster })) throw new OperationError(500, NO_TRANSITION);
  return hostView(host, { customized: false });
}

/** Whatever fails is told of as well, unless it is refused at once. */
export function unbindHost(core: Core, infraEnvId: string, hostId: string): JsonObject {
  if (HOST_INSTALLING.has(hostOf(core, infraEnvId, hostId).status)) {
    throw new OperationError(409, `Cannot unbind Host ${hostId} while it is in the middle of installing.`);
  }
  try {
    return unbind(core, hostOf(core, infraEnvId, hostId));
  } catch (error) {
    core.events.emit('host_unbind_failed', { hostId, infraEnvId }, hostId, (error as Error).message);
    throw error;
  }
}

function unbind(core: Core, host: HostRow): JsonObject {
  const cluster = host.cluster;
  if (!cluster) throw new OperationError(409, `Host ${host.id} is already unbound`);
  if (host.infraEnv.clusterId !== '')
    throw new OperationError(
      409,
      `Cannot unbind Host ${host.id}. InfraEnv ${host.infraEnv.id} is bound to Cluster ${host.infraEnv.clusterId}`,
    );
  if (!runHost(core, host, 'unbind')) throw new OperationError(500, NO_TRANSITION);
  core.events.emit('host_unbind_succeeded', aboutHost(host), displayName(host));
  refreshCluster(core, cluster);
  return hostView(host, { customized: false });
}
