/** Why shards spoil what they are merged to, in sentences that name them. */
import { countOf, formatCount, formatMs, formatShare, shellWord } from '../../report/style.ts';
import type { ShardEnd, SummedParts } from './figure-parts.ts';
import type { LostShard } from './lost-shard.ts';
import type { MergedShards } from './merge-runs.ts';

/** `shard 2 of 4`. */
export const shardName = (index: number, { ended }: Pick<MergedShards, 'ended'>) =>
  `shard ${index} of ${ended[0]!.shard.count}`;

/** In the order of the shards. */
export function endsOf(sums: SummedParts): ShardEnd[] {
  return sums.ends.toSorted((a, b) => a.shard - b.shard);
}

/** What went wrong with shards, whatever the figures of the others. */
export function causesOf(merged: MergedShards, apartMs: number): string[] {
  const { lost, missing, sums } = merged;
  const ends = endsOf(sums);
  const ofPlan = merged.plan.whole.clusters;
  const { count } = merged.ended[0]!.shard;
  const name = (index: number) => shardName(index, merged);
  const again = (index: number) => `run it again (swarm run … --shard ${index}/${count})`;
  const first = ends.reduce((one, end) => (end.beganMs < one.beganMs ? end : one));
  return [
    ...lost.map(
      (one) =>
        // Not by its seed: that is the other shards' too.
        `${name(one.index)} is lost: ${lostText(one)}; remove what it has left (swarm clean ${shellWord(one.folder)}${one.state === 'unknown' ? ' --over' : ''}), ${again(one.index)}, and merge again`,
    ),
    ...missing.map((index) => {
      const clusters = countOf(Math.ceil((ofPlan - index) / count), 'cluster');
      return `${name(index)} is missing: nothing is known of its ${clusters}; give its folder, or ${again(index)}, and merge again`;
    }),
    ...ends.flatMap((end) => end.causes.map((cause) => `${name(end.shard)}: ${cause}`)),
    ...ends
      .filter(({ verdict }) => verdict === 'interrupted')
      .map(({ shard, reasons }) => `${name(shard)} was interrupted: ${reasons.join('; ')}`),
    ...ends
      .filter(({ beganMs }) => beganMs - first.beganMs > apartMs)
      .map(
        ({ shard, beganMs }) =>
          `${name(shard)} began ${formatMs(beganMs - first.beganMs)} after shard ${first.shard}, allowed are ${formatMs(apartMs)}: the load was not that of the plan; start shards at one moment, or allow more (--apart)`,
      ),
    ...ends.filter(isSaturated).map(({ shard, generator: { saturatedSeconds, watchedSeconds, saturatedBy } }) => {
      const share = formatShare(saturatedSeconds, watchedSeconds);
      const why = Object.keys(saturatedBy).join(', ');
      return `${name(shard)} was its own bottleneck for ${share} of the time (${why}): latencies that it measured then are too high; give it a larger machine, or its hosts to more shards`;
    }),
  ];
}

/** As it judged itself: a machine that was too small is not mended by others that were not. */
function isSaturated({ thresholds }: ShardEnd): boolean {
  return thresholds.some(({ figure, labels, ok }) => {
    const ofWhole = labels.phase === undefined && labels.step === undefined;
    return figure === 'generator_saturation' && ofWhole && ok === false;
  });
}

/** `run 20261128-… was killed; its last event came 41 s after its start, with 3 of 25 clusters complete`. */
function lostText({ run, machine, state, startMs, lastMs, complete, atLeast, clusters, hosts }: LostShard): string {
  const where = machine === null ? '' : ` on ${machine}`;
  const how =
    state === 'killed' ? `run ${run}${where} was killed` : `run ${run}${where} left no end: it was killed, or goes on`;
  const last =
    lastMs === null
      ? 'it has told of nothing'
      : `its last event came at ${new Date(lastMs).toISOString()}, ${formatMs(lastMs - startMs)} after its start, with ${atLeast ? 'at least ' : ''}${formatCount(complete)} of ${countOf(clusters, 'cluster')} complete`;
  return `${how}; ${last}; its ${countOf(hosts, 'host')} count as not done`;
}
