/** Credentials of the simulated user, from the command line. */
import { readFileSync } from 'node:fs';
import { InputError } from './exit.ts';

/** The value of the Authorization header; '' for none. @throws InputError when its file cannot be read. */
export function readAuthorization(authorizationFile: string | undefined): string {
  if (authorizationFile === undefined) return process.env.SWARM_USER_AUTHORIZATION ?? '';
  let text: string;
  try {
    text = readFileSync(authorizationFile, 'utf8').trim();
  } catch (error) {
    throw new InputError(
      `--authorization-file ${authorizationFile} cannot be read (${(error as NodeJS.ErrnoException).code})`,
    );
  }
  if (text === '' || text.includes('\n')) {
    throw new InputError(
      `--authorization-file ${authorizationFile} must hold one line, the value of the Authorization header, for example: Bearer …`,
    );
  }
  return text;
}
