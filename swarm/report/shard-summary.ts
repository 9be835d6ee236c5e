/** What one shard was to a summary that several came to. */
import type { Verdict } from './verdict.ts';

/** One of the generators that shared a plan. */
export interface ShardSummary {
  /** From 0. */
  index: number;
  /** `lost`: it began and did not end in order; `missing`: nothing is known of it. Figures of neither are in the sum. */
  state: 'ended' | 'lost' | 'missing';
  /** Id of the run; null of a missing one. */
  run: string | null;
  /** Host name of its machine or pod; null where that is not known. */
  machine: string | null;
  /** As planned. Hosts of a missing one are not known. */
  clusters: number;
  hosts: number | null;
  /** Clusters that came to their planned end; of a lost one those that are known to have. */
  complete: number;
  /** Of the shard alone; null of one that did not end. */
  verdict: Verdict | null;
  /** Wall-clock seconds from when the load of the first shard began until its own did; null where it is not known. */
  beganAfterSeconds: number | null;
  /** From the start to the end of the last cluster's life; null of one that did not end. */
  wallSeconds: number | null;
  requests: number;
  /** Milliseconds since due of its answered requests; null where there are none. */
  p95: number | null;
  /** For how long the generator itself was the bottleneck, of the time that it was watched. */
  saturatedSeconds: number;
  watchedSeconds: number;
  /** The longest time in which it had no good answer, whatever others had; 0 where there was none. */
  longestOutageSeconds: number;
  /** Servers whose figures are as this shard read them. */
  servers: string[];
}
