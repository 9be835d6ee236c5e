/**
 * The six files that the document promises, under its names (rohankanojia-testing/dwo-load-testing-using-k6-poc,
 * BACKUP_LOAD_TESTING.md, "Output Files"). Watch logs and failures grow as things happen and are there to be followed; counts and
 * report are written at the end.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupEvent, JobLine } from './backup-event.ts';
import type { BackupFigures } from './backup-figures.ts';
import { banner, failureText, metricsText, patternLines, RULE, summaryText } from './document-text.ts';

/** Their names behind the timestamp, in the document's order. */
export const DOCUMENT_FILES = {
  jobs: 'backup_jobs_watch.log',
  metrics: 'backup_jobs_metrics.txt',
  failures: 'backup_jobs_failures.log',
  summary: 'backup_summary.txt',
  events: 'events.log',
  workspaces: 'dw_watch.log',
} as const;
type FileName = keyof typeof DOCUMENT_FILES;

/** Columns of kubectl's tables, each with its width. */
const COLUMNS = {
  jobs: [
    ['NAMESPACE', 24],
    ['NAME', 28],
    ['STATUS', 20],
    ['COMPLETIONS', 12],
    ['DURATION', 10],
    ['AGE', 6],
  ],
  workspaces: [
    ['NAMESPACE', 24],
    ['NAME', 18],
    ['DEVWORKSPACE ID', 28],
    ['PHASE', 12],
    ['INFO', 0],
  ],
  events: [
    ['NAMESPACE', 24],
    ['LAST SEEN', 20],
    ['TYPE', 9],
    ['REASON', 20],
    ['OBJECT', 40],
    ['MESSAGE', 0],
  ],
} as const satisfies Partial<Record<FileName, readonly (readonly [string, number])[]>>;

export class DocumentFiles {
  readonly directory: string;
  readonly #stamp: string;
  readonly #open: Readonly<Record<'jobs' | 'workspaces' | 'events' | 'failures', number>>;
  #failures = 0;
  #closed = false;

  /**
   * @param startedAt epoch milliseconds of the run's clock, from which the names have their timestamp (UTC)
   * @throws Error of the file system
   */
  constructor(directory: string, startedAt: number) {
    this.directory = directory;
    this.#stamp = new Date(startedAt).toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '_');
    mkdirSync(directory, { recursive: true });
    const open = (name: FileName) => openSync(this.path(name), 'a');
    this.#open = {
      jobs: open('jobs'),
      workspaces: open('workspaces'),
      events: open('events'),
      failures: open('failures'),
    };
    for (const name of ['jobs', 'workspaces', 'events'] as const) {
      this.#row(
        name,
        COLUMNS[name].map(([title]) => title),
      );
    }
  }

  path(name: FileName): string {
    return join(this.directory, `${this.#stamp}_${DOCUMENT_FILES[name]}`);
  }

  /** @throws Error of the file system */
  take(event: BackupEvent): void {
    switch (event.type) {
      case 'job':
        this.#row('jobs', jobCells(event.job, event.at));
        break;
      case 'workspace':
        this.#row('workspaces', [event.namespace, event.name, event.id, event.phase, event.message]);
        break;
      case 'cluster.event': {
        const { namespace, kind, reason, pod, message, at } = event;
        this.#row('events', [namespace, rfc3339(at), kind, reason, `pod/${pod}`, message]);
        break;
      }
      case 'pod.failed':
        if (this.#failures === 0)
          writeSync(this.#open.failures, `${banner('Failed Backup Jobs', rfc3339(event.at))}\n`);
        this.#failures += 1;
        writeSync(this.#open.failures, failureText(event.pod));
        break;
    }
  }

  /**
   * Writes what is known at the end, and closes the files.
   * @param findings what a diagnosis found, a line each
   * @throws Error of the file system
   */
  end(figures: BackupFigures, findings: readonly string[]): void {
    const { failures, jobs, endedAt } = figures;
    const patterns =
      failures && failures.groups.length > 0 ? `Error patterns:\n${patternLines(failures).join('\n')}\n` : '';
    writeSync(this.#open.failures, this.#failures === 0 ? 'No failed backup Jobs\n' : `${patterns}${RULE}\n`);
    writeFileSync(this.path('metrics'), metricsText(jobs, endedAt));
    const others = (Object.keys(DOCUMENT_FILES) as FileName[]).filter((name) => name !== 'summary');
    const files = others.map((name) => this.path(name));
    writeFileSync(
      this.path('summary'),
      `${banner('Backup Load Test Summary Report', endedAt)}\n${metricsText(jobs, endedAt)}\n${summaryText(figures, files, findings)}`,
    );
    this.close();
  }

  /** For a run that has come to no figures. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const file of Object.values(this.#open)) closeSync(file);
  }

  #row(name: keyof typeof COLUMNS, cells: readonly string[]): void {
    const line = COLUMNS[name].map(([, width], index) => oneLine(cells[index] ?? '').padEnd(width)).join('   ');
    writeSync(this.#open[name], `${line.trimEnd()}\n`);
  }
}

function jobCells(job: JobLine, at: number): string[] {
  const duration = job.startedAt === null ? '' : age((job.endedAt ?? at) - job.startedAt);
  return [
    job.namespace,
    job.name,
    job.status,
    `${job.succeeded}/${job.completions}`,
    duration,
    age(at - job.createdAt),
  ];
}

/** As kubectl shows spans of time: `7s`, `3m20s`, `75m`. */
function age(ms: number): string {
  const all = Math.max(0, Math.floor(ms / 1000));
  if (all < 120) return `${all}s`;
  const minutes = Math.floor(all / 60);
  return minutes < 10 && all % 60 > 0 ? `${minutes}m${all % 60}s` : `${minutes}m`;
}

/** What stands between blanks in a table must not bring lines of its own. */
const oneLine = (text: string) => text.replaceAll(/\s+/g, ' ').trim();
const rfc3339 = (at: number) => new Date(at).toISOString();
