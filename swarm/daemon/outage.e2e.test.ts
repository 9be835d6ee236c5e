/** What a run says of outages, beside a proxy that counts, delays and goes away: real processes, real HTTP. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import type { ReportMessage } from '../../service-mock/main.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import type { RunSummary } from '../report/summary.ts';
import { renderSummary } from '../report/summary-text.ts';
import { createRegistry } from '../telemetry/metric-registry.ts';
import { parseExposition, value } from '../telemetry/testing/exposition.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';
import { CountingProxy } from './testing/counting-proxy.ts';

/** Agents poll every three seconds of wall-clock time. */
const SPEED = 20;
const HOSTS = 12;
const DELAY_MS = 30;
const OUTAGE_MS = 7000;
/** Three polls of each host would be due in it. */
const FREEZE_MS = 10_000;

interface Outage {
  from: number;
  to: number;
}

const directory = mkdtempSync(join(tmpdir(), 'swarm-outage-'));
let service: ChildProcess;
let proxy: CountingProxy;
let summary: RunSummary;
let metrics: ReturnType<typeof parseExposition>;
let refused: Outage;
let frozen: Outage;

beforeAll(async () => {
  service = fork(join(import.meta.dirname, '../../service-mock/main.ts'));
  service.send({ type: 'start', options: { port: 0, clock: startClock(SPEED) } });
  const report = await new Promise<ReportMessage>((resolve) => service.once('message', resolve));
  if (report.type === 'failed') throw new Error(report.message);
  proxy = await new CountingProxy(report.url, DELAY_MS).listen();
  const plan = parsePlan(
    {
      ...{ name: 'outage', seed: 'outage', service: { url: proxy.url }, boot_spread: '30s', poll_interval: '60s' },
      clusters: [{ topology: { control_planes: 3, workers: HOSTS - 3 }, just_infraenv: true, amount: 1 }],
      // What reads the figures of servers is no load, and in no count of the run's requests.
      collect: { service: false },
    },
    'plan',
  );
  const run = new Run({
    id: 'run',
    plan: { ...expandPlan(plan), clockSpeed: SPEED },
    parts: realParts({ directory, warn: () => {} }),
    workers: 1,
    soakSeconds: 100_000,
  });
  const ended = run.execute();
  while (run.index.hosts({ phase: 'discovered', limit: 0, offset: 0 }).total < HOSTS) await sleep(200);
  const from = proxy.refuse();
  await sleep(OUTAGE_MS);
  refused = { from, to: await proxy.recover() };
  await sleep(OUTAGE_MS);
  const since = proxy.freeze();
  await sleep(FREEZE_MS);
  frozen = { from: since, to: await proxy.recover() };
  await sleep(OUTAGE_MS);
  const registry = createRegistry('1', () => ({
    ...{ reader: run.reader, saturation: run.saturation, clockSpeed: SPEED },
    ...{ answers: run.answers, clusterDurations: run.clusterDurations },
  }));
  metrics = parseExposition(await registry.metrics());
  run.stop();
  summary = await ended;
}, 180_000);

afterAll(() => {
  proxy?.close();
  service?.kill('SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

it('counts every request, answer and connection that the proxy counted', () => {
  const ofOutcome = (wanted: string) =>
    summary.requests.reduce((sum, { outcomes }) => sum + (outcomes[wanted] ?? 0), 0);
  // Nobody knows how far those came that the end of the run cut off.
  const cutOff = ofOutcome('aborted');
  const arrived = summary.totals.requests - ofOutcome('refused') + summary.totals.replayed;
  expect(proxy.requests).toBeLessThanOrEqual(arrived);
  expect(proxy.requests).toBeGreaterThanOrEqual(arrived - cutOff);
  for (const [status, count] of Object.entries(proxy.answers)) {
    expect(ofOutcome(status)).toBeLessThanOrEqual(count);
    expect(ofOutcome(status)).toBeGreaterThanOrEqual(count - cutOff);
  }
  expect(proxy.connections).toBe(summary.connections.opened);
  expect(ofOutcome('refused')).toBeGreaterThan(0);
});

it('keeps apart what was answered, what failed, and how long it took to succeed', () => {
  const polls = summary.requests.find(({ client, endpoint }) => client === 'agent' && endpoint === 'get-instructions')!;
  // Every answer went through the delay; not one of the refused attempts, which take no time, is among them.
  expect(polls.sinceDue.p50).toBeGreaterThanOrEqual(DELAY_MS);
  expect(polls.sinceDue.count).toBe(polls.outcomes['200']);
  expect(polls.failedSinceDue.count).toBe(polls.count - polls.outcomes['200']! - (polls.outcomes.aborted ?? 0));
  // Polls that froze waited until the proxy let them go.
  expect(polls.failedSinceDue.max).toBeGreaterThan(OUTAGE_MS / 2);
  expect(polls.untilSuccess.count).toBe(polls.outcomes['200']);
  expect(polls.untilSuccess.max).toBeGreaterThan(OUTAGE_MS / 2);
  // Each waiting agent would have polled at least once more.
  expect(summary.polls.missed).toBeGreaterThanOrEqual(HOSTS / 2);
  expect(summary.polls.openLoop.p99).toBeGreaterThan(OUTAGE_MS / 2);
});

it('tells both outages, when they were and how long they took, in summary, text and metrics', () => {
  expect(summary.outages.length).toBe(2);
  for (const [at, { from, to }] of [refused, frozen].entries()) {
    const { startedAt, seconds } = summary.outages[at]!;
    const startMs = Date.parse(startedAt);
    // Polls come several times a second, and somebody looks every second.
    expect(startMs).toBeGreaterThan(from - 2500);
    expect(startMs + seconds * 1000).toBeLessThan(to + 2500);
    expect(seconds * 1000).toBeGreaterThan((to - from) / 2);
  }
  expect(summary.outages[0]!.failed).toBeGreaterThan(0);
  expect(summary.outages[1]!.waiting).toBeGreaterThanOrEqual(HOSTS / 2);
  const text = renderSummary(summary);
  expect(text.match(/^no good answer for /gm)?.length).toBe(2);
  expect(text).toMatch(/Request errors\n.*refused +[\d,]+ × +connect ECONNREFUSED/);
  expect(value(metrics, 'swarm_service_outage_duration_seconds_count')).toBe(2);
  expect(value(metrics, 'swarm_service_outage_last_start_timestamp_seconds')).toBeCloseTo(
    Date.parse(summary.outages[1]!.startedAt) / 1000,
    2,
  );
  expect(value(metrics, 'swarm_longest_request_wait_seconds', { client: 'agent' })).toBeGreaterThan(OUTAGE_MS / 2000);
});

it('draws the outages into the course of the run', () => {
  const during = ({ from, to }: Outage) =>
    summary.series.filter(({ afterSeconds, seconds }) => {
      const startMs = Date.parse(summary.startedAt) + afterSeconds * 1000;
      return startMs > from + 2000 && startMs + seconds * 1000 < to - 1000;
    });
  expect(during(refused).some(({ failed }) => failed > 0)).toBe(true);
  for (const point of during(frozen)) expect(point.requests - point.failed).toBe(0);
  expect(summary.series.reduce((sum, { requests }) => sum + requests, 0)).toBe(
    summary.totals.requests - summary.requests.reduce((sum, { outcomes }) => sum + (outcomes.aborted ?? 0), 0),
  );
});
