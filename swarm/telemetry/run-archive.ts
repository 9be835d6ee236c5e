/**
 * The runs whose folders stand in one place, those of other processes too: what their files say about them. Little is read
 * of a run until more is asked for, and what was read of one that is over is read once.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readdirSync, readFileSync, readSync, type Stats, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import {
  LEDGER_FILE,
  type LedgerContents,
  type LedgerEnd,
  type LedgerHub,
  parseEnd,
  parseHeader,
  readLedger,
} from './ledger.ts';
import { type Liveness, livenessOf } from './process-identity.ts';

/**
 * How a run stands: `running` in another process (or this one), `ended` in order, `killed` without an end, `unknown` when its
 * process was on another machine and left no end.
 */
export type ArchivedState = 'running' | 'ended' | 'killed' | 'unknown';

/** What can be said about a run without reading all of its files. */
export interface RunRecord {
  id: string;
  folder: string;
  state: ArchivedState;
  plan: string;
  seed: string;
  /** Without credentials. */
  service: string;
  /** Where it makes custom resources; null when it makes none. */
  hub: LedgerHub | null;
  /** A backup load: it has workspaces, and no clusters and hosts. */
  backup: boolean;
  clusters: number;
  hosts: number;
  /** RFC 3339. */
  startedAt: string;
  /** RFC 3339; null when it goes on or was killed. */
  endedAt: string | null;
  verdict: 'passed' | 'failed' | 'interrupted' | null;
  reasons: readonly string[];
  /** Null for runs of versions that kept no ledger. */
  process: { pid: number; host: string } | null;
}

interface Cached {
  /** Of the files that were read. */
  version: string;
  record: RunRecord;
  liveness: (() => Liveness) | null;
}

/** Bytes that are read of a ledger's two ends at first; a longer line is read in further steps. */
const STEP = 64 << 10;

export class RunArchive {
  readonly root: string;
  readonly #cache = new Map<string, Cached>();

  /** @param root the folder that holds the runs, e.g. `runs`; it need not exist */
  constructor(root: string) {
    this.root = root;
  }

  /** At most `limit` runs, newest first. */
  list(limit = Number.POSITIVE_INFINITY): RunRecord[] {
    const records: RunRecord[] = [];
    for (const id of this.#ids()) {
      if (records.length >= limit) break;
      const record = this.get(id);
      if (record) records.push(record);
    }
    return records;
  }

  /** Null when there is no run of this name. */
  get(id: string): RunRecord | null {
    // Ids come from outside; they name folders here and nothing else.
    if (basename(id) !== id || id === '' || id === '.' || id === '..' || id.includes('\0')) return null;
    const folder = join(this.root, id);
    const ledger = statSync(join(folder, LEDGER_FILE), { throwIfNoEntry: false });
    const summary = statSync(join(folder, SUMMARY_FILE), { throwIfNoEntry: false });
    if (!ledger && !summary) return null;
    const version = [ledger, summary].map((one) => (one ? `${one.mtimeMs}/${one.size}` : '-')).join(' ');
    let cached = this.#cache.get(id);
    if (cached?.version !== version) {
      const read = ledger ? fromLedger(folder, ledger) : fromSummary(folder);
      if (!read) return null;
      cached = { version, ...read };
      this.#cache.set(id, cached);
    }
    if (!cached.liveness) return cached.record;
    return { ...cached.record, state: STATE_OF[cached.liveness()] };
  }

  /** Everything that the ledger of a run says. @throws Error when it has none. */
  ledger(id: string): LedgerContents {
    return readLedger(join(this.root, id));
  }

  /** The end of a run in numbers, as it was written. Null when it did not end in order. */
  summary(id: string): unknown {
    return readJson(join(this.root, id, SUMMARY_FILE));
  }

