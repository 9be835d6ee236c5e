/**
 * Hosts that join an installed cluster: after their reboot the cluster itself tells how far they are.
 * Upstream: assisted-service, agent_controller.go, updateStatus and UpdateDay2InstallPogress.
 */
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import type { Condition, KubeObject } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import type { HostRow } from '../../core/rows.ts';
import { isDay2Host } from '../../host/traits.ts';
import { RETRY_AFTER_MS } from '../cluster/install-status.ts';
import { isUserManaged } from '../cluster/row.ts';
import type { KubeContext } from '../context.ts';
import { messageOf } from '../errors.ts';
import { BMH_LABEL } from '../labels.ts';
import type { Agent, AgentStatus, ApprovedCsr, ClusterDeployment, ClusterInstall } from '../objects.ts';
import { approvedAt, isApproved, requestFits } from '../spoke/node-certificates.ts';
import { spokeOf } from '../spoke/spoke-client.ts';
import type { SpokeApi } from '../spoke/spoke-clients.ts';

const AFTER_REBOOT: ReadonlySet<string> = new Set(['Rebooting', 'Joined', 'Configuring']);

/**
 * Looks at the cluster that a host joins, approves its certificates, and sets the stage by its node.
 * @returns undefined when the host's own stage counts
 * @throws Error when the cluster cannot be reached; that is tried again
 */
export async function followLateHost(
  context: KubeContext,
  agent: Agent,
  status: AgentStatus,
  host: HostRow,
): Promise<Outcome | undefined> {
  const ref = agent.spec.clusterDeploymentName;
  if (!isDay2Host(host) || !ref || !asksCluster(host)) return undefined;
  const spoke = await spokeOf(context, ref);
  let approves: boolean;
  try {
    approves = approvesCertificates(context, agent, host);
  } catch (error) {
    context.report(`Agent ${agent.metadata.name}: ${messageOf(error)}`);
    return { requeueAfterMs: RETRY_AFTER_MS };
  }
  const name = agentHostname(agent);
  const node = await unlessNotFound(spoke.get(RESOURCES.nodes, undefined, name));
  if (approves) await approveCertificates(context, spoke, agent, status, node);
  if (node) await labelNode(spoke, agent, node);
  const stage = stageByNode(context, host, status, node, approves);
  status.progress!.currentStage = stage;
  return stage === 'Done' ? null : { requeueAfterMs: context.settings.APPROVE_CSRS_REQUEUE_DURATION };
}

export function agentHostname({ spec, status }: Agent): string {
  return spec.hostname || String(status?.inventory?.hostname ?? '');
}

function asksCluster({ stage, status }: HostRow): boolean {
  return (
    AFTER_REBOOT.has(stage) ||
    status === 'installing-pending-user-action' ||
    (status === 'installed' && stage !== 'Done')
  );
}

/** Where nobody else does: without a platform that makes machines, or without a BareMetalHost. Upstream: shouldApproveCSRsForAgent. */
function approvesCertificates({ cache, settings }: KubeContext, agent: Agent, host: HostRow): boolean {
  if (host.stage !== 'Rebooting' && host.stage !== 'Joined' && host.status !== 'installing-pending-user-action')
    return false;
  const { namespace, name } = agent.spec.clusterDeploymentName!;
  const deployment = cache.of(RESOURCES.clusterDeployments).get(namespace, name) as ClusterDeployment | undefined;
  if (!deployment) throw new Error(`Failed to get cluster deployment ${namespace}/${name}`);
  const installName = deployment.spec.clusterInstallRef?.name ?? '';
  const install = cache.of(RESOURCES.agentClusterInstalls).get(namespace, installName) as ClusterInstall | undefined;
  if (!install) throw new Error(`Could not get AgentClusterInstall ${installName} for ClusterDeployment ${name}`);
  if (isUserManaged(install.spec)) return true;
  const bmh = agent.metadata.labels?.[BMH_LABEL];
  return !settings.ENABLE_METAL3 || bmh === undefined;
}

