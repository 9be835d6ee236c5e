/** What a suite of loads came to: a table for people, as the public suite runner prints one, and rows for programs. */
import { ROW_HEADER } from './backup-row.ts';

/** `REFUSED`: nothing was created. The others are those of run_all_loadtests.sh. */
export type SuiteStatus = 'PASSED' | 'FAILED' | 'REFUSED' | 'INTERRUPTED';

export interface SuiteEntry {
  readonly name: string;
  readonly status: SuiteStatus;
  /** Wall-clock milliseconds. */
  readonly durationMs: number;
  /** Folder of its run; null when there is none. */
  readonly folder: string | null;
  readonly reasons: readonly string[];
  /** Its row of the table, without the header; '' for none. */
  readonly row: string;
}

export interface SuiteReport {
  readonly plan: string;
  readonly description: string;
  /** RFC 3339. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** How many the plan has that are enabled. */
  readonly planned: number;
  readonly entries: readonly SuiteEntry[];
}

export function countOf({ entries }: SuiteReport, status: SuiteStatus): number {
  return entries.filter((one) => one.status === status).length;
}

/** `summary.txt`: rohankanojia-testing/dwo-load-testing-using-k6-poc, scripts/run_all_loadtests.sh, generate_summary_report. */
export function suiteText(report: SuiteReport): string {
  const { plan, startedAt, endedAt, planned, entries } = report;
  const rule = '='.repeat(56);
  const line = '-'.repeat(56);
  const passed = countOf(report, 'PASSED');
  const left = planned - entries.length;
  const width = Math.max(40, ...entries.map(({ name }) => name.length));
  const row = (name: string, status: string, duration: string) =>
    `${name.padEnd(width)} ${status.padEnd(15)} ${duration}`.trimEnd();
  return `${[
    rule,
    'Load Test Suite Summary',
    rule,
    `Test Plan: ${plan}`,
    `Started: ${startedAt}`,
    `Completed: ${endedAt}`,
    '',
    'Test Results:',
    `  Total: ${entries.length}`,
    `  Passed: ${passed}`,
    `  Failed: ${entries.length - passed}`,
    ...(left > 0 ? [`  Not run: ${left}`] : []),
    '',
    line,
    'Individual Test Results:',
    line,
    row('Test Name', 'Status', 'Duration'),
    line,
    ...entries.flatMap(({ name, status, durationMs, reasons }) => [
      row(name, status, minutesText(durationMs)),
      ...reasons.map((reason) => `    ${reason.replaceAll('\n', '\n    ')}`),
    ]),
    line,
    '',
    'Files:',
    ...entries.map(({ name, folder }) => `  ${name}: ${folder ?? 'none'}`),
    rule,
  ].join('\n')}\n`;
}

/** `1m59s` */
function minutesText(ms: number): string {
  const all = Math.round(ms / 1000);
  return `${Math.floor(all / 60)}m${all % 60}s`;
}

/** `summary.csv`: a row for each run. */
export function suiteRows({ entries }: SuiteReport): string {
  return ROW_HEADER + entries.map(({ row }) => row).join('');
}
