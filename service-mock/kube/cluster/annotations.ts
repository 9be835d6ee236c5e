/** Annotations of an AgentClusterInstall that change its cluster. Upstream: assisted-service, clusterdeployments_controller.go, applyClusterInstallAnnotations. */

import { isDay2Cluster } from '../../cluster/traits.ts';
import type { ClusterRow } from '../../core/rows.ts';
import { OperationError } from '../../service-api.ts';
import type { KubeContext } from '../context.ts';
import { isUserError, messageOf, wrapped } from '../errors.ts';
import { IGNORED_CLUSTER_VALIDATIONS, IGNORED_HOST_VALIDATIONS, INSTALL_CONFIG_OVERRIDES } from '../labels.ts';
import type { ClusterInstall } from '../objects.ts';

/** @throws OperationError 400 for an annotation that cannot be; Error when the service refuses. */
export function applyAnnotations(context: KubeContext, { metadata }: ClusterInstall, cluster: ClusterRow): void {
  const { annotations = {} } = metadata;
  if (!isDay2Cluster(cluster)) applyOverrides(context, annotations[INSTALL_CONFIG_OVERRIDES] ?? '', cluster);
  applyIgnored(context, annotations, cluster);
}

function applyOverrides({ service }: KubeContext, overrides: string, cluster: ClusterRow): void {
  if (overrides === cluster.installConfigOverrides) return;
  try {
    service.updateInstallConfig(cluster.id, overrides);
  } catch (error) {
    if (isUserError(error))
      throw new OperationError(400, `Failed to parse '${INSTALL_CONFIG_OVERRIDES}' annotation: ${messageOf(error)}`);
    throw wrapped(`failed to update install-config overrides for cluster ${cluster.id}`, error);
  }
}

function applyIgnored(
  { service }: KubeContext,
  annotations: Readonly<Record<string, string>>,
  cluster: ClusterRow,
): void {
  const ofCluster = ignoredIds(annotations, IGNORED_CLUSTER_VALIDATIONS);
  const ofHosts = ignoredIds(annotations, IGNORED_HOST_VALIDATIONS);
  // An empty list is kept as no list.
  if (none(ofCluster) === cluster.ignoredClusterValidations && none(ofHosts) === cluster.ignoredHostValidations) return;
  try {
    service.setIgnoredValidations(cluster.id, { 'cluster-validation-ids': ofCluster, 'host-validation-ids': ofHosts });
  } catch (error) {
    if (isUserError(error)) throw error;
    throw wrapped(`failed to update ignored validations for cluster ${cluster.id}`, error);
  }
}

function none(list: string): string {
  return list === '[]' ? '' : list;
}

/** A comma-separated annotation as a JSON list; '' when it is absent. @throws OperationError 400 for an id that is given twice. */
function ignoredIds(annotations: Readonly<Record<string, string>>, key: string): string {
  const text = annotations[key];
  if (text === undefined) return '';
  const ids = text
    .split(',')
    .map((id) => id.trim())
    .filter((id) => id !== '');
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) {
    throw new OperationError(
      400,
      `Failed to parse '${key}' annotation: annotation "${key}": failed to parse comma-separated validation IDs: duplicate ignored validation ID '${twice}'`,
    );
  }
  return JSON.stringify(ids);
}
