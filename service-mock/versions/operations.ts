/** What the service offers and assumes. Upstream: assisted-service, internal/versions/api.go and internal/bminventory/inventory_v2_handlers.go, V2GetClusterDefaultConfig. */
import type { Core } from '../core/core.ts';
import type { JsonObject } from '../service-api.ts';
import { FORBIDDEN_HOSTNAMES } from '../validations/names.ts';

export function componentVersions({ settings }: Core): JsonObject {
  return {
    ...(settings.RELEASE_TAG ? { release_tag: settings.RELEASE_TAG } : {}),
    versions: {
      'assisted-installer': settings.INSTALLER_IMAGE,
      'assisted-installer-controller': settings.CONTROLLER_IMAGE,
      'assisted-installer-service': settings.SELF_VERSION,
      'discovery-agent': settings.AGENT_DOCKER_IMAGE,
    },
  };
}

export function openshiftVersions({ versions }: Core, query: { version?: string; only_latest: boolean }): JsonObject {
  return versions.list(query);
}

export function defaultConfig({ settings }: Core): JsonObject {
  const pods = { cidr: '10.128.0.0/14', host_prefix: 23 };
  const services = { cidr: '172.30.0.0/16' };
  return {
    cluster_network_cidr: pods.cidr,
    cluster_network_host_prefix: pods.host_prefix,
    cluster_networks_dualstack: [pods, { cidr: 'fd01::/48', host_prefix: 64 }],
    cluster_networks_ipv4: [pods],
    forbidden_hostnames: [...FORBIDDEN_HOSTNAMES],
    inactive_deletion_hours: 480,
    ntp_source: settings.NTP_DEFAULT_SERVER,
    service_network_cidr: services.cidr,
    service_networks_dualstack: [services, { cidr: 'fd02::/112' }],
    service_networks_ipv4: [services],
  };
}
