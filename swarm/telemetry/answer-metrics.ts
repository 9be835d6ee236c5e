/** Metrics of times in which the service gave no good answer. */
import { histogramSamples } from './histogram-samples.ts';
import { LATENCY_BOUNDS } from './metric-bounds.ts';
import type { MetricRow } from './metric-row.ts';

/** In the order of the page. */
export const ANSWER_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_service_outage_duration_seconds',
    type: 'histogram',
    help: 'Times in which requests failed or waited and none got a good answer, when they are over.',
    run: ({ answers }) =>
      answers
        ? histogramSamples('swarm_service_outage_duration_seconds', {}, LATENCY_BOUNDS, answers.endedOutageLengths())
        : [],
  },
  {
    name: 'swarm_service_outage_current_seconds',
    type: 'gauge',
    help: 'Length of such a time that goes on; 0 when there is none.',
    run: ({ answers }) => (answers ? [{ labels: {}, value: answers.outageMs() / 1000 }] : []),
  },
  {
    name: 'swarm_service_outage_last_start_timestamp_seconds',
    type: 'gauge',
    help: 'Start of the last such time, in seconds of the Unix epoch; absent when there was none.',
    run: ({ answers }) => {
      const startMs = answers?.lastOutageStartMs() ?? null;
      return startMs === null ? [] : [{ labels: {}, value: startMs / 1000 }];
    },
  },
  {
    name: 'swarm_longest_request_wait_seconds',
    type: 'gauge',
    help: 'Longest that a request of a client was seen without an answer since the start of the run.',
    run: ({ answers }) =>
      (answers?.longestWaits() ?? []).map(({ client, ms }) => ({ labels: { client }, value: ms / 1000 })),
  },
];
