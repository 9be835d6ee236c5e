/** `swarm report` and `swarm compare` on folders of runs. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readCsv, readMarkup } from '../report/testing/markup.ts';
import { largeSummary, someQuantiles, someSummary, someTotals } from '../report/testing/summaries.ts';
import { compareCommand } from './compare.ts';
import { InputError } from './exit.ts';
import { reportCommand } from './report.ts';
import { runInProcess } from './testing/in-process.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'swarm-report-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A run's folder as it ended. */
function leave(run: string, summary: object | string, plan?: object): string {
  const path = join(folder, run);
  mkdirSync(path);
  writeFileSync(
    join(path, 'summary.json'),
    typeof summary === 'string' ? summary : JSON.stringify({ ...summary, run }),
  );
  if (plan) writeFileSync(join(path, 'plan.resolved.json'), JSON.stringify(plan));
  return path;
}
const at = (name: string) => join(folder, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const report = (...args: string[]) => runInProcess(reportCommand, ['report', ...args, '--out', folder]);
const compare = (...args: string[]) => runInProcess(compareCommand, ['compare', ...args, '--out', folder]);

describe('swarm report', () => {
  it('writes the HTML into the folder of the run where nothing else is asked for', async () => {
    const path = leave('one', largeSummary('why'), { openshiftVersion: '4.20', clusters: [] });
    const { code, stderr } = await report('one');
    expect(code).toBe(0);
    expect(stderr).toBe(`html: ${path}/report.html\n`);
    expect(read('one/report.html')).toContain('4.20');
  });

  it('writes what is asked for, of a run that is named by its folder', async () => {
    const path = leave('one', largeSummary());
    const files = ['html', 'csv', 'ndjson', 'junit'].flatMap((form) => [`--${form}`, at(`out.${form}`)]);
    const { code } = await runInProcess(reportCommand, ['report', path, ...files]);
    expect(code).toBe(0);
    readMarkup(read('out.html'));
    readMarkup(read('out.junit'));
    expect(read('out.ndjson').trimEnd().split('\n')).toHaveLength(readCsv(read('out.csv')).length - 1);
  });

  it('prints one of them', async () => {
    leave('one', someSummary());
    expect((await report('one', '--csv', '-')).stdout).toMatch(/^run,elapsed_seconds,/);
    const { error } = await report('one', '--csv', '-', '--junit', '-');
    expect(error).toBeInstanceOf(InputError);
    expect(error!.message).toMatch(/only one of/);
  });

  it('gathers runs in a table, and spoils no other file', async () => {
    leave('one', someSummary());
    leave('two', largeSummary());
    for (const run of ['one', 'two']) expect((await report(run, '--row', at('runs.csv'))).code).toBe(0);
    const rows = readCsv(read('runs.csv'));
    expect(rows.map(([run]) => run)).toEqual(['run', 'one', 'two']);
    writeFileSync(at('mine.csv'), 'a,b\n1,2\n');
    expect((await report('one', '--row', at('mine.csv'))).error!.message).toMatch(/mine.csv has other columns/);
    expect(read('mine.csv')).toBe('a,b\n1,2\n');
  });

  it('knows which percentiles a run has kept', async () => {
    const sinceDue = { ...someQuantiles(10), percentiles: { '99.9': 4000 } };
    leave('one', someSummary({ totals: someTotals({ sinceDue }), requests: largeSummary().requests.slice(0, 1) }));
    expect((await report('one', '--percentiles', '99.9,50')).code).toBe(0);
    expect(read('one/report.html')).toContain('>p99.9</th>');
    const { error } = await report('one', '--percentiles', '50,90');
    expect(error!.message).toBe(
      '--percentiles 90: run one kept only 50, 95, 99, 99.9, 100; a run keeps others when it is asked for them: swarm run --percentiles 90',
    );
    for (const wrong of ['0', '101', 'x', '', '50,,90', '1,2,3,4,5,6,7,8,9']) {
      expect((await report('one', '--percentiles', wrong)).error!.message, wrong).toMatch(/Allowed: up to 8 numbers/);
    }
  });

  it('says why there is none', async () => {
    leave('broken', '{');
    leave('other', { hello: 'world' });
    for (const [run, why] of [
      ['broken', /there is no run broken/],
      ['other', /has no summary: its summary.json cannot be read|there is no run other/],
      ['none', /there is no run none in/],
    ] as const) {
      const { error } = await report(run);
      expect(error).toBeInstanceOf(InputError);
      expect(error!.message).toMatch(why);
    }
    leave('one', someSummary());
    const { error } = await report('one', '--html', at('nowhere/x.html'));
    expect(error!.message).toBe(`--html ${at('nowhere/x.html')} cannot be written (ENOENT); give another path`);
  });
});

describe('swarm compare', () => {
  const slow = () => someSummary({ totals: someTotals({ sinceDue: someQuantiles(20) }) });

  it('ends with 0 where nothing is worse, and with 1 where something is', async () => {
    leave('a', someSummary());
    leave('b', someSummary());
    leave('slow', slow());
    expect(await compare('a', 'b')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing is significantly worse'),
    });
    expect(await compare('a', 'slow')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('significantly worse'),
    });
    expect(await compare('slow', 'a')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('significantly better'),
    });
  });

  it('takes bands, some or all', async () => {
    leave('a', someSummary());
    leave('slow', slow());
    expect((await compare('a', 'slow', '--bands', 'times=50/150')).code).toBe(0);
    expect((await compare('a', 'slow', '--bands', 'resources=1/2/3')).code).toBe(1);
    for (const wrong of [
      '',
      'times',
      'times=5',
      'times=15/5',
      'times=0/5',
      'times=1/2/3',
      'resources=1/2',
      'times=1/2,times=1/2',
      'cpu=1/2',
    ]) {
      expect((await compare('a', 'slow', '--bands', wrong)).error!.message, wrong).toMatch(
        /Allowed: resources=A\/B\/C and times=A\/B/,
      );
    }
  });

  it('prints JSON, and writes HTML', async () => {
    const path = leave('a', someSummary(), { limits: { ready: 1 } });
    leave('slow', slow(), { limits: { ready: 2 } });
    const { stdout, stderr, code } = await compare(path, 'slow', '--json', '--html', at('c.html'));
    const told = JSON.parse(stdout);
    expect(code).toBe(1);
    expect(told).toMatchObject({
      a: { run: 'a' },
      b: { run: 'slow' },
      bands: { times: [5, 15] },
      warnings: ['the plans differ: limits.ready: 1 in A, 2 in B'],
    });
    expect(told.worse).toEqual(['run: request_duration p50', 'run: request_duration p95', 'run: request_duration p99']);
    expect(stderr).toBe(`html: ${at('c.html')}\n`);
    readMarkup(read('c.html'));
  });

  it('refuses what is no run', async () => {
    leave('a', someSummary());
    expect((await compare('a', 'none')).error).toBeInstanceOf(InputError);
    expect((await compare('a', 'a', '--html', at('x/y.html'))).error!.message).toMatch(/cannot be written/);
  });
});
