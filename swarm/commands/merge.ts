import { mkdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Command } from 'commander';
import type { RunSummary } from '../report/summary.ts';
import { newRunId } from '../telemetry/run-archive.ts';
import { InputError } from './exit.ts';
import { refuseMissingFolder, writeJunit } from './junit-file.ts';
import { note } from './note.ts';
import { durationOption, percentiles } from './options.ts';
import { isOwnRun, shardFolders } from './shard-folders.ts';

interface MergeFlags {
  out: string;
  to?: string;
  json?: boolean;
  junit?: string;
  percentiles?: number[];
  apart: number;
}

/** `swarm merge` */
export function mergeCommand(finish: (code: number) => void): Command {
  return new Command('merge')
    .description(
      'Makes one summary, verdict and report of runs that had a part of one plan each (swarm run --shard): histograms are added exactly, hosts and clusters count once, and thresholds are judged over the whole. A shard that is lost, interrupted or was its own bottleneck is named, and fails the whole.',
    )
    .argument('<run...>', "ids of the shards' runs, their folders, or a folder that holds them")
    .option('--out <dir>', "folder of the runs' folders", 'runs')
    .option('--to <dir>', 'folder of the result (default: a new one beside those of runs)')
    .option('--json', 'print the summary as JSON')
    .option('--junit <file>', 'write thresholds and failed clusters as test cases of JUnit XML')
    .option(
      '--percentiles <list>',
      'percentiles beside 50, 95 and 99, such as 90,99.9 (default: those that the shards kept)',
      percentiles,
    )
    .addOption(durationOption('--apart <duration>', 'how far apart the loads of shards may have begun', '5s'))
    .addHelpText(
      'after',
      `
A shard's run leaves figures.json.gz in its folder when it ends; nothing else of a shard that ended is read. Of one that was killed its ledger and
events tell how far it came. The result is a folder like that of a run, for swarm report, compare and runs. Merged results cannot be merged again.

Exit codes: 0 passed, 1 failed (also for a shard that is lost), 2 wrong input.

Examples:
  swarm merge 20261121-143000-9f3a 20261121-143000-1b2c
  swarm merge results/0 results/1 results/2 results/3 --to merged --junit junit.xml
  swarm merge results --percentiles 90,99.9 --json > summary.json`,
    )
    .action(async (names: string[], flags: MergeFlags) => {
      if (flags.junit !== undefined) refuseMissingFolder(flags.junit);
      const run = flags.to === undefined ? newRunId() : basename(resolve(flags.to));
      const folder = flags.to ?? join(flags.out, run);
      const folders = shardFolders(flags.out, names);
      if (isOwnRun(folder)) {
        throw new InputError(
          `--to ${folder} is the folder of a run, which would be lost; give another one, or a new one`,
        );
      }
      const { summary, header, notes } = await merged(folders, run, flags);
      for (const text of notes) note(text);
      await keep(folder, summary, header);
      const { exitCodeOf, printSummary } = await import('./daemon-session.ts');
      printSummary(summary, { json: flags.json === true, folder });
      finish(exitCodeOf(summary));
      note(`kept in ${folder}`);
      if (flags.junit !== undefined) await writeJunit(flags.junit, summary);
    });
}

/** @throws InputError for what cannot be merged */
async function merged(folders: readonly string[], run: string, flags: MergeFlags) {
  const { mergeRuns, MergeError } = await import('../daemon/merge/merge-runs.ts');
  const { FiguresError } = await import('../daemon/merge/figures-file.ts');
  const { summarizeMerged } = await import('../daemon/merge/merged-run.ts');
  try {
    const shards = await mergeRuns(folders);
    const summary = summarizeMerged(shards, {
      ...{ run, apartMs: flags.apart * 1000 },
      ...(flags.percentiles && { percentiles: flags.percentiles }),
    });
    const { hosts } = shards.plan.whole;
    return {
      summary,
      notes: shards.notes,
      header: { ...shards.plan, shard: { index: 0, count: 1 }, hostCount: hosts },
    };
  } catch (error) {
    if (error instanceof MergeError || error instanceof FiguresError)
      throw new InputError(error.message, { cause: error });
    throw error;
  }
}

/** @param plan without its clusters, which stand in the folders of the shards @throws InputError where the file system refuses */
async function keep(folder: string, summary: RunSummary, plan: object): Promise<void> {
  const { writeReports, writeWhole } = await import('../report/report-files.ts');
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  try {
    await mkdir(folder, { recursive: true });
    await writeWhole(join(folder, 'plan.resolved.json'), text(plan));
    await writeReports(folder, summary);
    // Last, as of a run: it says that the rest is there.
    await writeWhole(join(folder, 'summary.json'), text(summary));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new InputError(`the result cannot be written to ${folder} (${code}); give another folder: --to`, {
      cause: error,
    });
  }
}
