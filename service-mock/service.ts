/** The simulated assisted-service: rules over rows in memory, driven by the injected clock. */

import { clusterOperations, SUPPORTED_OPERATORS } from './cluster/clusters.ts';
import { CLUSTER_VALIDATION_IDS } from './cluster/validations/cluster-validations.ts';
import { type Core, createCore } from './core/core.ts';
import { textField } from './core/wire.ts';
import type { Severity } from './events/events.ts';
import { hostOperations } from './host/hosts.ts';
import { HOST_VALIDATION_IDS } from './host/validations/host-validations.ts';
import { infraEnvOperations } from './infra-env/infra-envs.ts';
import { Monitors } from './monitors.ts';
import { type AssistedServiceApi, type JsonObject, OperationError, type ServiceDependencies } from './service-api.ts';
import { FORBIDDEN_HOSTNAMES } from './validations/names.ts';

/** A monitor that has not begun a pass for so long makes the service unhealthy, milliseconds. */
const LIVENESS_LIMIT = 5 * 60_000;
const SEVERITIES: readonly string[] = ['info', 'warning', 'error', 'critical'];

/** @throws Error when the settings name a validation that does not exist. */
function checkDisabled(name: string, ids: readonly string[], known: readonly string[]): void {
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length > 0)
    throw new Error(`${name}: unknown validations ${unknown.join(', ')}. Known are ${known.join(', ')}`);
}

function defaultConfig({ settings }: Core): JsonObject {
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

function triggerEvent(core: Core, body: JsonObject): void {
  const severity = textField(body, 'severity') ?? '';
  const category = textField(body, 'category') ?? '';
  if (category !== 'user' && category !== 'metrics')
    throw new OperationError(400, `Event category '${category}' is unknown. Known are user, metrics`);
  if (!SEVERITIES.includes(severity))
    throw new OperationError(400, `Event severity '${severity}' is unknown. Known are ${SEVERITIES.join(', ')}`);
  core.events.report(
    {
      name: textField(body, 'name') ?? '',
      severity: severity as Severity,
      category,
      message: textField(body, 'message') ?? '',
      props: textField(body, 'props') ?? '',
      requestId: textField(body, 'request_id') ?? '',
    },
    {
      clusterId: textField(body, 'cluster_id'),
      hostId: textField(body, 'host_id'),
      infraEnvId: textField(body, 'infra_env_id'),
    },
  );
}

/**
 * Makes a service. Nothing runs until `start()`; rows live as long as the object.
 * @throws Error for settings that the real service would refuse at start-up.
 */
export function createService(dependencies: ServiceDependencies): AssistedServiceApi {
  return serviceOf(createCore(dependencies));
}

/** The operations on what a core holds. @throws Error for settings that the real service would refuse at start-up. */
export function serviceOf(core: Core): AssistedServiceApi {
  const { settings, clock } = core;
  checkDisabled('DISABLED_HOST_VALIDATIONS', settings.DISABLED_HOST_VALIDATIONS, HOST_VALIDATION_IDS);
  checkDisabled('DISABLED_CLUSTER_VALIDATIONS', settings.DISABLED_CLUSTER_VALIDATIONS, CLUSTER_VALIDATION_IDS);
  const monitors = new Monitors(core);
  return {
    start: () => monitors.start(),
    stop: () => monitors.stop(),
    healthy: () => !monitors.running || clock.now() - monitors.lastPassAt <= LIVENESS_LIMIT,
    ...clusterOperations(core),
    ...infraEnvOperations(core),
    ...hostOperations(core),
    componentVersions: () => ({
      ...(settings.RELEASE_TAG ? { release_tag: settings.RELEASE_TAG } : {}),
      versions: {
        'assisted-installer': settings.INSTALLER_IMAGE,
        'assisted-installer-controller': settings.CONTROLLER_IMAGE,
        'assisted-installer-service': settings.SELF_VERSION,
        'discovery-agent': settings.AGENT_DOCKER_IMAGE,
      },
    }),
    openshiftVersions: (query) => core.versions.list(query),
    supportedOperators: () => [...SUPPORTED_OPERATORS],
    defaultConfig: () => defaultConfig(core),
    triggerEvent: (body) => triggerEvent(core, body),
    listEvents: (query) =>
      core.events.list(query, (infraEnvId, hostId) => core.store.isDeletedHost(infraEnvId, hostId)),
  };
}
