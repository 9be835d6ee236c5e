/** Metrics of requests to the hub. */
import { histogramSamples } from './histogram-samples.ts';
import { LATENCY_BOUNDS } from './metric-bounds.ts';
import type { MetricRow } from './metric-row.ts';

/** In the order of the page. */
export const HUB_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_kube_requests_total',
    type: 'counter',
    help: 'Requests to the hub by imitated client, verb, resource and HTTP status; code is none where no response came.',
    run: ({ hubRequests }) =>
      (hubRequests?.rows() ?? []).flatMap(({ client, verb, resource, codes }) =>
        Object.entries(codes).map(([code, value]) => ({ labels: { client, verb, resource, code }, value })),
      ),
  },
  {
    name: 'swarm_kube_request_duration_seconds',
    type: 'histogram',
    help: 'Time until a response of the hub was read, of a watch until it began, by client, verb, resource and result: answered (below 500) or failed.',
    run: ({ hubRequests }) =>
      (hubRequests?.rows() ?? []).flatMap(({ client, verb, resource, latency, failedLatency }) =>
        [
          { result: 'answered', distribution: latency },
          { result: 'failed', distribution: failedLatency },
        ].flatMap(({ result, distribution }) =>
          distribution.count === 0
            ? []
            : histogramSamples(
                'swarm_kube_request_duration_seconds',
                { client, verb, resource, result },
                LATENCY_BOUNDS,
                distribution,
              ),
        ),
      ),
  },
];
