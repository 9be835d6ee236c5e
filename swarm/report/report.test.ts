import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { ClientKind, EndpointName } from '../../model/protocol/endpoints.ts';
import { CLUSTER_PHASES, HOST_PHASES } from '../../model/protocol/phases.ts';
import { clusterPlan } from '../cluster/testing/fake-service.ts';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { parseExpression, parseFigure } from '../plan/thresholds.ts';
import { ChurnCounts } from '../telemetry/churn-counts.ts';
import { LINK } from '../telemetry/counted-metrics.ts';
import { FailureSamples } from '../telemetry/failure-samples.ts';
import { HubRequestCounts } from '../telemetry/hub-request-counts.ts';
import { ProcessFigures } from '../telemetry/process-figures.ts';
import { SharedTelemetry } from '../telemetry/shared-telemetry.ts';
import type { RequestOutcome } from '../telemetry/telemetry.ts';
import { CELLS, createTelemetryBuffer } from '../telemetry/telemetry-layout.ts';
import { TelemetryReader } from '../telemetry/telemetry-reader.ts';
import { TimeSeries } from '../telemetry/time-series.ts';
import { renderReport } from './html-report.ts';
import { keptSummary } from './kept-summary.ts';
import { Progress, type ProgressSource } from './progress.ts';
import { bar, createStyle, formatBytes, formatMs, formatShare, wantsColour } from './style.ts';
import { deviations, type Funnel, type Reached, type RunFacts, summarize } from './summary.ts';
import { renderSummary } from './summary-text.ts';
import { NO_STATES } from './testing/no-states.ts';
import { Terminal } from './testing/terminal.ts';

const PLAN: ExpandedPlan = {
  name: 'tiny',
  seed: 's',
  service: { url: 'http://service', tls: {}, agentToken: '', userAuthorization: '' },
  hub: null,
  manifests: { values: null, templates: null },
  clockSpeed: 1,
  connections: { mode: 'per-poll', idleSeconds: 90, sourceAddresses: [] },
  pollIntervalSeconds: null,
  userPollSeconds: null,
  spokeProfile: 'typical',
  openshiftVersion: '4.20',
  releaseImage: null,
  pullSecret: '',
  sshPublicKey: '',
  boot: null,
  programs: null,
  limits: { discovery: 1, ready: 1, install: 1, day2: 1 },
  collect: {
    intervalSeconds: 5,
    service: false,
    controllers: null,
    imageService: null,
    hub: false,
    database: null,
    prometheus: null,
  },
  thresholds: [],
  phases: { idleSeconds: 0, soakSeconds: 0, removePerHour: null },
  steps: [],
  readers: [],
  churnPerHour: null,
  keep: false,
  clusters: [clusterPlan({ controlPlanes: 3 }), clusterPlan({ index: 1 }, 3)],
  hostCount: 4,
  shard: { index: 0, count: 1 },
  whole: { clusters: 2, hosts: 4, shapes: [], lastArrivalMs: 0, digest: 'test' },
};
const reached = <T extends string>(phases: readonly T[], of: number, counts: Partial<Record<T, number>>) =>
  Object.fromEntries(phases.map((phase) => [phase, { count: counts[phase] ?? 0, of }])) as Record<T, Reached>;
const FUNNEL: Funnel = {
  hosts: reached(HOST_PHASES, 4, { registering: 4, polling: 4, discovered: 3, done: 1 }),
  clusters: reached(CLUSTER_PHASES, 2, { discovering: 2, installed: 1, complete: 1 }),
  infraEnvs: { count: 0, of: 0 },
};

