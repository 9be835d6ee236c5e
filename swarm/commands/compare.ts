import { Command } from 'commander';
import { type Bands, type ComparedRun, compareRuns, USUAL_BANDS } from '../report/comparison.ts';
import { renderComparison } from '../report/comparison-text.ts';
import { renderComparisonHtml } from '../report/html-compare.ts';
import { writeWhole } from '../report/report-files.ts';
import { createStyle, wantsColour } from '../report/style.ts';
import { EXIT, InputError } from './exit.ts';
import { findSummary } from './find-summary.ts';
import { note } from './note.ts';
import { bands } from './options.ts';

interface CompareFlags {
  out: string;
  json?: boolean;
  html?: string;
  bands: Partial<Bands>;
}

/** `swarm compare` */
export function compareCommand(finish: (code: number) => void): Command {
  return new Command('compare')
    .description(
      'Holds the figures of run B against those of run A, phase by phase: what is the same, and what is slightly, notably or significantly better or worse.',
    )
    .argument('<run>', 'A: id of a run, or its folder (see: swarm runs)')
    .argument('<other-run>', 'B: the run that is judged')
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option('--html <file>', 'write it as one HTML file, with the curves of both runs over each other')
    .option('--json', 'print it as JSON')
    .option(
      '--bands <list>',
      'percent of change: resources=minor/notable/significant, times=notable/significant (default: resources=5/10/25,times=5/15)',
      bands,
      {},
    )
    .addHelpText(
      'after',
      `
Figures of the same phase and step are compared; of runs without phases, whole runs. More latency, more errors and more memory are worse, more
requests a second are better. What was measured fewer than 30 times (a p95: 60, a p99: 300) is shown and not judged. Where the plans differ, that is
said first.

Exit codes: 0 nothing is significantly worse in B, 1 something is (or B failed and A passed), 2 wrong input.

Examples:
  swarm compare 20261121-143000-9f3a 20261122-080000-00aa
  swarm compare baseline/20261121-143000-9f3a runs/20261122-080000-00aa --html compare.html
  swarm compare 20261121-143000-9f3a 20261122-080000-00aa --bands times=10/30 --json`,
    )
    .action(async (first: string, second: string, flags: CompareFlags) => {
      const [a, b] = [findSummary(flags.out, first), findSummary(flags.out, second)] as [ComparedRun, ComparedRun];
      const comparison = compareRuns(a, b, { ...USUAL_BANDS, ...flags.bands });
      if (flags.html !== undefined) {
        await writeHtml(flags.html, renderComparisonHtml(comparison, a, b));
      }
      process.stdout.write(
        flags.json
          ? `${JSON.stringify(comparison, null, 2)}\n`
          : renderComparison(comparison, createStyle(wantsColour(process.stdout, process.env))),
      );
      finish(comparison.worse.length > 0 ? EXIT.failed : EXIT.ok);
    });
}

/** @throws InputError where the file system refuses */
async function writeHtml(path: string, text: string): Promise<void> {
  try {
    await writeWhole(path, text);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`--html ${path} cannot be written (${code}); give another path`, { cause: error });
  }
  note(`html: ${path}`);
}
