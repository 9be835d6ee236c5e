/** Tables of a report. Each gives '' where there is nothing to show. */

import { formatSeconds, formatValue, unitOfPoints } from './chart-scale.ts';
import { DRAWN, figureGroups, labelText } from './html-charts.ts';
import { escapeText, htmlList, htmlTable } from './html-text.ts';
import type { KeptSummary, OpenTimes } from './kept-summary.ts';
import { percentileOf, type Quantiles } from './quantiles.ts';
import { isSound, SHARD_COLUMNS, SHARD_NUMBERS, shardRows } from './shard-text.ts';
import { formatCount, formatMs, formatShare } from './style.ts';
import type { FunnelStep } from './summary.ts';
import { crossedFirst, measuredText, thresholdName } from './threshold-text.ts';

/** Rows of long tables; summary.json has all. */
const MOST_ROWS = 200;

const cells = (...texts: readonly (string | number)[]) => texts.map((text) => escapeText(text));
/** `-` where nothing was measured: 0 ms would be a very good figure. */
const times = (measured: Quantiles, percentiles: readonly number[]) =>
  percentiles.map((one) => {
    const value = measured.count === 0 ? null : percentileOf(measured, one);
    return value === null ? '-' : escapeText(formatMs(value));
  });
const heads = (percentiles: readonly number[]) => percentiles.map((one) => (one === 100 ? 'max' : `p${one}`));

/** The first rows, and a line that says how many more there are. */
function table(head: readonly string[], rows: readonly (readonly string[])[], right?: readonly number[]): string {
  const more = rows.length - MOST_ROWS;
  const rest = more > 0 ? `<p class="soft">and ${formatCount(more)} more; summary.json has them all</p>` : '';
  return htmlTable(head, rows.slice(0, MOST_ROWS), right) + rest;
}

export function thresholdTable(summary: KeptSummary): string {
  const rows = crossedFirst(summary.thresholds).map((one) => [
    one.ok === null
      ? '-'
      : one.ok
        ? '<span class="sign good">✓ kept</span>'
        : crossedText(one.crossedAfterSeconds ?? null),
    ...cells(thresholdName(one), one.expression, measuredText(one), one.default ? 'default' : 'plan'),
  ]);
  return table(['', 'figure', 'limit', 'measured', 'from'], rows, [3]);
}

/** @param after wall-clock seconds from the start of the run; null where it was not seen meanwhile */
function crossedText(after: number | null): string {
  const since = after === null ? '' : ` since ${formatSeconds(Math.round(after))}`;
  return `<strong class="sign bad">✗ crossed</strong>${since}`;
}

/** Of a summary that several runs came to. */
export function shardTable(summary: KeptSummary): string {
  const rows = shardRows(summary).map((row, at) => {
    const sound = isSound(summary.shards[at]!);
    return row.map((text, column) =>
      sound || column !== VERDICT_COLUMN ? escapeText(text) : `<strong class="warn">${escapeText(text)}</strong>`,
    );
  });
  return table(SHARD_COLUMNS, rows, SHARD_NUMBERS);
}
const VERDICT_COLUMN = SHARD_COLUMNS.indexOf('verdict');

export function phaseTable({ phases }: KeptSummary, percentiles: readonly number[]): string {
  const rows = phases.map((one) => {
    const { level, totals } = one;
    const asked =
      level === null
        ? ''
        : 'hosts' in level
          ? `${formatCount(level.hosts)} hosts`
          : `${formatCount(level.clustersPerHour)} clusters/h`;
    return [
      ...cells(one.phase, one.step ?? '', asked, formatSeconds(one.afterSeconds), formatMs(one.seconds * 1000)),
      ...cells(formatCount(one.hosts), formatCount(totals.requests), `${totals.rate.toFixed(1)}/s`),
      ...cells(formatShare(totals.errors, totals.requests), formatCount(totals.ownErrors)),
      ...times(totals.sinceDue, percentiles),
    ];
  });
  const head = [
    'phase',
    'step',
    'asked for',
    'begins at',
    'lasts',
    'hosts at its end',
    'requests',
    'rate',
    'errors',
    'own errors',
  ];
  return table([...head, ...heads(percentiles)], rows, columns(3, head.length + percentiles.length));
}

