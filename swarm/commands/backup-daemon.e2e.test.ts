/** Backup loads of a daemon as a process: what is left of them when it ends, however it ends. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { StoreChange } from '../../controller-mock/store/store.ts';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import { BackupBench } from '../backup/testing/backup-bench.ts';
import { readLedger } from '../telemetry/ledger.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { parseExposition, value } from '../telemetry/testing/exposition.ts';
import { Cli } from './testing/cli.ts';

const TIMEOUT = { timeout: 90_000 };
const FOUND = {
  workspace: { progressTimeout: '3600s', backupCronJob: { enable: false, registry: { path: 'own.example/x' } } },
};
const LOAD = {
  'max-devworkspaces': 6,
  'registry-path': 'quay.io/acme',
  'registry-secret': '',
  'backup-schedule': '@every 10s',
  'separate-namespaces': true,
};

let bench: BackupBench;
let cli: Cli;
let before: string;

beforeEach(async () => {
  cli = new Cli();
  bench = await BackupBench.start({
    // Stands still while this process is busy, so that no pass of the operator meets the next.
    clock: new SteadyClock(10),
    operatorConfig: FOUND,
    namespaceGraceMs: 200,
  });
  cli.file('kubeconfig', bench.world.kubeconfig);
  before = bench.configText();
});
afterEach(async () => {
  cli.killAll();
  await bench.close();
});

function expectAsBefore(): void {
  expect(bench.configText()).toBe(before);
  expect(bench.configAnnotations()).toEqual({});
  expect(bench.leftByRuns()).toEqual([]);
}

async function serve(env: Readonly<Record<string, string>> = {}) {
  const KUBECONFIG = join(cli.folder, 'kubeconfig');
  const daemon = cli.start(['serve', '--listen', '127.0.0.1:0'], { KUBECONFIG, ...env });
  const url = await daemon.said(/API (http:\S+?\/api\/v1)/);
  const post = (path: string, body?: object) =>
    fetch(`${url}${path}`, {
      method: 'POST',
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at as JSON.
  const get = async (path: string): Promise<any> => (await fetch(`${url}${path}`)).json();
  return { ...daemon, url, post, get };
}

const isJob = ({ collection, type }: StoreChange) => collection === 'batch/jobs' && type === 'ADDED';
const firstJob = () =>
  new Promise<void>((resolve) => bench.world.cluster.store.observe((one) => isJob(one) && resolve()));

it('a daemon that is asked to end puts everything back first', TIMEOUT, async () => {
  const daemon = await serve();
  const job = firstJob();
  const { id } = (await (await daemon.post('/backups', LOAD)).json()) as { id: string };
  await job;
  expect(bench.configText()).not.toBe(before);
  daemon.child.kill('SIGTERM');
  const { code, stderr } = await daemon.ended;
  expect(stderr).toContain('stopping the backup load and cleaning up');
  expect(code).toBe(0);
  expectAsBefore();
  expect(readLedger(join(cli.folder, 'runs', id))).toMatchObject({ open: [], end: { verdict: 'interrupted' } });
});

it('what a killed daemon has left is removed by swarm clean, or by the next load of another one', TIMEOUT, async () => {
  const kill = async () => {
    const daemon = await serve();
    const job = firstJob();
    await daemon.post('/backups', LOAD);
    await job;
    daemon.child.kill('SIGKILL');
    await daemon.ended;
    const [record] = new RunArchive(join(cli.folder, 'runs')).list();
    expect(record).toMatchObject({ state: 'killed', backup: true });
    expect(bench.leftByRuns()).not.toEqual([]);
    return record!.id;
  };
  const cleaned = await kill();
  expect(await cli.run('clean', cleaned)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('nothing is left'),
  });
  expectAsBefore();

  const left = await kill();
  const daemon = await serve();
  expect(await daemon.get(`/backups/${left}`)).toMatchObject({ state: 'killed', verdict: null, figures: null });
  const { id } = (await (await daemon.post('/backups', LOAD)).json()) as { id: string };
  await expect.poll(async () => (await daemon.get(`/backups/${id}`)).verdict, { timeout: 60_000 }).toBe('passed');
  expectAsBefore();
  expect(readLedger(join(cli.folder, 'runs', left)).open).toEqual([]);
  const listed = JSON.parse((await cli.run('runs', '--json')).stdout) as { id: string; state: string }[];
  expect(listed.map((run) => [run.id, run.state])).toEqual([
    [id, 'ended'],
    [left, 'killed'],
    [cleaned, 'killed'],
  ]);
});

it('credentials of the registry are in no answer, file or line of the daemon', TIMEOUT, async () => {
  const secrets = { QUAY_USERNAME: 'user-of-quay', QUAY_PASSWORD: 'hunter2-of-quay' };
  // Nothing listens there: the login is a remark, and the load goes on.
  const daemon = await serve(secrets);
  const load = { ...LOAD, 'registry-path': '127.0.0.1:1/acme', 'registry-secret': 'made', 'backup-wait-minutes': 1 };
  const { id } = (await (await daemon.post('/backups', load)).json()) as { id: string };
  await firstJob();
  const answers = [
    await daemon.get(`/backups/${id}`),
    await daemon.get('/runs'),
    await daemon.get(`/runs/${id}/summary`),
  ];
  await daemon.post(`/runs/${id}/stop`);
  await expect.poll(async () => (await daemon.get(`/backups/${id}`)).state, { timeout: 60_000 }).toBe('ended');
  answers.push(
    await daemon.get(`/backups/${id}`),
    await (await fetch(daemon.url.replace('/api/v1', '/metrics'))).text(),
  );
  daemon.child.kill('SIGTERM');
  const { stdout, stderr } = await daemon.ended;
  const files = readdirSync(join(cli.folder, 'runs'), { recursive: true, encoding: 'utf8' })
    .map((name) => join(cli.folder, 'runs', name))
    .filter((path) => statSync(path).isFile());
  expect(files.length).toBeGreaterThan(5);
  const all = [JSON.stringify(answers), stdout, stderr, ...files.map((path) => readFileSync(path, 'utf8'))].join('\n');
  const encoded = Buffer.from(`${secrets.QUAY_USERNAME}:${secrets.QUAY_PASSWORD}`).toString('base64');
  for (const secret of [secrets.QUAY_PASSWORD, encoded]) expect(all).not.toContain(secret);
  expectAsBefore();
});

it('swarm backup run --listen serves its load, which a client may stop', TIMEOUT, async () => {
  writeFileSync(join(cli.folder, 'kubeconfig'), bench.world.kubeconfig);
  const parameters = Object.entries(LOAD).flatMap(([name, given]) => [`--${name}`, String(given)]);
  const job = firstJob();
  const { said, ended } = cli.start([
    ...['backup', 'run', '--kubeconfig', 'kubeconfig', '--listen', '127.0.0.1:0', '--quiet'],
    ...parameters,
  ]);
  const url = await said(/page, API and metrics: (http:\S+)/);
  await job;
  const [load] = (await (await fetch(`${url}/api/v1/backups`)).json()) as { id: string; state: string }[];
  expect(load).toMatchObject({ state: 'running' });
  const metrics = parseExposition(await (await fetch(`${url}/metrics`)).text());
  expect(value(metrics, 'swarm_backup_workspaces', { state: 'planned' })).toBe(6);
  expect((await fetch(`${url}/api/v1/runs/${load!.id}/stop`, { method: 'POST' })).status).toBe(202);
  const { code, stdout } = await ended;
  expect(stdout).toContain('interrupted');
  expect(code).toBe(130);
  expectAsBefore();
});
