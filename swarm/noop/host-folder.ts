/**
 * Where a host's own files are: a file system in memory, so large that no run of the stock programs fills it, and so small that one
 * host cannot take the memory of all.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmdirSync, statfsSync } from 'node:fs';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Of a host's files: an installation writes some 5 MB, the logs of a day in discovery some 20 MB. */
export const HOST_FOLDER_BYTES = 64 * 1024 * 1024;
/** Share of it from which programs may fail for want of space at any moment. */
const FULL = 0.98;

/** Makes it. @throws Error that says what the machine refuses */
export async function makeHostFolder(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', `mode=755,nosuid,nodev,size=${HOST_FOLDER_BYTES}`, 'swarm', folder]);
}

/** Removes it with all that is in it. No process may be in it any more. */
export async function removeHostFolder(folder: string): Promise<void> {
  // Detached at once: whoever still has it open, has it for himself.
  await run('umount', ['--lazy', folder]);
  rmdirSync(folder);
}

export function isFull(folder: string): boolean {
  const { blocks, bavail } = statfsSync(folder);
  return blocks > 0 && (blocks - bavail) / blocks >= FULL;
}
