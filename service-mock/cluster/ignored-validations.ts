/** Validations whose failure is not to keep a cluster from its installation. Upstream: assisted-service, internal/bminventory/inventory_v2_handlers.go, V2SetIgnoredValidations. */
import { jsonFault } from '../../model/protocol/json-syntax.ts';
import type { Core } from '../core/core.ts';
import { clusterOf, ON_CHANGING } from '../core/lookup.ts';
import type { ClusterRow } from '../core/rows.ts';
import { refuse, textField } from '../core/wire.ts';
import { HOST_VALIDATION_IDS, NEVER_IGNORABLE_HOST_VALIDATIONS } from '../host/validations/host-validations.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { ignoreList } from '../validations/results.ts';
import { notUpdatable } from './changes.ts';
import { CLUSTER_VALIDATION_IDS, NEVER_IGNORABLE_CLUSTER_VALIDATIONS } from './validations/cluster-validations.ts';

export function getIgnoredValidations(core: Core, id: string): JsonObject {
  return ignored(clusterOf(core, id, ON_CHANGING));
}

export function setIgnoredValidations(core: Core, id: string, body: JsonObject): JsonObject {
  const cluster = core.store.clusters.get(id);
  if (!cluster)
    throw new OperationError(500, `failed to fetch cluster ${id} to apply ignored validations: record not found`);
  refuse(notUpdatable(cluster));
  const ofCluster = textField(body, 'cluster-validation-ids') ?? '';
  const ofHosts = textField(body, 'host-validation-ids') ?? '';
  const problems = [
    ...ignoredProblems('cluster', ofCluster, CLUSTER_VALIDATION_IDS, NEVER_IGNORABLE_CLUSTER_VALIDATIONS),
    ...ignoredProblems('host', ofHosts, HOST_VALIDATION_IDS, NEVER_IGNORABLE_HOST_VALIDATIONS),
  ];
  if (problems.length > 0)
    throw new OperationError(400, `cannot proceed due to the following errors: ${problems.join('\n')}`);
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

/** What is wrong with ids that are to be ignored. Upstream: validateIgnoredValidations. */
function ignoredProblems(
  kind: 'cluster' | 'host',
  text: string,
  known: readonly string[],
  never: ReadonlySet<string>,
): string[] {
  if (text === '') return [];
  const ids = idsOf(text);
  if (!ids) return [`error during unmarshal of json for ignored ${kind} validations`];
  const unknown = ids.filter((id) => id.toLowerCase() !== 'all' && !known.includes(id));
  const refused = ids.includes('all') ? [] : ids.filter((id) => never.has(id));
  return [
    ...unknown.map((id) => `Validation ID '${id}' is not a known ${kind} validation`),
    ...(refused.length > 0 ? [`unable to ignore the following ${kind} validations (${refused.join(',')})`] : []),
  ];
}

/** A list of texts; null is an empty one of either. */
function idsOf(text: string): string[] | undefined {
  if (jsonFault(text) !== undefined) return undefined;
  const value = JSON.parse(text) as unknown;
  if (value === null) return [];
  const isList = Array.isArray(value) && value.every((id) => id === null || typeof id === 'string');
  return isList ? (value as (string | null)[]).map((id) => id ?? '') : undefined;
}
