/** Monitored operators as the API shows them. Upstream: assisted-service, models/monitored_operator.go. */
import type { OperatorRow } from '../core/rows.ts';
import { wireDate, withoutEmpty } from '../core/wire.ts';
import type { JsonObject } from '../service-api.ts';

export function operatorView(operator: OperatorRow, clusterId: string): JsonObject {
  return {
    bundles: null,
    cluster_id: clusterId,
    ...withoutEmpty({
      dependency_only: operator.dependencyOnly,
      name: operator.name,
      namespace: operator.namespace,
      operator_type: operator.type,
      properties: operator.properties,
    }),
    source_bundles: null,
    ...withoutEmpty({
      status: operator.status,
      status_info: operator.statusInfo,
      status_updated_at: wireDate(operator.statusUpdatedAt),
      subscription_name: operator.subscriptionName,
      timeout_seconds: operator.timeoutSeconds,
      version: operator.version,
    }),
  };
}
