/** What of a cluster, or of a change of it, makes features active. Upstream: assisted-service, internal/featuresupport, getFeatureActiveLevel of each feature. */

import { isFencingCluster, isSingleNode } from '../cluster/traits.ts';
import type { ClusterRow, InfraEnvRow } from '../core/rows.ts';
import { effectiveRole } from '../host/traits.ts';
import type { AddressLists } from '../network/dual-stack.ts';
import { isDualStack, primaryStackOf } from '../network/dual-stack.ts';

export interface FeatureFacts {
  readonly isSingleNode: boolean;
  readonly controlPlaneCount: number;
  readonly hasArbiter: boolean;
  readonly isFencing: boolean;
  readonly platform: string;
  /** Whether the external platform is, or was, Oracle's. */
  readonly isOracle: boolean;
  /** undefined without a cluster, which neither manages nor leaves its networking. */
  readonly userManaged: boolean | undefined;
  readonly vipDhcp: boolean;
  readonly userLoadBalancer: boolean;
  readonly networkType: string;
  readonly isDualStack: boolean;
  readonly hasDualStackVips: boolean;
  readonly isPrimaryV6: boolean;
  readonly operators: ReadonlySet<string>;
  /** Of the infra-env that is looked at with the cluster; empty for none. */
  readonly imageType: string;
}

/** What a request changes; undefined for what it does not. */
export interface FeatureChange {
  readonly platform?: { readonly type: string; readonly externalName: string | undefined } | undefined;
  readonly userManaged?: boolean | undefined;
  readonly vipDhcp?: boolean | undefined;
  readonly loadBalancer?: string | undefined;
  readonly networkType?: string | undefined;
  readonly lists?: AddressLists;
  /** Names as they are given, without what they bring with them. */
  readonly operators?: readonly string[] | undefined;
}

const NO_LISTS: AddressLists = {
  machineNetworks: undefined,
  apiVips: undefined,
  ingressVips: undefined,
  serviceNetworks: undefined,
  clusterNetworks: undefined,
};

/** Networks and VIPs of a row. */
export function listsOf(cluster: ClusterRow): AddressLists {
  return {
    machineNetworks: cluster.machineNetworks,
    apiVips: cluster.apiVips.map(({ ip }) => ip),
    ingressVips: cluster.ingressVips.map(({ ip }) => ip),
    serviceNetworks: cluster.serviceNetworks,
    clusterNetworks: cluster.clusterNetworks.map(({ cidr }) => cidr),
  };
}

const ORACLE = 'oci';

/** Facts of a cluster as a request makes it. */
export function featureFacts(cluster: ClusterRow, change: FeatureChange = {}, imageType = ''): FeatureFacts {
  const { lists = NO_LISTS } = change;
  const isDual = isDualStack(lists);
  const wasDual = isDualStack(listsOf(cluster));
  const external = cluster.platform.external as { platform_name?: string } | undefined;
  return {
    isSingleNode: isSingleNode(cluster),
    controlPlaneCount: cluster.controlPlaneCount,
    hasArbiter: cluster.hosts.some((host) => effectiveRole(host) === 'arbiter'),
    isFencing: isFencingCluster(cluster),
    platform: change.platform?.type ?? String(cluster.platform.type ?? ''),
    isOracle: change.platform?.externalName === ORACLE || external?.platform_name === ORACLE,
    userManaged: change.userManaged ?? cluster.userManagedNetworking ?? false,
    vipDhcp: change.vipDhcp ?? cluster.vipDhcpAllocation ?? false,
    userLoadBalancer: cluster.loadBalancer === 'user-managed' || change.loadBalancer === 'user-managed',
    networkType: cluster.networkType === undefined ? '' : (change.networkType ?? cluster.networkType),
    isDualStack: isDual || wasDual,
    hasDualStackVips: (lists.apiVips ?? cluster.apiVips).length > 1,
    isPrimaryV6: (isDual && primaryStackOf(lists).family === 6) || (wasDual && cluster.primaryStack === 6),
    operators: new Set(change.operators ?? cluster.operators.map(({ name }) => name)),
    imageType,
  };
}

/** Facts of an infra-env that no cluster has. */
export function featureFactsWithoutCluster({ type }: Pick<InfraEnvRow, 'type'>): FeatureFacts {
  return {
    isSingleNode: false,
    controlPlaneCount: 0,
    hasArbiter: false,
    isFencing: false,
    platform: '',
    isOracle: false,
    userManaged: undefined,
    vipDhcp: false,
    userLoadBalancer: false,
    networkType: '',
    isDualStack: false,
    hasDualStackVips: false,
    isPrimaryV6: false,
    operators: new Set(),
    imageType: type,
  };
}
