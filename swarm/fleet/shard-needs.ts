/** What a pod takes that runs the largest shard of a plan: the figures of `swarm plan show` and `swarm doctor`. */
import { expandPlan, shardSizes } from '../plan/expand.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { CORE_SECONDS, estimateNeeds, openedPerSecond } from '../plan/needs.ts';
import type { Plan } from '../plan/plan.ts';

export interface ShardNeeds {
  clusters: number;
  hosts: number;
  /** Worker threads. */
  workers: number;
  memoryMiB: number;
  /** Of a processor, while all hosts wait. */
  processors: number;
  fileDescriptors: number;
  localPorts: number;
}

/** Threads beside the main one where nobody says how many: what installs takes several times what waits. */
const USUAL_WORKERS = 2;

/** The shard with most hosts, expanded. */
export function largestShard(plan: Plan, seed: string, count: number): ExpandedPlan {
  const sizes = shardSizes(plan, seed, count);
  const most = Math.max(...sizes.map(({ hosts }) => hosts));
  return expandPlan(plan, { seed, shard: { index: sizes.findIndex(({ hosts }) => hosts === most), count } });
}

/** Of a shard, run by the compiled program of an image. */
export function needsOf(shard: ExpandedPlan, givenWorkers: number | null): ShardNeeds {
  const processors = openedPerSecond(shard) * CORE_SECONDS;
  const workers = givenWorkers ?? Math.min(shard.clusters.length, Math.max(USUAL_WORKERS, Math.ceil(2 * processors)));
  const { memoryMiB, fileDescriptors, localPorts } = estimateNeeds(
    shard,
    { workers, fromSource: false, serves: true },
    null,
  );
  const { hostCount: hosts } = shard;
  return { clusters: shard.clusters.length, hosts, workers, memoryMiB, processors, fileDescriptors, localPorts };
}
