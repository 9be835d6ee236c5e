/** Rows of clusters, infra-envs and hosts, in memory. Times are simulated milliseconds, 0 = never. */

import type { InventoryFacts } from '../host/inventory.ts';
import type { LateEncryption } from '../host/late-encryption.ts';
import type { ConnectivityFacts } from '../network/connectivity-facts.ts';
import type { JsonObject, KubeKey } from '../service-api.ts';
import type { ValidationResult } from '../validations/results.ts';
import { type PackedText, TextPacker, unpackedText } from './packed-texts.ts';

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
  status: string;
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
  status = '';
  statusInfo = '';
  statusUpdatedAt = 0;
  role = 'auto-assign';
  suggestedRole = 'auto-assign';
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
  stage = '';
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

/** Everything the service knows. */
export class Store {
  readonly clusters = new Map<string, ClusterRow>();
  readonly infraEnvs = new Map<string, InfraEnvRow>();
  /** Ids of deleted hosts by infra-env, of those that stand. */
  readonly #deletedHosts = new Map<string, Set<string>>();
  readonly #clustersByKube = new Map<string, ClusterRow>();
  readonly #infraEnvsByKube = new Map<string, InfraEnvRow>();
  readonly #hostsByKube = new Map<string, HostRow>();

  addCluster(cluster: ClusterRow): void {
    this.clusters.set(cluster.id, cluster);
    if (cluster.kubeKey) this.#clustersByKube.set(kubeText(cluster.kubeKey), cluster);
  }

  removeCluster(cluster: ClusterRow): void {
    this.clusters.delete(cluster.id);
    if (cluster.kubeKey) this.#clustersByKube.delete(kubeText(cluster.kubeKey));
  }

  clusterByKube(key: KubeKey): ClusterRow | undefined {
    return this.#clustersByKube.get(kubeText(key));
  }

  addInfraEnv(infraEnv: InfraEnvRow): void {
    this.infraEnvs.set(infraEnv.id, infraEnv);
    if (infraEnv.kubeKey) this.#infraEnvsByKube.set(kubeText(infraEnv.kubeKey), infraEnv);
  }

  removeInfraEnv(infraEnv: InfraEnvRow): void {
    this.infraEnvs.delete(infraEnv.id);
    this.#deletedHosts.delete(infraEnv.id);
    if (infraEnv.kubeKey) this.#infraEnvsByKube.delete(kubeText(infraEnv.kubeKey));
  }

  infraEnvByKube(key: KubeKey): InfraEnvRow | undefined {
    return this.#infraEnvsByKube.get(kubeText(key));
  }

  /** The host whose Agent has this key; its name is the host's id. */
  hostByKube(key: KubeKey): HostRow | undefined {
    return this.#hostsByKube.get(kubeText(key));
  }

  setKubeNamespace(host: HostRow, namespace: string): void {
    this.#forgetAgent(host);
    host.kubeNamespace = namespace;
    if (namespace !== '') this.#hostsByKube.set(kubeText({ namespace, name: host.id }), host);
  }

  #forgetAgent(host: HostRow): void {
    const key = kubeText({ namespace: host.kubeNamespace, name: host.id });
    if (this.#hostsByKube.get(key) === host) this.#hostsByKube.delete(key);
  }

  /** Whether a host was deleted, or its infra-env with it: its events can be asked for alone. */
  isDeletedHost(infraEnvId: string, hostId: string): boolean {
    if (infraEnvId === '') return false;
    return !this.infraEnvs.has(infraEnvId) || (this.#deletedHosts.get(infraEnvId)?.has(hostId) ?? false);
  }

  /** Whether a cluster or an infra-env of this id is there. */
  stands(id: string): boolean {
    return this.clusters.has(id) || this.infraEnvs.has(id);
  }

  /** Hosts that are there. */
  get hosts(): number {
    let count = 0;
    for (const { hosts } of this.infraEnvs.values()) count += hosts.size;
    return count;
  }

  addHost(host: HostRow): void {
    host.infraEnv.hosts.set(host.id, host);
    this.#deletedHosts.get(host.infraEnv.id)?.delete(host.id);
    if (host.cluster) attach(host, host.cluster);
  }

  removeHost(host: HostRow): void {
    host.infraEnv.hosts.delete(host.id);
    const { id } = host.infraEnv;
    // The host of an Agent outlives its infra-env.
    if (this.infraEnvs.has(id)) {
      const deleted = this.#deletedHosts.get(id) ?? new Set();
      this.#deletedHosts.set(id, deleted.add(host.id));
    }
    this.#forgetAgent(host);
    if (host.cluster) detach(host, host.cluster);
  }

  /** Binds a host to a cluster, or frees it. */
  moveHost(host: HostRow, cluster: ClusterRow | undefined): void {
    if (host.cluster === cluster) return;
    if (host.cluster) detach(host, host.cluster);
    host.cluster = cluster;
    if (cluster) attach(host, cluster);
  }
}

function kubeText({ namespace, name }: KubeKey): string {
  return `${namespace}/${name}`;
}

function attach(host: HostRow, cluster: ClusterRow): void {
  cluster.hosts.push(host);
  touchMembers(cluster);
}

function detach(host: HostRow, cluster: ClusterRow): void {
  const at = cluster.hosts.indexOf(host);
  if (at >= 0) cluster.hosts.splice(at, 1);
  touchMembers(cluster);
}

/** To be called when anything changed that peers' connectivity checks or groups depend on. */
export function touchMembers(cluster: ClusterRow): void {
  cluster.membersVersion++;
  cluster.connectivityVersion++;
}

/** The role that counts: what is set, else what is suggested. */
export function effectiveRole(host: HostRow): string {
  if (host.role === 'auto-assign' && host.suggestedRole !== '') return host.suggestedRole;
  return host.role === 'bootstrap' ? 'master' : host.role;
}

export function isDay2Host(host: HostRow): boolean {
  return host.kind === 'AddToExistingClusterHost';
}

/** Whether a host's stages end with its reboot: nobody follows a day-2 host further, unless it has an Agent. */
export function endsWithReboot(host: HostRow): boolean {
  return isDay2Host(host) && host.kubeNamespace === '';
}

export function isDay2Cluster(cluster: ClusterRow): boolean {
  return cluster.kind === 'AddHostsCluster';
}

export function isSingleNode(cluster: ClusterRow | undefined): boolean {
  return cluster?.controlPlaneCount === 1;
}

/** Requested name, else the one of the inventory; empty when neither is known. */
export function hostnameOf(host: HostRow): string {
  return host.requestedHostname || host.inventory?.hostname || '';
}

/** Name for people: falls back to the id. */
export function displayName(host: HostRow): string {
  return hostnameOf(host) || host.id;
}

/** Speed of the installation disk; undefined while it is not measured. */
export function installationDiskSpeed(host: HostRow): DiskSpeed | undefined {
  const speed = host.diskSpeeds.get(host.installationDiskId);
  return speed?.tested ? speed : undefined;
}

/** Two control-plane nodes whose members carry fencing credentials instead of an arbiter. */
export function isFencingCluster(cluster: ClusterRow): boolean {
  return (
    cluster.controlPlaneCount === 2 &&
    cluster.hosts.length > 0 &&
    cluster.hosts.filter((host) => effectiveRole(host) !== 'worker').every((host) => host.fencingCredentials !== '')
  );
}
