/** New clusters. Upstream: assisted-service, internal/bminventory/inventory.go, RegisterClusterInternal. */

import type { Core } from '../core/core.ts';
import type { ClusterRow } from '../core/rows.ts';
import { booleanField, integerField, objectField, objectsField, refuse, textField } from '../core/wire.ts';
import { featureFacts, listsOf } from '../features/facts.ts';
import { compatibilityProblem, hasFeature, versionProblem } from '../features/feature-checks.ts';
import { cidrsProblem } from '../network/cidr-checks.ts';
import { networkFamiliesProblem, primaryStackOf } from '../network/dual-stack.ts';
import { normalizeCidr } from '../network/networks.ts';
import { builtinOperators, chosenOperators } from '../operators/choice.ts';
import type { JsonObject, KubeKey } from '../service-api.ts';
import { domainProblem } from '../validations/domains.ts';
import { clusterNameProblem, ntpSourcesProblem, tagsProblem } from '../validations/names.ts';
import { sshKeysProblem } from '../validations/ssh-keys.ts';
import { compareBase, type Release } from '../versions/versions.ts';
import { type NetworkingRequest, networkingRequest, vipRows } from './networking-request.ts';
import { addCluster, newCluster } from './new-cluster.ts';
import {
  clusterProxiesProblem,
  controlPlane,
  controlPlaneProblem,
  defaultNetworkType,
  encryptionProblem,
  endpointProblem,
  secretProblem,
} from './parameter-checks.ts';
import { type Platform, platformOfNew, platformRow } from './platform.ts';
import { clusterView } from './view.ts';
import { vipPlanProblem } from './vip-parameters.ts';

const DEFAULT_POD_NETWORK = { cidr: '10.128.0.0/14', hostPrefix: 23 };
const DEFAULT_SERVICE_NETWORK = '172.30.0.0/16';

/** What a request comes to, with defaults for what it does not say. */
interface NewCluster {
  readonly body: JsonObject;
  readonly name: string;
  readonly version: string;
  readonly secret: string;
  readonly count: number;
  readonly mode: string;
  readonly networking: NetworkingRequest;
  readonly platform: Platform;
  readonly userManaged: boolean | undefined;
  readonly networkType: string;
}

export function registerCluster(core: Core, body: JsonObject, kubeKey?: KubeKey): JsonObject {
  const wanted = newClusterOf(body);
  checkWishes(wanted);
  const { release, architecture } = releaseOfNew(core, wanted, kubeKey);
  const cluster = newCluster(core.uuid(), 'Cluster', wanted.name, core.clock.now(), kubeKey);
  Object.assign(cluster, {
    openshiftVersion: release.version,
    releaseImage: release.url,
    cpuArchitecture: release.cpuArchitectures.length > 1 ? 'multi' : architecture,
    controlPlaneCount: wanted.count,
    highAvailabilityMode: wanted.mode,
    platform: platformRow(wanted.platform),
    userManagedNetworking: wanted.userManaged,
    networkType: wanted.networkType,
    pullSecret: wanted.secret,
    status: 'insufficient',
    statusInfo: 'Cluster is not ready for install',
    ...networkingFields(wanted.networking),
    ...wishes(core, body),
  } satisfies Partial<ClusterRow>);
  setPrimaryStack(cluster, wanted.networking);
  const watched = builtinOperators(core.settings.CHECK_CLUSTER_VERSION);
  const [bundles, operators] = ['operator_bundles', 'olm_operators'].map((field) => objectsField(body, field));
  cluster.operators = [
    ...watched,
    ...chosenOperators({ watched, bundles, operators }, cluster, [textField(body, 'cpu_architecture') ?? '']),
  ];
  checkWhole(core, cluster, wanted);
  addCluster(core, cluster);
  return clusterView(cluster);
}

/** @throws OperationError 400 for networks or nodes that cannot be. */
function newClusterOf(body: JsonObject): NewCluster {
  const name = textField(body, 'name') ?? '';
  const version = textField(body, 'openshift_version') ?? '';
  const secret = textField(body, 'pull_secret') ?? '';
  const networking = networkingRequest(body);
  refuse(primaryStackOf(networking).problem);
  const { count, mode } = controlPlane({
    count: integerField(body, 'control_plane_count'),
    mode: textField(body, 'high_availability_mode'),
  });
  refuse(controlPlaneProblem(count, mode, version));
  checkNetworking(networking, version, textField(body, 'cpu_architecture') ?? '');
  const { platform, userManaged } = platformOfNew(body, count, networking.userManaged);
  const networkType = networking.networkType ?? defaultNetworkType({ version }, count);
  return { body, name, version, secret, count, mode, networking, platform, userManaged, networkType };
}

