/** Hosts as the API shows them: model order, Go's rules for empty values. Upstream: assisted-service, swagger.yaml and models/host.go. */

import { isSingleNode } from '../cluster/traits.ts';
import type { HostRow } from '../core/rows.ts';
import { API_PATH, USER, wireDate, withoutEmpty } from '../core/wire.ts';
import type { JsonObject } from '../service-api.ts';
import { validationsText } from '../validations/results.ts';
import { stagesOf } from './stages.ts';
import { displayName, endsWithReboot } from './traits.ts';

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

function progressView(host: HostRow): JsonObject {
  return withoutEmpty({
    current_stage: host.stage,
    installation_percentage: host.installationPercentage,
    progress_info: host.stageInfo,
    stage_started_at: wireDate(host.stageStartedAt),
    stage_timed_out: host.stageTimedOut,
    stage_updated_at: wireDate(host.stageUpdatedAt),
  });
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
      href: `${API_PATH}/infra-envs/${host.infraEnv.id}/hosts/${host.id}`,
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
      progress: progressView(host),
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
