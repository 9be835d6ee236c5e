/**
 * Metrics of the life of clusters, and of states. Histograms count what has ended, as counters must; what has not is beside them, for it may be what matters: how many
 * things are in a state, and for how long the oldest is.
 */
import { histogramSamples } from './histogram-samples.ts';
import { STAGE_BOUNDS } from './metric-bounds.ts';
import type { MetricRow } from './metric-row.ts';
import { sideName } from './reactions.ts';

/** Seconds: few, because there is a histogram for each of dozens of states. */
const STATE_BOUNDS = [1, 5, 15, 60, 300, 900, 1800, 3600, 7200, 14_400];

export const STATE_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_cluster_duration_seconds',
    type: 'histogram',
    help: 'Simulated time of clusters from one milestone of their life to another.',
    run: ({ clusterDurations }) =>
      (clusterDurations?.all() ?? []).flatMap(({ from, to, distribution }) =>
        histogramSamples('swarm_cluster_duration_seconds', { from, to }, STAGE_BOUNDS, distribution),
      ),
  },
  {
    name: 'swarm_state_duration_seconds',
    type: 'histogram',
    help: 'Simulated time that hosts, clusters and their custom resources stayed in a state which they have left, by kind and state.',
    run: ({ states }) =>
      (states?.times.ended() ?? []).flatMap(({ of, state, distribution }) =>
        distribution.count === 0
          ? []
          : histogramSamples('swarm_state_duration_seconds', { of, state }, STATE_BOUNDS, distribution),
      ),
  },
  {
    name: 'swarm_in_state',
    type: 'gauge',
    help: 'Hosts, clusters and custom resources that are in a state, or were when their cluster came to its end, by kind and state.',
    run: ({ states }) =>
      (states?.look.seen.states ?? []).map(({ of, state, now }) => ({ labels: { of, state }, value: now })),
  },
  {
    name: 'swarm_state_oldest_seconds',
    type: 'gauge',
    help: 'Simulated time that the oldest of them has been in the state; absent when there is none.',
    run: ({ states }) =>
      (states?.look.seen.states ?? []).flatMap(({ of, state, now, survival }) =>
        now === 0 ? [] : [{ labels: { of, state }, value: survival.open.max / 1000 }],
      ),
  },
  {
    name: 'swarm_stuck',
    type: 'gauge',
    help: 'Those that have been in their state for more than three times as long as 99 % of the others, by kind and state.',
    run: ({ states }) =>
      (states?.look.seen.stuck.counts ?? []).map(({ of, state, count }) => ({
        labels: { of, state },
        value: count,
      })),
  },
  {
    name: 'swarm_reaction_duration_seconds',
    type: 'histogram',
    help: 'Simulated time from a state to the state that follows from it, by both.',
    run: ({ states }) =>
      (states?.times.endedReactions() ?? []).flatMap(({ reaction, distribution }) =>
        histogramSamples(
          'swarm_reaction_duration_seconds',
          { from: sideName(reaction.from), to: sideName(reaction.to) },
          STATE_BOUNDS,
          distribution,
        ),
      ),
  },
];
