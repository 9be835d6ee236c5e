/** What stands on a service, as a ledger has it, cluster by cluster. */
import type { PlannedObject } from '../cluster/cluster-adapter.ts';
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

/** What a run is told whose seed lives on the service already. */
export function seedIsTaken(seed: string, service: string, example: PlannedObject, count: number): string {
  const are = count === 1 ? '1 object' : `${count} objects`;
  return `${are} of this plan and seed ${count === 1 ? 'stands' : 'stand'} on the service already, for example ${example.kind} ${example.name}: another run with this seed has left or kept them, or still goes on. Remove them with \`swarm clean --seed ${shellWord(seed)} --service ${shellWord(service)}\`, or give this run another seed with --seed`;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
