/** A backup load in a few lines, for a terminal. */
import { countOf, formatCount, formatMs, formatShare, type Style, sparkline } from '../report/style.ts';
import {
  type BackupFigures,
  type QueuePoint,
  restartsOf,
  type Share,
  type Spread,
  type UsageFigures,
} from './backup-figures.ts';
import type { BackupVerdict } from './backup-verdict.ts';
import type { RestoreFigures } from './restore-figures.ts';
import { caseLine, restoredLine } from './restore-text.ts';

const EXAMPLES = 3;
/** Columns of the course of the Jobs, and the points that make it worth drawing. */
const COURSE = 60;
const LEAST_POINTS = 5;

export function backupText(figures: BackupFigures, { verdict, reasons }: BackupVerdict, style: Style): string {
  const lines: [string, string][] = [
    ['workspaces', loadLine(figures)],
    ...(figures.load.deleteMs ? [['deleted', times(figures.load.deleteMs)] as [string, string]] : []),
    ...(figures.stop ? [['stopped', stopLine(figures)] as [string, string]] : []),
    ...(figures.jobs ? backupLines(figures) : []),
    ...(figures.restore ? restoreLines(figures.restore) : []),
    ['operator', usageLine(figures.resources.operator, restartsOf(figures.resources.operatorRestarts))],
    ...(figures.resources.etcd
      ? [['etcd', usageLine(figures.resources.etcd, restartsOf(figures.resources.etcdRestarts))] as [string, string]]
      : []),
    ['requests', apiLine(figures)],
    ...(figures.clockSpeed === 1 ? [] : [['not real', compressedText(figures)] as [string, string]]),
  ];
  const mark =
    verdict === 'passed' ? style.good('passed') : verdict === 'failed' ? style.bad('failed') : style.warn(verdict);
  const said = reasons.map((reason) => `  ${reason}`);
  return `${[...lines.map(([name, text]) => `${name.padEnd(11)} ${text}`), `${'verdict'.padEnd(11)} ${mark}`, ...said].join('\n')}\n`;
}

/** The load in one line, for those who run many. */
export function briefText({ load, jobs, backedUp, restore }: BackupFigures): string {
  const counts = ({ hits, of }: Share) => `${formatCount(hits)} of ${formatCount(of)}`;
  const parts = [`${counts({ hits: load.ready, of: load.planned })} ready`];
  if (backedUp) parts.push(`${counts(backedUp)} backed up`);
  if (jobs)
    parts.push(
      `${formatCount(jobs.total)} Jobs: ${formatCount(jobs.succeeded)} succeeded, ${formatCount(jobs.failed)} failed`,
    );
  if (restore && restore.sample !== '') parts.push(`${counts(restore.restored)} restored`);
  return parts.join('; ');
}

/** What nobody should compare with a real cluster's figures unawares. */
export function compressedText({ clockSpeed }: BackupFigures): string {
  return `time is compressed ${clockSpeed} times: times are those of the cluster's clock, and rates of requests that many times as high`;
}

function loadLine({ load }: BackupFigures): string {
  const { planned, created, ready, readyFailed, readyTimedOut, readyMs } = load;
  const lost = [
    ...(created < planned ? [`${formatCount(planned - created)} not created`] : []),
    ...(readyFailed > 0 ? [`${formatCount(readyFailed)} failed`] : []),
    ...(readyTimedOut > 0 ? [`${formatCount(readyTimedOut)} timed out`] : []),
  ];
  return `${[`${formatCount(ready)} of ${formatCount(planned)} ready`, ...lost].join(', ')}; to ready ${times(readyMs)}`;
}

function stopLine({ stop }: BackupFigures): string {
  const { stopped, requested, stopMs } = stop!;
  return `${formatCount(stopped)} of ${formatCount(requested)}; ${times(stopMs)}`;
}

