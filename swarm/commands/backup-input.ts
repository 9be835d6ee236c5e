/** Files that a user gives a backup load. */
import { readFileSync } from 'node:fs';
import { InputError } from './exit.ts';

/** @throws InputError for a file that cannot be read */
export function readTemplate(file: string): string {
  return readInput(file, '--devworkspace-link', 'the file of a DevWorkspace (YAML or JSON)');
}

/** @throws InputError for a file that cannot be read. @param what errors call it */
export function readInput(file: string, what: string, wanted: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a directory' : code;
    throw new InputError(`${what} ${file} cannot be read: ${reason}; give ${wanted}`, { cause: error });
  }
}
