/**
 * What hosts of an InfraEnv follow from: the resource itself and everything of the hub that it leads to, read into plain data.
 *
 *   InfraEnv ── clusterRef ──> ClusterDeployment <── clusterDeploymentRef ── AgentClusterInstall
 *      │  └──── nmStateConfigLabelSelector ──> NMStateConfigs
 *      └─ name <── label infraenvs.agent-install.openshift.io ── BareMetalHosts, Agents
 */
import { conditionOf, type KubeObject, keyOf, objectKey } from '../../../model/kube/kube-object.ts';
import { kubeconfigSecretOf } from '../hub-status.ts';

/** On BareMetalHosts and Agents: the name of their InfraEnv (assisted-service api/v1beta1/infraenv_types.go InfraEnvNameLabel). */
export const INFRA_ENV_LABEL = 'infraenvs.agent-install.openshift.io';

/** What the owner of an InfraEnv may tell this program. */
export const ANNOTATIONS = {
  /** Number of hosts. */
  agents: 'assisted-swarm/agents',
  /** Network of the hosts, CIDR. */
  machineNetwork: 'assisted-swarm/machine-network',
  /** Seed of the run whose manifests made it. */
  seed: 'assisted-swarm/seed',
  /** Index of the first host of its cluster in that run's plan. */
  firstHost: 'assisted-swarm/first-host',
  /** Hosts of its cluster in that plan; those beyond are not of the plan. */
  plannedHosts: 'assisted-swarm/hosts',
} as const;
/** On Agents: the name of their BareMetalHost (assisted-service internal/controller/controllers/bmh_agent_controller.go AGENT_BMH_LABEL). */
const BMH_LABEL = 'agent-install.openshift.io/bmh';
const BMH_ROLE = 'bmac.agent-install.openshift.io/role';

export interface ClusterFacts {
  /** Of the ClusterDeployment. */
  key: string;
  name: string;
  baseDomain: string;
  controlPlanes: number;
  arbiters: number;
  workers: number;
  /** CIDRs that were asked for, in their order. */
  machineNetworks: readonly string[];
  apiVip: string | null;
  ingressVip: string | null;
  /** Hosts that come now join it. */
  installed: boolean;
  /** Name of the Secret by which the service reaches it when it is installed. */
  kubeconfigSecret: string;
}

export interface BareMetalHostFacts {
  key: string;
  name: string;
  /** Lower case; null for one that names none. */
  mac: string | null;
  role: string | null;
}

/** An NMStateConfig. */
export interface StaticNetworkFacts {
  name: string;
  /** Lower case. */
  macs: readonly string[];
  /** First static IPv4 address with prefix length. */
  ipv4Cidr: string | null;
}

export interface InfraEnvFacts {
  /** namespace/name */
  key: string;
  name: string;
  namespace: string;
  annotations: Readonly<Record<string, string>>;
  /** Null without clusterRef; a text says what of the cluster is not there yet. */
  cluster: ClusterFacts | string | null;
  bareMetalHosts: readonly BareMetalHostFacts[];
  networks: readonly StaticNetworkFacts[];
  /** Ids of hosts that boot from their disks. */
  onDisk: ReadonlySet<string>;
}

/** An Agent that is bound to a cluster. */
export interface ClusterHostFacts {
  id: string;
  infraEnv: string | null;
  /** It joins, or has joined, after the installation. */
  day2: boolean;
  /** A day-2 host whose way into the cluster the service has seen to its end. */
  added: boolean;
  hostname: string;
  role: 'master' | 'arbiter' | 'worker';
  addresses: readonly string[];
  mac: string | null;
  onDisk: boolean;
  hasBareMetalHost: boolean;
}

type Json = Record<string, unknown>;

