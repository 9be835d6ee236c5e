/** `swarm backup suite` through real processes, against clusters within them. */
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readTestPlan } from '../backup/test-plan.ts';
import { Cli } from './testing/cli.ts';

const cli = new Cli();
afterAll(() => {
  cli.killAll();
  rmSync(cli.folder, { recursive: true, force: true });
});

const PASSWORD = 'hunter2-and-more';
const CREDENTIALS = { QUAY_USERNAME: 'robot', QUAY_PASSWORD: PASSWORD };
const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');

const backup = (name: string, count: number, path: string, more = '') => ({
  name,
  args: `--max-devworkspaces ${count} --separate-namespaces true --run-backup-test-hook true --registry-path ${path} --backup-wait-minutes 15 ${more}`,
  enabled: true,
});
const plan = (file: string, object: object) => cli.file(file, JSON.stringify(object));
const suite = (file: string, out: string, env: Record<string, string> = {}, ...more: string[]) =>
  cli.start(['backup', 'suite', file, '--embedded', '--out', out, ...more], env).ended;
/** Text of every file below a folder. */
const allTexts = (folder: string): string[] =>
  readdirSync(join(cli.folder, folder), { recursive: true })
    .map((name) => join(cli.folder, folder, String(name)))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'));
const folders = (out: string) => readdirSync(join(cli.folder, out)).sort();
const inSuite = (out: string, file: string) =>
  readFileSync(join(cli.folder, out, folders(out).find((name) => name.endsWith('-suite'))!, file), 'utf8');

describe.concurrent('a suite', () => {
  it('runs what is enabled, each in a folder of its own, with the credentials of the environment', async () => {
    const file = plan('good.json', {
      description: 'a good plan',
      tests: [{ max_devworkspaces: 2, mode: 'single', duration_minutes: 15, enabled: true }],
      custom_tests: [
        backup('correct', 3, 'quay.io/me', '--restore-sample 100% --restore-cases all'),
        { ...backup('off', 3, 'quay.io/CHANGEME'), enabled: false },
        backup('incorrect', 2, 'quay.io/me', '--dwoc-config-type incorrect --backoff-limit 0'),
      ],
    });
    const { code, stdout, stderr } = await suite(file, 'good', CREDENTIALS);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/Total: 3\n {2}Passed: 3\n {2}Failed: 0\n/);
    expect(stdout).toMatch(/^2_single_ns_15m +PASSED +\d+m\d+s$/m);
    expect(stderr).toContain('and 1 that is not enabled');
    expect(stderr).toMatch(/^2 of 2 ready\n2_single_ns_15m: PASSED$/m);
    expect(
      folders('good')
        .map((name) => name.replace(/^\d{8}-\d{6}-[0-9a-f]{4}-/, ''))
        .sort(),
    ).toEqual(['2_single_ns_15m', 'correct', 'incorrect', 'suite']);
    expect(inSuite('good', 'summary.txt')).toBe(stdout);
    const rows = inSuite('good', 'summary.csv')
      .trimEnd()
      .split('\n')
      .map((line) => line.split(','));
    const [header = [], ...lines] = rows;
    const column = (name: string) => lines.map((cells) => cells[header.indexOf(name)]);
    expect(column('test')).toEqual(['2_single_ns_15m', 'correct', 'incorrect']);
    expect(column('workspaces_ready')).toEqual(['2', '3', '2']);
    expect(column('workspaces_backed_up')).toEqual(['', '3', '0']);
    // One is taken by the case of the empty backup; all have the secret of the environment, but for the case of a wrong one.
    expect(column('restore_workspaces_succeeded')).toEqual(['', '2', '']);
    expect(column('restore_cases')).toEqual(['', '4', '']);
    expect(column('registry_path')).toEqual(['', 'quay.io/me', 'quay.i/me']);
    const correct = folders('good').find((name) => name.endsWith('-correct'))!;
    const logs = readdirSync(join(cli.folder, 'good', correct, 'logs'));
    expect(logs).toHaveLength(6);
    // The secret was made of the environment, and nothing of it is anywhere else.
    expect(stderr).toContain('secret quay-push-secret in namespace openshift-operators is made from QUAY_USERNAME');
    for (const text of [stdout, stderr, ...allTexts('good')]) expect(text).not.toContain(PASSWORD);
  }, 60_000);

  it('says which test failed and why, and goes on to the next', async () => {
    const file = plan('mixed.json', {
      custom_tests: [
        backup('lost', 2, 'registry.invalid/me', '--registry-secret ""'),
        backup('fine', 2, 'quay.io/me', '--registry-secret ""'),
      ],
    });
    const { code, stdout } = await suite(file, 'mixed', {}, '--json', '--quiet');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      planned: 2,
      tests: [
        { name: 'lost', status: 'FAILED', reasons: expect.arrayContaining([expect.stringContaining('are backed up')]) },
        { name: 'fine', status: 'PASSED', reasons: [] },
      ],
    });
    const lost = folders('mixed').find((name) => name.endsWith('-lost'))!;
    const summary = JSON.parse(readFileSync(join(cli.folder, 'mixed', lost, 'summary.json'), 'utf8'));
    expect(summary.findings).toMatchObject([
      { topic: 'Backup Jobs fail', cause: expect.stringContaining('nobody finds') },
    ]);
  }, 60_000);

  it('ends after the test that is interrupted', async () => {
    const file = plan('long.json', {
      custom_tests: [backup('long', 5, 'quay.io/me', '--registry-secret ""'), backup('next', 2, 'quay.io/me')],
    });
    const { child, said, ended } = cli.start(['backup', 'suite', file, '--embedded', '--speed', '1', '--out', 'long']);
    await said(/run \S+-long: /);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(stdout).toMatch(/^long +INTERRUPTED/m);
    expect(stdout).toContain('Not run: 1');
  }, 60_000);

  it.each([
    'SIGINT',
    'SIGTERM',
  ] as const)('ends between two tests at %s, and keeps what was measured', async (signal) => {
    const file = plan(`between-${signal}.json`, {
      custom_tests: [
        backup('one', 2, 'quay.io/me', '--registry-secret ""'),
        backup('two', 2, 'quay.io/me', '--registry-secret ""'),
      ],
    });
    const out = `between-${signal}`;
    const { child, said, ended } = cli.start(['backup', 'suite', file, '--embedded', '--out', out]);
    await said(/^one: PASSED/m);
    child.kill(signal);
    const { code, stdout, stderr } = await ended;
    expect(code, stderr).toBe(130);
    expect(stdout).toMatch(/^one +PASSED/m);
    expect(stdout).toMatch(/^two +INTERRUPTED|Not run: 1/m);
    expect(inSuite(out, 'summary.txt')).toBe(stdout);
  }, 60_000);
});