const columns = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);

export function funnelTable(steps: readonly FunnelStep[], what: string): string {
  const rows = steps.map(({ name, count, of }) => [
    escapeText(name),
    `<meter min="0" max="${Math.max(1, of)}" value="${count}" aria-label="${escapeText(`${name}: ${count} of ${of}`)}"></meter>`,
    ...cells(`${formatCount(count)} / ${formatCount(of)}`, formatShare(count, of)),
  ]);
  return htmlTable([what, '', 'reached', ''], rows, [2, 3]);
}

export function requestTable(summary: KeptSummary, percentiles: readonly number[]): string {
  const { requests, totals } = summary;
  if (requests.length === 0) return '';
  const row = (names: string[], count: number, one: (typeof requests)[number] | KeptSummary['totals']) => [
    ...names,
    ...cells(
      formatCount(count),
      `${one.rate.toFixed(1)}/s`,
      formatShare(one.errors, count),
      formatCount(one.ownErrors),
    ),
    ...times(one.sinceDue, percentiles),
    ...times(one.sinceSent, [99]),
    ...times(one.failedSinceDue, [99]),
    ...times(one.untilSuccess, [99, 100]),
  ];
  const rows = [
    row(['<strong>all</strong>', ''], totals.requests, totals),
    ...requests.map((one) => row(cells(one.client, `${one.method} ${one.endpoint}`), one.count, one)),
  ];
  const head = ['client', 'endpoint', 'count', 'rate', 'errors', 'own', ...heads(percentiles)];
  head.push('sent p99', 'failed p99', 'success p99', 'success max');
  return table(head, rows, columns(2, head.length));
}

export function errorTable({ requestErrors }: KeptSummary): string {
  const rows = requestErrors.map((one) => [
    ...cells(formatCount(one.count), one.client, one.endpoint, one.code),
    `${escapeText(one.message ?? '')}${one.expected === null ? '' : ` <span class="soft">(${escapeText(one.expected)})</span>`}`,
    escapeText(one.own ? 'generator' : 'service'),
    escapeText(one.firstAt?.slice(11, 19) ?? ''),
  ]);
  return table(
    ['count', 'client', 'endpoint', 'status or kind', 'first message', 'whose', 'first at (UTC)'],
    rows,
    [0],
  );
}

export function outageTable({ outages }: KeptSummary): string {
  const rows = outages.map(({ startedAt, afterSeconds, seconds, failed, waiting }) =>
    cells(
      formatSeconds(Math.round(afterSeconds)),
      startedAt.slice(11, 19),
      formatMs(seconds * 1000),
      formatCount(failed),
      formatCount(waiting),
    ),
  );
  return table(['begins at', 'UTC', 'lasts', 'requests failed', 'most that waited'], rows, [0, 1, 2, 3, 4]);
}

export function waitTable({ unanswered }: KeptSummary): string {
  const rows = unanswered
    .filter(({ seconds }) => seconds > 0)
    .map(({ client, seconds, at, underWay }) =>
      cells(client, formatMs(seconds * 1000), at.slice(11, 19), formatCount(underWay)),
    );
  return table(['client', 'longest wait seen', 'at (UTC)', 'requests under way then'], rows);
}

/** Counts and quantiles of durations of which some are not over. */
function openTimes({ ended, open, p50, p95, p99, max }: OpenTimes): string[] {
  if (ended + open === 0) return [...cells(0, 0), '-', '-', '-', '-'];
  const known = (value: number | null) => (value === null ? 'not known: too many are still in it' : formatMs(value));
  const longest = open > 0 ? `≥ ${formatMs(max)}` : formatMs(max);
  return cells(formatCount(ended), formatCount(open), known(p50), known(p95), known(p99), longest);
}
const OPEN_HEADS = ['ended', 'still going on', 'p50', 'p95', 'p99', 'longest'];

