/** Backup loads through the API, as its clients see them. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import type { KubeObject } from '../../controller-mock/api/object.ts';
import type { StoreChange } from '../../controller-mock/store/store.ts';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import type { BackupEvent } from '../backup/backup-event.ts';
import type { BackupFigures } from '../backup/backup-figures.ts';
import { optionOf, PARAMETER_NAMES, PARAMETERS, type Parameter } from '../backup/parameters.ts';
import { BackupBench } from '../backup/testing/backup-bench.ts';
import { builtInTemplate } from '../backup/workspace-template.ts';
import { readLedger } from '../telemetry/ledger.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { parseExposition, value } from '../telemetry/testing/exposition.ts';
import { BackupManager } from './backup-manager.ts';
import { PlanReader } from './plan-reader.ts';
import { PoolLoneAgents } from './pool-lone-agents.ts';
import { RunManager } from './run-manager.ts';
import { createServer } from './server.ts';
import { FakeParts } from './testing/fakes.ts';
import { AccessToken } from './token.ts';

const TIMEOUT = { timeout: 60_000 };
const LOAD = { 'max-devworkspaces': 6, 'registry-path': 'quay.io/acme', 'registry-secret': '' };
const EMBEDDED = { ...LOAD, embedded: true, 'separate-namespaces': true };
const FOUND = {
  workspace: { progressTimeout: '3600s', backupCronJob: { enable: false, registry: { path: 'own.example/x' } } },
};

/** One for all tests: a thread of its own takes a while to start. */
const plans = new PlanReader();
let folder: string;
let backups: BackupManager;
let runs: RunManager;
let server: FastifyInstance;
let base: string;
let bench: BackupBench | null = null;

