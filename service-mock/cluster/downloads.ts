/** What an installed cluster is opened with, and what it is installed from. Upstream: assisted-service, internal/bminventory/inventory_v2_handlers.go. */
import { aboutCluster, type Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING } from '../core/lookup.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { touchCluster } from './changes.ts';
import { clusterFile, credentialFile, installConfig, password } from './files.ts';
import { checkOverrides } from './install-config-overrides.ts';

export function clusterCredentials(core: Core, id: string): JsonObject {
  const cluster = clusterOf(core, id);
  const console = cluster.operators.find((operator) => operator.name === 'console');
  if (console?.status !== 'available')
    throw new OperationError(
      409,
      "console-url isn't available yet, it will be once console operator is ready as part of cluster finalizing stage",
    );
  return {
    console_url: `https://console-openshift-console.apps.${cluster.name}.${cluster.baseDnsDomain}`,
    password: password(cluster),
    username: 'kubeadmin',
  };
}

export function downloadClusterFile(core: Core, id: string, name: string): Buffer {
  return clusterFile(clusterOf(core, id), name);
}

export function downloadClusterCredentials(core: Core, id: string, name: string): Buffer {
  return credentialFile(clusterOf(core, id), name);
}

export function getInstallConfig(core: Core, id: string): string {
  return installConfig(clusterOf(core, id, ON_CHANGING));
}

export function updateInstallConfig(core: Core, id: string, overrides: string): void {
  const cluster = clusterOf(core, id, ON_CHANGING);
  checkOverrides(overrides);
  cluster.installConfigOverrides = overrides;
  touchCluster(core, cluster);
  core.events.emit('install_config_applied', aboutCluster(cluster));
}
