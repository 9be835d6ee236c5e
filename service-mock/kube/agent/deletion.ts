/** The end of an Agent. Upstream: assisted-service, agent_controller.go, handleAgentFinalizer and removeSpokeResources. */
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import { type KubeObject, splitKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { aboutHost } from '../../core/core.ts';
import type { HostRow } from '../../core/rows.ts';
import { displayName } from '../../host/traits.ts';
import type { KubeContext } from '../context.ts';
import { isMissing, wrapped } from '../errors.ts';
import { AGENT_FINALIZER, INFRA_ENV_LABEL, SKIP_SPOKE_CLEANUP } from '../labels.ts';
import type { Agent, ClusterDeployment } from '../objects.ts';
import { spokeOf } from '../spoke/spoke-client.ts';
import type { SpokeApi } from '../spoke/spoke-clients.ts';
import { agentHostname } from './joining.ts';

/** Removes the node from a cluster that lives on, the row, and the finalizer. @throws Error as long as the node cannot be removed. */
export async function removeAgent(context: KubeContext, agent: Agent): Promise<void> {
  const { finalizers = [], annotations = {}, namespace, name } = agent.metadata;
  if (!finalizers.includes(AGENT_FINALIZER)) return;
  const ref = agent.spec.clusterDeploymentName;
  const hasNode = agent.status?.progress?.currentStage === 'Done' || !!agent.status?.csrStatus?.approvedCSRs?.length;
  if (annotations[SKIP_SPOKE_CLEANUP] === undefined && ref && hasNode && livesOn(context, agent)) {
    const spoke = await spokeOf(context, ref);
    try {
      await removeNode(spoke, agentHostname(agent));
    } catch (error) {
      throw wrapped('failed to clean spoke cluster resources', error);
    }
  }
  const host = context.core.store.hostByKube({ namespace, name });
  if (host) deregisterHost(context, host);
  agent.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== AGENT_FINALIZER);
  await context.client.update(RESOURCES.agents, agent);
}

/** Whether neither the cluster nor the infra-env is going. */
function livesOn({ cache }: KubeContext, { spec, metadata }: Agent): boolean {
  const { namespace, name } = spec.clusterDeploymentName!;
  const stays = (object: KubeObject | undefined) => object !== undefined && !object.metadata.deletionTimestamp;
  const deployment = cache.of(RESOURCES.clusterDeployments).get(namespace, name) as ClusterDeployment | undefined;
  if (!stays(deployment)) return false;
  const install = deployment!.spec.clusterInstallRef?.name;
  if (install === undefined)
    throw new Error('failed to check agent cluster install existence, cluster install ref is empty');
  const infraEnv = metadata.labels?.[INFRA_ENV_LABEL];
  if (infraEnv === undefined)
    throw new Error(`failed to find infraenv name for agent ${metadata.name} in namespace ${metadata.namespace}`);
  return (
    stays(cache.of(RESOURCES.agentClusterInstalls).get(namespace, install)) &&
    stays(cache.of(RESOURCES.infraEnvs).get(metadata.namespace, infraEnv))
  );
}

/** Upstream: bminventory/inventory.go, V2DeregisterHostInternal. */
function deregisterHost({ core }: KubeContext, host: HostRow): void {
  const { cluster, infraEnv } = host;
  core.store.removeHost(host);
  if (cluster) cluster.triggeredAt = core.clock.now();
  // Without its infra-env nothing is told.
  if (core.store.infraEnvs.get(infraEnv.id) !== infraEnv) return;
  const clusterId = infraEnv.clusterId || undefined;
  core.events.emit('host_deregistered', { ...aboutHost(host), clusterId }, displayName(host));
}

/** Removes a node, and its Machine where it has one. @throws KubeError */
async function removeNode(spoke: SpokeApi, name: string): Promise<void> {
  const node = await unlessNotFound(spoke.get(RESOURCES.nodes, undefined, name));
  if (!node) return;
  const machine = await machineOf(spoke, node);
  if (!machine) {
    await unlessNotFound(spoke.delete(RESOURCES.nodes, undefined, name));
    return;
  }
  const { namespace, name: machineName, labels = {} } = machine.metadata;
  const annotations = {
    'machine.openshift.io/delete-machine': 'true',
    'machine.openshift.io/exclude-node-draining': 'true',
  };
  await spoke.patch(RESOURCES.machines, namespace, machineName, { metadata: { annotations } });
  const setName = labels['machine.openshift.io/cluster-api-machineset'];
  const scales = { metadata: { annotations: { 'metal3.io/autoscale-to-hosts': 'true' } } };
  const set = setName && (await unlessNotFound(spoke.patch(RESOURCES.machineSets, namespace, setName, scales)));
  const bmh = machine.metadata.annotations?.['metal3.io/BareMetalHost'];
  if (bmh) {
    const key = splitKey(bmh);
    await unlessNotFound(spoke.delete(RESOURCES.bareMetalHosts, key.namespace, key.name));
  }
  // The set scales itself down where there is one.
  if (!set) await spoke.delete(RESOURCES.machines, namespace, machineName);
}

async function machineOf(spoke: SpokeApi, node: KubeObject): Promise<KubeObject | undefined> {
  const ref = node.metadata.annotations?.['machine.openshift.io/machine'];
  if (!ref?.includes('/')) return undefined;
  const { namespace, name } = splitKey(ref);
  return unlessNotFound(spoke.get(RESOURCES.machines, namespace, name));
}

/** The node of a host that was freed is removed from the cluster that it left. Upstream: cleanUnboundSpokeNode. */
export async function removeLeftNode(context: KubeContext, agent: Agent): Promise<void> {
  const { cluster_namespace = '', cluster_name = '', node_name = '' } = agent.status?.deprovision_info ?? {};
  if (agent.metadata.annotations?.[SKIP_SPOKE_CLEANUP] !== undefined) return;
  const spoke = await unlessMissing(spokeOf(context, { namespace: cluster_namespace, name: cluster_name }));
  if (spoke) await removeNode(spoke, node_name);
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
