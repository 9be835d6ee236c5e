/** Changes of clusters. Upstream: assisted-service, internal/bminventory/inventory.go, v2UpdateClusterInternal and validateUpdateCluster. */

import { aboutCluster, type Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING } from '../core/lookup.ts';
import type { ClusterRow, OperatorRow, VipRow } from '../core/rows.ts';
import { booleanField, integerField, objectField, objectsField, textField } from '../core/wire.ts';
import { refreshHost } from '../host/state-machine/machine.ts';
import { networkOfVip, placeProblem } from '../network/cluster-networks.ts';
import { familiesOf } from '../network/networks.ts';
import { chosenOperators } from '../operators/operators.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { checkBaseDomain, checkClusterName, checkSshKey } from '../validations/names.ts';
import { compareBase } from '../versions/versions.ts';
import { touchCluster, UPDATABLE } from './changes.ts';
import {
  checkNetworkType,
  checkNtp,
  checkProxiesAndTags,
  checkSecret,
  LAST_VERSION_WITH_SDN,
} from './parameter-checks.ts';
import {
  checkControlPlane,
  checkDualStack,
  checkVips,
  cidrsField,
  clusterNetworksField,
  platformChange,
  type VipPlan,
  vipsField,
} from './parameters.ts';
import { refreshCluster } from './state-machine/machine.ts';
import { isDay2Cluster } from './traits.ts';
import { clusterView } from './view.ts';

/** Networking as it is to be: what a request says, else what the row has. */
interface NetworkingChange {
  readonly dhcp: boolean | undefined;
  readonly userManaged: boolean | undefined;
  readonly loadBalancer: string;
  readonly vipsGiven: { readonly api: boolean; readonly ingress: boolean };
  readonly plan: VipPlan;
  readonly clusterNetworks: ClusterRow['clusterNetworks'] | undefined;
  readonly serviceNetworks: string[] | undefined;
  readonly machineNetworks: string[] | undefined;
}

/** Everything that is checked before anything is changed. */
interface ClusterChange {
  readonly networking: NetworkingChange;
  readonly platform: ReturnType<typeof platformChange>;
  /** Whether users manage the networking from now on. */
  readonly managed: boolean;
  readonly apiVipDnsName: string | undefined;
  readonly operators: OperatorRow[] | undefined;
  /** The machine network that VIPs bring with them. */
  readonly network: string | undefined;
}

/**
 * Changes a cluster by the fields of a request.
 * @param options `interactive` false takes networks as they are given and leaves states to the monitor, as for custom resources.
 */