async function serve(token: string | null = null): Promise<void> {
  backups = new BackupManager(folder);
  runs = new RunManager(new FakeParts(), new RunArchive(folder));
  const access = token === null ? {} : { access: { token: new AccessToken(token), hosts: new Set<string>() } };
  server = await createServer({ runs, backups, agents: new PoolLoneAgents(), plans, exit: () => {}, ...access });
  await server.listen({ host: '127.0.0.1', port: 0 });
  base = `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
}

async function close(): Promise<void> {
  await Promise.all([runs.stop(), backups.close()]);
  await server.close();
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-backups-'));
  vi.stubEnv('QUAY_USERNAME', undefined);
  vi.stubEnv('QUAY_PASSWORD', undefined);
  await serve();
});
afterEach(async () => {
  await close();
  vi.unstubAllEnvs();
  await bench?.close();
  bench = null;
  rmSync(folder, { recursive: true, force: true });
});

/** A cluster that outlives its loads; the daemon's kubeconfig leads there. */
async function startBench(): Promise<BackupBench> {
  bench = await BackupBench.start({
    clock: new ScaledClock(startClock(1)),
    operatorConfig: FOUND,
    namespaceGraceMs: 200,
  });
  const file = join(bench.folder, 'kubeconfig');
  writeFileSync(file, bench.world.kubeconfig);
  vi.stubEnv('KUBECONFIG', file);
  return bench;
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at as JSON.
type Answer = any;
const api = (path: string, init?: RequestInit) => fetch(`${base}/api/v1${path}`, init);
const get = async (path: string): Promise<Answer> => (await api(path)).json();
const post = (body: unknown, type = 'application/json') =>
  api('/backups', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    headers: { 'content-type': type },
  });

async function start(body: object): Promise<string> {
  const answer = await post(body);
  const load: Answer = await answer.json();
  expect({ status: answer.status, load }).toMatchObject({ status: 201, load: { state: 'starting', verdict: null } });
  expect(answer.headers.get('location')).toBe(`/api/v1/backups/${load.id}`);
  return load.id;
}

/** All events of a load from now on; resolves when the daemon says that it is over. */
function follow(id: string): Promise<{ events: BackupEvent[]; code: number }> {
  const socket = new WebSocket(`${base.replace('http', 'ws')}/api/v1/runs/${id}/events`);
  const events: BackupEvent[] = [];
  socket.on('message', (data) => events.push(JSON.parse(String(data))));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', (code) => resolve({ events, code }));
  });
}

describe('a load', () => {
  it('is started, followed and judged, and can be read afterwards', TIMEOUT, async () => {
    const id = await start({ ...EMBEDDED, 'restore-sample': 2 });
    const { events, code } = await follow(id);
    expect(code).toBe(1000);
    await backups.idle();
    expect(events.at(-1)).toMatchObject({ type: 'run.ended', run: id, verdict: 'passed', reasons: [] });
    const started = events.flatMap((event) => (event.type === 'phase.started' ? [event.phase] : []));
    const ended = events.flatMap((event) => (event.type === 'phase.ended' ? [event.figures] : []));
    expect(ended.map(({ phase }) => phase)).toEqual(expect.arrayContaining(started));
    expect(started.slice(-2)).toEqual(['reset', 'cleanup']);

    const load = await get(`/backups/${id}`);
    expect(load).toMatchObject({ state: 'ended', verdict: 'passed', reasons: [], progress: null, findings: [] });
    expect(load.phases.slice(-ended.length)).toEqual(ended);
    expect(load.figures).toMatchObject({ load: { planned: 6, ready: 6 }, jobs: { total: 6, succeeded: 6 } });
    expect(load.figures).not.toHaveProperty('workspaces');
    const summary = JSON.parse(readFileSync(join(folder, id, 'summary.json'), 'utf8'));
    expect(await get(`/runs/${id}/summary`)).toEqual(summary);
    const { workspaces: _workspaces, phases, queue, restore, ...figures } = summary.figures;
    const { points: _points, ...restOfQueue } = queue;
    const { workspaces: restored, ...restOfRestore } = restore;
    expect(load).toMatchObject({ phases, figures: { ...figures, queue: restOfQueue, restore: restOfRestore } });
    expect(restored).toHaveLength(2);
    const metrics = parseExposition(await (await fetch(`${base}/metrics`)).text());
    expect(value(metrics, 'swarm_backup_restores', { outcome: 'ready' })).toBe(2);
    expect(value(metrics, 'swarm_backup_restore_ready_duration_seconds_count')).toBe(2);
    expect(value(metrics, 'swarm_backup_phase_done', { phase: 'restore' })).toBe(2);

    // As one of another daemon.
    await close();
    await serve();
    expect(await get(`/backups/${id}`)).toEqual(load);
    expect(await get('/backups')).toEqual([expect.objectContaining({ id, verdict: 'passed' })]);
    expect(await get('/runs')).toEqual([
      expect.objectContaining({ id, backup: true, plan: 'backup of 6, correct', clusters: 0, state: 'ended' }),
    ]);
    expect(await get(`/runs/${id}/summary`)).toEqual(summary);
    for (const path of ['clusters', 'hosts']) {
      expect(await get(`/runs/${id}/${path}`)).toMatchObject({ error: { code: 'backup-load', given: id } });
    }
  });

  it('has metrics that are the figures of its summary', TIMEOUT, async () => {
    const before = parseExposition(await (await fetch(`${base}/metrics`)).text());
    expect(before.get('swarm_backup_jobs')?.samples).toEqual([]);
    const id = await start({ ...EMBEDDED, 'dwoc-config-type': 'incorrect' });
    await backups.idle();
    const metrics = parseExposition(await (await fetch(`${base}/metrics`)).text());
    expect([...metrics.values()].every(({ help }) => help.endsWith('.'))).toBe(true);
    const { figures } = (await get(`/runs/${id}/summary`)) as { figures: BackupFigures };
    const { load, stop, jobs, outcomes, queue, failures, api: requests, resources } = figures;
    const of = (name: string, labels?: Record<string, string>) => value(metrics, `swarm_backup_${name}`, labels);
    expect(jobs).toMatchObject({ total: 12, failed: 12, pods: 24 });
    expect(of('workspaces', { state: 'ready' })).toBe(load.ready);
    expect(of('workspaces', { state: 'stopped' })).toBe(stop!.stopped);
    for (const [outcome, count] of Object.entries(outcomes!)) expect(of('outcomes', { outcome })).toBe(count);
    for (const state of ['succeeded', 'failed', 'unfinished'] as const) {
      expect(of('jobs', { state })).toBe(jobs![state]);
    }
    expect(of('pods_total')).toBe(jobs!.pods);
    expect(of('pod_retries_total')).toBe(jobs!.retries);
    expect(of('pod_failures_total')).toBe(failures!.pods);
    expect(of('queue_peak_jobs')).toBe(queue!.peak);
    for (const [name, spread] of [
      ['job_duration_seconds', jobs!.totalMs],
      ['job_wait_seconds', jobs!.waitMs],
      ['job_run_seconds', jobs!.runMs],
      ['job_creation_lag_seconds', jobs!.creationLagMs],
      ['workspace_ready_duration_seconds', load.readyMs],
      ['workspace_stop_duration_seconds', stop!.stopMs],
    ] as const) {
      expect({ name, count: of(`${name}_count`) }).toEqual({ name, count: spread!.count });
      expect(of(`${name}_sum`)).toBeCloseTo((spread!.average * spread!.count) / 1000, 6);
    }
    const counted = metrics.get('swarm_backup_requests_total')!.samples;
    const total = counted.filter(({ labels }) => labels.verb !== 'watch').reduce((sum, one) => sum + one.value, 0);
    expect(total).toBe(requests.total);
    for (const { phase, done, of: planned, startedAt, endedAt } of figures.phases) {
      expect(of('phase', { phase })).toBe(0);
      expect(of('phase_done', { phase })).toBe(done);
      expect(of('phase_planned', { phase })).toBe(planned);
      expect(of('phase_duration_seconds', { phase })).toBeCloseTo((endedAt - startedAt) / 1000, 6);
    }
    expect(of('restarts_total', { program: 'operator' })).toBe(resources.operatorRestarts.restarts);
    expect(of('cpu_cores', { program: 'operator', statistic: 'max' })).toBeCloseTo(
      resources.operator.cpu!.max / 1000,
      9,
    );
    expect(of('memory_bytes', { program: 'backup-pods', statistic: 'p95' })).toBeCloseTo(
      resources.backupPods.memory!.p95 * 2 ** 20,
      3,
    );
    expect(of('leftovers')).toBe(0);
  });

  it('goes on beside a run of agents, and refuses a second load', TIMEOUT, async () => {
    const id = await start(EMBEDDED);
    const second = await post(EMBEDDED);
    expect(second.status).toBe(409);
    expect(await second.json()).toMatchObject({ error: { code: 'backup-in-progress' } });
    const plan = 'service: {url: embedded}\nclock_speed: 1000\nclusters: [{topology: sno}]';
    const run = await api('/runs', { method: 'POST', body: plan, headers: { 'content-type': 'application/yaml' } });
    expect(run.status).toBe(201);
    const listed: Answer = await get('/runs');
    expect(listed.map(({ backup }: Answer) => backup)).toEqual([false, true]);
    expect(await get('/runs?limit=1')).toHaveLength(1);
    await Promise.all([runs.idle(), backups.idle()]);
    expect(await get(`/runs/${id}`)).toMatchObject({ state: 'ended', verdict: 'passed', backup: true });
  });

  it('takes a DevWorkspace of its own, and everything as the command line would', TIMEOUT, async () => {
    const spec = builtInTemplate(1024, { backup: true, storageType: null });
    const own = { apiVersion: 'workspace.devfile.io/v1alpha2', kind: 'DevWorkspace', metadata: { name: 'own' }, spec };
    const id = await start({
      ...EMBEDDED,
      'max-devworkspaces': '2',
      'devworkspace-link': own,
      'logs-dir': 'files',
      speed: 100,
    });
    await backups.idle();
    expect(await get(`/backups/${id}`)).toMatchObject({ verdict: 'passed', figures: { clockSpeed: 100 } });
    expect(readdirSync(join(folder, id))).toContain('files');
  });
});

describe('the OpenAPI document', () => {
  it('has the routes, and every parameter of the command line in the body', async () => {
    const { paths, components }: Answer = await get('/openapi.json');
    expect(Object.keys(paths['/api/v1/backups'])).toEqual(expect.arrayContaining(['post', 'get']));
    expect(paths).toHaveProperty('/api/v1/backups/{id}');
    const { requestBody, tags } = paths['/api/v1/backups'].post;
    expect(tags).toEqual(['backups']);
    expect(requestBody.content['application/json'].schema).toEqual({ $ref: '#/components/schemas/BackupParameters' });
    const { properties } = components.schemas.BackupParameters;
    for (const name of PARAMETER_NAMES.filter((one) => !(PARAMETERS[one] as Parameter).hidden)) {
      expect(properties).toHaveProperty(optionOf(name).slice(2));
    }
    expect(properties).toHaveProperty('embedded');
  });
});

describe('a body', () => {
  it.each([
    ['nothing', '', 'no-body', /empty/],
    ['no JSON', '{', 'bad-json', /not JSON/],
    ['YAML', 'max-devworkspaces: 5', 'bad-json', /not JSON/],
    ['a list', '[]', 'bad-json', /a list; it must be an object/],
    [
      'no number of workspaces',
      { ...EMBEDDED, 'max-devworkspaces': undefined },
      'bad-parameters',
      /^max-devworkspaces is missing/,
    ],
    ['a value of a wrong type', { ...EMBEDDED, 'max-vus': {} }, 'bad-parameters', /^max-vus is an object: allowed/],
    ['null', { ...EMBEDDED, 'max-vus': null }, 'bad-parameters', /^max-vus is null: allowed/],
    ['a value out of range', { ...EMBEDDED, 'max-vus': 0 }, 'bad-parameters', /^max-vus is "0": allowed .* from 1 to/],
    [
      'an unknown name',
      { ...EMBEDDED, 'max-vu': 3 },
      'bad-parameters',
      /^"max-vu" is no parameter; did you mean max-vus/,
    ],
    ['hyphens', { ...EMBEDDED, '--max-vus': 3 }, 'bad-parameters', /did you mean max-vus/],
    ['what is not done here', { ...EMBEDDED, mode: 'operator' }, 'bad-parameters', /^mode operator is not possible/],
    [
      'a contradiction',
      { ...EMBEDDED, 'run-backup-test-hook': false },
      'bad-parameters',
      /run-backup-test-hook is false/,
    ],
    ['a path without a host', { ...EMBEDDED, 'registry-path': 'acme' }, 'bad-parameters', /^registry-path /],
    ['a kubeconfig', { ...LOAD, kubeconfig: '/etc/passwd' }, 'bad-parameters', /^kubeconfig is not taken/],
    ['a file', { ...EMBEDDED, 'devworkspace-link': '/etc/passwd' }, 'bad-parameters', /names no files of the daemon/],
    ['a folder', { ...EMBEDDED, 'logs-dir': '/tmp' }, 'bad-parameters', /^logs-dir is "\/tmp"/],
    ['a way out', { ...EMBEDDED, 'logs-dir': 'a/../../b' }, 'bad-parameters', /^logs-dir is/],
    ['speed of a real cluster', { ...LOAD, speed: 2 }, 'bad-parameters', /speed is for embedded alone/],
    ['a context of the embedded cluster', { ...EMBEDDED, context: 'x' }, 'bad-parameters', /leave out context/],
    ['embedded as a text', { ...EMBEDDED, embedded: 'true' }, 'bad-parameters', /embedded is "true"/],
    [
      'an object of another kind',
      { ...EMBEDDED, 'devworkspace-link': { kind: 'Pod' } },
      'bad-parameters',
      /give a DevWorkspace/,
    ],
    [
      'deep nesting',
      JSON.stringify(EMBEDDED).replace('{', `{"devworkspace-link":${'{"a":['.repeat(50_000)}${']}'.repeat(50_000)},`),
      'bad-parameters',
      /nested too deeply/,
    ],
  ])('with %s is refused', async (_what, body, code, message) => {
    const answer = await post(body);
    expect(answer.status).toBe(400);
    const { error }: Answer = await answer.json();
    expect(error).toMatchObject({ status: 400, code, message: expect.stringMatching(message) });
    expect(backups.current).toBe(null);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('is told all of its problems at once, and what would be right', async () => {
    const { error }: Answer = await (
      await post({ 'max-devworkspaces': 'x', 'max-vus': -1, foo: 1, speed: 'x' })
    ).json();
    expect(error.given).toHaveLength(4);
    expect(error.allowed).toEqual(expect.arrayContaining(['max-devworkspaces', 'embedded', 'context']));
  });

  it('is no place for credentials: they are refused and not repeated', async () => {
    const text = await (await post({ ...EMBEDDED, 'registry-password': 'hunter2', QUAY_USERNAME: 'someone' })).text();
    expect(text).toContain('QUAY_PASSWORD of its environment');
    expect(text).not.toMatch(/hunter2|someone/);
  });

  it('must say that it is JSON', async () => {
    const answer = await post(EMBEDDED, 'text/plain');
    expect(answer.status).toBe(415);
    expect(await answer.json()).toMatchObject({ error: { allowed: ['application/json'] } });
  });

  it('of a stranger is not read', async () => {
    await close();
    await serve('t'.repeat(40));
    expect((await post(EMBEDDED)).status).toBe(401);
    expect((await api('/backups')).status).toBe(401);
    expect(backups.current).toBe(null);
  });
});

const specOf = (object: KubeObject) => (object.spec ?? {}) as { started?: boolean };
const MOMENTS: Readonly<Record<string, (change: StoreChange) => boolean>> = {
  create: ({ collection, type, record: { object } }) =>
    collection === 'workspace.devfile.io/devworkspaces' && type === 'ADDED' && object.metadata.name === 'dw-test-2',
  stop: ({ collection, record: { object } }) =>
    collection === 'workspace.devfile.io/devworkspaces' && specOf(object).started === false,
  watch: ({ collection, type }) => collection === 'batch/jobs' && type === 'ADDED',
};

describe('on a cluster that stays, a load', () => {
  const load = { ...LOAD, 'backup-schedule': '@every 1s' };

  it.each(Object.keys(MOMENTS))('that is stopped in the phase %s puts everything back', TIMEOUT, async (phase) => {
    const { world } = await startBench();
    const before = bench!.configText();
    const reached = new Promise<void>((resolve) => {
      world.cluster.store.observe((change) => MOMENTS[phase]!(change) && resolve());
    });
    const id = await start(load);
    await reached;
    const seen = await get(`/backups/${id}`);
    expect(seen).toMatchObject({ state: 'running', verdict: null, directory: join(folder, id) });
    const stopped = await api(`/runs/${id}/stop`, { method: 'POST' });
    expect(stopped.status).toBe(202);
    expect(await stopped.json()).toMatchObject({ id, backup: true, state: expect.stringMatching(/stopping|cleaning/) });
    await backups.idle();
    expect(await get(`/backups/${id}`)).toMatchObject({ state: 'ended', verdict: 'interrupted' });
    expect(bench!.configText()).toBe(before);
    expect(bench!.leftByRuns()).toEqual([]);
    expect(readLedger(join(folder, id))).toMatchObject({ open: [], end: { verdict: 'interrupted' } });
    expect((await api(`/runs/${id}/stop`, { method: 'POST' })).status).toBe(409);
  });

  it('that the cluster refuses ends with the reason, and nothing was created', TIMEOUT, async () => {
    const { writes } = await startBench();
    const id = await start({ ...load, 'registry-secret': 'absent' });
    await backups.idle();
    const ended = await get(`/backups/${id}`);
    expect(ended).toMatchObject({ state: 'ended', verdict: 'failed', directory: null, figures: null });
    expect(ended.reasons).toEqual([expect.stringMatching(/no secret absent .*nothing was created/s)]);
    expect(ended.phases).toEqual([expect.objectContaining({ phase: 'preflight', done: 0 })]);
    expect(await get(`/runs/${id}/summary`)).toMatchObject({ error: { code: 'no-summary' } });
    expect(bench!.writes).toBe(writes);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('names a context of the kubeconfig of the daemon, and none that it has not', TIMEOUT, async () => {
    await startBench();
    const answer = await post({ ...load, context: 'elsewhere' });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: { message: expect.stringContaining('no context elsewhere') } });
  });
});
