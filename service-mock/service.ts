/** The simulated assisted-service: the operations of all rooms over rows in memory, driven by the injected clock. */

import { allowAddHosts, deleteCluster, getCluster, listClusterHosts, listClusters } from './cluster/clusters.ts';
import {
  clusterCredentials,
  downloadClusterCredentials,
  downloadClusterFile,
  getInstallConfig,
  updateInstallConfig,
} from './cluster/downloads.ts';
import { getIgnoredValidations, setIgnoredValidations } from './cluster/ignored-validations.ts';
import { importCluster } from './cluster/import.ts';
import {
  cancelCluster,
  completeInstallation,
  installCluster,
  resetCluster,
  updateClusterFinalizingProgress,
  uploadIngressCert,
} from './cluster/installation.ts';
import { updateClusterLogsProgress, uploadLogs } from './cluster/logs.ts';
import {
  createManifest,
  deleteManifest,
  downloadManifest,
  listManifests,
  updateManifest,
} from './cluster/manifests.ts';
import { registerCluster } from './cluster/register.ts';
import { updateCluster } from './cluster/update.ts';
import { CLUSTER_VALIDATION_IDS } from './cluster/validations/cluster-validations.ts';
import type { ServiceDependencies } from './core/core.ts';
import { type Core, createCore } from './core/core.ts';
import { listEvents, triggerEvent } from './events/operations.ts';
import { bindHost, unbindHost } from './host/binding.ts';
import { deleteHost, getHost, listInfraEnvHosts, resetHostValidation, updateHost } from './host/hosts.ts';
import {
  downloadHostIgnition,
  getHostIgnition,
  installHost,
  resetHost,
  updateHostIgnition,
  updateInstallerArgs,
} from './host/installation.ts';
import { updateHostLogsProgress, updateHostProgress } from './host/progress.ts';
import { registerHost } from './host/registration.ts';
import { HOST_VALIDATION_IDS } from './host/validations/host-validations.ts';
import {
  deleteInfraEnv,
  downloadInfraEnvFile,
  downloadMinimalInitrd,
  getInfraEnv,
  infraEnvFileUrl,
  infraEnvImageUrl,
  listInfraEnvs,
} from './infra-env/infra-envs.ts';
import { registerInfraEnv } from './infra-env/register.ts';
import { updateInfraEnv } from './infra-env/update.ts';
import { getInstructions, postStepReply } from './instructions/operations.ts';
import { Monitors } from './monitors.ts';
import {
  listMonitoredOperators,
  reportMonitoredOperator,
  supportedOperators,
} from './operators/monitored-operators.ts';
import type { AssistedServiceApi } from './service-api.ts';
import { componentVersions, defaultConfig, openshiftVersions } from './versions/operations.ts';

/** A monitor that has not begun a pass for so long makes the service unhealthy, milliseconds. */
const LIVENESS_LIMIT = 5 * 60_000;

/** @throws Error when the settings name a validation that does not exist. */
function checkDisabled(name: string, ids: readonly string[], known: readonly string[]): void {
  const unknown = ids.filter((id) => !known.includes(id));
  if (unknown.length > 0)
    throw new Error(`${name}: unknown validations ${unknown.join(', ')}. Known are ${known.join(', ')}`);
}

/**
 * Makes a service. Nothing runs until `start()`; rows live as long as the object.
 * @throws Error for settings that the real service would refuse at start-up.
 */
export function createService(dependencies: ServiceDependencies): AssistedServiceApi {
  return serviceOf(createCore(dependencies));
}

/** The operations of every room: functions of a core and what a request says. */
const OPERATIONS = {
  registerCluster,
  importCluster,
  listClusters,
  getCluster,
  updateCluster,
  deleteCluster,
  installCluster,
  cancelCluster,
  resetCluster,
  allowAddHosts,
  listClusterHosts,
  updateClusterFinalizingProgress,
  completeInstallation,
  uploadIngressCert,
  clusterCredentials,
  downloadClusterFile,
  downloadClusterCredentials,
  getInstallConfig,
  updateInstallConfig,
  getIgnoredValidations,
  setIgnoredValidations,
  listManifests,
  createManifest,
  updateManifest,
  deleteManifest,
  downloadManifest,
  listMonitoredOperators,
  reportMonitoredOperator,
  updateClusterLogsProgress,
  uploadLogs,

  registerInfraEnv,
  listInfraEnvs,
  getInfraEnv,
  updateInfraEnv,
  deleteInfraEnv,
  infraEnvImageUrl,
  infraEnvFileUrl,
  downloadInfraEnvFile,
  downloadMinimalInitrd,

  registerHost,
  listInfraEnvHosts,
  getHost,
  updateHost,
  deleteHost,
  getInstructions,
  postStepReply,
  updateHostProgress,
  updateHostLogsProgress,
  downloadHostIgnition,
  bindHost,
  unbindHost,
  installHost,
  resetHost,
  updateInstallerArgs,
  getHostIgnition,
  updateHostIgnition,
  resetHostValidation,

  componentVersions,
  openshiftVersions,
  supportedOperators,
  defaultConfig,
  triggerEvent,
  listEvents,
} as const;

type Operations = typeof OPERATIONS;
/** The operations of one service: their core is given. */
type Bound = {
  readonly [Name in keyof Operations]: Operations[Name] extends (core: Core, ...request: infer Request) => infer Answer
    ? (...request: Request) => Answer
    : never;
};

function bound(core: Core): Bound {
  const entries = Object.entries(OPERATIONS) as [string, (core: Core, ...request: unknown[]) => unknown][];
  return Object.fromEntries(entries.map(([name, operation]) => [name, operation.bind(undefined, core)])) as Bound;
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
    ...bound(core),
  };
}
