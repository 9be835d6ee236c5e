/** How a run stands in numbers and lists: what is wrong first. */
import { bar, byId, card, el, list, show, table, tableRow, tile } from './dom.js';
import { count, figureText, inUnit, levelText, long, ms, partName, share, some, span } from './words.js';

const MOST_LINES = 20;
/** Outages and waits that are shorter are in the summary alone. */
const WORTH_SECONDS = 2;

const hash = (parts) => `#${new URLSearchParams(parts)}`;
/** Where the reader is, with another thing to look at. */
export function linkTo(what) {
  const run = new URLSearchParams(location.hash.slice(1)).get('run');
  return hash({ ...(run && { run }), ...what });
}
export const linked = (what, text) => el('a', { href: linkTo(what) }, text);

let before = null;
/** Requests a second since the last look, of a run under way. */
function rateNow(run, { totals, wallSeconds }) {
  const same = before?.run === run.id && before.wallSeconds < wallSeconds;
  const rate = same ? (totals.requests - before.requests) / (wallSeconds - before.wallSeconds) : totals.rate;
  before = { run: run.id, requests: totals.requests, wallSeconds };
  return rate;
}

/** @param underWay whether the run goes on */
export function showOverview(run, summary, underWay) {
  show(byId('top'), tiles(run, summary, underWay), ...reasons(run, summary), ...thresholds(summary));
  show(
    byId('middle'),
    funnel('Hosts', summary.hostFunnel),
    funnel('Clusters', summary.clusterFunnel),
    ...phases(summary.phases ?? []),
    requests(summary.requests),
    ...list('Request errors', 'warn', errors(summary, false)),
    ...list('Errors of the generator itself', 'bad', errors(summary, true)),
    ...list('Outages', 'bad', outages(summary)),
    ...stuck(summary.stuck),
    ...causes(summary.failureCauses ?? []),
    ...failed(summary.failures ?? []),
    generator(summary),
    ...states(summary.states ?? []),
    ...durations(summary.clusterDurations ?? []),
    ...list('Not as real agents', 'warn', summary.deviations ?? []),
  );
}

function tiles(run, summary, underWay) {
  const { clusters, totals, connections, pollLateness } = summary;
  const waiting = summary.underWay ?? [];
  const oldest = Math.max(0, ...waiting.map((one) => one.oldestSeconds));
  const rate = underWay ? rateNow(run, summary) : totals.rate;
  return el(
    'section',
    { class: 'card wide', 'aria-label': 'In short' },
    el(
      'div',
      { class: 'tiles' },
      tile('clusters installed', `${count(clusters.installed)} / ${count(clusters.planned)}`),
      tile(underWay ? 'requests a second' : 'requests a second, mean', rate.toFixed(0)),
      tile('p99 since due, answered', some(totals.sinceDue, 'p99')),
      tile(
        `in flight${oldest ? `, oldest ${long(1000 * oldest)}` : ''}`,
        count(waiting.reduce((sum, one) => sum + one.count, 0)),
        oldest > 5 ? 'bad' : '',
      ),
      tile('errors', share(totals.errors, totals.requests), totals.errors ? 'warn' : ''),
      tile('polls late, p99', some(pollLateness, 'p99')),
      tile('open connections', count(connections.open)),
      tile(underWay ? 'under way for' : 'lasted', span(summary.wallSeconds)),
    ),
  );
}

const reasons = (run, summary) =>
  list('Reasons', run.verdict === 'failed' ? 'bad' : 'warn', run.verdict === 'passed' ? [] : (summary.reasons ?? []));

function thresholds({ thresholds: all = [] }) {
  const order = ({ ok }) => (ok === false ? 0 : ok === null ? 2 : 1);
  const sorted = all.toSorted(
    (a, b) => order(a) - order(b) || (a.crossedAfterSeconds ?? Infinity) - (b.crossedAfterSeconds ?? Infinity),
  );
  if (sorted.length === 0) return [];
  const crossed = sorted.filter(({ ok }) => ok === false).length;
  const words = { false: ['crossed', 'bad text'], true: ['kept', 'good text'], null: ['no sample', 'soft text'] };
  const rows = sorted.map((one) =>
    tableRow(
      figureText(one.figure, one.labels),
      [one.expression, 'text'],
      [one.value === null ? '-' : Number(one.value.toPrecision(4)).toLocaleString('en-US')],
      words[one.ok],
      [
        one.ok === false && one.crossedAfterSeconds != null
          ? `since ${span(one.crossedAfterSeconds)} after the start`
          : '',
        'text',
      ],
    ),
  );
  const shown = table('Thresholds', ['figure', '<limit', 'value', '<', '<'], rows);
  const kept = sorted.filter(({ ok }) => ok === true).length;
  const unknown = sorted.length - kept - crossed;
  const title = `Thresholds: ${crossed ? `${crossed} of ${sorted.length} crossed` : `${kept} of ${sorted.length} kept`}${
    unknown ? `, ${unknown} without a measurement` : ''
  }`;
  // Nothing to see in those that are kept, unless somebody wants to.
  return [
    crossed
      ? card(title, shown)
      : el('details', { class: 'card wide' }, el('summary', { class: 'soft' }, title), shown),
  ];
}

