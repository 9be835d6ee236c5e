/** `swarm merge` on folders of shards: which it takes, what it writes, how it ends. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { keepFigures, writeFigures } from '../daemon/merge/figures-file.ts';
import { type Happening, measuredRun } from '../daemon/merge/testing/measured-runs.ts';
import { fakePlan, shardOf } from '../daemon/testing/fakes.ts';
import { keptSummary } from '../report/kept-summary.ts';
import { readMarkup } from '../report/testing/markup.ts';
import { ownIdentity } from '../telemetry/process-identity.ts';
import { compareCommand } from './compare.ts';
import { mergeCommand } from './merge.ts';
import { reportCommand } from './report.ts';
import { runsCommand } from './runs.ts';
import { runInProcess } from './testing/in-process.ts';

// In one process, and each has a report written.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const plan = fakePlan([{}, {}, { controlPlanes: 3 }, {}]);
const HAPPENINGS: Happening[] = [
  { cluster: null, enter: 'deploy' },
  ...plan.clusters.flatMap(({ index }): Happening[] => [
    { cluster: index, request: 200, ms: 10 + index, endpoint: 'get-instructions' },
    { cluster: index, phase: 'complete', at: 1000 + index },
    { cluster: null, look: 1000 * (index + 1) },
  ]),
];
const COUNT = 3;

let folder: string;
/** The folders of the shards of the plan, below `results`. */
let shards: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-merging-'));
  shards = [];
  for (let index = 0; index < COUNT; index++) {
    const path = join(folder, 'results', String(index), 'runs', `run-${index}`);
    mkdirSync(path, { recursive: true });
    await writeFigures(path, keepFigures(measuredRun(shardOf(plan, index, COUNT), HAPPENINGS)));
    shards.push(path);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const merge = (...args: string[]) =>
  runInProcess(mergeCommand, ['merge', ...args, '--out', join(folder, 'runs'), '--apart', '1h']);

/** A shard's folder as a run leaves it that was killed, is under way, or has ended; of this test's own process unless it is dead. */
function leaveLedger(name: string, header: object = {}, lines: readonly object[] = [], dead = true): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const identity = ownIdentity();
  const process = dead ? { ...identity, pid: 2 ** 22 + 1, startTime: '1' } : identity;
  const first = {
    ...{
      ledger: 1,
      run: name,
      plan: plan.name,
      seed: plan.seed,
      shard: { index: 2, count: COUNT },
      service: 'embedded',
    },
    ...{ tls: {}, clusters: 1, hosts: 3, startedAt: '2026-11-28T10:00:00.000Z', process },
    ...header,
  };
  writeFileSync(join(path, 'ledger.ndjson'), [first, ...lines].map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

describe('swarm merge', () => {
  it('makes a folder like a run of all shards below one folder, for whoever reads runs', async () => {
    const { code, stdout, stderr, error } = await merge(join(folder, 'results'), '--junit', join(folder, 'junit.xml'));
    expect(error).toBeNull();
    expect(code).toBe(0);
    expect(stdout).toMatch(/✓ PASSED {2}test: .*run \d{8}-\d{6}-/);
    expect(stdout).toMatch(/Shards\n {2}shard {2}run/);
    const [run] = readdirSync(join(folder, 'runs'));
    expect(stderr).toContain(`kept in ${join(folder, 'runs', run!)}`);
    readMarkup(readFileSync(join(folder, 'junit.xml'), 'utf8'));
    const html = readFileSync(join(folder, 'runs', run!, 'report.html'), 'utf8');
    readMarkup(html);
    expect(html).toContain('<h2>Shards</h2>');
    expect(html).toContain('3 × SNO, 1 × compact');

    const summary = keptSummary(JSON.parse(readFileSync(join(folder, 'runs', run!, 'summary.json'), 'utf8')))!;
    expect(summary.totals.requests).toBe(plan.clusters.length);
    expect(summary.shards.map((one) => one.run)).toEqual(['run-0', 'run-1', 'run-2']);
    const out = ['--out', join(folder, 'runs')];
    expect((await runInProcess(runsCommand, ['runs', ...out])).stdout).toMatch(new RegExp(`${run}  ended  passed`));
    const report = await runInProcess(reportCommand, ['report', run!, '--csv', '-', ...out]);
    expect(report).toMatchObject({ code: 0, error: null });
    const compared = await runInProcess(compareCommand, ['compare', run!, run!, ...out]);
    expect(compared).toMatchObject({ code: 0, error: null });
    const again = await merge(join(folder, 'runs', run!));
    expect(again.error!.message).toMatch(/is merged already; give the folders of its shards/);
  });

  it('prints the summary as JSON, with percentiles that shards were never asked for', async () => {
    const to = join(folder, 'to');
    const { code, stdout } = await merge(...shards, '--to', to, '--json', '--percentiles', '12.5');
    expect(code).toBe(0);
    const summary = JSON.parse(stdout);
    expect(summary).toMatchObject({ run: 'to', shard: { index: 0, count: 1 } });
    expect(Object.keys(summary.totals.sinceDue.percentiles)).toEqual(['12.5']);
    expect(existsSync(join(to, 'series.csv'))).toBe(true);
    expect(JSON.parse(readFileSync(join(to, 'plan.resolved.json'), 'utf8'))).toMatchObject({ hostCount: 6 });
  });

  it('fails for a shard that was killed, and tells how far it came', async () => {
    const killed = leaveLedger('killed');
    const events = [
      { type: 'run.warning', message: '{"time":7,', time: 1000 },
      { type: 'cluster.phase', time: 43_000.5, cluster: 2, name: 'c', phase: 'complete' },
    ];
    writeFileSync(
      join(killed, 'events.ndjson'),
      `${events.map((event) => JSON.stringify(event)).join('\n')}\n{"time":99000,"type":"clus`,
    );
    const { code, stdout } = await merge(shards[0]!, shards[1]!, killed);
    expect(code).toBe(1);
    expect(stdout).toMatch(/✗ FAILED/);
    expect(stdout).toMatch(
      /shard 2 of 3 is lost: run killed on \S+ was killed; its last event came at \S+, \S+ m?s after its start, with 1 of 1 cluster complete; its 3 hosts count as not done; remove what it has left \(swarm clean \S+\/killed\), run it again \(swarm run … --shard 2\/3\), and merge again/,
    );
    const [, came] = /its last event came at (\S+),/.exec(stdout)!;
    const wallMs = (43_000.5 - 1000) / plan.clockSpeed;
    expect(Date.parse(came!) - Date.parse('2026-11-28T10:00:00.000Z')).toBe(Math.trunc(wallMs));
    // The whole plan is what it is counted of.
    expect(stdout).toMatch(/booted .* 0\/6/);
  });

  it('takes the try of a shard that ended for one that did not', async () => {
    const killed = leaveLedger('earlier', { shard: { index: 1, count: COUNT } });
    const { code, stderr } = await merge(killed, ...shards);
    expect(code).toBe(0);
    expect(stderr).toMatch(/earlier did not end and is left out: .*run-1 is the same shard, and did/);
  });

  it('refuses what it cannot take in one sentence each', async () => {
    const refused = async (...names: string[]) => (await merge(...names)).error?.message;
    const one = shards[0]!;
    expect(await refused(join(folder, 'nowhere'))).toMatch(/^there is no folder .*nowhere; give the folders/);
    expect(await refused('20261128-100000-aaaa')).toMatch(/^there is no run 20261128-100000-aaaa in /);
    mkdirSync(join(folder, 'empty'));
    expect(await refused(join(folder, 'empty'))).toMatch(/holds no folder of a shard/);
    const alone = leaveLedger('alone', { shard: { index: 0, count: 1 } });
    expect(await refused(one, alone)).toMatch(/^run alone is not a shard: it ran its whole plan/);
    const running = leaveLedger('running', {}, [], false);
    expect(await refused(one, running)).toMatch(/^run running \(shard 2 of 3\) still goes on, in process \d+ on /);
    const end = { ended: '2026-11-28T11:00:00.000Z', verdict: 'passed', reasons: [] };
    const bare = leaveLedger('bare', {}, [end]);
    expect(await refused(one, bare)).toMatch(/^run bare \(shard 2 of 3\) has ended, and .* has no figures\.json\.gz/);
    const backup = leaveLedger('backup', { backup: true });
    expect(await refused(one, backup)).toMatch(/^run backup is a backup load/);
    const other = leaveLedger('other', { seed: 'x' });
    expect(await refused(one, other)).toMatch(/their seeds are "seed" and "x"/);
    const twin = leaveLedger('twin');
    expect(await refused(one, leaveLedger('killed'), twin)).toMatch(/are both shard 2 of 3/);
    expect(await refused(twin)).toMatch(/^no shard that was given has ended/);
    const overwritten = await merge(...shards, '--to', one);
    expect(overwritten.error!.message).toMatch(/is the folder of a run, which would be lost/);
  });
});
