/** Readers and churn of a run with everything real, beside proxies that write down each request to service and hub. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { seedHub, startKubeMock } from '../../controller-mock/index.ts';
import { ScaledClock } from '../../model/time/clock.ts';
import { expandPlan } from '../plan/expand.ts';
import { parsePlan } from '../plan/load.ts';
import type { RunSummary } from '../report/summary.ts';
import { renderSummary } from '../report/summary-text.ts';
import { createRegistry } from '../telemetry/metric-registry.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { parseExposition, value } from '../telemetry/testing/exposition.ts';
import { plannedManifests } from './manifest-source.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';
import { RecordingProxy } from './testing/recording-proxy.ts';

/** Slow enough for a busy machine. */
const SPEED = 20;
const IDLE_SECONDS = 120;

let folder: string;
let service: RecordingProxy;
let hub: RecordingProxy;
let summary: RunSummary;
let events: RunEvent[];
let metrics: ReturnType<typeof parseExposition>;
const stops: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-background-'));
  const real = realParts({ directory: folder, warn: () => {} });
  let direct = '';
  const parts: typeof real = {
    ...real,
    startEmbeddedHub: async (clock) => {
      const mock = await startKubeMock({ clock: new ScaledClock(clock), tls: false, world: seedHub });
      stops.push(() => mock.close());
      hub = await new RecordingProxy(mock.url).listen();
      direct = mock.kubeconfig;
      return {
        kubeconfig: direct.replaceAll(mock.url, hub.url),
        ...{ pid: process.pid, died: new Promise<string>(() => {}), stop: async () => {}, kill: () => {} },
      };
    },
    // The service's own controllers are none of the run's clients.
    startEmbedded: async (clock, token, _kubeconfig, images) => {
      const embedded = await real.startEmbedded(clock, token, direct, images);
      service = await new RecordingProxy(embedded.url).listen();
      return { ...embedded, url: service.url };
    },
  };
  const plan = parsePlan(
    {
      ...{ name: 'background', seed: 'background', clock_speed: SPEED, spoke_profile: 'quick', boot_spread: '10s' },
      limits: { discovery: '90m' },
      // How fast a busy machine answers is not what is looked at.
      thresholds: Object.fromEntries(
        ['user', 'agent', 'installer', 'controller', 'reader'].map((client) => [
          `request_duration{client:${client}}`,
          'off',
        ]),
      ),
      phases: { idle: `${IDLE_SECONDS}s`, soak: '15m' },
      clusters: [
        { topology: 'sno' },
        { topology: 'sno', api: 'kube' },
        { topology: 'sno', just_infraenv: true },
        { topology: 'sno', api: 'kube', bmh: true, just_infraenv: true },
      ],
      churn: '1500%/h',
      readers: [
        { load: 'cluster-list', amount: 3, every: '20s' },
        { load: 'cluster-page', amount: 2, every: '20s' },
        { load: 'host-list', amount: 2, every: '20s' },
        { load: 'events', amount: 3, every: '20s' },
        { load: 'hub-list', amount: 2, every: '30s' },
      ],
    },
    'plan',
  );
  const run = new Run({ id: 'run', plan: plannedManifests(expandPlan(plan)).plan, parts, workers: 1 });
  summary = await run.execute();
  const { reader, saturation, background } = run;
  metrics = parseExposition(
    await createRegistry('1', () => ({ reader, saturation, clockSpeed: SPEED, background })).metrics(),
  );
  events = readFileSync(join(folder, 'run', 'events.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RunEvent);
}, 300_000);
afterAll(async () => {
  for (const stop of stops) await stop();
  service?.close();
  hub?.close();
  rmSync(folder, { recursive: true, force: true });
});

const seen = (path: RegExp) => service.requests.filter(({ method, target }) => method === 'GET' && path.test(target));
const rowOf = (endpoint: string) =>
  summary.requests.find((one) => one.client === 'reader' && one.endpoint === endpoint)!;

it('passes, with nothing left behind', () => {
  expect(summary.reasons).toEqual([]);
  expect(summary.verdict).toBe('passed');
  expect(summary.leftBehind).toEqual([]);
});

