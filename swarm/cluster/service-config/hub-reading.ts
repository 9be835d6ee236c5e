/**
 * What a hub says of the service that runs on it: AgentServiceConfig, the Deployment and the ConfigMaps that its container takes
 * its environment from. Upstream: internal/controller/controllers/agentserviceconfig_controller.go, newAssistedCM and
 * newAssistedServiceDeployment. Works for a Deployment that no AgentServiceConfig made as well.
 */
import type { KubeClient } from '../../../model/kube/kube-client.ts';
import { unlessNotFound } from '../../../model/kube/kube-error.ts';
import { type Condition, conditionOf, type KubeObject } from '../../../model/kube/kube-object.ts';
import { RESOURCES } from '../../../model/kube/resources.ts';
import { SERVICE_VARIABLES } from './variables.ts';

/** The one name that an AgentServiceConfig may have. */
export const AGENT_SERVICE_CONFIG = 'agent';
/** Name of the Deployment, of its container and of the operator's ConfigMap. */
export const SERVICE_NAME = 'assisted-service';
export const OVERRIDE_ANNOTATION = 'unsupported.agent-install.openshift.io/assisted-service-configmap';
export const IMAGE_SERVICE_ANNOTATION = 'agent-install.openshift.io/enable-image-service';

/** Something about the hub that the user has to mend or to say. */
export class HubStateError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'HubStateError';
  }
}

export interface Setting {
  value: string;
  /** For people: the ConfigMap's name, `the container`, `default`. */
  from: string;
}

export interface Container {
  image: string;
  requests: Record<string, string>;
  limits: Record<string, string>;
}

export interface HubReading {
  server: string;
  namespace: string;
  /** Null when the service was deployed in another way. */
  agentServiceConfig: KubeObject | null;
  deployment: KubeObject;
  /** The service's container and the database's, where it stands beside it. */
  containers: { service: Container | null; database: Container | null };
  /** What the Deployment's template hands to the service; a value from a Secret is not read. */
  settings: ReadonlyMap<string, Setting>;
  /** Value of the annotation that names a ConfigMap of the user's. */
  override: string | null;
  /** What is in that ConfigMap, also where the Deployment does not take it yet. */
  overrideData: Readonly<Record<string, string>>;
  /** Names of ConfigMaps that do not exist although something names them. */
  missingConfigMaps: string[];
  /** Conditions that say that something is amiss, in words. */
  troubles: string[];
}

interface RawContainer {
  name: string;
  image?: string;
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  envFrom?: { configMapRef?: { name: string; optional?: boolean }; prefix?: string }[];
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}

/**
 * @param namespace where to look; every namespace when undefined.
 * @throws KubeError, HubStateError when there is no service or more than one.
 */
export async function readHub(
  client: KubeClient,
  namespace: string | undefined,
  signal?: AbortSignal,
): Promise<HubReading> {
  const agentServiceConfig = await unlessNotFound(
    client.get(RESOURCES.agentServiceConfigs, undefined, AGENT_SERVICE_CONFIG, signal),
  );
  const deployment = await findDeployment(client, namespace, agentServiceConfig, signal);
  const where = deployment.metadata.namespace!;
  const containers = containersOf(deployment);
  const service = containers.find(({ name }) => name === SERVICE_NAME) ?? containers[0];
  const override = agentServiceConfig?.metadata.annotations?.[OVERRIDE_ANNOTATION] ?? null;
  const names = (service?.envFrom ?? []).flatMap(({ configMapRef }) => (configMapRef ? [configMapRef.name] : []));
  const wanted = [...new Set([...names, ...(override === null ? [] : [override])])];
  const maps = new Map<string, Record<string, string>>();
  const missingConfigMaps: string[] = [];
  for (const name of wanted) {
    const found = await unlessNotFound(client.get(RESOURCES.configMaps, where, name, signal));
    if (found) maps.set(name, (found.data ?? {}) as Record<string, string>);
    else missingConfigMaps.push(name);
  }
  const database = containers.find(({ name }) => name === 'postgres');
  return {
    server: client.server,
    namespace: where,
    agentServiceConfig: agentServiceConfig ?? null,
    deployment,
    containers: { service: service ? summary(service) : null, database: database ? summary(database) : null },
    settings: settingsOf(service, maps),
    override,
    overrideData: maps.get(override ?? '') ?? {},
    missingConfigMaps,
    troubles: troublesOf(deployment, agentServiceConfig, override !== null && !names.includes(override)),
  };
}

