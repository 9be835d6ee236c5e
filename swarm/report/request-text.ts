/** What the end summary says of requests: how many, how long, what went wrong and when. */
import type { SeriesPointSummary } from './answer-summary.ts';
import { type Quantiles, quantileTexts } from './quantiles.ts';
import type { RequestErrorSummary, RequestLatencies } from './request-summary.ts';
import { formatBytes, formatCount, formatMs, formatShare, type Style, sparkline, table } from './style.ts';
import type { RunSummary } from './summary.ts';
import { outageText, waitText } from './verdict.ts';

/** Outages named in full, and how long one, or the wait of a request, must be to be named. */
const NAMED_OUTAGES = 5;
const NAMED_WAIT_SECONDS = 2;
/** Kinds of errors named, and characters of a message. */
const NAMED_ERRORS = 10;
const MESSAGE_LENGTH = 120;
/** Columns of the course of a run, and the points that make it worth drawing. */
const COURSE = 60;
const LEAST_POINTS = 5;

export function requestLines(summary: RunSummary, style: Style): string[] {
  if (summary.requests.length === 0) return [];
  const { totals } = summary;
  const cells = (row: RequestLatencies) => [
    ...quantileTexts(row.sinceDue, ['p50', 'p95', 'p99', 'max']),
    ...quantileTexts(row.sinceSent, ['p50', 'p99']),
    ...quantileTexts(row.untilSuccess, ['p99', 'max']),
  ];
  const row = (names: string[], count: number, rate: number, errors: number, latencies: RequestLatencies) => [
    ...names,
    formatCount(count),
    `${rate.toFixed(1)}/s`,
    formatShare(errors, count),
    ...cells(latencies),
  ];
  const head = [
    'client',
    'endpoint',
    'count',
    'rate',
    'errors',
    'p50',
    'p95',
    'p99',
    'max',
    'p50',
    'p99',
    'p99',
    'max',
  ];
  const lines = table(
    [
      head,
      ...summary.requests.map((one) => row([one.client, one.endpoint], one.count, one.rate, one.errors, one)),
      row(['all', ''], totals.requests, totals.rate, totals.errors, totals),
    ],
    head.map((_, at) => at).slice(2),
  );
  const header = lines[0]!;
  return [
    style.dim(groupsAbove(header)),
    style.dim(header),
    ...lines.slice(1),
    ...notes(summary).map((line) => style.dim(line)),
    ...(totals.failedSinceDue.count > 0
      ? [style.warn(`failed attempts (500 or more, or no answer) took ${spread(totals.failedSinceDue)}`)]
      : []),
    ...pollLines(summary, style),
    connectionLine(summary),
    ...ofTheUser(summary),
  ];
}

/** Requests that no host made: in short runs they are many. */
function ofTheUser({ requests: rows, totals }: RunSummary): string[] {
  const count = rows.reduce((sum, row) => sum + (row.client === 'user' ? row.count : 0), 0);
  if (count === 0) return [];
  return [
    `${formatCount(count)} of the requests (${formatShare(count, totals.requests)}) are the simulated user's, who makes clusters and looks at them: none of an agent; user_poll_interval sets how often`,
  ];
}

/** The groups of quantiles get a line of their own above the column names. */
function groupsAbove(header: string): string {
  const starts = [...header.matchAll(/\bp50|\bp99|\bmax/g)].map(({ index }) => index);
  // p50 p99 max │ p50 p99 │ p99 max
  const [due, , , sent, , success] = starts as [number, number, number, number, number, number];
  return `${' '.repeat(due)}${'answered, since due'.padEnd(sent - due)}${'since sent'.padEnd(success - sent)}until success`;
}

function notes({ requests }: RunSummary): string[] {
  if (requests.length === 0) return [];
  return [
    'since due is what each program saw of attempts below 500 (closed loop: it sends nothing while it waits); until success counts from first due through all retries',
  ];
}

function spread({ count, p50, p99, max }: Quantiles): string {
  return `p50 ${formatMs(p50)}, p99 ${formatMs(p99)}, at most ${formatMs(max)} (${formatCount(count)})`;
}

function pollLines({ polls, pollLateness }: RunSummary, style: Style): string[] {
  const lines: string[] = [];
  if (polls.openLoop.count > 0) {
    const missed = `${formatCount(polls.missed)} ${polls.missed === 1 ? 'poll was' : 'polls were'} never sent because the one before had no answer`;
    const line = `polls waited ${spread(polls.openLoop)} as an open loop counts it: ${missed}`;
    lines.push(polls.missed > 0 ? style.warn(line) : line);
  }
  if (pollLateness.count > 0) lines.push(`polls started late by ${spread(pollLateness)}`);
  return lines;
}