export function updateCluster(core: Core, id: string, body: JsonObject, { interactive = true } = {}): JsonObject {
  const cluster = clusterOf(core, id, ON_CHANGING);
  checkIdentity(core, cluster, body);
  const networking = networkingChange(cluster, body);
  checkVips(networking.plan);
  checkDualStack(networking.plan.clusterNetworks, networking.plan.serviceNetworks, networking.plan.machineNetworks);
  checkProxiesAndTags(body);
  if (!UPDATABLE.has(cluster.status)) {
    throw new OperationError(
      409,
      `Cluster ${id} is in ${cluster.status} state, cluster can be updated only in one of [${[...UPDATABLE].join(' ')}]`,
    );
  }
  const change = checkedChange(cluster, body, networking, interactive);
  applyNetworking(cluster, change);
  applyRest(cluster, body, change);
  const proxyBefore = proxyOf(cluster);
  assignTexts(cluster, body);
  const schedulable = booleanField(body, 'schedulable_masters');
  if (schedulable !== undefined) cluster.schedulableMasters = schedulable;
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

function checkIdentity(core: Core, cluster: ClusterRow, body: JsonObject): void {
  const count = integerField(body, 'control_plane_count');
  if (count !== undefined && !isDay2Cluster(cluster))
    checkControlPlane(count, cluster.highAvailabilityMode, cluster.openshiftVersion);
  const secret = textField(body, 'pull_secret');
  if (secret) checkSecret(core, secret, cluster.releaseImage);
  const name = textField(body, 'name');
  if (name) checkClusterName(name, String(objectField(body, 'platform')?.type ?? cluster.platform.type ?? ''));
  checkSshKey(textField(body, 'ssh_public_key')?.trim() ?? '');
}

function networkingChange(cluster: ClusterRow, body: JsonObject): NetworkingChange {
  const clusterNetworks = clusterNetworksField(body);
  const serviceNetworks = cidrsField(body, 'service_networks');
  const machineNetworks = cidrsField(body, 'machine_networks');
  const dhcp = booleanField(body, 'vip_dhcp_allocation');
  const userManaged = booleanField(body, 'user_managed_networking');
  const loadBalancer = String(objectField(body, 'load_balancer')?.type ?? cluster.loadBalancer);
  const api = vipsField(body, 'api_vips');
  const ingress = vipsField(body, 'ingress_vips');
  // VIPs from another source than before are not those that are known.
  const forget = dhcp !== undefined && dhcp !== (cluster.vipDhcpAllocation ?? false) && !api && !ingress;
  return {
    dhcp,
    userManaged,
    loadBalancer,
    vipsGiven: { api: api !== undefined, ingress: ingress !== undefined },
    plan: {
      apiVips: api ?? (forget ? [] : cluster.apiVips),
      ingressVips: ingress ?? (forget ? [] : cluster.ingressVips),
      machineNetworks: machineNetworks ?? cluster.machineNetworks,
      clusterNetworks: (clusterNetworks ?? cluster.clusterNetworks).map((network) => network.cidr),
      serviceNetworks: serviceNetworks ?? cluster.serviceNetworks,
      userManaged: userManaged ?? false,
      dhcp: dhcp ?? false,
      loadBalancer,
    },
    clusterNetworks,
    serviceNetworks,
    machineNetworks,
  };
}

/** @throws OperationError 400 for what does not go with the cluster. */
function checkedChange(
  cluster: ClusterRow,
  body: JsonObject,
  networking: NetworkingChange,
  interactive: boolean,
): ClusterChange {
  const platform = platformChange(cluster, body, networking.userManaged);
  checkBaseDomain(textField(body, 'base_dns_domain') ?? '');
  checkNtp(textField(body, 'additional_ntp_source'), textField(body, 'ntp_sources'));
  const managed = platform?.userManaged ?? cluster.userManagedNetworking === true;
  checkVipsOfManaged(networking, managed);
  const apiVipDnsName = textField(body, 'api_vip_dns_name');
  if (apiVipDnsName !== undefined && !isDay2Cluster(cluster))
    throw new OperationError(400, `api_vip_dns_name cannot be set for day-1 cluster ${cluster.id}`);
  const chosen = objectsField(body, 'olm_operators');
  const operators = chosen && chosenOperators(chosen, cluster);
  const networkType = textField(body, 'network_type');
  if (networkType) checkNetworkType(networkType, cluster.openshiftVersion, cluster.controlPlaneCount);
  const { dhcp } = networking;
  if (dhcp && !cluster.vipDhcpAllocation && compareBase(cluster.openshiftVersion, LAST_VERSION_WITH_SDN) > 0)
    throw new OperationError(400, `VIPs from DHCP do not go with version ${cluster.openshiftVersion}`);
  const network = interactive ? networkOfVips(cluster, networking, managed) : undefined;
  return { networking, platform, managed, apiVipDnsName, operators, network };
}

function checkVipsOfManaged({ vipsGiven, plan }: NetworkingChange, managed: boolean): void {
  const api = vipsGiven.api && plan.apiVips.length > 0;
  const ingress = vipsGiven.ingress && plan.ingressVips.length > 0;
  if (managed && (api || ingress))
    throw new OperationError(400, `${api ? 'API' : 'Ingress'} VIPs cannot be set with User Managed Networking`);
}

/**
 * The machine network that changed VIPs bring with them; undefined when there are none, or when it follows from something else.
 * @throws OperationError 400 for a machine network beside VIPs, or VIPs that do not lie in one network of the hosts.
 */
function networkOfVips(cluster: ClusterRow, networking: NetworkingChange, managed: boolean): string | undefined {
  const { plan, vipsGiven, machineNetworks, loadBalancer, dhcp } = networking;
  const lists = [plan.clusterNetworks, plan.serviceNetworks, plan.machineNetworks];
  const dualStack = lists.some((list) => (familiesOf(list)?.length ?? 0) > 1);
  const single = cluster.controlPlaneCount === 1;
  if (managed || single || dualStack || loadBalancer === 'user-managed') return undefined;
  const fromDhcp = dhcp === true || cluster.vipDhcpAllocation;
  if (!fromDhcp && machineNetworks && machineNetworks.length > 0)
    throw new OperationError(400, 'The machine network follows from the VIPs, it cannot be set');
  return vipsGiven.api || vipsGiven.ingress ? machineNetworkOf(cluster, plan.apiVips, plan.ingressVips) : undefined;
}

/** @throws OperationError 400 for VIPs that do not lie in one network of the hosts. */
function machineNetworkOf(
  cluster: ClusterRow,
  apiVips: readonly VipRow[],
  ingressVips: readonly VipRow[],
): string | undefined {
  const first = apiVips[0] ?? ingressVips[0];
  if (!first) return undefined;
  const network = networkOfVip(first.ip, cluster.hosts);
  if (network === undefined) throw new OperationError(400, `No host has a network that VIP ${first.ip} belongs to`);
  for (const [name, vips] of [
    ['api-vip', apiVips],
    ['ingress-vip', ingressVips],
  ] as const) {
    for (const { ip } of vips) {
      const problem = placeProblem(name, ip, network);
      if (problem) throw new OperationError(400, problem);
    }
  }
  return network;
}

/** VIPs with what is known of those that were there before. */
function keptVips(rows: readonly VipRow[], now: readonly VipRow[]): VipRow[] {
  return now.map((vip) => rows.find((row) => row.ip === vip.ip) ?? vip);
}

function applyNetworking(cluster: ClusterRow, { networking, platform, managed, network }: ClusterChange): void {
  const { plan, vipsGiven, clusterNetworks, serviceNetworks, machineNetworks } = networking;
  cluster.apiVips = managed ? [] : keptVips(cluster.apiVips, plan.apiVips);
  cluster.ingressVips = managed ? [] : keptVips(cluster.ingressVips, plan.ingressVips);
  const vipsGone = (vipsGiven.api || vipsGiven.ingress) && plan.apiVips.length + plan.ingressVips.length === 0;
  if (cluster.controlPlaneCount !== 1 && vipsGone && !machineNetworks) cluster.machineNetworks = [];
  if (platform) {
    cluster.platform = platform.platform;
    cluster.userManagedNetworking = platform.userManaged;
  }
  if (clusterNetworks) cluster.clusterNetworks = clusterNetworks;
  if (serviceNetworks) cluster.serviceNetworks = serviceNetworks;
  if (machineNetworks) cluster.machineNetworks = machineNetworks;
  else if (network !== undefined) cluster.machineNetworks = [network];
  if (networking.dhcp !== undefined) cluster.vipDhcpAllocation = networking.dhcp;
  cluster.loadBalancer = networking.loadBalancer;
}

function applyRest(cluster: ClusterRow, body: JsonObject, { operators, apiVipDnsName }: ClusterChange): void {
  cluster.controlPlaneCount = integerField(body, 'control_plane_count') ?? cluster.controlPlaneCount;
  if (operators) cluster.operators = [...cluster.operators.filter(({ type }) => type === 'builtin'), ...operators];
  if (apiVipDnsName !== undefined) cluster.apiVipDnsName = apiVipDnsName;
  cluster.operatorBundles = objectsField(body, 'operator_bundles') ?? cluster.operatorBundles;
  const endpoint = objectField(body, 'ignition_endpoint');
  if (endpoint) cluster.ignitionEndpoint = { ...cluster.ignitionEndpoint, ...endpoint };
  const encryption = objectField(body, 'disk_encryption');
  if (!encryption) return;
  if (cluster.imported)
    throw new OperationError(400, `Disk encryption of imported cluster ${cluster.id} cannot be changed`);
  cluster.diskEncryption = {
    enableOn: String(encryption.enable_on ?? cluster.diskEncryption.enableOn),
    mode: String(encryption.mode ?? cluster.diskEncryption.mode),
    tangServers: String(encryption.tang_servers ?? cluster.diskEncryption.tangServers),
  };
}

function assignTexts(cluster: ClusterRow, body: JsonObject): void {
  cluster.name = textField(body, 'name') || cluster.name;
  cluster.baseDnsDomain = textField(body, 'base_dns_domain') ?? cluster.baseDnsDomain;
  cluster.pullSecret = textField(body, 'pull_secret') ?? cluster.pullSecret;
  cluster.sshPublicKey = textField(body, 'ssh_public_key')?.trim() ?? cluster.sshPublicKey;
  cluster.httpProxy = textField(body, 'http_proxy') ?? cluster.httpProxy;
  cluster.httpsProxy = textField(body, 'https_proxy') ?? cluster.httpsProxy;
  cluster.noProxy = textField(body, 'no_proxy') ?? cluster.noProxy;
  cluster.additionalNtpSource = textField(body, 'additional_ntp_source') ?? cluster.additionalNtpSource;
  cluster.ntpSources = textField(body, 'ntp_sources') ?? cluster.ntpSources;
  cluster.hyperthreading = textField(body, 'hyperthreading') ?? cluster.hyperthreading;
  cluster.networkType = textField(body, 'network_type') ?? cluster.networkType;
  cluster.tags = textField(body, 'tags') ?? cluster.tags;
}