function measured() {
  const buffer = createTelemetryBuffer({ writers: 2, hostSlots: 4, clusterSlots: 2 });
  const worker = new SharedTelemetry(buffer, 1);
  const request = (outcome: number | 'refused' | 'aborted', ms: number) =>
    worker.request({
      client: 'agent',
      endpoint: 'get-instructions',
      outcome,
      dueAt: 1000,
      sentAt: 1000 + ms / 2,
      firstByteAt: 0,
      endAt: 1000 + ms,
      bytesSent: 430,
      bytesReceived: 2000,
    });
  for (let n = 0; n < 97; n++) request(200, 10);
  request(500, 200);
  request('refused', 4);
  request('aborted', 9000);
  worker.pollLateness(3);
  for (let i = 0; i < 4; i++) worker.stepReply('inventory', 'received');
  worker.stepReply('inventory', 'posted');
  worker.stepReply('inventory', 'dropped');
  worker.stepReply('inventory', 'deduplicated');
  worker.stageDuration('master', 'Installing', 90_000);
  worker.error('cluster-failed');
  worker.connectionOpened();
  return new TelemetryReader(buffer);
}

const facts = (overrides: Partial<RunFacts> = {}): RunFacts => ({
  run: 'r',
  plan: PLAN,
  servers: { collectors: [], figures: [] },
  verdict: 'failed',
  reasons: ['1 of 2 clusters failed'],
  thresholds: [],
  crossedSinceMs: () => null,
  readers: [],
  churn: new ChurnCounts(),
  phases: [],
  outages: [],
  longestWaits: [],
  series: [],
  failureSamples: { of: () => undefined },
  clusterDurations: [],
  states: NO_STATES,
  nameOf: (cluster, host) => ({ name: `host ${host} of cluster ${cluster}`, id: 'id' }),
  startedAt: new Date(0),
  startAt: null,
  wallSeconds: 40,
  countedSeconds: 50,
  simulatedSeconds: 50,
  funnel: FUNNEL,
  failures: [{ cluster: 0, name: 'cluster-0', reason: 'preparing: gave up' }],
  failedAsExpected: 0,
  faults: { planned: new Map(), counts: new Map() },
  cancelled: 0,
  generator: {
    cpuPercent: 12,
    rssBytes: 1e8,
    peakRssBytes: 2e8,
    workers: 1,
    saturated: false,
    saturatedSeconds: 0,
    watchedSeconds: 50,
    saturatedBy: {},
  },
  idleSeconds: 90,
  leftBehind: [],
  hubRequests: [],
  drift: null,
  processes: new ProcessFigures(),
  ...overrides,
});

