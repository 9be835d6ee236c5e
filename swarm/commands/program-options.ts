/** Options of commands whose hosts can be no-op ones: the stock programs, as the key `programs` of a plan names them. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { NoopMeans } from '../daemon/noop-setup.ts';
import { PlanError } from '../plan/plan.ts';
import { InputError } from './exit.ts';
import { note } from './note.ts';

export interface ProgramFlags {
  programs?: string;
  noopOutside?: true;
}

export function addProgramOptions(command: Command): Command {
  return command
    .option(
      '--programs <file>',
      'stock programs for no-op agents: YAML with agent, installer, controller and controller_manifests, paths relative to the file',
    )
    .option('--noop-outside', 'let no-op agents work for a service or hub that is not on this machine');
}

/** Null when no programs are named. @throws InputError for a file that cannot be used, or programs that cannot run here */
export async function noopMeansOf({ programs: file, noopOutside }: ProgramFlags): Promise<NoopMeans | null> {
  if (file === undefined) return null;
  const { copiedPrograms } = await import('../daemon/ready-plan.ts');
  const { parsePrograms } = await import('../plan/stock-programs.ts');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(`--programs ${file} cannot be read (${code}); give a YAML file`, { cause: error });
  }
  try {
    return { programs: await copiedPrograms(parsePrograms(file, text), note), outside: noopOutside === true };
  } catch (error) {
    if (error instanceof PlanError || error instanceof RangeError)
      throw new InputError(error.message, { cause: error });
    throw error;
  }
}
