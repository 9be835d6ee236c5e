/** A seed that lives on a service already: its hosts have the identities that another run's would have, so nothing may be made. */
import type { ClusterAdapter, PlannedObject } from '../cluster/cluster-adapter.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { shellWord } from '../report/style.ts';

/** What a look at the service came to: sentences for people. */
export type SeedLook = { taken: string } | { unknown: string };

/** Looks at the service once for objects with the names of this plan. Null when there is nothing to say. Never throws. */
export async function lookForTakenSeed(
  { service, seed, clusters }: Pick<ExpandedPlan, 'service' | 'seed' | 'clusters'>,
  adapter: Pick<ClusterAdapter, 'alreadyThere' | 'reached'>,
  signal: AbortSignal,
): Promise<SeedLook | null> {
  if (service.url === 'embedded') return null;
  try {
    const [first, ...others] = await adapter.alreadyThere(clusters, signal);
    return first ? { taken: seedIsTaken(seed, redactUrl(service.url), first, others.length + 1) } : null;
  } catch (error) {
    // A service that cannot be reached is told of by the creations, which meet it too.
    if (signal.aborted || !adapter.reached) return null;
    const why = error instanceof Error ? error.message : String(error);
    return {
      unknown: `could not look whether another run has left objects of this plan and seed on the service: ${why}`,
    };
  }
}

function seedIsTaken(seed: string, service: string, example: PlannedObject, count: number): string {
  const are = count === 1 ? '1 object' : `${count} objects`;
  return `${are} of this plan and seed ${count === 1 ? 'stands' : 'stand'} on the service already, for example ${example.kind} ${example.name}: another run with this seed has left or kept them, or still goes on. Remove them with \`swarm clean --seed ${shellWord(seed)} --service ${shellWord(service)}\`, or give this run another seed with --seed`;
}
