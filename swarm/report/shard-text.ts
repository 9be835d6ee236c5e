/** Shards of a merged summary: one row each, as terminal and report show it. */
import type { KeptSummary } from './kept-summary.ts';
import type { ShardSummary } from './shard-summary.ts';
import { formatCount, formatMs, formatShare, type Style, table } from './style.ts';

export const SHARD_COLUMNS = [
  ...['shard', 'run', 'machine', 'hosts', 'clusters', 'complete', 'verdict', 'requests', 'p95', 'saturated', 'began'],
  ...['longest outage', 'figures of servers'],
] as const;

/** Columns of numbers. */
export const SHARD_NUMBERS = [3, 4, 5, 7, 8, 9, 10, 11];

/** One row a shard, in their order. */
export function shardRows({ shards }: Pick<KeptSummary, 'shards'>): string[][] {
  return shards.map((shard) => [
    ...[String(shard.index), shard.run ?? '-', shard.machine ?? '-'],
    ...[shard.hosts === null ? '-' : formatCount(shard.hosts), formatCount(shard.clusters)],
    ...[formatCount(shard.complete), endOf(shard)],
    ...(shard.state === 'ended' ? measured(shard) : ['-', '-', '-', '-', '-', '-']),
  ]);
}

/** Whether the shard has figures in the sum, and they can be trusted. */
export function isSound({ state, verdict, saturatedSeconds }: ShardSummary): boolean {
  return state === 'ended' && verdict !== 'interrupted' && saturatedSeconds === 0;
}

/** Empty of a run that is no sum. */
export function shardLines(summary: Pick<KeptSummary, 'shards'>, style: Style): string[] {
  if (summary.shards.length === 0) return [];
  const [head, ...rows] = table([[...SHARD_COLUMNS], ...shardRows(summary)], SHARD_NUMBERS);
  return [style.dim(head!), ...rows.map((row, at) => (isSound(summary.shards[at]!) ? row : style.warn(row)))];
}

function endOf({ state, verdict }: ShardSummary): string {
  return state === 'ended' ? (verdict ?? '-') : state;
}

function measured(shard: ShardSummary): string[] {
  const { requests, p95, saturatedSeconds, watchedSeconds, beganAfterSeconds, longestOutageSeconds, servers } = shard;
  return [
    formatCount(requests),
    p95 === null ? '-' : formatMs(p95),
    saturatedSeconds === 0 ? '-' : formatShare(saturatedSeconds, watchedSeconds),
    beganAfterSeconds === null ? '-' : `+${formatMs(beganAfterSeconds * 1000)}`,
    longestOutageSeconds === 0 ? '-' : formatMs(longestOutageSeconds * 1000),
    servers.length === 0 ? '-' : servers.join(', '),
  ];
}