async function approveCertificates(
  context: KubeContext,
  spoke: SpokeApi,
  agent: Agent,
  status: AgentStatus,
  node: KubeObject | undefined,
): Promise<void> {
  const approved: ApprovedCsr[] = [...(status.csrStatus?.approvedCSRs ?? [])];
  const types = node ? (['client', 'serving'] as const) : (['client'] as const);
  for (const type of types) {
    let requests: KubeObject[];
    try {
      requests = (await spoke.list(RESOURCES.certificateSigningRequests)).items;
    } catch (error) {
      context.report(`Agent ${agent.metadata.name}: Failed to get CSRs: ${messageOf(error)}`);
      continue;
    }
    for (const request of requests) {
      const { name } = request.metadata;
      const done = isApproved(request);
      if (done && approved.some((one) => one.name === name)) continue;
      if (!requestFits(request, type, agentHostname(agent), node)) continue;
      if (!done && !(await approve(context, spoke, request))) continue;
      approved.push({ name, type, approvedAt: done ? approvedAt(request) : rfc3339(context.clock.now()) });
    }
  }
  status.csrStatus = {
    ...(approved.length > 0 && { approvedCSRs: approved }),
    lastApprovalAttempt: rfc3339(context.clock.now()),
  };
}

/** Upstream: internal/spoke_k8s_client/spoke_k8s_client.go, ApproveCsr. */
async function approve(context: KubeContext, spoke: SpokeApi, request: KubeObject): Promise<boolean> {
  const condition: Condition & { lastUpdateTime: string } = {
    type: 'Approved',
    status: 'True',
    reason: 'NodeCSRApprove',
    message: 'This CSR was approved by the assisted-service',
    lastUpdateTime: rfc3339(context.clock.now()),
  };
  const known = ((request.status ?? {}) as { conditions?: Condition[] }).conditions ?? [];
  const changed = { ...request, status: { ...(request.status ?? {}), conditions: [...known, condition] } };
  try {
    await spoke.update(RESOURCES.certificateSigningRequests, changed, { subresource: 'approval' });
    return true;
  } catch (error) {
    context.report(`Failed to approve CSR ${request.metadata.name}: ${messageOf(error)}`);
    return false;
  }
}

/** Labels that users ask for are set when the node is ready. Upstream: applyDay2NodeLabels. */
async function labelNode(spoke: SpokeApi, { spec }: Agent, node: KubeObject): Promise<void> {
  const wanted = spec.nodeLabels ?? {};
  const { labels = {}, name } = node.metadata;
  if (!isNodeReady(node) || Object.entries(wanted).every(([key, value]) => labels[key] === value)) return;
  await spoke.patch(RESOURCES.nodes, undefined, name, { metadata: { labels: wanted } }, { kind: 'strategic' });
}

function isNodeReady(node: KubeObject): boolean {
  const { conditions = [] } = (node.status ?? {}) as { conditions?: Condition[] };
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** Tells the service of the stage too, unless that holds the host for installed. */
function stageByNode(
  { service }: KubeContext,
  host: HostRow,
  status: AgentStatus,
  node: KubeObject | undefined,
  approves: boolean,
): string {
  if (!node) return host.stage;
  const types = new Set((status.csrStatus?.approvedCSRs ?? []).map(({ type }) => type));
  const isDone = isNodeReady(node) && (!approves || (types.has('client') && types.has('serving')));
  const stage = isDone ? 'Done' : 'Joined';
  if (host.status === 'installed') return stage;
  const isRecovery = isDone && host.status === 'installing-pending-user-action';
  const progress_info = isRecovery ? `recovered after ${host.status} timeout — node joined spoke cluster` : '';
  service.updateHostProgress(host.infraEnv.id, host.id, { current_stage: stage, progress_info });
  return stage;
}