describe.concurrent('a suite that cannot be', () => {
  it('is refused with all that is wrong, before anything is made', async () => {
    const file = plan('bad.json', {
      custom_tests: [
        backup('placeholder', 2, 'quay.io/CHANGEME'),
        { name: 'che', args: '--max-devworkspaces 5 --run-with-eclipse-che true', enabled: true },
        backup('fine', 2, 'quay.io/me'),
      ],
    });
    const { code, stdout, stderr } = await suite(file, 'bad', CREDENTIALS);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatch(
      /^swarm: .*bad.json: custom_tests\[0\] \(placeholder\): --registry-path is still the placeholder "quay.io\/CHANGEME": .* sed -i/,
    );
    expect(lines[1]).toMatch(
      /custom_tests\[1\] \(che\): --run-with-eclipse-che true is not possible here: Eclipse Che/,
    );
    expect(lines[2]).toBe('nothing was created');
    expect(existsSync(join(cli.folder, 'bad'))).toBe(false);
  });

  it('is refused when its plan cannot be read', async () => {
    expect(await suite('nowhere.json', 'x')).toMatchObject({
      code: 2,
      stderr: 'swarm: the test plan nowhere.json cannot be read: there is no such file; give a test plan (JSON)\n',
    });
  });

  it('is refused when its first test is', async () => {
    const file = plan('secretless.json', { custom_tests: [backup('a', 2, 'quay.io/me')] });
    const { code, stderr } = await suite(file, 'secretless');
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /there is no secret quay-push-secret in namespace openshift-operators, and QUAY_USERNAME and QUAY_PASSWORD are not set.*; nothing was created/s,
    );
    expect(existsSync(join(cli.folder, 'secretless')) ? folders('secretless') : []).toEqual([]);
  });
});

it.each(['backup-smoke.json', 'backup-correct.json', 'backup-incorrect.json'])('has the example %s', (name) => {
  const { tests } = readTestPlan(name, readFileSync(join(EXAMPLES, name), 'utf8'), () => '');
  expect(tests).toHaveLength(2);
});