async function findDeployment(
  client: KubeClient,
  namespace: string | undefined,
  config: KubeObject | undefined,
  signal?: AbortSignal,
): Promise<KubeObject> {
  const { items } = await client.list(
    RESOURCES.deployments,
    { fieldSelector: `metadata.name=${SERVICE_NAME}`, ...(namespace !== undefined && { namespace }) },
    signal,
  );
  const owned = items.filter(({ metadata }) =>
    metadata.ownerReferences?.some(({ uid }) => uid === config?.metadata.uid),
  );
  const found = owned.length > 0 ? owned : items;
  const place = namespace === undefined ? 'any namespace' : `namespace ${namespace}`;
  if (found.length === 0) {
    throw new HubStateError(
      config
        ? `the hub ${client.server} has an AgentServiceConfig and no Deployment ${SERVICE_NAME} in ${place}; ${reconcileMessage(config)}`
        : `the hub ${client.server} has no AgentServiceConfig and no Deployment ${SERVICE_NAME} in ${place}; give the service's own address with --service, or another hub with --context or --kubeconfig`,
    );
  }
  if (found.length > 1) {
    const places = found.map(({ metadata }) => metadata.namespace).join(', ');
    throw new HubStateError(`several namespaces have a Deployment ${SERVICE_NAME}: ${places}; choose with --namespace`);
  }
  return found[0]!;
}

function reconcileMessage(config: KubeObject): string {
  const condition = conditionOf(config, 'ReconcileCompleted');
  return condition
    ? `its condition ReconcileCompleted is ${condition.status}: ${condition.message}`
    : 'no operator has worked on it yet';
}

export function containersOf(deployment: KubeObject): RawContainer[] {
  const { template } = (deployment.spec ?? {}) as { template?: { spec?: { containers?: RawContainer[] } } };
  return template?.spec?.containers ?? [];
}

function summary({ image = '', resources = {} }: RawContainer): Container {
  return { image, requests: resources.requests ?? {}, limits: resources.limits ?? {} };
}

/** Later entries of `envFrom` win over earlier ones, and `env` over all of them: Kubernetes, core/v1, Container. */
function settingsOf(
  container: RawContainer | undefined,
  maps: ReadonlyMap<string, Record<string, string>>,
): ReadonlyMap<string, Setting> {
  const settings = new Map<string, Setting>();
  for (const { name, default: value } of SERVICE_VARIABLES.values()) settings.set(name, { value, from: 'default' });
  for (const { configMapRef, prefix = '' } of container?.envFrom ?? []) {
    for (const [key, value] of Object.entries(maps.get(configMapRef?.name ?? '') ?? {})) {
      settings.set(`${prefix}${key}`, { value, from: `ConfigMap ${configMapRef!.name}` });
    }
  }
  for (const { name, value = '', valueFrom } of container?.env ?? []) {
    // Which key of which Secret is nobody's concern here.
    if (valueFrom) settings.delete(name);
    else settings.set(name, { value, from: 'the container' });
  }
  return settings;
}

function troublesOf(deployment: KubeObject, config: KubeObject | undefined, overridePending: boolean): string[] {
  const troubles: string[] = [];
  const tell = (object: KubeObject, what: string, types: readonly string[]) => {
    for (const type of types) {
      const condition: Condition | undefined = conditionOf(object, type);
      if (condition?.status === 'False') {
        troubles.push(
          `${what}: ${type} is False (${[condition.reason, condition.message].filter(Boolean).join(': ')})`,
        );
      }
    }
  };
  if (config) tell(config, 'AgentServiceConfig', ['ReconcileCompleted', 'DeploymentsHealthy']);
  tell(deployment, `Deployment ${SERVICE_NAME}`, ['Available', 'Progressing']);
  if (overridePending) troubles.push('the ConfigMap that the annotation names has not reached the Deployment yet');
  const rollOut = rollOutOf(deployment);
  if (!rollOut.done) troubles.push(`Deployment ${SERVICE_NAME}: ${rollOut.progress}`);
  return troubles;
}

/** Whether a Deployment's present template is what runs: kubectl, pkg/polymorphichelpers/rollout_status.go. */
export function rollOutOf(deployment: KubeObject): { done: boolean; progress: string } {
  const { replicas: wanted = 1 } = (deployment.spec ?? {}) as { replicas?: number };
  const status = (deployment.status ?? {}) as Partial<
    Record<'observedGeneration' | 'replicas' | 'updatedReplicas' | 'availableReplicas', number>
  >;
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  if (observedGeneration < (deployment.metadata.generation ?? 0)) {
    return { done: false, progress: 'its new specification was not looked at yet' };
  }
  if (updatedReplicas < wanted) {
    return { done: false, progress: `${updatedReplicas} of ${wanted} replicas run the new specification` };
  }
  if (replicas > updatedReplicas) {
    return { done: false, progress: `${replicas - updatedReplicas} old replicas are still there` };
  }
  if (availableReplicas < updatedReplicas) {
    return { done: false, progress: `${availableReplicas} of ${updatedReplicas} new replicas are available` };
  }
  return { done: true, progress: `${availableReplicas} of ${wanted} replicas are available` };
}