function checkNetworking(networking: NetworkingRequest, version: string, architecture: string): void {
  const { apiVips = [], ingressVips = [], vipDhcp = false, userManaged = false } = networking;
  if ((apiVips.length > 1 || ingressVips.length > 1) && !hasFeature('dual-stack-vips', version, architecture))
    refuse(`dual-stack VIPs are not supported in OpenShift ${version}`);
  const loadBalancer = networking.loadBalancer ?? 'cluster-managed';
  refuse(vipPlanProblem({ ...networking, version, userManaged, vipDhcp, loadBalancer }));
  refuse(cidrsProblem(networking));
  refuse(networkFamiliesProblem(networking, { version, loadBalancer, isDualStack: false }));
}

const FIRST_VERSION_WITH_SINGLE_NODE = '4.8';
const FIRST_VERSION_WITH_NUTANIX = '4.11';

/** @throws OperationError 400 for the first wish that cannot be. Upstream: validateRegisterClusterInternalParams. */
function checkWishes(wanted: NewCluster): void {
  const { body, version, count, mode, platform } = wanted;
  refuse(clusterProxiesProblem(body, version));
  refuse(encryptionProblem(objectField(body, 'disk_encryption')));
  if (count === 1) refuse(singleNodeProblem(wanted));
  if (platform.type === 'nutanix' && compareBase(version, FIRST_VERSION_WITH_NUTANIX) < 0) {
    refuse(`Invalid OCP version (${version}) for Nutanix, Nutanix integration is supported for version 4.11 and above`);
  }
  refuse(endpointProblem(objectField(body, 'ignition_endpoint')));
  const additional = textField(body, 'additional_ntp_source');
  if (additional) refuse(ntpSourcesProblem(additional));
  const sources = textField(body, 'ntp_sources');
  if (sources) {
    if (additional) refuse('ntp_sources and additional_ntp_source are mutually exclusive');
    refuse(ntpSourcesProblem(sources));
  }
  refuse(tagsProblem(textField(body, 'tags') ?? ''));
  if (count === 1 && platform.type !== 'none' && platform.type !== 'external')
    refuse(`Single node cluster is not supported alongside ${platform.type} platform`);
  refuse(controlPlaneProblem(count, mode, version));
}

function singleNodeProblem({ version, userManaged, networking, networkType }: NewCluster): string | undefined {
  if (compareBase(version, FIRST_VERSION_WITH_SINGLE_NODE) < 0)
    return `Invalid OCP version (${version}) for Single node, Single node OpenShift is supported for version 4.8 and above`;
  if (userManaged === false) return 'User Managed Networking must be enabled on single node OpenShift';
  if (networking.vipDhcp) return 'VIP DHCP Allocation cannot be enabled on single node OpenShift';
  return networkType === 'OpenShiftSDN' ? 'OpenShiftSDN network type is not allowed in single node mode' : undefined;
}

/** The release that is to be installed. @throws OperationError 400 for one that is not offered. */
function releaseOfNew(
  { settings, versions }: Core,
  { body, version }: NewCluster,
  kubeKey: KubeKey | undefined,
): { release: Release; architecture: string } {
  const architecture = textField(body, 'cpu_architecture') || 'x86_64';
  const isAlways = architecture === 'multi' || architecture === 'x86_64';
  if (!isAlways && !versions.osArchitectures(version).includes(architecture))
    refuse(`Requested CPU architecture ${architecture} is not available`);
  const image = textField(body, 'ocp_release_image');
  // A ClusterImageSet may name any image; its version was looked up before.
  const release = !image
    ? versions.release(version, architecture)
    : kubeKey
      ? versions.releaseByUrl(image)
      : versions.releaseOfImage(image, architecture);
  const [only, ...others] = release.cpuArchitectures;
  if (settings.ENABLE_IMAGE_SERVICE && others.length === 0 && !versions.hasOsImage(release.openshiftVersion, only!))
    refuse(`No OS images are available for version ${release.openshiftVersion} and architecture ${only}`);
  return { release, architecture };
}