function connectionLine({ connections, bytes, totals }: RunSummary): string {
  const repeated = [
    ...(totals.replayed > 0 ? [`${formatCount(totals.replayed)} sent once more on another connection`] : []),
    ...(totals.redirected > 0 ? [`${formatCount(totals.redirected)} redirected`] : []),
  ];
  return [
    `connections ${formatCount(connections.opened)} opened, ${formatCount(connections.open)} open`,
    `${formatBytes(bytes.sent)} sent, ${formatBytes(bytes.received)} received`,
    ...(repeated.length > 0 ? [`requests beside the counted ones: ${repeated.join(', ')}`] : []),
  ].join('; ');
}

/** What the service is to blame for, or this machine (`own`). */
export function errorLines({ requestErrors }: Pick<RunSummary, 'requestErrors'>, own: boolean): string[] {
  const errors = requestErrors.filter((one) => one.own === own);
  if (errors.length === 0) return [];
  const named = errors.slice(0, NAMED_ERRORS);
  const rows = table(
    named.map((one) => [one.client, one.endpoint, one.code, `${formatCount(one.count)} ×`, messageOf(one)]),
    [3],
  );
  const lines = rows.flatMap((row, at) => {
    const { expected } = named[at]!;
    return expected === null ? [row] : [row, `  no fault: ${expected}`];
  });
  const rest = errors.slice(NAMED_ERRORS);
  if (rest.length > 0) {
    const count = rest.reduce((sum, one) => sum + one.count, 0);
    lines.push(`and ${formatCount(count)} of ${rest.length} more kinds; see requestErrors of summary.json`);
  }
  return lines;
}

function messageOf({ message }: RequestErrorSummary): string {
  const line = (message ?? '').replaceAll(/\s+/g, ' ').trim();
  return line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH - 1)}…` : line;
}

/** Long waits and outages. */
export function silenceLines(summary: Pick<RunSummary, 'unanswered' | 'outages' | 'startedAt'>): string[] {
  const startedAt = new Date(summary.startedAt);
  const long = summary.outages.filter(({ seconds }) => seconds >= NAMED_WAIT_SECONDS);
  const lines = long.slice(0, NAMED_OUTAGES).map((outage) => {
    const startMs = Date.parse(outage.startedAt);
    return `no good answer for ${outageText({ ...outage, startMs, endMs: startMs + outage.seconds * 1000 }, startedAt)}`;
  });
  if (long.length > NAMED_OUTAGES) lines.push(`and ${long.length - NAMED_OUTAGES} more outages; see summary.json`);
  const longest = summary.unanswered.toSorted((a, b) => b.seconds - a.seconds)[0];
  if (longest && longest.seconds >= NAMED_WAIT_SECONDS) {
    const when = waitText({ atMs: Date.parse(longest.at), underWay: longest.underWay });
    lines.push(`unanswered for at most ${formatMs(longest.seconds * 1000)} (${when} of ${longest.client})`);
  }
  return lines;
}

/** The run from left to right; nothing for one that was over in a moment. */
export function courseLines({ series }: Pick<RunSummary, 'series'>): string[] {
  if (series.length < LEAST_POINTS) return [];
  const columns = columnsOf(series);
  const line = (name: string, valueIn: (column: SeriesPointSummary) => number, format: (value: number) => string) => {
    const values = columns.map(valueIn);
    const most = Math.max(...values);
    return most === 0 ? [] : [[name, sparkline(values), `at most ${format(most)}`]];
  };
  const perSecond = (value: number) => `${value.toFixed(1)}/s`;
  const last = series.at(-1)!;
  const end = formatMs((last.afterSeconds + last.seconds) * 1000);
  return table(
    [
      ...line('requests', (one) => one.requests / one.seconds, perSecond),
      ...line('p99 answered', (one) => one.p99, formatMs),
      ...line('refused', (one) => one.refused / one.seconds, perSecond),
      ...line('failed', (one) => one.failed / one.seconds, perSecond),
      ...line('own errors', (one) => one.ownErrors / one.seconds, perSecond),
      ...line(
        'oldest wait',
        (one) => one.oldestSeconds,
        (seconds) => formatMs(seconds * 1000),
      ),
      ['', `0${end.padStart(columns.length - 1)}`, ''],
    ],
    [],
  );
}

/** Neighbours are put together until they fit; of quantiles the worst stays. */
function columnsOf(series: readonly SeriesPointSummary[]): SeriesPointSummary[] {
  const size = Math.ceil(series.length / COURSE);
  const columns: SeriesPointSummary[] = [];
  for (let i = 0; i < series.length; i += size) {
    columns.push(
      series.slice(i, i + size).reduce((one, next) => ({
        afterSeconds: one.afterSeconds,
        seconds: one.seconds + next.seconds,
        requests: one.requests + next.requests,
        refused: one.refused + next.refused,
        failed: one.failed + next.failed,
        ownErrors: one.ownErrors + next.ownErrors,
        p50: Math.max(one.p50, next.p50),
        p99: Math.max(one.p99, next.p99),
        max: Math.max(one.max, next.max),
        underWay: Math.max(one.underWay, next.underWay),
        oldestSeconds: Math.max(one.oldestSeconds, next.oldestSeconds),
        hosts: next.hosts,
        clusters: next.clusters,
      })),
    );
  }
  return columns;
}