describe('summary', () => {
  it('has the percentiles that are asked for beside the usual ones, wherever there is a distribution', () => {
    const summary = summarize(measured(), facts({ percentiles: [90, 95, 99.9] }), 0);
    const { sinceDue } = summary.totals;
    expect(Object.keys(sinceDue.percentiles!)).toEqual(['90', '99.9']);
    expect(sinceDue.percentiles!['99.9']).toBeGreaterThanOrEqual(sinceDue.p99);
    expect(summary.requests[0]!.sinceDue.percentiles).toEqual(sinceDue.percentiles);
    expect(summary.stages[0]!.duration.percentiles!['90']).toBeCloseTo(90_000, -3);
    expect(summarize(measured(), facts(), 0).totals.sinceDue).not.toHaveProperty('percentiles');
  });

  it('tells of slow links what their hosts met', () => {
    const links = [
      {
        share: 0.5,
        preset: 'acm-scale-lab',
        hosts: 2,
        figures: { delayMs: 25, jitterMs: 0, loss: 0.0002, bytesPerSecond: null },
      },
      { share: 0.25, preset: null, hosts: 1, figures: { delayMs: 100, jitterMs: 0, loss: 0, bytesPerSecond: 1e6 } },
    ];
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 4, clusterSlots: 2 });
    const telemetry = new SharedTelemetry(buffer, 0);
    const first = LINK.of('1');
    for (const cells of [CELLS.linkConnections, CELLS.linkStalls, CELLS.linkResets]) telemetry.add(cells, 1, first);
    telemetry.record(CELLS.linkConnects, 52, first);
    telemetry.request({
      ...{
        client: 'agent',
        endpoint: 'get-instructions',
        outcome: 200,
        dueAt: 1,
        sentAt: 2,
        firstByteAt: 3,
        endAt: 109,
      },
      ...{ bytesSent: 1, bytesReceived: 1, overLink: { link: 0, ms: 100 } },
    });
    const summary = summarize(new TelemetryReader(buffer), facts({ plan: { ...PLAN, links } }), 0);
    expect(summary.links).toMatchObject([
      {
        ...{ link: 1, name: 'acm-scale-lab (25ms each way, 0.02% loss)', share: 0.5, hosts: 2, delayMs: 25 },
        ...{ connections: 1, stalls: 1, resets: 1, connect: { count: 1, p50: 52 }, requests: { count: 1, p50: 108 } },
      },
      { link: 2, name: '100ms each way, 1MB/s', hosts: 1, connections: 0, requests: { count: 0 } },
    ]);
    const text = renderSummary(summary);
    expect(text).toMatch(
      /^Slow links\n.*\n {2}acm-scale-lab \(25ms each way, 0\.02% loss\): 2 hosts \(50%\) +connections +1 +52 ms/m,
    );
    expect(renderReport(keptSummary(JSON.parse(JSON.stringify(summary)))!, { plan: null })).toContain(
      'acm-scale-lab (25ms each way',
    );
    expect(summarize(measured(), facts(), 0).links).toEqual([]);
  });

  it('counts every request once and gives each number its denominator', () => {
    const summary = summarize(measured(), facts(), 51_000);
    const [row] = summary.requests;
    // What we aborted ourselves is counted as an attempt, but neither as an error nor as a latency.
    expect(row).toMatchObject({ client: 'agent', endpoint: 'get-instructions', count: 100, rate: 2, errors: 2 });
    expect(row!.outcomes).toEqual({ 200: 97, 500: 1, refused: 1, aborted: 1 });
    // Nor do failed attempts, which are quick where nobody listens, make the service look quick.
    expect(row!.sinceDue.count).toBe(97);
    expect(row!.failedSinceDue).toMatchObject({ count: 2, max: 200 });
    expect(row!.sinceDue.p50).toBeGreaterThan(9);
    expect(row!.sinceDue.p50).toBeLessThan(11);
    expect(row!.sinceSent.p50).toBeLessThan(row!.sinceDue.p50);
    expect(summary.totals).toMatchObject({ requests: 100, errors: 2 });
    expect(summary.hostFunnel.find((step) => step.name === 'discovered')).toEqual({
      name: 'discovered',
      count: 3,
      of: 4,
    });
    expect(summary.clusters).toEqual({
      planned: 2,
      installed: 1,
      infraEnvs: 0,
      infraEnvsDiscovered: 0,
      complete: 1,
      failed: 1,
      failedAsExpected: 0,
      cancelled: 0,
    });
    const fates = { posted: 1, deduplicated: 1, failed: 0, dropped: 1, inFlight: 1 };
    expect(summary.replies).toEqual([{ step: 'inventory', received: 4, ...fates }]);
    expect(renderSummary(summary)).toMatch(/inventory +4 +1 +1 +0 +1 +1$/m);
    expect(summary.errors).toEqual({ 'cluster-failed': 1 });
    expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
  });

  it('has a table of what the programs of no-op hosts took, where there are some', () => {
    const processes = new ProcessFigures();
    const lines = () => renderSummary(summarize(measured(), facts({ processes }), 51_000)).split('\n');
    expect(lines()).not.toContain('No-op hosts');
    processes.apply({
      worker: 0,
      driver: { labCpuSeconds: 2, labMemory: { resident: 2e6, proportional: 1e6 }, relayCpuSeconds: 1 },
      hosts: [
        {
          ...{ cluster: 'c', host: 'h', index: 0, seconds: 60 },
          programs: {
            agent: {
              cpuSeconds: 0.5,
              memory: { resident: 4e7, proportional: 1e7 },
              restarts: 1,
              exits: { SIGKILL: 1 },
            },
            commands: { cpuSeconds: 0.25, memory: null, restarts: null, exits: {} },
          },
        },
      ],
    });
    const from = lines().indexOf('No-op hosts');
    expect(lines().slice(from + 1, from + 5)).toEqual([
      '  program   hosts  CPU/min      max      RSS      max      PSS      max  restarts  exits',
      '  agent         1  0.500 s  0.500 s  40.0 MB  40.0 MB  10.0 MB  10.0 MB         1  1 × SIGKILL',
      '  commands      1  0.250 s  0.250 s        -        -        -        -         0  -',
      '  1 host was up for 1 minute in all; beside them 2.000 s of the lab and 1.000 s of relaying threads for each, lab 1.0 MB a host',
    ]);
  });

  it('counts requests to the hub, and takes the absence that it asks about for no error', () => {
    const counts = new HubRequestCounts();
    const call = (verb: 'get' | 'delete' | 'patch', status: number) =>
      counts.record('user', { verb, resource: 'agents', status, milliseconds: 3 });
    for (const [verb, status] of [
      ['get', 200],
      ['get', 404],
      ['get', 500],
      ['delete', 404],
      ['patch', 404],
      ['patch', 0],
    ] as const) {
      call(verb, status);
    }
    const given = facts({ hubRequests: counts.rows() });
    const hub = { kubeconfig: 'embedded', context: null, converged: null, spokeAddress: '127.0.0.1' };
    const summary = summarize(measured(), { ...given, plan: { ...given.plan, hub } }, 51_000).hub!;
    expect(summary.rows.map(({ verb, count, errors }) => [verb, count, errors])).toEqual([
      ['delete', 1, 0],
      ['get', 3, 1],
      ['patch', 2, 2],
    ]);
    expect(summary).toMatchObject({ requests: 6, errors: 3 });
    expect(summary.rows[1]!.codes).toEqual({ 200: 1, 404: 1, 500: 1 });
    // What got no response says nothing of how long responses take.
    expect(summary.rows.map(({ latency, failedLatency }) => [latency.count, failedLatency.count])).toEqual([
      [1, 0],
      [2, 1],
      [1, 1],
    ]);
  });

  it('says everything in text, without colours when nobody sees them', () => {
    const text = renderSummary(
      summarize(measured(), facts({ leftBehind: [{ name: 'c', clusterId: 'id1', infraEnvId: null }] }), 51_000),
    );
    expect(text).not.toContain('\u001b');
    for (const part of [
      '✗ FAILED',
      '1/2 clusters installed',
      '1 of 2 clusters failed',
      'cluster-0: preparing: gave up',
      '3/4',
      'get-instructions',
      '2.0/s',
      '2.00%',
      'since due',
      'Installing',
      'de-duplicated',
      'cluster id1',
      'polls started late',
    ]) {
      expect(text).toContain(part);
    }
    expect(text).not.toContain('saturated');
  });

  it('shows crossed thresholds, those of the plan, and how many others were kept', () => {
    const one = (figure: string, expression: string, value: number | null, ok: boolean | null, isDefault: boolean) => {
      const parsed = parseFigure(figure);
      const threshold = parseExpression(expression, parsed.figure, parsed.labels);
      return { ...threshold, value, ok, default: isDefault, sample: null };
    };
    const summary = summarize(
      measured(),
      facts({
        thresholds: [
          one('request_errors{client:agent}', 'rate<=0.05', 0.41, false, true),
          one('request_errors{client:user}', 'rate<=0.05', 0, true, true),
          one('request_duration{client:agent}', 'p(99)<500', 120, true, false),
          one('poll_lateness', 'max<500', null, null, false),
        ],
        outages: [{ startMs: 45_000, endMs: 106_000, failed: 120, waiting: 0 }],
        longestWaits: [{ client: 'agent', ms: 58_000, atMs: 106_000, underWay: 214 }],
        crossedSinceMs: () => 7000,
      }),
      1,
    );
    expect(summary.thresholds[0]).toEqual({
      figure: 'request_errors',
      labels: { client: 'agent' },
      expression: 'rate<=0.05',
      value: 0.41,
      ok: false,
      default: true,
      crossedAfterSeconds: 7,
      worst: null,
    });
    expect(summary.outages).toEqual([
      { startedAt: '1970-01-01T00:00:45.000Z', afterSeconds: 45, seconds: 61, failed: 120, waiting: 0 },
    ]);
    expect(summary.unanswered).toEqual([
      { client: 'agent', seconds: 58, at: '1970-01-01T00:01:46.000Z', underWay: 214 },
    ]);
    const text = renderSummary(summary);
    expect(text).toContain(
      [
        'Thresholds',
        '  ✗  request_errors{client:agent}    rate<=0.05          41.0%',
        '  ✓  request_duration{client:agent}  p(99)<500          120 ms',
        '  -  poll_lateness                   max<500     not evaluated',
        '  2 of 4 kept; 1 not evaluated, because nothing was measured for them',
      ].join('\n'),
    );
    expect(text).toContain('unanswered for at most 58 s (at 00:01:46 UTC, 214 requests of agent)');
    expect(text).toContain('no good answer for 1m01s from 45 s to 1m46s of the run');
  });

  it('counts infra-envs as discovered that are, and no others', () => {
    const funnel = { ...FUNNEL, infraEnvs: { count: 1, of: 3 } };
    expect(renderSummary(summarize(measured(), facts({ funnel }), 1))).toContain(', 1/3 infra-envs discovered in ');
    const none = { ...FUNNEL.clusters, installed: { count: 0, of: 0 } };
    const alone = renderSummary(summarize(measured(), facts({ funnel: { ...funnel, clusters: none } }), 1));
    expect(alone).toContain('tiny: 1/3 infra-envs discovered in ');
  });

  it('says when the service did not answer right below the verdict', () => {
    const outages = [{ startMs: 45_000, endMs: 106_000, failed: 120, waiting: 0 }];
    const lines = renderSummary(summarize(measured(), facts({ outages }), 1)).split('\n');
    expect(lines[2]).toMatch(/^no good answer for 1m01s from 45 s to 1m46s of the run .* 120 requests failed$/);
  });

  it('tells errors in the words of who made them, and those of this machine apart', () => {
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
    const samples = new FailureSamples();
    const telemetry = new SharedTelemetry(buffer, 0, (sample) => samples.add(sample));
    const fail = (client: ClientKind, endpoint: EndpointName, outcome: RequestOutcome, message: string) => {
      telemetry.request({
        ...{ client, endpoint, outcome, dueAt: 1, sentAt: 0, firstByteAt: 0, endAt: 2, bytesSent: 0, bytesReceived: 0 },
      });
      telemetry.requestFailed(client, endpoint, outcome, () => message);
    };
    for (let n = 0; n < 3; n++) fail('agent', 'register-host', 503, `the database\n is down ${n}`);
    fail('controller', 'cluster-progress', 400, 'no finalizing stage');
    fail('user', 'get-cluster', 'files-exhausted', 'no file is left');
    const summary = summarize(new TelemetryReader(buffer), facts({ failureSamples: samples }), 1);
    expect(summary.totals).toMatchObject({ requests: 5, errors: 4, ownErrors: 1 });
    expect(summary.requestErrors.map(({ code, count, own, message }) => [code, count, own, message])).toEqual([
      ['503', 3, false, 'the database\n is down 0'],
      ['400', 1, false, 'no finalizing stage'],
      ['files-exhausted', 1, true, 'no file is left'],
    ]);
    const text = renderSummary(summary);
    expect(text).toMatch(
      /Request errors\n {2}agent +register-host +503 +3 × +the database is down 0\n {2}controller .* 400 +1 × +no finalizing stage\n {4}no fault: the service called/,
    );
    expect(text).toMatch(
      /Errors of the generator itself, not of the service\n {2}user +get-cluster +files-exhausted +1 ×/,
    );
    expect(text).toMatch(/failed attempts \(500 or more, or no answer\) took p50 1\.0 ms, .* \(3\)/);
  });

  it('draws the course of the run, and says what polls waited as an open loop counts it', () => {
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
    const telemetry = new SharedTelemetry(buffer, 0);
    const reader = new TelemetryReader(buffer);
    const series = new TimeSeries(reader, 0);
    for (let second = 1; second <= 8; second++) {
      for (let n = 0; n < second; n++) {
        telemetry.request({
          ...{ client: 'agent', endpoint: 'get-instructions', outcome: second === 4 ? 'reset' : 200, dueAt: 0 },
          ...{ sentAt: 1, firstByteAt: 0, endAt: 100, bytesSent: 0, bytesReceived: 0 },
        });
      }
      series.look(second * 1000);
    }
    telemetry.pollWaited(150_000, 60_000, 1);
    const text = renderSummary(summarize(reader, facts({ series: series.points() }), 1));
    expect(text).toContain(
      '  requests      ▁▂▃▄▅▆▇█  at most 8.0/s\n  p99 answered  ███ ████  at most 100 ms\n  failed           █      at most 4.0/s\n',
    );
    expect(text).toContain(
      '(3) as an open loop counts it: 2 polls were never sent because the one before had no answer',
    );
  });

  it('shows verdicts, saturation and colours', () => {
    const { generator } = facts();
    const saturated = summarize(
      measured(),
      facts({
        verdict: 'passed',
        generator: { ...generator, saturated: true, saturatedSeconds: 10, saturatedBy: { 'poll-lateness': 10 } },
      }),
      1,
    );
    const text = renderSummary(saturated, createStyle(true));
    expect(text).toContain('\u001b[32m✓ PASSED');
    expect(text).toContain('saturated for 10 s of 50 s (poll-lateness): this machine was the bottleneck');
    expect(text).not.toContain('Why');
    expect(renderSummary(summarize(measured(), facts({ verdict: 'interrupted' }), 1))).toContain('■ INTERRUPTED');
  });

  it('names every way in which the load is not that of real agents', () => {
    expect(deviations(PLAN, 90)).toEqual([]);
    const changed = {
      clockSpeed: 60,
      connections: { ...PLAN.connections, mode: 'shared' as const },
      pollIntervalSeconds: 5,
      spokeProfile: 'quick' as const,
      boot: { from: 'iso' as const, share: 0.25, ratePerHost: null, rateTotal: null, readBytes: 64_000 },
      programs: { agent: '/a', installer: null, controller: null, manifests: null },
    };
    expect(deviations(changed, 90).join('\n')).toMatch(
      /compressed 60 times.*mode is shared.*every 5 s.*25% of the hosts.*64 kB a request.*no-op hosts: their inventory.*table "quick"/s,
    );
    expect(deviations(PLAN, 12)).toEqual(['idle connections linger 12 s: those of real agents stay 90 s']);
  });
});

