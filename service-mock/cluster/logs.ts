/** Logs of a cluster and its hosts, of which only sizes are kept. Upstream: assisted-service, internal/bminventory/inventory_v2_handlers.go, V2UploadLogs. */
import { aboutCluster, aboutHost, type Core } from '../core/core.ts';
import { clusterOf } from '../core/lookup.ts';
import { textField } from '../core/wire.ts';
import { displayName } from '../host/traits.ts';
import { type JsonObject, type LogsQuery, OperationError } from '../service-api.ts';

export function updateClusterLogsProgress(core: Core, id: string, body: JsonObject): void {
  const cluster = clusterOf(core, id);
  cluster.logsInfo = textField(body, 'logs_state') ?? '';
  if (cluster.logsInfo === 'requested') cluster.controllerLogsStartedAt = core.clock.now();
  cluster.updatedAt = core.clock.now();
}

/** @param bytes what was received of the file. */
export function uploadLogs(core: Core, id: string, query: LogsQuery, bytes: number): void {
  if (query.logs_type === 'host') {
    if (query.host_id === undefined) throw new OperationError(400, 'Logs of a host need host_id');
    const host = core.store.clusters.get(id)?.hosts.find((candidate) => candidate.id === query.host_id);
    if (!host) throw new OperationError(404, `failed to get host ${query.host_id} in cluster ${id}: record not found`);
    if (bytes === 0) throw new OperationError(400, 'The uploaded log is empty');
    host.logsCollectedAt = core.clock.now();
    host.logsInfo = 'collecting';
    host.updatedAt = core.clock.now();
    core.events.emit('host_logs_uploaded', aboutHost(host), displayName(host), host.cluster?.id ?? '');
    return;
  }
  const cluster = clusterOf(core, id);
  if (bytes === 0) throw new OperationError(400, 'The uploaded log is empty');
  // Only the first of many uploads is told of.
  if (cluster.controllerLogsCollectedAt === 0) core.events.emit('cluster_logs_uploaded', aboutCluster(cluster));
  cluster.controllerLogsCollectedAt = core.clock.now();
  cluster.logsInfo = 'collecting';
}