export function stateTable({ states }: KeptSummary): string {
  const rows = states.map((one) => [...cells(one.of, one.state), ...openTimes(one)]);
  return table(['of', 'state', ...OPEN_HEADS], rows, columns(2, 8));
}

export function reactionTable({ reactions }: KeptSummary): string {
  const rows = reactions.map((one) => [
    ...cells(`${one.from.of} ${one.from.state}`, `${one.to.of} ${one.to.state}`),
    ...openTimes(one),
  ]);
  return table(['from', 'until', ...OPEN_HEADS], rows, columns(2, 8));
}

export function divergenceTable({ divergence }: KeptSummary): string {
  const rows = divergence.map((one) => [
    ...cells(one.of, formatCount(one.compared), formatCount(one.differed)),
    ...openTimes(one),
  ]);
  return table(['of', 'comparisons', 'that differed', ...OPEN_HEADS], rows);
}

export function stuckTable({ stuck }: KeptSummary): string {
  const rows = stuck.oldest.map(({ of, name, id, state, seconds, usualSeconds }) => [
    ...cells(of, name, id, state, formatMs(seconds * 1000)),
    escapeText(usualSeconds === null ? '-' : formatMs(usualSeconds * 1000)),
  ]);
  const more = stuck.count - rows.length;
  const rest = more > 0 ? `<p class="soft">and ${formatCount(more)} more</p>` : '';
  return table(['of', 'name', 'id', 'state', 'for', '99 % needed'], rows, [4, 5]) + rest;
}

export function faultTable({ faults }: KeptSummary): string {
  const rows = faults.map(({ fault, of, count, asExpected, otherwise, notReached, examples }) => [
    ...cells(fault, of),
    ...[count, asExpected, otherwise, notReached].map((one) => escapeText(formatCount(one))),
    escapeText(examples.map(({ name, was }) => `${name}: ${was}`).join('; ')),
  ]);
  return table(
    ['fault', 'of', 'met', 'as expected', 'otherwise', 'not reached', 'examples of otherwise'],
    rows,
    [2, 3, 4, 5],
  );
}

export function causeTable({ failureCauses, failures }: KeptSummary): string {
  if (failureCauses.length === 0) {
    return table(
      ['cluster', 'reason'],
      failures.map(({ name, reason }) => cells(name, reason)),
      [],
    );
  }
  const rows = failureCauses.map(({ of = 'cluster', cause, count, names }) => [
    ...cells(formatCount(count), of, cause),
    escapeText(names.join(', ') + (count > names.length ? `, and ${formatCount(count - names.length)} more` : '')),
  ]);
  return table(['count', 'of', 'cause', 'names'], rows, [0]);
}

export function durationTable({ clusterDurations }: KeptSummary, percentiles: readonly number[]): string {
  const rows = clusterDurations.map(({ from, to, duration }) => [
    ...cells(`${from} → ${to}`, formatCount(duration.count)),
    ...times(duration, [...percentiles, 100]),
  ]);
  return table(['between', 'clusters', ...heads([...percentiles, 100])], rows);
}

export function stageTable({ stages }: KeptSummary, percentiles: readonly number[]): string {
  const rows = stages.map(({ role, stage, duration }) => [
    ...cells(role, stage, formatCount(duration.count)),
    ...times(duration, [...percentiles, 100]),
  ]);
  const head = ['role', 'stage', 'count', ...heads([...percentiles, 100])];
  return table(head, rows, columns(2, head.length));
}