/** @throws OperationError 400 when defaults come first in another family than what was given. */
function setPrimaryStack(cluster: ClusterRow, networking: NetworkingRequest): void {
  const { family, problem } = primaryStackOf({
    ...listsOf(cluster),
    machineNetworks: networking.machineNetworks,
    serviceNetworks: networking.serviceNetworks ?? [DEFAULT_SERVICE_NETWORK],
    clusterNetworks: networking.clusterNetworks ?? [DEFAULT_POD_NETWORK.cidr],
  });
  refuse(problem);
  cluster.primaryStack = family;
}

/** What is looked at when the row is whole. @throws OperationError 400 for the first that cannot be. */
function checkWhole(core: Core, cluster: ClusterRow, { body, name, secret, platform }: NewCluster): void {
  const facts = featureFacts(cluster);
  refuse(versionProblem(cluster, facts));
  refuse(compatibilityProblem(cluster, facts, textField(body, 'cpu_architecture') ?? ''));
  const wrong = secretProblem(core, secret, cluster.releaseImage);
  if (wrong !== undefined) refuse(`pull secret for new cluster is invalid: ${wrong}`);
  refuse(clusterNameProblem(name, platform.type));
  if (cluster.baseDnsDomain !== '') refuse(domainProblem(name, cluster.baseDnsDomain));
  if ((textField(body, 'ssh_public_key') ?? '') !== '') refuse(sshKeysProblem(cluster.sshPublicKey));
}

function networkingFields(networking: NetworkingRequest): Partial<ClusterRow> {
  // Networks that come twice are stored once.
  const networks = (list: readonly string[]) => [...new Set(list.map((cidr) => normalizeCidr(cidr) ?? cidr))];
  const pods = (networking.podNetworks ?? [DEFAULT_POD_NETWORK]).map(({ cidr, hostPrefix }) => ({
    cidr: normalizeCidr(cidr) ?? cidr,
    hostPrefix,
  }));
  return {
    apiVips: vipRows(networking.apiVips, networking.verifications),
    ingressVips: vipRows(networking.ingressVips, networking.verifications),
    clusterNetworks: [...new Map(pods.toReversed().map((network) => [network.cidr, network])).values()].toReversed(),
    serviceNetworks: networks(networking.serviceNetworks ?? [DEFAULT_SERVICE_NETWORK]),
    machineNetworks: networks(networking.machineNetworks ?? []),
    loadBalancer: networking.loadBalancer || 'cluster-managed',
    vipDhcpAllocation: networking.vipDhcp ?? false,
  };
}

/** What else can be asked of a new cluster, with defaults for what is not. */
function wishes({ settings }: Core, body: JsonObject): Partial<ClusterRow> {
  const encryption = objectField(body, 'disk_encryption') ?? {};
  const ntpSources = textField(body, 'ntp_sources');
  return {
    baseDnsDomain: textField(body, 'base_dns_domain') ?? '',
    sshPublicKey: (textField(body, 'ssh_public_key') ?? '').trim(),
    httpProxy: textField(body, 'http_proxy') ?? '',
    httpsProxy: textField(body, 'https_proxy') ?? '',
    noProxy: textField(body, 'no_proxy') ?? '',
    additionalNtpSource:
      textField(body, 'additional_ntp_source') ?? (ntpSources === undefined ? settings.NTP_DEFAULT_SERVER : ''),
    ntpSources: ntpSources ?? '',
    hyperthreading: textField(body, 'hyperthreading') ?? 'all',
    schedulableMasters: booleanField(body, 'schedulable_masters') ?? false,
    diskEncryption: {
      enableOn: textField(encryption, 'enable_on') || 'none',
      mode: textField(encryption, 'mode') || 'tpmv2',
      tangServers: textField(encryption, 'tang_servers') ?? '',
    },
    ignitionEndpoint: objectField(body, 'ignition_endpoint') ?? {},
    tags: textField(body, 'tags') ?? '',
    operatorBundles: objectsField(body, 'operator_bundles') ?? [],
  };
}
