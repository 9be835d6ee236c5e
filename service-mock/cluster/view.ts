/** Clusters as the API shows them: model order, Go's rules for empty values. Upstream: assisted-service, swagger.yaml and models/cluster.go. */

import type { ClusterRow, VipRow } from '../core/rows.ts';
import { API_PATH, USER, wireDate, withoutEmpty } from '../core/wire.ts';
import { hostAddresses } from '../host/inventory.ts';
import { hostView } from '../host/view.ts';
import { operatorView } from '../operators/view.ts';
import type { Json, JsonObject } from '../service-api.ts';
import { validationsText } from '../validations/results.ts';
import { featureUsage } from './feature-usage.ts';

/** How an answer shows a cluster. */
export interface ClusterViewOptions {
  hosts?: boolean;
  /** Networks of the hosts and operator bundles; lists and actions leave them `null`. */
  networks?: boolean;
  /** Numbers of hosts; default as `hosts`. */
  counts?: boolean;
}

/** A cluster with the fields of the model in its order, which is alphabetical. */
export function clusterView(
  cluster: ClusterRow,
  { hosts = true, networks = true, counts = hosts }: ClusterViewOptions = {},
): JsonObject {
  return {
    ...fieldsBeforeHosts(cluster, counts),
    host_networks: networks ? (hosts ? hostNetworks(cluster) : []) : null,
    hosts: hosts ? cluster.hosts.map((host) => hostView(host)) : null,
    ...fieldsFromHrefToVersion(cluster),
    operator_bundles: networks ? cluster.operatorBundles : null,
    org_soft_timeouts_enabled: true,
    platform: cluster.platform,
    progress: progressView(cluster),
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

function fieldsBeforeHosts(cluster: ClusterRow, counts: boolean): JsonObject {
  return {
    ...withoutEmpty({ additional_ntp_source: cluster.additionalNtpSource }),
    ...(cluster.apiVipDnsName !== undefined ? { api_vip_dns_name: cluster.apiVipDnsName } : {}),
    api_vips: vipsView(cluster, cluster.apiVips),
    ...withoutEmpty({ base_dns_domain: cluster.baseDnsDomain }),
    cluster_networks: cluster.clusterNetworks.map(({ cidr, hostPrefix }) =>
      withoutEmpty({ cidr, cluster_id: cluster.id, host_prefix: hostPrefix }),
    ),
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
  };
}

function fieldsFromHrefToVersion(cluster: ClusterRow): JsonObject {
  return {
    ...withoutEmpty({
      href: `${API_PATH}/clusters/${cluster.id}`,
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
    ingress_vips: vipsView(cluster, cluster.ingressVips),
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
  };
}

function vipsView(cluster: ClusterRow, vips: readonly VipRow[]): JsonObject[] {
  return vips.map(({ ip, verification }) => ({
    cluster_id: cluster.id,
    ip,
    ...(verification ? { verification } : {}),
  }));
}

function progressView({ progress }: ClusterRow): JsonObject {
  return withoutEmpty({
    finalizing_stage: progress.finalizingStage,
    finalizing_stage_percentage: progress.finalizing,
    finalizing_stage_started_at: wireDate(progress.finalizingStageStartedAt),
    finalizing_stage_timed_out: progress.finalizingStageTimedOut,
    installing_stage_percentage: progress.installing,
    preparing_for_installation_stage_percentage: progress.preparing,
    total_percentage: progress.total,
  });
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
