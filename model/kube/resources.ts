/** The kinds of a hub that this program works with: where the API serves them. Upstream: each kind's CustomResourceDefinition. */
import type { KubeObject } from './kube-object.ts';

export interface KubeResource {
  /** '' for the core group. */
  group: string;
  version: string;
  /** Name in URLs. */
  plural: string;
  kind: string;
  namespaced: boolean;
}

const resource = (group: string, version: string, plural: string, kind: string, namespaced = true): KubeResource => ({
  group,
  version,
  plural,
  kind,
  namespaced,
});

const AGENT_INSTALL = 'agent-install.openshift.io';

export const RESOURCES = {
  namespaces: resource('', 'v1', 'namespaces', 'Namespace', false),
  secrets: resource('', 'v1', 'secrets', 'Secret'),
  configMaps: resource('', 'v1', 'configmaps', 'ConfigMap'),
  nodes: resource('', 'v1', 'nodes', 'Node', false),
  pods: resource('', 'v1', 'pods', 'Pod'),
  events: resource('', 'v1', 'events', 'Event'),
  deployments: resource('apps', 'v1', 'deployments', 'Deployment'),
  statefulSets: resource('apps', 'v1', 'statefulsets', 'StatefulSet'),
  certificateSigningRequests: resource(
    'certificates.k8s.io',
    'v1',
    'certificatesigningrequests',
    'CertificateSigningRequest',
    false,
  ),
  leases: resource('coordination.k8s.io', 'v1', 'leases', 'Lease'),
  customResourceDefinitions: resource(
    'apiextensions.k8s.io',
    'v1',
    'customresourcedefinitions',
    'CustomResourceDefinition',
    false,
  ),
  clusterImageSets: resource('hive.openshift.io', 'v1', 'clusterimagesets', 'ClusterImageSet', false),
  clusterDeployments: resource('hive.openshift.io', 'v1', 'clusterdeployments', 'ClusterDeployment'),
  agentClusterInstalls: resource(
    'extensions.hive.openshift.io',
    'v1beta1',
    'agentclusterinstalls',
    'AgentClusterInstall',
  ),
  infraEnvs: resource(AGENT_INSTALL, 'v1beta1', 'infraenvs', 'InfraEnv'),
  nmStateConfigs: resource(AGENT_INSTALL, 'v1beta1', 'nmstateconfigs', 'NMStateConfig'),
  agents: resource(AGENT_INSTALL, 'v1beta1', 'agents', 'Agent'),
  agentClassifications: resource(AGENT_INSTALL, 'v1beta1', 'agentclassifications', 'AgentClassification'),
  agentServiceConfigs: resource(AGENT_INSTALL, 'v1beta1', 'agentserviceconfigs', 'AgentServiceConfig', false),
  bareMetalHosts: resource('metal3.io', 'v1alpha1', 'baremetalhosts', 'BareMetalHost'),
  preprovisioningImages: resource('metal3.io', 'v1alpha1', 'preprovisioningimages', 'PreprovisioningImage'),
  machines: resource('machine.openshift.io', 'v1beta1', 'machines', 'Machine'),
  machineSets: resource('machine.openshift.io', 'v1beta1', 'machinesets', 'MachineSet'),
  machineConfigPools: resource(
    'machineconfiguration.openshift.io',
    'v1',
    'machineconfigpools',
    'MachineConfigPool',
    false,
  ),
  hardwareData: resource('metal3.io', 'v1alpha1', 'hardwaredata', 'HardwareData'),
  hostFirmwareSettings: resource('metal3.io', 'v1alpha1', 'hostfirmwaresettings', 'HostFirmwareSettings'),
  provisionings: resource('metal3.io', 'v1alpha1', 'provisionings', 'Provisioning', false),
  clusterOperators: resource('config.openshift.io', 'v1', 'clusteroperators', 'ClusterOperator', false),
} as const satisfies Record<string, KubeResource>;

/** Asks whether its user may do something; no object of it is ever stored. */
export const ACCESS_REVIEWS = resource(
  'authorization.k8s.io',
  'v1',
  'selfsubjectaccessreviews',
  'SelfSubjectAccessReview',
  false,
);

/** As objects of it say in `apiVersion`. */
export function apiVersionOf({ group, version }: KubeResource): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The resource of an object; undefined when its kind is none of {@link RESOURCES}. */
export function resourceOf({ apiVersion, kind }: Pick<KubeObject, 'apiVersion' | 'kind'>): KubeResource | undefined {
  return Object.values<KubeResource>(RESOURCES).find((one) => one.kind === kind && apiVersionOf(one) === apiVersion);
}

/** For people: `agents.agent-install.openshift.io`. */
export function resourceName({ group, plural }: KubeResource): string {
  return group === '' ? plural : `${plural}.${group}`;
}
