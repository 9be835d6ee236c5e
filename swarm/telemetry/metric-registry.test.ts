import { describe, expect, it } from 'vitest';
import { wallNow } from '../../model/time/clock.ts';
import { AnswerMonitor } from './answer-monitor.ts';
import { ClusterDurations } from './cluster-durations.ts';
import { createRegistry } from './metric-registry.ts';
import { ProcessFigures } from './process-figures.ts';
import { SaturationMonitor } from './saturation.ts';
import { SharedTelemetry } from './shared-telemetry.ts';
import { createTelemetryBuffer } from './telemetry-layout.ts';
import { TelemetryReader } from './telemetry-reader.ts';
import { type Family, parseExposition, value } from './testing/exposition.ts';

function setUp() {
  const buffer = createTelemetryBuffer({ writers: 2, hostSlots: 10, clusterSlots: 2 });
  const reader = new TelemetryReader(buffer);
  const telemetry = new SharedTelemetry(buffer, 1);
  const saturation = new SaturationMonitor(reader, 0);
  const answers = new AnswerMonitor(reader, 100_000);
  const clusterDurations = new ClusterDurations();
  return {
    telemetry,
    reader,
    saturation,
    answers,
    clusterDurations,
    registry: createRegistry('1.2.3', () => ({ reader, saturation, clockSpeed: 30, answers, clusterDurations })),
  };
}