describe('readers', () => {
  it('are counted exactly: every request that came to the service, and no other', () => {
    // Nobody but readers asks for these.
    for (const [endpoint, path] of [
      ['list-events', /^\/api\/assisted-install\/v2\/events\?/],
      ['list-infra-env-hosts', /\/v2\/infra-envs\/[^/]+\/hosts$/],
    ] as const) {
      const row = rowOf(endpoint);
      const others = summary.requests.filter((one) => one.client !== 'reader' && one.endpoint === endpoint);
      const rows = [row, ...others];
      const told = rows.reduce((sum, { count }) => sum + count, 0);
      const cutOff = rows.reduce((sum, { outcomes }) => sum + (outcomes.aborted ?? 0), 0);
      const came = seen(path).length;
      expect(row.count).toBeGreaterThan(20);
      // Some may have been cut off by the end before they came.
      expect(came).toBeLessThanOrEqual(told);
      expect(came).toBeGreaterThanOrEqual(told - cutOff);
    }
    const whole = seen(/\/v2\/clusters\/[^/?]+$/).length;
    expect(whole).toBeGreaterThanOrEqual(rowOf('get-cluster').count - (rowOf('get-cluster').outcomes.aborted ?? 0));
    const total = summary.requests
      .filter(({ client }) => client === 'reader')
      .reduce((sum, { count, outcomes }) => sum + count - (outcomes.aborted ?? 0), 0);
    const looked = summary.readers.filter(({ load }) => load !== 'hub-list');
    const asked = looked.reduce((sum, { requests }) => sum + requests, 0);
    expect(Math.abs(asked - total)).toBeLessThanOrEqual(looked.reduce((sum, { amount }) => sum + amount, 0));
  });

  it('look at their pace in every phase, idle included', () => {
    const idle = summary.phases.find(({ phase }) => phase === 'idle')!;
    const lists = idle.requests.find(({ client, endpoint }) => client === 'reader' && endpoint === 'list-clusters')!;
    // With nothing there yet all ten look at lists: 120 s / 20 s for each.
    expect(lists.count).toBeGreaterThanOrEqual(50);
    expect(lists.count).toBeLessThanOrEqual(72);
    const soak = summary.phases.find(({ phase }) => phase === 'soak')!;
    expect(soak.requests.some(({ client, endpoint }) => client === 'reader' && endpoint === 'list-events')).toBe(true);
    for (const { load, amount, everySeconds, looks, failed, missed, duration } of summary.readers) {
      const due = (summary.simulatedSeconds / everySeconds) * amount;
      expect(looks + missed, load).toBeGreaterThan(due * 0.85);
      expect(looks + missed, load).toBeLessThan(due * 1.15 + amount);
      expect(failed, load).toBe(0);
      expect(duration.count, load).toBe(looks + missed);
    }
  });

  it('follow the events of a cluster page by page, never one twice', () => {
    const offsets = new Map<string, number[]>();
    for (const { target } of seen(/\/v2\/events\?cluster_id=.*&limit=100&/)) {
      const query = new URL(target, 'http://x').searchParams;
      const id = query.get('cluster_id')!;
      offsets.set(id, [...(offsets.get(id) ?? []), Number(query.get('offset'))]);
    }
    expect(offsets.size).toBeGreaterThan(1);
    expect([...offsets.values()].some((list) => Math.max(...list) > 0)).toBe(true);
  });

  it('look at clusters and infra-envs that custom resources have made, too', () => {
    const asked = new Set(seen(/\/v2\/infra-envs\/[^/]+\/hosts$/).map(({ target }) => target));
    expect(asked.size).toBeGreaterThan(3);
  });

  it('list the hub as kubectl does, and are counted there', () => {
    const lists = hub.requests.filter(({ headers }) => headers['user-agent']?.startsWith('kubectl/'));
    const rows = summary.hub!.rows.filter(({ client }) => client === 'reader');
    expect(rows.map(({ resource }) => resource).sort()).toEqual(['agentclusterinstalls', 'agents', 'baremetalhosts']);
    expect(lists.length).toBe(rows.reduce((sum, { count }) => sum + count, 0));
    expect(lists.length).toBeGreaterThan(100);
    for (const { target, headers, status, cutOff } of lists) {
      expect(target).toMatch(
        /^\/apis\/[^/]+\/v1(alpha1|beta1)?\/(agents|agentclusterinstalls|baremetalhosts)\?limit=500$/,
      );
      expect(headers.accept).toMatch(/^application\/json;as=Table;v=v1;g=meta\.k8s\.io,/);
      if (!cutOff) expect(status).toBe(200);
    }
  });

  it('stand in text and metrics', () => {
    const text = renderSummary(summary);
    for (const { load } of summary.readers) expect(text).toMatch(new RegExp(`^  ${load} +\\d`, 'm'));
    for (const { load, looks, missed } of summary.readers) {
      expect(value(metrics, 'swarm_reader_looks_total', { load, result: 'answered' })).toBe(looks);
      expect(value(metrics, 'swarm_reader_looks_total', { load, result: 'missed' })).toBe(missed);
    }
  });
});