describe('progress', () => {
  const source = (): ProgressSource => ({
    plan: PLAN,
    state: 'running',
    part: { phase: 'deploy', step: null },
    partRemainingMs: null,
    reader: measured(),
    saturation: { findings: [] },
    index: { funnel: () => FUNNEL, failures: () => [1], remainingMs: () => 90_000 },
  });

  it('has no latency of a service that never answered, neither at the end nor while the run goes on', () => {
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 4, clusterSlots: 2 });
    const telemetry = new SharedTelemetry(buffer, 0);
    const reader = new TelemetryReader(buffer);
    const ask = (outcome: RequestOutcome) =>
      telemetry.request({
        ...{ client: 'user', endpoint: 'get-cluster', outcome, dueAt: 1, sentAt: 0, firstByteAt: 0, endAt: 2 },
        ...{ bytesSent: 0, bytesReceived: 0 },
      });
    ask('refused');
    const text = renderSummary(summarize(reader, facts(), 1));
    expect(text).toMatch(/user +get-cluster +1 +0\.0\/s +100\.0%( +-){8}$/m);
    expect(text).toMatch(/failed attempts \(.*\) took p50 1\.0 ms/);
    const progress = new Progress({ source: { ...source(), reader }, stream: { write: () => {} }, now: () => 2000 });
    expect(progress.line()).toMatch(/p50 -, p99 -, errors 1 of 1, in flight 0/);
    ask('files-exhausted');
    expect(progress.line()).toMatch(/errors 1 of 2, own errors 1, in flight 0/);
  });

  it("says what share of the requests is the simulated user's, at the end and while the run goes on", () => {
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 4, clusterSlots: 2 });
    const telemetry = new SharedTelemetry(buffer, 0);
    const reader = new TelemetryReader(buffer);
    const progress = () =>
      new Progress({ source: { ...source(), reader }, stream: { write: () => {} }, now: () => 2000 });
    const ask = (client: 'agent' | 'user', endpoint: 'get-instructions' | 'get-cluster') =>
      telemetry.request({
        ...{ client, endpoint, outcome: 200, dueAt: 1000, sentAt: 1000, firstByteAt: 1001, endAt: 1001 },
        ...{ bytesSent: 1, bytesReceived: 1 },
      });
    for (let n = 0; n < 3; n++) ask('agent', 'get-instructions');
    expect(renderSummary(summarize(reader, facts(), 51_000))).not.toContain('user_poll_interval');
    expect(progress().line()).not.toContain('user');
    ask('user', 'get-cluster');
    expect(renderSummary(summarize(reader, facts(), 51_000))).toMatch(
      /\n {2}1 of the requests \(25\.0%\) .*user_poll_interval/,
    );
    expect(progress().line()).toMatch(/ req\/s \(25\.0% the user's\),/);
    expect(progress().picture().join('\n')).toMatch(/requests .*\/s \(25\.0% the user's\)/);
  });

  it('writes plain lines without a terminal', () => {
    let written = '';
    let now = 0;
    const progress = new Progress({ source: source(), stream: { write: (text) => (written += text) }, now: () => now });
    now = 60_000;
    progress.show();
    expect(written).toMatch(
      /^1m00s running \| hosts 4: booted 4, registered 4, discovered 3.*failed 1 \| .*errors 2 of 100, in flight 0 \| about 1m30s left\n$/,
    );
    expect(written).not.toContain('\u001b');
  });

  it('says in which phase it is, and what is left of one that lasts as long as the plan says', () => {
    const line = (more: Partial<ProgressSource>) =>
      new Progress({ source: { ...source(), ...more }, stream: { write: () => {} }, now: () => 2000 }).line();
    const soak = { part: { phase: 'soak', step: null }, partRemainingMs: 150_000 } as const;
    expect(line(soak)).toMatch(/ running \(soak\) \|.* about 2m30s left$/);
    expect(line({ part: { phase: 'deploy', step: 2 } })).toMatch(/ running \(step 2\) \|.* about 1m30s left$/);
    expect(line({ ...soak, partRemainingMs: 2.3 })).not.toContain('left');
    expect(line({ ...soak, state: 'cleaning' })).toMatch(/ cleaning \|/);
  });

  it('says that requests wait in vain', () => {
    const buffer = createTelemetryBuffer({ writers: 1, hostSlots: 1, clusterSlots: 1 });
    const telemetry = new SharedTelemetry(buffer, 0);
    let now = 1_000;
    for (let n = 0; n < 3; n++) telemetry.requestStarted('agent', now);
    const progress = new Progress({
      source: { ...source(), reader: new TelemetryReader(buffer) },
      stream: { write: () => {} },
      now: () => now,
    });
    now += 4_000;
    expect(progress.line()).not.toContain('unanswered');
    now += 54_000;
    expect(progress.line()).toContain('| unanswered 3 requests, the oldest for 58 s |');
    expect(progress.picture().join('\n')).toContain('unanswered 3 requests, the oldest for 58 s');
  });

  it('redraws in place on a terminal, never wider than it', () => {
    const written: string[] = [];
    const stream = { write: (text: string) => written.push(text), isTTY: true, columns: 50 };
    const progress = new Progress({ source: source(), stream, env: { TERM: 'xterm' } });
    progress.show();
    const lines = written[0]!.split('\n').length - 1;
    progress.show();
    expect(written[1]).toBe(`\u001b[${lines}A\u001b[0J`);
    const visible = stripVTControlCharacters(written[2]!).split('\n');
    for (const line of visible) expect(line.length).toBeLessThan(50);
    expect(written[0]).toContain('\u001b[36m');
    progress.stop();
    expect(written.at(-1)).toBe(`\u001b[${lines}A\u001b[0J`);
  });

  it.each([
    [0, 0],
    [1, 2],
    [20, 12],
    [80, 12],
    [80, 24],
  ])('stands alone on a terminal of %i columns and %i rows, with requests where there is room', (columns, rows) => {
    const terminal = new Terminal(columns, rows);
    const progress = new Progress({ source: source(), stream: terminal, env: {} });
    terminal.write('before\n');
    for (let n = 0; n < 3; n++) progress.show();
    expect(terminal.text.split('\n').length).toBeLessThanOrEqual((rows || 24) + 1);
    if (columns !== 1) expect(terminal.text).toMatch(/req/);
    progress.interrupt(() => terminal.write('a remark\n'));
    progress.show();
    progress.stop();
    expect(terminal.text).toBe('before\na remark\n');
  });

  it.each([{ TERM: 'dumb' }, { TERM: 'xterm', rows: 1 }])('writes plain lines with %j', ({ TERM, rows }) => {
    const terminal = new Terminal(80, rows);
    const progress = new Progress({ source: source(), stream: terminal, env: { TERM, NO_COLOR: '1' } });
    progress.show();
    progress.show();
    progress.stop();
    expect(terminal.text.match(/running \| hosts 4: /g)).toHaveLength(2);
    expect(terminal.written).not.toContain('\u001b');
  });
});

