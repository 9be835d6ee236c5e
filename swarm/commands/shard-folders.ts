/** Folders of shards, as users name them. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FIGURES_FILE } from '../daemon/merge/figures-file.ts';
import { LEDGER_FILE, readLedger } from '../telemetry/ledger.ts';
import { RunArchive } from '../telemetry/run-archive.ts';
import { InputError } from './exit.ts';
import { findRun } from './find-run.ts';

/** So many folders deep shards are looked for below one that is no run: `results/2/runs/<id>`. */
const DEPTH = 3;

/**
 * Each name is the id of a run, the folder of one, or a folder that holds some; what is no shard there is passed over.
 * @param out folder of the runs' folders
 * @throws InputError
 */
export function shardFolders(out: string, names: readonly string[]): string[] {
  const archive = new RunArchive(out);
  const found = names.flatMap((name) => {
    const below = join(out, name);
    if (!/[/\\]/.test(name) && isFolder(below)) return [below];
    if (!isFolder(name)) {
      if (!/[/\\]/.test(name)) return [findRun(archive, name).folder];
      throw new InputError(`there is no folder ${name}; give the folders of the shards' runs, or one that holds them`);
    }
    if (isRun(name)) return [name];
    const inside = shardsBelow(name, DEPTH);
    if (inside.length > 0) return inside;
    throw new InputError(
      `${name} holds no folder of a shard, with ${FIGURES_FILE} or ${LEDGER_FILE} in it; give the folders of the shards' runs, or one that holds them`,
    );
  });
  return [...new Set(found)];
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function isRun(folder: string): boolean {
  return [FIGURES_FILE, LEDGER_FILE, 'summary.json'].some((name) => existsSync(join(folder, name)));
}

function shardsBelow(folder: string, depth: number): string[] {
  const folders = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map((entry) => join(folder, entry.name))
    .filter(isFolder)
    .sort();
  return folders.flatMap((one) => {
    if (isRun(one)) return isShard(one) ? [one] : [];
    return depth > 1 ? shardsBelow(one, depth - 1) : [];
  });
}

/** Whether a run wrote it, and no merge. */
export function isOwnRun(folder: string): boolean {
  return [FIGURES_FILE, LEDGER_FILE].some((name) => existsSync(join(folder, name)));
}

function isShard(folder: string): boolean {
  if (existsSync(join(folder, FIGURES_FILE))) return true;
  try {
    return readLedger(folder).header.shard.count > 1;
  } catch {
    return false;
  }
}
