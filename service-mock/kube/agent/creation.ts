/** Agents of hosts that register. Upstream: assisted-service, controllers/crd_utils.go and bminventory/inventory.go, V2RegisterHost. */
import { editable, objectKey } from '../../../model/kube/kube-object.ts';
import { mergePatch } from '../../../model/kube/merge-patch.ts';
import { apiVersionOf, RESOURCES } from '../../../model/kube/resources.ts';
import { infraEnvOf } from '../../core/lookup.ts';
import type { ClusterRow, HostRow, InfraEnvRow } from '../../core/rows.ts';
import { OperationError } from '../../service-api.ts';
import type { KubeContext } from '../context.ts';
import { messageOf, notFound, wrapped } from '../errors.ts';
import { INFRA_ENV_LABEL } from '../labels.ts';
import type { Agent, InfraEnv } from '../objects.ts';
import { propagateNodeLabels } from './node-labels.ts';

/** Makes the Agent of a host, or fits the one there is. @throws OperationError 500; the host is deleted then. */
export async function createAgent(context: KubeContext, infraEnvId: string, hostId: string): Promise<void> {
  const { store } = context.core;
  const row = infraEnvOf(context.core, infraEnvId);
  const host = row.hosts.get(hostId.toLowerCase());
  if (!host) return;
  try {
    const infraEnv = infraEnvFor(context, row, host.cluster);
    if (infraEnv) await fitAgent(context, host, infraEnv);
  } catch (error) {
    store.removeHost(host);
    throw new OperationError(500, messageOf(error));
  }
}

/** @returns undefined when the infra-env was made by REST. @throws Error when there is no resource for it. */
function infraEnvFor(context: KubeContext, row: InfraEnvRow, cluster: ClusterRow | undefined): InfraEnv | undefined {
  const infraEnvs = context.cache.of(RESOURCES.infraEnvs);
  if (row.kubeKey) {
    const { namespace, name } = row.kubeKey;
    const found = infraEnvs.get(namespace, name);
    if (found) return found as InfraEnv;
    throw wrapped(`Failed to get infraEnv resource ${objectKey(namespace, name)}`, notFound(RESOURCES.infraEnvs, name));
  }
  const key = cluster?.kubeKey;
  if (!key) return undefined;
  for (const candidate of infraEnvs.list() as Iterable<InfraEnv>) {
    const ref = candidate.spec.clusterRef;
    if (ref && ref.name === key.name && ref.namespace === key.namespace) return candidate;
  }
  throw new Error(`No InfraEnv resource for ClusterDeployment ${key.name}`);
}

async function fitAgent(context: KubeContext, host: HostRow, infraEnv: InfraEnv): Promise<void> {
  const { namespace } = infraEnv.metadata;
  const known = context.cache.of(RESOURCES.agents).get(namespace, host.id) as Agent | undefined;
  if (known) await refitAgent(context, host, infraEnv, known);
  else {
    context.core.store.setKubeNamespace(host, namespace);
    await context.client.create(RESOURCES.agents, agentFor(host, infraEnv));
  }
}

/** An Agent that was another host's: one of this cluster or infra-env is left as it is. */
async function refitAgent(context: KubeContext, host: HostRow, infraEnv: InfraEnv, known: Agent): Promise<void> {
  const { store } = context.core;
  const { namespace } = infraEnv.metadata;
  const owner = store.hostByKube({ namespace, name: host.id });
  if (owner && owner.infraEnv === host.infraEnv) return;
  if (owner?.cluster && owner.cluster === host.cluster) return;
  if (owner) store.removeHost(owner);
  const { labels, ownerReferences } = agentFor(host, infraEnv).metadata;
  const changed = editable(known);
  changed.spec = agentFor(host, infraEnv).spec;
  changed.metadata.labels = labels!;
  changed.metadata.ownerReferences = ownerReferences!;
  propagateNodeLabels(infraEnv, changed);
  const patch = mergePatch(known, changed);
  if (Object.keys(patch).length > 0) await context.client.patch(RESOURCES.agents, namespace, host.id, patch);
  store.setKubeNamespace(host, namespace);
}

function agentFor(host: HostRow, infraEnv: InfraEnv): Agent {
  const { namespace, name, uid } = infraEnv.metadata;
  const clusterKey = host.cluster?.kubeKey;
  const agent: Agent = {
    apiVersion: apiVersionOf(RESOURCES.agents),
    kind: RESOURCES.agents.kind,
    metadata: {
      name: host.id,
      namespace,
      labels: { [INFRA_ENV_LABEL]: name, ...infraEnv.spec.agentLabels },
      ownerReferences: [{ apiVersion: infraEnv.apiVersion, kind: infraEnv.kind, name, uid: uid! }],
    },
    spec: {
      approved: false,
      role: '',
      ...(clusterKey && { clusterDeploymentName: { name: clusterKey.name, namespace: clusterKey.namespace } }),
    },
  };
  propagateNodeLabels(infraEnv, agent);
  return agent;
}
