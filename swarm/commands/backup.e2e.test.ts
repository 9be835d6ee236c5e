/** Backup loads as processes: from the command line, against a cluster that stays when they are killed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../controller-mock/api/object.ts';
import type { StoreChange } from '../../controller-mock/store/store.ts';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import { BackupBench } from '../backup/testing/backup-bench.ts';
import { readLedger } from '../telemetry/ledger.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { Cli } from './testing/cli.ts';

const FOUND = {
  workspace: { progressTimeout: '3600s', backupCronJob: { enable: false, registry: { path: 'own.example/x' } } },
};
const LOAD = [
  '--max-devworkspaces',
  '6',
  '--registry-path',
  'quay.io/acme',
  '--registry-secret',
  '',
  '--backup-schedule',
  '@every 10s',
];
/**
 * Of the cluster's time, which stands still while this process is busy: a pass that took longer than the schedule's interval would
 * make every Job twice.
 */
const SPEED = 10;

let bench: BackupBench;
let cli: Cli;
let before: string;
let strangers: string[];

beforeEach(async () => {
  cli = new Cli();
  bench = await BackupBench.start({
    clock: new SteadyClock(SPEED),
    operatorConfig: FOUND,
    namespaceGraceMs: 200,
  });
  cli.file('kubeconfig', bench.world.kubeconfig);
  bench.plantNamespace('load-test-ns-1-0', { 'load-test': 'test-type' });
  bench.plantWorkspace('load-test-ns-1-0', 'dw-test-1-0', { 'load-test': 'test-type' });
  before = bench.configText();
  strangers = bench.uids('load-test-ns-1-0');
});
afterEach(async () => {
  cli.killAll();
  await bench.close();
});

const run = (...more: string[]) => ['backup', 'run', '--kubeconfig', 'kubeconfig', ...LOAD, ...more];

/** All is as it was, and others have lost nothing. */
function expectAsBefore(): void {
  expect(bench.configText()).toBe(before);
  expect(bench.configAnnotations()).toEqual({});
  expect(bench.leftByRuns()).toEqual([]);
  expect(bench.uids('load-test-ns-1-0')).toEqual(expect.arrayContaining(strangers));
}

const specOf = (object: KubeObject) => (object.spec ?? {}) as { started?: boolean };
const enabled = (object: KubeObject) =>
  (object.config as { workspace?: { backupCronJob?: { enable?: boolean } } }).workspace?.backupCronJob?.enable === true;

/** The first change of its kind in each phase. */
const MOMENTS: Readonly<Record<string, (change: StoreChange) => boolean>> = {
  create: ({ collection, type, record: { object } }) =>
    collection === 'workspace.devfile.io/devworkspaces' && type === 'ADDED' && object.metadata.name === 'dw-test-2',
  ready: ({ collection, record: { object } }) =>
    collection === 'workspace.devfile.io/devworkspaces' &&
    object.metadata.name === 'dw-test-3' &&
    (object.status as { phase?: string } | undefined)?.phase === 'Running',
  stop: ({ collection, record: { object } }) =>
    collection === 'workspace.devfile.io/devworkspaces' && specOf(object).started === false,
  configure: ({ collection, record: { object } }) =>
    collection === 'controller.devfile.io/devworkspaceoperatorconfigs' && enabled(object),
  watch: ({ collection, type }) => collection === 'batch/jobs' && type === 'ADDED',
  delete: ({ collection, record: { object } }) =>
    collection === 'workspace.devfile.io/devworkspaces' && object.metadata.deletionTimestamp !== undefined,
  restore: ({ collection, type, record: { object } }) =>
    collection === 'workspace.devfile.io/devworkspaces' &&
    type === 'ADDED' &&
    object.metadata.labels?.['assisted-swarm/restored'] !== undefined,
  reset: ({ collection, record: { object }, previous }) =>
    collection === 'controller.devfile.io/devworkspaceoperatorconfigs' &&
    previous !== undefined &&
    enabled(previous.object) &&
    !enabled(object),
  cleanup: ({ collection, record: { object } }) =>
    collection === '/namespaces' && object.metadata.deletionTimestamp !== undefined,
};

/** What a load must be told to come to it. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  delete: ['--restore-sample', '2'],
  restore: ['--restore-sample', '2', '--restore-mode', 'other-namespace', '--restore-cases', 'all'],
};

/** Starts a load and kills it at that moment, at once. @returns id of the run */
async function killedIn(phase: string, ...more: string[]): Promise<string> {
  const { child, ended } = cli.start(run(...more));
  const stopObserving = bench.world.cluster.store.observe((change) => {
    if (MOMENTS[phase]!(change)) child.kill('SIGKILL');
  });
  const { code } = await ended;
  stopObserving();
  expect(code).toBe(null);
  const [record] = new RunArchive(join(cli.folder, 'runs')).list();
  expect(record).toMatchObject({ state: 'killed', verdict: null });
  return record!.id;
}