  /** Run ids sort by time. */
  #ids(): string[] {
    try {
      return readdirSync(this.root, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
        .map((entry) => entry.name)
        .sort()
        .reverse();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** `20261121-143000-9f3a`: sorts by time, is a good folder name, and runs of several processes in one second differ. */
export function newRunId(): string {
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return `${stamp}-${randomBytes(2).toString('hex')}`;
}

/** The archive and the id of a run that is named by its id, or by the path of its folder. */
export function locateRun(archive: RunArchive, name: string): { archive: RunArchive; id: string } {
  if (!/[/\\]/.test(name)) return { archive, id: name };
  const path = resolve(name);
  return { archive: new RunArchive(dirname(path)), id: basename(path) };
}

const SUMMARY_FILE = 'summary.json';
const STATE_OF: Readonly<Record<Liveness, ArchivedState>> = { alive: 'running', dead: 'killed', elsewhere: 'unknown' };

function fromLedger(folder: string, { size }: Stats): Omit<Cached, 'version'> | null {
  const path = join(folder, LEDGER_FILE);
  const file = openSync(path, 'r');
  try {
    const header = parseHeader(firstLine(file));
    const { plan, seed, service, hub = null, backup = false, clusters, hosts, startedAt, process } = header;
    const end = lastEnd(file, Math.max(size, fstatSync(file).size), livenessOf(process) === 'alive');
    const record: RunRecord = {
      id: basename(folder),
      folder,
      state: 'ended',
      plan,
      seed,
      service,
      hub,
      backup,
      clusters,
      hosts,
      startedAt,
      endedAt: end?.ended ?? null,
      verdict: end?.verdict ?? null,
      reasons: end?.reasons ?? [],
      process: { pid: process.pid, host: process.machine.host },
    };
    return { record, liveness: end ? null : () => livenessOf(process) };
  } catch {
    // No ledger of ours, or one whose first line was not written whole: nothing was made under it.
    return null;
  } finally {
    closeSync(file);
  }
}

function firstLine(file: number): string {
  let text = '';
  const bytes = Buffer.alloc(STEP);
  for (let at = 0; ; ) {
    const read = readSync(file, bytes, 0, STEP, at);
    text += bytes.toString('latin1', 0, read);
    const end = text.indexOf('\n');
    if (end >= 0 || read === 0) return Buffer.from(end < 0 ? text : text.slice(0, end), 'latin1').toString();
    at += read;
  }
}

/**
 * The line that a run writes last. Others may follow it: what was removed later. Of a live process only the end of the file
 * is read: it may grow for hours.
 */
function lastEnd(file: number, size: number, alive: boolean): LedgerEnd | null {
  const from = Math.max(0, size - STEP);
  const bytes = Buffer.alloc(size - from);
  const read = readSync(file, bytes, 0, bytes.length, from);
  const found = parseEnd(bytes.toString('utf8', 0, read));
  if (found || from === 0 || alive) return found;
  return parseEnd(readFileSync(file, 'utf8'));
}

/** Runs of versions that kept no ledger. */
function fromSummary(folder: string): Omit<Cached, 'version'> | null {
  const summary = readJson(join(folder, SUMMARY_FILE)) as Record<string, never> | null;
  if (!summary) return null;
  const { plan, seed, service, verdict, reasons, startedAt, wallSeconds, clusters, hostFunnel } = summary as never as {
    plan: string;
    seed: string;
    service: string;
    verdict: RunRecord['verdict'];
    reasons: string[];
    startedAt: string;
    wallSeconds: number;
    clusters: { planned: number; infraEnvs: number };
    hostFunnel: { of: number }[];
  };
  try {
    const record: RunRecord = {
      id: basename(folder),
      folder,
      state: 'ended',
      plan,
      seed,
      service,
      hub: null,
      backup: false,
      clusters: clusters.planned + clusters.infraEnvs,
      hosts: hostFunnel[0]?.of ?? 0,
      startedAt,
      endedAt: new Date(Date.parse(startedAt) + wallSeconds * 1000).toISOString(),
      verdict,
      reasons,
      process: null,
    };
    return { record, liveness: null };
  } catch {
    return null;
  }
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}
