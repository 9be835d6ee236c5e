/** Agents: what users ask of hosts, and how these are. Upstream: assisted-service, agent_controller.go. */
import { editable, keyOf } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import type { ClusterRow, HostRow } from '../../core/rows.ts';
import { HOST_INSTALLING } from '../../host/binding.ts';
import { isDay2Host } from '../../host/traits.ts';
import type { KubeKey } from '../../service-api.ts';
import { validationsText } from '../../validations/results.ts';
import type { KubeContext } from '../context.ts';
import { isUserError, messageOf, notFound, wrapped } from '../errors.ts';
import {
  AGENT_CURRENT_STAGE,
  AGENT_FINALIZER,
  AGENT_INVENTORY,
  AGENT_ROLE,
  AGENT_STATE,
  AGENT_VALIDATIONS_INFO,
  INFRA_ENV_LABEL,
} from '../labels.ts';
import type { Agent, InfraEnv } from '../objects.ts';
import type { Reconciler } from '../reconciler.ts';
import { unbindHost } from './binding.ts';
import { agentCleanupFailed } from './conditions.ts';
import { removeAgent, removeLeftNode } from './deletion.ts';
import { agentInventory, agentNtpSources, labelByInventory, setAnnotation, setLabel } from './inventory.ts';
import { restoreHost } from './restore.ts';
import { applyAgentSpec } from './spec.ts';
import { type AgentFinding, type AgentWork, agentStatusOf, updateAgent, updateAgentStatus } from './status.ts';

export function agentReconciler(context: KubeContext): Reconciler {
  return {
    name: 'Agent',
    resource: RESOURCES.agents,
    notice: 'agent',
    reads: [RESOURCES.infraEnvs, RESOURCES.clusterDeployments, RESOURCES.agentClusterInstalls],
    watches: [
      {
        resource: RESOURCES.secrets,
        keysOf: ({ metadata: { namespace, name } }) =>
          [...(context.cache.of(RESOURCES.agents).list() as Iterable<Agent>)]
            .filter(
              ({ spec: { ignitionEndpointTokenReference: ref } }) => ref?.name === name && ref.namespace === namespace,
            )
            .map(keyOf),
      },
    ],
    reconcile: (key) => reconcile(context, key),
  };
}

async function reconcile(context: KubeContext, key: KubeKey): Promise<Outcome> {
  const found = context.cache.of(RESOURCES.agents).get(key.namespace, key.name);
  if (!found) return null;
  const work: AgentWork = { original: found as Agent, agent: editable(found) as Agent };
  const { metadata } = work.agent;
  if (metadata.deletionTimestamp) return remove(context, work);
  const { finalizers = [] } = metadata;
  if (!finalizers.includes(AGENT_FINALIZER)) {
    metadata.finalizers = [...finalizers, AGENT_FINALIZER];
    try {
      await context.client.update(RESOURCES.agents, work.agent);
    } catch (error) {
      context.report(`Agent ${keyOf(found)}: failed to add finalizer: ${messageOf(error)}`);
    }
    return 'again';
  }
  const host = context.core.store.hostByKube(key);
  return host ? sync(context, work, host) : restoreHost(context, work);
}

async function remove(context: KubeContext, work: AgentWork): Promise<Outcome> {
  try {
    await removeAgent(context, work.agent);
    return null;
  } catch (error) {
    agentCleanupFailed(agentStatusOf(work.agent), error, context.clock.now());
    try {
      await context.client.update(RESOURCES.agents, work.agent, { subresource: 'status' });
    } catch (failure) {
      context.report(`Agent ${keyOf(work.agent)}: failed to update agent status: ${messageOf(failure)}`);
    }
    throw error;
  }
}

/** States in which a host is still on its way out of a cluster. */
const LEAVING: ReadonlySet<string> = new Set([
  'unbinding',
  'unbinding-pending-user-action',
  'reclaiming',
  'reclaiming-rebooting',
]);

async function sync(context: KubeContext, work: AgentWork, host: HostRow): Promise<Outcome> {
  if (work.agent.status?.deprovision_info && !LEAVING.has(host.status)) await cleanLeftNode(context, work);
  await markOwner(context, work, host);
  if (annotate(work.agent, host)) {
    try {
      await updateAgent(context, work);
    } catch (error) {
      context.report(`Agent ${keyOf(work.original)}: failed to set annotations: ${messageOf(error)}`);
    }
  }
  const bound = await bind(context, work, host);
  if (bound !== undefined) return bound;
  const show = (finding: Omit<AgentFinding, 'host' | 'clusterId'> = {}) =>
    updateAgentStatus(context, work, { host, clusterId: host.cluster?.id, ...finding });
  await approveByInfraEnv(context, work);
  try {
    await applyAgentSpec(context, work.agent, host);
  } catch (error) {
    return show({ error, isBackends: !isUserError(error) });
  }
  try {
    await tellInventory(context, work, host);
  } catch (error) {
    return show({ error, isBackends: true });
  }
  return show();
}

/** The Agent is then as it was answered: its spec may have changed since it was read, and must not be written back. */
async function cleanLeftNode(context: KubeContext, work: AgentWork): Promise<void> {
  const { namespace, name } = work.agent.metadata;
  const patch = (info: { message: string } | null) =>
    context.client.patch(
      RESOURCES.agents,
      namespace,
      name,
      { status: { deprovision_info: info } },
      { subresource: 'status' },
    );
  try {
    await removeLeftNode(context, work.agent);
  } catch (error) {
    await patch({ message: messageOf(error) });
    throw error;
  }
  work.agent = (await patch(null)) as Agent;
}

