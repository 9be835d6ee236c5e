/** The end of a ClusterDeployment and its AgentClusterInstall. Upstream: assisted-service, clusterdeployments_controller.go. */

import { editable, objectKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { deregisterCluster } from '../../cluster/clusters.ts';
import type { KubeKey } from '../../service-api.ts';
import type { KubeContext } from '../context.ts';
import { notFound, wrapped } from '../errors.ts';
import { CLUSTER_DEPLOYMENT_FINALIZER, CLUSTER_INSTALL_FINALIZER, INFRA_ENV_LABEL } from '../labels.ts';
import type { Agent, ClusterDeployment, ClusterInstall, InfraEnv } from '../objects.ts';
import { AGENTS_BY_CLUSTER } from './install-status.ts';

/** States in which an installation is cancelled before its cluster goes. */
const CANCELLED_FIRST: ReadonlySet<string> = new Set([
  'installing',
  'preparing-for-installation',
  'installing-pending-user-action',
  'finalizing',
  'error',
]);

/** Cancels, frees or deletes the Agents, deletes the row, and lets the object go. @param key of the ClusterDeployment. */
export async function removeClusterInstall(context: KubeContext, install: ClusterInstall, key: KubeKey): Promise<void> {
  const { finalizers = [] } = install.metadata;
  if (!finalizers.includes(CLUSTER_INSTALL_FINALIZER)) return;
  const cluster = context.core.store.clusterByKube(key);
  if (cluster && CANCELLED_FIRST.has(cluster.status)) context.service.cancelCluster(cluster.id);
  await releaseAgents(context, key);
  // The row may have changed while Agents were written.
  const present = context.core.store.clusterByKube(key);
  if (present) deregisterCluster(context.core, present);
  install.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== CLUSTER_INSTALL_FINALIZER);
  await context.client.update(RESOURCES.agentClusterInstalls, install);
}

/** Deletes the AgentClusterInstall, and lets the object go when that is gone. @throws Error as long as it is not. */
export async function removeClusterDeployment(context: KubeContext, deployment: ClusterDeployment): Promise<void> {
  const { finalizers = [], namespace } = deployment.metadata;
  if (!finalizers.includes(CLUSTER_DEPLOYMENT_FINALIZER)) return;
  const { name } = deployment.spec.clusterInstallRef!;
  if (context.cache.of(RESOURCES.agentClusterInstalls).get(namespace, name)) {
    try {
      await context.client.delete(RESOURCES.agentClusterInstalls, namespace, name);
    } catch (error) {
      throw wrapped(`clusterInstall: ${name} not deleted`, error);
    }
    throw new Error(
      `clusterInstall: ${name} not deleted: could not confirm clusterInstall ${name} deletion was successfuly completed`,
    );
  }
  deployment.metadata.finalizers = finalizers.filter((finalizer) => finalizer !== CLUSTER_DEPLOYMENT_FINALIZER);
  await context.client.update(RESOURCES.clusterDeployments, deployment);
}

/** Agents of an InfraEnv of this cluster go with it; others are freed, unless their hosts are to be kept as they are. */
async function releaseAgents(context: KubeContext, key: KubeKey): Promise<void> {
  const agents = context.cache.of(RESOURCES.agents).select(AGENTS_BY_CLUSTER, objectKey(key.namespace, key.name));
  for (const agent of agents as Agent[]) {
    const { namespace, name } = agent.metadata;
    if (goesWithCluster(context, agent, key)) await context.client.delete(RESOURCES.agents, namespace, name);
    else {
      const freed = editable(agent);
      delete freed.spec.clusterDeploymentName;
      await context.client.update(RESOURCES.agents, freed);
    }
  }
}

/** @throws KubeError when a late-binding Agent's ClusterDeployment is gone before it. */
function goesWithCluster({ cache }: KubeContext, { metadata }: Agent, key: KubeKey): boolean {
  const name = metadata.labels?.[INFRA_ENV_LABEL];
  const infraEnv = name && (cache.of(RESOURCES.infraEnvs).get(metadata.namespace, name) as InfraEnv | undefined);
  if (!infraEnv) return false;
  const ref = infraEnv.spec.clusterRef;
  if (ref) return ref.name === key.name && ref.namespace === key.namespace;
  const deployment = cache.of(RESOURCES.clusterDeployments).get(key.namespace, key.name) as
    | ClusterDeployment
    | undefined;
  if (!deployment) throw notFound(RESOURCES.clusterDeployments, key.name);
  return deployment.spec.preserveOnDelete ?? false;
}
