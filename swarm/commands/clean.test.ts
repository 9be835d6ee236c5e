/** `swarm clean` and `swarm runs` through real processes: runs that are killed, and what is on the service afterwards. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { API_BASE } from '../../model/protocol/endpoints.ts';
import { NameService } from '../cluster/testing/name-service.ts';
import { runToken } from '../host/identity.ts';
import { LEDGER_FILE, readLedger } from '../telemetry/ledger.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { Cli } from './testing/cli.ts';

const cli = new Cli();
afterAll(() => cli.killAll());

const PULL_SECRET = '{"auths":{"registry.example.com":{"auth":"dXNlcjpwYXNz"}}}';

interface Row {
  id: string;
  name: string;
}

/** Clusters and infra-envs of a service, seen and planted past the program. */
class Seen {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async list(what: 'clusters' | 'infra-envs'): Promise<Row[]> {
    return (await (await fetch(`${this.url}${API_BASE}/v2/${what}`)).json()) as Row[];
  }

  /** Everything, as `name id`, sorted. */
  async everything(): Promise<string[]> {
    const lists = await Promise.all([this.list('clusters'), this.list('infra-envs')]);
    return lists
      .flat()
      .map(({ name, id }) => `${name} ${id}`)
      .sort();
  }

  async plant(what: 'clusters' | 'infra-envs', name: string): Promise<void> {
    const body = {
      name,
      openshift_version: '4.20',
      pull_secret: PULL_SECRET,
      ...(what === 'clusters' && { base_dns_domain: 'example.com', control_plane_count: 1 }),
    };
    const answer = await fetch(`${this.url}${API_BASE}/v2/${what}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(201);
  }
}

const planOf = (seed: string, clusters: string) =>
  cli.file(
    `${seed}.yaml`,
    `name: k\nseed: ${seed}\nboot_spread: 2s\nspoke_profile: quick\nclusters:\n${clusters}pull_secret: '${PULL_SECRET}'\n`,
  );
const FORTY = `  - {name: sno, topology: sno, amount: 25}
  - {name: compact, topology: compact, amount: 10}
  - {name: pool, topology: sno, amount: 5, just_infraenv: true}
`;

/** Other people's objects, as like the seed's as may be. */
async function plantStrangers(service: Seen, seed: string): Promise<string[]> {
  const token = runToken(seed);
  const clusters = [`sno-${token}`, `${token}-1`, `sno-${token}-x`, `sno-${token}-00`, `sno-${token}-0-copy`];
  const infraEnvs = [
    `sno-${token}-0-infra-env-2`,
    `sno-${token}-0`,
    `sno-${token}-x-infra-env`,
    `sno-${token}0-1-infra-env`,
  ];
  for (const name of [...clusters, `sno-${token}-0-infra-env`]) await service.plant('clusters', name);
  for (const name of infraEnvs) await service.plant('infra-envs', name);
  return service.everything();
}

describe.concurrent('after a kill', () => {
  const moments: [string, (mine: Row[]) => boolean, (run: string, seed: string) => string[]][] = [
    ['while the first are being created', (mine) => mine.length > 0, (run) => [run]],
    ['half-way', (mine) => mine.length >= 20, () => ['--all']],
    ['when all hosts are on their way', (mine) => mine.length === 40, (_run, seed) => ['--seed', seed]],
  ];

  it.each(moments.map((moment, n) => [moment[0], n] as const))(
    'nothing of the run is left and nothing of others is touched: %s',
    async (_name, n) => {
      const [, due, argumentsFor] = moments[n]!;
      const mock = cli.start(['mock', 'service', '--listen', '127.0.0.1:0']);
      const service = new Seen(await mock.said(/(http:\/\/\S+)\n/));
      const seed = `moment-${n}`;
      const out = `out-${n}`;
      const strangers = await plantStrangers(service, seed);
      const run = cli.start(['run', planOf(seed, FORTY), '--service', service.url, '--out', out, '--quiet']);
      const mine = async () =>
        (await service.list('infra-envs')).filter(({ name, id }) => !strangers.includes(`${name} ${id}`));
      await expect.poll(async () => due(await mine()), { timeout: 90_000, interval: 10 }).toBe(true);
      run.child.kill('SIGKILL');
      await run.ended;
      const [id] = readdirSync(join(cli.folder, out)) as [string];
      const listed = JSON.parse((await cli.run('runs', '--out', out, '--json')).stdout);
      expect(listed).toMatchObject([{ id, state: 'killed', verdict: null, seed, clusters: 40, service: service.url }]);
      const { made, unconfirmed } = listed[0].onService;
      expect(made.cluster + unconfirmed).toBeGreaterThan(0);

      const cleaned = await cli.run('clean', ...argumentsFor(id, seed), '--out', out, '--json');
      expect(cleaned).toMatchObject({ code: 0 });
      expect(JSON.parse(cleaned.stdout)).toMatchObject({ runs: [id], left: [] });
      expect(await service.everything()).toEqual(strangers);
      // Again: there is nothing to do, and it says so.
      expect(await cli.run('clean', id, '--out', out)).toMatchObject({
        code: 0,
        stdout: 'nothing was removed; nothing is left\n',
      });
      expect(readLedger(join(cli.folder, out, id)).open).toEqual([]);
      mock.child.kill('SIGKILL');
    },
    60_000,
  );
});

describe.concurrent('with a service that holds its answers', () => {
  const plan = () => planOf('held', '  - {name: sno, topology: sno, amount: 3}\n');

  it('the second Ctrl-C names what was being created too, and clean removes it', async ({ expect }) => {
    const service = await NameService.start();
    service.onMade = (kind) => (kind === 'infra-env' ? new Promise(() => {}) : undefined);
    const run = cli.start(['run', plan(), '--service', service.url, '--out', 'held', '--quiet']);
    await expect.poll(() => service.infraEnvs.size, { timeout: 60_000 }).toBe(3);
    run.child.kill('SIGINT');
    await run.said(/press Ctrl-C again/);
    const [id] = readdirSync(join(cli.folder, 'held')) as [string];
    const alive = await cli.run('clean', id, '--out', 'held');
    expect(alive).toMatchObject({ code: 2, stderr: expect.stringContaining(`run ${id} still goes on in process`) });
    run.child.kill('SIGINT');
    const { code, stderr } = await run.ended;
    expect(code).toBe(130);
    expect(stderr.match(/sno-\S+-\d {2}cluster id-\d+ {2}perhaps infra-env sno-\S+-\d-infra-env/g)).toHaveLength(3);
    expect(stderr).toContain(`remove it with: swarm clean held/${id}`);

    const cleaned = await cli.run('clean', `held/${id}`);
    expect(cleaned).toMatchObject({ code: 0, stdout: 'removed 3 clusters and 3 infra-envs; nothing is left\n' });
    expect(service.clusters.size + service.infraEnvs.size).toBe(0);
    await service.close();
  }, 180_000);

  it('a stopped run that cannot remove what it made says so, with exit code 130', async ({ expect }) => {
    const service = await NameService.start();
    service.refuseRemovals = 403;
    const many = planOf('many', '  - {name: sno, topology: sno, amount: 14}\n');
    const run = cli.start(['run', many, '--service', service.url, '--out', 'refusing', '--quiet']);
    await expect.poll(() => service.infraEnvs.size, { timeout: 60_000 }).toBe(14);
    run.child.kill('SIGINT');
    const { code, stdout } = await run.ended;
    const [id] = readdirSync(join(cli.folder, 'refusing')) as [string];
    expect(stdout).toContain('INTERRUPTED');
    expect(stdout).toMatch(/the run was stopped before its end\n +14 of 14 clusters could not be removed .*403/);
    const left = stdout.slice(stdout.indexOf('Left behind on the service'));
    expect(left.match(/sno-\S+ {2}cluster id-\d+ {2}infra-env id-\d+/g)).toHaveLength(10);
    expect(left).toContain('and 4 more; summary.json has all of them');
    expect(left).toContain(`remove it with: swarm clean refusing/${id}`);
    expect(code).toBe(130);
    service.refuseRemovals = null;
    expect(await cli.run('clean', `refusing/${id}`)).toMatchObject({ code: 0 });
    expect(service.clusters.size + service.infraEnvs.size).toBe(0);
    await service.close();
  }, 180_000);

  it('what cannot be removed is named, with exit code 1, and can be removed later', async ({ expect }) => {
    const service = await NameService.start();
    const kept = await cli.start(['run', plan(), '--service', service.url, '--out', 'kept', '--quiet', '--keep']);
    await expect.poll(() => service.infraEnvs.size, { timeout: 60_000 }).toBe(3);
    const [id] = readdirSync(join(cli.folder, 'kept')) as [string];
    const idsKnown = () => readLedger(join(cli.folder, 'kept', id)).open.filter((entry) => entry.id !== null).length;
    await expect.poll(idsKnown, { timeout: 60_000 }).toBe(6);
    kept.child.kill('SIGKILL');
    await kept.ended;
    service.refuseRemovals = 403;
    const refused = await cli.run('clean', id, '--out', 'kept');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(
      /nothing was removed; this could not be removed:\n {2}cluster sno-\S+ id-\d+ of run \S+: .*403.*not now/,
    );
    expect(refused.stdout.match(/^ {2}/gm)).toHaveLength(6);
    const runs = await cli.run('runs', '--out', 'kept');
    expect(runs.stdout).toContain('3 clusters, 3 infra-envs');
    expect(runs.stderr).toContain(`remove what is left with: swarm clean ${id} --out kept`);

    // The same seed again is refused, by its names.
    const again = await cli.run('run', plan(), '--service', service.url, '--out', 'again', '--quiet', '--json');
    expect(again.code).toBe(1);
    expect(JSON.parse(again.stdout).reasons[0]).toContain(`swarm clean --seed held --service ${service.url}`);
    service.refuseRemovals = null;
    expect(await cli.run('clean', '--seed', 'held', '--service', service.url, '--out', 'none')).toMatchObject({
      code: 0,
    });
    expect(service.clusters.size + service.infraEnvs.size).toBe(0);
    expect(await cli.run('clean', id, '--out', 'kept')).toMatchObject({ code: 0 });
    await service.close();
    expect(await cli.run('clean', '--seed', 'held', '--service', service.url, '--out', 'none')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('objects of seed held: '),
    });
  }, 180_000);
});

/** Writes the folder of a run of another process; it ended, unless `header` gives a process and `end` is false. */
function leaveRun(out: string, id: string, header: object, lines: object[], end = true): void {
  const folder = join(cli.folder, out, id);
  mkdirSync(folder, { recursive: true });
  const first = {
    ...{ ledger: 1, run: id, plan: 'p', seed: 's', shard: { index: 0, count: 1 }, tls: {}, clusters: 1, hosts: 1 },
    startedAt: '2026-11-21T14:30:00.000Z',
    process: { ...ownIdentity(), startTime: '1' },
    ...header,
  };
  const last = { ended: '2026-11-21T14:30:00.000Z', verdict: 'failed', reasons: [] };
  const text = [first, ...lines, ...(end ? [last] : [])].map((line) => `${JSON.stringify(line)}\n`).join('');
  writeFileSync(join(folder, LEDGER_FILE), text);
}

describe.concurrent('runs of one seed', () => {
  const intended = { seq: 1, intended: 'cluster', name: 'c' };

  it('do not take each other for their own', async () => {
    const service = await NameService.start();
    leaveRun('twins', 'run-1', { service: service.url }, [intended]);
    leaveRun('twins', 'run-2', { service: service.url }, [intended, { seq: 1, made: 'of-run-2' }]);
    service.clusters.set('of-run-2', 'c').set('of-run-1', 'c');
    expect(await cli.run('clean', 'run-1', '--out', 'twins')).toMatchObject({ code: 0 });
    expect([...service.clusters.keys()]).toEqual(['of-run-2']);
    leaveRun('twins', 'run-1', { service: service.url }, [intended]);
    leaveRun('twins', 'run-2', { service: service.url, process: ownIdentity() }, [intended], false);
    for (const args of [['run-1'], ['--seed', 's', '--service', service.url]]) {
      const refused = await cli.run('clean', ...args, '--out', 'twins');
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('run run-2 still goes on') });
    }
    const all = await cli.run('clean', '--all', '--out', 'twins');
    expect(all.stderr).toContain('run run-2 still goes on');
    expect([...service.clusters.keys()]).toEqual(['of-run-2']);
    await service.close();
  }, 180_000);

  it('are left alone where it is not known whether they are over, unless by their names or the word of the user', async () => {
    const service = await NameService.start();
    const process = { pid: 1, startTime: '0', machine: { host: 'another', boot: null, namespace: null } };
    const name = `c-${runToken('s')}-0`;
    const lines = [
      { ...intended, name },
      { seq: 1, made: 'id-9' },
    ];
    const leave = () => {
      leaveRun('far', 'run-1', { service: service.url, process }, lines, false);
      service.clusters.set('id-9', name).set('id-8', `c-${runToken('s')}-x`);
    };
    leave();
    const refused = await cli.run('clean', 'run-1', '--out', 'far');
    expect(refused).toMatchObject({ code: 2, stderr: expect.stringMatching(/ran on another.*name it with --over/) });
    expect(await cli.run('clean', '--all', '--over', '--out', 'far')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--over is about runs that are named'),
    });
    expect([...service.clusters.keys()]).toEqual(['id-9', 'id-8']);
    expect(await cli.run('clean', 'run-1', '--over', '--out', 'far')).toMatchObject({ code: 0 });
    expect([...service.clusters.keys()]).toEqual(['id-8']);
    leave();
    expect(await cli.run('clean', '--seed', 's', '--service', service.url, '--out', 'far')).toMatchObject({ code: 0 });
    expect([...service.clusters.keys()]).toEqual(['id-8']);
    await service.close();
  }, 180_000);

  it('name what this version cannot remove', async () => {
    const service = await NameService.start();
    leaveRun('new', 'run-1', { service: service.url }, [{ seq: 1, intended: 'workspace', name: 'w' }]);
    expect(await cli.run('clean', 'run-1', '--out', 'new')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('workspace w of run run-1: this version does not know how to remove it'),
    });
    await service.close();
  }, 180_000);
});

describe.concurrent('credentials', () => {
  it('come from a file or the environment, and never from the ledger', async () => {
    const service = await NameService.start();
    const id = 'run-1';
    const url = service.url.replace('//', '//(redacted)@');
    const leave = () => {
      leaveRun('creds', id, { service: url }, [
        { seq: 1, intended: 'cluster', name: 'c' },
        { seq: 1, made: 'id-9' },
      ]);
      service.clusters.set('id-9', 'c');
    };
    leave();
    const hidden = await cli.run('clean', id, '--out', 'creds');
    expect(hidden).toMatchObject({ code: 2, stderr: expect.stringContaining('give it with --service') });
    const missing = await cli.run(
      'clean',
      id,
      '--out',
      'creds',
      '--service',
      service.url,
      '--authorization-file',
      'nope',
    );
    const inUrl = await cli.run('clean', id, '--out', 'creds', '--service', 'http://bob:hunter2@127.0.0.1:1');
    expect(inUrl).toMatchObject({ code: 2, stderr: expect.stringContaining('without user') });
    expect(inUrl.stderr).not.toContain('hunter2');
    expect(missing).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--authorization-file nope cannot be read'),
    });
    cli.file('token', 'Bearer from-file\n');
    const args = ['clean', id, '--out', 'creds', '--service', service.url];
    expect(await cli.run(...args, '--authorization-file', 'token')).toMatchObject({ code: 0 });
    leave();
    expect(await cli.start(args, { SWARM_USER_AUTHORIZATION: 'Bearer from-env' }).ended).toMatchObject({ code: 0 });
    expect([...service.authorizations]).toEqual(['Bearer from-file', 'Bearer from-env']);
    leave();
    service.refuseRemovals = 403;
    const refused = await cli.run(...args, '--authorization-file', 'token');
    expect(refused.stdout).toContain('not now, not for (redacted)');
    expect(refused.stdout + refused.stderr).not.toContain('from-file');
    await service.close();
  }, 180_000);
});
