/**
 * The custom resources that the service works on, as far as it reads and writes them. Fields are those of upstream's Go
 * types: assisted-service, api/v1beta1 and api/hiveextension/v1beta1; hive, apis/hive/v1.
 */
import type { Condition, KubeObject, ObjectMeta } from '../../model/kube/kube-object.ts';
import type { JsonObject } from '../service-api.ts';

export interface NameRef {
  name: string;
}

export interface NamespacedRef {
  name: string;
  namespace: string;
}

/** An object with what it should be and what it is. Both may be absent in what a server sends. */
interface Resource<Spec, Status> extends KubeObject {
  metadata: ObjectMeta & { namespace: string };
  spec: Spec;
  status?: Status;
}

interface ProxySpec {
  httpProxy?: string;
  httpsProxy?: string;
  noProxy?: string;
}

export interface InfraEnvSpec {
  proxy?: ProxySpec;
  additionalNTPSources?: string[];
  ntpSources?: string[];
  sshAuthorizedKey?: string;
  pullSecretRef?: NameRef | null;
  agentLabels?: Record<string, string>;
  nmStateConfigLabelSelector?: LabelSelector;
  clusterRef?: NamespacedRef | null;
  ignitionConfigOverride?: string;
  cpuArchitecture?: string;
  ipxeScriptType?: string;
  kernelArguments?: { operation?: string; value?: string }[];
  additionalTrustBundle?: string;
  osImageVersion?: string;
  mirrorRegistryRef?: NamespacedRef | null;
  imageType?: string;
  agentApproval?: { autoApprove?: boolean } | null;
  networkDiscoveryDelaySeconds?: number | null;
}

export interface LabelSelector {
  matchLabels?: Record<string, string>;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

export interface InfraEnvStatus {
  isoDownloadURL?: string | undefined;
  createdTime?: string | undefined;
  conditions?: Condition[];
  agentLabelSelector?: LabelSelector;
  debugInfo: { eventsURL: string; staticNetworkDownloadURL?: string };
  bootArtifacts: {
    initrd: string;
    rootfs: string;
    kernel: string;
    ipxeScript: string;
    discoveryIgnitionURL: string;
  };
}

export type InfraEnv = Resource<InfraEnvSpec, InfraEnvStatus>;

export interface NMStateConfig extends KubeObject {
  spec?: { interfaces?: { name: string; macAddress: string }[]; config?: JsonObject };
}

export interface ClusterDeploymentSpec {
  clusterName: string;
  baseDomain: string;
  installed?: boolean;
  preserveOnDelete?: boolean;
  controlPlaneConfig?: JsonObject;
  pullSecretRef?: NameRef | null;
  clusterInstallRef?: { group: string; version: string; kind: string; name: string } | null;
  clusterMetadata?: { adminKubeconfigSecretRef?: NameRef } | null;
}

export type ClusterDeployment = Resource<ClusterDeploymentSpec, JsonObject>;

export interface ClusterInstallSpec {
  imageSetRef?: NameRef | null;
  clusterDeploymentRef: NameRef;
  clusterMetadata?: ClusterMetadata | null;
  manifestsConfigMapRef?: NameRef | null;
  manifestsConfigMapRefs?: NameRef[] | null;
  networking: {
    machineNetwork?: { cidr: string }[];
    clusterNetwork?: { cidr: string; hostPrefix?: number }[];
    serviceNetwork?: string[];
    networkType?: string;
    userManagedNetworking?: boolean | null;
  };
  sshPublicKey?: string;
  ntpSources?: string[];
  provisionRequirements: { controlPlaneAgents?: number; workerAgents?: number; arbiterAgents?: number };
  controlPlane?: { hyperthreading?: string } | null;
  arbiter?: { hyperthreading?: string } | null;
  compute?: { name: string; hyperthreading?: string }[];
  apiVIP?: string;
  apiVIPs?: string[];
  ingressVIP?: string;
  ingressVIPs?: string[];
  holdInstallation?: boolean;
  ignitionEndpoint?: { url?: string; caCertificateReference?: NamespacedRef | null } | null;
  diskEncryption?: { enableOn?: string; mode?: string; tangServers?: string } | null;
  proxy?: ProxySpec | null;
  platformType?: string;
  external?: { platformName?: string; cloudControllerManager?: string } | null;
  mastersSchedulable?: boolean;
  mirrorRegistryRef?: NamespacedRef | null;
  loadBalancer?: { type?: string } | null;
}

export interface ClusterMetadata {
  clusterID: string;
  infraID: string;
  adminKubeconfigSecretRef: NameRef;
  adminPasswordSecretRef?: NameRef;
}

export interface ClusterInstallStatus {
  conditions?: Condition[];
  progress?: { totalPercentage: number };
  connectivityMajorityGroups?: string;
  machineNetwork?: { cidr: string }[];
  debugInfo: { eventsURL: string; logsURL: string; state?: string; stateInfo?: string };
  apiVIP?: string;
  apiVIPs?: string[];
  ingressVIP?: string;
  ingressVIPs?: string[];
  userManagedNetworking?: boolean;
  platformType?: string;
  validationsInfo?: JsonObject;
}

export type ClusterInstall = Resource<ClusterInstallSpec, ClusterInstallStatus>;

export interface ClusterImageSet extends KubeObject {
  spec: { releaseImage: string };
}

export interface AgentSpec {
  clusterDeploymentName?: NamespacedRef | null;
  role?: string;
  hostname?: string;
  machineConfigPool?: string;
  approved: boolean;
  installation_disk_id?: string;
  installation_disk_path?: string;
  installerArgs?: string;
  ignitionConfigOverrides?: string;
  ignitionEndpointTokenReference?: NamespacedRef | null;
  ignitionEndpointHTTPHeaders?: Record<string, string> | null;
  nodeLabels?: Record<string, string> | null;
  fencingCredentialsSecretRef?: string;
}

export interface ApprovedCsr {
  name: string;
  type: 'client' | 'serving';
  approvedAt: string | null;
}

export interface AgentStatus {
  bootstrap?: boolean | undefined;
  role?: string;
  inventory?: JsonObject;
  progress?: {
    currentStage?: string;
    progressStages?: string[];
    progressInfo?: string;
    installationPercentage?: number;
    stageStartTime?: string;
    stageUpdateTime?: string;
  };
  ntpSources?: { sourceName?: string; sourceState?: string }[];
  conditions?: Condition[];
  debugInfo: { eventsURL?: string; logsURL?: string; state?: string; stateInfo?: string };
  validationsInfo?: JsonObject;
  installation_disk_id?: string;
  deprovision_info?:
    | { cluster_name?: string; cluster_namespace?: string; node_name?: string; message?: string }
    | undefined;
  csrStatus?: { approvedCSRs?: ApprovedCsr[]; lastApprovalAttempt?: string };
  kind?: string;
}

export type Agent = Resource<AgentSpec, AgentStatus>;

export interface Secret extends KubeObject {
  /** Values in base64. */
  data?: Record<string, string> | null;
}

export interface ConfigMap extends KubeObject {
  data?: Record<string, string> | null;
}
