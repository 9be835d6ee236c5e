/**
 * Files of a host that runs, as its lab reaches them: the lab sees the whole machine, and the host's programs may have put links in
 * the way. Folder after folder is opened without following any, so that nobody can change the way meanwhile.
 */
import { appendFileSync, closeSync, constants, fstatSync, mkdirSync, openSync, readFileSync } from 'node:fs';

const { O_APPEND, O_CREAT, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

/**
 * Appends to a file, which is made with its folders when it is not there.
 * @param folder of the host @param path below it
 * @throws Error of the file system: ELOOP or ENOTDIR for a link in the way, ENOSPC when the host's disk is full
 */
export function appendToOwnFile(folder: string, path: string, text: string): void {
  withOwnFile(folder, path, O_WRONLY | O_APPEND | O_CREAT, (file) => appendFileSync(file, text));
}

/** The text of a file; null when there is none. @param folder of the host @param path below it. @throws Error of the file system */
export function readOwnFile(folder: string, path: string): string | null {
  try {
    return withOwnFile(folder, path, O_RDONLY, (file) => readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function withOwnFile<T>(folder: string, path: string, flags: number, use: (file: number) => T): T {
  const names = path.split('/');
  const name = names.pop()!;
  let at = openSync(folder, O_DIRECTORY);
  try {
    for (const one of names) {
      const next = `/proc/self/fd/${at}/${one}`;
      if (flags & O_CREAT) makeFolder(next);
      const below = openSync(next, O_DIRECTORY | O_NOFOLLOW);
      closeSync(at);
      at = below;
    }
    // A pipe without its other end would be waited for.
    const file = openSync(`/proc/self/fd/${at}/${name}`, flags | O_NOFOLLOW | O_NONBLOCK, 0o644);
    try {
      if (!fstatSync(file).isFile()) throw new Error(`${path} is not a file`);
      return use(file);
    } finally {
      closeSync(file);
    }
  } finally {
    closeSync(at);
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}
