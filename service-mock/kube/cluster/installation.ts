/** A cluster's way from its row to installed and beyond. Upstream: assisted-service, clusterdeployments_controller.go, reconcileExistingCluster. */
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import { isDay2Cluster } from '../../cluster/traits.ts';
import type { ClusterRow } from '../../core/rows.ts';
import { fixRole } from '../../host/roles.ts';
import { refreshHost } from '../../host/state-machine/machine.ts';
import type { KubeContext } from '../context.ts';
import { messageOf } from '../errors.ts';
import type { Agent, ClusterInstall } from '../objects.ts';
import { spokeOf } from '../spoke/spoke-client.ts';
import { isOnHold, wantedAgents } from './conditions.ts';
import { ensureCredentials, ensureFirstKubeconfig } from './credentials.ts';
import { agentsOf, countAgents, updateClusterStatus } from './install-status.ts';
import { type ClusterObjects, isInstalled } from './row.ts';

export async function advanceCluster(
  context: KubeContext,
  objects: ClusterObjects,
  cluster: ClusterRow,
): Promise<Outcome> {
  const { deployment } = objects;
  let { install } = objects;
  const show = (error?: unknown) => updateClusterStatus(context, install, deployment, cluster, error);
  if (cluster.status === 'installed' && !isDay2Cluster(cluster)) return finish(context, objects, cluster);
  if (cluster.status === 'installing' || cluster.status === 'finalizing') {
    try {
      install = await ensureFirstKubeconfig(context, objects, cluster);
    } catch (error) {
      return show(error);
    }
  }
  try {
    if (isDay2Cluster(cluster)) await installLateHosts(context, objects, cluster);
    else if (!isOnHold(install, deployment) && isReady(context, install, cluster))
      context.service.installCluster(cluster.id);
  } catch (error) {
    return show(error);
  }
  return show();
}

/** The number, the roles and the approvals are exactly what was asked for. */
function isReady(context: KubeContext, install: ClusterInstall, cluster: ClusterRow): boolean {
  if (cluster.status !== 'ready') return false;
  const wanted = wantedAgents(install);
  const agents = countAgents(context, install, cluster);
  const known = cluster.hosts.filter(({ status }) => status === 'known').length;
  return (
    agents.approved === wanted.all &&
    known === wanted.all &&
    agents.masters === wanted.masters &&
    agents.arbiters === wanted.arbiters &&
    agents.workers === wanted.workers &&
    agents.unsynced === 0
  );
}

/** First the credentials are given out; when that is told, the cluster begins to take more hosts. */
async function finish(context: KubeContext, objects: ClusterObjects, cluster: ClusterRow): Promise<Outcome> {
  const { deployment } = objects;
  let { install } = objects;
  let failure: unknown;
  try {
    if (isInstalled(objects)) context.service.allowAddHosts(cluster.id);
    else install = await ensureCredentials(context, objects, cluster);
  } catch (error) {
    failure = error;
    context.report(`ClusterDeployment ${deployment.metadata.name}: ${messageOf(error)}`);
  }
  return updateClusterStatus(context, install, deployment, cluster, failure);
}

/** Hosts that came after the installation are installed as soon as they are known and approved. Upstream: installDay2Hosts. */
async function installLateHosts(context: KubeContext, objects: ClusterObjects, cluster: ClusterRow): Promise<void> {
  const { core, service } = context;
  for (const host of cluster.hosts.filter(({ status, approved }) => status === 'known' && approved)) {
    fixRole(core, host);
    refreshHost(core, host);
    service.installHost(host.infraEnv.id, host.id);
  }
  await pauseWorkerPool(context, objects);
}

const INSTALLING: readonly (string | undefined)[] = ['installing', 'installing-in-progress'];

/** While hosts with labels and a pool of their own are installed, the pool of workers stands still. Upstream: updateWorkerMcpPaused. */
async function pauseWorkerPool(context: KubeContext, { deployment, install }: ClusterObjects): Promise<void> {
  const concerned = agentsOf(context, install).filter(
    ({ spec, status }) =>
      Object.keys(spec.nodeLabels ?? {}).length > 0 &&
      !!spec.machineConfigPool &&
      status?.debugInfo.state !== 'installed',
  );
  if (concerned.length === 0) return;
  const isInstalling = ({ status }: Agent) =>
    status?.progress?.currentStage !== 'Done' && INSTALLING.includes(status?.debugInfo.state);
  const { namespace, name } = deployment.metadata;
  const spoke = await spokeOf(context, { namespace, name });
  const paused = concerned.some(isInstalling);
  await spoke.patch(RESOURCES.machineConfigPools, undefined, 'worker', { spec: { paused } });
}
