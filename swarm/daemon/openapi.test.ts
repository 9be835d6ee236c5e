/** The OpenAPI document: valid, whole, true to the answers, and of use to generators of clients. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { FastifyInstance } from 'fastify';
import { generateApi } from 'swagger-typescript-api';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../package-root.ts';
import { BackupManager } from './backup-manager.ts';
import type { LaunchSource } from './launch-routes.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts, fakePlan } from './testing/fakes.ts';

interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  parameters?: { name: string; in: string; required?: boolean; schema: object }[];
  requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  responses: Record<string, { description: string; content?: Record<string, { schema: object }>; headers?: object }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, object> };
}

let folder: string;
let parts: FakeParts;
let runs: RunManager;
let server: FastifyInstance;
let base: string;
let document: Document;
const plans = new PlanReader();

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-openapi-'));
  parts = new FakeParts();
  runs = new RunManager(parts);
  const createPool = async () => ({
    launch: () => {},
    startHosts: () => {},
    stopCluster: () => {},
    controllerDue: () => {},
    bootstrapWrites: () => {},
    nodeOfDay2: () => {},
    traffic: async () => [],
    stop: async () => {},
  });
  const agents = new PoolLoneAgents({ createPool });
  const launch: LaunchSource = { state: null, infraEnvs: () => [], measured: () => agents.measured()! };
  server = await createServer({ runs, agents, launch, backups: new BackupManager(folder), plans, exit: () => {} });
  await server.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  document = (await (await fetch(`${base}/api/v1/openapi.json`)).json()) as Document;
}, 60_000);

afterAll(async () => {
  await runs.stop();
  await server.close();
  await plans.close();
  rmSync(folder, { recursive: true, force: true });
});

const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

describe('the document', () => {
  it('is valid OpenAPI 3.1', async () => {
    expect(await new Validator().validate({ ...structuredClone(document) })).toEqual({ valid: true });
  });

  it('has a name, a tag, typed answers and errors for every operation, and a body for each that takes one', () => {
    const names = operations().map(({ operation }) => operation.operationId);
    expect(names).toEqual(expect.arrayContaining(['startRun', 'listRuns', 'getRunSummary', 'stopRun', 'createAgent']));
    expect(new Set(names).size).toBe(names.length);
    for (const { path, method, operation } of operations()) {
      const where = `${method} ${path}`;
      expect(operation, where).toMatchObject({
        operationId: expect.stringMatching(/^[a-z][A-Za-z0-9]+$/),
        tags: [expect.any(String)],
        summary: expect.any(String),
      });
      for (const [status, answer] of Object.entries(operation.responses)) {
        expect(answer.description, `${where} ${status}`).not.toBe('Default Response');
        if (status === '204' || status === '101') continue;
        const [{ schema }] = Object.values(answer.content!) as [{ schema: object }];
        expect(Object.keys(schema).length, `${where} ${status} has no schema`).toBeGreaterThan(0);
      }
      const good = Object.keys(operation.responses).filter((status) => Number(status) < 300);
      expect(good, where).toHaveLength(1);
      for (const status of ['400', '401', '403', '421', '429', '500'])
        expect(operation.responses).toHaveProperty(status);
      // Ending a run and setting its pace need no body; everything else that is posted does.
      expect(operation.requestBody !== undefined, where).toBe(
        method === 'post' && !['stopRun', 'setPace'].includes(operation.operationId),
      );
      const inPath = (operation.parameters ?? []).filter((one) => one.in === 'path').map(({ name }) => name);
      expect(inPath, where).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
    }
  });

  it('has every path that the daemon answers, and each answers other methods with 405 and a trailing slash as without', async () => {
    const own = operations().filter(({ path }) => !path.startsWith('/api/assisted-swarm'));
    for (const path of new Set(own.map((one) => one.path))) {
      const url = base + path.replaceAll('{id}', 'none').replaceAll('{host}', '0').replaceAll('{cluster}', '0');
      const answer = await fetch(url, { method: 'PATCH', body: '{', headers: { 'content-type': 'application/json' } });
      const allowed = Object.keys(document.paths[path]!).map((method) => method.toUpperCase());
      expect(answer.status, path).toBe(405);
      expect(answer.headers.get('allow')!.split(', '), path).toEqual(expect.arrayContaining(allowed));
      expect(await answer.json()).toMatchObject({ error: { status: 405, code: 'wrong-method', given: 'PATCH' } });
      if ('get' in document.paths[path]!) expect((await fetch(`${url}/`)).status).toBe((await fetch(url)).status);
    }
  });

  it('says of answers what they are', async () => {
    parts.service.readiness = 'ready';
    const run = runs.start(fakePlan([{}, {}]));
    await runs.idle();
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(document, 'document');
    const check = async (path: string, url = path, status = 200) => {
      const answer = await fetch(base + url);
      expect(answer.status, url).toBe(status);
      const at = `document#/paths/${path.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')}/get/responses/${status}/content/application~1json/schema`;
      const isRight = ajv.getSchema(at)!;
      expect(isRight(await answer.json()) ? [] : isRight.errors, url).toEqual([]);
    };
    const { id } = run;
    await check('/api/v1/runs');
    for (const part of ['', '/summary', '/clusters', '/hosts']) {
      await check(`/api/v1/runs/{id}${part}`, `/api/v1/runs/${id}${part}`);
    }
    await check('/api/v1/runs/{id}/hosts/{host}', `/api/v1/runs/${id}/hosts/1`);
    await check('/api/v1/runs/{id}/clusters/{cluster}', `/api/v1/runs/${id}/clusters/1`);
    await check('/api/v1/runs/{id}', '/api/v1/runs/none', 404);
    await check('/api/v1/runs/{id}/events', `/api/v1/runs/${id}/events`, 426);
    await check('/api/v1/backups');
    await check('/api/v1/backups/{id}', '/api/v1/backups/none', 404);
    await check('/api/assisted-swarm/agents');
    await check('/api/assisted-swarm/agents/{agent_id}', '/api/assisted-swarm/agents/7', 404);
    await check('/api/assisted-swarm/agents/{agent_id}', '/api/assisted-swarm/agents/x', 422);
  });
});

/** What somebody writes against a generated client. Each expected error is one of types: without types there would be none. */
const PROGRAM = `
import { Api, type Agent, type ErrorAnswer, type Run, type RunSummary } from './client.js';

const { api } = new Api({ baseUrl: process.argv[2]! });
const plan = { name: 'generated', service: { url: 'embedded' }, clock_speed: 1000, clusters: [{ topology: 'sno' as const, amount: 2 }] };
// @ts-expect-error a plan has no such key
void (() => api.startRun({ ...plan, clusterz: [] }));
// @ts-expect-error a number of threads
void (() => api.startRun(plan, { workers: 'many' }));

const started: Run = (await api.startRun(plan, { seed: 'mine', workers: 1 })).data;
const listed: Run[] = (await api.listRuns({ limit: 1 })).data;
// @ts-expect-error no state of a run
listed[0]!.state === 'sleeping';
const summary = (await api.getRunSummary(started.id)).data as RunSummary;
const share: number = summary.totals.errors / Math.max(1, summary.totals.requests);
await api.stopRun(started.id);
let run: Run = started;
while (run.state !== 'ended') {
  await new Promise((resolve) => setTimeout(resolve, 20));
  run = (await api.getRun(started.id)).data;
}
const hosts = (await api.listRunHosts(started.id, { limit: 1 })).data;
const phase: string = hosts.items[0]!.phase;

const agent: Agent = (
  await api.createAgent({ service_url: 'http://127.0.0.1:1', infra_env_id: '3c2f6f5e-8a1c-4c2b-9d4e-0f6b7a8c9d0e' })
).data;
const before = (await api.listAgents()).data.length;
await api.deleteAgent(agent.id);
const after = (await api.listAgents()).data.length;

let refused: ErrorAnswer | null = null;
try {
  await api.getRun('none');
} catch (answer) {
  refused = (answer as { error: ErrorAnswer }).error;
}
process.stdout.write(JSON.stringify({
  listed: listed.map((one) => one.id === started.id), seed: started.seed, plan: summary.plan, share, verdict: run.verdict,
  total: hosts.total, phase, before, after, refused: refused?.error.code,
}));
`;

