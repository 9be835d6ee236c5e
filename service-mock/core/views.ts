/** Rows as the API shows them: model order, Go's rules for empty values. Source: Service facts appendix B. */

import { isSingleNode } from '../cluster/cluster.ts';
import { displayName, endsWithReboot } from '../host/host.ts';
import { hostAddresses } from '../host/inventory.ts';
import { stagesOf } from '../host/stages.ts';
import { familiesOf } from '../network/networks.ts';
import type { Json, JsonObject } from '../service-api.ts';
import { validationsText } from '../validations/results.ts';
import type { ClusterRow, HostRow, InfraEnvRow, OperatorRow } from './rows.ts';
import { wireDate, withoutEmpty } from './wire.ts';

const API = '/api/assisted-install/v2';
/** Without an identity service every caller is this one. */
const USER = { user_name: 'admin', email_domain: 'Unknown' };

/** How an answer shows a host. */
export interface HostViewOptions {
  /** Adds the stages and the name that counts. */
  customized?: boolean;
  inventory?: boolean;
  connectivity?: boolean;
}

function imagesText(host: HostRow): string {
  if (host.imageStatuses.size === 0) return '';
  const entries = [...host.imageStatuses].sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(Object.fromEntries(entries));
}

function disksInfoText(host: HostRow): string {
  if (host.diskSpeeds.size === 0) return '';
  const entries = [...host.diskSpeeds].map(([path, { exitCode, speedMs, tested }]) => {
    const speed = {
      ...(exitCode ? { exit_code: exitCode } : {}),
      ...(speedMs ? { speed_ms: speedMs } : {}),
      tested: true,
    };
    return [path, { ...(tested ? { disk_speed: speed } : {}), ...(path === '' ? {} : { path }) }] as const;
  });
  return JSON.stringify(Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1))));
}

export function hostView(host: HostRow, options: HostViewOptions = {}): JsonObject {
  const { customized = true, inventory = true, connectivity = true } = options;
  const stages = customized
    ? stagesOf({ role: host.role, bootstrap: host.bootstrap, day2: endsWithReboot(host) }, isSingleNode(host.cluster))
    : null;
  return {
    ...withoutEmpty({
      api_vip_connectivity: host.apiVipConnectivityText,
      bootstrap: host.bootstrap,
      checked_in_at: wireDate(host.checkedInAt),
      cluster_id: host.cluster?.id,
      connection_timed_out: host.connectionTimedOut,
      connectivity: connectivity ? host.connectivityText : '',
      created_at: wireDate(host.createdAt),
      deleted_at: null,
      discovery_agent_version: host.discoveryAgentVersion,
      disks_info: disksInfoText(host),
      disks_to_be_formatted: host.disksToBeFormatted,
      domain_name_resolutions: host.domainResolutionsText,
      fencing_credentials: host.fencingCredentials,
      href: `${API}/infra-envs/${host.infraEnv.id}/hosts/${host.id}`,
      id: host.id,
      ignition_config_overrides: host.ignitionConfigOverrides,
      ignition_endpoint_token_set: host.ignitionEndpointTokenSet,
      images_status: imagesText(host),
      infra_env_id: host.infraEnv.id,
      installation_disk_id: host.installationDiskId,
      installation_disk_path: host.installationDiskPath,
      installer_args: host.installerArgs,
      installer_version: host.installerVersion,
      inventory: inventory ? host.inventoryText : '',
      kind: host.kind,
      logs_collected_at: wireDate(host.logsCollectedAt),
      logs_info: host.logsInfo,
      logs_started_at: wireDate(host.logsStartedAt),
      machine_config_pool_name: host.machineConfigPoolName,
      media_status: host.mediaStatus,
      node_labels: host.nodeLabels,
      ntp_sources: host.ntpSourcesText,
      progress: withoutEmpty({
        current_stage: host.stage,
        installation_percentage: host.installationPercentage,
        progress_info: host.stageInfo,
        stage_started_at: wireDate(host.stageStartedAt),
        stage_timed_out: host.stageTimedOut,
        stage_updated_at: wireDate(host.stageUpdatedAt),
      }),
    }),
    progress_stages: stages && [...stages],
    ...withoutEmpty({
      registered_at: wireDate(host.registeredAt),
      requested_hostname: customized ? displayName(host) : host.requestedHostname,
      role: host.role,
      skip_formatting_disks: host.skipFormattingDisks,
      stage_started_at: wireDate(0),
      stage_updated_at: wireDate(0),
    }),
    status: host.status,
    status_info: host.statusInfo,
    ...withoutEmpty({
      status_updated_at: wireDate(host.statusUpdatedAt),
      suggested_role: host.suggestedRole,
      tang_connectivity: host.tangConnectivity,
      timestamp: host.timestamp,
      updated_at: wireDate(host.updatedAt),
      user_name: USER.user_name,
      validations_info: validationsText(host.validations),
    }),
  };
}

