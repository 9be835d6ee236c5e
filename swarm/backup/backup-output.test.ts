/** Real files, read by what the users of the public scripts read theirs with. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createStyle } from '../report/style.ts';
import type { BackupEvent, JobLine } from './backup-event.ts';
import { BackupOutput } from './backup-output.ts';
import { ROW_HEADER, rowOf } from './backup-row.ts';
import { backupText } from './backup-text.ts';
import { judgeBackup } from './backup-verdict.ts';
import { FAILED_POD, SOME_RESTORES, someFigures } from './testing/some-figures.ts';

const roots: string[] = [];
afterAll(() => {
  for (const root of roots) rmSync(root, { recursive: true, force: true });
});
const START = Date.UTC(2026, 0, 1, 9, 8, 7);
const newOutput = (logsDirectory = 'logs') => {
  const folder = mkdtempSync(join(tmpdir(), 'swarm-output-'));
  roots.push(folder);
  return { folder, output: new BackupOutput({ folder, logsDirectory, startedAt: START, test: 'smoke' }) };
};
const end = {
  verdict: 'failed',
  reasons: ['too few'],
  findings: [{ topic: 'Backup Jobs fail', cause: 'nobody finds it', evidence: ['no such host'], advice: 'look there' }],
} as const;

describe('the output of a load', () => {
  let folder: string;
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  /** A line of shell, in the folder of the run. */
  const shell = (line: string) => execFileSync('/bin/sh', ['-c', line], { cwd: folder, encoding: 'utf8' });
  const job: JobLine = {
    uid: 'u1',
    namespace: 'load-test-ns-1',
    name: 'devworkspace-backup-abcde',
    workspace: 'dw-test-1',
    status: 'Running',
    succeeded: 0,
    completions: 1,
    startedAt: START,
    endedAt: null,
    createdAt: START,
  };
  const events: BackupEvent[] = [
    { at: START, type: 'note', message: 'a note' },
    { at: START, type: 'workspace', namespace: 'ns', name: 'dw-test-1', phase: 'Stopped', message: 'a\nb', id: 'w1' },
    { at: START + 7000, type: 'job', job },
    { at: START + 200_000, type: 'job', job: { ...job, status: 'Complete', succeeded: 1, endedAt: START + 130_000 } },
    {
      at: START,
      type: 'cluster.event',
      namespace: 'ns',
      pod: 'p',
      kind: 'Warning',
      reason: 'FailedScheduling',
      message: '0/3 nodes',
    },
    { at: FAILED_POD.at, type: 'pod.failed', pod: FAILED_POD },
  ];
  beforeAll(() => {
    const made = newOutput();
    folder = made.folder;
    for (const event of events) made.output.take(event);
    made.output.end(someFigures(), end);
    expect(made.output.problem).toBeNull();
  });

  it('has the six files of the document, under one timestamp', () => {
    expect(readdirSync(join(folder, 'logs')).sort()).toEqual([
      '20260101_090807_backup_jobs_failures.log',
      '20260101_090807_backup_jobs_metrics.txt',
      '20260101_090807_backup_jobs_watch.log',
      '20260101_090807_backup_summary.txt',
      '20260101_090807_dw_watch.log',
      '20260101_090807_events.log',
    ]);
  });

  it.each(['backup_jobs_metrics.txt', 'backup_summary.txt'])('has the labels of the document in its %s', (file) => {
    const figure = (label: string) =>
      shell(`grep -h '^${label}:' logs/*_${file} | cut -d' ' -f${label.split(' ').length + 1}-`);
    expect(figure('Total backup Jobs')).toBe('50\n');
    expect(figure('Succeeded')).toBe('48\n');
    expect(figure('Failed')).toBe('2\n');
    expect(figure('Running/Pending')).toBe('0\n');
    expect(figure('Success rate')).toBe('96.00%\n');
    expect(figure('Failure rate')).toBe('4.00%\n');
    expect(figure('Average Job duration')).toBe('6.0s\n');
  });

  it('shows the block of the document as the document does', () => {
    expect(read('logs/20260101_090807_backup_jobs_metrics.txt')).toContain(`
Total backup Jobs: 50
Succeeded: 48
Failed: 2
Running/Pending: 0

Success rate: 96.00%
Failure rate: 4.00%
`);
  });

  it('tells of resources, failures and findings in its summary', () => {
    const summary = read('logs/20260101_090807_backup_summary.txt');
    expect(summary).toMatch(/^=+\nBackup Load Test Summary Report\nTimestamp: 2026-01-01T00:10:00.000Z\n=+\n/);
    expect(summary).toContain('\nBackup Job pod CPU usage (average): 30m\n');
    expect(summary).toContain('\nBackup Job pod memory usage (average): 25Mi\n');
    expect(summary).toContain(
      '\nOperator CPU/memory during backup operations: 121m average, 242m p95, 363m max / 91Mi average, 182Mi p95, 273Mi max\n',
    );
    expect(summary).toContain(
      '\n  operator     watch      121m average, 242m p95, 363m max / 91Mi average, 182Mi p95, 273Mi max\n',
    );
    expect(summary).toMatch(/\nMost Jobs under way at once: 50\nGrowth of the queue \(Jobs a minute\): unknown\n/);
    expect(summary).toMatch(
      /\nAPI requests: .*answered with 429: \d+.*\nClient throttled: [\d.]+s at the server's wish/,
    );
    expect(summary).toContain('\n     2 x Error: dial tcp: lookup quay.i: no such host\n');
    expect(summary).toContain('\nBackup Jobs fail: nobody finds it\n  seen:  no such host\n  to do: look there\n');
    expect(summary).toContain(`  - ${join(folder, 'logs/20260101_090807_backup_jobs_watch.log')}\n`);
  });

  it('has watch logs in the columns of kubectl', () => {
    expect(shell(`awk 'NR > 1 {print $1, $2, $3, $4, $5, $6}' logs/*_backup_jobs_watch.log`)).toBe(
      'load-test-ns-1 devworkspace-backup-abcde Running 0/1 7s 7s\nload-test-ns-1 devworkspace-backup-abcde Complete 1/1 2m10s 3m20s\n',
    );
    expect(shell('head -1 logs/*_backup_jobs_watch.log')).toMatch(
      /^NAMESPACE +NAME +STATUS +COMPLETIONS +DURATION +AGE\n$/,
    );
    expect(shell('cat logs/*_dw_watch.log')).toMatch(
      /^NAMESPACE .*DEVWORKSPACE ID .*\nns +dw-test-1 +w1 +Stopped +a b\n$/,
    );
    expect(shell('tail -1 logs/*_events.log')).toMatch(
      /^ns +2026-01-01T09:08:07.000Z +Warning +FailedScheduling +pod\/p +0\/3 nodes\n$/,
    );
  });

  it('has the log of a pod that failed', () => {
    const failures = read('logs/20260101_090807_backup_jobs_failures.log');
    expect(failures).toContain('\nJob: devworkspace-backup-abcde (namespace: load-test-ns-1)\n');
    expect(failures).toContain(`\nPod logs for ${FAILED_POD.pod}:\nBacking up\nError: dial tcp`);
    expect(failures).toMatch(/\nError patterns:\n {5}2 x Error: dial tcp/);
  });

  it('has every event as a line of JSON, and all figures in a summary', () => {
    expect(
      read('events.ndjson')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(events);
    expect(JSON.parse(read('summary.json'))).toEqual({ ...end, test: 'smoke', figures: someFigures() });
  });

  it('has one row of a table', () => {
    const [header = '', row = '', rest] = read('summary.csv').split('\n');
    expect(rest).toBe('');
    const cells = Object.fromEntries(header.split(',').map((name, index) => [name, row.split(',')[index]]));
    expect(header.split(',')).toHaveLength(row.split(',').length);
    expect(cells).toMatchObject({
      run: 'r1',
      test: 'smoke',
      verdict: 'failed',
      backup_jobs_total: '50',
      backup_success_rate: '0.96',
      backup_job_duration_p95_ms: '12000',
      etcd_cpu_millicores_max: '240',
      queue_growth_per_minute: '',
      dwoc_reset: 'true',
    });
  });
});

