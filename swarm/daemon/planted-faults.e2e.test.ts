/**
 * Faults inside and in front of the service, one at a time, and what a run with default thresholds names first: real processes, real
 * HTTP. Without a fault the same runs pass.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startClock } from '../../model/time/clock.ts';
import type { FaultInput } from '../../service-mock/http/faults.ts';
import type { PlantedFault, ServiceMockOptions } from '../../service-mock/index.ts';
import type { ReportMessage } from '../../service-mock/main.ts';
import { expandPlan } from '../plan/expand.ts';
import { loadPlan } from '../plan/load.ts';
import { formatFigure } from '../plan/thresholds.ts';
import { startEmbeddedHub } from './embedded.ts';
import { realParts } from './parts.ts';
import { Run } from './run.ts';
import { startTamperingProxy, type Tamper } from './testing/tampering-proxy.ts';

const ends: (() => unknown)[] = [];
afterAll(() => Promise.all(ends.map((end) => end())));

interface Planted {
  name: string;
  /** Inside the service. */
  fault?: PlantedFault;
  /** Of its requests, as something in front of it would make it. */
  request?: FaultInput;
  /** Of its answers, as something in front of it that nobody knows of would change them. */
  tamper?: Tamper;
  /** What the run's first reason is about, as thresholds name it. */
  figure: string;
  /** In the reason, where it is not the figure itself. */
  said?: RegExp;
  speed?: number;
  plan?: object;
  kube?: boolean;
  images?: boolean;
}

/** How busy this machine is with other tests says nothing here. */
const NOT_JUDGED = { generator_saturation: 'off' };

async function service(options: Partial<ServiceMockOptions>): Promise<Extract<ReportMessage, { type: 'listening' }>> {
  const child: ChildProcess = fork(join(import.meta.dirname, '../../service-mock/main.ts'));
  ends.push(() => child.kill('SIGKILL'));
  child.send({ type: 'start', options: { port: 0, ...options } });
  const report = await new Promise<ReportMessage>((resolve) => child.once('message', resolve));
  if (report.type === 'failed') throw new Error(report.message);
  return report;
}

/** Clusters of hosts that are discovered, and a while of polls; `limits` end the wait for those that never are. */
const DISCOVERED = {
  ...{ boot_spread: '1s', poll_interval: '10s', limits: { discovery: '4m' } },
  clusters: [{ topology: 'compact', just_infraenv: true, amount: 2 }],
  phases: { soak: '2m' },
};

async function runWith({ fault, request, tamper, speed = 20, plan, kube, images }: Omit<Planted, 'name' | 'figure'>) {
  const clock = startClock(speed);
  const hub = kube ? await startEmbeddedHub(clock) : null;
  if (hub) ends.push(() => hub.kill());
  const folder = mkdtempSync(join(tmpdir(), 'swarm-planted-'));
  if (hub) writeFileSync(join(folder, 'kubeconfig'), hub.kubeconfig);
  const { url: ownUrl, imagesUrl } = await service({
    clock,
    admin: true,
    planted: fault ? [fault] : [],
    ...(hub && { kube: { kubeconfig: hub.kubeconfig } }),
    ...(images && { images: {} }),
  });
  const proxy = tamper && (await startTamperingProxy(ownUrl, tamper));
  if (proxy) ends.push(() => proxy.close());
  const url = proxy?.url ?? ownUrl;
  if (request) await fetch(`${url}/mock/faults`, { method: 'POST', body: JSON.stringify(request) });
  const text = {
    ...{ name: 'planted', seed: 'planted', service: { url }, thresholds: NOT_JUDGED },
    ...(hub && { hub: { kubeconfig: 'kubeconfig' } }),
    collect: { interval: '1s', ...(hub && { controllers: url }), ...(imagesUrl && { image_service: imagesUrl }) },
    ...DISCOVERED,
    ...plan,
  };
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(text));
  const run = new Run({
    id: 'run',
    plan: { ...expandPlan(loadPlan([join(folder, 'plan.json')])), clockSpeed: speed },
    parts: realParts({ directory: folder, warn: () => {} }),
    workers: 1,
  });
  return run.execute();
}

