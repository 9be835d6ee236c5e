import type { AddressInfo } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { SLOW_READER } from './event-stream.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts } from './testing/fakes.ts';

const PLAN = `
name: tiny
seed: seed
service: { url: embedded }
clock_speed: 1000
boot_spread: 0s
clusters:
  - topology: sno
    amount: 2
`;

let parts: FakeParts;
/** One for all tests: a thread of its own takes a while to start. */
const plans = new PlanReader();
let runs: RunManager;
let server: FastifyInstance;
let base: string;

beforeEach(async () => {
  parts = new FakeParts();
  runs = new RunManager(parts);
  server = await createServer({ runs, agents: new PoolLoneAgents(), plans, exit: () => {} });
  await server.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await runs.stop();
  await server.close();
});

const api = (path: string, init?: RequestInit) => fetch(`${base}/api/v1${path}`, init);
const post = (body: string, query = '', type = 'application/yaml') =>
  api(`/runs${query}`, { method: 'POST', body, headers: { 'content-type': type } });
const body = async (answer: Response) =>
  (await answer.json()) as {
    [key: string]: unknown;
    id: string;
    paths: Record<string, object>;
  };

describe('runs', () => {
  it('starts a plan from YAML, shows it, and gives its rows when it ended', async () => {
    const started = await post(PLAN);
    expect(started.status).toBe(201);
    const run = await body(started);
    expect(run).toMatchObject({ plan: 'tiny', seed: 'seed', clusters: 2, hosts: 2, verdict: null });
    expect(started.headers.get('location')).toBe(`/api/v1/runs/${run.id}`);
    await runs.idle();

    expect(await body(await api(`/runs/${run.id}`))).toMatchObject({ state: 'ended', verdict: 'passed', reasons: [] });
    expect(await body(await api('/runs'))).toHaveLength(1);
    expect(await body(await api(`/runs/${run.id}/summary`))).toMatchObject({ verdict: 'passed', plan: 'tiny' });
    expect(await body(await api(`/runs/${run.id}/clusters?phase=deleted`))).toMatchObject({ total: 2 });
    expect(await body(await api(`/runs/${run.id}/clusters?phase=failed`))).toEqual({ total: 0, items: [] });
    const page = await body(await api(`/runs/${run.id}/hosts?limit=1&offset=1`));
    expect(page).toMatchObject({ total: 2, items: [{ host: 1, role: 'master', phase: 'done', day2: false }] });
    expect(await body(await api(`/runs/${run.id}/hosts?cluster=1&phase=done`))).toMatchObject({ total: 1 });
    const history = await body(await api(`/runs/${run.id}/hosts/1`));
    expect(history).toMatchObject({
      host: { host: 1 },
      processes: null,
      events: [{ type: 'host.phase', phase: 'done' }, { type: 'host.status' }],
    });
  });

  it('shows what the programs of a no-op host took', async () => {
    await post(PLAN);
    const run = runs.current!;
    const memory = { resident: 9, proportional: null };
    const programs = { agent: { cpuSeconds: 1.5, memory, restarts: 1, exits: { SIGKILL: 1 } } };
    run.processes.apply({
      worker: 0,
      driver: { labCpuSeconds: 1, labMemory: memory, relayCpuSeconds: 1 },
      hosts: [{ cluster: 'c', host: 'h', index: 1, seconds: 60, programs }],
    });
    const { processes } = await body(await api(`/runs/${run.id}/hosts/1`));
    expect(processes).toEqual({ seconds: 60, programs, peaks: { agent: { resident: 9, proportional: 0 } } });
    await runs.idle();
    expect(await body(await api(`/runs/${run.id}/summary`))).toMatchObject({ noop: { hosts: 1, hostMinutes: 1 } });
  });

  it('takes JSON plans and the changes in the query', async () => {
    const plan = JSON.stringify({ service: { url: 'embedded' }, clusters: [{ topology: 'sno' }] });
    const answer = await post(plan, '?seed=other&speed=1000&keep=true&workers=1', 'application/json');
    expect(await body(answer)).toMatchObject({ seed: 'other', clusters: 1 });
    expect(runs.current!.plan).toMatchObject({ clockSpeed: 1000, keep: true });
    expect(runs.current!.workers).toBe(1);
  });

  it('stops a run, and refuses a second one beside it', async () => {
    parts.service.readiness = 'insufficient';
    const run = await body(await post(PLAN));
    const second = await post(PLAN);
    expect(second.status).toBe(409);
    expect((await body(second)).error).toMatchObject({ status: 409, code: 'run-in-progress' });
    // Without reading it: that would take from the run's time.
    expect((await post('[{'.repeat(20_000))).status).toBe(409);
    const stopped = await api(`/runs/${run.id}/stop`, { method: 'POST' });
    expect(stopped.status).toBe(202);
    await runs.idle();
    expect(await body(await api(`/runs/${run.id}`))).toMatchObject({ verdict: 'interrupted' });
    expect((await api(`/runs/${run.id}/stop`, { method: 'POST' })).status).toBe(409);
  });
});

