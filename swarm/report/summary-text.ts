/** The end summary as a person reads it in a terminal. */
import { figureNamed } from '../plan/figures.ts';
import { formatFigure, parseExpression } from '../plan/thresholds.ts';
import { churnLines, readerLines } from './background-text.ts';
import { faultLines } from './fault-summary.ts';
import { linkLines } from './link-text.ts';
import type { Spread } from './noop-summary.ts';
import type { PhaseSummary } from './phase-summary.ts';
import { quantileTexts } from './quantiles.ts';
import { courseLines, errorLines, requestLines, silenceLines } from './request-text.ts';
import { serverLines } from './server-text.ts';
import { shardLines } from './shard-text.ts';
import { causeLines, divergenceLines, reactionLines, stateLines, stuckLines } from './state-text.ts';
import {
  bar,
  countOf,
  createStyle,
  firstLines,
  formatBytes,
  formatCount,
  formatMs,
  formatShare,
  type Style,
  shellWord,
  table,
} from './style.ts';
import { type FunnelStep, lateStart, type RunSummary, type ThresholdSummary } from './summary.ts';
import { valueText } from './verdict.ts';

/** Failed clusters named in full; summary.json has them all. */
const NAMED_FAILURES = 5;
/** Clusters with objects that are left behind, named in full. */
const NAMED_LEFT = 10;
const BAR = 24;
/** Objects of a cluster on a hub named in full. */
const NAMED_OBJECTS = 4;

/**
 * Lines of the summary, joined.
 * @param style default: no colours
 * @param folder the run's folder, by which `swarm clean` finds it wherever it stands; default: only its id is named
 */
export function renderSummary(
  summary: RunSummary,
  style: Style = createStyle(false),
  folder: string | null = null,
): string {
  const lines: string[] = [''];
  const section = (title: string, body: readonly string[]) => {
    if (body.length > 0) lines.push(style.bold(title), ...body.map((line) => `  ${line}`), '');
  };

  const remarks = [...lateLines(summary), ...silenceLines(summary)];
  lines.push(headline(summary, style), ...remarks.map((line) => style.warn(line)), '');
  section('Why', summary.verdict === 'passed' ? [] : summary.reasons);
  section('Thresholds', thresholds(summary, style));
  section('Shards', shardLines(summary, style));
  section('Phases', phaseLines(summary));
  section('Hosts', funnel(summary.hostFunnel, style));
  section('Clusters', funnel(summary.clusterFunnel, style));
  section('Faults of the plan', faultLines(summary.faults, style));
  section('Failed clusters', failures(summary));
  section('Failures by cause', causeLines(summary));
  section(
    'Stuck (simulated time)',
    stuckLines(summary).map((line) => style.warn(line)),
  );
  section('Cluster durations (simulated time)', clusterDurations(summary));
  section('Longest in a state (simulated time)', stateLines(summary));
  section('Reactions (simulated time)', reactionLines(summary));
  section('Custom resources beside REST (simulated time)', divergenceLines(summary));
  section('Requests', requestLines(summary, style));
  section('Request errors', errorLines(summary, false));
  section(
    'Errors of the generator itself, not of the service',
    errorLines(summary, true).map((line) => style.bad(line)),
  );
  section('Slow links', linkLines(summary, style));
  section('Over time', courseLines(summary));
  section('Readers', readerLines(summary, style));
  section('Made anew (simulated time)', churnLines(summary));
  section('Boot downloads (simulated time)', bootDownloads(summary));
  section('Requests to the hub', hubRequests(summary, style));
  section('Stages (simulated time)', stages(summary));
  section('Steps', replies(summary));
  section('Servers', serverLines(summary.servers, style));
  section('No-op hosts', noopHosts(summary));
  section('Generator', generator(summary, style));
  section('Native agents beside stock programs', drift(summary, style, folder));
  section(
    'Deviations from real agents',
    summary.deviations.map((text) => style.warn(text)),
  );
  section('Report', folder === null ? [] : [`${folder}/report.html`]);
  const left = leftBehind(summary, folder === null ? '--json prints all of them' : 'summary.json has all of them');
  // What stands there is in the ledgers of those who made it.
  const remedy =
    summary.shards.length > 0
      ? 'remove it with: swarm clean FOLDER, for the folder of each shard'
      : `remove it with: swarm clean ${shellWord(folder ?? summary.run)}`;
  section('Left behind on the service', left.length > 0 ? [...left, remedy] : []);
  return lines.join('\n');
}

