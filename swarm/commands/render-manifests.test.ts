/** `swarm manifests` through real processes and files. */
import { spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { itUnless } from '../../model/testing/needs.ts';
import { InputError } from './exit.ts';
import { manifestsCommand } from './manifests.ts';
import { CLI_ENV, MAIN } from './testing/cli.ts';

const EXAMPLE = join(import.meta.dirname, '..', '..', 'examples', 'manifests-values.yaml');
const folder = mkdtempSync(join(tmpdir(), 'swarm-manifests-'));
afterAll(() => rmSync(folder, { recursive: true }));

const AUTH = Buffer.from('me:hush-hush').toString('base64');
const PULL_SECRET = JSON.stringify({ auths: { 'quay.io': { auth: AUTH } } });

interface Outcome {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** @param takes stop reading stdout after so many characters, as `head` does */
function render(args: readonly string[], takes = Number.POSITIVE_INFINITY): Promise<Outcome> {
  const child = spawn(process.execPath, [MAIN, 'manifests', ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: CLI_ENV,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    if (stdout.length > takes) child.stdout.destroy();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr })));
}

function file(name: string, content: string | object): string {
  const path = join(folder, name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** Values that are enough, with changes. */
const values = (changes: object = {}) => ({
  swarm_size: 3,
  release_image: 'quay.io/x/ocp:1',
  pull_secret: PULL_SECRET,
  ...changes,
});
const PLAN = file('fleet.yaml', {
  seed: 7,
  release_image: 'quay.io/x/ocp:1',
  pull_secret: PULL_SECRET,
  clusters: [
    { topology: 'compact', amount: 2, with_nmstate: true },
    { topology: 'sno', just_infraenv: true },
  ],
});

// biome-ignore lint/suspicious/noExplicitAny: tests look anywhere into objects.
function objects(text: string): any[] {
  const documents = parseAllDocuments(text);
  return 'empty' in documents ? [] : documents.map((document) => document.toJS());
}

describe('rendering', () => {
  it('of the example makes its clusters on stdout', async () => {
    const { code, stdout, stderr } = await render(['render', '--values', EXAMPLE]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const all = objects(stdout);
    expect(all.filter((object) => object.kind === 'ClusterDeployment')).toHaveLength(20);
    const installs = all.filter((object) => object.kind === 'AgentClusterInstall');
    expect(new Set(installs.map((one) => one.spec.networking.machineNetwork[0].cidr))).toEqual(
      new Set(['10.123.0.0/16']),
    );
  });

  it('goes to stdout by its other names too', async () => {
    const plain = await render(['render', '--values', EXAMPLE]);
    for (const output of ['-', '/dev/stdout', '/dev/fd/1']) {
      expect((await render(['render', '--values', EXAMPLE, '--output', output])).stdout).toBe(plain.stdout);
    }
    expect(readdirSync(folder)).not.toContain('-');
  });

  itUnless(existsSync('/dev/full') ? null : 'no /dev/full', 'says that a full disk has taken no more', async () => {
    for (const [args, message] of [
      [
        ['render', '--values', EXAMPLE],
        /^swarm: stdout cannot be written: the disk is full \(after \d+ of 20 clusters; .*\)\n$/,
      ],
      [['schema'], /^swarm: what was to be printed is incomplete: the disk is full\n$/],
    ] as const) {
      const full = openSync('/dev/full', 'w');
      const stdio = ['ignore', full, 'pipe'] as const;
      const child = spawn(process.execPath, [MAIN, 'manifests', ...args], {
        cwd: folder,
        stdio: [...stdio],
        env: CLI_ENV,
      });
      closeSync(full);
      let stderr = '';
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        stderr += text;
      });
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect(code).not.toBe(0);
      expect(stderr).toMatch(message);
    }
  });

  it('removes what killed ones have left, which holds secrets', async () => {
    const dead = spawn(process.execPath, ['-e', '']);
    await new Promise((resolve) => dead.on('close', resolve));
    const left = join(folder, 'left');
    mkdirSync(join(left, `.rendering.${dead.pid}-0123abcd`), { recursive: true });
    writeFileSync(join(left, `.one.yaml.${dead.pid}-0123abcd`), '');
    expect((await render(['render', '--values', EXAMPLE, '--output', 'left/one.yaml'])).code).toBe(0);
    rmSync(join(left, 'one.yaml'));
    expect((await render(['render', '--values', EXAMPLE, '--dir', 'left'])).code).toBe(0);
    expect(readdirSync(left).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('takes values and templates of the plan itself, unless others are given', async () => {
    mkdirSync(join(folder, 'own'));
    file('own/5.once.yaml.njk', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own, namespace: default}\n');
    file('own-values.yaml', `release_image: quay.io/own:1\npull_secret: '${PULL_SECRET}'\nbmh: true\n`);
    const plan = file('own-plan.yaml', {
      seed: 7,
      manifests: { values: 'own-values.yaml', templates: 'own' },
      clusters: [{ topology: 'sno', api: 'kube' }],
    });
    const kinds = async (...args: string[]) =>
      objects((await render(['render', plan, ...args])).stdout).map(({ kind }) => kind);
    expect(await kinds()).toEqual(expect.arrayContaining(['BareMetalHost', 'ConfigMap']));
    const others = await kinds('--values', file('others.yaml', values({ swarm_size: undefined })));
    expect(others).not.toContain('BareMetalHost');
    expect(others).toContain('ConfigMap');
  });

  it('of a plan with values goes to a file that only its owner reads, and tells what was made', async () => {
    const more = file('more.yaml', 'bmh: true\nhold_installation: true\n');
    const { code, stdout } = await render(['render', PLAN, '--values', more, '--output', 'fleet-out.yaml', '--json']);
    expect(code).toBe(0);
    const text = readFileSync(join(folder, 'fleet-out.yaml'), 'utf8');
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({
      run: { label: 'assisted-swarm/run', name: expect.stringMatching(/^fleet-[a-z0-9]{6}$/), seed: '7' },
      clusters: 3,
      objects: objects(text).length,
      kinds: { BareMetalHost: 7, NMStateConfig: 6, AgentClusterInstall: 2, InfraEnv: 3 },
      bytes: Buffer.byteLength(text),
    });
    expect(statSync(join(folder, 'fleet-out.yaml')).mode & 0o777).toBe(0o600);
    expect(text).toContain('holdInstallation: true');
    const again = await render(['render', PLAN, '--values', more]);
    expect(again.stdout).toBe(text);
  });

  it('into a folder gives a file for each cluster and a kustomization; --force replaces an earlier one', async () => {
    const small = file('small.json', values({ swarm_size: 2 }));
    const large = file('large.json', values());
    const target = join(folder, 'deep', 'fleet');
    expect(await render(['render', '--values', large, '--dir', target])).toMatchObject({ code: 0, stdout: '' });
    const kustomization = readFileSync(join(target, 'kustomization.yaml'), 'utf8');
    const files = readdirSync(target).filter((name) => name !== 'kustomization.yaml');
    expect(objects(kustomization)[0].resources.toSorted()).toEqual(files.toSorted());
    expect(files).toHaveLength(4);
    const joined = files.toSorted().map((name) => readFileSync(join(target, name), 'utf8'));
    expect(joined.join('')).toBe((await render(['render', '--values', large])).stdout);

    writeFileSync(join(target, 'mine.txt'), 'mine');
    const refused = await render(['render', '--values', small, '--dir', target]);
    expect(refused).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/holds 6 files already; give an empty folder, or --force/),
    });
    expect(readdirSync(target)).toHaveLength(6);
    expect(await render(['render', '--values', small, '--dir', target, '--force'])).toMatchObject({ code: 0 });
    expect(readdirSync(target)).toHaveLength(5);
    expect(readdirSync(target)).toContain('mine.txt');
  });

  it('ends quietly when its reader goes away', async () => {
    const many = file('many.json', values({ swarm_size: 3000 }));
    expect(await render(['render', '--values', many], 100)).toMatchObject({ code: 0, stderr: '' });
  });

  it('follows links and leaves nothing of an error behind', async () => {
    const target = file('target.yaml', 'old');
    symlinkSync(target, join(folder, 'link.yaml'));
    const good = file('good.json', values({ swarm_size: 1 }));
    expect(await render(['render', '--values', good, '--output', 'link.yaml'])).toMatchObject({ code: 0 });
    expect(objects(readFileSync(target, 'utf8')).length).toBeGreaterThan(5);

    mkdirSync(join(folder, 'late'));
    writeFileSync(join(folder, 'late', '99.cluster.yaml.njk'), '{% if cluster.index === 2 %}{{ nothing }}{% endif %}');
    const three = file('three.json', values());
    const before = readdirSync(folder).sort();
    const failed = await render(['render', '--values', three, '--templates', 'late', '--output', 'target.yaml']);
    expect(failed).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(
        /^swarm: late\/99\.cluster\.yaml\.njk:1:\d+: nothing is not defined; .*\(after 2 of 3 clusters; target\.yaml was not written\)\n$/,
      ),
    });
    const folderFailed = await render(['render', '--values', three, '--templates', 'late', '--dir', 'new']);
    expect(folderFailed).toMatchObject({ code: 2, stderr: expect.stringContaining('new was left as it was') });
    expect(readdirSync(folder).sort()).toEqual(before);
  });
});

