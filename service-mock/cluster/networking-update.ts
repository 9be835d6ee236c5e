/**
 * The networking of a cluster as a request changes it. Everything happens to a draft, which the row takes when nothing is refused.
 * Upstream: assisted-service, internal/bminventory/inventory.go, updateNetworkParams and what it calls.
 */
import type { ClusterRow, VipRow } from '../core/rows.ts';
import { refuse } from '../core/wire.ts';
import { listsOf } from '../features/facts.ts';
import { hasFeature } from '../features/feature-checks.ts';
import {
  machineNetworkProblem,
  overlapProblem,
  podNetworkSizeProblem,
  podOrServiceNetworkProblem,
  sameNetworks,
} from '../network/cidr-checks.ts';
import { networkOfVip } from '../network/cluster-networks.ts';
import { type AddressLists, isDualStack, stackOrderProblem } from '../network/dual-stack.ts';
import { normalizeCidr, parseCidr } from '../network/networks.ts';
import {
  duplicateVipsProblem,
  vipAddressesProblem,
  vipPairProblem,
  vipPairProblemInAny,
} from '../network/vip-checks.ts';
import { Hangup, OperationError } from '../service-api.ts';
import { type NetworkingRequest, vipRows } from './networking-request.ts';
import { isSingleNode } from './traits.ts';
import { leasedVipsProblem, managedVipsProblem } from './vip-parameters.ts';

/** What becomes of a row. */
export type NetworkingDraft = Pick<
  ClusterRow,
  | 'apiVips'
  | 'ingressVips'
  | 'machineNetworks'
  | 'serviceNetworks'
  | 'clusterNetworks'
  | 'userManagedNetworking'
  | 'vipDhcpAllocation'
  | 'loadBalancer'
  | 'networkType'
>;

/** A draft under way: what a request says, with what follows from it. */
interface Change {
  readonly cluster: ClusterRow;
  readonly request: NetworkingRequest;
  readonly draft: NetworkingDraft;
  /** Machine networks that are said, or that follow from VIPs; undefined for none. */
  machineNetworks: readonly string[] | undefined;
  /** Whether VIPs are forgotten, whatever the request says of them. */
  areVipsForgotten: boolean;
}

/**
 * @param request with `userManaged` as it is to be, which may follow from the platform.
 * @param isInteractive false takes networks as they are given.
 * @throws OperationError for the first that cannot be.
 */
export function networkingDraft(
  cluster: ClusterRow,
  request: NetworkingRequest,
  isInteractive: boolean,
): NetworkingDraft {
  const { apiVips, ingressVips, machineNetworks, serviceNetworks, clusterNetworks } = cluster;
  const { userManagedNetworking, vipDhcpAllocation, loadBalancer, networkType } = cluster;
  const draft: NetworkingDraft = {
    ...{ apiVips, ingressVips, machineNetworks, serviceNetworks, clusterNetworks },
    ...{ userManagedNetworking, vipDhcpAllocation, loadBalancer, networkType },
  };
  const change: Change = {
    cluster,
    request,
    draft,
    machineNetworks: request.machineNetworks,
    areVipsForgotten: false,
  };
  draft.networkType = request.networkType ?? networkType;
  changeManagement(change);
  if (request.loadBalancer !== undefined) draft.loadBalancer = request.loadBalancer;
  if (draft.userManagedNetworking) leaveToUser(change);
  else manage(change, isInteractive);
  changeNetworks(change);
  changeVips(change);
  return draft;
}

function changeManagement({ cluster, request, draft }: Change): void {
  const { userManaged } = request;
  if (userManaged === undefined || userManaged === (cluster.userManagedNetworking ?? false)) return;
  const { cpuArchitecture, openshiftVersion } = cluster;
  if (
    !userManaged &&
    cpuArchitecture !== 'x86_64' &&
    !hasFeature('cluster-networking', openshiftVersion, cpuArchitecture)
  )
    refuse('disabling User Managed Networking is not allowed for clusters with non-x86_64 CPU architecture');
  draft.userManagedNetworking = userManaged;
  draft.machineNetworks = [];
}

