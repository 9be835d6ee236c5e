/**
 * The texts of the document's files, with its banners and labels, as scripts look for them (rohankanojia-testing/
 * dwo-load-testing-using-k6-poc, BACKUP_LOAD_TESTING.md "Interpreting Results", backup/monitor-backup-jobs.sh). Behind a label of the
 * document stands its figure, counted by uid; whatever else there is has labels of its own.
 */

import {
  type BackupFigures,
  type FailedPod,
  type FailureFigures,
  type JobFigures,
  PHASES,
  type Share,
  type Spread,
  type UsageFigures,
} from './backup-figures.ts';
import { compressedText } from './backup-text.ts';
import type { RestoreFigures } from './restore-figures.ts';
import { caseLine } from './restore-text.ts';

/** Between two Jobs, and under a banner. */
export const RULE = '-----------------------------------';

/** @param at RFC 3339 */
export function banner(title: string, at: string): string {
  const rule = '='.repeat(40);
  return `${rule}\n${title}\nTimestamp: ${at}\n${rule}\n`;
}

/** `…_backup_jobs_metrics.txt` */
export function metricsText(jobs: JobFigures | null, at: string): string {
  const total = jobs?.total ?? 0;
  const rates =
    jobs && total > 0
      ? `Success rate: ${percent(jobs.successRate)}\nFailure rate: ${percent(jobs.failureRate)}\n\nAverage Job duration: ${seconds(jobs.totalMs?.average)}\n`
      : '';
  return `${banner('Backup Job Metrics', at)}
Total backup Jobs: ${total}
Succeeded: ${jobs?.succeeded ?? 0}
Failed: ${jobs?.failed ?? 0}
Running/Pending: ${jobs?.unfinished ?? 0}

${rates}`;
}

/** `…_backup_summary.txt`, without its banner. @param files names of the files beside it */
export function summaryText(figures: BackupFigures, files: readonly string[], findings: readonly string[]): string {
  const sections: [title: string, lines: readonly string[]][] = [
    ['Workspaces', workspaceLines(figures)],
    ['Job Durations', durationLines(figures.jobs)],
    ['Queue and Requests', [...queueLines(figures), ...requestLines(figures)]],
    ['Restore', restoreLines(figures.restore)],
    ['Resource Usage', usageLines(figures)],
    ['Failed Jobs Details', failureLines(figures.failures)],
    ['Diagnosis', findings.length > 0 ? findings : ['Nothing was found that would need explaining.']],
    ['Not As On A Real Cluster', figures.clockSpeed === 1 ? [] : [compressedText(figures)]],
  ];
  const rule = '='.repeat(40);
  const texts = sections
    .filter(([, lines]) => lines.length > 0)
    .map(([title, lines]) => `${rule}\n${title}\n${rule}\n\n${lines.join('\n')}\n`);
  return [
    ...texts,
    `${rule}\nDetailed logs available in:\n${files.map((file) => `  - ${file}`).join('\n')}\n${rule}\n`,
  ].join('\n');
}

/** What is said of a failed pod in `…_backup_jobs_failures.log`. */
export function failureText(pod: FailedPod): string {
  const { namespace, job, workspace, exitCode, reason, message, log } = pod;
  const state = [reason, exitCode === null ? '' : `exit code ${exitCode}`, message].filter((part) => part !== '');
  return `Job: ${job} (namespace: ${namespace})
Workspace: ${workspace}
Pod: ${pod.pod}, ${state.join(', ') || 'no state was seen'}
${log === null ? '' : `\nPod logs for ${pod.pod}:\n${log.trimEnd()}\n`}
${RULE}

`;
}

/** How often each kind of failure was met, with an example. */
export function patternLines({ groups }: FailureFigures): string[] {
  return groups.flatMap(({ pattern, count, example }) => [
    `${String(count).padStart(6)} x ${pattern}`,
    `         for example ${example.namespace}/${example.pod}`,
  ]);
}

function workspaceLines({ load, stop, outcomes, attemptedTwiceOrMore, backedUp, jobs }: BackupFigures): string[] {
  const lines = [
    `Workspaces created: ${load.created} of ${load.planned}`,
    `Workspaces ready: ${load.ready}${load.readyFailed > 0 ? `, did not start: ${load.readyFailed}` : ''}${load.readyTimedOut > 0 ? `, not in time: ${load.readyTimedOut}` : ''}`,
  ];
  if (stop) lines.push(`Workspaces stopped: ${stop.stopped} of ${stop.requested}`);
  if (outcomes && backedUp) {
    lines.push(
      `Workspaces backed up: ${backedUp.hits} of ${backedUp.of}${backedUp.of > 0 ? ` (${percent(backedUp)})` : ''}`,
      `Workspaces whose backup did not succeed: ${outcomes.failed}`,
      `Workspaces with a backup that did not end: ${outcomes.unfinished}`,
      `Workspaces never attempted: ${outcomes['never-attempted']}`,
      `Workspaces attempted twice or more: ${attemptedTwiceOrMore ?? 0}`,
    );
  }
  if (jobs) lines.push(`Backup pods: ${jobs.pods}, of them retries: ${jobs.retries}`);
  return lines;
}

function durationLines(jobs: JobFigures | null): string[] {
  if (!jobs) return [];
  return spreadLines([
    ['Creation lag', jobs.creationLagMs],
    ['Wait', jobs.waitMs],
    ['Run', jobs.runMs],
    ['Total', jobs.totalMs],
  ]);
}