const planted = (kind: PlantedFault['kind'], figure: string, more: Partial<Planted> = {}): Planted => ({
  name: kind,
  fault: { kind },
  figure,
  ...more,
});
const inFront = (name: string, figure: string, request: FaultInput): Planted => ({
  ...{ name, figure, request },
  ...(figure.startsWith('request_duration') && { said: /^\w+ requests: med of the duration since due is 1/ }),
});
/** What is seen as soon as hosts poll needs no long run. */
const SHORT = { plan: { phases: { soak: '40s' } } };

const CAUSES: Planted[] = [
  planted('slow-sql', 'database_statement_duration'),
  planted('exhausted-pool', 'database_connections_share'),
  planted('events-bloat', 'database_events_written'),
  planted('stalled-monitor', 'service_monitor_period'),
  planted('leaking-goroutines', 'service_goroutines_unexplained', {
    fault: { kind: 'leaking-goroutines', amount: 50 },
  }),
  planted('restarting-pod', 'service_restarts'),
  planted('lost-requeue', 'reaction_duration', {
    ...{ kube: true, speed: 150 },
    plan: {
      clusters: [{ topology: 'sno', api: 'kube', bmh: true }],
      ...{ release_image: 'quay.io/openshift-release-dev/ocp-release:4.17.0-multi', phases: {} },
      limits: { discovery: '25m' },
    },
  }),
  planted('slow-images', 'image_request_duration', { images: true, plan: { boot: { from: 'iso', share: 0.5 } } }),
  planted('429-storm', 'request_errors{kind:429}'),
  planted('reset-storm', 'request_errors{kind:reset}'),
  inFront('delays', 'request_duration', { action: { kind: 'delay', milliseconds: 20_000 } }),
  inFront('cut connections', 'request_errors{kind:eof}', { share: 0.1, action: { kind: 'close' } }),
  {
    // That of all requests, or of the slowest endpoint, whichever was seen first: both name it.
    ...inFront('one slow operation', '_duration{client:agent}', {
      match: { endpoint: 'post-step-reply' },
      // Four seconds of the wall clock.
      action: { kind: 'delay', milliseconds: 80_000 },
    }),
    ...SHORT,
    said: /^agent requests.* to post-step-reply\b.* limit/,
  },
  {
    ...inFront('garbage', 'errors{kind:malformed-answer}', {
      ...{ match: { endpoint: 'get-instructions' }, share: 0.5, action: { kind: 'garbage' } },
    }),
    ...SHORT,
    said: /^errors\{kind:malformed-answer\}: \d+ answers? of the service could not be read/,
  },
  {
    ...{ name: 'no instructions', figure: 'reaction_duration' },
    tamper: ({ method, path }, body) =>
      method === 'GET' && path.endsWith('/instructions')
        ? JSON.stringify({ ...JSON.parse(body), instructions: [] })
        : body,
    said: /'machine registered' without 'machine discovered'/,
  },
  {
    ...{ name: 'a leak of memory', figure: 'service_memory_growth', ...SHORT },
    tamper: ({ path, sinceMs }, body) =>
      path === '/metrics' ? body.replace(/^(go_memstats_heap_alloc_bytes) .*$/m, `$1 ${1e8 + sinceMs * 1e6}`) : body,
    said: /worst heap with \d/,
  },
  inFront('pages for people', 'request_errors{kind:5xx}', { share: 0.1, action: { kind: 'html' } }),
];

describe.concurrent('a planted fault fails the run, and its figure is the first reason', { timeout: 120_000 }, () => {
  it.for(CAUSES)('$name', async (one) => {
    const summary = await runWith(one);
    if (process.env.SHOW) console.log(one.name, summary.wallSeconds, summary.reasons, summary.verdict);
    expect(summary.verdict).toBe('failed');
    const [first] = summary.thresholds;
    expect(first!.ok).toBe(false);
    expect(formatFigure(first!.figure, first!.labels)).toContain(one.figure);
    expect(summary.reasons[0]).toMatch(one.said ?? one.figure);
  });

  it('and none is crossed without one', async () => {
    const summary = await runWith({});
    expect(summary.reasons).toEqual([]);
    expect(summary.verdict).toBe('passed');
  });
});