function leaveToUser(change: Change): void {
  const { apiVips = [], ingressVips = [], vipDhcp = false } = change.request;
  refuse(managedVipsProblem(apiVips, ingressVips, vipDhcp));
  change.draft.vipDhcpAllocation = false;
  change.areVipsForgotten = true;
}

function manage(change: Change, isInteractive: boolean): void {
  const { request, draft } = change;
  if (request.vipDhcp !== undefined && request.vipDhcp !== (draft.vipDhcpAllocation ?? false)) {
    // VIPs from another source than before are not those that are known.
    draft.vipDhcpAllocation = request.vipDhcp;
    draft.machineNetworks = [];
    change.areVipsForgotten = true;
  }
  if (draft.vipDhcpAllocation) lease(change);
  else place(change, isInteractive);
}

function lease(change: Change): void {
  const { apiVips = [], ingressVips = [], machineNetworks } = change.request;
  refuse(leasedVipsProblem(apiVips, ingressVips));
  if (machineNetworks?.length === 0) throw new Hangup();
  if (machineNetworks && machineNetworks[0] !== change.draft.machineNetworks[0]) change.areVipsForgotten = true;
}

/** Lists as they are to be: what is said, else what the row has. */
function merged({ cluster, request, draft }: Change): AddressLists {
  const before = { ...listsOf(cluster), machineNetworks: draft.machineNetworks };
  return {
    machineNetworks: request.machineNetworks ?? before.machineNetworks,
    serviceNetworks: request.serviceNetworks ?? before.serviceNetworks,
    clusterNetworks: request.clusterNetworks ?? before.clusterNetworks,
    apiVips: request.apiVips ?? before.apiVips,
    ingressVips: request.ingressVips ?? before.ingressVips,
  };
}

function place(change: Change, isInteractive: boolean): void {
  const { request, draft } = change;
  const lists = merged(change);
  const { apiVips = [], ingressVips = [] } = lists;
  const isDual = isDualStack(lists);
  const hasOwnBalancer = draft.loadBalancer === 'user-managed';
  if (request.machineNetworks?.length && isInteractive && !isDual && !hasOwnBalancer) {
    refuse(
      'Setting the Machine Network CIDR is forbidden when the cluster is neither in VIP DHCP allocation mode nor using a user-managed load balancer',
    );
  }
  const malformed = vipAddressesProblem(apiVips, ingressVips);
  if (malformed !== undefined) throw new OperationError(500, malformed);
  refuse(duplicateVipsProblem(apiVips, ingressVips, hasOwnBalancer));
  if (!isInteractive || (request.apiVips === undefined && request.ingressVips === undefined)) return;
  const vips = { api: apiVips, ingress: ingressVips };
  if (isDual) refuse(dualStackVipsProblem(change, lists.machineNetworks ?? [], vips));
  else if (hasOwnBalancer)
    refuse(vipPairProblemInAny(apiVips[0] ?? '', ingressVips[0] ?? '', lists.machineNetworks ?? []));
  else placeBesideHosts(change, vips);
}

interface Vips {
  readonly api: readonly string[];
  readonly ingress: readonly string[];
}

function dualStackVipsProblem(
  { cluster, request, draft }: Change,
  networks: readonly string[],
  vips: Vips,
): string | undefined {
  const order = stackOrderProblem(networks, 'machine networks', 'subnet', cluster.openshiftVersion);
  if (order !== undefined) return order;
  const { hosts } = cluster;
  const primary = request.machineNetworks?.[0] ?? draft.machineNetworks[0] ?? '';
  const problem = vipPairProblem(vips.api[0] ?? '', vips.ingress[0] ?? '', primary, hosts);
  if (problem !== undefined || vips.api.length !== 2 || vips.ingress.length !== 2) return problem;
  if (networks.length < 2) throw new Hangup();
  return vipPairProblem(vips.api[1]!, vips.ingress[1]!, networks[1]!, hosts);
}

