/**
 * The Prometheus metrics of the generator, made from the shared telemetry when somebody asks and at no other time.
 */
import { type Metric, Registry } from 'prom-client';
import { wallNow } from '../../model/time/clock.ts';
import { BACKGROUND_METRICS } from './background-metrics.ts';
import { histogramSamples } from './histogram-samples.ts';
import type { MetricRow, RegistrySource, Sample, Scrape } from './metric-row.ts';
import { PROCESS_METRICS } from './process-metrics.ts';
import { SATURATION_RULES } from './saturation.ts';
import { STATE_METRICS } from './state-metrics.ts';
import { RESULTS } from './telemetry.ts';

/** Upper bounds in seconds of requests and lateness, and of stages. */
const LATENCY_BOUNDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];
const STAGE_BOUNDS = [1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 2700, 3600, 7200];

function latencyRow(name: string, help: string, from: 'due' | 'sent'): MetricRow {
  return {
    name,
    type: 'histogram',
    help,
    run: ({ reader }) =>
      RESULTS.flatMap((result) =>
        reader
          .latencies(from, result)
          .flatMap(({ client, endpoint, distribution }) =>
            histogramSamples(name, { client, endpoint, result }, LATENCY_BOUNDS, distribution),
          ),
      ),
  };
}

const counts = <T extends string>(label: string, values: Record<T, number>): Sample[] =>
  (Object.entries(values) as [T, number][]).map(([name, value]) => ({ labels: { [label]: name }, value }));

