/** A cluster's row before anything is known of it. */

import { aboutCluster, type Core } from '../core/core.ts';
import type { ClusterRow } from '../core/rows.ts';
import type { KubeKey } from '../service-api.ts';
import { emptyProgress } from './progress.ts';

export function newCluster(
  id: string,
  kind: string,
  name: string,
  now: number,
  kubeKey: KubeKey | undefined,
): ClusterRow {
  return {
    id,
    kubeKey,
    kind,
    name,
    openshiftVersion: '',
    releaseImage: '',
    baseDnsDomain: '',
    cpuArchitecture: '',
    controlPlaneCount: 0,
    highAvailabilityMode: '',
    platform: {},
    ...networkingUnset(),
    sshPublicKey: '',
    pullSecret: '',
    httpProxy: '',
    httpsProxy: '',
    noProxy: '',
    additionalNtpSource: '',
    ntpSources: '',
    hyperthreading: undefined,
    schedulableMasters: undefined,
    diskEncryption: { enableOn: '', mode: '', tangServers: '' },
    ignitionEndpoint: {},
    tags: '',
    imported: false,
    operatorBundles: [],
    openshiftClusterId: '',
    installConfigOverrides: '',
    ignoredHostValidations: '',
    ignoredClusterValidations: '',
    operators: [],
    manifests: new Map(),
    ...nothingDone(now),
    ingressCertUploaded: false,
    hosts: [],
    membersVersion: 0,
    connectivityArguments: undefined,
    throttle: { admitted: [], waiting: [] },
  };
}

function networkingUnset() {
  return {
    userManagedNetworking: undefined,
    vipDhcpAllocation: undefined,
    loadBalancer: 'cluster-managed',
    networkType: undefined,
    apiVips: [],
    ingressVips: [],
    apiVipDnsName: undefined,
    clusterNetworks: [],
    serviceNetworks: [],
    machineNetworks: [],
    primaryStack: undefined,
  } satisfies Partial<ClusterRow>;
}

function nothingDone(now: number) {
  return {
    status: '',
    statusInfo: '',
    statusUpdatedAt: now,
    createdAt: now,
    updatedAt: now,
    installStartedAt: 0,
    installCompletedAt: 0,
    preparation: { status: '', reason: '' },
    progress: emptyProgress(),
    logsInfo: '',
    controllerLogsCollectedAt: 0,
    controllerLogsStartedAt: 0,
    triggeredAt: now,
    validations: [],
    connectivityGroups: '',
    groups: undefined,
    ipCollisions: '',
    collisions: new Map(),
    connectivityVersion: 1,
    groupsVersion: 0,
  } satisfies Partial<ClusterRow>;
}

/** Stores a new cluster and tells of it. */
export function addCluster(core: Core, cluster: ClusterRow): void {
  core.store.addCluster(cluster);
  core.metrics.clusterCreated();
  core.events.emit('cluster_registration_succeeded', aboutCluster(cluster));
}
