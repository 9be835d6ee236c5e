/**
 * `npm run bench`: runs the parts one after the other, each in a process of its own with the flags it needs, prints their tables, and writes
 * plots and the documents' tables where it is asked to.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from 'node:os';
import { join, relative } from 'node:path';
import { CommanderError } from 'commander';
import { barChart } from './bar-chart.ts';
import { type BenchOptions, parseOptions } from './options.ts';
import { partMarkdown, updatedPage } from './page.ts';
import type { Figures, PartOptions, PartOrder, PartReport } from './part.ts';
import { PARTS, type PartEntry } from './parts.ts';
import { tableText } from './table.ts';

/** What --json prints. Numbers are in the units that rows, columns and charts name. */
export interface BenchResult {
  startedAt: string;
  quick: boolean;
  machine: {
    node: string;
    processors: number;
    model: string;
    memoryBytes: number;
    /** Of the last minute before the first part: what else went on. */
    loadAverage: number;
  };
  parts: (Partial<Figures> & { name: string; seconds: number; error?: string })[];
}

const note = (text: string) => process.stderr.write(`${text}\n`);

/** @throws Error that says why the part gave no figures */
function runPart({ name, execArgv = [] }: PartEntry, options: PartOptions, onChild: (child: ChildProcess) => void) {
  return new Promise<Figures>((resolve, reject) => {
    const folder = mkdtempSync(join(tmpdir(), 'swarm-bench-'));
    // Flags of this process are not the part's.
    const child = fork(new URL('./child.ts', import.meta.url), [], {
      execArgv: [...execArgv],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    onChild(child);
    let failure = 'the process of the part has ended without figures';
    let figures: Figures | null = null;
    child.on('message', (report: PartReport) => {
      if (report.type === 'progress') note(`  ${name}: ${report.text}`);
      else if (report.type === 'figures') figures = report.figures;
      else failure = report.message;
    });
    child.once('close', () => {
      rmSync(folder, { recursive: true, force: true });
      if (figures) resolve(figures);
      else reject(new Error(failure));
    });
    child.send({ module: name, options, folder } satisfies PartOrder);
  });
}

function printFigures({ tables, notes }: Figures): void {
  for (const table of tables) process.stdout.write(`\n${tableText(table)}\n`);
  for (const text of notes) process.stdout.write(`\n${text}\n`);
}

function writePlots({ charts }: Figures, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const chart of charts) {
    const file = join(folder, `${chart.name}.svg`);
    writeFileSync(file, barChart(chart));
    note(`  written: ${relative('', file)}`);
  }
}

const PAGE = join(import.meta.dirname, 'README.md');
const PAGE_PLOTS = join(import.meta.dirname, '../docs/bench');

function updateDocs(part: string, figures: Figures, measured: string): void {
  writeFileSync(PAGE, updatedPage(readFileSync(PAGE, 'utf8'), part, partMarkdown(figures, measured)));
  writePlots(figures, PAGE_PLOTS);
}

function machine(): BenchResult['machine'] {
  return {
    node: process.version,
    processors: availableParallelism(),
    model: cpus()[0]?.model ?? 'unknown',
    memoryBytes: totalmem(),
    loadAverage: Math.round(loadavg()[0]! * 10) / 10,
  };
}

/** When, and on what. */
function measuredText({ startedAt, quick, machine }: Pick<BenchResult, 'startedAt' | 'quick' | 'machine'>): string {
  const { node, processors, model, memoryBytes, loadAverage } = machine;
  const memory = `${Math.round(memoryBytes / 2 ** 30)} GiB`;
  return `${startedAt.slice(0, 10)}${quick ? ' with --quick' : ''}, Node ${node}, ${processors} processors (${model}), ${memory}, load average ${loadAverage} before`;
}

/** @returns the exit code */
async function bench({ parts, json, plots, updateDocs: docs, ...options }: BenchOptions): Promise<number> {
  const result: BenchResult = {
    startedAt: new Date().toISOString(),
    quick: options.quick,
    machine: machine(),
    parts: [],
  };
  const head = measuredText(result);
  if (!json) process.stdout.write(`${head}\n`);
  let child: ChildProcess | null = null;
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!interrupted) note('interrupted: what was started is being ended');
      interrupted = true;
      child?.kill('SIGTERM');
    });
  }
  for (const entry of PARTS.filter(({ name }) => parts.includes(name))) {
    if (interrupted) break;
    const start = performance.now();
    const seconds = () => Math.round((performance.now() - start) / 100) / 10;
    const before = machine();
    note(`${entry.name}: ${entry.summary}`);
    try {
      const figures = await runPart(entry, options, (started) => {
        child = started;
      });
      result.parts.push({ name: entry.name, seconds: seconds(), ...figures });
      if (!json) printFigures(figures);
      if (plots !== null) writePlots(figures, plots);
      if (docs)
        updateDocs(
          entry.name,
          figures,
          measuredText({ ...result, startedAt: new Date().toISOString(), machine: before }),
        );
    } catch (error) {
      if (interrupted) break;
      const { message } = error as Error;
      note(`  ${entry.name} failed: ${message}`);
      result.parts.push({ name: entry.name, seconds: seconds(), error: message });
    }
  }
  if (json) process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  if (interrupted) return 130;
  return result.parts.some(({ error }) => error !== undefined) ? 1 : 0;
}

try {
  process.exitCode = await bench(parseOptions(process.argv.slice(2)));
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exitCode = error.exitCode;
}
