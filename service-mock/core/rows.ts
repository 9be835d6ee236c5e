/**
 * Rows of clusters, infra-envs and hosts, in memory. They refer to one another, so they are one file. Times are simulated milliseconds,
 * 0 = never.
 */

import type { ClusterStatus, HostRole, HostStage, HostStatus } from '../../model/protocol/states.ts';
import type { InventoryFacts } from '../host/inventory.ts';
import type { LateEncryption } from '../host/late-encryption.ts';
import type { ConnectivityFacts } from '../network/connectivity-facts.ts';
import type { JsonObject, KubeKey } from '../service-api.ts';
import type { ValidationResult } from '../validations/results.ts';
import { type PackedText, TextPacker, unpackedText } from './packed-texts.ts';

/** Status of a row; empty before it was registered. */
export type HostState = HostStatus | '';
export type ClusterState = ClusterStatus | '';

export interface VipRow {
  ip: string;
  verification: string;
}

export interface OperatorRow {
  name: string;
  type: 'builtin' | 'olm';
  namespace: string;
  subscriptionName: string;
  timeoutSeconds: number;
  properties: string;
  dependencyOnly: boolean;
  status: string;
  statusInfo: string;
  version: string;
  statusUpdatedAt: number;
}

export interface ManifestRow {
  folder: 'manifests' | 'openshift';
  fileName: string;
  content: Buffer;
  source: 'user' | 'system';
}

export interface ClusterRow {
  readonly id: string;
  /** Of its ClusterDeployment; undefined when it was made by REST. */
  readonly kubeKey: KubeKey | undefined;
  kind: string;
  name: string;
  openshiftVersion: string;
  releaseImage: string;
  baseDnsDomain: string;
  cpuArchitecture: string;
  controlPlaneCount: number;
  highAvailabilityMode: string;
  platform: JsonObject;
  userManagedNetworking: boolean | undefined;
  vipDhcpAllocation: boolean | undefined;
  loadBalancer: string;
  networkType: string | undefined;
  apiVips: VipRow[];
  ingressVips: VipRow[];
  apiVipDnsName: string | undefined;
  clusterNetworks: { cidr: string; hostPrefix: number }[];
  serviceNetworks: string[];
  machineNetworks: string[];
  /** The family that comes first in all lists; undefined with one family. */
  primaryStack: 4 | 6 | undefined;
  sshPublicKey: string;
  pullSecret: string;
  httpProxy: string;
  httpsProxy: string;
  noProxy: string;
  additionalNtpSource: string;
  ntpSources: string;
  hyperthreading: string | undefined;
  schedulableMasters: boolean | undefined;
  diskEncryption: { enableOn: string; mode: string; tangServers: string };
  ignitionEndpoint: JsonObject;
  tags: string;
  imported: boolean;
  operatorBundles: JsonObject[];
  openshiftClusterId: string;
  installConfigOverrides: string;
  ignoredHostValidations: string;
  ignoredClusterValidations: string;
  operators: OperatorRow[];
  manifests: Map<string, ManifestRow>;
  status: ClusterState;
  statusInfo: string;
  statusUpdatedAt: number;
  createdAt: number;
  updatedAt: number;
  installStartedAt: number;
  installCompletedAt: number;
  preparation: { status: string; reason: string };
  progress: {
    total: number;
    preparing: number;
    installing: number;
    finalizing: number;
    finalizingStage: string;
    finalizingStageStartedAt: number;
    finalizingStageTimedOut: boolean;
  };
  logsInfo: string;
  controllerLogsCollectedAt: number;
  controllerLogsStartedAt: number;
  triggeredAt: number;
  validations: readonly ValidationResult[];
  connectivityGroups: string;
  groups: ConnectivityGroups | undefined;
  ipCollisions: string;
  collisions: ReadonlyMap<string, readonly string[]>;
  /** Counts changes of what the connectivity groups are computed from. */
  connectivityVersion: number;
  /** The version for which the groups were last computed. */
  groupsVersion: number;
  ingressCertUploaded: boolean;
  hosts: HostRow[];
  /** Grows whenever the members, their NICs or their participation changed; keys the connectivity-check arguments. */
  membersVersion: number;
  /** Cached pieces of connectivity-check arguments. */
  connectivityArguments: { version: number; pieces: Map<string, string>; joined: string } | undefined;
  throttle: { admitted: number[]; waiting: string[] };
}

export interface ConnectivityGroups {
  majority: ReadonlyMap<string, ReadonlySet<string>>;
  l3Addresses: ReadonlyMap<string, readonly string[]>;
}