const part = (value: unknown): Json => (typeof value === 'object' && value !== null ? (value as Json) : {});
const list = (value: unknown): Json[] => (Array.isArray(value) ? value.map(part) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const count = (value: unknown): number => (typeof value === 'number' && value > 0 ? Math.floor(value) : 0);

/** Key of the ClusterDeployment that an InfraEnv refers to; null for late binding. */
export function clusterKeyOf({ spec }: KubeObject): string | null {
  const { name, namespace } = part(part(spec).clusterRef);
  return text(name) === '' ? null : objectKey(text(namespace), text(name));
}

/** Key of the ClusterDeployment of an AgentClusterInstall. */
export function installedClusterKeyOf({ metadata, spec }: KubeObject): string {
  return objectKey(metadata.namespace, text(part(part(spec).clusterDeploymentRef).name));
}

/** Key of the InfraEnv of an Agent or a BareMetalHost; null without the label. */
export function infraEnvKeyOf({ metadata: { namespace, labels } }: KubeObject): string | null {
  const name = labels?.[INFRA_ENV_LABEL];
  return name ? objectKey(namespace, name) : null;
}

/** Key of the ClusterDeployment that an Agent is bound to; null when there is none. */
export function clusterOfAgent({ spec }: KubeObject): string | null {
  const { name, namespace } = part(part(spec).clusterDeploymentName);
  return text(name) === '' ? null : objectKey(text(namespace), text(name));
}

/** Address of an InfraEnv's discovery ignition; '' while the service has made none. */
export function ignitionUrlOf({ status }: KubeObject): string {
  return text(part(part(status).bootArtifacts).discoveryIgnitionURL);
}

/** The cluster that a ClusterDeployment and its AgentClusterInstall describe; a text says what is missing. */
export function clusterFacts(
  key: string,
  deployment: KubeObject | undefined,
  install: KubeObject | undefined,
): ClusterFacts | string {
  if (!deployment) return `ClusterDeployment ${key}`;
  if (!install) return `the AgentClusterInstall of ClusterDeployment ${key}`;
  const { clusterName, baseDomain, installed } = part(deployment.spec);
  const { provisionRequirements, networking, apiVIP, apiVIPs, ingressVIP, ingressVIPs } = part(install.spec);
  const { controlPlaneAgents, arbiterAgents, workerAgents } = part(provisionRequirements);
  const first = (values: unknown, value: unknown) =>
    (Array.isArray(values) ? text(values[0]) : '') || text(value) || null;
  return {
    key,
    name: text(clusterName),
    baseDomain: text(baseDomain),
    controlPlanes: count(controlPlaneAgents),
    arbiters: count(arbiterAgents),
    workers: count(workerAgents),
    machineNetworks: list(part(networking).machineNetwork).map(({ cidr }) => text(cidr)),
    apiVip: first(apiVIPs, apiVIP),
    ingressVip: first(ingressVIPs, ingressVIP),
    installed: installed === true || conditionOf(install, 'Completed')?.reason === 'InstallationCompleted',
    kubeconfigSecret: kubeconfigSecretOf(install, deployment.metadata.name),
  };
}

export function bareMetalHostFacts(object: KubeObject): BareMetalHostFacts {
  const mac = text(part(object.spec).bootMACAddress).toLowerCase();
  return {
    key: keyOf(object),
    name: object.metadata.name,
    mac: mac || null,
    role: object.metadata.annotations?.[BMH_ROLE] ?? null,
  };
}

export function staticNetworkFacts({ metadata, spec }: KubeObject): StaticNetworkFacts {
  const { interfaces, config } = part(spec);
  const address = list(part(config).interfaces)
    .flatMap(({ ipv4 }) => (part(ipv4).enabled === false ? [] : list(part(ipv4).address)))
    .find(({ ip }) => text(ip) !== '');
  return {
    name: metadata.name,
    macs: list(interfaces).map(({ macAddress }) => text(macAddress).toLowerCase()),
    ipv4Cidr: address ? `${text(address.ip)}/${Number(address['prefix-length'] ?? 32)}` : null,
  };
}

/** States and stages of hosts that have left the discovery image (assisted-service models/host.go, models/host_stage.go). */
const STATES_ON_DISK: ReadonlySet<string> = new Set(['installed', 'added-to-existing-cluster']);
const STAGES_ON_DISK: ReadonlySet<string> = new Set([
  'Rebooting',
  'Waiting for ignition',
  'Configuring',
  'Joined',
  'Done',
]);

/** The host of an Agent boots from its disk: it will not start the discovery image again by itself. */
export function bootsFromDisk({ status }: KubeObject): boolean {
  const { progress, debugInfo } = part(status);
  return STATES_ON_DISK.has(text(part(debugInfo).state)) || STAGES_ON_DISK.has(text(part(progress).currentStage));
}

/** Null for an Agent that has not told its inventory yet. */
export function clusterHostFacts(agent: KubeObject): ClusterHostFacts | null {
  const { inventory, role, kind, debugInfo } = part(agent.status);
  const { hostname, interfaces } = part(inventory);
  const nics = list(interfaces);
  const addresses = nics.flatMap(({ ipV4Addresses: v4, ipV6Addresses: v6 }) =>
    [v4, v6].flatMap((all) => (Array.isArray(all) ? all.map((cidr) => text(cidr).split('/')[0]!) : [])),
  );
  const name = text(part(agent.spec).hostname) || text(hostname);
  if (name === '' || addresses.length === 0) return null;
  return {
    id: agent.metadata.name,
    infraEnv: infraEnvKeyOf(agent),
    day2: kind === 'AddToExistingClusterHost',
    added: text(part(debugInfo).state) === 'added-to-existing-cluster',
    hostname: name,
    role: role === 'master' || role === 'arbiter' ? role : 'worker',
    addresses,
    mac: text(nics[0]?.macAddress).toLowerCase() || null,
    onDisk: bootsFromDisk(agent),
    hasBareMetalHost: agent.metadata.labels?.[BMH_LABEL] !== undefined,
  };
}
