/**
 * The figures of a run, counted a second time: by a proxy between the run and its service, and from the events that the run told. They
 * stand alike in summary, report, time series, metrics and page. The proxy delays a tenth of all requests, refuses one, and stands still
 * once: all of that must be seen where and when it was.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endpointOf } from '../../model/protocol/endpoints.ts';
import { findChromium, openBrowser } from '../../model/testing/browser.ts';
import { describeUnless } from '../../model/testing/needs.ts';
import { hashWords, mixWords, unitNumber } from '../../model/time/random.ts';
import type { Quantiles } from '../report/quantiles.ts';
import type { OpenQuantiles } from '../report/state-summary.ts';
import type { RunSummary } from '../report/summary.ts';
import { type MarkupTable, readCsv, readMarkup, readTables } from '../report/testing/markup.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { type Family, parseExposition, value } from '../telemetry/testing/exposition.ts';
import { realParts } from './parts.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { type RecordedRequest, RecordingProxy } from './testing/recording-proxy.ts';
import {
  clusterDurations,
  countRequests,
  countSteps,
  hostsUp,
  needsBodies,
  type OpenTimes,
  openPercentile,
  percentile,
  printedTime,
  programOf,
  type RequestTally,
  reached,
  reactionTimes,
  stageTimes,
  timesInStates,
} from './testing/recount.ts';

const { lack } = await findChromium();

const SPEED = 25;
const DELAY_MS = 200;
/** One in so many requests of each client and endpoint is delayed. */
const DELAYED = 10;
const STALL_MS = 5000;
/** Hosts that are discovered, single nodes that are installed, and one that is refused. */
const IDLERS = 20;
const NODES = 3;
const HOSTS = IDLERS + NODES + 1;
const REFUSED = 'figures-refused';
const REFUSAL = 'the proxy does not like this name';
const SLOW = 'request_duration{client:agent,endpoint:get-instructions,phase:soak}';
const PLAN = {
  ...{ name: 'figures', seed: 'figures', service: { url: 'embedded' }, clock_speed: SPEED, spoke_profile: 'quick' },
  ...{ boot_spread: '20s', collect: { service: false }, phases: { idle: '50s', soak: '5m' } },
  arrival: { steps: { hosts: IDLERS + 1, add: NODES, every: '75s' } },
  thresholds: {
    generator_saturation: 'off',
    [SLOW]: `max<${STALL_MS}`,
    'request_duration{client:agent,endpoint:get-instructions}': `p(95)<${DELAY_MS}`,
    'request_duration{client:agent,phase:deploy}': 'count>=1',
    requests: 'count>=1',
    'request_errors{client:user}': 'count<1',
    clusters_failed: 'count==1',
  },
  clusters: [
    { topology: { control_planes: 3, workers: IDLERS - 3 }, just_infraenv: true },
    { topology: 'sno', name: REFUSED },
    { topology: 'sno', amount: NODES },
  ],
};

/** What a quantile may be off by: docs/plan.md, Thresholds. */
const ROUNDING = 0.008;
/** What a request may take longer for its client than for the proxy on a busy machine. */
const ALLOWED_MS = 3000;
/** Looks of the series and of the monitor of answers come once a second. */
const LOOK_MS = 1000;
/** Often enough that a tenth is two at least. */
const OFTEN = 2 * DELAYED;
const QUANTILES = [
  ['p50', 0.5],
  ['p95', 0.95],
  ['p99', 0.99],
  ['max', 1],
] as const;

const folder = mkdtempSync(join(tmpdir(), 'swarm-figures-'));
const stops: (() => unknown)[] = [];
let base: string;
let proxy: RecordingProxy;
let stalledAt: number;
let summary: RunSummary;
let events: RunEvent[];
let metrics: Map<string, Family>;
let report: MarkupTable[];
let reportText: string;
let series: Record<string, string>[];
/** Of the load alone, by `client endpoint`. */
let tallies: Map<string, RequestTally>;
let load: RecordedRequest[];

/** Delays one of each ten of a client and endpoint, which one the seed says: no endpoint that is asked often has fewer. */
function delays(): (request: RecordedRequest) => number {
  const counts = new Map<string, number>();
  return ({ method, target, headers }) => {
    // Bodies, which tell installers from controllers, are not there yet.
    const { discovery_agent_version: agent, 'x-secret-key': key } = headers;
    const kind = `${endpointOf(method, target)} ${agent !== undefined} ${key !== undefined}`;
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const chosen = unitNumber(mixWords(hashWords(`${PLAN.seed} ${kind}`), Math.floor(count / DELAYED)));
    return count % DELAYED === Math.floor(chosen * DELAYED) ? DELAY_MS : 0;
  };
}