/**
 * A line for each cluster of which something stands on the service; of many the first ones, and how many more there are.
 * @param rest where all of them are named
 */
export function leftBehind(summary: Pick<RunSummary, 'leftBehind'>, rest: string): string[] {
  const lines = summary.leftBehind.map(({ name, clusterId, infraEnvId, unconfirmed = [], hub = [] }) =>
    [
      name,
      clusterId && `cluster ${clusterId}`,
      infraEnvId && `infra-env ${infraEnvId}`,
      ...(hub.length > NAMED_OBJECTS ? [`${hub.length} objects on the hub`] : hub),
      ...unconfirmed.map((one) => `perhaps ${one.kind} ${one.name} (creation not answered)`),
    ]
      .filter(Boolean)
      .join('  '),
  );
  return firstLines(lines, NAMED_LEFT, rest);
}

function drift({ drift: found, run }: RunSummary, style: Style, folder: string | null): string[] {
  if (!found) return [];
  const paint = found.differences > 0 ? style.warn : style.good;
  return [paint(found.result), `all of it: swarm drift ${shellWord(folder ?? run)}`];
}

function headline(summary: RunSummary, style: Style): string {
  const { verdict, clusters } = summary;
  const word =
    verdict === 'passed'
      ? style.good('✓ PASSED')
      : verdict === 'failed'
        ? style.bad('✗ FAILED')
        : verdict === 'interrupted'
          ? style.warn('■ INTERRUPTED')
          : style.accent('… RUNNING');
  const simulated =
    summary.clockSpeed === 1 ? '' : ` (${formatMs(summary.simulatedSeconds * 1000)} simulated, ×${summary.clockSpeed})`;
  const pools =
    clusters.infraEnvs === 0
      ? ''
      : `${formatCount(clusters.infraEnvsDiscovered)}/${formatCount(clusters.infraEnvs)} infra-envs discovered`;
  const asExpected =
    clusters.failedAsExpected === 0
      ? ''
      : `, ${formatCount(clusters.failedAsExpected)} failed as expected of their faults`;
  const installed =
    clusters.planned === 0 && clusters.infraEnvs > 0
      ? ''
      : `${clusters.installed}/${clusters.planned} clusters installed${asExpected}`;
  const made = [installed, pools].filter(Boolean).join(', ');
  return `${style.bold(word)}  ${summary.plan}: ${made} in ${formatMs(summary.wallSeconds * 1000)}${simulated}  ${style.dim(`seed ${summary.seed}, run ${summary.run}`)}`;
}

/** Of a shard that was not there when the others began. */
function lateLines({ startAt, startedLateSeconds }: RunSummary): string[] {
  const late = lateStart({ startAt, startedLateSeconds });
  return late === null ? [] : [late];
}

/** Crossed ones and those of the plan, one a line; the rest is counted. */
function thresholds(summary: RunSummary, style: Style): string[] {
  const nameOf = (one: ThresholdSummary) => formatFigure(one.figure, one.labels);
  if (summary.thresholds.length === 0) return [];
  const kept = summary.thresholds.filter(({ ok }) => ok === true).length;
  const shown = summary.thresholds.filter((one) => one.ok === false || !one.default);
  const rows = shown.map((one) => [
    one.ok === null ? '-' : one.ok ? '✓' : '✗',
    nameOf(one),
    one.expression,
    one.value === null
      ? 'not evaluated'
      : valueText({ ...parseExpression(one.expression, figureNamed(one.figure)!), value: one.value }),
  ]);
  const lines = table(rows, [3]).map((line) => (line.startsWith('✗') ? style.bad(line) : line));
  const unknown = summary.thresholds.filter(({ ok }) => ok === null).length;
  const rest = unknown === 0 ? '' : `; ${unknown} not evaluated, because nothing was measured for them`;
  lines.push(`${kept} of ${summary.thresholds.length} kept${rest}`);
  if (
    summary.clockSpeed !== 1 &&
    summary.thresholds.some((one) => one.figure === 'generator_saturation' && one.default)
  ) {
    lines.push('in compressed time the generator may be the bottleneck for longer before a run fails');
  }
  return lines;
}

