/** A seed that lives on a service already: its hosts have the identities that another run's would have, so nothing may be made. */
import type { ClusterAdapter, PlannedObject } from '../cluster/cluster-adapter.ts';
import type { ClusterApi, ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactUrl } from '../plan/redact.ts';
import { shellWord } from '../report/style.ts';

/** What a look at the service came to: sentences for people. */
export type SeedLook = { taken: string } | { unknown: string };

/**
 * Looks at the service, or the hub, once for objects with the names of this plan's clusters that are made there. Null when there
 * is nothing to say. Never throws.
 */
export async function lookForTakenSeed(
  { service, hub, seed, clusters, shard }: Pick<ExpandedPlan, 'service' | 'hub' | 'seed' | 'clusters' | 'shard'>,
  api: ClusterApi,
  adapter: Pick<ClusterAdapter, 'alreadyThere' | 'reached'>,
  signal: AbortSignal,
): Promise<SeedLook | null> {
  if ((api === 'kube' ? hub?.kubeconfig : service.url) === 'embedded') return null;
  const own = clusters.filter((cluster) => cluster.api === api);
  const place = api === 'kube' ? 'hub' : 'service';
  // The ledger of the earlier run knows its hub.
  const clean = api === 'kube' ? '' : ` --service ${shellWord(redactUrl(service.url))}`;
  try {
    const [first, ...others] = await adapter.alreadyThere(own, signal);
    return first ? { taken: seedIsTaken({ seed, shard }, place, clean, first, others.length + 1) } : null;
  } catch (error) {
    // A service that cannot be reached is told of by the creations, which meet it too.
    if (signal.aborted || !adapter.reached) return null;
    const why = error instanceof Error ? error.message : String(error);
    return {
      unknown: `could not look whether another run has left objects of this plan and seed on the ${place}: ${why}`,
    };
  }
}

function seedIsTaken(
  { seed, shard }: Pick<ExpandedPlan, 'seed' | 'shard'>,
  place: string,
  clean: string,
  example: PlannedObject,
  count: number,
): string {
  // What has the seed belongs to all shards, which may be at work.
  const by =
    shard.count > 1
      ? `another run of this shard has left or kept them, or still goes on. Remove them with \`swarm clean\` and the folder of that run (with --seed it removes those of the other shards too), or give all shards another seed with --seed`
      : `another run with this seed has left or kept them, or still goes on. Remove them with \`swarm clean --seed ${shellWord(seed)}${clean}\`, or give this run another seed with --seed`;
  const are = count === 1 ? '1 object' : `${count} objects`;
  return `${are} of this plan and seed ${count === 1 ? 'stands' : 'stand'} on the ${place} already, for example ${example.kind} ${example.name}: ${by}`;
}
