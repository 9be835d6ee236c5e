/** Certificates that the command line names. */
import { readFileSync } from 'node:fs';
import { InputError } from './exit.ts';

/** @throws InputError when the file is not one of PEM certificates. */
export function readCa(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(`--ca ${path} cannot be read (${(error as NodeJS.ErrnoException).code}); give a PEM file`);
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) {
    throw new InputError(`--ca ${path} holds no certificate; give a PEM file with -----BEGIN CERTIFICATE-----`);
  }
  return text;
}