describe('errors', () => {
  it('names place, value and what is allowed in a plan', async () => {
    const answer = await post('clusters:\n  - topology: big\n');
    expect(answer.status).toBe(400);
    const { error } = await body(answer);
    expect(error).toMatchObject({ code: 'bad-plan', message: expect.stringMatching(/^plan:2:15: .*big.*sno/) });
  });

  it.each([
    ['no body', () => post(''), 400, 'no-plan'],
    ['unknown media type', () => post('x', '', 'image/png'), 415, 'unknown-media-type'],
    ['unknown query', () => post(PLAN, '?sped=2'), 400, 'bad-value'],
    ['query of a wrong type', () => post(PLAN, '?workers=many'), 400, 'bad-value'],
    [
      'speed with a real service',
      () => post('service: {url: "http://x"}\nclusters: [{topology: sno}]', '?speed=2'),
      400,
      'bad-plan',
    ],
    ['unknown run', () => api('/runs/none'), 404, 'unknown-run'],
    ['events of an unknown run', () => api('/runs/none/events'), 404, 'unknown-run'],
    ['unknown path', () => api('/nothing'), 404, 'unknown-path'],
  ])('%s', async (_name, call, status, code) => {
    const answer = await call();
    expect(answer.status).toBe(status);
    const { error } = await body(answer);
    expect(error).toMatchObject({ status, code, message: expect.any(String) });
  });

  it('says what was given and allowed for a filter', async () => {
    await post(PLAN);
    await runs.idle();
    const answer = await api(`/runs/${runs.current!.id}/hosts?phase=sleeping`);
    const { error } = await body(answer);
    expect(error).toMatchObject({ given: 'sleeping', allowed: expect.arrayContaining(['discovered', 'done']) });
    expect((await api(`/runs/${runs.current!.id}/hosts/99`)).status).toBe(404);
    expect((await api(`/runs/${runs.current!.id}/hosts/x`)).status).toBe(400);
  });
});

describe('events', () => {
  const connect = async (id: string) => {
    const socket = new WebSocket(`${base.replace('http', 'ws')}/api/v1/runs/${id}/events`);
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return socket;
  };
  const closed = (socket: WebSocket) =>
    new Promise<{ code: number; reason: string }>((resolve) =>
      socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );

  it('arrive one a message until the run is over', async () => {
    parts.service.readiness = 'insufficient';
    const run = await body(await post(PLAN));
    const socket = await connect(run.id);
    const seen: { type: string }[] = [];
    socket.on('message', (data) => seen.push(JSON.parse(String(data))));
    const end = closed(socket);
    runs.current!.stop();
    expect(await end).toEqual({ code: 1000, reason: 'the run is over' });
    expect(seen.at(-1)).toMatchObject({ type: 'run.ended', verdict: 'interrupted' });
  });

  it('drop a reader that does not read, tell it why, and go on for others', async () => {
    parts.service.readiness = 'insufficient';
    const run = await body(await post(PLAN));
    const [slow, quick] = await Promise.all([connect(run.id), connect(run.id)]);
    slow.pause();
    const end = closed(slow);
    const { events } = runs.current!;
    const message = 'x'.repeat(10_000);
    let quickSaw = 0;
    quick.on('message', () => quickSaw++);
    let sent = 0;
    while (events.dropped === 0 && sent < 10_000) {
      events.publish({ time: 0, type: 'run.warning', message });
      // Lets both sockets take what they can; the quick one stays far below its limit.
      if (++sent % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(events.dropped).toBe(1);
    slow.resume();
    const { code, reason } = await end;
    expect(code).toBe(SLOW_READER);
    expect(reason).toContain('too slow');
    expect(quick.readyState).toBe(WebSocket.OPEN);
    const before = quickSaw;
    events.publish({ time: 0, type: 'run.warning', message: 'last' });
    await new Promise<void>((resolve) => quick.on('message', (data) => String(data).includes('last') && resolve()));
    expect(quickSaw).toBeGreaterThan(before);
  });
});

describe('documents', () => {
  it('serves its OpenAPI description with every path', async () => {
    const document = await body(await api('/openapi.json'));
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining([
        '/api/v1/runs',
        '/api/v1/runs/{id}/hosts/{host}',
        '/api/v1/runs/{id}/events',
        '/api/assisted-swarm/agents',
      ]),
    );
    expect(document.paths['/api/assisted-swarm/agents']).not.toHaveProperty('put');
  });

  it('serves metrics, between runs too, and the page', async () => {
    expect(await (await fetch(`${base}/metrics`)).text()).toContain('swarm_build_info');
    await post(PLAN);
    await runs.idle();
    const text = await (await fetch(`${base}/metrics`)).text();
    expect(text).toContain('swarm_clusters{phase="deleted"} 2');
    const page = await fetch(`${base}/`);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<title>assisted-swarm</title>');
  });
});
