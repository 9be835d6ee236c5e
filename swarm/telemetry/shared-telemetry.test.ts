import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { type FailureSample, SharedTelemetry } from './shared-telemetry.ts';
import type { RequestOutcome, RequestRecord } from './telemetry.ts';
import { createTelemetryBuffer } from './telemetry-layout.ts';
import { ratesBetween } from './telemetry-rates.ts';
import { TelemetryReader } from './telemetry-reader.ts';

const poll: RequestRecord = {
  client: 'agent',
  endpoint: 'get-instructions',
  outcome: 200,
  dueAt: 1000,
  sentAt: 1010,
  firstByteAt: 1015,
  endAt: 1020,
  bytesSent: 300,
  bytesReceived: 700,
};

function setUp(writers = 3) {
  const buffer = createTelemetryBuffer({ writers, hostSlots: 100, clusterSlots: 10 });
  return { buffer, main: new SharedTelemetry(buffer, 0), reader: new TelemetryReader(buffer) };
}

describe('shared telemetry', () => {
  it('counts each attempt under its client, endpoint and outcome, once', () => {
    const { buffer, main, reader } = setUp();
    const worker = new SharedTelemetry(buffer, 1);
    main.request(poll);
    worker.request(poll);
    worker.request({ ...poll, outcome: 503 });
    worker.request({ ...poll, outcome: 'reset', bytesReceived: 0 });
    worker.request({ ...poll, outcome: 'aborted' });
    worker.request({ ...poll, client: 'installer', endpoint: 'host-progress', outcome: 999 });
    const snapshot = reader.snapshot(0);
    const pair = { client: 'agent', endpoint: 'get-instructions', method: 'GET' };
    expect(snapshot.requests).toEqual([
      { ...pair, code: '200', count: 2 },
      { ...pair, code: '503', count: 1 },
      { ...pair, code: 'reset', count: 1 },
      { ...pair, code: 'aborted', count: 1 },
      { client: 'installer', endpoint: 'host-progress', method: 'PUT', code: 'other', count: 1 },
    ]);
    expect(snapshot.totals).toEqual({
      requests: 6,
      answered: 4,
      unanswered: 1,
      aborted: 1,
      own: 0,
      refused: 1,
      polls: 0,
      bytesSent: 1800,
      bytesReceived: 3500,
    });
  });

  it('keeps what slow links took apart, and durations without it', () => {
    const { main, reader } = setUp();
    main.request({ ...poll, overLink: null });
    main.request({ ...poll, endAt: 1200, overLink: { link: 1, ms: 150 } });
    main.request({ ...poll, client: 'installer', endpoint: 'host-progress', endAt: 1300, overLink: { link: 1, ms: 400 } });
    // What failed has no duration here.
    main.request({ ...poll, outcome: 'reset', overLink: { link: 1, ms: 5 } });
    expect(reader.overLink(1).requests).toMatchObject({ count: 2, max: 300 });
    expect(reader.overLink(0).requests.count).toBe(0);
    expect(reader.latency('due').count).toBe(3);
    const agent = reader.withoutLinks({ client: 'agent' });
    expect(agent.count).toBe(2);
    expect(agent.sum).toBeCloseTo(20 + 50);
    expect(agent.quantile(1)).toBeCloseTo(50, 0);
    expect(reader.withoutLinks().sum).toBeCloseTo(20 + 50 + 0);
    expect(reader.withoutLinks({ client: 'user' }).count).toBe(0);
  });

  it('measures from the due time and from the moment of sending, what was answered apart from what failed', () => {
    const { main, reader } = setUp();
    main.request(poll);
    main.request({ ...poll, outcome: 'aborted', endAt: 99_000 });
    main.request({ ...poll, outcome: 'dial-timeout', sentAt: 0, endAt: 31_000 });
    main.request({ ...poll, outcome: 'refused', sentAt: 0, endAt: 1001 });
    main.request({ ...poll, outcome: 502, endAt: 1030 });
    main.request({ ...poll, outcome: 409, endAt: 1040 });
    main.request({ ...poll, outcome: 'files-exhausted', sentAt: 0, endAt: 99_000 });
    const pair = { client: 'agent', endpoint: 'get-instructions' } as const;
    const due = reader.latency('due');
    const sent = reader.latency('sent', pair);
    expect([due.count, due.min, due.max]).toEqual([2, 20, 40]);
    expect([sent.count, sent.max]).toEqual([2, 30]);
    const failed = reader.latency('due', { result: 'failed' });
    expect([failed.count, failed.min, failed.max]).toEqual([3, 1, 30_000]);
    expect(reader.latency('sent', { ...pair, result: 'failed' }).count).toBe(1);
    expect(reader.latency('due', { client: 'user' }).count).toBe(0);
    for (const [result, count] of [
      ['answered', 2],
      ['failed', 3],
    ] as const) {
      expect(reader.latencies('due', result).map((one) => [one.client, one.endpoint, one.distribution.count])).toEqual([
        ['agent', 'get-instructions', count],
      ]);
    }
    expect(reader.answered().count).toBe(2);
    expect(reader.answers()[0]).toEqual({ client: 'agent', good: 1, refused: 1, failed: 3, own: 1 });
    expect(reader.snapshot(0).totals).toMatchObject({ requests: 7, unanswered: 2, own: 1, aborted: 1, refused: 2 });
  });

  it('counts the time to a success, and requests that went out once more', () => {
    const { main, reader } = setUp();
    main.requestSucceeded('agent', 'register-host', 61_000);
    main.requestSucceeded('user', 'get-cluster', 10);
    main.requestRepeated('replayed');
    expect(reader.untilSuccess().count).toBe(2);
    expect(reader.untilSuccess({ client: 'agent' }).max).toBe(61_000);
    expect(reader.untilSuccesses().map(({ endpoint }) => endpoint)).toEqual(['register-host', 'get-cluster']);
    expect(reader.snapshot(0).repeats).toEqual({ replayed: 1, redirected: 0 });
  });

  it('gives polls that a wait made impossible the wait that they would have had', () => {
    const { main, reader } = setUp();
    main.pollWaited(20, 60_000, 1);
    // One request that waited all the time: polls due at 60 s, 120 s and 180 s were never sent.
    main.pollWaited(200_000, 60_000, 1);
    const open = reader.openLoop();
    expect([open.count, open.max, open.sum]).toEqual([5, 200_000, 20 + 200_000 + 140_000 + 80_000 + 20_000]);
    expect(reader.missedPolls()).toBe(3);
    // Attempts that failed were polls too.
    main.pollWaited(200_000, 60_000, 3);
    expect(reader.missedPolls()).toBe(4);
    main.pollWaited(200_000, 60_000, 30);
    main.pollWaited(200_000, 0, 1);
    expect(reader.missedPolls()).toBe(4);
  });

  it('keeps no more texts of failures than a service has that does not make its statuses up', () => {
    let told = 0;
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
    const telemetry = new SharedTelemetry(buffer, 0, () => told++);
    for (const endpoint of [
      'register-host',
      'get-instructions',
      'get-cluster',
      'host-progress',
      'upload-logs',
    ] as const) {
      for (const client of ['agent', 'user'] as const) {
        for (let status = 400; status < 600; status++) telemetry.requestFailed(client, endpoint, status, () => '');
      }
    }
    telemetry.requestFailed('controller', 'get-cluster', 404, () => '');
    expect(told).toBe(1000);
  });

  it('tells the first failure of each kind', () => {
    const told: FailureSample[] = [];
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
    const telemetry = new SharedTelemetry(buffer, 0, (sample) => told.push(sample));
    const fail = (outcome: RequestOutcome, message: string) =>
      telemetry.requestFailed('agent', 'register-host', outcome, () => message);
    fail(409, 'first');
    fail(409, 'second');
    fail('refused', 'third');
    expect(told.map(({ client, endpoint, code, message }) => [client, endpoint, code, message])).toEqual([
      ['agent', 'register-host', '409', 'first'],
      ['agent', 'register-host', 'refused', 'third'],
    ]);
  });

  it('knows where hosts and clusters are, and does not count unused slots', () => {
    const { main, reader } = setUp();
    for (let host = 0; host < 5; host++) main.hostPhase(host, 'planned');
    main.hostPhase(1, 'installing');
    main.hostStage(1, 'Starting installation');
    main.hostStage(2, 'Rebooting');
    main.hostStage(2, null);
    main.clusterPhase(3, 'installing');
    main.clusterPhase(3, 'failed');
    const { hosts, clusters } = reader.snapshot(0);
    expect(hosts.total).toBe(5);
    expect(hosts.phases.planned).toBe(4);
    expect(hosts.phases.installing).toBe(1);
    expect(hosts.stages['Starting installation']).toBe(1);
    expect(hosts.stages.Rebooting).toBe(0);
    expect(clusters.total).toBe(1);
    expect(clusters.phases).toMatchObject({ failed: 1, installing: 0 });
    expect(reader.hostPhase(1)).toBe('installing');
    expect(reader.hostPhase(99)).toBeNull();
  });

  it('refuses slots, writers and buffers that do not exist', () => {
    const { buffer, main, reader } = setUp();
    expect(() => main.hostPhase(100, 'done')).toThrow(/100 host slots/);
    expect(() => main.hostStage(-1, null)).toThrow(RangeError);
    expect(() => main.clusterPhase(10, 'failed')).toThrow(/10 cluster slots/);
    expect(() => reader.hostPhase(100)).toThrow(RangeError);
    expect(() => new SharedTelemetry(buffer, 3)).toThrow(/3 writers/);
    expect(() => new TelemetryReader(new SharedArrayBuffer(64))).toThrow(TypeError);
    expect(() => createTelemetryBuffer({ writers: 0, hostSlots: 1, clusterSlots: 1 })).toThrow(/writers/);
  });

  it('counts replies, errors, connections, lateness and stages', () => {
    const { buffer, main, reader } = setUp();
    const worker = new SharedTelemetry(buffer, 2);
    main.stepReply('inventory', 'posted');
    worker.stepReply('inventory', 'posted');
    worker.stepReply('unknown', 'failed');
    worker.error('poll-error');
    for (let i = 0; i < 3; i++) worker.connectionOpened();
    worker.connectionClosed();
    worker.pollLateness(7);
    worker.stageDuration('master', 'Writing image to disk', 90_000);
    const snapshot = reader.snapshot(0);
    expect(snapshot.stepReplies).toEqual([
      { step: 'inventory', fate: 'posted', count: 2 },
      { step: 'unknown', fate: 'failed', count: 1 },
    ]);
    expect(snapshot.errors['poll-error']).toBe(1);
    expect(snapshot.errors['worker-lost']).toBe(0);
    expect(snapshot.connections).toEqual({ opened: 3, closed: 1, open: 2 });
    expect(snapshot.totals.polls).toBe(1);
    expect(reader.pollLateness().max).toBe(7);
    const [stage] = reader.stageDurations();
    expect([stage?.role, stage?.stage, stage?.distribution.count]).toEqual(['master', 'Writing image to disk', 1]);
  });

  it('gives rates between two snapshots', () => {
    const { main, reader } = setUp();
    const earlier = reader.snapshot(10_000);
    for (let i = 0; i < 10; i++) main.request(poll);
    const later = reader.snapshot(12_000);
    expect(ratesBetween(earlier, later)).toMatchObject({ seconds: 2, requests: 5, answered: 5, bytesSent: 1500 });
    expect(ratesBetween(later, later).requests).toBe(0);
  });

  it('loses nothing when several threads write at once', async () => {
    const workers = 3;
    const rounds = 20_000;
    const buffer = createTelemetryBuffer({ writers: workers + 1, hostSlots: workers * 100, clusterSlots: workers });
    const module = new URL('./shared-telemetry.ts', import.meta.url).href;
    const code = `
      const { workerData: { buffer, writer, rounds, module, poll } } = require('node:worker_threads');
      import(module).then(({ SharedTelemetry }) => {
        const telemetry = new SharedTelemetry(buffer, writer);
        for (let i = 0; i < rounds; i++) {
          telemetry.request({ ...poll, endAt: poll.dueAt + writer });
          telemetry.connectionOpened();
          telemetry.connectionClosed();
          telemetry.hostPhase((writer - 1) * 100 + i % 100, 'polling');
          telemetry.pollLateness(writer);
        }
        telemetry.clusterPhase(writer - 1, 'installing');
      });`;
    await Promise.all(
      Array.from({ length: workers }, (_, i) =>
        once(new Worker(code, { eval: true, workerData: { buffer, writer: i + 1, rounds, module, poll } }), 'exit'),
      ),
    );
    const reader = new TelemetryReader(buffer);
    const snapshot = reader.snapshot(0);
    expect(snapshot.totals.requests).toBe(workers * rounds);
    expect(snapshot.totals.bytesSent).toBe(workers * rounds * 300);
    expect(snapshot.connections).toEqual({ opened: workers * rounds, closed: workers * rounds, open: 0 });
    expect(snapshot.hosts.phases.polling).toBe(workers * 100);
    expect(snapshot.clusters.phases.installing).toBe(workers);
    const due = reader.latency('due');
    expect([due.count, due.min, due.max]).toEqual([workers * rounds, 1, workers]);
    expect(reader.pollLateness().sum).toBe(rounds * (1 + 2 + 3));
  });
});