describe('wrong input', () => {
  /** In this process: what these show is known before anything is written. */
  const failure = (args: readonly string[]) =>
    manifestsCommand(() => {})
      .parseAsync(['render', ...args], { from: 'user' })
      .then(
        () => 'rendered',
        (error) => {
          expect(error).toBeInstanceOf(InputError);
          return (error as Error).message;
        },
      );
  const line = (text: string) => new RegExp(`^${text}$`);
  it.each<[string, string[], RegExp]>([
    ['nothing', [], line('nothing to render; give a plan, or --values with a file that has swarm_size')],
    [
      'a file that is not there',
      ['--values', 'no.yaml'],
      line('no\\.yaml cannot be read: there is no such file; give .*'),
    ],
    [
      'a plan without a release',
      [file('bare.yaml', { seed: 1, clusters: [{ topology: 'sno' }] })],
      /bare\.yaml:1:\d+: clusters made by custom resources need a release image/,
    ],
    [
      'both outputs',
      ['--values', 'x', '--dir', 'd', '--output', 'o'],
      line('--output and --dir are both given; allowed: one of them'),
    ],
    ['--json with manifests', ['--values', 'x', '--json'], line('--json needs --output or --dir; otherwise .*')],
    ['--force without a folder', ['--values', 'x', '--force'], line('--force needs --dir; .*')],
    [
      'a folder for a file',
      ['--values', EXAMPLE, '--output', '.'],
      line('--output \\. is a folder; give another path'),
    ],
    [
      'a path that does not exist',
      ['--values', EXAMPLE, '--output', 'no/x'],
      line('--output no/x lies in a folder that does not exist; give another path'),
    ],
    [
      'templates that are not there',
      ['--values', EXAMPLE, '--templates', 'no'],
      line('no: cannot be read \\(ENOENT\\); give a folder of templates'),
    ],
    [
      'a network that is too small',
      [
        '--values',
        file('tight.json', values({ topology: 'compact', machine_network: '10.0.0.0/30', with_nmstate: true })),
      ],
      line(
        '.*tight\\.json:1:\\d+: machine_network is 10\\.0\\.0\\.0/30, with room for 0 hosts of a cluster, and there are 3; allowed: /29 or larger',
      ),
    ],
  ])('%s', async (_, args, message) => {
    expect(await failure(args)).toMatch(message);
  });
});
