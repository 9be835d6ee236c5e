/**
 * The report of a run: one self-contained HTML file, to be read, printed and attached to a ticket. Plots are SVG and nothing in it is a
 * script. What failed comes first.
 */

import { type AskedRow, askedRows } from './asked.ts';
import { churnTable, readerTable } from './html-background.ts';
import { lengthOf, loadCharts, serverCharts } from './html-charts.ts';
import { linkTable } from './html-links.ts';
import { REPORT_STYLE } from './html-style.ts';
import {
  causeTable,
  collectorTable,
  divergenceTable,
  durationTable,
  errorTable,
  faultTable,
  funnelTable,
  generatorBlock,
  hubTable,
  leftTable,
  outageTable,
  phaseTable,
  reactionTable,
  requestTable,
  serverTable,
  stageTable,
  stateTable,
  stuckTable,
  thresholdTable,
  waitTable,
} from './html-tables.ts';
import { escapeText, htmlList, htmlTable } from './html-text.ts';
import type { KeptSummary } from './kept-summary.ts';
import { USUAL_PERCENTILES } from './quantiles.ts';
import { formatCount, formatMs, formatShare, shellWord } from './style.ts';
import { crossingSentence } from './threshold-text.ts';

export interface ReportOptions {
  /** Contents of the run's plan.resolved.json; null where it is not there. */
  plan: unknown;
  /** Percentiles of requests and durations; the usual ones when absent. */
  percentiles?: readonly number[];
}

type Section = readonly [id: string, title: string, body: string];

export function renderReport(summary: KeptSummary, { plan, percentiles = USUAL_PERCENTILES }: ReportOptions): string {
  const sections = sectionsOf(summary, plan, percentiles).filter(([, , body]) => body !== '');
  const links = sections.map(([id, title]) => `<a href="#${id}">${escapeText(title)}</a>`).join(' ');
  return htmlDocument(
    `${summary.verdict ?? 'running'}: ${summary.plan}, run ${summary.run}`,
    `<header>${head(summary)}</header>
<nav aria-label="Sections">${links}</nav>
${tiles(summary)}
${sections.map(([id, title, body]) => `<section id="${id}"><h2>${escapeText(title)}</h2>\n${body}\n</section>`).join('\n')}`,
  );
}

/** A whole document around its body. @param title plain text */
export function htmlDocument(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeText(title)}</title>
<style>${REPORT_STYLE}</style>
</head>
<body>
<main>
${body}
</main>
</body>
</html>
`;
}

/** A verdict as a badge, in a word, a sign and a colour. */
export function verdictBadge(verdict: KeptSummary['verdict']): string {
  const [kind, text] =
    verdict === 'passed'
      ? ['good', '✓ PASSED']
      : verdict === 'failed'
        ? ['bad', '✗ FAILED']
        : verdict === 'interrupted'
          ? ['warn', '■ INTERRUPTED']
          : ['soft', '… RUNNING'];
  return `<span class="badge ${kind}">${text}</span>`;
}

function head(summary: KeptSummary): string {
  const { verdict, plan, run, startedAt, reasons } = summary;
  const crossed = summary.thresholds.filter(({ ok }) => ok === false).map((one) => crossingSentence(one, summary));
  // The sentences of the verdict are those of the thresholds with more detail, where there was a verdict.
  const why = reasons.length > 0 ? reasons : crossed;
  const kind = verdict === 'passed' ? 'good' : verdict === 'failed' ? 'bad' : 'warn';
  const kept = summary.thresholds.filter(({ ok }) => ok === true).length;
  const body =
    why.length > 0
      ? `<strong>${verdict === 'passed' ? 'Remarks' : 'Why'}</strong>${htmlList(why.map((text) => `<span class="${verdict === 'failed' ? 'bad' : ''}">${escapeText(text)}</span>`))}`
      : verdict === 'passed'
        ? `${kept} of ${summary.thresholds.length} thresholds were kept and none was crossed.`
        : 'Nothing speaks against the run so far.';
  return `<h1>${verdictBadge(verdict)} ${escapeText(plan)}</h1>