it('lets a client be generated that type-checks and works', async () => {
  parts.service.readiness = 'insufficient';
  const where = mkdtempSync(join(folder, 'client-'));
  const { files } = await generateApi({
    spec: structuredClone(document),
    fileName: 'client.ts',
    output: false,
    silent: true,
    enumStyle: 'union',
  });
  // The client itself is checked too.
  const client = files.map(({ fileContent }) => fileContent.replace('// @ts-nocheck', '')).join('\n');
  writeFileSync(join(where, 'client.ts'), client);
  writeFileSync(join(where, 'program.ts'), `/// <reference types="node" />\n${PROGRAM}`);
  writeFileSync(join(where, 'package.json'), '{"type":"module"}');
  const compilerOptions = {
    ...{
      strict: true,
      target: 'es2024',
      module: 'nodenext',
      lib: ['es2024', 'dom', 'dom.iterable'],
      noEmitOnError: true,
    },
    ...{
      typeRoots: [join(packageRoot(), 'node_modules', '@types')],
      types: ['node'],
      skipLibCheck: true,
      outDir: 'out',
    },
  };
  writeFileSync(join(where, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
  const node = async (...argv: string[]) =>
    (
      await promisify(execFile)(process.execPath, argv).catch((error) =>
        Promise.reject(new Error(error.stdout || error.message)),
      )
    ).stdout;
  await node(join(packageRoot(), 'node_modules/typescript/bin/tsc'), '-p', where);
  expect(JSON.parse(await node(join(where, 'out', 'program.js'), base))).toEqual({
    ...{ listed: [true], seed: 'mine', plan: 'generated', share: 0, verdict: 'interrupted', total: 2 },
    ...{ phase: expect.any(String), before: 1, after: 0, refused: 'unknown-run' },
  });
}, 120_000);
