/**
 * BareMetalHosts: what they boot, which Agent is theirs, and what they make of it. One pass decides everything and writes
 * each of the two objects once at most.
 *
 *   label, finalizer → left its cluster? → detach, pause → image → Agent → hardware → joins an installed cluster?
 *        └──────────────── a step may end the pass ───────────────────┘          → write Agent → write BareMetalHost
 *
 * Upstream: assisted-service, bmh_agent_controller.go (BMAC).
 */
import type { Informer } from '../../../model/kube/informer.ts';
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import { editable, type KubeObject, keyOf, objectKey } from '../../../model/kube/kube-object.ts';
import { lockedMergePatch } from '../../../model/kube/merge-patch.ts';
import { type KubeResource, RESOURCES } from '../../../model/kube/resources.ts';
import type { Outcome } from '../../../model/kube/work-queue.ts';
import type { JsonObject, KubeKey } from '../../service-api.ts';
import type { KubeContext } from '../context.ts';
import { messageOf } from '../errors.ts';
import { BACKUP_LABEL, BMH_LABEL, CLUSTER_NAMESPACE_LABEL, INFRA_ENV_LABEL } from '../labels.ts';
import type { Agent, ClusterDeployment, InfraEnv } from '../objects.ts';
import type { Reconciler } from '../reconciler.ts';
import { setAgentSpec } from './agent-spec.ts';
import type { ConvergedFlow } from './converged-flow.ts';
import { copyHardware } from './hardware.ts';
import { imageNeed, setImage } from './image.ts';
import { bootUnboundAgain, detachAndPause, keepFinalizer, waitsForReboot } from './lifecycle.ts';
import type { BareMetalHost } from './objects.ts';
import { joinCluster, trustMachineConfigServer } from './spoke.ts';
import type { BmhWork, Verdict } from './work.ts';

/** Of Agents and BareMetalHosts by the hardware address that they boot from, of BareMetalHosts by InfraEnv. */
const BY_MAC = 'mac';
const BY_INFRA_ENV = 'infra-env';
/** Of Agents by the label of the namespace, as upstream looks for them, which comes later than the spec. */
const BY_LABELLED_CLUSTER = 'labelled-cluster';

export function bareMetalHostReconciler(context: KubeContext, flow: ConvergedFlow): Reconciler {
  const { cache, clock, settings } = context;
  const hosts = cache.of(RESOURCES.bareMetalHosts);
  const agents = cache.of(RESOURCES.agents);
  hosts.addIndex(BY_MAC, (host) => [macKey(host, (host as BareMetalHost).spec.bootMACAddress)]);
  hosts.addIndex(BY_INFRA_ENV, ({ metadata: { namespace, labels } }) => {
    const name = labels?.[INFRA_ENV_LABEL];
    return name === undefined ? [] : [objectKey(namespace, name.toLowerCase())];
  });
  agents.addIndex(BY_MAC, (agent) => macsOf(agent as Agent).map((mac) => macKey(agent, mac)));
  agents.addIndex(BY_LABELLED_CLUSTER, (agent) => labelledClusterKeysOf(agent as Agent));
  return {
    name: 'BareMetalHost',
    resource: RESOURCES.bareMetalHosts,
    workers: settings.BMAC_MAX_CONCURRENT_RECONCILES,
    reads: [RESOURCES.secrets, RESOURCES.agentClusterInstalls],
    watches: [
      { resource: RESOURCES.agents, keysOf: (agent) => hostKeysOf(agent as Agent, hosts) },
      {
        resource: RESOURCES.infraEnvs,
        keysOf: (infraEnv) =>
          hosts
            .select(BY_INFRA_ENV, keyOf(infraEnv).toLowerCase())
            .filter((host) => needsWork(imageNeed(host as BareMetalHost, infraEnv as InfraEnv, clock)))
            .map(keyOf),
      },
      {
        resource: RESOURCES.clusterDeployments,
        keysOf: (deployment) => hostsOfCluster(deployment as ClusterDeployment, agents, hosts),
      },
      { resource: RESOURCES.preprovisioningImages, keysOf: (image) => [keyOf(image)] },
    ],
    reconcile: async (key) => reconcile(context, await flow.isOn(), key),
  };
}

function macKey({ metadata }: KubeObject, mac = ''): string {
  return objectKey(metadata.namespace, mac.toLowerCase());
}

function macsOf({ status }: Agent): string[] {
  const interfaces = (status?.inventory?.interfaces ?? []) as JsonObject[];
  return interfaces.map(({ macAddress }) => String(macAddress ?? '')).filter((mac) => mac !== '');
}

