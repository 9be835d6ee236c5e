import { expect, it } from 'vitest';
import { SharedTelemetry } from './shared-telemetry.ts';
import type { RequestOutcome } from './telemetry.ts';
import { createTelemetryBuffer } from './telemetry-layout.ts';
import { TelemetryReader } from './telemetry-reader.ts';
import { TimeSeries } from './time-series.ts';

function setUp() {
  const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
  const telemetry = new SharedTelemetry(buffer, 0);
  const series = new TimeSeries(new TelemetryReader(buffer), 0);
  const end = (outcome: RequestOutcome, ms: number) =>
    telemetry.request({
      ...{ client: 'agent', endpoint: 'get-instructions', outcome, dueAt: 0, sentAt: 1, firstByteAt: 0, endAt: ms },
      ...{ bytesSent: 0, bytesReceived: 0 },
    });
  return { telemetry, series, end };
}

it('says what happened in each second', () => {
  const { telemetry, series, end } = setUp();
  end(200, 10);
  end(409, 20);
  series.look(1000);
  telemetry.requestStarted('agent', 1500);
  end('refused', 1);
  end(503, 1);
  end('files-exhausted', 1);
  end('aborted', 1);
  series.look(2000);
  const [first, second] = series.points();
  expect(first).toMatchObject({ startMs: 0, endMs: 1000, requests: 2, refused: 1, failed: 0, own: 0, underWay: 0 });
  expect(first!.latency.count).toBe(2);
  expect(second).toMatchObject({ startMs: 1000, endMs: 2000, requests: 3, refused: 0, failed: 2, own: 1 });
  expect(second).toMatchObject({ underWay: 1, oldestMs: 500 });
  expect(second!.latency.count).toBe(0);
});

it('says how many hosts and clusters were in each phase at the end of a point', () => {
  const { telemetry, series } = setUp();
  telemetry.clusterPhase(0, 'planned');
  telemetry.hostPhase(0, 'booting');
  for (let second = 1; second <= 120; second++) {
    if (second === 4) telemetry.hostPhase(0, 'discovered');
    if (second === 6) telemetry.clusterPhase(0, 'preparing');
    series.look(second * 1000);
  }
  // Two seconds each by now: what stood at the end of the second one counts.
  const [, second, third] = series.points();
  expect(second).toMatchObject({ hosts: { booting: 0, discovered: 1 }, clusters: { planned: 1, preparing: 0 } });
  expect(third).toMatchObject({ hosts: { booting: 0, discovered: 1 }, clusters: { planned: 0, preparing: 1 } });
});

it('keeps few points, loses no request and leaves no gap, however long a run is', () => {
  const { series, end } = setUp();
  for (let second = 1; second <= 1000; second++) {
    if (second % 10 === 0) end(200, second);
    series.look(second * 1000);
    expect(series.points().length).toBeLessThanOrEqual(120);
  }
  const points = series.points();
  expect(points.length).toBeGreaterThanOrEqual(60);
  expect(points.reduce((sum, { requests }) => sum + requests, 0)).toBe(100);
  expect(points.reduce((sum, { latency }) => sum + latency.count, 0)).toBe(100);
  expect(points.at(-1)!.endMs).toBe(1_000_000);
  for (const [at, point] of points.slice(1).entries()) expect(point.startMs).toBe(points[at]!.endMs);
  const lengths = new Set(points.slice(0, -1).map(({ startMs, endMs }) => endMs - startMs));
  expect([...lengths]).toEqual([16_000]);
});
