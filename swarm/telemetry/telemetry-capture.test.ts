import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SharedTelemetry } from './shared-telemetry.ts';
import type { RequestRecord } from './telemetry.ts';
import { createTelemetryBuffer } from './telemetry-layout.ts';
import { TelemetryReader } from './telemetry-reader.ts';

function setUp(writers = 3) {
  const buffer = createTelemetryBuffer({ writers, hostSlots: 1, clusterSlots: 1 });
  const telemetry = Array.from({ length: writers }, (_, writer) => new SharedTelemetry(buffer, writer));
  return { telemetry, reader: new TelemetryReader(buffer) };
}

const request = (ms: number, outcome: RequestRecord['outcome'] = 200): RequestRecord => ({
  ...{ client: 'agent', endpoint: 'get-instructions', outcome, dueAt: 1000, sentAt: 1000, firstByteAt: 1000 },
  ...{ endAt: 1000 + ms, bytesSent: 3, bytesReceived: 7 },
});

describe('a reader of a time', () => {
  it('sees what happened in it, and nothing of before and after', () => {
    const { telemetry, reader } = setUp();
    const [main, worker] = telemetry;
    main!.request(request(5));
    worker!.request(request(900, 503));
    main!.connectionOpened();
    const from = reader.capture();
    worker!.request(request(20));
    main!.request(request(40));
    main!.request(request(1, 'refused'));
    worker!.pollLateness(3);
    main!.connectionClosed();
    const to = reader.capture();
    main!.request(request(7000));
    worker!.connectionOpened();

    const within = reader.within({ from, to });
    expect(within.requests().map(({ code, count }) => [code, count])).toEqual([
      ['200', 2],
      ['refused', 1],
    ]);
    const latency = within.latency('due');
    expect([latency.count, latency.sum, Math.round(latency.max), Math.round(latency.quantile(0.5))]).toEqual([
      2, 60, 40, 20,
    ]);
    expect(within.latency('due', { result: 'failed' }).count).toBe(1);
    expect(within.pollLateness().count).toBe(1);
    const { totals, connections } = within.snapshot(0);
    expect(totals).toMatchObject({ requests: 3, bytesSent: 9, bytesReceived: 21 });
    // Closed in the time, and open now.
    expect(connections).toEqual({ opened: 0, closed: 1, open: 1 });
    expect(reader.within({ from }).latency('due').count).toBe(3);
  });

  it('counts the whole, cut into times, once', () => {
    const cut = fc.record({ ms: fc.double({ min: 0, max: 1e6, noNaN: true }), writer: fc.nat(2), end: fc.boolean() });
    fc.assert(
      fc.property(fc.array(cut, { maxLength: 60 }), (given) => {
        const { telemetry, reader } = setUp();
        const captures = [reader.capture()];
        for (const { ms, writer, end } of given) {
          telemetry[writer]!.request(request(ms));
          if (end) captures.push(reader.capture());
        }
        captures.push(reader.capture());
        const parts = captures.slice(1).map((to, i) => reader.within({ from: captures[i]!, to }).latency('due'));
        const whole = reader.latency('due');
        expect(parts.reduce((sum, part) => sum + part.count, 0)).toBe(whole.count);
        expect(Math.abs(parts.reduce((sum, part) => sum + part.sum, 0) - whole.sum)).toBeLessThan(1e-3);
        for (const part of parts) if (part.count > 0) expect(part.max).toBeLessThanOrEqual(whole.max);
      }),
      { numRuns: 20 },
    );
  });
});
