/** What stands on a service or a hub, as a ledger has it, cluster by cluster. */

import { targetOf } from '../cluster/hub-objects.ts';
import { INFRA_ENV_SUFFIX } from '../cluster/rest-objects.ts';
import type { LeftBehind } from '../report/summary.ts';
import type { LedgerRecord } from '../telemetry/ledger.ts';

/** Groups open entries by the cluster of the plan that they are for. */
export function leftBehindOf(open: Iterable<LedgerRecord>): LeftBehind[] {
  const clusters = new Map<unknown, LeftBehind>();
  for (const record of open) {
    const { kind, name, id, attributes } = record;
    const onHub = targetOf(record);
    const clusterName =
      onHub?.namespace ??
      (kind === 'infra-env' && name.endsWith(INFRA_ENV_SUFFIX) ? name.slice(0, -INFRA_ENV_SUFFIX.length) : name);
    const key = attributes.cluster ?? clusterName;
    let left = clusters.get(key);
    if (!left) {
      left = { name: clusterName, clusterId: null, infraEnvId: null };
      clusters.set(key, left);
    }
    if (onHub && id !== null) left.hub = [...(left.hub ?? []), `${kind} ${name}`];
    else if (id === null) left.unconfirmed = [...(left.unconfirmed ?? []), { kind, name }];
    else if (kind === 'cluster') left.clusterId = id;
    else if (kind === 'infra-env') left.infraEnvId = id;
  }
  return [...clusters.values()];
}
