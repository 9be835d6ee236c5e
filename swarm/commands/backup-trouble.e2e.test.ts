/** What may go wrong around a backup load as a process: a full disk, a signal in any phase, a cluster in another process. */
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SteadyClock } from '../../model/time/steady-clock.ts';
import { BackupBench } from '../backup/testing/backup-bench.ts';
import { readLedger } from '../telemetry/ledger.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { Cli } from './testing/cli.ts';

const FOUND = {
  workspace: { progressTimeout: '3600s', backupCronJob: { enable: false, registry: { path: 'own.example/x' } } },
};
const LOAD = [
  ...['--max-devworkspaces', '6', '--registry-path', 'quay.io/acme', '--registry-secret', ''],
  ...['--backup-schedule', '@every 10s', '--separate-namespaces', 'true'],
];
const TIMEOUT = { timeout: 60_000 };

let bench: BackupBench;
let cli: Cli;
let before: string;

beforeEach(async () => {
  cli = new Cli();
  bench = await BackupBench.start({ clock: new SteadyClock(10), operatorConfig: FOUND, namespaceGraceMs: 200 });
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

describe('a disk that is full', () => {
  // Files may grow to so many KiB, as if no more had room.
  const limited = (kibibytes: number) =>
    cli.shell(`ulimit -f ${kibibytes}; exec "$0" "$@"`, [...['backup', 'run', '--kubeconfig', 'kubeconfig', ...LOAD]]);

  it.each([
    // The log of events is the first to grow.
    ['for the events', 4, /not all files could be written: EFBIG: file too large, write/],
    // With fewer than its lines are long nothing can be made.
    ['for the ledger', 1, /what the run makes can no longer be written down \(EFBIG.*\), so it makes nothing more/],
  ])('%s is said, fails the run, and keeps nothing from being put back', TIMEOUT, async (_, kibibytes, message) => {
    const { code, stdout, stderr } = await limited(kibibytes).ended;
    expect(stdout + stderr).toMatch(message);
    expect(stdout).toMatch(/^verdict +failed/m);
    expect(code).toBe(1);
    expectAsBefore();
  });
});

describe('objects of others', () => {
  const LABELS = { 'load-test': 'test-type' };
  const meta = (name: string, namespace?: string, labels: object = LABELS) => ({
    metadata: { name, labels, ...(namespace && { namespace }) },
  });
  const NS = 'loadtest-devworkspaces';
  const OPERATORS = 'openshift-operators';
  const login = { '.dockerconfigjson': Buffer.from('{"auths":{"quay.io":{"auth":"YTpi"}}}').toString('base64') };
  const SECRET = { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/dockerconfigjson', data: login };
  const WATCHED = { ...LABELS, 'controller.devfile.io/watch-secret': 'true' };
  /** As the public scripts make and name them: dwo-load-testing, scripts and devworkspace_load_test.js. */
  const PLANTED: readonly [group: string, resource: string, object: object][] = [
    ['', 'namespaces', { apiVersion: 'v1', kind: 'Namespace', ...meta(NS) }],
    ['', 'namespaces', { apiVersion: 'v1', kind: 'Namespace', ...meta('load-test-ns-7') }],
    ['', 'namespaces', { apiVersion: 'v1', kind: 'Namespace', ...meta('team', undefined, {}) }],
    ['', 'serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', ...meta('k6-devworkspace-tester', NS) }],
    [
      'rbac.authorization.k8s.io',
      'clusterroles',
      { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', ...meta('k6-devworkspace-role'), rules: [] },
    ],
    ['', 'secrets', { ...SECRET, ...meta('quay-push-secret', OPERATORS, WATCHED) }],
    ['', 'secrets', { ...SECRET, ...meta('devworkspace-backup-registry-auth', 'team', WATCHED) }],
    ...['configmap', 'secret'].map((kind): [string, string, object] => [
      '',
      `${kind}s`,
      {
        apiVersion: 'v1',
        kind: kind === 'secret' ? 'Secret' : 'ConfigMap',
        ...meta(`dwo-load-test-automount-${kind}`, NS, { 'controller.devfile.io/mount-to-devworkspace': 'true' }),
      },
    ]),
    [
      'batch',
      'jobs',
      {
        apiVersion: 'batch/v1',
        kind: 'Job',
        ...meta('devworkspace-backup-other', 'team', { 'controller.devfile.io/backup-job': 'false' }),
        spec: { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } } },
      },
    ],
  ];
  const texts = () =>
    [
      ...PLANTED.map(([group, resource, object]) => {
        const { metadata } = object as { metadata: { name: string; namespace?: string } };
        return bench.world.cluster.get({ group, resource }, metadata.namespace ?? '', metadata.name);
      }),
      ...['team', NS].map((namespace) =>
        bench.world.cluster.get({ group: 'workspace.devfile.io', resource: 'devworkspaces' }, namespace, 'dw-test-1'),
      ),
    ].map((object) => JSON.stringify(object));

  it('stay as they are, byte for byte, when a load is killed as it collects and is cleaned up', TIMEOUT, async () => {
    for (const [group, resource, object] of PLANTED) bench.world.cluster.create({ group, resource }, object as never);
    for (const namespace of ['team', NS]) bench.plantWorkspace(namespace, 'dw-test-1', LABELS);
    // Until they run.
    await bench.world.clock.sleep(30_000);
    const strangers = texts();
    expect(strangers.every((text) => text !== undefined)).toBe(true);
    // Logs of failed pods, which do not come, are what a load that collects waits for.
    bench.world.control.setRegistry({ full: true });
    bench.world.control.setApiFault('logs', { verbs: ['get'], resources: ['pods'], code: 503 });
    const more = ['--registry-secret', 'quay-push-secret', '--backoff-limit', '0', '--backup-wait-minutes', '1'];
    const { child, said, ended } = cli.start(['backup', 'run', '--kubeconfig', 'kubeconfig', ...LOAD, ...more]);
    await said(/^watch +\d/m);
    child.kill('SIGKILL');
    expect((await ended).stderr).not.toMatch(/^collect/m);
    bench.world.control.setApiFault('logs', null);
    const [record] = new RunArchive(join(cli.folder, 'runs')).list();
    expect(record).toMatchObject({ state: 'killed' });
    expect(bench.leftByRuns()).not.toEqual([]);
    expect(await cli.run('clean', record!.id)).toMatchObject({ code: 0 });
    expect(readLedger(join(cli.folder, 'runs', record!.id)).open).toEqual([]);
    expect(bench.configText()).toBe(before);
    expect(texts()).toEqual(strangers);
    expect(bench.names('Namespace').filter((name) => name.startsWith('load-test-ns-'))).toEqual(['load-test-ns-7']);
    // A load that needs one of them for itself is refused, and takes nothing away.
    const single = await cli.run(
      'backup',
      'run',
      '--kubeconfig',
      'kubeconfig',
      ...LOAD,
      '--separate-namespaces',
      'false',
    );
    expect(single.stderr).toMatch(/loadtest-devworkspaces \(of somebody else\)/);
    expect(single.code).toBe(2);
    expect(texts()).toEqual(strangers);
  });
});

it('Ctrl-C ends a load that serves its API, and a second one leaves at once', TIMEOUT, async () => {
  const args = ['backup', 'run', '--kubeconfig', 'kubeconfig', '--listen', '127.0.0.1:0', ...LOAD];
  const first = cli.start(args);
  await first.said(/^configure/m);
  first.child.kill('SIGINT');
  const { code, stdout } = await first.ended;
  expect(stdout).toContain('interrupted');
  expect(code).toBe(130);
  expectAsBefore();

  const second = cli.start(args);
  await second.said(/^configure/m);
  bench.world.control.setApiFault('held', { verbs: ['patch', 'delete'], code: 503 });
  second.child.kill('SIGINT');
  await second.said(/stopping: what was changed is put back/);
  second.child.kill('SIGTERM');
  const left = await second.ended;
  expect(left.code).toBe(130);
  const [, run = ''] = /what is left with: swarm clean (\S+)/.exec(left.stderr) ?? [];
  bench.world.control.setApiFault('held', null);
  expect(await cli.run('clean', run)).toMatchObject({ code: 0 });
  expectAsBefore();
});

it('counts and times hold with a cluster in another process that is far ahead', TIMEOUT, async () => {
  const world = cli.start([
    ...['mock', 'kube', '--world', 'devworkspace', '--profile', 'quick', '--speed', '600', '--listen', '127.0.0.1:0'],
    ...['--kubeconfig', 'other'],
  ]);
  await world.said(/https:\S+/);
  const args = ['--kubeconfig', 'other', ...LOAD, '--backup-schedule', '*/1 * * * *', '--json'];
  const { code, stdout, stderr } = await cli.run('backup', 'run', ...args);
  world.child.kill('SIGINT');
  expect(code).toBe(0);
  const { figures, findings } = JSON.parse(stdout);
  expect(findings).toEqual([]);
  expect(figures.jobs).toMatchObject({ total: 6, succeeded: 6, failed: 0, pods: 6, workspacesByJobs: { 1: 6 } });
  const { appliedAt, appliedAtThere } = figures.config;
  expect(appliedAtThere).toBeGreaterThan(appliedAt);
  expect(/warning: the clock of the cluster is \d+ seconds ahead/.test(stderr)).toBe(
    appliedAtThere - appliedAt >= 60_000,
  );
  // By the cluster's clock alone: the next minute, and what a quick backup takes.
  expect(figures.jobs.creationLagMs).toMatchObject({ count: 6 });
  expect(figures.jobs.creationLagMs.max).toBeLessThanOrEqual(61_000);
  expect(figures.jobs.totalMs.max).toBeLessThanOrEqual(10_000);
  expect(figures.leftovers).toEqual([]);
  await world.ended;
});
