/** Reports of runs over the API, and in the folder of a run at its end. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { readCsv, readMarkup } from '../report/testing/markup.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { realParts } from './parts.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';
import { AccessToken } from './token.ts';

let root: string;
let runs: RunManager;
let server: FastifyInstance;
let base: string;
const plans = new PlanReader();
const TOKEN = 'a-token-that-is-long-enough-for-anybody';

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'swarm-run-report-'));
  const warn = (message: string) => {
    throw new Error(message);
  };
  const { openStore } = realParts({ directory: root, warn });
  const parts = Object.assign(new FakeParts(), { openStore });
  parts.service.readiness = 'ready';
  runs = new RunManager(parts, new RunArchive(root));
  const access = { token: new AccessToken(TOKEN), hosts: new Set<string>() };
  server = await createServer({ runs, agents: new PoolLoneAgents(), plans, exit: () => {}, access });
  await server.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}/api/v1/runs`;
});
afterEach(async () => {
  await runs.stop();
  await server.close();
  rmSync(root, { recursive: true });
});

const get = (path: string, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  fetch(base + path, { headers });

it('are given of a run that goes on, of one that has ended, and of one of another process', async () => {
  const run = runs.start(fakePlan([{}, {}]));
  const live = await (await get(`/${run.id}/report`)).text();
  expect(readMarkup(live).find(({ name }) => name === 'h1')!.text).toContain('RUNNING');
  await runs.idle();
  const answer = await get(`/${run.id}/report`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('content-security-policy')).toMatch(/default-src 'none'.*sandbox/);
  const ended = await answer.text();
  expect(ended).toContain('✓ PASSED');
  const others = new RunManager(new FakeParts(), new RunArchive(root));
  const server2 = await createServer({ runs: others, agents: new PoolLoneAgents(), plans, exit: () => {} });
  const past = await server2.inject({ url: `/api/v1/runs/${run.id}/report`, headers: { host: '127.0.0.1' } });
  await server2.close();
  expect(past.body).toBe(readFileSync(join(root, run.id, 'report.html'), 'utf8'));
});

it('are behind the access rules, and are not made of what is not there', async () => {
  const run = runs.start(fakePlan([{}]));
  await runs.idle();
  expect((await get(`/${run.id}/report`, {})).status).toBe(401);
  expect((await get('/none/report')).status).toBe(404);
});

it('stand in the folder of a run when it has ended', async () => {
  const run = runs.start(fakePlan([{}]));
  await runs.idle();
  const read = (name: string) => readFileSync(join(root, run.id, name), 'utf8');
  readMarkup(read('report.html'));
  expect(readMarkup(read('junit.xml')).find(({ name }) => name === 'testsuite')!.attributes).toMatchObject({
    failures: '0',
  });
  expect(readCsv(read('series.csv'))[0]).toContain('elapsed_seconds');
});