export interface InfraEnvRow {
  readonly id: string;
  /** Of its InfraEnv; undefined when it was made by REST. */
  readonly kubeKey: KubeKey | undefined;
  name: string;
  clusterId: string;
  openshiftVersion: string;
  cpuArchitecture: string;
  type: string;
  proxy: JsonObject;
  additionalNtpSources: string;
  ntpSources: string;
  sshAuthorizedKey: string;
  pullSecret: string;
  staticNetworkConfig: string;
  /** When the image was last made, though its URL may be older. */
  generatedAt: number;
  rendezvousIp: string | undefined;
  ignitionConfigOverride: string;
  /** Laid over the discovery ignition before the user's; empty for none. */
  internalIgnitionOverride: string;
  kernelArguments: string | undefined;
  additionalTrustBundle: string;
  networkDiscoveryDelaySeconds: number | undefined;
  downloadUrl: string;
  createdAt: number;
  updatedAt: number;
  hosts: Map<string, HostRow>;
}

export interface ImageStatus {
  name: string;
  result: string;
  size_bytes?: number;
  time?: number;
  download_rate?: number;
}

export interface DiskSpeed {
  path: string;
  exitCode: number;
  speedMs: number;
  /** False after the measurement was taken back. */
  tested: boolean;
}

export interface Resolution {
  domain_name: string;
  ipv4_addresses: readonly string[];
  ipv6_addresses: readonly string[];
  cnames: readonly string[];
}

/** Of all hosts: machines of one kind report nearly the same. */
const inventories = new TextPacker();
const reports = new TextPacker();

const NO_IMAGES: ReadonlyMap<string, ImageStatus> = new Map();
const NO_SPEEDS: ReadonlyMap<string, DiskSpeed> = new Map();

/** A host. Texts that it reports are kept packed: with a hundred thousand hosts they would be most of the memory. */
export class HostRow {
  readonly id: string;
  readonly infraEnv: InfraEnvRow;
  cluster: ClusterRow | undefined = undefined;
  /** Namespace of its Agent; empty without one. */
  kubeNamespace = '';
  /** Whether its Agent was approved. */
  approved = false;
  kind = 'Host';
  status: HostState = '';
  statusInfo = '';
  statusUpdatedAt = 0;
  role: HostRole | '' = 'auto-assign';
  suggestedRole: HostRole | '' = 'auto-assign';
  bootstrap = false;
  createdAt = 0;
  updatedAt = 0;
  registeredAt = 0;
  checkedInAt = 0;
  timestamp = 0;
  triggeredAt = 0;
  discoveryAgentVersion = '';
  requestedHostname = '';
  mediaStatus = '';
  stage: HostStage | '' = '';
  stageInfo = '';
  stageStartedAt = 0;
  stageUpdatedAt = 0;
  stageTimedOut = false;
  installationPercentage = 0;
  connectionTimedOut = false;
  packedInventory: PackedText = '';
  inventory: InventoryFacts | undefined = undefined;
  /** Fingerprint of the last report together with everything its treatment depends on. */
  inventoryKey = '';
  packedConnectivity: PackedText = '';
  connectivity: ConnectivityFacts | undefined = undefined;
  apiVipConnectivityText = '';
  apiVipConnectivity:
    | {
        isSuccess: boolean;
        url: string;
        downloadError: string;
        managedNetworking: boolean;
        encryption: LateEncryption;
      }
    | undefined = undefined;
  tangConnectivity = '';
  freeAddressesText = '';
  ntpSourcesText = '';
  ntpSynced = false;
  domainResolutionsText = '';
  domainResolutions: readonly Resolution[] | undefined = undefined;
  imageStatuses = NO_IMAGES;
  diskSpeeds = NO_SPEEDS;
  installationDiskPath = '';
  installationDiskId = '';
  disksToBeFormatted = '';
  skipFormattingDisks = '';
  installerVersion = '';
  installerArgs = '';
  ignitionConfigOverrides = '';
  ignitionEndpointTokenSet = false;
  ignitionEndpointToken = '';
  ignitionEndpointHttpHeaders = '';
  machineConfigPoolName = '';
  nodeLabels = '';
  fencingCredentials = '';
  logsInfo = '';
  logsCollectedAt = 0;
  logsStartedAt = 0;
  validations: readonly ValidationResult[] = [];

  constructor(id: string, infraEnv: InfraEnvRow) {
    this.id = id;
    this.infraEnv = infraEnv;
  }

  get inventoryText(): string {
    return unpackedText(this.packedInventory);
  }

  set inventoryText(text: string) {
    this.packedInventory = inventories.pack(text);
  }

  get connectivityText(): string {
    return unpackedText(this.packedConnectivity);
  }

  set connectivityText(text: string) {
    this.packedConnectivity = reports.pack(text);
  }

  /** Another row that is as this one is now. */
  copy(): HostRow {
    return Object.assign(new HostRow(this.id, this.infraEnv), this);
  }

  forgetImages(): void {
    this.imageStatuses = NO_IMAGES;
  }

  addImage(image: ImageStatus): void {
    this.imageStatuses = new Map(this.imageStatuses).set(image.name, image);
  }

  addDiskSpeed(key: string, speed: DiskSpeed): void {
    this.diskSpeeds = new Map(this.diskSpeeds).set(key, speed);
  }
}
