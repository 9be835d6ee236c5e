/** The status of an Agent. Upstream: assisted-service, agent_controller.go, updateStatus. */
import { editable, objectKey } from '../../../model/kube/kube-object.ts';
import { mergePatch } from '../../../model/kube/merge-patch.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import { rfc3339 } from '../../../model/protocol/go-time.ts';
import { isSingleNode } from '../../cluster/traits.ts';
import type { HostRow } from '../../core/rows.ts';
import { stagesOf } from '../../host/stages.ts';
import { endsWithReboot } from '../../host/traits.ts';
import type { JsonObject } from '../../service-api.ts';
import { validationsText } from '../../validations/results.ts';
import { RETRY_AFTER_MS } from '../cluster/install-status.ts';
import type { KubeContext } from '../context.ts';
import { messageOf, wrapped } from '../errors.ts';
import type { Agent, AgentStatus } from '../objects.ts';
import { agentSpecSynced, setAgentConditions, setAgentConditionsUnknown } from './conditions.ts';
import { followLateHost } from './joining.ts';

/** An Agent while it is worked on. */
export interface AgentWork {
  /** As it was read. */
  readonly original: Agent;
  /** As it is to be; replaced when it is written. */
  agent: Agent;
}

/** What came of applying the spec. */
export interface AgentFinding {
  /** Its host; undefined when that is not known. */
  host: HostRow | undefined;
  /** The cluster that the status may refer to. */
  clusterId?: string | undefined;
  /** Why the spec could not be applied. */
  error?: unknown;
  /** Whether that is the service's own failure, which is tried again. */
  isBackends?: boolean;
}

/** The status to write into, made when there is none. */
export function agentStatusOf(agent: Agent): AgentStatus {
  agent.status = { role: '', debugInfo: {}, ...agent.status };
  return agent.status;
}

/** Writes how a host is: only what changed, but always. @throws Error when a joining host's cluster cannot be looked at. */
export async function updateAgentStatus(
  context: KubeContext,
  work: AgentWork,
  { host, clusterId, error, isBackends = false }: AgentFinding,
): Promise<Outcome> {
  const now = context.clock.now();
  const status = agentStatusOf(work.agent);
  agentSpecSynced(status, error, isBackends, now);
  let outcome: Outcome = null;
  try {
    if (host) {
      fillState(status, host);
      outcome = await fillProgress(context, work.agent, status, host);
      if (clusterId !== undefined) fillUrls(context, status, host, clusterId);
      setAgentConditions(work.agent, status, host, now);
    } else setAgentConditionsUnknown(status, now);
  } finally {
    await writeAgentStatus(context, work);
  }
  return error !== undefined && isBackends ? { requeueAfterMs: RETRY_AFTER_MS } : outcome;
}

/**
 * Upstream's patch is the difference to the Agent as it was read, metadata and spec included: what was written meanwhile is
 * in it too, with a resourceVersion that makes it fail when somebody was faster.
 */
async function writeAgentStatus({ client, report }: KubeContext, { original, agent }: AgentWork): Promise<void> {
  const { namespace, name } = agent.metadata;
  const patch = mergePatch(original, agent);
  try {
    await client.patch(RESOURCES.agents, namespace, name, patch, { subresource: 'status' });
  } catch (error) {
    report(`Agent ${objectKey(namespace, name)}: failed to patch agent Status: ${messageOf(error)}`);
  }
}

/**
 * Writes the Agent without its status and reads it back from the cache. Upstream: updateAndReplaceAgent.
 * @throws Error that says which Agent could not be written, and why.
 */
export async function updateAgent({ client, cache }: KubeContext, work: AgentWork): Promise<void> {
  const { namespace, name } = work.agent.metadata;
  let written: Agent;
  try {
    written = (await client.update(RESOURCES.agents, work.agent)) as Agent;
  } catch (error) {
    throw wrapped(`failed to update agent ${objectKey(namespace, name)}`, error);
  }
  const cached = cache.of(RESOURCES.agents).get(namespace, name);
  work.agent = cached ? (editable(cached) as Agent) : written;
}

function fillState(status: AgentStatus, host: HostRow): void {
  assign(status, 'bootstrap', host.bootstrap || undefined);
  status.role = host.suggestedRole !== '' && host.role === 'auto-assign' ? host.suggestedRole : host.role;
  status.debugInfo.state = host.status;
  if (host.statusInfo === '') delete status.debugInfo.stateInfo;
  else status.debugInfo.stateInfo = host.statusInfo;
  assign(status, 'installation_disk_id', host.installationDiskId || undefined);
  status.kind = host.kind;
  const validations = validationsText(host.validations);
  if (validations !== '') status.validationsInfo = JSON.parse(validations) as JsonObject;
}

async function fillProgress(context: KubeContext, agent: Agent, status: AgentStatus, host: HostRow): Promise<Outcome> {
  if (host.stage === '') {
    // A status without progress stays without, as upstream's patch holds no difference then.
    if (status.progress) status.progress = {};
    return null;
  }
  const progress = { ...status.progress };
  status.progress = progress;
  const outcome = await followLateHost(context, agent, status, host);
  if (outcome === undefined) progress.currentStage = host.stage;
  assignTo(progress, 'progressInfo', host.stageInfo || undefined);
  assignTo(progress, 'installationPercentage', host.installationPercentage || undefined);
  progress.stageStartTime = rfc3339(host.stageStartedAt);
  progress.stageUpdateTime = rfc3339(host.stageUpdatedAt);
  const { role, bootstrap } = host;
  const stages = stagesOf({ role, bootstrap, day2: endsWithReboot(host) }, isSingleNode(host.cluster));
  assignTo(progress, 'progressStages', stages.length > 0 ? [...stages] : undefined);
  return outcome ?? null;
}

function fillUrls({ core: { urls } }: KubeContext, { debugInfo }: AgentStatus, host: HostRow, clusterId: string): void {
  debugInfo.eventsURL ||= urls.events('infra_env_id', host.infraEnv.id, { host_id: host.id });
  if (host.logsCollectedAt > 0) debugInfo.logsURL ||= urls.hostLogs(clusterId, host.id);
}

function assign<Key extends keyof AgentStatus>(
  status: AgentStatus,
  key: Key,
  value: AgentStatus[Key] | undefined,
): void {
  assignTo(status, key, value);
}

/** Go leaves out what is empty. */
function assignTo<T extends object, Key extends keyof T>(object: T, key: Key, value: T[Key] | undefined): void {
  if (value === undefined) delete object[key];
  else object[key] = value;
}