function restoreLines(restore: RestoreFigures | null): string[] {
  if (!restore) return [];
  const { mode, seed, sample, candidates, restored, deleteMs, readyMs, initMs, failures, cases } = restore;
  const lines: string[] = [];
  if (sample !== '') {
    lines.push(
      `Workspaces restored: ${restored.hits} of ${restored.of}${restored.of > 0 ? ` (${percent(restored)})` : ''}`,
      `Restore mode: ${mode}, sample: ${sample} of ${candidates} that are backed up, seed: ${seed}`,
      '',
      ...spreadLines([
        ...(deleteMs ? [['Delete', deleteMs] as [string, Spread]] : []),
        ['To ready', readyMs],
        ['Restore run', initMs],
      ]),
    );
  }
  if (failures.length > 0) {
    lines.push('', 'Failed restores:');
    for (const { message, count, example } of failures) {
      lines.push(
        `${String(count).padStart(6)} x ${message}`,
        `         for example ${example.namespace}/${example.name}`,
      );
    }
  }
  if (cases.length > 0)
    lines.push(...(lines.length > 0 ? [''] : []), 'Cases:', ...cases.map((one) => `  ${caseLine(one)}`));
  return lines;
}

function spreadLines(rows: readonly [string, Spread | null][]): string[] {
  const cells = ({ average, p50, p95, p99, max }: Spread) => [average, p50, p95, p99, max];
  const table = rows.map(([name, spread]) => [
    name,
    ...(spread ? cells(spread).map((ms) => seconds(ms)) : Array(5).fill('-')),
  ]);
  return [['', 'average', 'p50', 'p95', 'p99', 'max'], ...table].map(([name = '', ...rest]) =>
    `${name.padEnd(14)}${rest.map((cell) => String(cell).padStart(10)).join('')}`.trimEnd(),
  );
}

function queueLines({ queue }: BackupFigures): string[] {
  if (!queue) return [];
  const { peak, growthPerMinute } = queue;
  const growth = growthPerMinute === null ? 'unknown' : growthPerMinute.toFixed(1);
  return [`Most Jobs under way at once: ${peak}`, `Growth of the queue (Jobs a minute): ${growth}`];
}

/** Seconds here are of the wall clock. */
function requestLines({ api }: BackupFigures): string[] {
  const { total, perWorkspace, refused, failed, pausedMs, waitedMs } = api;
  return [
    `API requests: ${total} (${perWorkspace.toFixed(2)} a workspace, samples left out), answered with 429: ${refused}, failed: ${failed}`,
    `Client throttled: ${seconds(pausedMs)} at the server's wish, requests held back for ${seconds(waitedMs)}`,
  ];
}

function usageLines({ resources }: BackupFigures): string[] {
  const { unavailable, operator, etcd, backupPods, operatorRestarts, etcdRestarts, operatorAlive } = resources;
  const restarts = [
    `Operator restarts: ${operatorRestarts.restarts}, pods replaced: ${operatorRestarts.replaced}, alive at the end: ${operatorAlive ? 'yes' : 'no'}`,
    ...(etcdRestarts ? [`etcd restarts: ${etcdRestarts.restarts}`] : []),
  ];
  if (unavailable !== null) return [`No samples: ${unavailable}`, ...restarts];
  return [
    `Backup Job pod CPU usage (average): ${amount(backupPods.cpu?.average, 'm')}`,
    `Backup Job pod memory usage (average): ${amount(backupPods.memory?.average, 'Mi')}`,
    `Operator CPU/memory during backup operations: ${during(operator)}`,
    `etcd CPU/memory during backup operations: ${etcd ? during(etcd) : 'not to be seen'}`,
    ...restarts,
    '',
    'CPU/memory by phase:',
    ...phaseLines('operator', operator),
    ...phaseLines('etcd', etcd),
    ...phaseLines('backup pods', backupPods),
  ];
}

function phaseLines(name: string, usage: UsageFigures | null): string[] {
  return PHASES.flatMap((phase) => {
    const own = usage?.byPhase[phase];
    return own ? [`  ${name.padEnd(11)}  ${phase.padEnd(9)}  ${usageText(own)}`] : [];
  });
}

/** While Jobs were awaited; the whole run where there is nothing about that. */
function during(usage: UsageFigures): string {
  return usageText(usage.byPhase.watch ?? usage);
}

function usageText({ cpu, memory }: Pick<UsageFigures, 'cpu' | 'memory'>): string {
  const text = (spread: UsageFigures['cpu'], unit: string) =>
    spread
      ? `${amount(spread.average, unit)} average, ${amount(spread.p95, unit)} p95, ${amount(spread.max, unit)} max`
      : 'no samples';
  return `${text(cpu, 'm')} / ${text(memory, 'Mi')}`;
}

function failureLines(failures: FailureFigures | null): string[] {
  if (!failures) return [];
  if (failures.pods === 0) return ['No failed backup Jobs'];
  return [
    `Pods that ended with an error: ${failures.pods}; logs read: ${failures.read}`,
    '',
    'Error patterns:',
    ...patternLines(failures),
  ];
}

export function percent({ hits, of }: Share): string {
  return `${(of === 0 ? 0 : (hits / of) * 100).toFixed(2)}%`;
}

function seconds(ms: number | undefined): string {
  return ms === undefined ? 'unknown' : `${(ms / 1000).toFixed(1)}s`;
}

function amount(value: number | undefined, unit: string): string {
  return value === undefined ? 'no samples' : `${Math.round(value)}${unit}`;
}
