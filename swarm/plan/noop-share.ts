/** Which clusters of a plan have no-op hosts, where it asks for a share of them. */
import { hashWords, unitNumber } from '../../model/time/random.ts';
import type { PlanCluster } from './plan.ts';

/** How many of so many clusters a share is: the nearest number, but one at least where there is a share at all. */
export function noopCount(share: number, clusters: number): number {
  return share === 0 ? 0 : Math.min(clusters, Math.max(1, Math.round(share * clusters)));
}

/**
 * Positions of the clusters whose hosts are no-op ones.
 *
 * A share that an entry gives is one of its own clusters; the plan's is one of all clusters that take it, together. Clusters stand in
 * a row, entry by entry and in each as they arrive; every nth of them is chosen, from a place on that the seed decides:
 *
 *     sno sno sno sno sno sno sno sno sno sno compact compact compact compact compact      share 1/5
 *         ▲                   ▲                       ▲
 *
 * So every entry has its share, to within one cluster, and so has every part of the time in which an entry's clusters arrive.
 * @param entries of the plan
 * @param order positions of the clusters as they arrive
 * @param entryOf the entry of a position
 */
export function noopClusters(
  entries: readonly PlanCluster[],
  order: Iterable<number>,
  entryOf: (position: number) => PlanCluster,
  seed: string,
): ReadonlySet<number> {
  // Most plans have none, and of a million clusters the rows take their time.
  if (entries.every(({ noop }) => noop.share === 0)) return new Set();
  const rows = new Map<PlanCluster, number[]>(entries.map((entry) => [entry, []]));
  for (const position of order) rows.get(entryOf(position))!.push(position);
  const chosen = new Set<number>();
  const choose = (share: number, row: readonly number[], name: string): void => {
    const amount = noopCount(share, row.length);
    const from = unitNumber(hashWords(`noop/${seed}/${name}`));
    for (let i = 0; i < amount; i++) chosen.add(row[Math.floor(((i + from) * row.length) / amount)]!);
  };
  const together = entries.filter(({ noop }) => noop.among === 'plan');
  if (together.length > 0) {
    const row = together.flatMap((entry) => rows.get(entry)!);
    choose(together[0]!.noop.share, row, 'plan');
  }
  for (const [number, entry] of entries.entries()) {
    if (entry.noop.among === 'entry') choose(entry.noop.share, rows.get(entry)!, String(number));
  }
  return chosen;
}