describe('registry', () => {
  it('serves everything that was recorded, in valid exposition format', async () => {
    const { telemetry, saturation, registry, answers, clusterDurations } = setUp();
    for (let i = 0; i < 10; i++) {
      telemetry.request({
        client: 'agent',
        endpoint: 'get-instructions',
        outcome: i === 9 ? 'reset' : 200,
        dueAt: 1000,
        sentAt: 1100,
        firstByteAt: 1105,
        endAt: 1120,
        bytesSent: 10,
        bytesReceived: 20,
      });
      telemetry.pollLateness(300);
    }
    telemetry.requestSucceeded('agent', 'get-instructions', 7000);
    telemetry.pollWaited(150_000, 60_000, 1);
    telemetry.requestRepeated('replayed');
    clusterDurations.apply({ type: 'cluster.phase', time: 0, cluster: 0, name: 'c', phase: 'discovering' });
    clusterDurations.apply({ type: 'cluster.phase', time: 90_000, cluster: 0, name: 'c', phase: 'preparing' });
    answers.look(101_000);
    telemetry.request({
      ...{ client: 'user', endpoint: 'get-cluster', outcome: 'refused', dueAt: 0, sentAt: 0, firstByteAt: 0, endAt: 1 },
      ...{ bytesSent: 0, bytesReceived: 0 },
    });
    answers.look(102_000);
    telemetry.requestStarted('user', wallNow() - 5000);
    answers.look(wallNow());
    telemetry.hostPhase(0, 'polling');
    telemetry.hostStage(0, 'Writing image to disk');
    telemetry.clusterPhase(0, 'discovering');
    telemetry.stageDuration('worker', 'Rebooting', 90_000);
    telemetry.stepReply('inventory', 'received');
    telemetry.stepReply('inventory', 'deduplicated');
    telemetry.error('poll-frozen');
    telemetry.connectionOpened();
    telemetry.thread({ heartbeatMs: 1, lagMs: 40, utilization: 0.5, heapBytes: 1e6 });
    saturation.look(1000);
    const families = parseExposition(await registry.metrics());
    const pair = { client: 'agent', endpoint: 'get-instructions' };
    expect(value(families, 'swarm_requests_total', { ...pair, method: 'GET', code: '200' })).toBe(9);
    expect(value(families, 'swarm_requests_total', { ...pair, code: 'reset' })).toBe(1);
    const answered = { ...pair, result: 'answered' };
    const failed = { ...pair, result: 'failed' };
    expect(value(families, 'swarm_request_duration_seconds_bucket', { ...answered, le: '0.1' })).toBe(0);
    expect(value(families, 'swarm_request_duration_seconds_bucket', { ...answered, le: '0.25' })).toBe(9);
    expect(value(families, 'swarm_request_duration_seconds_sum', answered)).toBeCloseTo(1.08);
    expect(value(families, 'swarm_request_duration_seconds_count', failed)).toBe(1);
    expect(value(families, 'swarm_request_send_duration_seconds_bucket', { ...answered, le: '0.025' })).toBe(9);
    expect(value(families, 'swarm_request_success_duration_seconds_sum', pair)).toBe(7);
    expect(value(families, 'swarm_poll_wait_seconds_count')).toBe(3);
    expect(value(families, 'swarm_polls_missed_total')).toBe(2);
    expect(value(families, 'swarm_requests_repeated_total', { how: 'replayed' })).toBe(1);
    // A histogram only grows: the outage that goes on is not in it before it has its length.
    expect(value(families, 'swarm_service_outage_duration_seconds_count')).toBe(0);
    expect(value(families, 'swarm_service_outage_current_seconds')).toBe(1);
    expect(value(families, 'swarm_service_outage_last_start_timestamp_seconds')).toBe(101);
    expect(value(families, 'swarm_longest_request_wait_seconds', { client: 'user' })).toBeGreaterThanOrEqual(5);
    expect(value(families, 'swarm_cluster_duration_seconds_sum', { from: 'created', to: 'discovered' })).toBe(90);
    expect(value(families, 'swarm_requests_under_way', { client: 'user' })).toBe(1);
    expect(value(families, 'swarm_requests_under_way', { client: 'agent' })).toBe(0);
    expect(value(families, 'swarm_oldest_request_age_seconds', { client: 'user' })).toBeGreaterThanOrEqual(5);
    expect(value(families, 'swarm_oldest_request_age_seconds', { client: 'agent' })).toBe(0);
    expect(value(families, 'swarm_poll_lateness_seconds_count')).toBe(10);
    expect(value(families, 'swarm_sent_bytes_total', pair)).toBe(100);
    expect(value(families, 'swarm_received_bytes_total', pair)).toBe(200);
    expect(value(families, 'swarm_connections_open')).toBe(1);
    expect(value(families, 'swarm_connections_opened_total')).toBe(1);
    expect(value(families, 'swarm_hosts', { phase: 'polling' })).toBe(1);
    expect(value(families, 'swarm_hosts', { phase: 'failed' })).toBe(0);
    expect(value(families, 'swarm_host_stages', { stage: 'Writing image to disk' })).toBe(1);
    expect(value(families, 'swarm_clusters', { phase: 'discovering' })).toBe(1);
    expect(
      value(families, 'swarm_stage_duration_seconds_bucket', { role: 'worker', stage: 'Rebooting', le: '120' }),
    ).toBe(1);
    expect(value(families, 'swarm_step_replies_total', { step: 'inventory', fate: 'deduplicated' })).toBe(1);
    expect(value(families, 'swarm_steps_received_total', { step: 'inventory' })).toBe(1);
    expect(families.get('swarm_step_replies_total')!.samples).toHaveLength(1);
    expect(value(families, 'swarm_errors_total', { kind: 'poll-frozen' })).toBe(1);
    expect(value(families, 'swarm_event_loop_lag_seconds', { thread: 'worker-0' })).toBe(0.04);
    expect(value(families, 'swarm_event_loop_utilization_ratio', { thread: 'worker-0' })).toBe(0.5);
    expect(value(families, 'swarm_generator_saturated', { reason: 'poll-lateness' })).toBe(1);
    expect(value(families, 'swarm_generator_saturated', { reason: 'ports-exhausted' })).toBe(0);
    expect(value(families, 'swarm_clock_speed')).toBe(30);
    expect(value(families, 'swarm_build_info', { version: '1.2.3', node: process.versions.node })).toBe(1);
    expect(value(families, 'swarm_cpu_seconds_total', { mode: 'user' })).toBeGreaterThan(0);
    answers.stop();
    const after = parseExposition(await registry.metrics());
    expect(value(after, 'swarm_service_outage_duration_seconds_sum')).toBe(1);
    expect(value(after, 'swarm_service_outage_current_seconds')).toBe(0);
    expect(value(after, 'swarm_service_outage_last_start_timestamp_seconds')).toBe(101);
    expect(value(families, 'swarm_memory_bytes', { kind: 'resident' })).toBeGreaterThan(1e6);
  });

  it('has series of no-op hosts where there are some, and none otherwise', async () => {
    const { reader, saturation } = setUp();
    const figures = new ProcessFigures();
    const registry = createRegistry('1.2.3', () => ({
      reader,
      saturation,
      clockSpeed: 1,
      processes: { run: 'r', figures },
    }));
    const seriesOf = (families: Map<string, Family>) =>
      [...families.entries()].flatMap(([name, { samples }]) => (name.startsWith('swarm_noop_') ? samples : []));
    expect(seriesOf(parseExposition(await registry.metrics()))).toEqual([]);
    figures.apply({
      worker: 2,
      driver: { labCpuSeconds: 3, labMemory: { resident: 50, proportional: null }, relayCpuSeconds: 4 },
      hosts: [
        {
          ...{ cluster: 'c', host: 'h', index: 0, seconds: 60 },
          programs: {
            agent: {
              cpuSeconds: 1.5,
              memory: { resident: 9, proportional: 7 },
              restarts: 2,
              exits: { SIGKILL: 1, 2: 1 },
            },
            commands: { cpuSeconds: 0.5, memory: null, restarts: null, exits: {} },
          },
        },
      ],
    });
    const families = parseExposition(await registry.metrics());
    const agent = { run: 'r', cluster: 'c', host: 'h', program: 'agent' };
    expect(seriesOf(families).map(({ name, labels, value: at }) => [name, labels, at])).toEqual([
      ['swarm_noop_cpu_seconds_total', agent, 1.5],
      ['swarm_noop_cpu_seconds_total', { ...agent, program: 'commands' }, 0.5],
      ['swarm_noop_memory_bytes', { ...agent, kind: 'resident' }, 9],
      ['swarm_noop_memory_bytes', { ...agent, kind: 'proportional' }, 7],
      ['swarm_noop_restarts_total', agent, 2],
      ['swarm_noop_exits_total', { ...agent, code: '2' }, 1],
      ['swarm_noop_exits_total', { ...agent, code: 'SIGKILL' }, 1],
      ['swarm_noop_driver_cpu_seconds_total', { run: 'r', worker: '2', part: 'lab' }, 3],
      ['swarm_noop_driver_cpu_seconds_total', { run: 'r', worker: '2', part: 'relay' }, 4],
      ['swarm_noop_driver_memory_bytes', { run: 'r', worker: '2', kind: 'resident' }, 50],
    ]);
  });

  it('serves the metrics of the process, and names all others, when nothing runs', async () => {
    const families = parseExposition(await createRegistry('1.2.3', () => null).metrics());
    expect(value(families, 'swarm_build_info')).toBe(1);
    expect(families.get('swarm_requests_total')?.samples).toEqual([]);
    expect([...families.values()].every((family) => family.help.endsWith('.'))).toBe(true);
  });

  it('sees what happened since the last scrape', async () => {
    const { telemetry, registry } = setUp();
    telemetry.error('poll-error');
    const first = parseExposition(await registry.metrics());
    telemetry.error('poll-error');
    const second = parseExposition(await registry.metrics());
    expect(value(first, 'swarm_errors_total', { kind: 'poll-error' })).toBe(1);
    expect(value(second, 'swarm_errors_total', { kind: 'poll-error' })).toBe(2);
  });
});
