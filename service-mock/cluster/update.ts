/** Changes of clusters. Upstream: assisted-service, internal/bminventory/inventory.go, v2UpdateClusterInternal and validateUpdateCluster. */

import { aboutCluster, type Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING } from '../core/lookup.ts';
import type { ClusterRow, OperatorRow } from '../core/rows.ts';
import { booleanField, integerField, objectField, objectsField, refuse, textField } from '../core/wire.ts';
import { type FeatureChange, featureFacts, listsOf } from '../features/facts.ts';
import { compatibilityProblem, hasFeature, versionProblem } from '../features/feature-checks.ts';
import { refreshHost } from '../host/state-machine/machine.ts';
import { cidrsProblem } from '../network/cidr-checks.ts';
import { isDualStack, networkFamiliesProblem, otherStackProblem, primaryStackOf } from '../network/dual-stack.ts';
import { builtinOperators, chosenOperators } from '../operators/choice.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { domainProblem } from '../validations/domains.ts';
import { clusterNameProblem, ntpSourcesProblem, tagsProblem } from '../validations/names.ts';
import { sshKeysProblem } from '../validations/ssh-keys.ts';
import { notUpdatable, touchCluster } from './changes.ts';
import { type NetworkingRequest, networkingRequest } from './networking-request.ts';
import { type NetworkingDraft, networkingDraft } from './networking-update.ts';
import {
  clusterProxiesProblem,
  controlPlaneProblem,
  encryptionProblem,
  endpointProblem,
  secretProblem,
} from './parameter-checks.ts';
import { type Platform, platformChange, platformOf, platformRow } from './platform.ts';
import { refreshCluster } from './state-machine/machine.ts';
import { isDay2Cluster, isSingleNode } from './traits.ts';
import { clusterView } from './view.ts';
import { managedVipsProblem, vipPlanProblem } from './vip-parameters.ts';

/** Everything that is checked before anything is changed. */
interface ClusterChange {
  readonly networking: NetworkingDraft;
  readonly primaryStack: 4 | 6 | undefined;
  readonly platform: Platform | undefined;
  readonly operators: OperatorRow[] | undefined;
}

/**
 * Changes a cluster by the fields of a request.
 * @param options `interactive` false takes networks as they are given and leaves states to the monitor, as for custom resources.
 */
export function updateCluster(core: Core, id: string, body: JsonObject, { interactive = true } = {}): JsonObject {
  const cluster = clusterOf(core, id, ON_CHANGING);
  const change = checkedChange(core, cluster, body, interactive);
  Object.assign(cluster, change.networking, { primaryStack: change.primaryStack });
  if (change.platform) cluster.platform = platformRow(change.platform, cluster.platform);
  const { operators } = change;
  if (operators) cluster.operators = [...cluster.operators.filter(({ type }) => type === 'builtin'), ...operators];
  assignRest(cluster, body);
  const proxyBefore = proxyOf(cluster);
  assignTexts(cluster, body);
  touchCluster(core, cluster);
  if (interactive) settle(core, cluster);
  if (proxyBefore !== proxyOf(cluster)) core.events.emit('proxy_settings_changed', aboutCluster(cluster));
  return clusterView(cluster);
}

/** Hosts and their cluster follow at once, as users wait for it. */
function settle(core: Core, cluster: ClusterRow): void {
  for (const host of [...cluster.hosts]) refreshHost(core, host);
  refreshCluster(core, cluster);
}

function proxyOf({ httpProxy, httpsProxy, noProxy }: ClusterRow): string {
  return [httpProxy, httpsProxy, noProxy].join(' ');
}

/** @throws OperationError for the first that does not go with the cluster. */
function checkedChange(core: Core, cluster: ClusterRow, body: JsonObject, interactive: boolean): ClusterChange {
  const request = networkingRequest(body);
  const primaryStack = primaryStackAfter(cluster, request);
  checkIdentity(core, cluster, body);
  checkNetworks(cluster, request);
  checkAccess(body);
  const loadBalancer = request.loadBalancer ?? (cluster.loadBalancer || 'cluster-managed');
  const { openshiftVersion: version } = cluster;
  refuse(networkFamiliesProblem(request, { version, loadBalancer, isDualStack: isDualStack(listsOf(cluster)) }));
  refuse(clusterProxiesProblem(body, version));
  const problem = notUpdatable(cluster);
  if (problem !== undefined) throw new OperationError(409, problem);
  const { platform, userManaged } = platformChange(cluster, body, request.userManaged);
  const wanted = { ...request, userManaged };
  checkSingleNode(cluster, wanted);
  checkDomain(cluster, body);
  refuse(encryptionProblem(objectField(body, 'disk_encryption')));
  if (isSingleNode(cluster) && platform && platform.type !== 'none' && platform.type !== 'external')
    refuse(`Single node cluster is not supported alongside ${platform.type} platform`);
  checkFeatures(core, cluster, featureChange(body, wanted, platform));
  const networking = networkingDraft(cluster, wanted, interactive);
  checkTexts(cluster, body);
  return { networking, primaryStack, platform, operators: operatorsAfter(core, cluster, body) };
}