/** VIPs bring the machine network of the hosts that they are in. */
function placeBesideHosts(change: Change, { api, ingress }: Vips): void {
  const { hosts } = change.cluster;
  const first = api[0] || ingress[0];
  const network = first ? networkOfVip(first, hosts) : '';
  if (network === undefined) refuse(`Calculate machine network CIDR: No suitable matching CIDR found for VIP ${first}`);
  if (network) change.machineNetworks = [network];
  refuse(vipPairProblem(api[0] ?? '', ingress[0] ?? '', network ?? '', hosts));
}

function changeNetworks(change: Change): void {
  const { cluster, request, draft, machineNetworks } = change;
  const { podNetworks, serviceNetworks } = request;
  const entries = (list: readonly string[]) => list.map((cidr) => ({ cidr }));
  if (podNetworks && !sameNetworks(podNetworks, cluster.clusterNetworks)) {
    for (const network of podNetworks) refuse(podNetworkProblem(network, cluster.hosts.length));
    draft.clusterNetworks = [...podNetworks];
  }
  if (serviceNetworks && !sameNetworks(entries(serviceNetworks), entries(cluster.serviceNetworks))) {
    for (const cidr of serviceNetworks) {
      const problem = podOrServiceNetworkProblem(cidr);
      if (problem !== undefined) refuse(`Service network CIDR ${cidr}: ${problem}`);
    }
    draft.serviceNetworks = [...serviceNetworks];
  }
  if (machineNetworks && !sameNetworks(entries(machineNetworks), entries(draft.machineNetworks))) {
    const own = draft.loadBalancer === 'user-managed' ? 'userLoadBalancer' : 'other';
    for (const cidr of machineNetworks) {
      const problem = machineNetworkProblem(cidr, isSingleNode(cluster) ? 'single' : own);
      if (problem !== undefined) refuse(`Machine network CIDR '${cidr}': ${problem}`);
    }
    draft.machineNetworks = [...machineNetworks];
  }
  const [first] = draft.machineNetworks;
  if (machineNetworks?.length && draft.vipDhcpAllocation && first && parseCidr(first)?.family === 6)
    refuse(`VIP DHCP allocation is unsupported with IPv6 network ${first}`);
  if (podNetworks || serviceNetworks || machineNetworks) checkOverlaps(draft);
  draft.clusterNetworks = draft.clusterNetworks.map(({ cidr, hostPrefix }) => ({
    cidr: normalizeCidr(cidr) ?? cidr,
    hostPrefix,
  }));
  draft.serviceNetworks = draft.serviceNetworks.map((cidr) => normalizeCidr(cidr) ?? cidr);
  draft.machineNetworks = draft.machineNetworks.map((cidr) => normalizeCidr(cidr) ?? cidr);
}

function podNetworkProblem(
  { cidr, hostPrefix }: ClusterRow['clusterNetworks'][number],
  hosts: number,
): string | undefined {
  const problem = podOrServiceNetworkProblem(cidr);
  if (problem !== undefined) return `Cluster network CIDR ${cidr}: ${problem}`;
  if (hostPrefix < 1)
    return `Cluster network host prefix ${hostPrefix}: Host prefix, now ${hostPrefix}, must be a positive integer`;
  const tooSmall = podNetworkSizeProblem(hostPrefix, cidr, hosts);
  return tooSmall && `Cluster CIDR size: ${tooSmall}`;
}

function checkOverlaps({
  machineNetworks,
  serviceNetworks,
  clusterNetworks,
  userManagedNetworking,
}: NetworkingDraft): void {
  for (const [at, { cidr }] of clusterNetworks.entries()) {
    const neighbours = { machine: machineNetworks[at] ?? '', service: serviceNetworks[at] ?? '', cluster: cidr };
    refuse(overlapProblem(neighbours, userManagedNetworking === true));
  }
}

function changeVips({ request, draft, areVipsForgotten }: Change): void {
  const changed = (present: readonly VipRow[], wanted: readonly string[] | undefined): VipRow[] => {
    const rows = vipRows(wanted, request.verifications);
    const isSame = !wanted || rows.map(({ ip }) => ip).join() === present.map(({ ip }) => ip).join();
    if (isSame) return areVipsForgotten ? [] : [...present];
    return rows;
  };
  draft.apiVips = changed(draft.apiVips, request.apiVips);
  draft.ingressVips = changed(draft.ingressVips, request.ingressVips);
}
