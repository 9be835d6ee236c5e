/** Validations whose failure is not to keep a cluster from its installation. Upstream: assisted-service, internal/bminventory/inventory_v2_handlers.go, V2SetIgnoredValidations. */
import type { Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING } from '../core/lookup.ts';
import type { ClusterRow } from '../core/rows.ts';
import { textField } from '../core/wire.ts';
import { HOST_VALIDATION_IDS, NEVER_IGNORABLE_HOST_VALIDATIONS } from '../host/validations/host-validations.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { ignoreList } from '../validations/results.ts';
import { UPDATABLE } from './changes.ts';
import { CLUSTER_VALIDATION_IDS, NEVER_IGNORABLE_CLUSTER_VALIDATIONS } from './validations/cluster-validations.ts';

export function getIgnoredValidations(core: Core, id: string): JsonObject {
  return ignored(clusterOf(core, id, ON_CHANGING));
}

export function setIgnoredValidations(core: Core, id: string, body: JsonObject): JsonObject {
  const cluster = core.store.clusters.get(id);
  if (!cluster)
    throw new OperationError(500, `failed to fetch cluster ${id} to apply ignored validations: record not found`);
  if (!UPDATABLE.has(cluster.status))
    throw new OperationError(400, `Cluster ${id} is ${cluster.status}, ignored validations can no longer be changed`);
  const ofCluster = textField(body, 'cluster-validation-ids') ?? '';
  const ofHosts = textField(body, 'host-validation-ids') ?? '';
  checkIgnored('cluster', ofCluster, CLUSTER_VALIDATION_IDS, NEVER_IGNORABLE_CLUSTER_VALIDATIONS);
  checkIgnored('host', ofHosts, HOST_VALIDATION_IDS, NEVER_IGNORABLE_HOST_VALIDATIONS);
  cluster.ignoredClusterValidations = ignoreList(ofCluster).length > 0 ? ofCluster : '';
  cluster.ignoredHostValidations = ignoreList(ofHosts).length > 0 ? ofHosts : '';
  cluster.updatedAt = core.clock.now();
  return ignored(cluster);
}

function ignored(cluster: ClusterRow): JsonObject {
  return {
    ...(cluster.ignoredClusterValidations ? { 'cluster-validation-ids': cluster.ignoredClusterValidations } : {}),
    ...(cluster.ignoredHostValidations ? { 'host-validation-ids': cluster.ignoredHostValidations } : {}),
  };
}

function checkIgnored(
  kind: 'cluster' | 'host',
  text: string,
  known: readonly string[],
  never: ReadonlySet<string>,
): void {
  if (text === '') return;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new OperationError(400, `'${text.slice(0, 60)}' is no JSON array of validation ids`);
  }
  if (!Array.isArray(value)) throw new OperationError(400, `'${text.slice(0, 60)}' is no JSON array of validation ids`);
  const ids = value.map(String);
  const unknown = ids.filter((id) => id.toLowerCase() !== 'all' && !known.includes(id));
  const refused = ids.filter((id) => never.has(id));
  const problems = [
    ...unknown.map((id) => `Validation ID '${id}' is not a known ${kind} validation`),
    ...(refused.length > 0 ? [`unable to ignore the following ${kind} validations (${refused.join(',')})`] : []),
  ];
  if (problems.length > 0)
    throw new OperationError(400, `cannot proceed due to the following errors: ${problems.join('\n')}`);
}
