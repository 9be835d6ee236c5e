/** New clusters. Upstream: assisted-service, internal/bminventory/inventory.go, RegisterClusterInternal. */

import type { Core } from '../core/core.ts';
import type { ClusterRow } from '../core/rows.ts';
import { booleanField, integerField, objectField, objectsField, requiredText, textField } from '../core/wire.ts';
import { builtinOperators, chosenOperators } from '../operators/operators.ts';
import { type JsonObject, type KubeKey, OperationError } from '../service-api.ts';
import { checkBaseDomain, checkClusterName, checkSshKey } from '../validations/names.ts';
import type { Release } from '../versions/versions.ts';
import { addCluster, newCluster } from './new-cluster.ts';
import {
  checkEncryption,
  checkEndpoint,
  checkNetworkType,
  checkNtp,
  checkProxiesAndTags,
  checkSecret,
  defaultNetworkType,
} from './parameter-checks.ts';
import {
  checkControlPlane,
  checkDualStack,
  checkVips,
  cidrsField,
  clusterNetworksField,
  controlPlane,
  platformOfNew,
  type VipPlan,
  vipsField,
} from './parameters.ts';
import { clusterView } from './view.ts';

const DEFAULT_CLUSTER_NETWORK = { cidr: '10.128.0.0/14', hostPrefix: 23 };
const DEFAULT_SERVICE_NETWORK = '172.30.0.0/16';
/** Platforms that leave the networking to the user. */
const USER_MANAGED: readonly string[] = ['none', 'external'];

/** Networking as it is asked for, with defaults for what is not. */
interface NewNetworking extends Omit<VipPlan, 'clusterNetworks' | 'userManaged'> {
  readonly userManagedWanted: boolean | undefined;
  readonly pods: ClusterRow['clusterNetworks'];
}

export function registerCluster(core: Core, body: JsonObject, kubeKey?: KubeKey): JsonObject {
  const name = requiredText(body, 'name');
  const version = requiredText(body, 'openshift_version');
  const secret = requiredText(body, 'pull_secret');
  const { count, mode } = controlPlane({
    count: integerField(body, 'control_plane_count'),
    mode: textField(body, 'high_availability_mode'),
  });
  checkControlPlane(count, mode, version);
  const networking = newNetworking(body);
  checkNetworking(networking, networking.userManagedWanted ?? false);
  const { platform, userManaged } = platformOfNew(body, count, networking.userManagedWanted);
  if (userManaged) checkVips(vipPlan(networking, userManaged));
  checkClusterName(name, String(platform.type));
  checkNewTexts(body);
  const { release, architecture } = releaseOfNew(core, body, version, kubeKey);
  checkSecret(core, secret, release.url);
  const networkType = textField(body, 'network_type') ?? defaultNetworkType(release, count);
  checkNetworkType(networkType, release.version, count);
  if (networking.loadBalancer === 'user-managed' && USER_MANAGED.includes(String(platform.type)))
    throw new OperationError(400, `A user-managed load balancer does not go with platform ${platform.type}`);

  const cluster = newCluster(core.uuid(), 'Cluster', name, core.clock.now(), kubeKey);
  Object.assign(cluster, {
    openshiftVersion: release.version,
    releaseImage: release.url,
    cpuArchitecture: release.cpuArchitectures.length > 1 ? 'multi' : architecture,
    controlPlaneCount: count,
    highAvailabilityMode: mode,
    platform,
    userManagedNetworking: userManaged,
    networkType,
    pullSecret: secret,
    status: 'insufficient',
    statusInfo: 'Cluster is not ready for install',
    ...networkingFields(networking),
    ...wishes(core, body),
  } satisfies Partial<ClusterRow>);
  cluster.operators = [
    ...builtinOperators(core.settings.CHECK_CLUSTER_VERSION),
    ...chosenOperators(objectsField(body, 'olm_operators') ?? [], cluster),
  ];
  addCluster(core, cluster);
  return clusterView(cluster);
}

