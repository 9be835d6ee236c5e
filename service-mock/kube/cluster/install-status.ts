/** The status of an AgentClusterInstall. Upstream: assisted-service, clusterdeployments_controller.go, updateStatus. */
import { objectKey } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import type { ClusterRow } from '../../core/rows.ts';
import type { JsonObject } from '../../service-api.ts';
import { validationsText } from '../../validations/results.ts';
import type { KubeContext } from '../context.ts';
import { isUserError, messageOf } from '../errors.ts';
import { CLUSTER_NAMESPACE_LABEL } from '../labels.ts';
import type { Agent, ClusterDeployment, ClusterInstall, ClusterInstallStatus } from '../objects.ts';
import {
  type AgentCounts,
  clusterSpecSynced,
  NO_AGENTS,
  setClusterConditions,
  setClusterConditionsUnknown,
} from './conditions.ts';

/** Simulated milliseconds until a failure that is not the user's is tried again. */
export const RETRY_AFTER_MS = 10_000;

/** The platform as the API of OpenShift names it. */
const PLATFORM_NAMES: Readonly<Record<string, string>> = {
  baremetal: 'BareMetal',
  none: 'None',
  vsphere: 'VSphere',
  nutanix: 'Nutanix',
  external: 'External',
};

/** The status to write into, made when there is none. */
export function clusterInstallStatusOf(install: ClusterInstall): ClusterInstallStatus {
  install.status = {
    progress: { totalPercentage: 0 },
    ...install.status,
    debugInfo: { ...install.status?.debugInfo, eventsURL: '', logsURL: '', ...install.status?.debugInfo },
  };
  return install.status;
}

/** @returns false when somebody else was faster or the hub failed. */
export async function writeClusterInstallStatus(
  { client, report }: KubeContext,
  install: ClusterInstall,
): Promise<boolean> {
  try {
    await client.update(RESOURCES.agentClusterInstalls, install, { subresource: 'status' });
    return true;
  } catch (error) {
    const { namespace, name } = install.metadata;
    const key = objectKey(namespace, name);
    report(`AgentClusterInstall ${key}: failed to update ClusterDeployment Status: ${messageOf(error)}`);
    return false;
  }
}

/**
 * Writes how a cluster is.
 * @param cluster its row; undefined before there is one
 * @param error why the spec could not be applied
 */
export async function updateClusterStatus(
  context: KubeContext,
  install: ClusterInstall,
  deployment: ClusterDeployment,
  cluster: ClusterRow | undefined,
  error?: unknown,
): Promise<Outcome> {
  const now = context.clock.now();
  const status = clusterInstallStatusOf(install);
  clusterSpecSynced(status, error, now);
  if (cluster) {
    fillState(context, status, cluster);
    const agents = cluster.status === 'ready' ? countAgents(context, install, cluster) : NO_AGENTS;
    setClusterConditions(install, deployment, status, cluster, agents, now);
    const validations = validationsText(cluster.validations);
    if (validations !== '') status.validationsInfo = JSON.parse(validations) as JsonObject;
  } else setClusterConditionsUnknown(status, now);
  if (!(await writeClusterInstallStatus(context, install))) return 'again';
  return error !== undefined && !isUserError(error) ? { requeueAfterMs: RETRY_AFTER_MS } : null;
}

function fillState({ core }: KubeContext, status: ClusterInstallStatus, cluster: ClusterRow): void {
  assign(status, 'connectivityMajorityGroups', cluster.connectivityGroups);
  assign(status, 'machineNetwork', list(cluster.machineNetworks.map((cidr) => ({ cidr }))));
  const { debugInfo } = status;
  debugInfo.state = cluster.status;
  debugInfo.stateInfo = cluster.statusInfo;
  status.progress = { totalPercentage: cluster.progress.total };
  assign(status, 'apiVIP', cluster.apiVips[0]?.ip);
  assign(status, 'ingressVIP', cluster.ingressVips[0]?.ip);
  assign(status, 'apiVIPs', list(cluster.apiVips.map(({ ip }) => ip)));
  assign(status, 'ingressVIPs', list(cluster.ingressVips.map(({ ip }) => ip)));
  assign(status, 'userManagedNetworking', cluster.userManagedNetworking);
  assign(status, 'platformType', PLATFORM_NAMES[String(cluster.platform.type ?? '')]);
  if (cluster.status === 'installed') return;
  debugInfo.eventsURL ||= core.urls.events('cluster_id', cluster.id);
  const hasLogs = cluster.controllerLogsCollectedAt > 0 || cluster.hosts.some((host) => host.logsCollectedAt > 0);
  if (hasLogs) debugInfo.logsURL ||= core.urls.clusterLogs(cluster.id);
}

/** Go leaves out what is empty. */
function assign<Key extends keyof ClusterInstallStatus>(
  status: ClusterInstallStatus,
  key: Key,
  value: ClusterInstallStatus[Key] | undefined,
): void {
  if (value === undefined || value === '') delete status[key];
  else status[key] = value;
}

function list<T>(items: T[]): T[] | undefined {
  return items.length > 0 ? items : undefined;
}

/** Members of a cluster, as the decision to install it counts them. Upstream: host/common.go, and findAgentsByAgentClusterInstall. */
export function countAgents(context: KubeContext, install: ClusterInstall, cluster: ClusterRow): AgentCounts {
  const withRole = (role: string) => cluster.hosts.filter((host) => host.suggestedRole === role).length;
  return {
    approved: cluster.hosts.filter((host) => host.status === 'known' && host.approved).length,
    unsynced: agentsOf(context, install).filter(isUnsynced).length,
    masters: withRole('master'),
    arbiters: withRole('arbiter'),
    workers: withRole('worker'),
  };
}

export function agentsOf({ cache }: KubeContext, install: ClusterInstall): Agent[] {
  const { namespace } = install.metadata;
  const { name } = install.spec.clusterDeploymentRef;
  const agents = cache.of(RESOURCES.agents).select(AGENTS_BY_CLUSTER, objectKey(namespace, name));
  // Agents get the label with their first inventory.
  return (agents as Agent[]).filter(({ metadata }) => metadata.labels?.[CLUSTER_NAMESPACE_LABEL] === namespace);
}

/** Index of Agents by the key of their ClusterDeployment. */
export const AGENTS_BY_CLUSTER = 'cluster';

export function clusterKeysOf(agent: Agent): string[] {
  const ref = agent.spec?.clusterDeploymentName;
  return ref ? [objectKey(ref.namespace, ref.name)] : [];
}

export function isUnsynced({ status }: Agent): boolean {
  return status?.conditions?.some(({ type, status: value }) => type === 'SpecSynced' && value === 'False') ?? false;
}