/** Row of a monitored operator. */
export function operatorView(operator: OperatorRow, clusterId: string): JsonObject {
  return {
    bundles: null,
    cluster_id: clusterId,
    ...withoutEmpty({
      dependency_only: operator.dependencyOnly,
      name: operator.name,
      namespace: operator.namespace,
      operator_type: operator.type,
      properties: operator.properties,
    }),
    source_bundles: null,
    ...withoutEmpty({
      status: operator.status,
      status_info: operator.statusInfo,
      status_updated_at: wireDate(operator.statusUpdatedAt),
      subscription_name: operator.subscriptionName,
      timeout_seconds: operator.timeoutSeconds,
      version: operator.version,
    }),
  };
}

/** Networks that every host has that sent its inventory. */
function hostNetworks(cluster: ClusterRow): Json[] {
  const networks = new Map<string, string[]>();
  let discovered = 0;
  for (const host of cluster.hosts) {
    if (!host.inventory) continue;
    discovered++;
    for (const { networkText } of hostAddresses(host.inventory)) {
      const ids = networks.get(networkText) ?? [];
      if (!ids.includes(host.id)) ids.push(host.id);
      networks.set(networkText, ids);
    }
  }
  return [...networks].filter(([, ids]) => ids.length === discovered).map(([cidr, ids]) => ({ cidr, host_ids: ids }));
}

const NETWORK_TYPE_USAGE: Readonly<Record<string, string>> = {
  OVNKubernetes: 'OVN network type',
  OpenShiftSDN: 'SDN network type',
  CiscoACI: 'CiscoACI network type',
  Cilium: 'Cilium network type',
  Calico: 'Calico network type',
  None: 'None network type',
};

/** The features that a cluster uses, by name, each with what is told about its use. */
function featureUsage(cluster: ClusterRow): string {
  const usage: JsonObject = {};
  const add = (used: boolean, name: string, data?: JsonObject) => {
    if (!used) return;
    const id = name.toUpperCase().replaceAll(' ', '_').replaceAll('.', '');
    usage[name] = { ...(data ? { data } : {}), id, name };
  };
  if (cluster.imported) return '';
  const { diskEncryption, hyperthreading, networkType, platform } = cluster;
  const proxies = { http_proxy: cluster.httpProxy, https_proxy: cluster.httpsProxy, no_proxy: cluster.noProxy };
  const used = Object.entries(proxies).filter(([, value]) => value !== '');
  add(cluster.vipDhcpAllocation === true, 'VIP auto alloc.');
  add(cluster.additionalNtpSource !== '', 'Additional NTP Source', {
    source_count: cluster.additionalNtpSource.split(',').length,
  });
  add(isSingleNode(cluster), 'SNO');
  add(used.length > 0, 'Proxy', Object.fromEntries(used.map(([name]) => [name, 1])));
  for (const { name, type } of cluster.operators) add(type === 'olm', name.toUpperCase());
  const typeUsage = NETWORK_TYPE_USAGE[networkType ?? ''];
  if (typeUsage) add(true, typeUsage);
  add((familiesOf(cluster.clusterNetworks.map(({ cidr }) => cidr))?.length ?? 0) > 1, 'Dual-stack');
  add(cluster.apiVips.length > 1, 'Dual-stack VIPs');
  add(diskEncryption.enableOn !== '' && diskEncryption.enableOn !== 'none', 'Disk encryption', {
    enable_on: diskEncryption.enableOn,
    mode: diskEncryption.mode,
    tang_servers: diskEncryption.tangServers,
  });
  add(cluster.schedulableMasters === true, 'Schedulable masters');
  add(
    [...cluster.manifests.values()].some(({ source }) => source === 'user'),
    'Custom manifest',
  );
  const overrides = cluster.installConfigOverrides && (JSON.parse(cluster.installConfigOverrides) as JsonObject);
  if (overrides) {
    add(
      true,
      'Install Config Overrides',
      Object.fromEntries(
        Object.keys(overrides)
          .sort()
          .map((key) => [key, true]),
      ),
    );
    add(overrides.fips === true, 'FIPS');
  }
  add(
    cluster.hosts.some((host) => host.ignitionConfigOverrides !== ''),
    'Ignition Config Override',
    { host: true },
  );
  add(
    cluster.hosts.some((host) => host.requestedHostname !== ''),
    'Requested hostname',
    { host_count: 1 },
  );
  add(cluster.tags !== '', 'Cluster Tags');
  add(hyperthreading !== undefined && hyperthreading !== 'none', 'Hyperthreading', {
    hyperthreading_enabled: hyperthreading,
  });
  add(
    cluster.userManagedNetworking === true && cluster.controlPlaneCount >= 3,
    'User Managed Networking With Multi Node',
  );
  const selected = platform.type === 'vsphere' || platform.type === 'nutanix' || platform.type === 'external';
  add(selected, 'Platform selection', { platform_type: platform.type });
  add(platform.type === 'nutanix', 'Nutanix integration', { platform_type: platform.type });
  const names = Object.keys(usage).sort();
  return names.length === 0 ? '' : JSON.stringify(Object.fromEntries(names.map((name) => [name, usage[name]])));
}

