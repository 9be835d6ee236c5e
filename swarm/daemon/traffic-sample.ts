/**
 * Whose traffic a run records: that of no-op hosts, and of native ones in clusters of the same shape, about as many. Nothing
 * is recorded for shapes that a plan has of one kind alone.
 */
import type { Machines } from '../cluster/cluster-life.ts';
import type { AgentKind, ClusterPlan, ExpandedPlan } from '../plan/expanded-plan.ts';

/** Clusters of one shape and kind whose traffic is recorded at most. */
const MOST_CLUSTERS = 50;
/** Native clusters of a shape, where there are so many: few no-op ones do not make few samples. */
const LEAST_NATIVE = 3;

export class TrafficSample {
  /** Words for its shape, by index of the cluster. */
  readonly #shapes: ReadonlyMap<number, string>;

  constructor({ clusters }: Pick<ExpandedPlan, 'clusters'>) {
    this.#shapes = chosen(clusters);
  }

  get empty(): boolean {
    return this.#shapes.size === 0;
  }

  /** Words for the shape of a cluster; undefined when nothing of it is recorded. */
  shapeOf(cluster: number): string | undefined {
    return this.#shapes.get(cluster);
  }

  /** Machines whose launches say what is recorded of them. */
  mark(machines: Machines): Machines {
    if (this.empty) return machines;
    return {
      launch: (launch) => {
        const traffic = this.shapeOf(launch.cluster.index);
        machines.launch(traffic === undefined ? launch : { ...launch, traffic });
      },
      startHosts: (...start) => machines.startHosts(...start),
      stopCluster: (cluster) => machines.stopCluster(cluster),
    };
  }
}

interface Shape {
  words: string;
  clusters: Record<AgentKind, number[]>;
}

function chosen(clusters: readonly ClusterPlan[]): Map<number, string> {
  const shapes = new Map<string, Shape>();
  const taken = new Map<string, number>();
  for (const cluster of clusters) {
    const kind = cluster.hosts[0]?.kind;
    if (kind === undefined) continue;
    const key = shapeKey(cluster);
    let shape = shapes.get(key);
    if (!shape) {
      const words = shapeWords(cluster);
      const number = (taken.get(words) ?? 0) + 1;
      taken.set(words, number);
      shape = { words: number === 1 ? words : `${words} (${number})`, clusters: { native: [], noop: [] } };
      shapes.set(key, shape);
    }
    shape.clusters[kind].push(cluster.index);
  }
  const indices = new Map<number, string>();
  for (const { words, clusters: ofKind } of shapes.values()) {
    const { noop, native } = ofKind;
    if (noop.length === 0 || native.length === 0) continue;
    const sampled = Math.min(MOST_CLUSTERS, Math.max(LEAST_NATIVE, noop.length));
    for (const index of noop.slice(0, MOST_CLUSTERS)) indices.set(index, words);
    for (const index of native.slice(0, sampled)) indices.set(index, words);
  }
  return indices;
}

/** Everything of a cluster that its traffic depends on. */
function shapeKey(cluster: ClusterPlan): string {
  const { api, platform, controlPlanes, arbiters, workers, day2Workers, justInfraEnv, withNmstate, flow } = cluster;
  const { assignRoles, setHostnames, olmOperators, fault, hosts } = cluster;
  const profiles = hosts.map(({ profile, role, day2, fault: own }) => [profile, role, day2, own]);
  return JSON.stringify([
    ...[api, platform, controlPlanes, arbiters, workers, day2Workers, justInfraEnv, withNmstate, flow],
    ...[assignRoles, setHostnames, olmOperators, fault, profiles],
  ]);
}

function shapeWords(cluster: ClusterPlan): string {
  const { api, platform, controlPlanes, arbiters, workers, day2Workers, justInfraEnv, hosts } = cluster;
  const faults = [cluster.fault, ...hosts.map(({ fault }) => fault?.kind)].filter((kind) => kind !== undefined);
  const withFaults = [...new Set(faults)].map((kind) => `with ${kind}`);
  if (justInfraEnv)
    return [`${hosts.length} discovered host${hosts.length === 1 ? '' : 's'}`, ...withFaults].join(', ');
  const nodes = [controlPlanes, ...(arbiters > 0 ? [arbiters] : []), workers].join('+');
  return [
    controlPlanes === 1 && workers === 0 ? 'SNO' : `${nodes} on ${platform}`,
    ...(day2Workers > 0 ? [`${day2Workers} on day 2`] : []),
    ...(api === 'kube' ? ['by custom resources'] : []),
    ...withFaults,
  ].join(', ');
}
