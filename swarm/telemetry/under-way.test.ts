import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CLIENT_KINDS } from '../../model/protocol/endpoints.ts';
import { SharedTelemetry } from './shared-telemetry.ts';
import { createTelemetryBuffer } from './telemetry-layout.ts';
import { TelemetryReader } from './telemetry-reader.ts';
import { UNDER_WAY_WORDS, UnderWay } from './under-way.ts';

describe('requests under way', () => {
  it('publishes number and start of the oldest, whatever the order in which requests end', () => {
    const step = fc.record({ start: fc.boolean(), kind: fc.nat(CLIENT_KINDS.length - 1), pick: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const words = new Float64Array(UNDER_WAY_WORDS + 3);
        const underWay = new UnderWay(words, 3);
        let model: { ticket: number; kind: number; since: number }[] = [];
        for (const [at, { start, kind, pick }] of steps.entries()) {
          // Twice as many starts as ends, so that the arrays have to grow.
          if (start || pick % 2 === 0 || model.length === 0) {
            model.push({ ticket: underWay.start(kind, 1000 + at), kind, since: 1000 + at });
          } else {
            const one = model[pick % model.length]!;
            underWay.end(one.ticket);
            model = model.filter((other) => other !== one);
          }
        }
        expect(new Set(model.map(({ ticket }) => ticket)).size).toBe(model.length);
        for (const kind of CLIENT_KINDS.keys()) {
          const mine = model.filter((one) => one.kind === kind);
          expect(words[3 + kind * 2]).toBe(mine.length);
          expect(words[4 + kind * 2]).toBe(mine.length === 0 ? 0 : Math.min(...mine.map(({ since }) => since)));
        }
        expect([...words.subarray(0, 3)]).toEqual([0, 0, 0]);
      }),
    );
  });

  it('refuses tickets that nobody has', () => {
    const underWay = new UnderWay(new Float64Array(UNDER_WAY_WORDS), 0);
    const ticket = underWay.start(0, 1);
    underWay.end(ticket);
    for (const wrong of [ticket, 0, -1, 1_000_000]) expect(() => underWay.end(wrong)).toThrow(/no request under way/);
  });

  it('is read over all threads', () => {
    const buffer = createTelemetryBuffer({ writers: 3, hostSlots: 1, clusterSlots: 1 });
    const [one, other] = [new SharedTelemetry(buffer, 1), new SharedTelemetry(buffer, 2)];
    const reader = new TelemetryReader(buffer);
    const agent = () => reader.underWay().find(({ client }) => client === 'agent');
    expect(agent()).toEqual({ client: 'agent', count: 0, sinceMs: 0 });
    const first = one.requestStarted('agent', 500);
    other.requestStarted('agent', 400);
    one.requestStarted('user', 100);
    expect(agent()).toEqual({ client: 'agent', count: 2, sinceMs: 400 });
    one.requestEnded(first);
    expect(agent()).toEqual({ client: 'agent', count: 1, sinceMs: 400 });
    expect(reader.snapshot(0).underWay.find(({ client }) => client === 'user')).toMatchObject({
      count: 1,
      sinceMs: 100,
    });
  });

  it('are forgotten with the thread that waited for them', () => {
    const buffer = createTelemetryBuffer({ writers: 3, hostSlots: 1, clusterSlots: 1 });
    new SharedTelemetry(buffer, 1).requestStarted('agent', 500);
    new SharedTelemetry(buffer, 2).requestStarted('agent', 400);
    new SharedTelemetry(buffer, 2).requestsLost();
    const [agent] = new TelemetryReader(buffer).underWay();
    expect(agent).toEqual({ client: 'agent', count: 1, sinceMs: 500 });
  });
});