/** How an answer shows a cluster. */
export interface ClusterViewOptions {
  hosts?: boolean;
  /** Networks of the hosts and operator bundles; lists and actions leave them `null`. */
  networks?: boolean;
  /** Numbers of hosts; default as `hosts`. */
  counts?: boolean;
}

export function clusterView(
  cluster: ClusterRow,
  { hosts = true, networks = true, counts = hosts }: ClusterViewOptions = {},
): JsonObject {
  const vips = (rows: ClusterRow['apiVips']) =>
    rows.map(({ ip, verification }) => ({ cluster_id: cluster.id, ip, ...(verification ? { verification } : {}) }));
  const { progress } = cluster;
  return {
    ...withoutEmpty({ additional_ntp_source: cluster.additionalNtpSource }),
    ...(cluster.apiVipDnsName !== undefined ? { api_vip_dns_name: cluster.apiVipDnsName } : {}),
    api_vips: vips(cluster.apiVips),
    ...withoutEmpty({ base_dns_domain: cluster.baseDnsDomain }),
    cluster_networks: cluster.clusterNetworks.map(({ cidr, hostPrefix }) => ({
      cidr,
      cluster_id: cluster.id,
      host_prefix: hostPrefix,
    })),
    ...withoutEmpty({
      connectivity_majority_groups: cluster.connectivityGroups,
      control_plane_count: cluster.controlPlaneCount,
      controller_logs_collected_at: wireDate(cluster.controllerLogsCollectedAt),
      controller_logs_started_at: wireDate(cluster.controllerLogsStartedAt),
      cpu_architecture: cluster.cpuArchitecture,
      created_at: wireDate(cluster.createdAt),
      deleted_at: null,
      disk_encryption: withoutEmpty({
        enable_on: cluster.diskEncryption.enableOn,
        mode: cluster.diskEncryption.mode,
        tang_servers: cluster.diskEncryption.tangServers,
      }),
      email_domain: USER.email_domain,
      enabled_host_count: counts ? cluster.hosts.length : 0,
      feature_usage: featureUsage(cluster),
      high_availability_mode: cluster.highAvailabilityMode,
    }),
    host_networks: networks ? (hosts ? hostNetworks(cluster) : []) : null,
    hosts: hosts ? cluster.hosts.map((host) => hostView(host)) : null,
    ...withoutEmpty({
      href: `${API}/clusters/${cluster.id}`,
      http_proxy: cluster.httpProxy,
      https_proxy: cluster.httpsProxy,
      hyperthreading: cluster.hyperthreading,
      id: cluster.id,
      ignition_endpoint: cluster.ignitionEndpoint,
      ignored_cluster_validations: cluster.ignoredClusterValidations,
      ignored_host_validations: cluster.ignoredHostValidations,
      image_info: { created_at: '0001-01-01T00:00:00Z', expires_at: wireDate(0) },
      imported: cluster.imported,
    }),
    ingress_vips: vips(cluster.ingressVips),
    ...withoutEmpty({
      install_completed_at: wireDate(cluster.installCompletedAt),
      install_config_overrides: cluster.installConfigOverrides,
      install_started_at: wireDate(cluster.installStartedAt),
      ip_collisions: cluster.ipCollisions,
      kind: cluster.kind,
      'last-installation-preparation': withoutEmpty({
        reason: cluster.preparation.reason,
        status: cluster.preparation.status,
      }),
      load_balancer: withoutEmpty({ type: cluster.loadBalancer }),
      logs_info: cluster.logsInfo,
    }),
    machine_networks: cluster.machineNetworks.map((cidr) => ({ cidr, cluster_id: cluster.id })),
    monitored_operators: cluster.operators.map((operator) => operatorView(operator, cluster.id)),
    ...withoutEmpty({
      name: cluster.name,
      network_type: cluster.networkType,
      no_proxy: cluster.noProxy,
      ntp_sources: cluster.ntpSources,
      ocp_release_image: cluster.releaseImage,
      openshift_cluster_id: cluster.openshiftClusterId,
      openshift_version: cluster.openshiftVersion,
    }),
    operator_bundles: networks ? cluster.operatorBundles : null,
    org_soft_timeouts_enabled: true,
    platform: cluster.platform,
    progress: withoutEmpty({
      finalizing_stage: progress.finalizingStage,
      finalizing_stage_percentage: progress.finalizing,
      finalizing_stage_started_at: wireDate(progress.finalizingStageStartedAt),
      finalizing_stage_timed_out: progress.finalizingStageTimedOut,
      installing_stage_percentage: progress.installing,
      preparing_for_installation_stage_percentage: progress.preparing,
      total_percentage: progress.total,
    }),
    ...withoutEmpty({
      pull_secret_set: cluster.pullSecret !== '',
      ready_host_count: counts ? cluster.hosts.filter((host) => host.status === 'known').length : 0,
    }),
    ...(cluster.schedulableMasters === undefined ? {} : { schedulable_masters: cluster.schedulableMasters }),
    schedulable_masters_forced_true:
      cluster.hosts.filter((host) => host.role === 'worker' || host.suggestedRole === 'worker').length < 2,
    service_networks: cluster.serviceNetworks.map((cidr) => ({ cidr, cluster_id: cluster.id })),
    ...withoutEmpty({ ssh_public_key: cluster.sshPublicKey }),
    status: cluster.status,
    status_info: cluster.statusInfo,
    ...withoutEmpty({
      status_updated_at: wireDate(cluster.statusUpdatedAt),
      tags: cluster.tags,
      total_host_count: counts ? cluster.hosts.length : 0,
      updated_at: wireDate(cluster.updatedAt),
    }),
    ...(cluster.userManagedNetworking === undefined ? {} : { user_managed_networking: cluster.userManagedNetworking }),
    ...withoutEmpty({ user_name: USER.user_name, validations_info: validationsText(cluster.validations) }),
    ...(cluster.vipDhcpAllocation === undefined ? {} : { vip_dhcp_allocation: cluster.vipDhcpAllocation }),
  };
}

