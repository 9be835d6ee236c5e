/** Reports as files: in the folder of a run at its end, and wherever somebody wants them later. */
import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderReport } from './html-report.ts';
import { junitXml } from './junit.ts';
import { keptPercentiles, keptSummary } from './kept-summary.ts';
import { seriesCsv } from './series-export.ts';

/** Names in the folder of a run. */
export const REPORT_FILE = 'report.html';
export const SERIES_FILE = 'series.csv';
export const JUNIT_FILE = 'junit.xml';

/**
 * Writes report, time series and JUnit XML into the folder of a run, each whole or not at all.
 * @param summary as it stands in summary.json
 * @throws Error of the file system
 */
export async function writeReports(folder: string, summary: unknown): Promise<void> {
  const kept = keptSummary(summary);
  if (kept === null) throw new TypeError('a report is made of the summary of a run');
  await writeWhole(
    join(folder, REPORT_FILE),
    renderReport(kept, { plan: readPlan(folder), percentiles: keptPercentiles(kept) }),
  );
  await writeWhole(join(folder, SERIES_FILE), seriesCsv(kept));
  await writeWhole(join(folder, JUNIT_FILE), junitXml(kept));
}

/** Contents of the plan.resolved.json of a run, which has no secrets; null where it is not there or cannot be read. */
export function readPlan(folder: string): unknown {
  try {
    return JSON.parse(readFileSync(join(folder, 'plan.resolved.json'), 'utf8')) as unknown;
  } catch {
    return null;
  }
}

/** Under another name first, so that a reader never sees half of it. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const draft = `${path}.part`;
  await writeFile(draft, text);
  await rename(draft, path);
}