function backupLines(figures: BackupFigures): [string, string][] {
  const { jobs, outcomes, backedUp, attemptedTwiceOrMore, queue, failures, pendingPods } = figures;
  const { total, succeeded, failed, unfinished, pods, retries } = jobs!;
  const rows: [string, string][] = [
    [
      'Jobs',
      `${formatCount(total)}: ${formatCount(succeeded)} succeeded, ${formatCount(failed)} failed, ${formatCount(unfinished)} not ended; ${countOf(pods, 'pod')}, ${formatCount(retries)} of them retries; at most ${formatCount(queue!.peak)} under way`,
    ],
    [
      'backed up',
      `${share(backedUp!)} of the stopped workspaces; ${formatCount(outcomes!.failed)} failed, ${formatCount(outcomes!.unfinished)} not ended, ${formatCount(outcomes!['never-attempted'])} never tried, ${formatCount(attemptedTwiceOrMore!)} tried more than once`,
    ],
    ...courseLines(queue!.points),
    ['first Job', times(jobs!.creationLagMs)],
    ['Job waits', times(jobs!.waitMs)],
    ['Job runs', times(jobs!.runMs)],
    ['Job in all', times(jobs!.totalMs)],
    ['pods use', usageLine(figures.resources.backupPods, null)],
  ];
  for (const { pattern, count } of failures!.groups.slice(0, EXAMPLES)) {
    rows.push(['failures', `${formatCount(count)} of ${formatCount(failures!.read)} read: ${pattern}`]);
  }
  for (const { reason, message, count } of pendingPods!.slice(0, EXAMPLES)) {
    rows.push(['pending', `${countOf(count, 'pod')}: ${reason}${message && `, ${message}`}`]);
  }
  return rows;
}

/** Jobs under way from left to right, the most of each stretch; nothing for a watch that was over in a moment. */
function courseLines(points: readonly QueuePoint[]): [string, string][] {
  if (points.length < LEAST_POINTS) return [];
  const size = Math.ceil(points.length / COURSE);
  const columns: number[] = [];
  for (let i = 0; i < points.length; i += size) {
    columns.push(Math.max(...points.slice(i, i + size).map(({ pending, running }) => pending + running)));
  }
  const lengthMs = points.at(-1)!.at - points[0]!.at;
  return [['under way', `${sparkline(columns)} over ${formatMs(lengthMs)}`]];
}

function restoreLines(restore: RestoreFigures): [string, string][] {
  const { sample, deleteMs, readyMs, initMs, failures, cases } = restore;
  const rows: [string, string][] = [];
  if (sample !== '') {
    rows.push(['restored', restoredLine(restore)]);
    if (deleteMs) rows.push(['delete', times(deleteMs)]);
    rows.push(['to ready', times(readyMs)], ['restore run', times(initMs)]);
  }
  for (const { message, count } of failures.slice(0, EXAMPLES))
    rows.push(['not back', `${formatCount(count)}: ${message}`]);
  for (const one of cases) rows.push(['case', caseLine(one)]);
  return rows;
}

function times(spread: Spread | null): string {
  if (!spread) return '-';
  const { average, p50, p95, p99, max } = spread;
  return `avg ${formatMs(average)}  p50 ${formatMs(p50)}  p95 ${formatMs(p95)}  p99 ${formatMs(p99)}  max ${formatMs(max)}`;
}

function usageLine({ cpu, memory }: UsageFigures, restarts: number | null): string {
  const text =
    cpu && memory
      ? `CPU avg ${cpu.average.toFixed(0)}m  p95 ${cpu.p95.toFixed(0)}m  max ${cpu.max.toFixed(0)}m; memory avg ${memory.average.toFixed(0)} MiB  p95 ${memory.p95.toFixed(0)}  max ${memory.max.toFixed(0)} (${countOf(cpu.samples, 'sample')})`
      : 'no samples';
  return restarts === null ? text : `${text}; ${countOf(restarts, 'restart')}`;
}

function apiLine({ api }: BackupFigures): string {
  const held = api.refused > 0 ? `; ${formatCount(api.refused)} refused (429), ${formatMs(api.pausedMs)} at rest` : '';
  return `${formatCount(api.total)}, ${api.perWorkspace.toFixed(2)} a workspace; at most ${api.mostAtOnce} at once, ${formatMs(api.waitedMs)} held back${held}`;
}

const share = ({ hits, of }: Share) => `${formatShare(hits, of)} (${formatCount(hits)} of ${formatCount(of)})`;