/** @throws OperationError 400 for lists that begin with another family than the others. Upstream: updatePrimaryIPStack. */
function primaryStackAfter(cluster: ClusterRow, request: NetworkingRequest): 4 | 6 | undefined {
  const { machineNetworks, apiVips, ingressVips, serviceNetworks, clusterNetworks } = request;
  const given = [machineNetworks, apiVips, ingressVips, serviceNetworks, clusterNetworks];
  if (given.every((list) => list === undefined)) return cluster.primaryStack;
  if (cluster.primaryStack === undefined || given.every((list) => list !== undefined)) {
    const { family, problem } = primaryStackOf(request);
    refuse(problem);
    return family;
  }
  refuse(otherStackProblem(request, cluster.primaryStack));
  return cluster.primaryStack;
}

function checkIdentity(core: Core, cluster: ClusterRow, body: JsonObject): void {
  const count = integerField(body, 'control_plane_count');
  if (count !== undefined && !isDay2Cluster(cluster))
    refuse(controlPlaneProblem(count, cluster.highAvailabilityMode, cluster.openshiftVersion));
  const secret = textField(body, 'pull_secret');
  if (secret) refuse(secretProblem(core, secret, cluster.releaseImage));
  const name = textField(body, 'name');
  if (name) refuse(clusterNameProblem(name, platformOf(body)?.type ?? String(cluster.platform.type ?? '')));
}

/** Upstream: internal/cluster/validations/validations.go, ValidateClusterUpdateVIPAddresses. */
function checkNetworks(cluster: ClusterRow, request: NetworkingRequest): void {
  refuse(cidrsProblem(request));
  const { openshiftVersion: version } = cluster;
  const { vipDhcp, userManaged = false } = request;
  const before = listsOf(cluster);
  const isForgotten =
    vipDhcp !== undefined &&
    vipDhcp !== (cluster.vipDhcpAllocation ?? false) &&
    request.apiVips === undefined &&
    request.ingressVips === undefined;
  const apiVips = request.apiVips ?? (isForgotten ? [] : before.apiVips);
  const ingressVips = request.ingressVips ?? (isForgotten ? [] : before.ingressVips);
  const isDual = (request.apiVips ?? []).length > 1 || (request.ingressVips ?? []).length > 1;
  if (isDual && !hasFeature('dual-stack-vips', version, cluster.cpuArchitecture))
    refuse(`dual-stack VIPs are not supported in OpenShift ${version}`);
  if (userManaged) refuse(managedAfterProblem(cluster, request));
  refuse(
    vipPlanProblem({
      apiVips,
      ingressVips,
      machineNetworks: request.machineNetworks ?? before.machineNetworks,
      serviceNetworks: request.serviceNetworks ?? before.serviceNetworks,
      clusterNetworks: request.clusterNetworks ?? before.clusterNetworks,
      version,
      userManaged,
      vipDhcp: vipDhcp ?? false,
      loadBalancer: request.loadBalancer ?? (cluster.loadBalancer || 'cluster-managed'),
    }),
  );
}

/** What keeps users from managing the networking from now on, the other way round. Upstream: validateVIPsWithUMA. */
function managedAfterProblem(cluster: ClusterRow, request: NetworkingRequest): string | undefined {
  const before = listsOf(cluster);
  const isLeased = cluster.vipDhcpAllocation === true;
  const problem = managedVipsProblem(
    isLeased ? [] : (request.apiVips ?? before.apiVips ?? []),
    isLeased ? [] : (request.ingressVips ?? before.ingressVips ?? []),
    request.vipDhcp ?? isLeased,
  );
  if (problem === undefined) return undefined;
  const [vips, management] = problem.split(' cannot be set with ');
  return `${management} cannot be set with ${vips}`;
}

function checkAccess(body: JsonObject): void {
  const key = textField(body, 'ssh_public_key');
  if (key) refuse(sshKeysProblem(key.trim()));
  refuse(endpointProblem(objectField(body, 'ignition_endpoint')));
}

function checkSingleNode(cluster: ClusterRow, { userManaged, networkType }: NetworkingRequest): void {
  if (!isSingleNode(cluster)) return;
  if (userManaged === false) refuse('disabling UserManagedNetworking is not allowed in single node mode');
  if (networkType === 'OpenShiftSDN') refuse('OpenShiftSDN network type is not allowed in single node mode');
}

function checkDomain(cluster: ClusterRow, body: JsonObject): void {
  const name = textField(body, 'name') || cluster.name;
  const domain = textField(body, 'base_dns_domain') || cluster.baseDnsDomain;
  if (domain !== '') refuse(domainProblem(name, domain));
}