/** Of a run with more than its clusters' time and that of their removal. */
function phaseLines({ phases }: RunSummary): string[] {
  if (phases.every(({ phase, step }) => step === null && (phase === 'deploy' || phase === 'remove'))) return [];
  const rows = phases.map(({ phase, step, level, seconds, hosts, totals }) => [
    step === null ? phase : `${phase} ${step}`,
    level === null ? '' : levelText(level),
    formatMs(seconds * 1000),
    countOf(hosts, 'host'),
    `${formatCount(totals.requests)} requests`,
    `${totals.rate.toFixed(1)}/s`,
    totals.requests === 0 ? '' : `${formatShare(totals.errors, totals.requests)} errors`,
    ...(totals.sinceDue.count === 0
      ? ['', '', '']
      : [
          `p50 ${formatMs(totals.sinceDue.p50)}`,
          `p99 ${formatMs(totals.sinceDue.p99)}`,
          `max ${formatMs(totals.sinceDue.max)}`,
        ]),
  ]);
  return table(rows, [2, 3, 4, 5, 6, 7, 8, 9]);
}

/** `200 hosts`, `150 clusters/h`. */
function levelText(level: NonNullable<PhaseSummary['level']>): string {
  const rounded = (value: number) => (Number.isInteger(value) ? formatCount(value) : value.toFixed(1));
  return 'hosts' in level ? `${rounded(level.hosts)} hosts` : `${rounded(level.clustersPerHour)} clusters/h`;
}

function funnel(steps: readonly FunnelStep[], style: Style): string[] {
  const rows = steps.map(({ name, count, of }) => [
    name,
    bar(count, of, BAR),
    `${formatCount(count)}/${formatCount(of)}`,
    formatShare(count, of),
  ]);
  return table(rows, [2, 3]).map((line) => line.replace(/█+/, (filled) => style.accent(filled)));
}

function failures(summary: RunSummary): string[] {
  const lines = summary.failures.map(
    ({ name, reason, life }) => `${name}${life === undefined ? '' : ', made anew'}: ${reason}`,
  );
  return firstLines(lines, NAMED_FAILURES, 'see summary.json');
}

function hubRequests({ hub }: RunSummary, style: Style): string[] {
  if (hub === null || hub.requests === 0) return [];
  const codesOf = (codes: Record<string, number>) =>
    Object.entries(codes)
      .filter(([code]) => code === 'none' || Number(code) >= 400)
      .map(([code, times]) => `${formatCount(times)} × ${code === 'none' ? 'no response' : code}`)
      .join(', ');
  const rows = hub.rows.map(({ client, verb, resource, count, errors, codes, latency }) => [
    client,
    verb,
    resource,
    formatCount(count),
    formatShare(errors, count),
    ...quantileTexts(latency, ['p50', 'p95', 'p99', 'max']),
    codesOf(codes),
  ]);
  const lines = table(
    [['client', 'verb', 'resource', 'count', 'errors', 'p50', 'p95', 'p99', 'max', ''], ...rows],
    [3, 4, 5, 6, 7, 8],
  );
  return [
    style.dim(lines[0]!),
    ...lines.slice(1),
    `${countOf(hub.requests, 'request')}, ${hub.requestsPerCluster.toFixed(1)} of the user a cluster`,
  ];
}

function noopHosts({ noop }: RunSummary): string[] {
  if (noop === null) return [];
  const bytes = (spread: Spread | null) => (spread ? [formatBytes(spread.p50), formatBytes(spread.max)] : ['-', '-']);
  const rows = noop.programs.map(({ program, hosts, cpuPerMinute, resident, proportional, restarts, exits }) => [
    program,
    formatCount(hosts),
    ...[cpuPerMinute.p50, cpuPerMinute.max].map((seconds) => `${seconds.toFixed(3)} s`),
    ...bytes(resident),
    ...bytes(proportional),
    formatCount(restarts),
    Object.entries(exits)
      .map(([how, count]) => `${formatCount(count)} × ${how}`)
      .join(', ') || '-',
  ]);
  const { driver } = noop;
  const each = driver.labProportional / Math.max(1, noop.hosts);
  return [
    ...table(
      [['program', 'hosts', 'CPU/min', 'max', 'RSS', 'max', 'PSS', 'max', 'restarts', 'exits'], ...rows],
      [1, 2, 3, 4, 5, 6, 7, 8],
    ),
    `${noop.hosts === 1 ? '1 host was' : `${formatCount(noop.hosts)} hosts were`} up for ${countOf(Math.round(noop.hostMinutes), 'minute')} in all; beside them ${driver.labCpuPerMinute.toFixed(3)} s of the lab and ${driver.relayCpuPerMinute.toFixed(3)} s of relaying threads for each, lab ${formatBytes(each)} a host`,
  ];
}

