import { existsSync, readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { renderReport } from '../report/html-report.ts';
import { junitXml } from '../report/junit.ts';
import { type KeptSummary, keptPercentiles } from '../report/kept-summary.ts';
import { percentileOf } from '../report/quantiles.ts';
import { REPORT_FILE, writeWhole } from '../report/report-files.ts';
import { ROW_HEADER, runRow } from '../report/run-row.ts';
import { seriesCsv, seriesNdjson } from '../report/series-export.ts';
import { EXIT, InputError } from './exit.ts';
import { type FoundSummary, findSummary } from './find-summary.ts';
import { note } from './note.ts';
import { percentiles } from './options.ts';

interface ReportFlags {
  out: string;
  html?: string;
  csv?: string;
  ndjson?: string;
  junit?: string;
  row?: string;
  percentiles?: number[];
}

/** Forms that a report can have, by their option. */
const FORMS = {
  html: ({ summary, plan }: FoundSummary, asked: readonly number[]) =>
    renderReport(summary, { plan, percentiles: asked }),
  csv: ({ summary }: FoundSummary) => seriesCsv(summary),
  ndjson: ({ summary }: FoundSummary) => seriesNdjson(summary),
  junit: ({ summary }: FoundSummary) => junitXml(summary),
} as const;

/** `swarm report` */
export function reportCommand(finish: (code: number) => void): Command {
  return new Command('report')
    .description(
      'Writes what a run came to, from the files in its folder: one HTML file with plots, the time series, JUnit XML, or a row in a table of runs. Without any of these it writes the HTML into the folder of the run.',
    )
    .argument('<run>', 'id of a run, or its folder (see: swarm runs)')
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option('--html <file>', 'the report as one self-contained HTML file')
    .option('--csv <file>', 'the time series, a value a row')
    .option('--ndjson <file>', 'the same, a JSON object a line')
    .option('--junit <file>', 'thresholds and failed clusters as test cases of JUnit XML')
    .option('--row <file>', 'append the run as one row of CSV; a new file gets a header')
    .option(
      '--percentiles <list>',
      'percentiles in the HTML, of those that the run has kept (default: all of them)',
      percentiles,
    )
    .addHelpText(
      'after',
      `
A file named - is the standard output. Every run writes report.html, series.csv and junit.xml into its folder when it ends.
Percentiles come from what the run has kept: 50, 95 and 99, and those of swarm run --percentiles.

Exit codes: 0 written, 2 wrong input (whatever the verdict of the run).

Examples:
  swarm report 20261121-143000-9f3a --html report.html
  swarm report runs/20261121-143000-9f3a --csv series.csv --junit junit.xml
  swarm report 20261121-143000-9f3a --row runs.csv
  swarm report 20261121-143000-9f3a --ndjson - | grep request_duration`,
    )
    .action(async (name: string, flags: ReportFlags) => {
      const found = findSummary(flags.out, name);
      const asked = flags.percentiles ?? keptPercentiles(found.summary);
      refuseUnkept(found.summary, asked);
      const forms = Object.entries(FORMS) as [keyof typeof FORMS, (typeof FORMS)[keyof typeof FORMS]][];
      const wanted = forms.flatMap(([option, render]) => {
        const path = flags[option];
        return path === undefined ? [] : [{ option, path, render }];
      });
      if (wanted.filter(({ path }) => path === '-').length > 1) {
        throw new InputError('only one of --html, --csv, --ndjson and --junit can be - (the standard output)');
      }
      if (wanted.length === 0 && flags.row === undefined) {
        wanted.push({ option: 'html', path: join(found.folder, REPORT_FILE), render: FORMS.html });
      }
      for (const { option, path, render } of wanted) await write(option, path, render(found, asked));
      if (flags.row !== undefined) await appendRow(flags.row, found.summary);
      finish(EXIT.ok);
    });
}

/** @throws InputError when a percentile was not kept */
function refuseUnkept(summary: KeptSummary, asked: readonly number[]): void {
  const { run, totals } = summary;
  const lacking = asked.filter((one) => percentileOf(totals.sinceDue, one) === null);
  if (lacking.length === 0) return;
  const kept = [...keptPercentiles(summary), 100];
  throw new InputError(
    `--percentiles ${lacking.join(',')}: run ${run} kept only ${kept.join(', ')}; a run keeps others when it is asked for them: swarm run --percentiles ${lacking.join(',')}`,
  );
}

async function write(option: string, path: string, text: string): Promise<void> {
  if (path === '-') {
    process.stdout.write(text);
    return;
  }
  await filed(`--${option} ${path}`, () => writeWhole(path, text));
  note(`${option}: ${path}`);
}

/** @throws InputError for a file with other columns: rows under a wrong header would be worse than none */
async function appendRow(path: string, summary: KeptSummary): Promise<void> {
  await filed(`--row ${path}`, async () => {
    const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const header = before.split('\n', 1)[0]!.replace(/\r$/, '');
    if (before !== '' && header !== ROW_HEADER.trimEnd()) {
      throw new InputError(`--row ${path} has other columns than those of a run; give another file, or a new one`);
    }
    const gap = before === '' ? ROW_HEADER : before.endsWith('\n') ? '' : '\r\n';
    await appendFile(path, gap + runRow(summary));
  });
  note(`row: ${path}`);
}

/** @throws InputError where the file system refuses */
async function filed(what: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${what} cannot be written (${(error as NodeJS.ErrnoException).code}); give another path`, {
      cause: error,
    });
  }
}
