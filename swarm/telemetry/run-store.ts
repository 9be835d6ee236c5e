/**
 * What a run leaves behind: the folder `runs/<run id>/`.
 *
 *    plan.resolved.json   what the plan expanded to, without secrets
 *    events.ndjson        every RunEvent, a line each, in order
 *    run.sqlite           the same events, to be asked for one host's or cluster's history while the run goes on
 *    summary.json         what it came to; its presence says that the run ended in order
 *
 * Events wait in memory for a tenth of a second and go to both files in one write each, so that an event costs a few
 * microseconds. SQLite rather than a map in memory: 20,000 hosts with 20 events each would be 100 MB of objects, while the
 * rows of a killed run are still there for the next process. It runs with synchronous=OFF: a crash of the process loses
 * nothing that was written; only a crash of the machine may, and then the run is void anyway.
 */
import { type FileHandle, mkdir, open, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import { redactedPlanText } from '../plan/redact.ts';
import type { RunEvent } from './run-event.ts';

/** Wall-clock milliseconds that an event waits at most before it is written. */
const FLUSH_MS = 100;
/** Events that make a flush due at once. */
const FLUSH_EVENTS = 5000;
/** Events of a history that are given at most, the last ones. */
const HISTORY_LIMIT = 500;

export interface RunStoreOptions {
  /** Folder that holds the runs, e.g. `runs`. */
  root: string;
  run: string;
  plan: ExpandedPlan;
  /** Told once when events can no longer be written (disk full …); the run may go on. */
  onFailure: (error: Error) => void;
}

export class RunStore {
  /** The run's folder. */
  readonly folder: string;
  readonly #events: FileHandle;
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #onFailure: (error: Error) => void;
  #lines: string[] = [];
  #rows: [cluster: number | null, host: number | null][] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #failure: Error | null = null;
  #closed = false;

  private constructor(folder: string, events: FileHandle, onFailure: (error: Error) => void) {
    this.folder = folder;
    this.#events = events;
    this.#onFailure = onFailure;
    this.#database = new DatabaseSync(join(folder, 'run.sqlite'));
    this.#database.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = OFF;
      CREATE TABLE events (seq INTEGER PRIMARY KEY, cluster INTEGER, host INTEGER, event TEXT NOT NULL);
      CREATE INDEX events_of_host ON events (host, seq) WHERE host IS NOT NULL;
      CREATE INDEX events_of_cluster ON events (cluster, seq) WHERE host IS NULL AND cluster IS NOT NULL;
    `);
    this.#insert = this.#database.prepare('INSERT INTO events (cluster, host, event) VALUES (?, ?, ?)');
  }

  /** Makes the run's folder. @throws when it exists already or cannot be written. */
  static async open(options: RunStoreOptions): Promise<RunStore> {
    const folder = join(options.root, options.run);
    await mkdir(options.root, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, 'plan.resolved.json'), redactedPlanText(options.plan));
    return new RunStore(folder, await open(join(folder, 'events.ndjson'), 'ax'), options.onFailure);
  }

  /** Takes an event; never waits. Events after close or after a failure are dropped. */
  append(event: RunEvent): void {
    if (this.#closed || this.#failure) return;
    this.#lines.push(JSON.stringify(event));
    this.#rows.push(['cluster' in event ? event.cluster : null, 'host' in event ? event.host : null]);
    if (this.#lines.length >= FLUSH_EVENTS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS);
  }

  /** The last events of a host, oldest first. */
  hostHistory(host: number): RunEvent[] {
    return this.#history('host = ?', host);
  }

  /** The last events of a cluster itself, without those of its hosts, oldest first. */
  clusterHistory(cluster: number): RunEvent[] {
    return this.#history('host IS NULL AND cluster = ?', cluster);
  }

  /**
   * Writes what waits, then the summary (whole or not at all), and closes the files. Idempotent.
   * @param summary absent for a run that did not end in order
   * @throws the failure that kept events from being written, after closing.
   */
  async close(summary?: unknown): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    await this.#writing;
    await this.#events.close();
    this.#database.close();
    if (summary !== undefined) await writeWhole(join(this.folder, 'summary.json'), summary);
    if (this.#failure) throw this.#failure;
  }

  #history(where: string, value: number): RunEvent[] {
    if (this.#closed) return [];
    this.#flush();
    const rows = this.#database
      .prepare(`SELECT event FROM events WHERE ${where} ORDER BY seq DESC LIMIT ${HISTORY_LIMIT}`)
      .all(value);
    return rows.reverse().map((row) => JSON.parse(row.event as string) as RunEvent);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines.length === 0) return;
    const lines = this.#lines;
    const rows = this.#rows;
    this.#lines = [];
    this.#rows = [];
    try {
      this.#database.exec('BEGIN');
      for (const [i, [cluster, host]] of rows.entries()) this.#insert.run(cluster, host, lines[i]!);
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#fail(error);
    }
    // Writes queue up behind each other: a slow disk delays them, in order, and nothing else.
    this.#writing = this.#writing
      .then(() => this.#events.appendFile(`${lines.join('\n')}\n`))
      .catch((error) => this.#fail(error));
  }

  #fail(error: unknown): void {
    if (this.#failure) return;
    this.#failure = new Error(`events of the run can no longer be written to ${this.folder}: ${String(error)}`, {
      cause: error,
    });
    this.#onFailure(this.#failure);
  }
}

/** Writes JSON under another name first, so that a reader never sees half of it. */
async function writeWhole(path: string, value: unknown): Promise<void> {
  const draft = `${path}.part`;
  await writeFile(draft, `${JSON.stringify(value, null, 2)}\n`, { flush: true });
  await rename(draft, path);
}
