/** What the objects of a fleet are made from: one plan in shards, one pod each. */
import type { PodFiles } from './pod-file.ts';
import type { ShardNeeds } from './shard-needs.ts';

/** Where the pods keep their results. */
export type ResultsVolume =
  /** A PersistentVolumeClaim that is there already. */
  | { claim: string }
  /** One that is made. `storageClass` null for the cluster's default one. */
  | { size: string; storageClass: string | null; accessMode: 'ReadWriteMany' | 'ReadWriteOnce' };

export interface FleetSpec {
  name: string;
  /** Null for the current one of whoever applies it. */
  namespace: string | null;
  image: string;
  shards: number;
  /** When all shards begin. */
  startAt: Date;
  results: ResultsVolume;
  /** Group that owns the volume; null where the cluster chooses it, as OpenShift does. */
  fsGroup: number | null;
  /** Seconds that a pod has for its clean-up when it is asked to end. */
  graceSeconds: number;
  /** What plan, seed and totals are called in comments. */
  plan: { name: string; seed: string; clusters: number; hosts: number };
  files: PodFiles;
  /** Path in the pod. */
  planPath: string;
  /** Of `swarm run`, after those that every fleet has. */
  runOptions: readonly string[];
  /** Of the largest shard. */
  needs: ShardNeeds;
}

/** Seconds that clean-up may take at the least, and for each cluster. */
const LEAST_GRACE_SECONDS = 300;
const GRACE_SECONDS = { base: 60, ofCluster: 0.1 };
const MOST_GRACE_SECONDS = 3600;

/**
 * How long a pod may take to remove what it made: several requests a cluster, of which {@link GRACE_SECONDS} foresees that a service
 * under load answers ten clusters' worth in a second.
 */
export function usualGraceSeconds({ clusters }: Pick<ShardNeeds, 'clusters'>): number {
  const expected = GRACE_SECONDS.base + clusters * GRACE_SECONDS.ofCluster;
  return Math.min(MOST_GRACE_SECONDS, Math.max(LEAST_GRACE_SECONDS, Math.ceil(expected)));
}
