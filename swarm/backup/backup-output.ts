/**
 * What a backup load leaves in its folder: `events.ndjson` as things happen, the document's files beside it, and at the end
 * `summary.json` with all figures and `summary.csv` with one row. A file that cannot be written does not end a load that is under
 * way on a cluster: it is told afterwards.
 */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BackupEvent } from './backup-event.ts';
import type { BackupFigures } from './backup-figures.ts';
import { ROW_HEADER, rowOf } from './backup-row.ts';
import { DocumentFiles } from './document-files.ts';
import { type Finding, findingLines } from './finding.ts';

export const EVENTS_FILE = 'events.ndjson';
export const SUMMARY_FILE = 'summary.json';
export const ROW_FILE = 'summary.csv';

export interface BackupOutputOptions {
  /** Folder of the run; it is there. */
  readonly folder: string;
  /** Folder of the document's files; a relative one is below that of the run. */
  readonly logsDirectory: string;
  /** Epoch milliseconds of the run's clock. */
  readonly startedAt: number;
  /** What the run is called in its suite; '' outside of one. */
  readonly test: string;
}

/** What a run came to, apart from its figures. */
export interface BackupEnd {
  readonly verdict: string;
  readonly reasons: readonly string[];
  readonly findings: readonly Finding[];
}

export class BackupOutput {
  readonly #options: BackupOutputOptions;
  readonly #document: DocumentFiles;
  readonly #events: number;
  #problem: Error | null = null;

  /** @throws Error of the file system */
  constructor(options: BackupOutputOptions) {
    this.#options = options;
    this.#document = new DocumentFiles(resolve(options.folder, options.logsDirectory), options.startedAt);
    this.#events = openSync(join(options.folder, EVENTS_FILE), 'a');
  }

  /** Folder of the document's files. */
  get logs(): string {
    return this.#document.directory;
  }

  /** The first thing that could not be written; null when all was. */
  get problem(): Error | null {
    return this.#problem;
  }

  take(event: BackupEvent): void {
    this.#try(() => {
      writeSync(this.#events, `${JSON.stringify(event)}\n`);
      this.#document.take(event);
    });
  }

  /** Before anything is put back, so that what was measured is there whatever comes. */
  keep(figures: BackupFigures, findings: readonly Finding[]): void {
    const reasons = ['what was changed was not put back yet, and what was made not removed'];
    this.#writeSummary(figures, { verdict: 'unfinished', reasons, findings });
  }

  end(figures: BackupFigures, end: BackupEnd): void {
    this.#writeSummary(figures, end);
    this.#try(() => this.#document.end(figures, end.findings.flatMap(findingLines)));
    this.close();
  }

  #writeSummary(figures: BackupFigures, { verdict, reasons, findings }: BackupEnd): void {
    const { folder, test } = this.#options;
    const summary = { verdict, reasons, findings, ...(test !== '' && { test }), figures };
    this.#try(() => writeFileSync(join(folder, SUMMARY_FILE), `${JSON.stringify(summary, null, 2)}\n`));
    this.#try(() => writeFileSync(join(folder, ROW_FILE), ROW_HEADER + rowOf({ test, verdict, figures })));
  }

  /** For a run that has come to no figures. Call once, instead of {@link end}. */
  close(): void {
    this.#try(() => closeSync(this.#events));
    this.#try(() => this.#document.close());
  }

  #try(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#problem ??= error as Error;
    }
  }
}