/** Names the InfraEnv by an owner and a label; what fails is told and left. Upstream: setOwnerAndLabel. */
async function markOwner(context: KubeContext, work: AgentWork, host: HostRow): Promise<void> {
  const { name } = host.infraEnv;
  const { namespace } = work.agent.metadata;
  try {
    const infraEnv = context.cache.of(RESOURCES.infraEnvs).get(namespace, name);
    if (!infraEnv) throw notFound(RESOURCES.infraEnvs, name);
    const { apiVersion, kind, metadata } = infraEnv;
    const owners = work.agent.metadata.ownerReferences ?? [];
    if (!owners.some(({ uid }) => uid === metadata.uid)) {
      const others = owners.filter((owner) => owner.kind !== kind || owner.name !== name);
      work.agent.metadata.ownerReferences = [...others, { apiVersion, kind, name, uid: metadata.uid! }];
      await updateAgent(context, work);
    }
    if (setLabel(work.agent, INFRA_ENV_LABEL, name)) await updateAgent(context, work);
  } catch (error) {
    context.report(
      `Agent ${namespace}/${work.agent.metadata.name}: failed to set infraEnv as the owner and the name label: ${messageOf(error)}`,
    );
  }
}

/** What a service that lost its rows would need. @returns whether any changed. */
function annotate(agent: Agent, host: HostRow): boolean {
  const annotations: Readonly<Record<string, string>> = {
    [AGENT_STATE]: host.status,
    [AGENT_ROLE]: host.role,
    [AGENT_INVENTORY]: host.inventoryText,
    [AGENT_VALIDATIONS_INFO]: validationsText(host.validations),
    [AGENT_CURRENT_STAGE]: host.stage,
  };
  let changed = false;
  for (const [key, value] of Object.entries(annotations)) changed = setAnnotation(agent, key, value) || changed;
  return changed;
}

/** Brings the host to the cluster that the Agent names. @returns undefined when it is there. */
async function bind(context: KubeContext, work: AgentWork, host: HostRow): Promise<Outcome | undefined> {
  const ref = work.agent.spec.clusterDeploymentName;
  const show = (finding: Omit<AgentFinding, 'host'>) => updateAgentStatus(context, work, { host, ...finding });
  if (!ref) {
    if (!host.cluster) return undefined;
    if (HOST_INSTALLING.has(host.status) && !isDay2Host(host)) {
      const error = new Error(`cancelling non-day-2 host [${host.id}] in the middle of installation is not allowed`);
      return show({ clusterId: host.cluster.id, error });
    }
    return free(context, work, host);
  }
  const { namespace, name } = ref;
  if (!context.cache.of(RESOURCES.clusterDeployments).get(namespace, name)) {
    const words = `failed to get clusterDeployment with name ${name} in namespace ${namespace}`;
    return show({ error: wrapped(words, notFound(RESOURCES.clusterDeployments, name)), isBackends: true });
  }
  const cluster = context.core.store.clusterByKube(ref);
  if (!cluster) return show({ error: new Error('record not found'), isBackends: true });
  if (host.cluster === cluster) return undefined;
  return host.cluster ? free(context, work, host) : join(context, work, host, cluster);
}

async function join(context: KubeContext, work: AgentWork, host: HostRow, cluster: ClusterRow): Promise<Outcome> {
  try {
    context.service.bindHost(host.infraEnv.id, host.id, { cluster_id: cluster.id }, { interactive: false });
  } catch (error) {
    return updateAgentStatus(context, work, { host, error, isBackends: !isUserError(error) });
  }
  return updateAgentStatus(context, work, { host, clusterId: cluster.id });
}

async function free(context: KubeContext, work: AgentWork, host: HostRow): Promise<Outcome> {
  const clusterId = host.cluster?.id;
  // A failure is shown with the host as it was before it was freed.
  const before = host.copy();
  try {
    await unbindHost(context, work.agent, host);
  } catch (error) {
    return updateAgentStatus(context, work, { host: before, error, isBackends: !isUserError(error) });
  }
  return updateAgentStatus(context, work, { host, clusterId });
}

/** Upstream: applyAutoApprovalIfNeeded. */
async function approveByInfraEnv(context: KubeContext, work: AgentWork): Promise<void> {
  const { metadata, spec } = work.agent;
  const name = metadata.labels?.[INFRA_ENV_LABEL];
  if (spec.approved || name === undefined) return;
  const infraEnv = context.cache.of(RESOURCES.infraEnvs).get(metadata.namespace, name) as InfraEnv | undefined;
  if (!infraEnv?.spec.agentApproval?.autoApprove) return;
  spec.approved = true;
  work.agent = (await context.client.update(RESOURCES.agents, work.agent)) as Agent;
}

async function tellInventory(context: KubeContext, work: AgentWork, host: HostRow): Promise<void> {
  if (host.inventoryText !== '') {
    agentStatusOf(work.agent).inventory = agentInventory(host.inventoryText);
    // As upstream: what is written here is read back without the status, so the inventory shows with the next change.
    if (labelByInventory(work.agent)) await updateAgent(context, work);
  }
  if (host.ntpSourcesText !== '') agentStatusOf(work.agent).ntpSources = agentNtpSources(host);
}