it('says so when nothing failed, and shows no rates of nothing', () => {
  const { folder, output } = newOutput('elsewhere');
  const jobs = { ...someFigures().jobs!, total: 0, succeeded: 0, failed: 0 };
  output.end(someFigures({ jobs, failures: { pods: 0, read: 0, groups: [], conditions: {} } }), {
    ...end,
    findings: [],
  });
  const text = (name: string) => {
    const file = readdirSync(join(folder, 'elsewhere')).find((one) => one.endsWith(name))!;
    return readFileSync(join(folder, 'elsewhere', file), 'utf8');
  };
  expect(text('failures.log')).toBe('No failed backup Jobs\n');
  expect(text('metrics.txt')).toMatch(/Total backup Jobs: 0\n/);
  expect(text('metrics.txt')).not.toContain('rate');
  expect(text('summary.txt')).toContain('Nothing was found that would need explaining.');
});

it('quotes what would break a table', () => {
  const figures = someFigures({ run: 'a,"b"\nc' });
  expect(rowOf({ test: '', verdict: 'passed', figures })).toMatch(/^"a,""b""\nc",,passed,/);
});

it('says that time was compressed, in terminal and report, and only then', () => {
  const text = (clockSpeed: number) => {
    const { folder, output } = newOutput();
    const figures = someFigures({ clockSpeed });
    output.end(figures, end);
    const file = readdirSync(join(folder, 'logs')).find((name) => name.endsWith('_backup_summary.txt'))!;
    const verdict = judgeBackup({ figures, interrupted: false, failure: null });
    return [readFileSync(join(folder, 'logs', file), 'utf8'), backupText(figures, verdict, createStyle(false))];
  };
  for (const one of text(60)) expect(one).toContain('time is compressed 60 times');
  for (const one of text(1)) expect(one).not.toContain('compressed');
});

