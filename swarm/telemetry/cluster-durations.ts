/** How long clusters take from one milestone of their life to another, on the main thread, from the run's events. */
import { Distribution, HISTOGRAM_WORDS, recordDuration } from './histogram.ts';
import type { RunEvent } from './run-event.ts';

/**
 * As their user sees them: the service has made it; all hosts are discovered; its validations pass, or it goes on without its user ever
 * having seen that; it is installed.
 */
export const CLUSTER_MILESTONES = ['created', 'discovered', 'ready', 'installed'] as const;
export type ClusterMilestone = (typeof CLUSTER_MILESTONES)[number];

/** What is measured: from each milestone to each later one. */
export const CLUSTER_SPANS: readonly { from: ClusterMilestone; to: ClusterMilestone }[] = CLUSTER_MILESTONES.flatMap(
  (from, at) => CLUSTER_MILESTONES.slice(at + 1).map((to) => ({ from, to })),
);

export interface ClusterDuration {
  from: ClusterMilestone;
  to: ClusterMilestone;
  /** Simulated milliseconds. */
  distribution: Distribution;
}

type Passed = Partial<Record<ClusterMilestone, number>>;

export class ClusterDurations {
  readonly #words = CLUSTER_SPANS.map(() => new Float64Array(HISTOGRAM_WORDS));
  /** Simulated moments, of clusters under way. */
  readonly #passed = new Map<number, Passed>();

  /** Takes note of an event; most say nothing of a milestone. */
  apply(event: RunEvent): void {
    if (event.type === 'cluster.status') {
      if (event.status === 'ready') this.#pass(event.cluster, 'ready', event.time);
      return;
    }
    if (event.type !== 'cluster.phase') return;
    switch (event.phase) {
      case 'discovering':
        this.#passed.set(event.cluster, { created: event.time });
        break;
      case 'preparing':
        this.#pass(event.cluster, 'discovered', event.time);
        break;
      case 'installing':
      case 'finalizing':
        this.#pass(event.cluster, 'ready', event.time);
        break;
      case 'installed':
        this.#pass(event.cluster, 'ready', event.time);
        this.#pass(event.cluster, 'installed', event.time);
        this.#passed.delete(event.cluster);
        break;
      // An infra-env without a cluster is complete when its hosts are discovered.
      case 'complete':
        if (this.#passed.has(event.cluster)) this.#pass(event.cluster, 'discovered', event.time);
        this.#passed.delete(event.cluster);
        break;
      case 'failed':
      case 'cancelled':
      case 'deleted':
        this.#passed.delete(event.cluster);
    }
  }

  /** Spans that some cluster has come through. */
  all(): ClusterDuration[] {
    return CLUSTER_SPANS.map((span) => ({ ...span, distribution: this.of(span) })).filter(
      ({ distribution }) => distribution.count > 0,
    );
  }

  /** Empty for a span that is not measured. */
  of({ from, to }: { from: string; to: string }): Distribution {
    const distribution = new Distribution();
    const span = CLUSTER_SPANS.findIndex((one) => one.from === from && one.to === to);
    if (span >= 0) distribution.addWords(this.#words[span]!, 0);
    return distribution;
  }

  #pass(cluster: number, milestone: ClusterMilestone, time: number): void {
    const passed = this.#passed.get(cluster);
    // A cluster may lose its readiness and find it again: the first time counts. Before its hosts are discovered it is not ready.
    if (!passed || passed[milestone] !== undefined) return;
    if (milestone === 'ready' && passed.discovered === undefined) return;
    passed[milestone] = time;
    for (const [number, { from, to }] of CLUSTER_SPANS.entries()) {
      const since = passed[from];
      if (to === milestone && since !== undefined) recordDuration(this.#words[number]!, 0, time - since);
    }
  }
}
