/** A run that this daemon did not execute, or no longer remembers: read from its files, when somebody asks. */
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { ExpandedPlan } from '../plan/expanded-plan.ts';
import type { ArchivedState, RunArchive, RunRecord } from '../telemetry/run-archive.ts';
import type { RunEvent } from '../telemetry/run-event.ts';
import { ApiError } from './api-error.ts';
import { RunIndex } from './run-index.ts';

/** Events of one host from a run's folder, oldest first. */
export async function readHistory(folder: string, host: number): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const mark = `"host":${host},`;
  for await (const event of eventsOf(folder, (line) => line.includes(mark))) {
    if ('host' in event && event.host === host) events.push(event);
  }
  return events;
}

/** Events of one cluster itself, without those of its hosts, from a run's folder, oldest first. */
export async function readClusterHistory(folder: string, cluster: number): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  const mark = `"cluster":${cluster},`;
  for await (const event of eventsOf(folder, (line) => line.includes(mark))) {
    if ('cluster' in event && !('host' in event) && event.cluster === cluster) events.push(event);
  }
  return events;
}

/** Why a run in this state has none. */
function noSummary({ state, backup }: RunRecord): string {
  const there = backup ? 'its events.ndjson is there' : 'its clusters, hosts and events can still be asked for';
  const reasons: Readonly<Record<ArchivedState, string>> = {
    running: 'it goes on in another process, which has the numbers',
    killed: `it was killed before its end; ${there}`,
    ended: `its summary.json cannot be read; ${there}`,
    unknown: `it ran on another machine and left no end; ${there}`,
  };
  return reasons[state];
}

export class PastRun {
  readonly record: RunRecord;
  readonly #archive: RunArchive;

  constructor(archive: RunArchive, record: RunRecord) {
    this.#archive = archive;
    this.record = record;
  }

  get id(): string {
    return this.record.id;
  }

  /** @throws ApiError 404 when the run has none. */
  summary(): unknown {
    const summary = this.#archive.summary(this.id);
    if (summary !== null) return summary;
    throw new ApiError(404, 'no-summary', `run ${this.id} has no summary: ${noSummary(this.record)}`, {
      given: this.id,
    });
  }

  /**
   * Where everything was when the run's last event was written. Reads all events; what calls it keeps the result for the
   * next question and no longer.
   * @throws ApiError 404 when the files do not allow it.
   */
  async index(): Promise<RunIndex> {
    const { folder, backup } = this.record;
    if (backup) throw noRows(this.id);
    let index: RunIndex;
    try {
      index = new RunIndex(JSON.parse(readFileSync(join(folder, 'plan.resolved.json'), 'utf8')) as ExpandedPlan);
    } catch {
      throw new ApiError(404, 'no-plan', `run ${this.id} has no readable plan.resolved.json in ${folder}`, {
        given: this.id,
      });
    }
    for await (const event of eventsOf(folder, () => true)) index.apply(event);
    return index;
  }

  history(host: number): Promise<RunEvent[]> {
    return readHistory(this.record.folder, host);
  }

  clusterHistory(cluster: number): Promise<RunEvent[]> {
    return readClusterHistory(this.record.folder, cluster);
  }
}

/** The answer to who asks a backup load for clusters or hosts. */
export function noRows(id: string): ApiError {
  return new ApiError(
    404,
    'backup-load',
    `run ${id} is a backup load, which has no clusters and hosts; see /api/v1/backups/${id}`,
    { given: id },
  );
}

/** A line that was not written whole ends the file of a run that was killed. */
async function* eventsOf(folder: string, wanted: (line: string) => boolean): AsyncGenerator<RunEvent> {
  const input = createReadStream(join(folder, 'events.ndjson'));
  const opened = new Promise<void>((resolve, reject) => input.once('open', () => resolve()).once('error', reject));
  try {
    await opened;
  } catch {
    return;
  }
  for await (const line of createInterface({ input })) {
    if (!wanted(line)) continue;
    let event: RunEvent;
    try {
      event = JSON.parse(line) as RunEvent;
    } catch {
      continue;
    }
    yield event;
  }
}

/** The refusal to stop or to watch a run that goes on in another process. */
export function elsewhere({ id, record }: PastRun): ApiError {
  const { pid, host } = record.process!;
  return new ApiError(409, 'run-elsewhere', `run ${id} goes on in process ${pid} on ${host}; stop or watch it there`, {
    given: id,
  });
}
