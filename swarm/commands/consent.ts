/** Asking before something is changed that people depend on. */

import { createInterface } from 'node:readline/promises';
import type { Readable, Writable } from 'node:stream';
import { EXIT, InputError } from './exit.ts';
import { note } from './note.ts';

/** Where people are asked. */
export interface Terminal {
  input: Readable & { isTTY?: boolean };
  output: Writable & { isTTY?: boolean };
}

/**
 * Asks a question that yes answers.
 * @param yes it was answered on the command line
 * @returns null for yes, else the exit code
 * @throws InputError where nobody can be asked
 */
export async function askedTo(
  question: string,
  yes: boolean,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<number | null> {
  if (yes) return null;
  if (!input.isTTY || !output.isTTY) {
    throw new InputError('there is no terminal to ask on, so nothing was changed; give --yes');
  }
  const prompt = createInterface({ input, output });
  let interrupted = false;
  prompt.once('SIGINT', () => {
    interrupted = true;
    prompt.close();
  });
  try {
    const ended = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
    // It fails when the input ends, which is an answer here.
    const answered = prompt.question(`${question} [y/N] `).catch(() => '');
    if (/^y(es)?$/i.test((await Promise.race([answered, ended])).trim())) return null;
    note(`${interrupted ? 'interrupted; ' : ''}nothing was changed`);
    return interrupted ? EXIT.interrupted : EXIT.failed;
  } finally {
    prompt.close();
  }
}