<p class="soft">run ${escapeText(run)}, started ${escapeText(startedAt)}, on ${escapeText(summary.service)}</p>
<div class="card verdict ${kind}"><div>${body}</div></div>`;
}

function tiles(summary: KeptSummary): string {
  const { clusters, totals, hostFunnel } = summary;
  const done = hostFunnel.at(-1);
  const simulated = summary.clockSpeed === 1 ? '' : `, ${formatMs(summary.simulatedSeconds * 1000)} simulated`;
  const list: [string, string][] = [
    [`${formatCount(clusters.installed)} / ${formatCount(clusters.planned)}`, 'clusters installed'],
    ...(clusters.failed > 0 ? ([[formatCount(clusters.failed), 'clusters failed']] as [string, string][]) : []),
    ...(done ? ([[`${formatCount(done.count)} / ${formatCount(done.of)}`, 'hosts done']] as [string, string][]) : []),
    [formatMs(lengthOf(summary) * 1000), `wall-clock time${simulated}`],
    [`${totals.rate.toFixed(1)}/s`, `${formatCount(totals.requests)} requests`],
    [totals.sinceDue.count === 0 ? '-' : formatMs(totals.sinceDue.p99), 'p99 since due'],
    [formatShare(totals.errors, totals.requests), 'errors'],
    ...(summary.outages.length > 0 ? ([[formatCount(summary.outages.length), 'outages']] as [string, string][]) : []),
  ];
  return `<div class="tiles">${list.map(([value, name]) => `<div><b>${escapeText(value)}</b><span>${escapeText(name)}</span></div>`).join('')}</div>`;
}

function sectionsOf(summary: KeptSummary, plan: unknown, percentiles: readonly number[]): Section[] {
  const withMax = [...percentiles, 100];
  return [
    ['thresholds', 'Thresholds', thresholdTable(summary)],
    ['asked', 'What was asked', asked(askedRows(summary, plan), summary.deviations)],
    ['phases', 'Phases and steps', phaseTable(summary, percentiles)],
    [
      'funnel',
      'Funnel',
      `<div class="charts">${funnelTable(summary.hostFunnel, 'hosts')}${funnelTable(summary.clusterFunnel, 'clusters')}</div>`,
    ],
    ['load', 'Over time: the load', loadCharts(summary)],
    ['servers', 'Over time: the servers', serverCharts(summary)],
    ['figures', 'Figures of the servers', collectorTable(summary) + serverTable(summary)],
    ['states', 'Time in each state (simulated)', stateTable(summary)],
    ['reactions', 'Reactions (simulated)', reactionTable(summary)],
    ['divergence', 'Custom resources beside REST', divergenceTable(summary)],
    ['stuck', 'Stuck', stuckTable(summary)],
    ['faults', 'Faults of the plan', faultTable(summary)],
    ['failures', 'Failures by cause', causeTable(summary)],
    ['requests', 'Requests', requestTable(summary, withMax)],
    ['links', 'Slow links', linkTable(summary, withMax)],
    ['readers', 'Readers', readerTable(summary, withMax)],
    ['churn', 'Made anew', churnTable(summary)],
    ['hub', 'Requests to the hub', hubTable(summary, percentiles)],
    ['outages', 'Outages', outageTable(summary)],
    ['waits', 'Requests without an answer', waitTable(summary)],
    ['errors', 'Errors by kind', errorTable(summary)],
    ['durations', 'Cluster durations (simulated)', durationTable(summary, percentiles)],
    ['stages', 'Stages of hosts (simulated)', stageTable(summary, percentiles)],
    ['generator', 'The generator', `<div class="card">${generatorBlock(summary)}</div>`],
    ['left', 'Left behind on the service', left(summary)],
  ];
}

function asked(rows: readonly AskedRow[], deviations: readonly string[]): string {
  const table = htmlTable(
    ['', ''],
    rows.map(([name, value]) => [escapeText(name), escapeText(value)]),
    [],
  )
    .replace(/<thead>.*?<\/thead>/s, '')
    .replace('<table>', '<table class="key">');
  if (deviations.length === 0) return table;
  return `${table}<div class="card"><strong class="warn">Deviations from real agents</strong>${htmlList(deviations.map(escapeText))}</div>`;
}

function left(summary: KeptSummary): string {
  const body = leftTable(summary);
  return body === ''
    ? ''
    : `${body}<p>Remove it with <code>swarm clean ${escapeText(shellWord(summary.run))}</code></p>`;
}
