/** What the benchmark's figures pass through on their way to a reader: options, tables, plots and the model of workers. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { barChart } from './bar-chart.ts';
import { parseOptions } from './options.ts';
import { partMarkdown, updatedPage } from './page.ts';
import { PARTS } from './parts.ts';
import { lookAt, phaseUsage, type SwarmOutcome, usageOf } from './swarm-run.ts';
import { cellText, quantile, ratio, tableText } from './table.ts';
import { capacityOf, mostWorkers, workerModel } from './worker-model.ts';

describe('options', () => {
  /** What is told of a wrong command line. */
  function refusal(...args: string[]): { code: number; text: string } {
    let text = '';
    try {
      parseOptions(args, (more) => {
        text += more;
      });
    } catch (error) {
      if (error instanceof CommanderError) return { code: error.exitCode, text };
      throw error;
    }
    throw new Error('it was accepted');
  }

  it('ask for all parts, and write nothing', () => {
    const { parts, ...others } = parseOptions([]);
    expect(parts).toEqual(PARTS.map(({ name }) => name));
    expect(others).toEqual({ quick: false, json: false, plots: null, updateDocs: false });
  });

  it('keep the order of the parts, and each once', () => {
    expect(parseOptions(['memory', 'transport', 'memory']).parts).toEqual(['transport', 'memory']);
  });

  it('take amounts and durations', () => {
    expect(parseOptions(['cost', '--hosts', '200,1000', '--hold', '5m'])).toMatchObject({
      hosts: [200, 1000],
      holdSeconds: 300,
    });
  });

  it('name what is allowed', () => {
    expect(refusal('memroy')).toMatchObject({ code: 2, text: expect.stringContaining('Allowed: transport, memory') });
    expect(refusal('--qick')).toMatchObject({ code: 2, text: expect.stringContaining('--quick') });
    expect(refusal('--hosts', '150')).toMatchObject({ code: 2, text: expect.stringContaining('multiples of 100') });
    expect(refusal('--hosts', '0')).toMatchObject({ code: 2, text: expect.stringContaining('Allowed') });
  });

  it('tell of every part in the help', () => {
    const { code, text } = refusal('--help');
    expect(code).toBe(0);
    for (const { name, summary } of PARTS) expect(text.replace(/\s+/g, ' ')).toContain(`${name} ${summary}`);
  });
});

describe('tables', () => {
  it('write numbers for people', () => {
    const cells = [1234.6, 999.4, 12.345, 0.04567, 0, null, 'not there', Number.NaN];
    expect(cells.map(cellText)).toEqual(['1,235', '999', '12.3', '0.0457', '0', '', 'not there', '-']);
  });

  it('align columns, also where rows are short', () => {
    const text = tableText({
      title: 'title',
      head: ['', 'one', 'two'],
      rows: [
        ['long name', 1, 20_000],
        ['x', null],
      ],
    });
    expect(text).toBe('title\n\n           one     two\nlong name    1  20,000\nx');
  });

  it('have ratios only of what was measured', () => {
    expect(ratio(1, 4)).toBe(0.25);
    expect([ratio(null, 4), ratio(1, undefined), ratio(1, 0)]).toEqual([null, null, null]);
  });

  it('have quantiles', () => {
    expect(quantile([1, 2, 3, 4, 5], 0.5)).toBe(3);
    expect(quantile([1, 2, 3, 4, 5], 1)).toBe(5);
    expect(quantile([], 0.5)).toBeNull();
  });
});

describe('the page', () => {
  const figures = {
    tables: [{ title: 'one run', head: ['', 'a | b'], rows: [['x', 1200], ['y']] }],
    charts: [{ name: 'plot', title: 'Plot', unit: 'ms', groups: [] }],
    notes: ['A note.'],
  };

  it('has a place for each part', () => {
    const page = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
    for (const { name } of PARTS) expect(updatedPage(page, name, 'new text')).toContain('\nnew text\n');
  });

  it('gets tables, plots and notes, in place of earlier ones', () => {
    const page = updatedPage(
      '# Title\n<!-- begin x -->\nold\n<!-- end x -->\nrest\n',
      'x',
      partMarkdown(figures, 'today'),
    );
    expect(page).toBe(`# Title
<!-- begin x -->
One run:

|  | a \\| b |
|---|---:|
| x | 1,200 |
| y |  |

![Plot](../docs/bench/plot.svg)

A note.

*Measured today.*
<!-- end x -->
rest
`);
  });

  it('is not written where it has no place', () => {
    expect(() => updatedPage('# Title', 'x', 'text')).toThrow('no place for x');
  });
});

