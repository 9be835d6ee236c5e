import { describe, expect, it } from 'vitest';
import type { EndpointName } from '../../model/protocol/endpoints.ts';
import { FIGURES, type Figure } from '../plan/figures.ts';
import { parseExpression, parseFigure, type RunThreshold } from '../plan/thresholds.ts';
import { AnswerMonitor, type Outage } from '../telemetry/answer-monitor.ts';
import { ClusterDurations } from '../telemetry/cluster-durations.ts';
import { ServerFigures } from '../telemetry/server-figures.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import { StateLook } from '../telemetry/state-look.ts';
import { StateTimes } from '../telemetry/state-times.ts';
import { createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { type Measured, RunFigures } from './figures.ts';
import { ServerFigureSource } from './server-figures.ts';
import { type Evaluated, evaluate, type Sample } from './thresholds.ts';
import { describeCrossing, reachVerdict, type VerdictDetails, type VerdictFacts } from './verdict.ts';

const threshold = (text: string, expression: string, isDefault = true): RunThreshold => {
  const { figure, labels } = parseFigure(text);
  return { ...parseExpression(expression, figure, labels), default: isDefault };
};
const crossed = (text: string, expression: string, sample: Sample, value: number, isDefault = true) =>
  ({ ...threshold(text, expression, isDefault), sample, value, ok: false }) satisfies Evaluated<RunThreshold>;

const START = Date.parse('2026-11-28T03:12:00Z');
const OUTAGE: Outage = { startMs: START + 45_000, endMs: START + 106_000, failed: 120, waiting: 214 };
const details = (overrides: Partial<VerdictDetails> = {}): VerdictDetails => ({
  startedAt: new Date(START),
  failures: [],
  unexpected: [],
  outages: [],
  longestWaits: [],
  ...overrides,
});
const facts = (overrides: Partial<VerdictFacts> = {}): VerdictFacts => ({
  causes: [],
  givenUp: false,
  thresholds: [],
  leftovers: [],
  stopped: false,
  details: details(),
  ...overrides,
});
const TREND: Sample = { kind: 'trend', distribution: { count: 5, mean: 0, min: 0, max: 0, quantile: () => 0 } };
const ERRORS = crossed('request_errors{client:agent}', 'rate<=0.05', { kind: 'rate', hits: 41, of: 100 }, 0.41);

describe('verdict', () => {
  it.each([
    ['passes with nothing to say', {}, 'passed', []],
    [
      'is interrupted when the run was stopped',
      { stopped: true },
      'interrupted',
      ['the run was stopped before its end'],
    ],
    [
      'is interrupted, and names what was left, where a stopped run could not remove all',
      { stopped: true, leftovers: ['z'] },
      'interrupted',
      ['the run was stopped before its end', 'z'],
    ],
    [
      'fails for a cause, stopped or not',
      { stopped: true, causes: ['worker 0 was lost'] },
      'failed',
      ['worker 0 was lost'],
    ],
    [
      'gives causes, crossed thresholds and leftovers in this order',
      { causes: ['a'], thresholds: [ERRORS], leftovers: ['z'] },
      'failed',
      ['a', 'agent requests: 41.0% failed or were refused (41 of 100), limit 5.00%', 'z'],
    ],
    [
      'passes over thresholds that are kept or were not evaluated',
      {
        thresholds: [
          { ...ERRORS, ok: true },
          { ...ERRORS, ok: null, value: null, sample: null },
        ],
      },
      'passed',
      [],
    ],
    [
      'says only the cause of a run that was given up',
      { causes: ['a'], givenUp: true, thresholds: [ERRORS] },
      'failed',
      ['a'],
    ],
  ] as [string, Partial<VerdictFacts>, string, string[]][])('%s', (_, overrides, verdict, reasons) => {
    expect(reachVerdict(facts(overrides))).toEqual({ verdict, reasons });
  });

  it.each([
    [
      crossed('request_age{client:agent}', 'max<=30000', TREND, 61_000),
      { longestWaits: [{ client: 'agent' as const, ms: 61_000, atMs: START + 106_000, underWay: 214 }] },
      'agent requests were unanswered for up to 1m01s (at 03:13:46 UTC, 214 requests): limit 30 s',
    ],
    [
      crossed('service_outage', 'max<=20000', TREND, 61_000),
      { outages: [OUTAGE] },
      'the service gave no good answer for up to 1m01s: limit 20 s; 1m01s from 45 s to 1m46s of the run (03:12:45 to 03:13:46 UTC), 120 requests failed, up to 214 waited at once',
    ],
    [
      crossed('request_errors{client:agent}', 'rate<=0.05', { kind: 'rate', hits: 130, of: 1300 }, 0.1),
      { outages: [OUTAGE] },
      'agent requests: 10.0% failed or were refused (130 of 1,300), limit 5.00%; most while the service was out from 45 s to 1m46s of the run (03:12:45 to 03:13:46 UTC)',
    ],
    [
      crossed('request_duration{client:agent,endpoint:get-instructions}', 'p(99.9)<500', TREND, 12_000, false),
      {},
      'agent requests to get-instructions: p(99.9) of the duration since due is 12 s, limit below 500 ms',
    ],
    [
      crossed('request_errors{client:user}', 'count<1', { kind: 'rate', hits: 1, of: 420 }, 1, false),
      {},
      'user requests: 1 of 420 failed or were refused, limit below 1',
    ],
    [
      crossed('request_errors{client:user,kind:429}', 'count<1', { kind: 'rate', hits: 7, of: 420 }, 7, false),
      {},
      'request_errors{client:user,kind:429}: 7 of 420 were refused with 429, too many requests, limit below 1',
    ],
    // Both are five seconds for people, and one of them is too long.
    [
      crossed('request_duration{client:agent}', 'max<5000', TREND, 5041.25, false),
      {},
      'agent requests: max of the duration since due is 5,041.25 ms, limit below 5,000 ms',
    ],
    [
      crossed('clusters_complete', 'value>=0.95', { kind: 'gauge', value: 0.9499 }, 0.9499, false),
      {},
      'clusters complete: value is 94.99%, wanted at least 95%',
    ],
    [
      crossed('request_duration{client:agent,result:failed}', 'max<500', TREND, 12_000, false),
      {},
      'failed agent requests: max of the duration since due is 12 s, limit below 500 ms',
    ],
    [
      crossed('request_success_duration{client:agent}', 'p(99)<500', TREND, 12_000, false),
      {},
      'agent requests: p(99) of the duration until success is 12 s, limit below 500 ms',
    ],
    [
      crossed('generator_saturation', 'rate<=0.25', { kind: 'rate', hits: 33_000, of: 44_000 }, 0.75),
      {},
      'the generator itself was the bottleneck for 75.0% of the time (33 s of 44 s), limit 25.0%: latencies measured then are too high',
    ],
    [
      crossed('clusters_failed', 'count==0', { kind: 'rate', hits: 4, of: 9 }, 4),
      { failures: ['a', 'b', 'c', 'd'].map((name) => ({ name, reason: 'gave up' })) },
      '4 of 9 clusters failed; a: gave up; b: gave up; c: gave up',
    ],
    [
      crossed('clusters_failed', 'rate<0.1', { kind: 'rate', hits: 1, of: 9 }, 1 / 9, false),
      { failures: [{ name: 'a', reason: 'gave up' }] },
      '1 of 9 clusters failed (limit below 10.0%); a: gave up',
    ],
    [
      crossed('errors{kind:reply-lost}', 'count==0', { kind: 'counter', count: 7, seconds: 9 }, 7, false),
      {},
      'errors of reply-lost: count is 7, wanted 0',
    ],
    [
      crossed('errors{kind:malformed-answer}', 'count==0', { kind: 'counter', count: 3, seconds: 9 }, 3),
      {},
      'errors{kind:malformed-answer}: 3 answers of the service could not be read, as they are no JSON or miss what they must have, wanted 0',
    ],
    [
      crossed('requests', 'rate>=100', { kind: 'counter', count: 7, seconds: 1 }, 7, false),
      {},
      'requests: rate is 7.0/s, wanted at least 100.0/s',
    ],
    [
      crossed('clusters_complete', 'value>=0.95', { kind: 'gauge', value: 0.5 }, 0.5, false),
      {},
      'clusters complete: value is 50.0%, wanted at least 95.0%',
    ],
  ] as [Evaluated<RunThreshold>, Partial<VerdictDetails>, string][])('says it plainly (%#)', (one, more, sentence) => {
    expect(describeCrossing(one, details(more))).toBe(sentence);
  });
});

function measured(): {
  measured: Measured & { clusterDurations: ClusterDurations };
  telemetry: SharedTelemetry;
  monitor: AnswerMonitor;
} {
  const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
  const reader = new TelemetryReader(buffer);
  const monitor = new AnswerMonitor(reader, 1000);
  return {
    telemetry: new SharedTelemetry(buffer, 0),
    monitor,
    measured: {
      reader,
      answers: monitor,
      saturation: { totals: () => ({ observedMs: 44_000, saturatedMs: 33_000, byReason: {} }) },
      clusterDurations: new ClusterDurations(),
      states: new StateLook(new StateTimes({ clusters: [] }), () => 0).seen,
      clusters: { of: 4, failed: 1, complete: 2 },
      faults: { judged: 0, otherwise: 0 },
      faultKinds: new Set(),
      seconds: 10,
      pollMs: 60_000,
    },
  };
}

describe('figures of a run', () => {
  it('are all there, with the kind that the table says', () => {
    const { measured: all, telemetry } = measured();
    const figures = new RunFigures(all);
    // Polls have a pace when there was one.
    expect(figures.read('poll_pace', {})).toBe(null);
    telemetry.pollWaited(3000, 60_000, 1);
    expect(figures.read('poll_pace', {})).toEqual({ kind: 'gauge', value: expect.closeTo(60_000 / 63_000, 6) });
    for (const { name, kind } of FIGURES as readonly Figure[]) expect(figures.read(name, {})?.kind).toBe(kind);
    expect(() => figures.read('moon_phase', {})).toThrow('a run has no figure moon_phase');
  });

  it('are those of the labels', () => {
    const { measured: all, telemetry, monitor } = measured();
    const request = (client: 'agent' | 'user', outcome: number | 'reset' | 'aborted', ms: number) =>
      telemetry.request({
        client,
        endpoint: client === 'agent' ? 'get-instructions' : 'get-cluster',
        outcome,
        dueAt: 1000,
        sentAt: 1000,
        firstByteAt: 0,
        endAt: 1000 + ms,
        bytesSent: 0,
        bytesReceived: 0,
      });
    for (const outcome of [200, 404, 'reset', 'aborted'] as const) request('agent', outcome, 10);
    request('user', 200, 500);
    telemetry.error('reply-lost');
    telemetry.error('poll-error');
    telemetry.stageDuration('master', 'Rebooting', 60_000);
    telemetry.stageDuration('worker', 'Configuring', 30_000);
    telemetry.requestStarted('user', 1000);
    monitor.look(41_000);
    const value = (figure: string, expression: string) =>
      evaluate([threshold(figure, expression)], new RunFigures(all))[0]!.value;
    expect(value('requests', 'count>0')).toBe(5);
    expect(value('requests', 'rate>0')).toBe(0.5);
    expect(value('requests{client:user}', 'count>0')).toBe(1);
    expect(value('request_errors', 'rate<1')).toBe(2 / 5);
    expect(value('request_errors{client:agent,endpoint:get-instructions}', 'rate<1')).toBe(2 / 4);
    expect(value('request_errors{client:agent,endpoint:get-cluster}', 'rate<1')).toBe(null);
    telemetry.request({
      ...{ client: 'controller', endpoint: 'cluster-progress', outcome: 400, dueAt: 1000, sentAt: 1000 },
      ...{ firstByteAt: 0, endAt: 1010, bytesSent: 0, bytesReceived: 0 },
    });
    // A stage that came too late: what real controllers meet too.
    expect(value('request_errors{client:controller}', 'rate<1')).toBe(0);
    expect(value('request_errors', 'rate<1')).toBe(2 / 6);
    expect(value('request_duration{client:user}', 'max<1')).toBe(500);
    expect(value('request_send_duration{client:agent}', 'count>1')).toBe(2);
    expect(value('request_duration{client:agent,result:failed}', 'count>1')).toBe(1);
    expect(value('generator_errors', 'rate<1')).toBe(0);
    telemetry.requestSucceeded('user', 'get-cluster', 7);
    expect(value('request_success_duration{client:user}', 'max<1')).toBe(7);
    telemetry.pollWaited(150_000, 60_000, 1);
    expect(value('poll_wait', 'count>1')).toBe(3);
    all.clusterDurations.apply({ type: 'cluster.phase', time: 0, cluster: 0, name: 'c', phase: 'discovering' });
    all.clusterDurations.apply({ type: 'cluster.phase', time: 90, cluster: 0, name: 'c', phase: 'preparing' });
    expect(value('cluster_duration{to:discovered}', 'max<1')).toBe(90);
    expect(value('cluster_duration', 'max<1')).toBe(null);
    expect(value('request_age{client:user}', 'max<1')).toBe(40_000);
    expect(value('request_age{client:agent}', 'max<1')).toBe(0);
    expect(value('service_outage', 'max<1')).toBe(0);
    expect(value('service_outage', 'count==0')).toBe(0);
    expect(value('errors{kind:reply-lost}', 'count==0')).toBe(1);
    expect(value('errors', 'count==0')).toBe(2);
    expect(value('stage_duration{stage:Rebooting}', 'max<1')).toBe(60_000);
    expect(value('stage_duration', 'count>1')).toBe(2);
    expect(value('clusters_failed', 'rate<1')).toBe(0.25);
    expect(value('clusters_complete', 'value>0')).toBe(0.5);
    expect(value('generator_saturation', 'rate<1')).toBe(0.75);
  });

  it('of one endpoint are those of the worst, which the sentence names', () => {
    const { measured: all, telemetry } = measured();
    const request = (endpoint: EndpointName, outcome: number, ms: number, times = 1) => {
      for (let i = 0; i < times; i++) {
        const record = { client: 'agent' as const, endpoint, outcome, dueAt: 1000, sentAt: 1000, endAt: 1000 + ms };
        telemetry.request({ ...record, firstByteAt: 0, bytesSent: 0, bytesReceived: 0 });
      }
    };
    const sentence = (figure: string, expression: string) => {
      const [one] = evaluate([threshold(figure, expression)], new RunFigures(all));
      return one!.ok === false ? describeCrossing(one!, details()) : null;
    };
    request('get-instructions', 200, 10, 90);
    request('post-step-reply', 200, 4000, 12);
    // Nor does one slow answer.
    request('host-ignition', 200, 9000);
    // Two failures say nothing.
    request('register-host', 404, 10, 2);
    expect(sentence('request_duration{client:agent}', 'med<=500')).toBe(null);
    expect(sentence('endpoint_errors{client:agent}', 'rate<=0.1')).toBe(null);
    expect(sentence('endpoint_duration{client:agent}', 'med<=2000')).toBe(
      'agent requests to post-step-reply: med of the duration since due is 4.0 s, limit 2.0 s of any endpoint',
    );
    expect(sentence('request_duration{client:agent}', 'p(95)<=2500')).toBe(
      'agent requests: p(95) of the duration since due is 4.0 s, worst agent requests to post-step-reply with 4.0 s, limit 2.5 s',
    );
    request('host-progress', 503, 10, 4);
    request('get-instructions', 503, 10, 5);
    expect(sentence('endpoint_errors{client:agent}', 'rate<=0.1')).toBe(
      'agent requests to host-progress: 100.0% failed or were refused (4 of 4), limit 10.0% of any endpoint',
    );
    expect(sentence('request_errors{kind:5xx}', 'rate<=0.01')).toBe(
      'request_errors{kind:5xx}: 7.89% (9 of 114) were answered with 500 or more, most agent requests to get-instructions with 5.26%, limit 1.00%',
    );
    expect(sentence('request_errors{kind:4xx}', 'rate<=0.01')).toContain(
      'most agent requests to register-host with 100.0%',
    );
    expect(sentence('request_errors{kind:403}', 'rate<=0.01')).toBe(null);
    for (const outcome of [206, 206, 'eof'] as const) telemetry.bootRequest('rootfs', outcome, 0);
    telemetry.bootRequest('iso', 206, 0);
    telemetry.bootWait('iso', 20);
    for (const ms of [3000, 3100]) telemetry.bootWait('rootfs', ms);
    expect(sentence('boot_wait', 'med<=2000')).toMatch(
      /^boot_wait: med of what booting hosts waited for an answer of the image service is 3.0 s, worst rootfs with 3.0 s, limit 2.0 s$/,
    );
    expect(sentence('boot_errors', 'rate<=0.01')).toBe(
      'boot_errors: 25.0% of what booting hosts asked for failed (1 of 4), most rootfs with 33.3%, limit 1.00%',
    );
  });

  it('of servers name the worst series', () => {
    const servers = new ServerFigures();
    const period = (what: string, value: number) =>
      ({ figure: 'service_monitor_period', labels: { what }, kind: 'gauge', value }) as const;
    servers.add('service', [period('hosts', 9000), period('clusters', 11_000)], 0);
    servers.add('service', [period('hosts', 15_000), period('clusters', 10_000)], 1000);
    const of = (figure: string, expression: string) =>
      describeCrossing(
        evaluate([threshold(figure, expression)], new ServerFigureSource(servers))[0]!,
        details({ crossedSinceMs: () => null }),
      );
    const help = '(From the end of a monitor pass to that of the next; while none ends, the time since the last one)';
    expect(of('service_monitor_period', 'max<=8000')).toBe(
      `service_monitor_period: max is 15 s, worst hosts with 15 s, limit 8.0 s ${help}`,
    );
    expect(of('service_monitor_period{what:clusters}', 'max<=8000')).toBe(
      `service_monitor_period{what:clusters}: max is 11 s, limit 8.0 s ${help}`,
    );
  });

  it('do not include outages of a service that was never asked', () => {
    const figures = new RunFigures(measured().measured);
    expect(evaluate([threshold('service_outage', 'max<1')], figures)[0]).toMatchObject({ value: null, ok: null });
  });

  it('do not include a saturation that was watched too shortly', () => {
    const { measured: all } = measured();
    const saturation = { totals: () => ({ observedMs: 5000, saturatedMs: 5000, byReason: {} }) };
    expect(new RunFigures({ ...all, saturation }).read('generator_saturation', {})).toBe(null);
    const ofMany = (observedMs: number) => ({
      totals: () => ({ observedMs, saturatedMs: 6000, byReason: {}, machines: 4 }),
    });
    const read = (observedMs: number) =>
      new RunFigures({ ...all, saturation: ofMany(observedMs) }).read('generator_saturation', {});
    expect(read(48_000)).toBe(null);
    expect(read(120_000)).toMatchObject({ hits: 6000, of: 120_000 });
  });
});