const funnel = (title, steps) =>
  el(
    'section',
    { class: 'card' },
    el('h2', {}, title),
    steps.map((step) =>
      el(
        'div',
        { class: 'row' },
        el('span', {}, step.name),
        bar(step.name, step.count, step.of),
        el('span', {}, `${count(step.count)} / ${count(step.of)}`),
      ),
    ),
  );

function phases(parts) {
  if (parts.length === 0) return [];
  const rows = parts.map((one) =>
    tableRow(
      partName(one),
      [levelText(one.level), 'text'],
      span(one.afterSeconds),
      span(one.seconds),
      count(one.hosts),
      `${one.totals.rate.toFixed(1)}/s`,
      [share(one.totals.errors, one.totals.requests), one.totals.errors ? 'warn' : ''],
      some(one.totals.sinceDue, 'p50'),
      some(one.totals.sinceDue, 'p99'),
      some(one.totals.sinceDue, 'max'),
    ),
  );
  return [
    card(
      'Phases and steps',
      table(
        'Phases and steps',
        ['phase', '<load', 'from', 'length', 'hosts', 'requests', 'errors', 'p50', 'p99', 'max'],
        rows,
      ),
    ),
  ];
}

function requests(rows) {
  const shown = rows.map((row) =>
    tableRow(
      linked({ request: `${row.client} ${row.endpoint}` }, `${row.client} · ${row.endpoint}`),
      count(row.count),
      `${row.rate.toFixed(1)}/s`,
      [share(row.errors, row.count), row.errors ? 'bad' : ''],
      ...['p50', 'p95', 'p99', 'max'].map((name) => some(row.sinceDue, name)),
      some(row.failedSinceDue, 'p99'),
      some(row.untilSuccess, 'p99'),
      some(row.untilSuccess, 'max'),
    ),
  );
  return card(
    'Requests answered, since due; failed attempts; until success, retries included',
    table(
      'Requests by kind',
      ['endpoint', 'count', 'rate', 'errors', 'p50', 'p95', 'p99', 'max', 'failed p99', 'success p99', 'max'],
      shown,
    ),
  );
}

export const errorText = (one) =>
  `${one.code} · ${count(one.count)} ×${one.message ? `: ${one.message}` : ''}${one.expected ? ` (no fault: ${one.expected})` : ''}`;

const errors = ({ requestErrors = [] }, own) =>
  requestErrors
    .filter((one) => one.own === own)
    .slice(0, MOST_LINES)
    .map((one) => `${one.client} · ${one.endpoint} · ${errorText(one)}`);

function outages({ outages: all = [], unanswered = [] }) {
  const silent = all
    .filter(({ seconds }) => seconds >= WORTH_SECONDS)
    .slice(0, MOST_LINES)
    .map(
      (one) =>
        `no good answer for ${span(one.seconds)} from ${one.startedAt.slice(11, 19)} UTC, ${span(one.afterSeconds)} after the start` +
        `${one.failed ? `, ${count(one.failed)} requests failed` : ''}${one.waiting ? `, up to ${count(one.waiting)} waited at once` : ''}`,
    );
  const waits = unanswered
    .filter(({ seconds }) => seconds >= WORTH_SECONDS)
    .map((one) => `a request of ${one.client} was unanswered for ${span(one.seconds)} at ${one.at.slice(11, 19)} UTC`);
  return [...silent, ...waits];
}

function stuck(found) {
  if (!found?.count) return [];
  const rows = found.oldest.map((one) =>
    tableRow(
      one.name,
      [`${one.of} ${one.state}`, 'text'],
      span(one.seconds),
      one.usualSeconds === null ? '-' : span(one.usualSeconds),
    ),
  );
  return [card(`Stuck: ${count(found.count)}`, table('Stuck', ['name', '<state', 'for', '99 % of the others'], rows))];
}

function causes(all) {
  if (all.length === 0) return [];
  const rows = all.map((one) =>
    tableRow(one.of, [one.cause, 'text long'], count(one.count), [one.names.join(', '), 'text long']),
  );
  return [card('Failures by cause', table('Failures by cause', ['of', '<cause', 'count', '<for example'], rows))];
}

