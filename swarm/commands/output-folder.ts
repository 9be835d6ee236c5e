import { accessSync, constants, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InputError } from './exit.ts';

/**
 * Makes a folder, and those above it that are missing, so that a wrong `--out` is told before anything has happened on the
 * service. Folders are made one by one: Node's recursive mkdir never returns where folders cannot be made at all (/proc).
 * @param option what errors call it
 * @throws InputError when it is no folder, cannot be made or cannot be written to.
 */
export function prepareOutputFolder(path: string, option = '--out'): void {
  try {
    make(resolve(path));
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new InputError(
      `${option} ${path} ${REASONS[code ?? ''] ?? `cannot be used (${code})`}; give a folder to write to`,
      {
        cause: error,
      },
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'may not be written to by this user',
  EPERM: 'may not be written to by this user',
  EROFS: 'is on a file system that is mounted read-only',
  ENOTDIR: 'is not a folder, or something above it is a file',
  ENOENT: 'cannot be made: its file system takes no folders',
  ENOSPC: 'cannot be made: the disk is full',
};

function make(folder: string): void {
  const found = statSync(folder, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  if (found) throw Object.assign(new Error(`${folder} is a file`), { code: 'ENOTDIR' });
  make(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    // Shards on one volume make it at the same moment.
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}