export function hubTable({ hub }: KeptSummary, percentiles: readonly number[]): string {
  const rows = (hub?.rows ?? []).map(({ client, verb, resource, count, errors, latency }) => [
    ...cells(client, verb, resource, formatCount(count), formatShare(errors, count)),
    ...times(latency, [...percentiles, 100]),
  ]);
  const head = ['client', 'verb', 'resource', 'count', 'errors', ...heads([...percentiles, 100])];
  return table(head, rows, columns(3, head.length));
}

/** What collectors there were, and which were absent. */
export function collectorTable({ servers }: KeptSummary): string {
  const rows = servers.collectors.map(({ name, target, state, reason, reads, failures }) => [
    ...cells(name, target),
    `<span class="${state === 'failed' ? 'bad' : state === 'absent' ? 'warn' : 'good'}">${escapeText(state)}</span>`,
    ...cells(formatCount(reads), formatCount(failures), reason ?? ''),
  ]);
  return table(['collector', 'read at', 'state', 'reads', 'failures', 'why'], rows, [3, 4]);
}

export function serverTable({ servers }: KeptSummary): string {
  const rows = figureGroups(servers.figures).flatMap((group) =>
    group.members.map((one) => {
      const unit = unitOfPoints(group);
      const value = (given: number | null) => escapeText(given === null ? '-' : formatValue(given, unit));
      const values =
        group.kind === 'trend' ? [one.p50, one.p95, one.p99, one.max] : [one.min, one.mean, one.last, one.max];
      return [
        ...cells(
          `${one.figure}${DRAWN[group.kind] === ', in a second' ? ' (rate)' : ''}`,
          labelText(one.labels),
          one.source,
        ),
        escapeText(one.count === null ? '' : formatCount(one.count)),
        ...(group.kind === 'trend'
          ? ['', '', '', ...values.map(value)]
          : [...values.slice(0, 3).map(value), '', '', '', value(one.max)]),
      ];
    }),
  );
  const head = ['figure', 'labels', 'from', 'samples', 'min', 'mean', 'last', 'p50', 'p95', 'p99', 'max'];
  return table(head, rows, columns(3, head.length));
}

export function leftTable({ leftBehind }: KeptSummary): string {
  const rows = leftBehind.map(({ name, clusterId, infraEnvId, unconfirmed = [], hub = [] }) =>
    cells(
      ...[name, clusterId ?? '', infraEnvId ?? ''],
      [...hub, ...unconfirmed.map((one) => `perhaps ${one.kind} ${one.name}`)].join(', '),
    ),
  );
  return table(['name', 'cluster', 'infra-env', 'further'], rows, []);
}

export function generatorBlock({ generator, errors, pollLateness, drift }: KeptSummary): string {
  const { saturated, saturatedSeconds, watchedSeconds, saturatedBy, cpuPercent, peakRssBytes, workers } = generator;
  const reasons = Object.entries(saturatedBy).map(([reason, seconds]) => `${reason} ${formatMs(seconds * 1000)}`);
  const lines = [
    `CPU ${cpuPercent.toFixed(0)}% of one core, memory at most ${formatValue(peakRssBytes, 'bytes')}, ${workers} worker ${workers === 1 ? 'thread' : 'threads'}`,
    ...(pollLateness.count > 0
      ? [
          `polls started late by ${formatMs(pollLateness.p50)} (p50), ${formatMs(pollLateness.p99)} (p99), ${formatMs(pollLateness.max)} at most`,
        ]
      : []),
    ...Object.entries(errors).map(([kind, count]) => `${formatCount(count ?? 0)} × ${kind}`),
    ...(drift === null ? [] : [`native agents beside stock programs: ${drift.result}`]),
  ].map(escapeText);
  lines.unshift(
    saturated
      ? `<strong class="bad">The generator was the bottleneck for ${escapeText(formatMs(saturatedSeconds * 1000))} of ${escapeText(formatMs(watchedSeconds * 1000))}</strong> (${escapeText(reasons.join(', '))}): latencies measured then are too high.`
      : '<span class="good">The generator kept up.</span>',
  );
  return htmlList(lines);
}
