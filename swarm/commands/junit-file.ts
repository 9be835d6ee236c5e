/** The option --junit of commands that come to a verdict. */
import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import type { RunSummary } from '../report/summary.ts';
import { InputError } from './exit.ts';
import { note } from './note.ts';

/** @throws InputError where a file cannot be made: better now than when the run is over */
export function refuseMissingFolder(path: string): void {
  try {
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new InputError(
      `--junit ${path} cannot be written: ${dirname(path)} ${(error as NodeJS.ErrnoException).code === 'ENOENT' ? 'is not there' : 'may not be written to'}; give another path`,
      { cause: error },
    );
  }
}

/** A file that cannot be written takes nothing from the verdict: it is told, and everything stands in the run's folder. */
export async function writeJunit(path: string, summary: RunSummary): Promise<void> {
  const [{ junitXml }, { keptSummary }] = await Promise.all([
    import('../report/junit.ts'),
    import('../report/kept-summary.ts'),
  ]);
  const { writeWhole } = await import('../report/report-files.ts');
  await writeWhole(path, junitXml(keptSummary(summary)!)).catch((error: NodeJS.ErrnoException) =>
    note(`warning: --junit ${path} cannot be written (${error.code}); junit.xml in the folder of the run is the same`),
  );
}
