/** The command line through real processes. */
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { API_BASE } from '../model/protocol/endpoints.ts';
import { describeUnless } from '../model/testing/needs.ts';
import { Cli, MAIN } from './commands/testing/cli.ts';

const cli = new Cli();
const { folder } = cli;
afterAll(() => cli.killAll());

const start = (...args: string[]) => cli.start(args);
const swarm = (...args: string[]) => cli.run(...args);
const file = (name: string, text: string) => cli.file(name, text);

/** Names every module that a program loads, at its end. */
const NAMES_MODULES = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
  process.on('exit', () => console.error(loaded.join('\\n')));
`)}`;

describe.concurrent('help', () => {
  it('comes without loading what plans are read with, anything that works, or other commands', async () => {
    const loadedBy = (...args: string[]) =>
      new Promise<string>((resolve) =>
        execFile(process.execPath, ['--import', NAMES_MODULES, MAIN, ...args], (_error, _stdout, stderr) =>
          resolve(stderr),
        ),
      );
    expect(await loadedBy('--help')).not.toContain('/swarm/commands/run.ts');
    const loaded = await loadedBy('run', '--help');
    expect(loaded).toContain('/swarm/commands/run.ts');
    expect(loaded).not.toContain('/swarm/commands/serve.ts');
    const packages = [...loaded.matchAll(/\/node_modules\/((?:@[^/]+\/)?[^/]+)\//g)].map(([, name]) => name);
    expect(new Set(packages)).toEqual(new Set(['commander']));
  });

  it('stands on every level, with examples', async () => {
    const look = async (level: string[]): Promise<void> => {
      const { code, stdout } = await swarm(...level, '--help');
      expect(code, level.join(' ')).toBe(0);
      expect(stdout, level.join(' ')).toContain(`Usage: ${['swarm', ...level].join(' ')} `);
      expect(stdout, level.join(' ')).toContain('Examples:');
      const commands = /Commands:\n((?: {2}.*\n)+)/.exec(stdout)?.[1] ?? '';
      const below = [...commands.matchAll(/^ {2}([a-z]+)/gm)]
        .map(([, name]) => name!)
        .filter((name) => name !== 'help');
      await Promise.all(below.map((name) => look([...level, name])));
    };
    await look([]);
  }, 120_000);

  it('is printed, with exit code 2, when no command is given', async () => {
    const { code, stderr } = await swarm();
    expect(code).toBe(2);
    expect(stderr).toContain('Commands:');
  });

  it('and version are answers, not errors', async () => {
    const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8'));
    expect(await swarm('--version')).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });
});

/** Sends a signal to the program when its entry has been run, and nothing else of it. */
const ENDS_EARLY = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  registerHooks({ load: (url, context, next) => {
    if (url.endsWith('/command-line.ts')) process.kill(process.pid, 'SIGTERM');
    return next(url, context);
  } });
`)}`;
const NAMESPACE = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
const lack = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0 ? null : 'no user namespaces';

describeUnless(lack, 'the first process of a container', {}, () => {
  it('ends when it is asked to while it is being loaded', async () => {
    const plan = file('early.yaml', 'seed: s\nclusters: [{topology: sno}]\nservice: {url: "http://127.0.0.1:9"}\n');
    const run = ['run', plan, '--shard', '0/1', '--start-at', new Date(Date.now() + 3_600_000).toISOString()];
    const args = [...NAMESPACE, process.execPath, '--import', ENDS_EARLY, MAIN, ...run, '--out', 'early'];
    const limit = { timeout: 60_000, killSignal: 'SIGKILL' } as const;
    const child = spawn('unshare', args, { cwd: folder, stdio: 'ignore', ...limit });
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
  });
});

describe.concurrent('wrong input', () => {
  it.each([
    [['nope'], /unknown command 'nope'\n\(see: swarm --help\)/],
    [['nope', '--help'], /unknown command 'nope'\n\(see: swarm --help\)/],
    [['plan', 'nope', '-h'], /unknown command 'nope'\n\(see: swarm plan --help\)/],
    [['plan', 'nope'], /unknown command 'nope'\n\(see: swarm plan --help\)/],
    [['run'], /missing required argument 'plan'/],
    [['run', '--bogus', 'x'], /unknown option '--bogus'\n\(see: swarm run --help\)/],
    [['run', '--workers', '0', 'x'], /'--workers <n>' argument '0' is invalid. Allowed: a whole number from 1 to 256/],
    [['run', '--shard', '4/4', 'x'], /Allowed: INDEX\/COUNT/],
    [['run', '--start-at', 'soon', 'x'], /Allowed: a moment with its zone/],
    [['fleet', 'render', 'x', '--shards', '2'], /required option '--image <reference>' not specified/],
    [['run', '--listen', 'there', 'x'], /Allowed: ADDRESS:PORT/],
    [['run', '/nowhere.yaml'], /\/nowhere.yaml:1:1: cannot be read: there is no such file/],
    [['clean'], /nothing is named that should be removed/],
    [['clean', 'x', '--all'], /several ways are given/],
    [['clean', 'nope'], /there is no run nope in runs; there are no runs \(another folder: --out\)/],
    [['clean', '--seed', 'x'], /no run with seed x stands in runs; say where to look with --service URL/],
    [['clean', '--seed', 'x', '--service', 'there'], /Allowed: a base URL such as/],
    [['completion', 'tcsh'], /Allowed choices are bash, zsh, fish/],
  ])('%j ends with 2, one message and no stack', async (args, message) => {
    const { code, stdout, stderr } = await swarm(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^swarm: /);
    expect(stderr).not.toMatch(/^ +at /m);
  });

  it('names every problem of a plan with its place', async () => {
    const plan = file('bad.yaml', 'clusters:\n  - topology: huge\n    amont: 3\n');
    const { code, stderr } = await swarm('plan', 'check', plan);
    expect(code).toBe(2);
    expect(stderr).toMatch(/bad\.yaml:2:15: .*huge/);
    expect(stderr).toMatch(/bad\.yaml:3:5: .*did you mean amount/);
  });

  it('finds contradictions between options and plan', async () => {
    const plan = file('ok.yaml', 'clusters: [{topology: sno}]\nservice: {url: embedded}\n');
    const speed = await swarm('run', plan, '--service', 'http://127.0.0.1:1', '--speed', '10');
    expect(speed.code).toBe(2);
    expect(speed.stderr).toContain('only the embedded service can be sped up');
    const address = await swarm('run', plan, '--service', 'ftp://x');
    expect(address.stderr).toContain('service "ftp://x" is no address');
    const ca = await swarm('run', plan, '--ca', plan);
    expect(ca.code).toBe(2);
    expect(ca.stderr).toContain('holds no certificate');
  });
});

describe.concurrent('plan', () => {
  const plan = () =>
    file(
      'plan.yaml',
      'name: small\nseed: s\nclusters: [{topology: compact, amount: 2}]\nservice: {url: embedded}\npull_secret: \'{"auths":{"q":{"auth":"aGlkZGVuOnNlY3JldA=="}}}\'\n',
    );

  it('show prints text, JSON, or everything without secrets', async () => {
    expect((await swarm('plan', 'show', plan())).stdout).toContain('small');
    expect(JSON.parse((await swarm('plan', 'show', plan(), '--json')).stdout)).toMatchObject({ name: 'small' });
    const full = await swarm('plan', 'show', plan(), '--full');
    expect(JSON.parse(full.stdout)).toMatchObject({ hostCount: 6, clusters: [{ controlPlanes: 3 }, {}] });
    expect(full.stdout).not.toContain('aGlkZGVuOnNlY3JldA');
  });

  it('check and schema', async () => {
    expect(await swarm('plan', 'check', plan())).toMatchObject({ code: 0, stdout: 'ok: 2 clusters with 6 hosts\n' });
    const one = file('one.yaml', 'clusters: [{topology: sno}]\nservice: {url: embedded}\n');
    expect(await swarm('plan', 'check', one)).toMatchObject({
      code: 0,
      stdout: 'ok: 1 cluster with 1 host\n',
      stderr: '',
    });
    expect(JSON.parse((await swarm('plan', 'schema')).stdout)).toHaveProperty('properties.clusters');
  });
});

describe.concurrent('a plan of many hosts', () => {
  const many = () => file('many.yaml', 'clusters: [{topology: compact, amount: 20000}]\nservice: {url: embedded}\n');

  it('says what takes its time', async () => {
    const { code, stderr } = await swarm('plan', 'check', many());
    expect(code).toBe(0);
    expect(stderr).toMatch(/^working out 20,000 clusters with 60,000 hosts/);
  });
});

describe.concurrent('completion', () => {
  const bash = (line: string) =>
    new Promise<string[]>((resolve, reject) => {
      const script = `
        source <("$NODE" "$MAIN" completion bash)
        COMP_WORDS=(${line}); [[ "${line}" == *" " ]] && COMP_WORDS+=('')
        COMP_CWORD=$(( \${#COMP_WORDS[@]} - 1 )); _swarm; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const env = { ...process.env, NODE: process.execPath, MAIN };
      execFile('bash', ['-c', script], { env, cwd: folder }, (error, stdout) =>
        error ? reject(error) : resolve(stdout.split('\n').filter(Boolean)),
      );
    });

  it('of bash knows commands, options and values', async () => {
    expect(await bash('swarm ')).toEqual([
      'run',
      'merge',
      'capacity',
      'runs',
      'report',
      'compare',
      'clean',
      'backup',
      'drift',
      'demo',
      'serve',
      'plan',
      'doctor',
      'fleet',
      'manifests',
      'launch',
      'patches',
      'service',
      'mock',
      'completion',
    ]);
    expect(await bash('swarm plan s')).toEqual(['show', 'schema']);
    expect(await bash('swarm run --s')).toEqual(['--seed', '--service', '--speed', '--shard', '--start-at']);
    expect(await bash('swarm completion z')).toEqual(['zsh']);
    expect(await bash('swarm backup run --dwoc-config-type ')).toEqual(['correct', 'incorrect', 'openshift-internal']);
    expect(await bash('swarm backup suite --speed 5 --out x')).not.toContain('true');
  });

  it('of zsh and fish names every command', async () => {
    for (const shell of ['zsh', 'fish']) {
      const { code, stdout } = await swarm('completion', shell);
      expect(code).toBe(0);
      for (const word of ['run', 'demo', 'serve', 'plan', 'schema', 'service', 'shard']) expect(stdout).toContain(word);
      expect(stdout).toContain('correct incorrect openshift-internal');
    }
  });
});

/** Creates whatever it is asked to, lets nobody be discovered, and remembers what was deleted. */
function stubService(onDelete: (response: ServerResponse) => void) {
  const seen: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const path = request.url!.slice(API_BASE.length);
    seen.push(`${request.method} ${path}`);
    const answer = (status: number, body?: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(body && JSON.stringify(body));
    request.resume().on('end', () => {
      if (request.method === 'DELETE') onDelete(response);
      else if (request.method === 'GET' && (path === '/v2/clusters' || path === '/v2/infra-envs')) answer(200, []);
      else if (path === '/v2/component-versions') answer(200, { versions: { 'discovery-agent': 'agent:1' } });
      else if (path === '/v2/clusters') answer(201, { id: 'cluster-1' });
      else if (path === '/v2/infra-envs') answer(201, { id: 'infra-env-1' });
      else if (path.startsWith('/v2/clusters/cluster-1/hosts') || path.endsWith('/hosts')) answer(200, []);
      else if (path.startsWith('/v2/clusters/cluster-1')) answer(200, { status: 'insufficient', status_info: 'x' });
      else answer(404, { code: 404, message: 'not here' });
    });
  });
  return new Promise<{ url: string; seen: string[]; close: () => void }>((resolve) =>
    server.listen(0, '127.0.0.1', () =>
      resolve({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        seen,
        close: () => server.close().closeAllConnections(),
      }),
    ),
  );
}

describe.concurrent('run', () => {
  const plan = () => file('sno.yaml', 'name: one\nseed: s\nclusters: [{topology: sno}]\nboot_spread: 1h\n');

  it('ends gracefully at Ctrl-C: cleans up, prints the summary, exit code 130', async ({ expect }) => {
    const service = await stubService((response) => response.writeHead(204).end());
    const { child, ended, said } = start(
      'run',
      plan(),
      '--service',
      service.url,
      '--listen',
      '127.0.0.1:0',
      '--out',
      'out',
    );
    const url = await said(/page, API and metrics: (\S+)/);
    await expect.poll(() => service.seen, { timeout: 60_000 }).toContain('GET /v2/clusters/cluster-1/hosts');
    expect(await (await fetch(`${url}/api/v1/runs`)).json()).toMatchObject([{ state: 'running', plan: 'one' }]);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(stdout).toContain('INTERRUPTED');
    expect(stdout).toContain('0/1 clusters installed');
    expect(stderr).toContain('press Ctrl-C again');
    expect(code).toBe(130);
    expect(service.seen).toContain('DELETE /v2/clusters/cluster-1');
    expect(service.seen.at(-1)).toBe('DELETE /v2/infra-envs/infra-env-1');
    const [run] = readdirSync(join(folder, 'out'));
    const summary = JSON.parse(readFileSync(join(folder, 'out', run!, 'summary.json'), 'utf8'));
    expect(summary).toMatchObject({ verdict: 'interrupted', leftBehind: [] });
    service.close();
  });

  it('leaves at once at the second Ctrl-C and says what is left behind', async ({ expect }) => {
    const service = await stubService(() => {});
    const { child, ended, said } = start('run', plan(), '--service', service.url, '--quiet', '--out', 'left');
    await expect.poll(() => service.seen, { timeout: 60_000 }).toContain('GET /v2/clusters/cluster-1/hosts');
    child.kill('SIGHUP');
    await said(/press Ctrl-C again/);
    await expect.poll(() => service.seen, { timeout: 60_000 }).toContain('DELETE /v2/clusters/cluster-1');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toMatch(/left behind on the service:\n +one\S* +cluster cluster-1 +infra-env infra-env-1/);
    service.close();
  });

  it('waits for a moment that it shares with others, and makes nothing when it is ended before', async ({ expect }) => {
    const service = await stubService((response) => response.writeHead(204).end());
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const { child, ended, said } = start(
      ...['run', plan(), '--service', service.url, '--shard', '0/1', '--start-at', at, '--out', 'waiting'],
    );
    await said(/waiting for \S+, in (59m|1h)/);
    child.kill('SIGINT');
    const { code, stdout, stderr } = await ended;
    expect(stderr).toContain(`ended before ${at}; nothing was made`);
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    expect(service.seen).toEqual([]);
    expect(readdirSync(join(folder, 'waiting'))).toEqual([]);
    service.close();
  });

  it('fails with exit code 1 and JSON when nobody is there', async () => {
    const { code, stdout } = await swarm(
      'run',
      plan(),
      '--service',
      'http://127.0.0.1:9',
      '--json',
      '--quiet',
      '--out',
      'dead',
    );
    expect(code).toBe(1);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ verdict: 'failed', clusters: { planned: 1, installed: 0 } });
    expect(summary.clusters.failed + summary.clusters.cancelled).toBe(1);
    expect(summary.reasons).toEqual([
      expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:9 has never answered: (\d+) of \1 attempts failed \(refused: nothing listens there/,
      ),
    ]);
  });
});

describe.concurrent('serve', () => {
  it('serves until Ctrl-C and refuses a port that is taken', async () => {
    const daemon = start('serve', '--listen', '127.0.0.1:0');
    const url = await daemon.said(/listening on (\S+)/);
    expect((await fetch(`${url}/api/assisted-swarm/health`)).status).toBe(204);
    const second = await swarm('serve', '--listen', url.replace('http://', ''));
    expect(second).toMatchObject({ code: 2, stderr: expect.stringContaining('the port is in use') });
    daemon.child.kill('SIGINT');
    expect((await daemon.ended).code).toBe(0);
  });

  it('ends when a client asks for it', async () => {
    const daemon = start('serve', '--listen', '127.0.0.1:0');
    const url = await daemon.said(/listening on (\S+)/);
    expect((await fetch(`${url}/api/assisted-swarm/exit`)).status).toBe(204);
    expect((await daemon.ended).code).toBe(0);
  });
});