describe('a bar chart', () => {
  const chart = barChart({
    name: 'x',
    title: 'Fast & <slow>',
    unit: 'µs',
    groups: [
      {
        title: 'first',
        bars: [
          { label: 'ours', value: 5, own: true },
          { label: 'peer', value: 20, own: false },
          { label: 'absent', value: null, own: false },
        ],
      },
      { title: 'second', bars: [{ label: 'ours', value: 1000, own: true }] },
    ],
  });
  const widths = [...chart.matchAll(/<rect class="(own|other)"[^>]* width="([\d.]+)"/g)].map(
    ([, kind, width]) => [kind, Number(width)] as const,
  );

  it('has bars as long as their values, in each group by itself', () => {
    expect(widths.map(([kind]) => kind)).toEqual(['own', 'other', 'own']);
    const [ours, peer, second] = widths.map(([, width]) => width) as [number, number, number];
    expect(peer / ours).toBeCloseTo(4, 1);
    expect(second).toBe(peer);
  });

  it('stays inside of its file', () => {
    const [, width] = /viewBox="0 0 (\d+) \d+"/.exec(chart)!;
    for (const [, x, bar] of chart.matchAll(/<rect class="o[^>]* x="([\d.]+)"[^>]* width="([\d.]+)"/g)) {
      expect(Number(x) + Number(bar)).toBeLessThan(Number(width));
    }
  });

  it('escapes texts, and says in words what it shows', () => {
    expect(chart).toContain('<title>Fast &amp; &lt;slow&gt;</title>');
    expect(chart).toContain('first: ours 5, peer 20, absent not measured. second: ours 1,000.');
    expect(chart).not.toMatch(/NaN|undefined|Infinity/);
  });

  it('bears groups of nothing and of zeros', () => {
    const empty = barChart({
      ...{ name: 'x', title: 'x', unit: 'x' },
      groups: [
        { title: 'nothing', bars: [] },
        { title: 'zeros', bars: [{ label: 'zero', value: 0, own: true }] },
      ],
    });
    expect(empty).not.toMatch(/NaN|undefined|Infinity/);
    expect(empty).toContain('width="0"');
  });
});

describe('the model of workers', () => {
  const sample = (workers: number, mainShare: number) => ({
    ...{ workers, mainShare },
    cpuMicros: 100,
    mainMicrosPerBoot: 500,
  });
  const model = workerModel([sample(1, 0.11), sample(2, 0.12), sample(8, 0.18)]);

  it('tells what main takes for itself from what it takes for each worker', () => {
    expect(model.mainFixed).toBeCloseTo(0.1);
    expect(model.mainPerWorker).toBeCloseTo(0.01);
  });

  it('multiplies workers until main is full', () => {
    expect(capacityOf(model, 1).requestsPerSecond).toBeCloseTo(10_000);
    const many = capacityOf(model, 64);
    expect(many.requestsPerSecond).toBeCloseTo(640_000);
    expect(many.mainShare).toBeCloseTo(0.74);
    expect(many.bootsPerSecond).toBeCloseTo(520);
    expect(mostWorkers(model)).toBe(90);
    expect(capacityOf(model, 91)).toMatchObject({ requestsPerSecond: null, bootsPerSecond: 0 });
  });

  it('takes no time away for further workers', () => {
    const noise = workerModel([sample(1, 0.12), sample(2, 0.11)]);
    expect(noise.mainPerWorker).toBe(0);
    expect(noise.mainFixed).toBeCloseTo(0.115);
    expect(mostWorkers(noise)).toBe(Number.POSITIVE_INFINITY);
  });

  it('needs two numbers of workers', () => {
    expect(() => workerModel([sample(1, 0.1), sample(1, 0.2)])).toThrow(RangeError);
  });
});

describe('what a run takes', () => {
  const start = Date.parse('2026-01-01T00:00:00Z');
  const look = (second: number, cpu: number) => ({
    at: start + second * 1000,
    generatorCpu: cpu,
    threads: { main: cpu / 10, workers: cpu / 2, shared: 0 },
    generatorBytes: 100 + second,
    serviceCpu: 2 * cpu,
    serviceBytes: 0,
  });
  // Booting takes a core, waiting a tenth of one.
  const looks = [look(0, 0), look(10, 10), look(11, 10.1), look(15, 10.5), look(21, 11.1), look(25, 40)];
  const phases = [{ phase: 'soak', startedAt: new Date(start + 10_500).toISOString(), seconds: 11 }];
  const outcome = { summary: { phases }, looks } as unknown as SwarmOutcome;

  it('is that of the looks inside of a phase', () => {
    const used = phaseUsage(outcome, 'soak');
    expect(used.seconds).toBe(10);
    expect(used.generatorCpu).toBeCloseTo(1);
    expect(used.serviceCpu).toBeCloseTo(2);
    expect(used.threads.workers).toBeCloseTo(0.5);
    expect(used.generatorBytes).toBeCloseTo(100 + (11 + 15 + 21) / 3);
  });

  it('of a service that has ended is what it had taken', async () => {
    const ended = spawn(process.execPath, ['--version'], { stdio: 'ignore' });
    await new Promise((resolve) => ended.once('exit', resolve));
    expect(lookAt(process.pid, ended.pid!, look(0, 7))).toMatchObject({ serviceCpu: 14, serviceBytes: 0 });
  });

  it('is not guessed', () => {
    expect(() => phaseUsage(outcome, 'deploy')).toThrow('no phase deploy');
    expect(() => usageOf([looks[0]!])).toThrow(RangeError);
  });
});