/** In the order of the page. */
function rows(version: string): MetricRow[] {
  return [
    {
      name: 'swarm_build_info',
      type: 'gauge',
      help: 'Always 1; the labels name the version of the generator and of Node.js.',
      process: () => [{ labels: { version, node: process.versions.node }, value: 1 }],
    },
    {
      name: 'swarm_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of the generator process, all threads, by mode.',
      process: () => {
        const usage = process.cpuUsage();
        return counts('mode', { user: usage.user / 1e6, system: usage.system / 1e6 });
      },
    },
    {
      name: 'swarm_memory_bytes',
      type: 'gauge',
      help: 'Memory of the generator process: resident, and what buffers outside of JavaScript heaps hold.',
      process: () => {
        const usage = process.memoryUsage();
        return counts('kind', { resident: usage.rss, external: usage.external });
      },
    },
    {
      name: 'swarm_heap_bytes',
      type: 'gauge',
      help: 'JavaScript heap in use, by thread.',
      run: ({ snapshot }) =>
        snapshot.threads.map(({ thread, heapBytes }) => ({ labels: { thread }, value: heapBytes })),
    },
    {
      name: 'swarm_event_loop_lag_seconds',
      type: 'gauge',
      help: 'Longest stall of the event loop during the last second, by thread.',
      run: ({ snapshot }) => snapshot.threads.map(({ thread, lagMs }) => ({ labels: { thread }, value: lagMs / 1000 })),
    },
    {
      name: 'swarm_event_loop_utilization_ratio',
      type: 'gauge',
      help: 'Share of the last second that the event loop was busy, by thread.',
      run: ({ snapshot }) =>
        snapshot.threads.map(({ thread, utilization }) => ({ labels: { thread }, value: utilization })),
    },
    {
      name: 'swarm_generator_saturated',
      type: 'gauge',
      help: '1 while the generator itself is the bottleneck for this reason, so that latencies say nothing about the service.',
      run: ({ saturation }) =>
        SATURATION_RULES.map((rule) => ({
          labels: { reason: rule.reason },
          value: saturation.findings.some((finding) => finding.rule.reason === rule.reason) ? 1 : 0,
        })),
    },
    {
      name: 'swarm_clock_speed',
      type: 'gauge',
      help: 'Simulated seconds that pass in one second; 1 is real time.',
      run: ({ clockSpeed }) => [{ labels: {}, value: clockSpeed }],
    },
    {
      name: 'swarm_requests_total',
      type: 'counter',
      help: 'Request attempts by imitated client, endpoint and outcome; code is the HTTP status or why there was none.',
      run: ({ snapshot }) =>
        snapshot.requests.map(({ client, endpoint, method, code, count }) => ({
          labels: { client, endpoint, method, code },
          value: count,
        })),
    },
    latencyRow(
      'swarm_request_duration_seconds',
      'Time from the moment an attempt was due to its end, by client, endpoint and result: answered (below 500) or failed.',
      'due',
    ),
    latencyRow(
      'swarm_request_send_duration_seconds',
      'Time from the moment an attempt was handed to the socket to its end, by client, endpoint and result.',
      'sent',
    ),
    {
      name: 'swarm_request_success_duration_seconds',
      type: 'histogram',
      help: 'Time from the moment a request was first due to the answer it wanted, retries included, by client and endpoint.',
      run: ({ reader }) =>
        reader
          .untilSuccesses()
          .flatMap(({ client, endpoint, distribution }) =>
            histogramSamples(
              'swarm_request_success_duration_seconds',
              { client, endpoint },
              LATENCY_BOUNDS,
              distribution,
            ),
          ),
    },
    {
      name: 'swarm_poll_wait_seconds',
      type: 'histogram',
      help: 'Time from the moment a poll was due to its answer as an open loop measures it: polls never sent because the one before had no answer are counted.',
      run: ({ reader }) => histogramSamples('swarm_poll_wait_seconds', {}, LATENCY_BOUNDS, reader.openLoop()),
    },
    {
      name: 'swarm_polls_missed_total',
      type: 'counter',
      help: 'Polls that were never sent because the one before had no answer.',
      run: ({ reader }) => [{ labels: {}, value: reader.missedPolls() }],
    },
    {
      name: 'swarm_requests_repeated_total',
      type: 'counter',
      help: 'Requests sent once more inside one attempt: replayed on another connection, or redirected.',
      run: ({ snapshot }) => counts('how', snapshot.repeats),
    },
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
    {
      name: 'swarm_cluster_duration_seconds',
      type: 'histogram',
      help: 'Simulated time of clusters from one milestone of their life to another.',
      run: ({ clusterDurations }) =>
        (clusterDurations?.all() ?? []).flatMap(({ from, to, distribution }) =>
          histogramSamples('swarm_cluster_duration_seconds', { from, to }, STAGE_BOUNDS, distribution),
        ),
    },
    ...STATE_METRICS,
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
    {
      name: 'swarm_requests_under_way',
      type: 'gauge',
      help: 'Requests that have no answer yet, by client.',
      run: ({ snapshot }) => snapshot.underWay.map(({ client, count }) => ({ labels: { client }, value: count })),
    },
    {
      name: 'swarm_oldest_request_age_seconds',
      type: 'gauge',
      help: 'Time that the oldest request without an answer has waited, by client; 0 when there is none.',
      run: ({ snapshot }) =>
        snapshot.underWay.map(({ client, sinceMs }) => ({
          labels: { client },
          value: sinceMs === 0 ? 0 : Math.max(0, snapshot.wallMs - sinceMs) / 1000,
        })),
    },
    {
      name: 'swarm_poll_lateness_seconds',
      type: 'histogram',
      help: 'Time between the moment a poll was due and the moment the generator started it.',
      run: ({ reader }) => histogramSamples('swarm_poll_lateness_seconds', {}, LATENCY_BOUNDS, reader.pollLateness()),
    },
    {
      name: 'swarm_connections_open',
      type: 'gauge',
      help: 'Connections to the service that are open now, idle ones included.',
      run: ({ snapshot }) => [{ labels: {}, value: snapshot.connections.open }],
    },
    {
      name: 'swarm_connections_opened_total',
      type: 'counter',
      help: 'Connections to the service that were established.',
      run: ({ snapshot }) => [{ labels: {}, value: snapshot.connections.opened }],
    },
    {
      name: 'swarm_connections_closed_total',
      type: 'counter',
      help: 'Connections to the service that were closed by either side.',
      run: ({ snapshot }) => [{ labels: {}, value: snapshot.connections.closed }],
    },
    {
      name: 'swarm_sent_bytes_total',
      type: 'counter',
      help: 'Bytes of requests by client and endpoint: headers included, frames of chunks and TLS not.',
      run: ({ snapshot }) =>
        snapshot.bytes.map(({ client, endpoint, sent }) => ({ labels: { client, endpoint }, value: sent })),
    },
    {
      name: 'swarm_received_bytes_total',
      type: 'counter',
      help: 'Bytes of responses by client and endpoint: headers included, frames of chunks and TLS not.',
      run: ({ snapshot }) =>
        snapshot.bytes.map(({ client, endpoint, received }) => ({ labels: { client, endpoint }, value: received })),
    },
    {
      name: 'swarm_hosts',
      type: 'gauge',
      help: 'Simulated hosts by phase, seen from the machine.',
      run: ({ snapshot }) => counts('phase', snapshot.hosts.phases),
    },
    {
      name: 'swarm_host_stages',
      type: 'gauge',
      help: 'Simulated hosts by the installation stage that they reported last.',
      run: ({ snapshot }) => counts('stage', snapshot.hosts.stages),
    },
    {
      name: 'swarm_clusters',
      type: 'gauge',
      help: 'Simulated clusters by phase, seen from their user.',
      run: ({ snapshot }) => counts('phase', snapshot.clusters.phases),
    },
    {
      name: 'swarm_stage_duration_seconds',
      type: 'histogram',
      help: 'Simulated time that hosts spent in an installation stage, by role and stage.',
      run: ({ reader }) =>
        reader
          .stageDurations()
          .flatMap(({ role, stage, distribution }) =>
            histogramSamples('swarm_stage_duration_seconds', { role, stage }, STAGE_BOUNDS, distribution),
          ),
    },
    {
      name: 'swarm_boot_downloads_total',
      type: 'counter',
      help: 'Requests of booting hosts by what they download; code is the HTTP status or why there was none.',
      run: ({ reader }) =>
        reader
          .bootDownloads()
          .flatMap(({ kind, requests }) =>
            Object.entries(requests).map(([code, value]) => ({ labels: { kind, code }, value })),
          ),
    },
    {
      name: 'swarm_boot_download_bytes_total',
      type: 'counter',
      help: 'Bytes that booting hosts have received, headers excluded, by what they download.',
      run: ({ reader }) => reader.bootDownloads().map(({ kind, bytes }) => ({ labels: { kind }, value: bytes })),
    },
    {
      name: 'swarm_boot_download_duration_seconds',
      type: 'histogram',
      help: 'Simulated time until a booting host had all of it, retries included, by what it downloads.',
      run: ({ reader }) =>
        reader
          .bootDownloads()
          .flatMap(({ kind, durations }) =>
            histogramSamples('swarm_boot_download_duration_seconds', { kind }, STAGE_BOUNDS, durations),
          ),
    },
    {
      name: 'swarm_step_replies_total',
      type: 'counter',
      help: 'What became of steps by type and fate: posted, deduplicated as the stock agent does, failed, or dropped as their program ended first.',
      run: ({ snapshot }) =>
        snapshot.stepReplies
          .filter(({ fate }) => fate !== 'received')
          .map(({ step, fate, count }) => ({ labels: { step, fate }, value: count })),
    },
    {
      name: 'swarm_steps_received_total',
      type: 'counter',
      help: 'Steps that agents were told to do, by type; those that have no fate yet are in flight.',
      run: ({ snapshot }) =>
        snapshot.stepReplies
          .filter(({ fate }) => fate === 'received')
          .map(({ step, count }) => ({ labels: { step }, value: count })),
    },
    ...PROCESS_METRICS,
    ...BACKGROUND_METRICS,
    {
      name: 'swarm_errors_total',
      type: 'counter',
      help: 'Things that went wrong in the life of a simulated machine or of the generator, by kind.',
      run: ({ snapshot }) => counts('kind', snapshot.errors),
    },
  ];
}