const failed = (failures) =>
  failures.length === 0
    ? []
    : [
        card(
          `Failed clusters: ${count(failures.length)}`,
          el(
            'ul',
            {},
            failures
              .slice(0, MOST_LINES)
              .map((one) => el('li', {}, linked({ cluster: String(one.cluster) }, one.name), `: ${one.reason}`)),
          ),
        ),
      ];

function generator({ generator: one, pollLateness, totals }) {
  const by = Object.entries(one.saturatedBy)
    .filter(([, seconds]) => seconds > 0)
    .map(([reason, seconds]) => `${reason} ${span(seconds)}`);
  return card(
    one.saturated ? 'Generator: it was the bottleneck, its latencies cannot be trusted' : 'Generator: kept up',
    el(
      'div',
      { class: 'tiles' },
      tile('of one core, all threads', `${one.cpuPercent.toFixed(0)}%`),
      tile('memory', inUnit(one.rssBytes, 'bytes')),
      tile('memory, most', inUnit(one.peakRssBytes, 'bytes')),
      tile('worker threads', count(one.workers)),
      tile('polls late, max', some(pollLateness, 'max')),
      tile('own errors', count(totals.ownErrors), totals.ownErrors ? 'bad' : ''),
      tile(
        by.length ? `saturated: ${by.join(', ')}` : 'saturated',
        span(one.saturatedSeconds),
        one.saturated ? 'bad' : '',
      ),
    ),
  );
}

function states(all) {
  if (all.length === 0) return [];
  const known = (value) => (value === null ? 'open' : long(value));
  const rows = all.map((one) =>
    tableRow(
      `${one.of} · ${one.state}`,
      count(one.ended),
      count(one.open),
      known(one.p50),
      known(one.p95),
      known(one.p99),
      known(one.max),
    ),
  );
  return [
    card(
      'Time in states, simulated; what is not over counts as at least so long',
      table('Time in states', ['state', 'ended', 'open', 'p50', 'p95', 'p99', 'max'], rows),
    ),
  ];
}

function durations(all) {
  if (all.length === 0) return [];
  const rows = all.map(({ from, to, duration }) =>
    tableRow(
      `${from} → ${to}`,
      count(duration.count),
      ...['p50', 'p95', 'p99', 'max'].map((name) => long(duration[name])),
    ),
  );
  return [
    card(
      'Cluster durations, simulated time',
      table('Cluster durations', ['', 'clusters', 'p50', 'p95', 'p99', 'max'], rows),
    ),
  ];
}

/** One kind of request: for the whole run, and for each of its phases. @returns null where the run has none of it */
export function requestDetail(summary, kind) {
  const [client, endpoint] = kind.split(' ');
  const is = (one) => one.client === client && one.endpoint === endpoint;
  const row = summary.requests.find(is);
  if (!row) return null;
  const percentiles = Object.keys(row.sinceDue.percentiles ?? {});
  const spread = (name, one) =>
    tableRow(
      name,
      count(one.count),
      ...['mean', 'p50', 'p95', 'p99', 'max'].map((part) => some(one, part)),
      ...percentiles.map((part) => ms(one.percentiles?.[part] ?? null)),
    );
  const heads = ['', 'count', 'mean', 'p50', 'p95', 'p99', 'max', ...percentiles.map((part) => `p${part}`)];
  const codes = Object.entries(row.outcomes).toSorted(([, a], [, b]) => b - a);
  const parts = (summary.phases ?? []).flatMap((part) =>
    part.requests
      .filter(is)
      .map((one) =>
        tableRow(
          partName(part),
          count(one.count),
          `${one.rate.toFixed(1)}/s`,
          [share(one.errors, one.count), one.errors ? 'bad' : ''],
          ...['p50', 'p95', 'p99', 'max'].map((name) => some(one.sinceDue, name)),
        ),
      ),
  );
  return {
    title: `${client} · ${endpoint} (${row.method})`,
    nodes: [
      el(
        'p',
        {},
        `${count(row.count)} attempts, ${row.rate.toFixed(1)}/s, ${share(row.errors, row.count)} errors${row.ownErrors ? `, ${count(row.ownErrors)} errors of the generator itself` : ''}.`,
      ),
      table('Latency', heads, [
        spread('answered, since due', row.sinceDue),
        spread('answered, since sent', row.sinceSent),
        spread('failed, since due', row.failedSinceDue),
        spread('until success', row.untilSuccess),
      ]),
      table(
        'Codes',
        ['answer', 'count', 'share'],
        codes.map(([code, of]) => tableRow(code, count(of), share(of, row.count))),
      ),
      ...list('Errors', 'warn', (summary.requestErrors ?? []).filter(is).map(errorText)),
      parts.length > 0 && table('By phase', ['phase', 'count', 'rate', 'errors', 'p50', 'p95', 'p99', 'max'], parts),
    ],
  };
}