describe('churn', () => {
  it('gives clusters of both kinds further lives, whole ones', () => {
    const { churn } = summary;
    expect(churn).toMatchObject({ sharePerHour: 15, clustersPerHour: 60, failed: 0, notRemoved: 0 });
    expect(churn!.complete).toBeGreaterThan(4);
    const anew = events.filter((event) => event.type === 'cluster.phase' && event.phase === 'complete' && event.life);
    expect(anew).toHaveLength(churn!.complete);
    const clusters = new Set(anew.map((event) => (event as { cluster: number }).cluster));
    // By REST and by custom resources.
    expect([...clusters].some((index) => index % 2 === 0)).toBe(true);
    expect([...clusters].some((index) => index % 2 === 1)).toBe(true);
    // One that is installed is installed again.
    const installed = events.filter(
      (event) => event.type === 'cluster.phase' && event.phase === 'installed' && event.life,
    );
    expect(installed.length).toBeGreaterThan(0);
  });

  it('counts no cluster twice, and every life where lives are counted', () => {
    expect(summary.clusters).toEqual({
      ...{ planned: 2, installed: 2, infraEnvs: 2, infraEnvsDiscovered: 2 },
      ...{ complete: 4, failed: 0, failedAsExpected: 0, cancelled: 0 },
    });
    const discovered = summary.clusterDurations.find(({ from, to }) => from === 'created' && to === 'discovered')!;
    const passed = events.filter((event, at) => {
      if (event.type !== 'cluster.phase') return false;
      if (event.phase === 'preparing') return true;
      // Infra-envs have nothing between.
      return (
        event.phase === 'complete' &&
        !events
          .slice(0, at)
          .some(
            (before) =>
              before.type === 'cluster.phase' &&
              before.cluster === event.cluster &&
              before.life === event.life &&
              before.phase === 'preparing',
          )
      );
    });
    expect(discovered.duration.count).toBe(passed.length);
  });

  it('removes each cluster on the service before it is made once more, and writes it all down', () => {
    const lines = readFileSync(join(folder, 'run', 'ledger.ndjson'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq?: number; intended?: string; name?: string; gone?: true });
    const open = new Map<string, number>();
    const names = new Map<number, string>();
    let made = 0;
    for (const { seq, intended, name, gone } of lines) {
      if (intended !== undefined) {
        const key = `${intended} ${name}`;
        expect(open.has(key), `${key} is made while it is there`).toBe(false);
        open.set(key, seq!);
        names.set(seq!, key);
        made++;
      }
      if (gone) open.delete(names.get(seq!)!);
    }
    expect(open.size).toBe(0);
    expect(made).toBeGreaterThan(new Set(names.values()).size);
  });

  it('stands in text and metrics', () => {
    expect(renderSummary(summary)).toMatch(
      /^ {2}\d+ clusters removed \(1500%\/h, 60 clusters an hour\): \d+ complete again, 0 failed/m,
    );
    expect(value(metrics, 'swarm_churned_clusters_total', { result: 'complete' })).toBe(summary.churn!.complete);
  });
});