beforeAll(async () => {
  const real = realParts({ directory: folder, warn: () => {} });
  const parts: typeof real = {
    ...real,
    startEmbedded: async (...given) => {
      const embedded = await real.startEmbedded(...given);
      let infraEnvs = 0;
      proxy = await new RecordingProxy(embedded.url, {
        delayMs: delays(),
        keepBodies: needsBodies,
        answerItself: ({ method, target }) =>
          method === 'POST' && target.endsWith('/v2/infra-envs') && ++infraEnvs === 2
            ? { status: 400, body: { code: '400', href: '', id: 400, kind: 'Error', reason: REFUSAL } }
            : null,
      }).listen();
      stops.push(() => proxy.close());
      return { ...embedded, url: proxy.url };
    },
  };
  const runs = new RunManager(parts);
  const plans = new PlanReader();
  const server = await createServer({ runs, agents: new PoolLoneAgents(), plans, exit: () => {} });
  await server.listen({ host: '127.0.0.1', port: 0 });
  stops.push(
    () => runs.stop(),
    () => server.close(),
    () => plans.close(),
  );
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${base}/api/v1/runs`, { method: 'POST', headers, body: JSON.stringify(PLAN) });
  expect(answer.status).toBe(201);
  const run = runs.current!;
  while (run.part?.phase !== 'soak') {
    expect(run.state, run.reasons.join('\n')).not.toBe('ended');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  stalledAt = await proxy.standStillAt((one) => endpointOf(one.method, one.target) === 'get-instructions', STALL_MS);
  await runs.idle();

  metrics = parseExposition(await (await fetch(`${base}/metrics`)).text());
  const read = (name: string) => readFileSync(join(run.directory!, name), 'utf8');
  summary = JSON.parse(read('summary.json')) as RunSummary;
  const lines = read('events.ndjson').trim().split('\n');
  events = lines.map((line) => JSON.parse(line) as RunEvent);
  reportText = read('report.html');
  report = readTables(reportText);
  const [head = [], ...rows] = readCsv(read('series.csv'));
  series = rows.map((row) => Object.fromEntries(row.map((cell, at) => [head[at]!, cell])));
  tallies = countRequests(proxy.requests);
  for (const key of tallies.keys()) if (key.startsWith('collector ')) tallies.delete(key);
  load = proxy.requests.filter((request) => programOf(request) !== 'collector');
}, 180_000);

afterAll(async () => {
  for (const stop of stops.toReversed()) await stop();
  rmSync(folder, { recursive: true, force: true });
});

const sum = (values: Iterable<number>) => [...values].reduce((total, one) => total + one, 0);
/** Simulated time begins with the run, at the time of the wall. */
const startMs = () => Date.parse(summary.startedAt);
const wall = ({ time }: { time: number }) => startMs() + (time - startMs()) / SPEED;
const simulated = (wallMs: number) => startMs() + (wallMs - startMs()) * SPEED;
const table = (title: string, column = '') =>
  report.find((one) => one.title === title && (column === '' || one.head.includes(column)))!;
const allTimes = () => [...tallies.values()].flatMap(({ times }) => times).toSorted((a, b) => a - b);
const refusalsOf = ({ outcomes }: RequestTally) =>
  sum(Object.entries(outcomes).map(([status, count]) => (Number(status) >= 400 ? count : 0)));
const refusals = () => sum([...tallies.values()].map(refusalsOf));
/** What the proxy cannot know the fate of: counted by the run as aborted, if at all. */
const aborted = (outcomes: Record<string, number>) => outcomes.aborted ?? 0;

/** A measured time beside the proxy's: never shorter, and longer by no more than the way to the client. */
function expectLatency(measured: number, exact: number, what: string): void {
  expect(measured, what).toBeGreaterThanOrEqual(exact * (1 - ROUNDING));
  expect(measured, what).toBeLessThanOrEqual(exact * (1 + ROUNDING) + ALLOWED_MS);
}

/** A time beside the one that the events say, both of one clock. */
function expectTime(measured: number, exact: number, what: string): void {
  // Moments are kept to the millisecond.
  expect(Math.abs(measured - exact), `${what}: ${measured}, ${exact}`).toBeLessThanOrEqual(exact * ROUNDING + 1.1);
}

/** A time as it is printed beside the number that it stands for. */
function expectPrinted(text: string, value: number | null, what: string): void {
  const range = printedTime(text);
  if (value === null) expect(range, `${what}: ${text}`).toBeNull();
  else {
    expect(range, `${what}: ${text}`).not.toBeNull();
    expect(value, what).toBeGreaterThanOrEqual(range!.from - 1e-6);
    expect(value, what).toBeLessThanOrEqual(range!.to + 1e-6);
  }
}

const printedCount = (count: number) => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
/** `12.3%`, `1.23%`; the share of nothing is not known. */
function expectShare(text: string, part: number, whole: number): void {
  if (whole === 0) expect(text).toBe('-');
  else {
    const digits = /^\d+(?:\.(\d+))?%$/.exec(text)![1]!.length;
    expect(Math.abs(Number.parseFloat(text) - (100 * part) / whole)).toBeLessThanOrEqual(0.5 * 10 ** -digits + 1e-9);
  }
}
function expectRate(text: string, rate: number): void {
  expect(text).toMatch(/^\d+\.\d\/s$/);
  expect(Math.abs(Number.parseFloat(text) - rate)).toBeLessThanOrEqual(0.05 + 1e-9);
}
/** Cells of times of a distribution, p50, p95, p99 and max. */
function expectQuantiles(
  cells: readonly string[],
  one: Pick<Quantiles, 'count' | 'p50' | 'p95' | 'p99' | 'max'>,
  what: string,
) {
  for (const [at, [name]] of QUANTILES.entries()) {
    expectPrinted(cells[at]!, one.count === 0 ? null : one[name], `${what} ${name}`);
  }
}

describe('requests', () => {
  it('are those that the proxy counted, of each client and endpoint, with their outcomes', () => {
    expect(new Set(summary.requests.map(({ client, endpoint }) => `${client} ${endpoint}`))).toEqual(
      new Set(tallies.keys()),
    );
    for (const row of summary.requests) {
      const tally = tallies.get(`${row.client} ${row.endpoint}`)!;
      const name = `${row.client} ${row.endpoint}`;
      expect(row.method, name).toBe(tally.method);
      // What the end of a run cuts off may not have come as far as the proxy.
      expect(tally.count, name).toBeLessThanOrEqual(row.count);
      expect(tally.count, name).toBeGreaterThanOrEqual(row.count - aborted(row.outcomes));
      for (const status of new Set([...Object.keys(row.outcomes), ...Object.keys(tally.outcomes)])) {
        if (status === 'aborted') continue;
        const [ours, theirs] = [row.outcomes[status] ?? 0, tally.outcomes[status] ?? 0];
        expect(ours, `${name} ${status}`).toBeLessThanOrEqual(theirs);
        expect(ours, `${name} ${status}`).toBeGreaterThanOrEqual(theirs - aborted(row.outcomes));
      }
      const refused = sum(Object.entries(tally.outcomes).map(([status, count]) => (Number(status) >= 400 ? count : 0)));
      expect(row.errors, name).toBe(refused);
      expect(sum(Object.values(row.outcomes)), name).toBe(row.count);
      expect(row.ownErrors, name).toBe(0);
    }
    // Nearly all of them can be compared to the last one.
    const cut = sum(summary.requests.map(({ outcomes }) => aborted(outcomes)));
    expect(cut).toBeLessThanOrEqual(2 * IDLERS);
    expect(summary.totals.requests).toBe(sum(summary.requests.map(({ count }) => count)));
    expect(summary.totals).toMatchObject({ errors: refusals(), ownErrors: 0, replayed: 0, redirected: 0 });
    // The proxy's own; a controller of compressed time may be refused as well.
    expect(tallies.get('user register-infra-env')!.outcomes['400']).toBe(1);
  });

  it('took as long as the proxy saw, and a little longer', () => {
    for (const row of summary.requests) {
      const { client, endpoint, sinceDue, sinceSent } = row;
      const { times } = tallies.get(`${client} ${endpoint}`)!;
      const name = `${client} ${endpoint}`;
      if (aborted(row.outcomes) === 0) expect(sinceDue.count, name).toBe(times.length);
      if (sinceDue.count !== times.length) continue;
      expect(sinceSent.count, name).toBe(times.length);
      for (const [quantile, q] of QUANTILES) {
        expectLatency(sinceDue[quantile], percentile(times, q), `${name} ${quantile}`);
        expectLatency(sinceSent[quantile], percentile(times, q), `${name} sent ${quantile}`);
      }
      expectLatency(sinceDue.mean, sum(times) / times.length, `${name} mean`);
      expect(row.failedSinceDue.count, name).toBe(0);
      // What is answered at once has its answer when its first attempt ends.
      const { untilSuccess } = row;
      expect(untilSuccess.count, name).toBe(times.length - refusalsOf(tallies.get(name)!));
      if (refusalsOf(tallies.get(name)!) > 0) continue;
      for (const [quantile, q] of QUANTILES) {
        expectLatency(untilSuccess[quantile], percentile(times, q), `${name} success ${quantile}`);
      }
    }
    const { sinceDue } = summary.totals;
    const all = allTimes();
    if (sinceDue.count !== all.length) return;
    for (const [quantile, q] of QUANTILES) expectLatency(sinceDue[quantile], percentile(all, q), `all ${quantile}`);
  });

  it('kept later polls from being sent, which count as well', () => {
    const { times } = tallies.get('agent get-instructions')!;
    const { openLoop, missed } = summary.polls;
    // An agent is told to poll a minute after its last answer.
    const paceMs = 60_000 / SPEED;
    expect(missed).toBeGreaterThanOrEqual(sum(times.map((ms) => Math.floor(ms / paceMs))));
    expect(missed).toBeLessThanOrEqual(sum(times.map((ms) => Math.floor((ms + ALLOWED_MS) / paceMs))));
    expect(missed).toBeGreaterThan(0);
    const polls = summary.requests.find(({ endpoint }) => endpoint === 'get-instructions')!;
    expect(openLoop.count).toBe(polls.untilSuccess.count + missed);
    expect(openLoop.max).toBeGreaterThanOrEqual(STALL_MS);
    expect(value(metrics, 'swarm_poll_wait_seconds_count')).toBe(openLoop.count);
    expect(value(metrics, 'swarm_polls_missed_total')).toBe(missed);
  });

  it('came on as many connections, with as many bytes', () => {
    const foreign = new Set(proxy.requests.flatMap((one) => (programOf(one) === 'collector' ? [one.connection] : [])));
    const own = proxy.connections.filter((_, at) => !foreign.has(at));
    expect(summary.connections.open).toBe(0);
    expect(summary.connections.closed).toBe(summary.connections.opened);
    // Of a connection that was cut off while it was being established only one side may know.
    const cut = sum(summary.requests.map(({ outcomes }) => aborted(outcomes)));
    expect(Math.abs(own.length - summary.connections.opened)).toBeLessThanOrEqual(cut);
    if (cut > 0) return;
    // Of bodies without a length in advance the frames of chunks are left out.
    const frames = (way: 'sent' | 'received') => sum(load.map(({ chunkFrames }) => chunkFrames[way]));
    expect(summary.bytes).toEqual({
      sent: sum(own.map(({ bytesSent }) => bytesSent)) - frames('sent'),
      received: sum(own.map(({ bytesReceived }) => bytesReceived)) - frames('received'),
    });
  });

  it('are counted in the phases and steps that they ended in', () => {
    const begun = events.flatMap((event) => (event.type === 'run.phase' ? [event] : []));
    expect(summary.phases.map(({ phase, step, level }) => ({ phase, step, level }))).toEqual(
      begun.map(({ phase, step, level }) => ({ phase, step, level })),
    );
    expect(summary.phases.map(({ phase, step }) => `${phase} ${step}`)).toEqual(
      expect.arrayContaining(['idle null', 'deploy 1', 'deploy 2', 'soak null', 'remove null']),
    );
    for (const [at, phase] of summary.phases.entries()) {
      const name = `${phase.phase} ${phase.step}`;
      const [from, to] = [phase.afterSeconds * 1000, (phase.afterSeconds + phase.seconds) * 1000].map(
        (ms) => startMs() + ms,
      ) as [number, number];
      // The event is told when all that was measured so far has been copied.
      expect(Math.abs(wall(begun[at]!) - from), name).toBeLessThan(ALLOWED_MS);
      expect(phase.simulatedSeconds, name).toBeCloseTo(phase.seconds * SPEED, 1);
      if (at > 0)
        expect(phase.afterSeconds).toBeCloseTo(
          summary.phases[at - 1]!.afterSeconds + summary.phases[at - 1]!.seconds,
          2,
        );
      const hosts = [to - ALLOWED_MS, to + ALLOWED_MS].map((ms) => hostsUp(events, simulated(ms)));
      expect(phase.hosts, name).toBeGreaterThanOrEqual(Math.min(...hosts));
      expect(phase.hosts, name).toBeLessThanOrEqual(Math.max(...hosts));
      for (const { client, endpoint, count, sinceDue } of phase.requests) {
        const own = load.filter((one) => programOf(one) === client && endpointOf(one.method, one.target) === endpoint);
        const between = (low: number, high: number) =>
          own.filter(({ lastByteAt }) => lastByteAt >= low && lastByteAt < high);
        expect(count, `${name} ${client} ${endpoint}`).toBeGreaterThanOrEqual(between(from, to - ALLOWED_MS).length);
        expect(sinceDue.count, `${name} ${client} ${endpoint}`).toBeLessThanOrEqual(
          between(from - ALLOWED_MS, to + LOOK_MS).length,
        );
      }
      expect(phase.totals.requests, name).toBe(sum(phase.requests.map(({ count }) => count)));
      expect(phase.totals.rate, name).toBeCloseTo(phase.totals.requests / phase.seconds, 6);
    }
    // What was asked before the first phase is in none.
    const first = startMs() + summary.phases[0]!.afterSeconds * 1000;
    const before = load.filter(({ arrivedAt }) => arrivedAt < first).length;
    expect(sum(summary.phases.map(({ totals }) => totals.requests))).toBe(summary.totals.requests - before);
  });

  it('are drawn when they ended', () => {
    const start = startMs();
    // The proxy may have answered what nobody waited for any more.
    const cut = sum(summary.requests.map(({ outcomes }) => aborted(outcomes)));
    let counted = 0;
    for (const { afterSeconds, seconds, requests } of summary.series) {
      const end = start + (afterSeconds + seconds) * 1000;
      counted += requests;
      const endedBy = (ms: number) => load.filter(({ lastByteAt, status }) => status > 0 && lastByteAt <= ms).length;
      expect(counted, `by ${afterSeconds + seconds} s`).toBeLessThanOrEqual(endedBy(end + LOOK_MS));
      expect(counted, `by ${afterSeconds + seconds} s`).toBeGreaterThanOrEqual(endedBy(end - ALLOWED_MS) - cut);
    }
    expect(counted).toBe(summary.totals.requests - cut);
    expect(sum(summary.series.map(({ refused }) => refused))).toBe(refusals());
    expect(sum(summary.series.map(({ failed, ownErrors }) => failed + ownErrors))).toBe(0);
    // The same in the table for other tools.
    for (const [at, point] of summary.series.entries()) {
      const elapsed = String(Math.round((point.afterSeconds + point.seconds) * 1000) / 1000);
      const of = (figure: string, labels = '') =>
        series.filter((row) => row.figure === figure && row.labels === labels)[at]!;
      expect(of('requests').elapsed_seconds).toBe(elapsed);
      expect(Number(of('requests').value) * point.seconds).toBeCloseTo(point.requests, 6);
      expect(Number(of('refused').value) * point.seconds).toBeCloseTo(point.refused, 6);
      for (const statistic of ['p50', 'p99', 'max'] as const) {
        const { value: cell } = of('request_duration', JSON.stringify({ statistic }));
        expect(cell).toBe(point.requests === 0 ? '' : String(point[statistic]));
      }
      expect(Number(of('oldest_request_age').value)).toBe(point.oldestSeconds);
      expect(Number(of('requests_under_way').value)).toBe(point.underWay);
    }
  });

  it('stand in the report as they stand in the summary', () => {
    const { rows, head } = table('Requests');
    expect(head).toEqual(
      'client endpoint count rate errors own p50 p95 p99 max'
        .split(' ')
        .concat('sent p99', 'failed p99', 'success p99', 'success max'),
    );
    expect(rows.length).toBe(summary.requests.length + 1);
    const totals = { client: 'all', endpoint: '', method: '', count: summary.totals.requests, ...summary.totals };
    for (const [at, row] of [totals, ...summary.requests].entries()) {
      const [client, endpoint, count, rate, errors, own, ...cells] = rows[at]!;
      const name = `${client} ${endpoint}`;
      expect(name).toBe(`${row.client} ${`${row.method} ${row.endpoint}`.trim()}`);
      expect([count, own], name).toEqual([printedCount(row.count), '0']);
      expectShare(errors!, row.errors, row.count);
      expectRate(rate!, row.rate);
      expectQuantiles(cells, row.sinceDue, name);
      expectPrinted(cells[4]!, row.sinceSent.count === 0 ? null : row.sinceSent.p99, name);
      expect(cells[5], name).toBe('-');
      expectPrinted(cells[6]!, row.untilSuccess.count === 0 ? null : row.untilSuccess.p99, name);
      expectPrinted(cells[7]!, row.untilSuccess.count === 0 ? null : row.untilSuccess.max, name);
    }
    // All rates are of one time: that from the start to the writing of the summary.
    const seconds = summary.totals.requests / summary.totals.rate;
    for (const row of summary.requests) expect(row.count / row.rate).toBeCloseTo(seconds, 6);
    const ended = events.find(({ type }) => type === 'run.ended')!;
    expect(Math.abs(seconds * 1000 - (wall(ended) - startMs()))).toBeLessThan(ALLOWED_MS);
    const phases = table('Phases and steps').rows;
    expect(phases.length).toBe(summary.phases.length);
    for (const [at, phase] of summary.phases.entries()) {
      const [name, step, asked, begins, lasts, hosts, requests, rate, errors, own, ...cells] = phases[at]!;
      expect([name, step]).toEqual([phase.phase, phase.step === null ? '' : String(phase.step)]);
      if (phase.level && 'hosts' in phase.level) expect(asked).toBe(`${printedCount(phase.level.hosts)} hosts`);
      else expect(asked).toBe('');
      expectPrinted(begins!, phase.afterSeconds * 1000, 'begins');
      expectPrinted(lasts!, phase.seconds * 1000, 'lasts');
      expect([hosts, requests, own]).toEqual([printedCount(phase.hosts), printedCount(phase.totals.requests), '0']);
      expectRate(rate!, phase.totals.rate);
      expectShare(errors!, phase.totals.errors, phase.totals.requests);
      const { sinceDue } = phase.totals;
      for (const [which, quantile] of (['p50', 'p95', 'p99'] as const).entries()) {
        expectPrinted(cells[which]!, sinceDue.count === 0 ? null : sinceDue[quantile], `${name} ${quantile}`);
      }
    }
  });

  it('stand in the metrics', () => {
    const samples = (name: string, suffix = '') =>
      metrics.get(name)!.samples.filter((one) => one.name === name + suffix);
    const counters = samples('swarm_requests_total').map(({ labels, value: count }) => ({ ...labels, count }));
    expect(counters).toEqual(
      summary.requests.flatMap(({ client, endpoint, method, outcomes }) =>
        Object.entries(outcomes).map(([code, count]) => ({ client, endpoint, method, code, count })),
      ),
    );
    for (const { client, endpoint, sinceDue, sinceSent, outcomes } of summary.requests) {
      const { times } = tallies.get(`${client} ${endpoint}`)!;
      for (const [name, one] of [
        ['swarm_request_duration_seconds', sinceDue],
        ['swarm_request_send_duration_seconds', sinceSent],
      ] as const) {
        const labels = { client, endpoint, result: 'answered' };
        expect(value(metrics, `${name}_count`, labels) ?? 0).toBe(one.count);
        expect(value(metrics, `${name}_sum`, labels) ?? 0).toBeCloseTo((one.count * one.mean) / 1000, 6);
        if (aborted(outcomes) > 0) continue;
        const buckets = samples(name, '_bucket').filter(
          (bucket) =>
            bucket.labels.client === client &&
            bucket.labels.endpoint === endpoint &&
            bucket.labels.result === 'answered',
        );
        for (const {
          labels: { le },
          value: below,
        } of buckets) {
          const limit = 1000 * Number(le === '+Inf' ? 'Infinity' : le);
          expect(below, `${client} ${endpoint} le ${le}`).toBeLessThanOrEqual(
            times.filter((ms) => ms <= limit * (1 + ROUNDING)).length,
          );
          expect(below, `${client} ${endpoint} le ${le}`).toBeGreaterThanOrEqual(
            times.filter((ms) => ms + ALLOWED_MS <= limit * (1 - ROUNDING)).length,
          );
        }
      }
    }
    expect(value(metrics, 'swarm_connections_opened_total')).toBe(summary.connections.opened);
    expect(value(metrics, 'swarm_connections_closed_total')).toBe(summary.connections.closed);
    expect(sum(samples('swarm_sent_bytes_total').map((one) => one.value))).toBe(summary.bytes.sent);
    expect(sum(samples('swarm_received_bytes_total').map((one) => one.value))).toBe(summary.bytes.received);
    expect(value(metrics, 'swarm_polls_missed_total')).toBe(summary.polls.missed);
  });
});

describe('steps of agents', () => {
  it('are those that the service told them, and the replies that it took', () => {
    const cut = sum(summary.requests.map(({ outcomes }) => aborted(outcomes)));
    const steps = countSteps(load);
    expect(summary.replies.map(({ step }) => step).toSorted()).toEqual([...steps.keys()].toSorted());
    for (const { step, received, posted, deduplicated, failed, dropped, inFlight } of summary.replies) {
      const counted = steps.get(step)!;
      expect(received, step).toBeLessThanOrEqual(counted.received);
      expect(received, step).toBeGreaterThanOrEqual(counted.received - cut);
      expect(posted, step).toBeLessThanOrEqual(counted.posted);
      expect(posted, step).toBeGreaterThanOrEqual(counted.posted - cut);
      expect(posted + deduplicated + failed + dropped + inFlight, step).toBe(received);
      expect(value(metrics, 'swarm_steps_received_total', { step })).toBe(received);
      expect(value(metrics, 'swarm_step_replies_total', { step, fate: 'posted' }) ?? 0).toBe(posted);
    }
  });
});

describe('hosts and clusters', () => {
  it('came as far as the events say', () => {
    const hosts = { booted: 'registering', registered: 'polling', discovered: 'discovered', installing: 'installing' };
    const later = { 'writing image': 'writing', rebooted: 'rebooted', joined: 'joined', done: 'done' };
    const ofHosts = Object.entries({ ...hosts, ...later }).map(([name, phase], at) => ({
      ...{ name, count: reached(events, 'host', phase), of: at < 3 ? HOSTS : NODES + 1 },
    }));
    expect(summary.hostFunnel).toEqual(ofHosts);
    expect(ofHosts.map(({ count }) => count)).toEqual([HOSTS - 1, HOSTS - 1, HOSTS - 1, ...Array(5).fill(NODES)]);
    const phases = ['discovering', 'preparing', 'installing', 'finalizing', 'installed', 'complete'];
    const names = ['created', 'hosts discovered', 'installing', 'finalizing', 'installed', 'complete'];
    const discovering = ['discovering', 'complete'];
    const ofClusters = phases.map((phase, at) => {
      const all = discovering.includes(phase);
      // An infra-env is complete and installs nothing.
      const count = reached(events, 'cluster', phase) - (all ? 0 : 1);
      return { name: names[at], count, of: NODES + 1 + (all ? 1 : 0) };
    });
    expect(summary.clusterFunnel).toEqual(ofClusters);
    const [hostTable, clusterTable] = [table('Funnel', 'hosts'), table('Funnel', 'clusters')];
    for (const [shown, counted] of [
      [hostTable, ofHosts],
      [clusterTable, ofClusters],
    ] as const) {
      expect(shown.rows.map(([name, , count]) => [name, count])).toEqual(
        counted.map(({ name, count, of }) => [name, `${printedCount(count)} / ${printedCount(of)}`]),
      );
      for (const [at, [, , , share]] of shown.rows.entries()) expectShare(share!, counted[at]!.count, counted[at]!.of);
    }
    expect(summary.clusters).toEqual({
      ...{ planned: NODES + 1, installed: NODES, infraEnvs: 1, infraEnvsDiscovered: 1 },
      ...{ complete: NODES + 1, failed: 1, failedAsExpected: 0, cancelled: 0 },
    });
  });

  it('stand in short at the top of the report', () => {
    const texts = readMarkup(reportText).filter(({ name }) => name === 'b' || name === 'span');
    const tile = (name: RegExp) => texts[texts.findIndex((one) => name.test(one.text)) - 1]!.text;
    expect(tile(/^clusters installed$/)).toBe(`${NODES} / ${NODES + 1}`);
    expect(tile(/^clusters failed$/)).toBe('1');
    expect(tile(/^hosts done$/)).toBe(`${NODES} / ${NODES + 1}`);
    expectRate(tile(/^[\d,]+ requests$/), summary.totals.rate);
    const asked = texts.map(({ text }) => /^([\d,]+) requests$/.exec(text)?.[1]).find((count) => count !== undefined);
    expect(asked).toBe(printedCount(summary.totals.requests));
    expectPrinted(tile(/^p99 since due$/), summary.totals.sinceDue.p99, 'p99');
    expectShare(tile(/^errors$/), refusals(), summary.totals.requests);
    // Until the last cluster's end; the clean-up comes after it.
    const removing = events.find((event) => event.type === 'run.phase' && event.phase === 'remove')!;
    const lasted = wall(removing) - startMs();
    expect(Math.abs(summary.wallSeconds * 1000 - lasted)).toBeLessThan(ALLOWED_MS);
    expect(summary.simulatedSeconds).toBeCloseTo(summary.wallSeconds * SPEED, 3);
  });

  it('took as long from milestone to milestone, and in stages, as the events say', () => {
    const durations = clusterDurations(events);
    expect(summary.clusterDurations.map(({ from, to }) => `${from} → ${to}`).toSorted()).toEqual(
      [...durations.keys()].toSorted(),
    );
    expect(durations.get('created → installed')!.length).toBe(NODES);
    const stages = stageTimes(events);
    expect(summary.stages.map(({ role, stage }) => `${role} ${stage}`).toSorted()).toEqual(
      [...stages.keys()].toSorted(),
    );
    const spans = summary.clusterDurations.map(({ from, to, duration }) => {
      return [
        `${from} → ${to}`,
        [`${from} → ${to}`],
        duration,
        durations,
        'swarm_cluster_duration_seconds',
        { from, to },
      ] as const;
    });
    const ofStages = summary.stages.map(({ role, stage, duration }) => {
      return [
        `${role} ${stage}`,
        [role, stage],
        duration,
        stages,
        'swarm_stage_duration_seconds',
        { role, stage },
      ] as const;
    });
    for (const [name, cells, duration, exact, metric, labels] of [...spans, ...ofStages]) {
      const times = exact.get(name)!;
      expect(duration.count, name).toBe(times.length);
      for (const [quantile, q] of QUANTILES)
        expectTime(duration[quantile], percentile(times, q), `${name} ${quantile}`);
      const title = cells.length === 1 ? 'Cluster durations (simulated)' : 'Stages of hosts (simulated)';
      const row = table(title).rows.find((one) => cells.every((cell, at) => one[at] === cell))!;
      expect(row[cells.length], name).toBe(String(times.length));
      expectQuantiles(row.slice(cells.length + 1), duration, name);
      expect(value(metrics, `${metric}_count`, labels), name).toBe(times.length);
      expect(Math.abs(value(metrics, `${metric}_sum`, labels)! * 1000 - sum(times)), name).toBeLessThan(0.01);
    }
  });

  it('stayed in their states, and reacted, as the events say', () => {
    const check = (
      kind: string,
      exact: Map<string, OpenTimes>,
      rows: readonly (OpenQuantiles & { name: string; cells: string[] })[],
    ) => {
      expect(rows.map(({ name }) => name).toSorted(), kind).toEqual([...exact.keys()].toSorted());
      for (const { name, cells, ...row } of rows) {
        const { ended, open } = exact.get(name)!;
        expect({ name, ended: row.ended, open: row.open }).toEqual({ name, ended: ended.length, open: open.length });
        expectTime(row.max, Math.max(...ended, ...open), `${name} max`);
        expect(cells.slice(0, 2), name).toEqual([printedCount(ended.length), printedCount(open.length)]);
        for (const [at, [quantile, q]] of QUANTILES.slice(0, 3).entries()) {
          const time = openPercentile({ ended, open }, q);
          const measured = row[quantile as 'p50'];
          if (time === null) {
            expect(measured, `${name} ${quantile}`).toBeNull();
            expect(cells[2 + at], name).toMatch(/^not known/);
          } else {
            expectTime(measured!, time, `${name} ${quantile}`);
            expectPrinted(cells[2 + at]!, measured, `${name} ${quantile}`);
          }
        }
        expectPrinted(cells[5]!, row.max, name);
        expect(cells[5]!.startsWith('≥'), name).toBe(open.length > 0);
      }
    };
    const states = table('Time in each state (simulated)').rows;
    check(
      'states',
      timesInStates(events),
      summary.states.map((row) => {
        const cells = states.find(([of, state]) => of === row.of && state === row.state)!.slice(2);
        return { name: `${row.of} ${row.state}`, cells, ...row };
      }),
    );
    const reactions = table('Reactions (simulated)').rows;
    const nameOf = ({ of, state }: { of: string; state: string }) => `${of} ${state}`;
    check(
      'reactions',
      reactionTimes(events),
      summary.reactions.map((row) => {
        const [from, to] = [nameOf(row.from), nameOf(row.to)];
        return {
          name: `${from} → ${to}`,
          cells: reactions.find((one) => one[0] === from && one[1] === to)!.slice(2),
          ...row,
        };
      }),
    );
    for (const [name, { ended }] of timesInStates(events)) {
      const [of = '', state = ''] = name.split(' ');
      expect(value(metrics, 'swarm_state_duration_seconds_count', { of, state }) ?? 0, name).toBe(ended.length);
    }
  });

  it('failed of what the proxy refused', () => {
    const failed = events.flatMap((event) =>
      event.type === 'cluster.phase' && event.phase === 'failed' ? [event] : [],
    );
    expect(failed.length).toBe(1);
    const [{ name, reason = '', cluster }] = failed as [(typeof failed)[number]];
    expect(reason).toContain(REFUSAL);
    expect(summary.failures).toEqual([{ cluster, name, reason }]);
    expect(summary.failureCauses).toMatchObject([{ of: 'cluster', count: 1, names: [name] }]);
    const [row] = table('Failures by cause').rows;
    expect(row).toEqual(['1', 'cluster', expect.stringContaining(REFUSAL), name]);
  });

  it('were refused as the proxy saw, with the first moment and words of each kind', () => {
    const rows = table('Errors by kind').rows;
    const kinds = [...tallies.values()].flatMap((tally) =>
      Object.entries(tally.outcomes).flatMap(([code, count]) =>
        Number(code) >= 400 ? [{ ...tally, code, count }] : [],
      ),
    );
    expect(rows.length).toBe(kinds.length);
    expect(summary.requestErrors.length).toBe(kinds.length);
    for (const { client, endpoint, code, count } of kinds) {
      const is = (one: { client: string; endpoint: string; code: string }) =>
        one.client === client && one.endpoint === endpoint && one.code === code;
      const error = summary.requestErrors.find(is)!;
      expect(error).toMatchObject({ count, own: false });
      const first = load.find((one) => {
        const [status, endpointOfIt] = [String(one.status), endpointOf(one.method, one.target)];
        return is({ client: programOf(one), endpoint: endpointOfIt, code: status });
      })!;
      const late = Date.parse(error.firstAt!) - first.lastByteAt;
      expect(late).toBeGreaterThanOrEqual(-1);
      expect(late).toBeLessThan(ALLOWED_MS);
      const row = rows.find(([, who, what, status]) => is({ client: who!, endpoint: what!, code: status! }))!;
      expect([row[0], row[5], row[6]]).toEqual([printedCount(count), 'service', error.firstAt!.slice(11, 19)]);
      expect(row[4]).toContain(error.message!);
    }
    const own = summary.requestErrors.find(({ endpoint }) => endpoint === 'register-infra-env')!;
    expect(own).toMatchObject({ client: 'user', code: '400', message: REFUSAL, expected: null });
  });
});

describe('the verdict', () => {
  it('rests on the figures', () => {
    const polls = tallies.get('agent get-instructions')!;
    const inSoak = summary.phases.find(({ phase }) => phase === 'soak')!;
    const agentsInDeploy = summary.phases
      .filter(({ phase }) => phase === 'deploy')
      .flatMap(({ requests }) => requests.filter(({ client }) => client === 'agent'));
    const ofSoak = inSoak.requests.find(({ endpoint }) => endpoint === 'get-instructions')!;
    const measured = Object.fromEntries(
      summary.thresholds
        .filter((one) => !one.default)
        .map(({ figure, labels, ok, value: found }) => {
          const parts = Object.entries(labels).map(([label, text]) => `${label}:${text}`);
          return [parts.length === 0 ? figure : `${figure}{${parts.join(',')}}`, { ok, found }];
        }),
    );
    expectLatency(measured[SLOW]!.found!, percentile(polls.times, 1), SLOW);
    expect(measured[SLOW]).toEqual({ ok: false, found: ofSoak.sinceDue.max });
    const slow = measured['request_duration{client:agent,endpoint:get-instructions}']!;
    expectLatency(slow.found!, percentile(polls.times, 0.95), 'p95');
    expect(slow.ok).toBe(false);
    expect(measured['request_duration{client:agent,phase:deploy}']).toEqual({
      ...{ ok: true, found: sum(agentsInDeploy.map(({ sinceDue }) => sinceDue.count)) },
    });
    // The clean-up comes after the judgement of figures that are told for all of the run.
    expect(measured['request_errors{client:user}']).toEqual({ ok: false, found: 1 });
    expect(measured.clusters_failed).toEqual({ ok: true, found: 1 });
    expect(measured.requests!.found).toBeLessThanOrEqual(summary.totals.requests);
    expect(summary.verdict).toBe('failed');
    const ended = events.find((event) => event.type === 'run.ended')!;
    expect(ended).toMatchObject({ verdict: summary.verdict, reasons: summary.reasons });
    // What was crossed stands first, with what was measured.
    const rows = table('Thresholds').rows;
    expect(rows.length).toBe(summary.thresholds.length);
    const row = rows.find(([, figure, limit]) => figure === SLOW && limit === `max<${STALL_MS}`)!;
    expect(row[0]).toMatch(/crossed/);
    expectPrinted(row[3]!, ofSoak.sinceDue.max, SLOW);
  });
});

describe('a stall and delays', () => {
  /** Attempts that the stall held up from its beginning to its end. */
  const heldUp = () => load.filter(({ arrivedAt, lastByteAt }) => lastByteAt - arrivedAt >= STALL_MS);

  it('were made as meant', () => {
    expect(heldUp().length).toBeGreaterThan(0);
    expect(
      load.filter(
        ({ lastByteAt, status }) => status > 0 && lastByteAt > stalledAt + 100 && lastByteAt < stalledAt + STALL_MS,
      ),
    ).toEqual([]);
    const delayed = load.filter(({ arrivedAt, lastByteAt }) => lastByteAt - arrivedAt >= DELAY_MS).length;
    expect(delayed).toBeGreaterThanOrEqual(load.length / DELAYED - tallies.size * 2);
  });

  it('of five seconds is in the soak phase, in its seconds of the series, and in the longest wait', () => {
    const of = (phase: string) => summary.phases.filter((one) => one.phase === phase);
    const [soak] = of('soak');
    const polls = soak!.requests.find(({ endpoint }) => endpoint === 'get-instructions')!;
    expect(polls.sinceDue.max).toBeGreaterThanOrEqual(STALL_MS);
    expect(soak!.totals.sinceDue.max).toBeGreaterThanOrEqual(STALL_MS);
    const start = startMs();
    const fromSeconds = (stalledAt - start) / 1000;
    expect(fromSeconds).toBeGreaterThan(soak!.afterSeconds);
    expect(fromSeconds + STALL_MS / 1000).toBeLessThan(soak!.afterSeconds + soak!.seconds);
    // In the other phases only what the proxy took so long for.
    const elsewhere = load
      .filter(({ lastByteAt }) => lastByteAt < stalledAt)
      .map((one) => one.lastByteAt - one.arrivedAt);
    for (const phase of [...of('idle'), ...of('deploy')]) {
      expect(phase.totals.sinceDue.max).toBeLessThanOrEqual(Math.max(...elsewhere) * (1 + ROUNDING) + ALLOWED_MS);
      expect(phase.totals.sinceDue.max).toBeLessThan(STALL_MS);
    }
    const to = fromSeconds + STALL_MS / 1000;
    const points = summary.series.map((point) => ({ ...point, until: point.afterSeconds + point.seconds }));
    // Nothing is answered meanwhile but what was on its way; the wait grows by a second a second.
    const meanwhile = points.filter(({ afterSeconds, until }) => afterSeconds > fromSeconds + 1.5 && until < to);
    expect(meanwhile.length).toBeGreaterThan(0);
    for (const { requests, oldestSeconds, until, underWay } of meanwhile) {
      expect(requests).toBe(0);
      expect(oldestSeconds).toBeGreaterThanOrEqual(until - fromSeconds - 0.1);
      expect(oldestSeconds).toBeLessThan(until - fromSeconds + DELAY_MS / 1000 + ALLOWED_MS / 1000);
      const at = start + until * 1000;
      const there = load.filter(({ arrivedAt, lastByteAt }) => arrivedAt <= at && lastByteAt > at).length;
      expect(underWay).toBeGreaterThanOrEqual(there);
      // Of each host a poll, and perhaps a reply to a step.
      expect(underWay).toBeLessThanOrEqual(2 * IDLERS);
    }
    const slow = points.filter(({ max }) => max >= STALL_MS);
    expect(slow[0]!.until).toBeGreaterThanOrEqual(to);
    expect(slow[0]!.afterSeconds).toBeLessThanOrEqual(to + (LOOK_MS + ALLOWED_MS) / 1000);
    // The same second in the table for other tools, and in the right phase.
    const highest = series.find(
      ({ figure, labels, value: ms }) =>
        figure === 'request_duration' && labels?.includes('max') && Number(ms) >= STALL_MS,
    )!;
    expect(highest.phase).toBe('soak');
    expect(Number(highest.elapsed_seconds)).toBeCloseTo(slow[0]!.until, 3);
    const wait = summary.unanswered.find(({ client }) => client === 'agent')!;
    expect(wait.seconds * 1000).toBeGreaterThanOrEqual(STALL_MS - ALLOWED_MS);
    expect(wait.seconds * 1000).toBeLessThanOrEqual(STALL_MS + ALLOWED_MS);
    const lookedAt = Date.parse(wait.at);
    expect(lookedAt).toBeGreaterThan(stalledAt + STALL_MS - ALLOWED_MS);
    expect(lookedAt).toBeLessThan(stalledAt + STALL_MS + ALLOWED_MS);
    expect(value(metrics, 'swarm_longest_request_wait_seconds', { client: 'agent' })).toBe(wait.seconds);
    const row = table('Requests without an answer').rows.find(([client]) => client === 'agent')!;
    expectPrinted(row[1]!, wait.seconds * 1000, 'wait');
    expect(row.slice(2)).toEqual([wait.at.slice(11, 19), String(wait.underWay)]);
    // An outage are several that wait for longer than five seconds: those that were under way when it began.
    expect(summary.outages.length).toBeLessThanOrEqual(heldUp().length > 1 ? 1 : 0);
    expect(report.some(({ title }) => title === 'Outages')).toBe(summary.outages.length > 0);
  });

  it('show in the percentiles of whatever was asked often, everywhere', () => {
    // Of what was delayed the end of a program may have cut off some.
    const often = summary.requests.filter(
      ({ count, outcomes, sinceDue }) =>
        count >= OFTEN && Math.floor(count / DELAYED) - aborted(outcomes) > 0.05 * sinceDue.count,
    );
    expect(often.map(({ client, endpoint }) => `${client} ${endpoint}`)).toEqual(
      expect.arrayContaining(['agent get-instructions', 'user get-cluster', 'user list-cluster-hosts']),
    );
    for (const { client, endpoint, sinceDue, method } of often) {
      const name = `${client} ${endpoint}`;
      expect(sinceDue.p95, name).toBeGreaterThanOrEqual(DELAY_MS * (1 - ROUNDING));
      expect(sinceDue.p50, name).toBeLessThan(DELAY_MS);
      const cells = table('Requests').rows.find(([who, what]) => who === client && what === `${method} ${endpoint}`)!;
      expect(printedTime(cells[7]!)!.to, name).toBeGreaterThanOrEqual(DELAY_MS * (1 - ROUNDING));
      expect(printedTime(cells[6]!)!.from, name).toBeLessThan(DELAY_MS);
      const buckets = metrics
        .get('swarm_request_duration_seconds')!
        .samples.filter(
          (one) => one.name.endsWith('_bucket') && one.labels.client === client && one.labels.endpoint === endpoint,
        );
      const boundOf = (q: number) => Number(buckets.find((one) => one.value >= q * sinceDue.count)!.labels.le);
      expect(boundOf(0.95), name).toBeGreaterThanOrEqual(0.25);
      expect(boundOf(0.5), name).toBeLessThanOrEqual(0.25);
    }
    const labels = { client: 'agent', endpoint: 'get-instructions', result: 'answered' };
    const all = value(metrics, 'swarm_request_duration_seconds_count', labels)!;
    expect(value(metrics, 'swarm_request_duration_seconds_bucket', { ...labels, le: '5' })).toBeLessThan(all);
  });
});

describeUnless(lack, 'the page', { timeout: 60_000 }, () => {
  let page: Page;
  const tables = async (name: string) =>
    (await page.evaluate(
      `[...document.querySelectorAll('[aria-label=${JSON.stringify(name)}] tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))`,
    )) as string[][];
  const tile = async (name: RegExp) => {
    const tiles = (await page.evaluate(
      `[...document.querySelectorAll('.tile')].map((one) => [one.querySelector('span').textContent, one.querySelector('b').textContent])`,
    )) as [string, string][];
    return tiles.find(([text]) => name.test(text))![1];
  };

  /** How many pixels of a chart have a color, in the upper half of its plot, within two pixels of a moment of the run. */
  const pixelsAt = async (title: string, color: string, seconds: number): Promise<number> => {
    const ends = [...summary.series, ...summary.phases].map((one) => one.afterSeconds + one.seconds);
    const at = seconds / Math.max(summary.wallSeconds, ...ends);
    return (await page.evaluate(`(() => {
      const figure = [...document.querySelectorAll('#load figure')].find((one) => one.querySelector('h3').textContent === '${title}');
      const canvas = figure.querySelector('canvas');
      const scale = canvas.width / canvas.clientWidth;
      const { offsetLeft, offsetTop, offsetWidth, offsetHeight } = figure.querySelector('.u-over');
      const left = Math.round((offsetLeft + ${at} * offsetWidth - 2) * scale);
      const size = [Math.ceil(4 * scale), Math.ceil((offsetHeight / 2) * scale)];
      const { data } = canvas.getContext('2d').getImageData(left, Math.round(offsetTop * scale), ...size);
      const probe = document.body.appendChild(document.createElement('i'));
      probe.style.color = 'var(--${color})';
      const wanted = getComputedStyle(probe).color.match(/\\d+/g).map(Number);
      probe.remove();
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (wanted.every((part, of) => Math.abs(data[i + of] - part) < 12)) count++;
      return count;
    })()`)) as number;
  };

  beforeAll(async () => {
    const browser = await openBrowser();
    stops.push(() => browser.close());
    page = await browser.newPage();
    await page.goto(`${base}/#run=${summary.run}&request=agent+get-instructions`);
    await page.waitForFunction(`!document.querySelector('#detail').hidden`, { timeout: 60_000, polling: 100 });
  }, 90_000);

  it('shows the same figures', async () => {
    expect(await page.$eval('#badge', ({ textContent }) => textContent)).toBe('failed');
    expect(await tile(/^clusters installed$/)).toBe(`${NODES} / ${NODES + 1}`);
    expect(Math.abs(Number(await tile(/^requests a second, mean$/)) - summary.totals.rate)).toBeLessThanOrEqual(0.5);
    expectPrinted(await tile(/^p99 since due, answered$/), summary.totals.sinceDue.p99, 'p99');
    expectShare(await tile(/^errors$/), refusals(), summary.totals.requests);
    expect(await tile(/^open connections$/)).toBe('0');
    expectPrinted(await tile(/^lasted$/), summary.wallSeconds * 1000, 'lasted');
    const rows = await tables('Requests by kind');
    expect(rows.length).toBe(summary.requests.length);
    for (const [at, row] of summary.requests.entries()) {
      const [name, count, rate, errors, ...cells] = rows[at]!;
      expect([name, count]).toEqual([`${row.client} · ${row.endpoint}`, printedCount(row.count)]);
      expectRate(rate!, row.rate);
      expectShare(errors!, row.errors, row.count);
      expectQuantiles(cells, row.sinceDue, name!);
      const { untilSuccess } = row;
      expectPrinted(cells[5]!, untilSuccess.count === 0 ? null : untilSuccess.p99, name!);
      expectPrinted(cells[6]!, untilSuccess.count === 0 ? null : untilSuccess.max, name!);
    }
    const phases = await tables('Phases and steps');
    expect(phases.length).toBe(summary.phases.length);
    for (const [at, phase] of summary.phases.entries()) {
      const [name, , from, length, hosts, rate, errors, p50, p99, max] = phases[at]!;
      expect(name).toContain(phase.phase);
      expectPrinted(from!, phase.afterSeconds * 1000, 'from');
      expectPrinted(length!, phase.seconds * 1000, 'length');
      expect(hosts).toBe(printedCount(phase.hosts));
      expectRate(rate!, phase.totals.rate);
      expectShare(errors!, phase.totals.errors, phase.totals.requests);
      const { sinceDue } = phase.totals;
      const known = (ms: number) => (sinceDue.count === 0 ? null : ms);
      expectPrinted(p50!, known(sinceDue.p50), `${name} p50`);
      expectPrinted(p99!, known(sinceDue.p99), `${name} p99`);
      expectPrinted(max!, known(sinceDue.max), `${name} max`);
    }
    const states = await tables('Time in states');
    expect(states.length).toBe(summary.states.length);
    for (const [at, row] of summary.states.entries()) {
      const [name, ended, open, ...cells] = states[at]!;
      expect([name, ended, open]).toEqual([
        `${row.of} · ${row.state}`,
        printedCount(row.ended),
        printedCount(row.open),
      ]);
      for (const [which, [quantile]] of QUANTILES.entries()) {
        expectPrinted(cells[which]!, row[quantile], `${name} ${quantile}`);
      }
    }
    const durations = await tables('Cluster durations');
    for (const [at, { from, to, duration }] of summary.clusterDurations.entries()) {
      const [name, count, ...cells] = durations[at]!;
      expect([name, count]).toEqual([`${from} → ${to}`, printedCount(duration.count)]);
      expectQuantiles(cells, duration, name!);
    }
    const causes = await tables('Failures by cause');
    expect(causes.length).toBe(1);
    expect(causes[0]).toEqual(['cluster', expect.stringContaining(REFUSAL), '1', expect.stringContaining(REFUSED)]);
  });

  it('shows the stall in its phase, as the longest', async () => {
    const parts = await tables('By phase');
    const of = (phase: string) => parts.find(([name]) => name === phase)!;
    expect(printedTime(of('soak').at(-1)!)!.to).toBeGreaterThanOrEqual(STALL_MS);
    for (const phase of parts.filter(([name]) => name!.startsWith('deploy'))) {
      expect(printedTime(phase.at(-1)!)!.from).toBeLessThan(STALL_MS);
    }
    // What came once is drawn as well, though no line leads there.
    const { afterSeconds, seconds: length } = summary.series.find(({ max }) => max >= STALL_MS)!;
    expect(await pixelsAt('Latency since due, of what was answered', 'c2', afterSeconds + length)).toBeGreaterThan(3);
    const waits = await page.$$eval('h2 + ul.bad li', (items) => items.map(({ textContent }) => textContent));
    const wait = waits.find((text) => text?.startsWith('a request of agent was unanswered for '))!;
    const { seconds, at } = summary.unanswered.find(({ client }) => client === 'agent')!;
    expectPrinted(/for (.*) at /.exec(wait)![1]!, seconds * 1000, 'wait');
    expect(wait).toContain(at.slice(11, 19));
  });
});