function newNetworking(body: JsonObject): NewNetworking {
  const legacy = textField(body, 'cluster_network_cidr');
  const legacyNetwork = () => ({ cidr: legacy!, hostPrefix: integerField(body, 'cluster_network_host_prefix') ?? 23 });
  return {
    userManagedWanted: booleanField(body, 'user_managed_networking'),
    dhcp: booleanField(body, 'vip_dhcp_allocation') ?? false,
    loadBalancer: String(objectField(body, 'load_balancer')?.type ?? 'cluster-managed'),
    apiVips: vipsField(body, 'api_vips') ?? [],
    ingressVips: vipsField(body, 'ingress_vips') ?? [],
    pods: clusterNetworksField(body) ?? [legacy ? legacyNetwork() : DEFAULT_CLUSTER_NETWORK],
    serviceNetworks: cidrsField(body, 'service_networks') ?? [
      textField(body, 'service_network_cidr') ?? DEFAULT_SERVICE_NETWORK,
    ],
    machineNetworks: cidrsField(body, 'machine_networks') ?? [],
  };
}

function vipPlan({ userManagedWanted: _, pods, ...networking }: NewNetworking, userManaged: boolean): VipPlan {
  return { ...networking, clusterNetworks: pods.map(({ cidr }) => cidr), userManaged };
}

function checkNetworking(networking: NewNetworking, userManaged: boolean): void {
  const plan = vipPlan(networking, userManaged);
  checkVips(plan);
  checkDualStack(plan.clusterNetworks, plan.serviceNetworks, plan.machineNetworks);
}

function checkNewTexts(body: JsonObject): void {
  checkBaseDomain(textField(body, 'base_dns_domain') ?? '');
  checkSshKey(sshKeyOf(body));
  checkProxiesAndTags(body);
  checkEncryption(objectField(body, 'disk_encryption') ?? {});
  checkEndpoint(objectField(body, 'ignition_endpoint'));
}

const sshKeyOf = (body: JsonObject) => (textField(body, 'ssh_public_key') ?? '').trim();

/** The release that is to be installed. @throws OperationError 400 for one that is not offered. */
function releaseOfNew(
  core: Core,
  body: JsonObject,
  version: string,
  kubeKey: KubeKey | undefined,
): { release: Release; architecture: string } {
  const { settings, versions } = core;
  const image = textField(body, 'ocp_release_image');
  // A ClusterImageSet may name any image; its version was looked up before.
  if (image && !kubeKey && !settings.RELEASE_IMAGES.some((release) => release.url === image))
    throw new OperationError(400, `Release image ${image} is unknown`);
  checkNtp(textField(body, 'additional_ntp_source'), textField(body, 'ntp_sources'));
  const architecture = textField(body, 'cpu_architecture') ?? 'x86_64';
  const release = kubeKey && image ? versions.releaseByUrl(image) : versions.release(version, architecture);
  if (settings.ENABLE_IMAGE_SERVICE && release.cpuArchitectures.length === 1)
    versions.osImageVersion(release.version, architecture);
  return { release, architecture };
}

function networkingFields({ pods, dhcp, userManagedWanted: _, ...rest }: NewNetworking): Partial<ClusterRow> {
  return {
    apiVips: [...rest.apiVips],
    ingressVips: [...rest.ingressVips],
    clusterNetworks: pods,
    serviceNetworks: [...rest.serviceNetworks],
    machineNetworks: [...rest.machineNetworks],
    loadBalancer: rest.loadBalancer,
    vipDhcpAllocation: dhcp,
  };
}

/** What else can be asked of a new cluster, with defaults for what is not. */
function wishes({ settings }: Core, body: JsonObject): Partial<ClusterRow> {
  const encryption = objectField(body, 'disk_encryption') ?? {};
  const ntpSources = textField(body, 'ntp_sources');
  return {
    baseDnsDomain: textField(body, 'base_dns_domain') ?? '',
    sshPublicKey: sshKeyOf(body),
    httpProxy: textField(body, 'http_proxy') ?? '',
    httpsProxy: textField(body, 'https_proxy') ?? '',
    noProxy: textField(body, 'no_proxy') ?? '',
    additionalNtpSource: textField(body, 'additional_ntp_source') ?? (ntpSources ? '' : settings.NTP_DEFAULT_SERVER),
    ntpSources: ntpSources ?? '',
    hyperthreading: textField(body, 'hyperthreading') ?? 'all',
    schedulableMasters: booleanField(body, 'schedulable_masters') ?? false,
    diskEncryption: {
      enableOn: String(encryption.enable_on ?? 'none'),
      mode: String(encryption.mode ?? 'tpmv2'),
      tangServers: String(encryption.tang_servers ?? ''),
    },
    ignitionEndpoint: objectField(body, 'ignition_endpoint') ?? {},
    tags: textField(body, 'tags') ?? '',
    operatorBundles: objectsField(body, 'operator_bundles') ?? [],
  };
}