export function infraEnvView(infraEnv: InfraEnvRow): JsonObject {
  return withoutEmpty({
    additional_ntp_sources: infraEnv.additionalNtpSources,
    additional_trust_bundle: infraEnv.additionalTrustBundle,
    cluster_id: infraEnv.clusterId,
    cpu_architecture: infraEnv.cpuArchitecture,
    created_at: wireDate(infraEnv.createdAt),
    download_url: infraEnv.downloadUrl,
    email_domain: USER.email_domain,
    expires_at: wireDate(0),
    href: `${API}/infra-envs/${infraEnv.id}`,
    id: infraEnv.id,
    ignition_config_override: infraEnv.ignitionConfigOverride,
    kernel_arguments: infraEnv.kernelArguments,
    kind: 'InfraEnv',
    name: infraEnv.name,
    network_discovery_delay_seconds: infraEnv.networkDiscoveryDelaySeconds,
    ntp_sources: infraEnv.ntpSources,
    openshift_version: infraEnv.openshiftVersion,
    proxy: infraEnv.proxy,
    pull_secret_set: infraEnv.pullSecret !== '',
    rendezvous_ip: infraEnv.rendezvousIp,
    ssh_authorized_key: infraEnv.sshAuthorizedKey,
    static_network_config: infraEnv.staticNetworkConfig,
    type: infraEnv.type,
    updated_at: wireDate(infraEnv.updatedAt),
    user_name: USER.user_name,
  });
}
