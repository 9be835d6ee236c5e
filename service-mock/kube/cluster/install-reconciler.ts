/** AgentClusterInstalls without their ClusterDeployment: says that it is missing. Upstream: assisted-service, agentclusterinstall_controller.go. */
import { editable, objectKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import { type KubeKey, OperationError } from '../../service-api.ts';
import type { KubeContext } from '../context.ts';
import type { ClusterInstall } from '../objects.ts';
import type { Reconciler } from '../reconciler.ts';
import { clusterSpecSynced, setClusterConditionsUnknown } from './conditions.ts';
import { clusterInstallStatusOf, writeClusterInstallStatus } from './install-status.ts';

export function clusterInstallReconciler(context: KubeContext): Reconciler {
  return {
    name: 'AgentClusterInstall',
    resource: RESOURCES.agentClusterInstalls,
    reads: [RESOURCES.clusterDeployments],
    reconcile: (key) => reconcile(context, key),
  };
}

async function reconcile(context: KubeContext, key: KubeKey): Promise<Outcome> {
  const { cache, clock } = context;
  const found = cache.of(RESOURCES.agentClusterInstalls).get(key.namespace, key.name);
  if (!found) return null;
  const install = editable(found) as ClusterInstall;
  const { name } = install.spec.clusterDeploymentRef;
  if (cache.of(RESOURCES.clusterDeployments).byKey(objectKey(key.namespace, name))) return null;
  const message = `ClusterDeployment with name '${name}' in namespace '${key.namespace}' not found. Ensure that the CRD is already applied.`;
  const status = clusterInstallStatusOf(install);
  clusterSpecSynced(status, new OperationError(400, message), clock.now());
  setClusterConditionsUnknown(status, clock.now());
  return (await writeClusterInstallStatus(context, install)) ? null : 'again';
}
