/** Operators whose installation a cluster's controller follows. Upstream: assisted-service, internal/operators/handler/handler.go. */

import { updateFinalizingProgress } from '../cluster/progress.ts';
import { aboutCluster, type Core } from '../core/core.ts';
import { clusterOf } from '../core/lookup.ts';
import { requiredText, textField } from '../core/wire.ts';
import { type JsonObject, OperationError } from '../service-api.ts';
import { OPERATORS } from './operators.ts';
import { operatorView } from './view.ts';

const OPERATOR_STATUSES: readonly string[] = ['failed', 'progressing', 'available'];

export function supportedOperators(_core: Core): string[] {
  return Object.keys(OPERATORS);
}

export function listMonitoredOperators(core: Core, id: string, name?: string): JsonObject[] {
  const rows = (core.store.clusters.get(id)?.operators ?? []).filter((operator) => !name || operator.name === name);
  if (name && rows.length === 0) throw new OperationError(404, 'record not found');
  return rows.map((operator) => operatorView(operator, id));
}

export function reportMonitoredOperator(core: Core, id: string, body: JsonObject): void {
  const cluster = clusterOf(core, id);
  const name = requiredText(body, 'name');
  const operator = cluster.operators.find((candidate) => candidate.name === name);
  if (!operator) throw new OperationError(404, `Operator ${name} is not monitored for cluster ${id}`);
  const status = textField(body, 'status') ?? '';
  if (status !== '' && !OPERATOR_STATUSES.includes(status))
    throw new OperationError(400, `Operator status ${status} is unknown. Known are ${OPERATOR_STATUSES.join(', ')}`);
  const info = textField(body, 'status_info') ?? '';
  Object.assign(operator, {
    status,
    statusInfo: info,
    version: textField(body, 'version') || operator.version,
    statusUpdatedAt: core.clock.now(),
  });
  core.events.emit('cluster_operator_status', aboutCluster(cluster), name, status, info);
  updateFinalizingProgress(core, cluster);
}
