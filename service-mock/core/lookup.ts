/** Rows by id, or the refusal that the API gives. */
import { OperationError } from '../service-api.ts';
import type { Core } from './core.ts';
import type { ClusterRow, HostRow, InfraEnvRow } from './store.ts';

export function clusterOf(core: Core, id: string): ClusterRow {
  const cluster = core.store.clusters.get(id);
  if (!cluster) throw new OperationError(404, `Cluster ${id} was not found`);
  return cluster;
}

export function infraEnvOf(core: Core, id: string): InfraEnvRow {
  const infraEnv = core.store.infraEnvs.get(id);
  if (!infraEnv) throw new OperationError(404, `Infra-env ${id} was not found`);
  return infraEnv;
}

export function hostOf(core: Core, infraEnvId: string, id: string): HostRow {
  const host = core.store.infraEnvs.get(infraEnvId)?.hosts.get(id);
  if (!host) throw new OperationError(404, `Host ${id} was not found in infra-env ${infraEnvId}`);
  return host;
}