/** An Agent whose label names no namespace of a cluster belongs to none. */
function labelledClusterKeysOf({ metadata, spec }: Agent): string[] {
  const namespace = metadata.labels?.[CLUSTER_NAMESPACE_LABEL];
  const name = spec.clusterDeploymentName?.name;
  return namespace === undefined || name === undefined ? [] : [objectKey(namespace, name)];
}

function hostKeysOf(agent: Agent, hosts: Informer): string[] {
  const { namespace, labels } = agent.metadata;
  const known = labels?.[BMH_LABEL];
  if (known !== undefined) return [objectKey(namespace, known)];
  const found = macsOf(agent).flatMap((mac) => hosts.select(BY_MAC, macKey(agent, mac)));
  return found.length > 0 ? [keyOf(found[0]!)] : [];
}

/** An image that is too young counts: the pass itself waits. */
const needsWork = (need: 'new' | Verdict) => need === 'new' || typeof need === 'object';

function hostsOfCluster(deployment: ClusterDeployment, agents: Informer, hosts: Informer): string[] {
  if (!deployment.spec.installed) return [];
  return agents
    .select(BY_LABELLED_CLUSTER, keyOf(deployment))
    .filter(({ metadata }) => metadata.labels?.[BMH_LABEL] !== undefined)
    .flatMap((agent) => hostKeysOf(agent as Agent, hosts));
}

async function reconcile(context: KubeContext, converged: boolean, { namespace, name }: KubeKey): Promise<Outcome> {
  const foundHost = context.cache.of(RESOURCES.bareMetalHosts).get(namespace, name) as BareMetalHost | undefined;
  if (!foundHost) return null;
  const foundAgent = agentOf(context, foundHost);
  const work: BmhWork = {
    context,
    host: editable(foundHost),
    agent: foundAgent && editable(foundAgent),
    infraEnv: infraEnvOf(context, foundHost),
    converged,
  };
  const errors: unknown[] = [];
  let verdict: Verdict = 'stop';
  try {
    verdict = await decide(work);
  } catch (error) {
    errors.push(error);
  }
  for (const [resource, before, after] of [
    [RESOURCES.agents, foundAgent, work.agent],
    [RESOURCES.bareMetalHosts, foundHost, work.host],
  ] as const) {
    if (before && after) await write(context, resource, before, after).catch((error) => errors.push(error));
  }
  if (errors.length > 0) throw joined(errors);
  return typeof verdict === 'object' ? verdict : null;
}

/** The newest Agent that has the address that the host boots from. */
function agentOf({ cache }: KubeContext, host: BareMetalHost): Agent | undefined {
  const found = cache.of(RESOURCES.agents).select(BY_MAC, macKey(host, host.spec.bootMACAddress)) as Agent[];
  const createdAt = ({ metadata }: Agent) => Date.parse(metadata.creationTimestamp ?? '');
  return found.toSorted((a, b) => createdAt(b) - createdAt(a))[0];
}

function infraEnvOf({ cache }: KubeContext, { metadata }: BareMetalHost): InfraEnv | undefined {
  const name = metadata.labels?.[INFRA_ENV_LABEL];
  return name === undefined ? undefined : (cache.of(RESOURCES.infraEnvs).get(metadata.namespace, name) as InfraEnv);
}

async function decide(work: BmhWork): Promise<Verdict> {
  const { host, agent, infraEnv, converged } = work;
  if (infraEnv) host.metadata.labels = { [BACKUP_LABEL]: 'true', ...host.metadata.labels };
  const kept = await keepFinalizer(work);
  if (kept !== 'next') return kept;
  if (agent && waitsForReboot(agent)) {
    const booted = bootUnboundAgain(work);
    if (booted !== 'next') return booted;
  }
  detachAndPause(work);
  const image = setImage(work);
  if (image !== 'next') return image;
  if (!agent) return 'stop';
  await setAgentSpec(work, agent);
  // With the converged flow the operator inspects by itself.
  if (!converged && copyHardware(host, agent)) return 'stop';
  const trusted = await trustMachineConfigServer(work, agent);
  return trusted === 'next' ? joinCluster(work, agent) : trusted;
}

/** Upstream: assisted-service, internal/controller/patch/patch.go, IfNeeded. */
async function write(
  { client }: KubeContext,
  resource: KubeResource,
  before: KubeObject,
  after: KubeObject,
): Promise<void> {
  const patch = lockedMergePatch(before, after);
  if (!patch) return;
  const { namespace, name } = before.metadata;
  await unlessNotFound(client.patch(resource, namespace, name, patch));
}

function joined(errors: readonly unknown[]): unknown {
  if (errors.length === 1) return errors[0];
  return new Error(errors.map(messageOf).join('\n'), { cause: errors[0] });
}
