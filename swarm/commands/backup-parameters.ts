/** Options of commands that take the parameters of a backup load. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type BackupRequest, backupRequest } from '../backup/backup-request.ts';
import {
  type GivenParameters,
  optionOf,
  PARAMETER_NAMES,
  PARAMETERS,
  type Parameter,
  ParametersError,
} from '../backup/parameters.ts';
import { InputError } from './exit.ts';

/** Adds an option for each parameter. Their values stay texts: {@link requestOf} reads all of them together. */
export function addParameterOptions(command: Command): Command {
  for (const name of PARAMETER_NAMES) {
    const { value, summary, absent, absentText, hidden }: Parameter = PARAMETERS[name];
    const option = new Option(`${optionOf(name)} <${value}>`, `${summary} (default: ${absentText ?? absent})`);
    command.addOption(hidden ? option.hideHelp() : option);
  }
  return command;
}

/** What was asked for with the options of {@link addParameterOptions}. @throws InputError with a line for each problem */
export function requestOf(flags: Readonly<Record<string, unknown>>): BackupRequest {
  const given: GivenParameters = Object.fromEntries(
    PARAMETER_NAMES.flatMap((name) => (typeof flags[name] === 'string' ? [[name, flags[name]]] : [])),
  );
  try {
    return backupRequest(given, readTemplate);
  } catch (error) {
    if (error instanceof ParametersError) throw new InputError(error.message, { cause: error });
    throw error;
  }
}

/** @throws InputError for a file that cannot be read */
export function readTemplate(file: string): string {
  return readInput(file, '--devworkspace-link', 'the file of a DevWorkspace (YAML or JSON)');
}

/** @throws InputError for a file that cannot be read */
export function readInput(file: string, what: string, wanted: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : code;
    throw new InputError(`${what} ${file} cannot be read: ${reason}; give ${wanted}`, { cause: error });
  }
}
