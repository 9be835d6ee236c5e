/** Rows of Agents that the service does not know, as after a restart: made from the Agent's annotations. Upstream: agent_controller.go, restoreHostByAgent. */
import type { Outcome } from '../../../model/kube/work-queue.ts';
import { HOST_STAGES } from '../../../model/protocol/states.ts';
import { type ClusterRow, HostRow } from '../../core/rows.ts';
import { inventoryFacts } from '../../host/inventory.ts';
import type { JsonObject } from '../../service-api.ts';
import type { KubeContext } from '../context.ts';
import { AGENT_CURRENT_STAGE, AGENT_INVENTORY, AGENT_ROLE, AGENT_STATE, INFRA_ENV_LABEL } from '../labels.ts';
import type { Agent } from '../objects.ts';
import { type AgentWork, updateAgentStatus } from './status.ts';

/** Simulated milliseconds until a restored host is looked at. */
const RESTORED_MS = 60_000;

/** @throws Error as long as there is no row of its InfraEnv, or of its cluster. */
export async function restoreHost(context: KubeContext, work: AgentWork): Promise<Outcome> {
  const { store } = context.core;
  const { metadata, spec } = work.agent;
  const infraEnvName = metadata.labels?.[INFRA_ENV_LABEL];
  if (infraEnvName === undefined) throw new Error('Missing InfraEnv name label');
  const infraEnv = store.infraEnvByKube({ namespace: metadata.namespace, name: infraEnvName });
  if (!infraEnv) throw new Error(`InfraEnv with name '${infraEnvName}' is missing: record not found`);
  const ref = spec.clusterDeploymentName;
  const cluster = ref ? store.clusterByKube(ref) : undefined;
  if (ref && !cluster) throw new Error(`Failed to get cluster (name: ${ref.name} namespace: ${ref.namespace})`);
  const existing = infraEnv.hosts.get(metadata.name);
  if (existing) {
    const where = `infraEnv ${infraEnv.id} (namespace: ${existing.kubeNamespace})`;
    const error = new Error(`Host with ID ${metadata.name} already exists in ${where}. Cannot restore.`);
    return updateAgentStatus(context, work, { host: undefined, error });
  }
  const host = new HostRow(metadata.name, infraEnv);
  Object.assign(host, remembered(work.agent, cluster));
  store.addHost(host);
  store.setKubeNamespace(host, metadata.namespace);
  host.triggeredAt = context.clock.now();
  return { requeueAfterMs: RESTORED_MS };
}

function remembered({ metadata }: Agent, cluster: ClusterRow | undefined) {
  const { annotations = {}, creationTimestamp = '' } = metadata;
  const created = Date.parse(creationTimestamp) || 0;
  const inventoryText = annotations[AGENT_INVENTORY] ?? '';
  const role = annotations[AGENT_ROLE] ?? '';
  const stage = annotations[AGENT_CURRENT_STAGE] ?? '';
  return {
    cluster,
    kind: 'Host',
    registeredAt: created,
    checkedInAt: created,
    createdAt: created,
    role,
    suggestedRole: role,
    status: annotations[AGENT_STATE] ?? (cluster ? 'known' : 'known-unbound'),
    inventoryText,
    ...(inventoryText !== '' && { inventory: inventoryFacts(JSON.parse(inventoryText) as JsonObject) }),
    ...((HOST_STAGES as readonly string[]).includes(stage) && { stage }),
  };
}