function featureChange(body: JsonObject, request: NetworkingRequest, platform: Platform | undefined): FeatureChange {
  const { userManaged, vipDhcp, loadBalancer, networkType } = request;
  const operators = objectsField(body, 'olm_operators')?.map((operator) => textField(operator, 'name') ?? '');
  return {
    platform: platform && { type: platform.type, externalName: platform.external?.name },
    ...{ userManaged, vipDhcp, loadBalancer, networkType, operators },
    lists: request,
  };
}

/** Upstream: validateFeatureSupportLevel. */
function checkFeatures({ store }: Core, cluster: ClusterRow, change: FeatureChange): void {
  for (const infraEnv of store.infraEnvs.values()) {
    if (infraEnv.clusterId !== cluster.id) continue;
    refuse(versionProblem(cluster, featureFacts(cluster)));
    refuse(compatibilityProblem(cluster, featureFacts(cluster, change, infraEnv.type), infraEnv.cpuArchitecture));
  }
  const facts = featureFacts(cluster, change);
  refuse(versionProblem(cluster, facts));
  refuse(compatibilityProblem(cluster, facts, ''));
}

/** Upstream: updateClusterData, without its networking. */
function checkTexts(cluster: ClusterRow, body: JsonObject): void {
  const additional = textField(body, 'additional_ntp_source');
  const sources = textField(body, 'ntp_sources');
  if ((additional ?? cluster.additionalNtpSource) && (sources ?? cluster.ntpSources))
    refuse('ntp_sources and additional_ntp_source are mutually exclusive');
  if (additional) refuse(ntpSourcesProblem(additional));
  if (sources) refuse(ntpSourcesProblem(sources));
  refuse(tagsProblem(textField(body, 'tags') ?? ''));
  const dnsName = textField(body, 'api_vip_dns_name');
  if (dnsName !== undefined && !isDay2Cluster(cluster))
    refuse(`Can't update api vip to ${dnsName} for day1 cluster ${cluster.id}`);
  if (body.disk_encryption && cluster.imported) {
    refuse(
      `cannot update cluster ${cluster.id}, it is not permitted to change disk encryption settings for an imported cluster`,
    );
  }
}

function operatorsAfter({ store, settings }: Core, cluster: ClusterRow, body: JsonObject): OperatorRow[] | undefined {
  const [bundles, operators] = ['operator_bundles', 'olm_operators'].map((field) => objectsField(body, field));
  if (!bundles && !operators) return undefined;
  const watched = builtinOperators(settings.CHECK_CLUSTER_VERSION);
  const infraEnvs = [...store.infraEnvs.values()].filter(({ clusterId }) => clusterId === cluster.id);
  const architectures = infraEnvs.map(({ cpuArchitecture }) => cpuArchitecture);
  return chosenOperators({ watched, bundles, operators }, cluster, [...architectures, cluster.cpuArchitecture]);
}

function assignRest(cluster: ClusterRow, body: JsonObject): void {
  cluster.controlPlaneCount = integerField(body, 'control_plane_count') ?? cluster.controlPlaneCount;
  cluster.apiVipDnsName = textField(body, 'api_vip_dns_name') ?? cluster.apiVipDnsName;
  cluster.schedulableMasters = booleanField(body, 'schedulable_masters') ?? cluster.schedulableMasters;
  cluster.operatorBundles = objectsField(body, 'operator_bundles') ?? cluster.operatorBundles;
  const endpoint = objectField(body, 'ignition_endpoint');
  if (endpoint) cluster.ignitionEndpoint = { ...cluster.ignitionEndpoint, ...endpoint };
  const encryption = objectField(body, 'disk_encryption');
  if (!encryption) return;
  const { enableOn, mode, tangServers } = cluster.diskEncryption;
  cluster.diskEncryption = {
    enableOn: (textField(encryption, 'enable_on') ?? enableOn) || 'none',
    mode: (textField(encryption, 'mode') ?? mode) || 'tpmv2',
    tangServers: textField(encryption, 'tang_servers') || tangServers,
  };
}

function assignTexts(cluster: ClusterRow, body: JsonObject): void {
  cluster.name = textField(body, 'name') ?? cluster.name;
  cluster.baseDnsDomain = textField(body, 'base_dns_domain') ?? cluster.baseDnsDomain;
  cluster.pullSecret = textField(body, 'pull_secret') ?? cluster.pullSecret;
  cluster.sshPublicKey = textField(body, 'ssh_public_key')?.trim() ?? cluster.sshPublicKey;
  cluster.httpProxy = textField(body, 'http_proxy') ?? cluster.httpProxy;
  cluster.httpsProxy = textField(body, 'https_proxy') ?? cluster.httpsProxy;
  cluster.noProxy = textField(body, 'no_proxy') ?? cluster.noProxy;
  cluster.additionalNtpSource = textField(body, 'additional_ntp_source') ?? cluster.additionalNtpSource;
  cluster.ntpSources = textField(body, 'ntp_sources') ?? cluster.ntpSources;
  cluster.hyperthreading = textField(body, 'hyperthreading') ?? cluster.hyperthreading;
  cluster.tags = textField(body, 'tags') ?? cluster.tags;
}