describe('swarm backup run', () => {
  it('ends with figures, files, and everything as it was', { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await cli.run(...run('--json'));
    expect(stderr).toContain('6 of 6 workspaces stopped');
    expect(code).toBe(0);
    const { folder, verdict, figures } = JSON.parse(stdout);
    expect(verdict).toBe('passed');
    expect(figures.jobs).toMatchObject({ total: 6, succeeded: 6 });
    expectAsBefore();
    expect(readLedger(folder)).toMatchObject({ open: [], end: { verdict: 'passed' }, header: { backup: true } });
    expect(readdirSync(folder)).toEqual(
      expect.arrayContaining(['events.ndjson', 'ledger.ndjson', 'logs', 'summary.json', 'summary.csv']),
    );
    const summary = readdirSync(join(folder, 'logs')).find((name) => name.endsWith('_backup_summary.txt'))!;
    expect(readFileSync(join(folder, 'logs', summary), 'utf8')).toMatch(
      /Total backup Jobs: 6\nSucceeded: 6\nFailed: 0/,
    );
  });

  it('leaves at once at the second Ctrl-C, and says how to remove what is left', { timeout: 60_000 }, async () => {
    const { child, ended, said } = cli.start(run('--separate-namespaces', 'true'));
    // Nothing is put back as long as it is refused.
    const stopObserving = bench.world.cluster.store.observe((change) => {
      if (!MOMENTS.watch!(change)) return;
      bench.world.control.setApiFault('held', { verbs: ['patch', 'delete'], code: 503 });
      child.kill('SIGTERM');
      stopObserving();
    });
    await said(/stopping: what was changed is put back/);
    child.kill('SIGTERM');
    const { code, stderr } = await ended;
    const [, folder = ''] = /put back and remove what is left with: swarm clean (\S+)/.exec(stderr) ?? [];
    expect(code).toBe(130);
    bench.world.control.setApiFault('held', null);
    expect(await cli.run('clean', folder)).toMatchObject({ code: 0 });
    expectAsBefore();
  });

  it('puts everything back after Ctrl-C, and says that it was interrupted', { timeout: 60_000 }, async () => {
    const { child, ended } = cli.start(run('--separate-namespaces', 'true'));
    // Once: a second one leaves at once.
    const stopObserving = bench.world.cluster.store.observe((change) => {
      if (!MOMENTS.watch!(change)) return;
      child.kill('SIGINT');
      stopObserving();
    });
    const { code, stdout } = await ended;
    expect(stdout).toContain('interrupted');
    expect(code).toBe(130);
    expectAsBefore();
  });

  it('exits 1 with the thresholds that were crossed', { timeout: 60_000 }, async () => {
    bench.world.control.setRegistry({ full: true });
    const { code, stdout } = await cli.run(...run('--backup-wait-minutes', '1', '--backoff-limit', '0'));
    expect(stdout).toMatch(/0\.0% \(0 of 6\) of the stopped workspaces are backed up: backup_success wants rate>0\.95/);
    expect(code).toBe(1);
    expectAsBefore();
  });

  it('refuses what it cannot do with one message, and creates nothing', { timeout: 60_000 }, async () => {
    const { writes } = bench;
    for (const [args, message] of [
      [['--max-devworkspaces', '0'], /--max-devworkspaces .*0/],
      [['--registry-secret', 'absent'], /no secret absent in namespace openshift-operators.*nothing was created/s],
      [['--storage-type', 'ephemeral'], /ephemeral/],
      [['--speed', '3'], /--speed is for --embedded/],
    ] as const) {
      const { code, stderr } = await cli.run(...run(...args));
      expect(stderr).toMatch(message);
      expect(code).toBe(2);
    }
    expect(bench.writes).toBe(writes);
  });
});

describe('a load that was killed', () => {
  it.each(Object.keys(MOMENTS))('while it was to %s is cleaned up by swarm clean', {
    timeout: 60_000,
  }, async (phase) => {
    const id = await killedIn(phase, '--separate-namespaces', 'true', ...(ARGUMENTS[phase] ?? []));
    const { code, stdout } = await cli.run('clean', id);
    expect(stdout).toContain('nothing is left');
    expect(code).toBe(0);
    expectAsBefore();
    expect(readLedger(join(cli.folder, 'runs', id)).open).toEqual([]);
  });

  it('while it put things back has its figures all the same', { timeout: 60_000 }, async () => {
    const id = await killedIn('reset');
    const summary = JSON.parse(readFileSync(join(cli.folder, 'runs', id, 'summary.json'), 'utf8'));
    expect(summary).toMatchObject({ verdict: 'unfinished', figures: { jobs: { total: 6, succeeded: 6 } } });
    expect(await cli.run('clean', id)).toMatchObject({ code: 0 });
    expectAsBefore();
  });

  it('is told of, and not forgotten, while the cluster does not answer', { timeout: 60_000 }, async () => {
    const id = await killedIn('watch');
    bench.world.control.setReachable(false);
    const { code, stderr } = await cli.run(...run());
    expect(stderr).toMatch(
      new RegExp(`cannot be reached .*; run ${id} left something on it, which the next run or swarm clean removes`),
    );
    expect(code).toBe(2);
    bench.world.control.setReachable(true);
    expect(await cli.run('clean', id)).toMatchObject({ code: 0 });
    expectAsBefore();
  });

  it('is cleaned up by the next one on the same cluster', { timeout: 60_000 }, async () => {
    const id = await killedIn('watch');
    const { code, stderr } = await cli.run(...run());
    expect(stderr).toContain(`run ${id} has left something`);
    expect(code).toBe(0);
    expectAsBefore();
  });
});
