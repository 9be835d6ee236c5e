/** What stands on a service, as a ledger has it, cluster by cluster. */
import { INFRA_ENV_SUFFIX } from '../cluster/rest-objects.ts';
import type { LeftBehind } from '../report/summary.ts';
import type { LedgerRecord } from '../telemetry/ledger.ts';

/** Groups open entries by the cluster of the plan that they are for. */
export function leftBehindOf(open: Iterable<LedgerRecord>): LeftBehind[] {
  const clusters = new Map<unknown, LeftBehind>();
  for (const { kind, name, id, attributes } of open) {
    const clusterName =
      kind === 'infra-env' && name.endsWith(INFRA_ENV_SUFFIX) ? name.slice(0, -INFRA_ENV_SUFFIX.length) : name;
    const key = attributes.cluster ?? clusterName;
    let left = clusters.get(key);
    if (!left) {
      left = { name: clusterName, clusterId: null, infraEnvId: null };
      clusters.set(key, left);
    }
    if (id === null) left.unconfirmed = [...(left.unconfirmed ?? []), { kind, name }];
    else if (kind === 'cluster') left.clusterId = id;
    else if (kind === 'infra-env') left.infraEnvId = id;
  }
  return [...clusters.values()];
}
