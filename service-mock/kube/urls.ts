/** Addresses that the status of resources tells users and hosts. Upstream: assisted-service, controllers/ and internal/imageservice/urls.go. */
import { API_BASE } from '../../model/protocol/endpoints.ts';
import type { InfraEnvRow } from '../core/store.ts';
import type { ServiceSettings } from '../service-api.ts';

type Filter = 'cluster_id' | 'infra_env_id' | 'host_id';

export function eventsUrl({ SERVICE_BASE_URL }: ServiceSettings, filter: Filter, id: string): string {
  return `${SERVICE_BASE_URL}${API_BASE}/v2/events?${filter}=${id}`;
}

export function clusterLogsUrl({ SERVICE_BASE_URL }: ServiceSettings, clusterId: string): string {
  return `${SERVICE_BASE_URL}${API_BASE}/v2/clusters/${clusterId}/logs`;
}

export function hostLogsUrl(settings: ServiceSettings, clusterId: string, hostId: string): string {
  return `${clusterLogsUrl(settings, clusterId)}?host_id=${hostId}&logs_type=host`;
}

/** A file of an infra-env. @param query further parameters; they stand in the order of their names. */
export function infraEnvFileUrl(
  { SERVICE_BASE_URL }: ServiceSettings,
  infraEnvId: string,
  fileName: string,
  query: Readonly<Record<string, string>> = {},
): string {
  const text = new URLSearchParams({ file_name: fileName, ...query });
  return `${SERVICE_BASE_URL}${API_BASE}/v2/infra-envs/${infraEnvId}/downloads/files?${text}`;
}

export interface BootArtifactUrls {
  kernel: string;
  rootfs: string;
  initrd: string;
}

/** What a host boots from when it does not boot an image. @param version `major.minor` of the OS image. */
export function bootArtifactUrls(
  { IMAGE_SERVICE_BASE_URL }: ServiceSettings,
  { id, cpuArchitecture }: InfraEnvRow,
  version: string,
): BootArtifactUrls {
  const query = new URLSearchParams({ arch: cpuArchitecture, version });
  return {
    kernel: `${IMAGE_SERVICE_BASE_URL}/boot-artifacts/kernel?${query}`,
    rootfs: `${IMAGE_SERVICE_BASE_URL}/boot-artifacts/rootfs?${query}`,
    initrd: `${IMAGE_SERVICE_BASE_URL}/images/${id}/pxe-initrd?${query}`,
  };
}
