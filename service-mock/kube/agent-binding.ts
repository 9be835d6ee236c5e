/** Hosts that come to a cluster, and leave it. Upstream: assisted-service, agent_controller.go. */
import { aboutHost } from '../core/core.ts';
import { runHost } from '../core/host-machine.ts';
import { NO_TRANSITION } from '../core/machine.ts';
import { displayName, type HostRow } from '../core/store.ts';
import { OperationError } from '../service-api.ts';
import { agentHostname } from './agent-joining.ts';
import { agentStatusOf } from './agent-status.ts';
import type { KubeContext } from './context.ts';
import type { Agent } from './objects.ts';

/**
 * Frees a host of its cluster. No agent is started in that cluster to reclaim an installed host, as upstream does where the
 * cluster can be reached: such a host waits for somebody to boot it, as it does upstream where that fails.
 * @throws OperationError when the service refuses
 */
export async function unbindHost(context: KubeContext, agent: Agent, host: HostRow): Promise<void> {
  const status = agentStatusOf(agent);
  const key = host.cluster?.kubeKey;
  if (key && context.core.store.clusterByKube(key) === host.cluster) {
    status.deprovision_info = {
      cluster_name: key.name,
      cluster_namespace: key.namespace,
      node_name: agentHostname(agent),
      message: 'Waiting for host to unbind to do spoke cleanup',
    };
  }
  leave(context, host);
  status.csrStatus = {};
}

/** Upstream: bminventory/inventory.go, UnbindHostInternal. */
function leave({ core }: KubeContext, host: HostRow): void {
  if (!host.cluster) throw new OperationError(409, `Host ${host.id} is already unbound`);
  const { infraEnv } = host;
  if (infraEnv.clusterId !== '') {
    throw new OperationError(
      409,
      `Cannot unbind Host ${host.id}. InfraEnv ${infraEnv.id} is bound to Cluster ${infraEnv.clusterId}`,
    );
  }
  const about = aboutHost(host);
  if (!runHost(core, host, 'unbind')) throw new OperationError(500, NO_TRANSITION);
  core.events.emit('host_unbind_succeeded', about, displayName(host));
}