/**
 * A registry whose every scrape reads the shared telemetry once. prom-client has no metric whose values live elsewhere, so
 * the rows come as objects that answer what its registry asks of a metric.
 * @param current what is measured now; null between runs, when only metrics of the process are served.
 * @param more further rows, after those of the generator
 */
export function createRegistry(
  version: string,
  current: () => RegistrySource | null,
  more: readonly MetricRow[] = [],
): Registry {
  let scrape: Scrape | null | undefined;
  // All metrics of one scrape are asked in the same turn, before any microtask.
  const scraped = () => {
    if (scrape === undefined) {
      const source = current();
      scrape = source && { ...source, snapshot: source.reader.snapshot(wallNow()) };
      queueMicrotask(() => {
        scrape = undefined;
      });
    }
    return scrape;
  };
  const registry = new Registry();
  for (const row of [...rows(version), ...more]) {
    const metric = {
      name: row.name,
      help: row.help,
      type: row.type,
      aggregator: 'sum',
      get: async () => {
        const values = row.process?.() ?? [];
        const now = row.run && scraped();
        return {
          name: row.name,
          help: row.help,
          type: row.type,
          aggregator: 'sum',
          values: now ? row.run!(now) : values,
        };
      },
      // The counters belong to the threads that write them.
      reset: () => {},
    };
    registry.registerMetric(metric as unknown as Metric);
  }
  return registry;
}