function clusterDurations({ clusterDurations: durations }: RunSummary): string[] {
  const rows = durations.map(({ from, to, duration }) => [
    `${from} → ${to}`,
    formatCount(duration.count),
    ...quantileTexts(duration, ['p50', 'p95', 'p99', 'max']),
  ]);
  return rows.length === 0 ? [] : table([['', 'clusters', 'p50', 'p95', 'p99', 'max'], ...rows], [1, 2, 3, 4, 5]);
}

function bootDownloads({ boot, errors, simulatedSeconds }: RunSummary): string[] {
  if (boot.length === 0) return [];
  const rows = boot.map(({ kind, requests: count, errors: failed, bytes, duration }) => [
    kind,
    formatCount(count),
    formatShare(failed, count),
    formatBytes(bytes),
    formatCount(duration.count),
    ...quantileTexts(duration, ['p50', 'p95', 'max']),
  ]);
  const bytes = boot.reduce((sum, row) => sum + row.bytes, 0);
  const failed = errors['boot-failed'] ?? 0;
  return [
    ...table(
      [['what', 'requests', 'errors', 'bytes', 'complete', 'p50', 'p95', 'max'], ...rows],
      [1, 2, 3, 4, 5, 6, 7],
    ),
    `${formatBytes(bytes)} in all, ${formatBytes(bytes / Math.max(simulatedSeconds, 1))}/s over the whole run`,
    ...(failed > 0 ? [`${formatCount(failed)} host${failed === 1 ? '' : 's'} could not boot`] : []),
  ];
}

function stages(summary: RunSummary): string[] {
  if (summary.stages.length === 0) return [];
  const rows = summary.stages.map(({ role, stage, duration }) => [
    role,
    stage,
    formatCount(duration.count),
    ...quantileTexts(duration, ['p50', 'p95', 'max']),
  ]);
  return table([['role', 'stage', 'count', 'p50', 'p95', 'max'], ...rows], [2, 3, 4, 5]);
}

function replies(summary: RunSummary): string[] {
  if (summary.replies.length === 0) return [];
  const rows = summary.replies.map(({ step, received, posted, deduplicated, failed, dropped, inFlight }) => [
    step,
    ...[received, posted, deduplicated, failed, dropped, inFlight].map(formatCount),
  ]);
  const head = ['step', 'received', 'posted', 'de-duplicated', 'failed', 'dropped', 'in flight'];
  return table([head, ...rows], [1, 2, 3, 4, 5, 6]);
}

function generator(summary: RunSummary, style: Style): string[] {
  const { cpuPercent, peakRssBytes, workers, saturated, saturatedSeconds, watchedSeconds, saturatedBy } =
    summary.generator;
  const lines = [
    `CPU ${cpuPercent.toFixed(0)}% of one core, memory at most ${formatBytes(peakRssBytes)}, ${workers} worker ${workers === 1 ? 'thread' : 'threads'}${summary.shards.length > 0 ? ', of all shards together' : ''}`,
  ];
  if (saturated) {
    lines.push(
      style.bad(
        `saturated for ${formatMs(saturatedSeconds * 1000)} of ${formatMs(watchedSeconds * 1000)} (${Object.keys(saturatedBy).join(', ')}): ${summary.shards.length > 0 ? 'machines of shards were' : 'this machine was'} the bottleneck then, and latencies measured then are too high`,
      ),
    );
  }
  const errors = Object.entries(summary.errors);
  if (errors.length > 0)
    lines.push(`errors: ${errors.map(([kind, count]) => `${kind} ${formatCount(count)}`).join(', ')}`);
  return lines;
}
