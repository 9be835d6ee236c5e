/** What users may get wrong on the command line of backup loads: one message, exit code 2, and nothing is created. */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ScaledClock, startClock } from '../../model/time/clock.ts';
import { BackupBench } from '../backup/testing/backup-bench.ts';
import { Cli } from './testing/cli.ts';

const cli = new Cli();
let bench: BackupBench;
let version: number;

const workspace = (template: object) =>
  JSON.stringify({
    apiVersion: 'workspace.devfile.io/v1alpha2',
    kind: 'DevWorkspace',
    metadata: { name: 'w' },
    spec: { template },
  });
const storage = (type: string) => ({ attributes: { 'controller.devfile.io/storage-type': type } });
const CONTAINER = { name: 'c', container: { image: 'registry.example/shell:1' } };
const suite = (name: string, plan: unknown) => cli.file(name, typeof plan === 'string' ? plan : JSON.stringify(plan));

beforeAll(async () => {
  bench = await BackupBench.start({ clock: new ScaledClock(startClock(1)), operatorConfig: { workspace: {} } });
  const { kubeconfig, url } = bench.world;
  cli.file('kubeconfig', kubeconfig);
  cli.file('garbage', '{{{');
  cli.file('contextless', kubeconfig.replace(/current-context: .*/, 'current-context: ""'));
  cli.file('unreachable', kubeconfig.replace(url, 'http://127.0.0.1:9'));
  cli.file('stranger', kubeconfig.replace(/token: .*/, 'token: nobody'));
  cli.file('ephemeral.json', workspace({ ...storage('ephemeral'), components: [CONTAINER] }));
  cli.file('containerless.json', workspace({ ...storage('per-workspace'), components: [] }));
  cli.file('volumeless.json', workspace({ ...storage('per-workspace'), components: [CONTAINER] }));
  mkdirSync(join(cli.folder, 'a-folder'));
  suite('no-json.json', '{ tests: ');
  suite('list.json', []);
  suite('empty.json', { tests: [], custom_tests: [] });
  suite('odd.json', { tests: [{ max_devworkspaces: 'many', duration_minutes: 5, mode: 'both', enabled: true }] });
  suite('unknown.json', {
    custom_tests: [{ name: 'x', args: '--max-devworkspaces 2 --max-workspaces 3', enabled: true }],
  });
  suite('quotes.json', { custom_tests: [{ name: 'x', args: '--max-devworkspaces "2', enabled: true }] });
  // Until the controllers have done what they do.
  await bench.world.clock.sleep(500);
  version = bench.world.cluster.store.resourceVersion;
});
afterAll(async () => {
  cli.killAll();
  await bench.close();
  rmSync(cli.folder, { recursive: true, force: true });
});

const RUN = ['--max-devworkspaces', '2', '--registry-path', 'quay.io/acme', '--registry-secret', ''];

describe.concurrent('swarm backup', () => {
  it.each<[args: string[], message: RegExp]>([
    [['run', ...RUN, '--max-workspaces', '3'], /unknown option '--max-workspaces'/],
    [
      ['run', ...RUN, '--max-devworkspaces', '-1'],
      /--max-devworkspaces is "-1": allowed is a whole number from 1 to 100000/,
    ],
    [['run', ...RUN, '--max-devworkspaces', '1e9'], /--max-devworkspaces is "1e9": allowed is a whole number/],
    [['run', ...RUN, '--max-devworkspaces', '1000000000'], /allowed is a whole number from 1 to 100000/],
    [['run', ...RUN, '--separate-namespaces', 'yes'], /--separate-namespaces is "yes": allowed are true and false/],
    [['run', ...RUN, '--registry-path', 'acme'], /without the host of a registry/],
    [['run', ...RUN, '--registry-path', 'https://quay.io/acme'], /with a scheme/],
    [['run', ...RUN, '--registry-path', 'quay.io/acme:latest'], /with a tag/],
    [['run', ...RUN, '--registry-path', 'quay.io/CHANGEME'], /still the placeholder/],
    [
      ['run', ...RUN, '--devworkspace-link', 'ephemeral.json'],
      /ephemeral\.json: its storage is ephemeral: .*--storage-type/,
    ],
    [['run', ...RUN, '--devworkspace-link', 'containerless.json'], /no component with a container/],
    [['run', ...RUN, '--devworkspace-link', 'volumeless.json'], /no volume, so that its claim would be of size 0/],
    [
      ['run', ...RUN, '--devworkspace-link', 'absent.json'],
      /--devworkspace-link absent\.json cannot be read: there is no such file/,
    ],
    [['run', ...RUN, '--devworkspace-link', 'a-folder'], /it is a directory/],
    [['run', ...RUN, '--dwo-namespace', 'No_Name'], /--dwo-namespace is "No_Name": allowed is the name of a namespace/],
    [['run', ...RUN, '--dwo-namespace', 'n'.repeat(64)], /--dwo-namespace .*up to 63/],
    [
      ['run', ...RUN, '--logs-dir', join('..', '..', 'kubeconfig', 'x')],
      /--logs-dir .* cannot be written to \(ENOTDIR\); give a folder that can/,
    ],
    [['run', ...RUN, '--out', 'kubeconfig'], /--out kubeconfig is not a folder/],
    [['run', ...RUN, '--kubeconfig', 'absent'], /absent.*(no such file|cannot be read)/],
    [['run', ...RUN, '--kubeconfig', 'garbage'], /garbage/],
    [['run', ...RUN, '--kubeconfig', 'contextless'], /context/],
    [['run', ...RUN, '--context', 'nowhere'], /nowhere/],
    [
      ['run', ...RUN, '--kubeconfig', 'unreachable'],
      /the cluster http:\/\/127\.0\.0\.1:9 cannot be reached .*nothing was created/,
    ],
    [
      ['run', ...RUN, '--kubeconfig', 'stranger'],
      /does not accept the credentials of the kubeconfig \(401\).*nothing was created/,
    ],
    [['suite', 'absent.json'], /the test plan absent\.json cannot be read: there is no such file/],
    [['suite', 'a-folder'], /the test plan a-folder cannot be read: it is a directory/],
    [['suite', 'no-json.json'], /no-json\.json/],
    [['suite', 'list.json'], /list\.json/],
    [['suite', 'empty.json'], /empty\.json/],
    [['suite', 'odd.json'], /tests\[0\]\.max_devworkspaces is "many".*tests\[0\]\.mode is "both"/s],
    [['suite', 'unknown.json'], /custom_tests\[0\] \(x\): .*--max-workspaces/],
    [['suite', 'quotes.json'], /custom_tests\[0\] \(x\): args: /],
  ])('refuses %s', { timeout: 120_000 }, async (args, message) => {
    const [command = '', ...rest] = args;
    const given = rest.includes('--kubeconfig') ? rest : [...rest, '--kubeconfig', 'kubeconfig'];
    const { code, stdout, stderr } = await cli.run('backup', command, ...given);
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stdout).toBe('');
    expect(code).toBe(2);
  });
});

it('changes nothing of the cluster, and leaves no run, for all of this', () => {
  expect(bench.world.cluster.store.resourceVersion).toBe(version);
  expect(existsSync(join(cli.folder, 'runs')) ? readdirSync(join(cli.folder, 'runs')) : []).toEqual([]);
});