describe('what is left behind', () => {
  it('is named for the first clusters, and counted for the others', () => {
    const left = Array.from({ length: 2000 }, (_, n) => ({ name: `c${n}`, clusterId: `id${n}`, infraEnvId: null }));
    const text = renderSummary(summarize(measured(), facts({ leftBehind: left }), 51_000), undefined, 'runs/one');
    const lines = text.slice(text.indexOf('Left behind')).trimEnd().split('\n');
    expect(lines).toHaveLength(13);
    expect(lines.slice(-3)).toEqual([
      '  c9  cluster id9',
      '  and 1,990 more; summary.json has all of them',
      '  remove it with: swarm clean runs/one',
    ]);
  });
});

describe('style', () => {
  it('formats what people read', () => {
    expect([0.43, 12.4, 999, 1234, 59_900, 61_000, 3_720_000].map(formatMs)).toEqual([
      '0.4 ms',
      '12 ms',
      '999 ms',
      '1.2 s',
      '60 s',
      '1m01s',
      '1h02m',
    ]);
    expect([0, 999, 1500, 2.5e9].map(formatBytes)).toEqual(['0 B', '999 B', '1.5 kB', '2.5 GB']);
    expect([formatShare(0, 0), formatShare(0, 5), formatShare(1, 1000), formatShare(1, 2)]).toEqual([
      '-',
      '0.0%',
      '0.10%',
      '50.0%',
    ]);
    expect([bar(0, 4, 4), bar(1, 1000, 4), bar(2, 4, 4), bar(9, 4, 4)]).toEqual(['░░░░', '█░░░', '██░░', '████']);
  });

  it('honours NO_COLOR and dumb terminals', () => {
    expect(wantsColour({ isTTY: true }, {})).toBe(true);
    expect(wantsColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(wantsColour({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(wantsColour({}, {})).toBe(false);
  });
});