it('has no more digits in its row than clocks can tell', () => {
  const { queue, api } = someFigures();
  const figures = someFigures({
    queue: { ...queue!, growthPerMinute: 12.853669789 },
    api: { ...api, perWorkspace: 5.8199 },
  });
  const [header, row] = [ROW_HEADER, rowOf({ test: '', verdict: 'passed', figures })].map((line) =>
    line.trim().split(','),
  );
  expect(row![header!.indexOf('queue_growth_per_minute')]).toBe('12.85');
  expect(row![header!.indexOf('api_calls_per_workspace')]).toBe('5.82');
});

it('remembers what could not be written, and lets the load go on', () => {
  const { folder, output } = newOutput();
  rmSync(folder, { recursive: true });
  output.take({ at: START, type: 'note', message: 'still open' });
  expect(output.problem).toBeNull();
  output.end(someFigures(), end);
  expect(output.problem).toMatchObject({ code: 'ENOENT' });
});

describe('what was restored', () => {
  const figures = someFigures({ restore: SOME_RESTORES });
  const verdict = judgeBackup({ figures, interrupted: false, failure: null });

  it('is judged by its rate', () => {
    expect(verdict.reasons).toContain(
      '90.0% (9 of 10) of the restored workspaces are back: restore_success wants rate>=0.95',
    );
  });

  it('is told in the terminal', () => {
    const text = backupText(figures, verdict, createStyle(false));
    expect(text).toContain(
      'restored    90.0% (9 of 10) are back with their content, 1 failed; in-place, 20% of 48 that',
    );
    expect(text).toContain('not back    1: /projects/payload: FAILED, it has changed\n');
    expect(text).toContain('case        missing-image: failed in workspace-restore, as expected: not found\n');
  });

  it('has a chapter of the report, and columns at the end of the row', () => {
    const { folder, output } = newOutput();
    output.end(figures, { ...end, findings: [] });
    const file = readdirSync(join(folder, 'logs')).find((name) => name.endsWith('_backup_summary.txt'))!;
    const text = readFileSync(join(folder, 'logs', file), 'utf8');
    expect(text).toContain('\nWorkspaces restored: 9 of 10 (90.00%)\n');
    expect(text).toMatch(/\nDelete +4\.0s +4\.0s +8\.0s +8\.0s +12\.0s\nTo ready +9\.0s/);
    expect(text).toContain('\n     1 x /projects/payload: FAILED, it has changed\n');
    const [header = '', row = ''] = [ROW_HEADER, rowOf({ test: '', verdict: 'failed', figures })].map((line) =>
      line.trim(),
    );
    const cells = Object.fromEntries(header.split(',').map((name, index) => [name, row.split(',')[index]]));
    expect(cells).toMatchObject({
      leftovers: '0',
      restore_mode: 'in-place',
      restore_workspaces_total: '10',
      restore_workspaces_succeeded: '9',
      restore_workspaces_failed: '1',
      restore_success_rate: '0.9',
      restore_delete_p95_ms: '8000',
      restore_duration_p50_ms: '9000',
      restore_container_run_max_ms: '6000',
      restore_cases: '1',
      restore_cases_unexpected: '0',
    });
    expect(header.indexOf('restore_mode')).toBeGreaterThan(header.indexOf('leftovers'));
  });
});
