import { describe, expect, it } from 'vitest';
import { AnswerMonitor } from './answer-monitor.ts';
import { SharedTelemetry } from './shared-telemetry.ts';
import type { RequestOutcome } from './telemetry.ts';
import { createTelemetryBuffer } from './telemetry-layout.ts';
import { TelemetryReader } from './telemetry-reader.ts';

/** A monitor that looks once a second from 0, and what it looks at. */
function setUp() {
  const buffer = createTelemetryBuffer({ writers: 2, hostSlots: 1, clusterSlots: 1 });
  const telemetry = new SharedTelemetry(buffer, 1);
  const monitor = new AnswerMonitor(new TelemetryReader(buffer), 0);
  let now = 0;
  const end = (outcome: RequestOutcome) =>
    telemetry.request({
      client: 'agent',
      endpoint: 'get-instructions',
      outcome,
      dueAt: now,
      sentAt: now,
      firstByteAt: 0,
      endAt: now + 1,
      bytesSent: 0,
      bytesReceived: 0,
    });
  /** Lets seconds pass; in each of them these attempts end. */
  const pass = (seconds: number, ...outcomes: RequestOutcome[]) => {
    for (let second = 0; second < seconds; second++) {
      for (const outcome of outcomes) end(outcome);
      now += 1000;
      monitor.look(now);
    }
  };
  return { telemetry, monitor, pass };
}

describe('answer monitor', () => {
  it('sees requests grow old that never end', () => {
    const { telemetry, monitor, pass } = setUp();
    pass(3, 200);
    telemetry.requestStarted('agent', 3000);
    const ended = telemetry.requestStarted('agent', 3000);
    pass(8);
    telemetry.requestEnded(ended);
    pass(50);
    expect(monitor.longestWaits()).toEqual([{ client: 'agent', ms: 58_000, atMs: 61_000, underWay: 1 }]);
    expect(monitor.ages('agent').max).toBe(58_000);
    expect(monitor.ages('agent').count).toBe(61);
    expect(monitor.ages('user').max).toBe(0);
    expect(monitor.ages().max).toBe(58_000);
  });

  it('calls it an outage when requests fail and none gets a good answer', () => {
    const { monitor, pass } = setUp();
    pass(10, 200);
    pass(5, 'refused', 503);
    pass(3);
    pass(1, 'reset');
    pass(10, 200, 'refused');
    expect(monitor.outages()).toEqual([{ startMs: 10_000, endMs: 19_000, failed: 11, waiting: 0 }]);
    expect(monitor.outageLengths()).toMatchObject({ count: 1, max: 9000 });
  });

  it('calls it an outage when several requests wait in vain, from the moment they began to wait', () => {
    const { telemetry, monitor, pass } = setUp();
    pass(10, 200);
    const tickets = [telemetry.requestStarted('agent', 10_000), telemetry.requestStarted('user', 10_000)];
    pass(4);
    expect(monitor.outages()).toEqual([]);
    pass(26);
    expect(monitor.outages()).toEqual([{ startMs: 10_000, endMs: 40_000, failed: 0, waiting: 2 }]);
    expect(monitor.outageLengths().max).toBe(30_000);
    for (const ticket of tickets) telemetry.requestEnded(ticket);
    pass(5, 200);
    expect(monitor.outages()).toEqual([{ startMs: 10_000, endMs: 40_000, failed: 0, waiting: 2 }]);
  });

  it.each([
    ['a single failure before a quiet time', [[1, 500], [60], [1, 200]], 1000],
    ['refusals of a service that answers', [[60, 404, 409, 401]], 0],
    ['failures beside good answers', [[60, 200, 500]], 0],
    ['what we aborted ourselves', [[60, 'aborted']], 0],
    ['nothing at all', [[60]], 0],
  ] as [string, [number, ...RequestOutcome[]][], number][])('is not misled by %s', (_, phases, longest) => {
    const { monitor, pass } = setUp();
    for (const [seconds, ...outcomes] of phases) pass(seconds, ...outcomes);
    expect(monitor.outageLengths().max).toBe(longest);
  });

  it('lets one slow request alone take its time', () => {
    const { telemetry, monitor, pass } = setUp();
    pass(1, 200);
    telemetry.requestStarted('user', 1000);
    pass(40);
    expect(monitor.outages()).toEqual([]);
    expect(monitor.ages('user').max).toBe(40_000);
  });
});
