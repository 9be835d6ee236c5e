import { describe, expect, it } from 'vitest';
import { isGeneratorError, TRANSPORT_ERROR_KINDS } from '../../model/protocol/outcomes.ts';
import { wallNow } from '../../model/time/clock.ts';
import { LoopMonitor } from './loop-monitor.ts';
import { judge, SATURATION_RULES, type SaturationInterval, SaturationMonitor } from './saturation.ts';
import { SharedTelemetry } from './shared-telemetry.ts';
import { createTelemetryBuffer } from './telemetry-layout.ts';
import { TelemetryReader } from './telemetry-reader.ts';

const calm: SaturationInterval = {
  pollLatenessP99Ms: 0,
  loopUtilization: 0,
  loopLagMs: 0,
  silentMs: 0,
  fileShare: 0,
  portsExhausted: 0,
  filesExhausted: 0,
  memoryExhausted: 0,
  sourceAddress: 0,
};

function setUp() {
  const buffer = createTelemetryBuffer({ writers: 2, hostSlots: 1, clusterSlots: 1 });
  const reader = new TelemetryReader(buffer);
  return { telemetry: new SharedTelemetry(buffer, 1), reader };
}

describe('saturation', () => {
  it.each(SATURATION_RULES)('rule $reason speaks above its limit and not at it', (rule) => {
    expect(judge({ ...calm, [rule.of]: rule.above })).toEqual([]);
    expect(judge({ ...calm, [rule.of]: rule.above + 0.01 })).toEqual([{ rule, value: rule.above + 0.01 }]);
  });

  it('looks at the interval only, and adds up how long it lasted', () => {
    const { telemetry, reader } = setUp();
    const monitor = new SaturationMonitor(reader, 0);
    for (let i = 0; i < 100; i++) telemetry.pollLateness(400);
    expect(monitor.look(1000).map((finding) => finding.rule.reason)).toEqual(['poll-lateness']);
    expect(monitor.findings[0]?.value).toBeCloseTo(400, -1);
    for (let i = 0; i < 100; i++) telemetry.pollLateness(3);
    expect(monitor.look(4000)).toEqual([]);
    expect(monitor.totals()).toEqual({ observedMs: 4000, saturatedMs: 1000, byReason: { 'poll-lateness': 1000 } });
  });

  it('makes nothing of a moment, and of a few polls', () => {
    const { telemetry, reader } = setUp();
    const monitor = new SaturationMonitor(reader, 0);
    // A run that is over after a request: what its thread has done so far is to start.
    telemetry.thread({ heartbeatMs: 300, lagMs: 900, utilization: 1, heapBytes: 1 });
    telemetry.pollLateness(400);
    expect(monitor.look(300)).toEqual([]);
    expect(monitor.totals()).toEqual({ observedMs: 300, saturatedMs: 0, byReason: {} });
    // What was not judged is not forgotten.
    telemetry.thread({ heartbeatMs: 1300, lagMs: 0, utilization: 0.2, heapBytes: 1 });
    for (let i = 0; i < 8; i++) telemetry.pollLateness(400);
    expect(monitor.look(600)).toEqual([]);
    telemetry.pollLateness(400);
    expect(monitor.look(1300).map(({ rule }) => rule.reason)).toEqual(['poll-lateness']);
    for (let i = 0; i < 9; i++) telemetry.pollLateness(400);
    expect(monitor.look(3000)).toEqual([]);
  });

  it.each(TRANSPORT_ERROR_KINDS.filter(isGeneratorError))('says at once that this machine failed (%s)', (outcome) => {
    const { telemetry, reader } = setUp();
    const monitor = new SaturationMonitor(reader, 0);
    telemetry.request({
      ...{ client: 'agent', endpoint: 'get-instructions', outcome, dueAt: 1 },
      ...{ sentAt: 0, firstByteAt: 0, endAt: 2, bytesSent: 0, bytesReceived: 0 },
    });
    expect(monitor.look(100).map(({ rule }) => rule.reason)).toEqual([outcome]);
    expect(monitor.look(200)).toEqual([]);
  });

  it('names exhausted ports, busy and silent threads', () => {
    const { telemetry, reader } = setUp();
    const monitor = new SaturationMonitor(reader, 0);
    telemetry.request({
      client: 'agent',
      endpoint: 'get-instructions',
      outcome: 'ports-exhausted',
      dueAt: 1,
      sentAt: 0,
      firstByteAt: 0,
      endAt: 2,
      bytesSent: 0,
      bytesReceived: 0,
    });
    telemetry.thread({ heartbeatMs: 1000, lagMs: 900, utilization: 0.99, heapBytes: 1 });
    expect(monitor.look(7000).map((finding) => finding.rule.reason)).toEqual([
      'event-loop-utilization',
      'event-loop-lag',
      'thread-silent',
      'ports-exhausted',
    ]);
    telemetry.thread({ heartbeatMs: 8000, lagMs: 0, utilization: 0.2, heapBytes: 1 });
    expect(monitor.look(8000)).toEqual([]);
  });
});

describe('loop monitor', () => {
  it('reports a stall of its thread', async () => {
    const { telemetry, reader } = setUp();
    const before = wallNow();
    const monitor = new LoopMonitor(telemetry);
    expect(reader.threads()[0]?.heartbeatMs).toBeGreaterThanOrEqual(before);
    const first = reader.threads()[0]!.heartbeatMs;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200);
    while (reader.threads()[0]!.heartbeatMs === first) await new Promise((resolve) => setTimeout(resolve, 5));
    monitor.stop();
    const [thread] = reader.threads();
    expect(thread?.thread).toBe('worker-0');
    expect(thread?.lagMs).toBeGreaterThanOrEqual(1000);
    expect(thread?.heapBytes).toBeGreaterThan(0);
    expect(thread?.utilization).toBeGreaterThan(0);
  });
});
