/** Summaries of past runs, as users name them. */
import { type KeptSummary, keptSummary } from '../report/kept-summary.ts';
import { readPlan } from '../report/report-files.ts';
import { locateRun, RunArchive } from '../telemetry/run-archive.ts';
import { InputError } from './exit.ts';
import { findRun } from './find-run.ts';

export interface FoundSummary {
  folder: string;
  summary: KeptSummary;
  /** Contents of plan.resolved.json; null where it is not there. */
  plan: unknown;
}

/**
 * @param name id of a run, or path of its folder
 * @param out folder of the runs' folders
 * @throws InputError when there is no such run, or it has no summary
 */
export function findSummary(out: string, name: string): FoundSummary {
  const archive = new RunArchive(out);
  const { id, folder, state, backup } = findRun(archive, name);
  if (backup) throw new InputError(`run ${id} is a backup load; its own report is in ${folder} (see docs/backup.md)`);
  const summary = keptSummary(locateRun(archive, name).archive.summary(id));
  if (summary !== null) return { folder, summary, plan: readPlan(folder) };
  const why =
    state === 'running'
      ? 'it still goes on, and the summary is written at its end'
      : state === 'ended'
        ? 'its summary.json cannot be read'
        : 'it did not end in order';
  throw new InputError(`run ${id} has no summary: ${why}; what happened is in ${folder}/events.ndjson`);
}
