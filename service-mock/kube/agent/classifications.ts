/**
 * AgentClassifications give the Agents of their namespace a label by their inventory: one reconciler labels Agents, another
 * counts them. Upstream: assisted-service, agentlabel_controller.go and agentclassification_controller.go.
 */
import { editable, type KubeObject, keyOf } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import type { KubeKey } from '../../service-api.ts';
import { setCondition } from '../conditions.ts';
import type { KubeContext } from '../context.ts';
import type { Agent, AgentClassification } from '../objects.ts';
import type { Reconciler } from '../reconciler.ts';
import { matchesQuery, QueryError } from './inventory-query.ts';

const FINALIZER = 'agentclassification.agent-install.openshift.io';
const LABEL_PREFIX = 'agentclassification.agent-install.openshift.io/';
const ERROR_PREFIX = 'QUERYERROR';
const BY_NAMESPACE = 'namespace';

export function classificationReconcilers(context: KubeContext): Reconciler[] {
  const agents = context.cache.of(RESOURCES.agents);
  const classifications = context.cache.of(RESOURCES.agentClassifications);
  for (const informer of [agents, classifications]) {
    informer.addIndex(BY_NAMESPACE, ({ metadata }) => [metadata.namespace!]);
  }
  const keysIn = (informer: typeof agents) => (object: KubeObject) =>
    informer.select(BY_NAMESPACE, object.metadata.namespace!).map(keyOf);
  return [
    {
      name: 'AgentLabel',
      resource: RESOURCES.agents,
      watches: [{ resource: RESOURCES.agentClassifications, keysOf: keysIn(agents) }],
      reconcile: (key) => label(context, key),
    },
    {
      name: 'AgentClassification',
      resource: RESOURCES.agentClassifications,
      watches: [{ resource: RESOURCES.agents, keysOf: keysIn(classifications) }],
      reconcile: (key) => count(context, key),
    },
  ];
}

async function label({ cache, client }: KubeContext, { namespace, name }: KubeKey): Promise<Outcome> {
  const found = cache.of(RESOURCES.agents).get(namespace, name) as Agent | undefined;
  if (!found) return null;
  const labels = { ...found.metadata.labels };
  // Go's inventory is there before a host has sent one, with nothing in it.
  const inventory = found.status?.inventory ?? {};
  let changed = false;
  const classifications = cache.of(RESOURCES.agentClassifications).select(BY_NAMESPACE, namespace);
  for (const { metadata, spec } of classifications as AgentClassification[]) {
    const key = LABEL_PREFIX + spec.labelKey;
    const value = metadata.deletionTimestamp === undefined ? valueFor(spec, inventory) : null;
    const present = labels[key];
    if (value !== null) {
      changed ||= present !== value;
      labels[key] = value;
    } else if (present === spec.labelValue || present === errorValue(spec.labelValue)) {
      delete labels[key];
      changed = true;
    }
  }
  if (!changed) return null;
  const agent = editable(found);
  agent.metadata.labels = labels;
  await client.update(RESOURCES.agents, agent);
  return null;
}

const errorValue = (value: string) => `${ERROR_PREFIX}-${value}`;

/** Null for an Agent that does not match. */
function valueFor({ query, labelValue }: AgentClassification['spec'], inventory: unknown): string | null {
  try {
    return matchesQuery(query, inventory) ? labelValue : null;
  } catch (error) {
    if (error instanceof QueryError) return errorValue(labelValue);
    throw error;
  }
}

async function count({ cache, client, clock }: KubeContext, { namespace, name }: KubeKey): Promise<Outcome> {
  const found = cache.of(RESOURCES.agentClassifications).get(namespace, name) as AgentClassification | undefined;
  if (!found) return null;
  let classification = editable(found);
  const isGoing = classification.metadata.deletionTimestamp !== undefined;
  const finalizers = classification.metadata.finalizers ?? [];
  if (!isGoing && !finalizers.includes(FINALIZER)) {
    classification.metadata.finalizers = [...finalizers, FINALIZER];
    classification = (await client.update(RESOURCES.agentClassifications, classification)) as AgentClassification;
  }
  const { labelKey, labelValue } = classification.spec;
  const values = cache
    .of(RESOURCES.agents)
    .select(BY_NAMESPACE, namespace)
    .map(({ metadata }) => metadata.labels?.[LABEL_PREFIX + labelKey]);
  const matchedCount = values.filter((value) => value === labelValue).length;
  const errorCount = values.filter((value) => value !== labelValue && value?.startsWith(ERROR_PREFIX)).length;
  if (isGoing && matchedCount === 0) {
    const kept = finalizers.filter((finalizer) => finalizer !== FINALIZER);
    if (kept.length === finalizers.length) return null;
    classification.metadata.finalizers = kept;
    await client.update(RESOURCES.agentClassifications, classification);
    return null;
  }
  const { matchedCount: _matched, errorCount: _failed, ...present } = classification.status ?? {};
  const status = {
    conditions: [],
    ...present,
    // Go leaves out zeroes.
    ...(matchedCount > 0 && { matchedCount }),
    ...(errorCount > 0 && { errorCount }),
  };
  const failed = errorCount > 0;
  setCondition(
    status.conditions,
    {
      type: 'QueryErrors',
      status: failed ? 'True' : 'False',
      reason: failed ? 'HasQueryErrors' : 'NoQueryErrors',
      message: failed
        ? `${errorCount} Agents failed to apply the classification`
        : 'No Agents failed to apply the classification',
    },
    clock.now(),
  );
  classification.status = status;
  await client.update(RESOURCES.agentClassifications, classification, { subresource: 'status' });
  return null;
}
