/** Runs that the daemon finds in its folder: of earlier daemons, of other processes, killed ones. */
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import WebSocket from 'ws';
import { Ledger, type LedgerHeader } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { RunStore } from '../telemetry/run-store.ts';
import { realParts } from './parts.ts';
import { PastRun } from './past-run.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';

const PLAN = fakePlan([{ controlPlanes: 3 }, {}], {
  service: { url: 'http://service', tls: {}, agentToken: '', userAuthorization: '' },
});
const DEAD = { ...ownIdentity(), startTime: '1', pid: 2 ** 22 + 1 };
const fail = (error: Error) => {
  throw error;
};

let root: string;
/** One for all tests: a thread of its own takes a while to start. */
const plans = new PlanReader();
let runs: RunManager;
let server: FastifyInstance;
let base: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'swarm-past-'));
  runs = new RunManager(new FakeParts(), new RunArchive(root));
  server = await createServer({ runs, agents: new PoolLoneAgents(), plans, exit: () => {} });
  await server.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/api/v1/runs`;
});
afterEach(async () => {
  await runs.stop();
  await server.close();
  rmSync(root, { recursive: true });
});

/** A run's folder as another process leaves it. */
async function leave(run: string, process: LedgerHeader['process'], summary?: object): Promise<string> {
  const store = await RunStore.open({ root, run, plan: PLAN, onFailure: fail });
  const header: LedgerHeader = {
    ...{
      ledger: 1,
      run,
      plan: 'test',
      seed: 'seed',
      shard: { index: 0, count: 1 },
      service: 'http://service',
      tls: {},
    },
    ...{ clusters: 2, hosts: 4, startedAt: '2026-11-21T14:30:00.000Z', process },
  };
  const ledger = Ledger.create(store.folder, header, fail);
  const events: RunEvent[] = [
    { type: 'cluster.phase', time: 1, cluster: 0, name: 'cluster-0', phase: 'creating' },
    { type: 'host.phase', time: 2, cluster: 0, host: 1, id: 'h1', phase: 'polling' },
    { type: 'host.phase', time: 3, cluster: 0, host: 1, id: 'h1', phase: 'discovered' },
    { type: 'cluster.phase', time: 4, cluster: 0, name: 'cluster-0', phase: 'failed', reason: 'because' },
  ];
  for (const event of events) store.append(event);
  await store.close(summary);
  ledger.end(summary && { ended: '2026-11-21T15:00:00.000Z', verdict: 'failed', reasons: ['because'] });
  return store.folder;
}

const get = async (path: string) => {
  const answer = await fetch(base + path);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};

it('lists runs of earlier daemons beside its own, newest first', async () => {
  await leave('20261121-1', DEAD, { verdict: 'failed' });
  await leave('20261121-2', DEAD);
  const own = runs.start(fakePlan([{}]));
  await runs.idle();
  expect((await get('')).body).toMatchObject([
    { id: own.id, state: 'ended', verdict: 'passed' },
    { id: '20261121-2', state: 'killed', verdict: null, endedAt: null, clusters: 2, hosts: 4, plan: 'test' },
    { id: '20261121-1', state: 'ended', verdict: 'failed', reasons: ['because'], directory: join(root, '20261121-1') },
  ]);
  expect((await get('?limit=1')).body).toHaveLength(1);
  expect((await get('?limit=0')).status).toBe(400);
});

it('reads an own run from its files once another has begun', async () => {
  const { openStore } = realParts({ directory: root, warn: (message) => fail(new Error(message)) });
  const own = new RunManager(Object.assign(new FakeParts(), { openStore }), new RunArchive(root));
  const first = own.start(fakePlan([{}]));
  await own.idle();
  expect(own.get(first.id)).toBe(first);
  const second = own.start(fakePlan([{}]));
  expect(own.get(first.id)).toBeInstanceOf(PastRun);
  expect(own.get(second.id)).toBe(second);
  expect(own.get(first.id)!.summary()).toEqual(JSON.parse(JSON.stringify(first.summary())));
  await own.idle();
  expect(
    own
      .list()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([first.id, second.id].sort());
});

it('shows what a past run came to, and where its clusters and hosts were', async () => {
  await leave('past', DEAD, { verdict: 'failed', plan: 'test' });
  expect((await get('/past')).body).toMatchObject({ id: 'past', state: 'ended', seed: 'seed' });
  expect((await get('/past/summary')).body).toEqual({ verdict: 'failed', plan: 'test' });
  expect((await get('/past/clusters?phase=failed')).body).toMatchObject({ total: 1, items: [{ reason: 'because' }] });
  expect((await get('/past/hosts?phase=discovered')).body).toMatchObject({ total: 1, items: [{ host: 1, id: 'h1' }] });
  const history = await get('/past/hosts/1');
  expect(history.body).toMatchObject({
    host: { phase: 'discovered' },
    events: [{ phase: 'polling' }, { phase: 'discovered' }],
  });
  expect((await get('/past/hosts/99')).status).toBe(404);
  expect((await get('/past/clusters/0')).body).toMatchObject({
    cluster: { phase: 'failed', reason: 'because' },
    events: [{ phase: 'creating' }, { phase: 'failed' }],
  });
  expect((await get('/past/clusters/99')).status).toBe(404);
  expect((await fetch(`${base}/past/stop`, { method: 'POST' })).status).toBe(409);
  const socket = new WebSocket(`${base.replace('http', 'ws')}/past/events`);
  expect(await new Promise((resolve) => socket.once('close', resolve))).toBe(1000);
});

it('shows of a killed run what it wrote, to half a line, and that it has no summary', async () => {
  const folder = await leave('killed', DEAD);
  appendFileSync(join(folder, 'events.ndjson'), '{"type":"host.phase","time":5,"cluster":0,"host":1,"id"');
  expect((await get('/killed/hosts/1')).body).toMatchObject({ host: { phase: 'discovered' } });
  expect(await get('/killed/summary')).toMatchObject({
    status: 404,
    body: { error: { code: 'no-summary', message: expect.stringContaining('it was killed before its end') } },
  });
});

it('leaves a run of another process alone', async () => {
  await leave('other', ownIdentity());
  expect((await get('/other')).body).toMatchObject({ state: 'running' });
  const stopped = await fetch(`${base}/other/stop`, { method: 'POST' });
  expect(stopped.status).toBe(409);
  expect(await stopped.json()).toMatchObject({ error: { code: 'run-elsewhere' } });
  expect((await get('/other/events')).status).toBe(409);
  expect((await get('/other/clusters')).body).toMatchObject({ total: 2 });
});

it('knows no run outside of its folder', async () => {
  for (const id of ['..', '%2e%2e', '..%2f..', '%2fetc', 'none'])
    expect((await get(`/${id}/summary`)).status).toBe(404);
});
