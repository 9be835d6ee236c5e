/** Hosts that come to a cluster, and leave it. Upstream: assisted-service, agent_controller.go. */
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import { runHost } from '../../host/state-machine/machine.ts';
import { type KubeKey, OperationError } from '../../service-api.ts';
import { NO_TRANSITION } from '../../statemachine/machine.ts';
import type { KubeContext } from '../context.ts';
import { BMH_LABEL } from '../labels.ts';
import type { Agent } from '../objects.ts';
import { spokeOf } from '../spoke/spoke-client.ts';
import { agentHostname } from './joining.ts';
import { agentStatusOf } from './status.ts';

/**
 * Frees a host of its cluster. No agent is started in that cluster to reclaim an installed host, as upstream does where the
 * cluster can be reached: such a host waits for somebody to boot it, as it does upstream where that fails.
 * @throws OperationError when the service refuses, or when the cluster is gone: the host is free then all the same
 */
export async function unbindHost(context: KubeContext, agent: Agent, host: HostRow): Promise<void> {
  const status = agentStatusOf(agent);
  const { cluster } = host;
  const key = cluster?.kubeKey;
  if (key && isThere(context, cluster)) {
    if (reclaims(context, agent)) await lookForSpoke(context, key);
    status.deprovision_info = {
      cluster_name: key.name,
      cluster_namespace: key.namespace,
      node_name: agentHostname(agent),
      message: 'Waiting for host to unbind to do spoke cleanup',
    };
  }
  leave(context, host);
  // Upstream: RefreshSchedulableMastersForcedTrueWithClusterID.
  if (cluster && !isThere(context, cluster))
    throw new OperationError(500, `Failed to get cluster ${cluster.id}: record not found`);
  if (status.csrStatus) status.csrStatus = {};
}

const isThere = ({ core }: KubeContext, cluster: ClusterRow) => core.store.clusters.get(cluster.id) === cluster;

/** Upstream: shouldReclaimOnUnbind. */
function reclaims({ cache, settings }: KubeContext, { metadata }: Agent): boolean {
  const bmh = metadata.labels?.[BMH_LABEL];
  if (!settings.ENABLE_IMAGE_SERVICE) return false;
  return bmh === undefined || !cache.of(RESOURCES.bareMetalHosts).get(metadata.namespace, bmh);
}

/** What upstream asks the hub for before it starts an agent in the cluster. Upstream: runReclaimAgent, spokeKubeClient. */
async function lookForSpoke(context: KubeContext, key: KubeKey): Promise<void> {
  try {
    await spokeOf(context, key);
  } catch {
    // Not tried any further, as upstream.
  }
}

/** Users are not told, as upstream. Upstream: bminventory/inventory.go, UnbindHostInternal. */
function leave({ core }: KubeContext, host: HostRow): void {
  if (!host.cluster) throw new OperationError(409, `Host ${host.id} is already unbound`);
  const { infraEnv } = host;
  if (infraEnv.clusterId !== '') {
    throw new OperationError(
      409,
      `Cannot unbind Host ${host.id}. InfraEnv ${infraEnv.id} is bound to Cluster ${infraEnv.clusterId}`,
    );
  }
  if (!runHost(core, host, 'unbind')) throw new OperationError(500, NO_TRANSITION);
}
