/** Metrics of a moment: what waits, what is open, and where hosts and clusters are. Each table is in the order of the page. */
import { type MetricRow, samplesBy } from './metric-row.ts';

export const UNDER_WAY_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_requests_under_way',
    type: 'gauge',
    help: 'Requests that have no answer yet, by client.',
    run: ({ now }) => now.underWay.map(({ client, count }) => ({ labels: { client }, value: count })),
  },
  {
    name: 'swarm_oldest_request_age_seconds',
    type: 'gauge',
    help: 'Time that the oldest request without an answer has waited, by client; 0 when there is none.',
    run: ({ now }) =>
      now.underWay.map(({ client, sinceMs }) => ({
        labels: { client },
        value: sinceMs === 0 ? 0 : Math.max(0, now.wallMs - sinceMs) / 1000,
      })),
  },
];

/** Opened and closed connections are read together with those that are open, so that the three agree. */
export const CONNECTION_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_connections_open',
    type: 'gauge',
    help: 'Connections to the service that are open now, idle ones included.',
    run: ({ now }) => [{ labels: {}, value: now.connections.open }],
  },
  {
    name: 'swarm_connections_opened_total',
    type: 'counter',
    help: 'Connections to the service that were established.',
    run: ({ now }) => [{ labels: {}, value: now.connections.opened }],
  },
  {
    name: 'swarm_connections_closed_total',
    type: 'counter',
    help: 'Connections to the service that were closed by either side.',
    run: ({ now }) => [{ labels: {}, value: now.connections.closed }],
  },
];

export const PHASE_METRICS: readonly MetricRow[] = [
  {
    name: 'swarm_hosts',
    type: 'gauge',
    help: 'Simulated hosts by phase, seen from the machine.',
    run: ({ now }) => samplesBy('phase', now.hosts.phases),
  },
  {
    name: 'swarm_host_stages',
    type: 'gauge',
    help: 'Simulated hosts by the installation stage that they reported last.',
    run: ({ now }) => samplesBy('stage', now.hosts.stages),
  },
  {
    name: 'swarm_clusters',
    type: 'gauge',
    help: 'Simulated clusters by phase, seen from their user.',
    run: ({ now }) => samplesBy('phase', now.clusters.phases),
  },
];
