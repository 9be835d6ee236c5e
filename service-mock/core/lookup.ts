/** Rows by id, or the refusal that the API gives. */
import { OperationError } from '../service-api.ts';
import type { Core } from './core.ts';
import type { ClusterRow, HostRow, InfraEnvRow } from './rows.ts';

const NOT_FOUND = 'record not found';

/** How a kind of operation words that a cluster is unknown. */
type Wording = (id: string) => string;
const ON_READING: Wording = () => NOT_FOUND;
export const ON_CHANGING: Wording = (id) => `Failed to get cluster ${id}: ${NOT_FOUND}`;
export const ON_MANIFESTS: Wording = () => 'Object Not Found';

/** @throws OperationError 404 for an unknown id. */
export function clusterOf(core: Core, id: string, wording: Wording = ON_READING): ClusterRow {
  const cluster = core.store.clusters.get(id);
  if (!cluster) throw new OperationError(404, wording(id));
  return cluster;
}

/** @throws OperationError 404 for an unknown id. */
export function infraEnvOf(core: Core, id: string): InfraEnvRow {
  const infraEnv = core.store.infraEnvs.get(id);
  if (!infraEnv) throw new OperationError(404, NOT_FOUND);
  return infraEnv;
}

/** @throws OperationError for an unknown id; 404 unless the operation is one that takes it for a failure of its own. */
export function hostOf(core: Core, infraEnvId: string, id: string, status: 404 | 500 = 404): HostRow {
  const host = core.store.infraEnvs.get(infraEnvId)?.hosts.get(id);
  if (!host) throw new OperationError(status, `failed to get host ${id} in infra_env ${infraEnvId}: ${NOT_FOUND}`);
  return host;
}
