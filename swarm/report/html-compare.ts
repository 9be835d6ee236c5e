/** A comparison of two runs as one HTML file: their curves over each other, on the time since the start of each phase. */

import { unitOfPoints } from './chart-scale.ts';
import {
  type ComparedFigure,
  type ComparedRun,
  type Comparison,
  figureName,
  isWorse,
  phaseName,
} from './comparison.ts';
import { cellsOf, changedFirst, countLines, missingText } from './comparison-text.ts';
import { DRAWN, figureGroups, figureOf, grid, LOAD_CURVES, labelText, lengthOf } from './html-charts.ts';
import { htmlDocument, verdictBadge } from './html-report.ts';
import { escapeText, htmlList, htmlTable } from './html-text.ts';
import type { KeptSummary } from './kept-summary.ts';
import { countOf } from './style.ts';
import { type ChartBand, type ChartLine, MOST_LINES } from './svg-chart.ts';

/** Charts of servers' figures in all; the table has every figure. */
const MOST_SERVER_CHARTS = 60;

/** Figures that are worse and named before everything else. */
const NAMED = 8;

/** A stretch of both runs that is drawn over itself. */
interface Overlay {
  name: string;
  a: Stretch;
  b: Stretch;
}
interface Stretch {
  summary: KeptSummary;
  /** Wall-clock seconds since the start of the run. */
  from: number;
  to: number;
}

export function renderComparisonHtml(comparison: Comparison, a: ComparedRun, b: ComparedRun): string {
  const overlays = overlaysOf(a.summary, b.summary);
  const sections = overlays.map(
    (one) =>
      `<section><h2>Over time: ${escapeText(one.name)}</h2>${loadOverlays(one)}${serverOverlays(one, Math.floor(MOST_SERVER_CHARTS / overlays.length))}</section>`,
  );
  const ordered = changedFirst(comparison.figures);
  const changed = ordered.filter(({ level }) => level !== null && level !== 'same');
  const others = ordered.filter((one) => !changed.includes(one));
  return htmlDocument(
    `${comparison.a.run} and ${comparison.b.run}`,
    `<header><h1>${escapeText(comparison.b.plan)}: two runs compared</h1></header>
${sides(comparison)}
${verdictCard(comparison)}
${warnings(comparison)}
<section><h2>Figures</h2>${countLines(comparison)
      .map((line) => `<p class="soft">${escapeText(line)}</p>`)
      .join('')}
${figureTable(changed)}</section>
${sections.join('\n')}
<section><h2>All else</h2>${figureTable(others)}${missing(comparison)}</section>`,
  );
}

function sides({ a, b }: Comparison): string {
  const row = (name: string, { run, plan, seed, verdict }: Comparison['a']) => [
    ...[`<strong>${name}</strong>`, escapeText(run), escapeText(plan), escapeText(seed), verdictBadge(verdict)],
  ];
  return htmlTable(['', 'run', 'plan', 'seed', 'verdict'], [row('A', a), row('B', b)], []);
}

function verdictCard({ worse }: Comparison): string {
  if (worse.length === 0) return '<div class="card verdict good"><div>Nothing is significantly worse in B.</div></div>';
  const list = htmlList(worse.slice(0, NAMED).map((text) => `<span class="bad">${escapeText(text)}</span>`));
  const more = worse.length > NAMED ? `<p>and ${worse.length - NAMED} more, in the table below</p>` : '';
  return `<div class="card verdict bad"><div><strong>Significantly worse in B: ${escapeText(countOf(worse.length, 'figure'))}</strong>${list}${more}</div></div>`;
}

function warnings({ warnings: texts }: Comparison): string {
  if (texts.length === 0) return '';
  return `<div class="card"><strong class="warn">To be known first</strong>${htmlList(texts.map(escapeText))}</div>`;
}

function figureTable(figures: readonly ComparedFigure[]): string {
  const rows = figures.map((one) => {
    const kind = isWorse(one)
      ? 'bad'
      : one.direction === 'worse'
        ? 'warn'
        : one.direction === 'better'
          ? 'good'
          : 'soft';
    const cells = cellsOf(one).map(escapeText);
    const judgement = `<span class="${kind}">${cells.pop()}</span>`;
    return [escapeText(figureName(one)), ...cells, judgement];
  });
  return htmlTable(['figure', 'A', 'B', 'change', 'measured of, A', 'B', 'judgement'], rows, [1, 2, 3, 4, 5]);
}

function missing({ missing: list }: Comparison): string {
  if (list.length === 0) return '';
  return `<details><summary>${escapeText(countOf(list.length, 'figure'))} that one of the runs does not have</summary>${htmlList(list.map((one) => escapeText(missingText(one))))}</details>`;
}

/** Phases that both have, with all their steps; whole runs otherwise. */
function overlaysOf(a: KeptSummary, b: KeptSummary): Overlay[] {
  const names = [...new Set(a.phases.map(({ phase }) => phase))];
  const phases = names.flatMap((name) => {
    const [one, other] = [stretchOf(a, name), stretchOf(b, name)];
    return one && other ? [{ name, a: one, b: other }] : [];
  });
  if (phases.length > 0) return phases;
  const whole = (summary: KeptSummary) => ({ summary, from: 0, to: lengthOf(summary) });
  return [{ name: 'the whole run', a: whole(a), b: whole(b) }];
}

function stretchOf(summary: KeptSummary, phase: string): Stretch | null {
  const parts = summary.phases.filter((one) => one.phase === phase);
  if (parts.length === 0) return null;
  const from = Math.min(...parts.map(({ afterSeconds }) => afterSeconds));
  return { summary, from, to: Math.max(...parts.map((one) => one.afterSeconds + one.seconds)) };
}

const seconds = ({ a, b }: Overlay) => Math.max(a.to - a.from, b.to - b.from);

/** Steps of A, which B has at the same times where their plans are the same. */
function stepBands({ a, name }: Overlay): ChartBand[] {
  return a.summary.phases
    .filter(({ phase, step }) => phase === name && step !== null)
    .map((one) => ({
      ...{ from: one.afterSeconds - a.from, to: one.afterSeconds + one.seconds - a.from },
      ...{ label: phaseName(one), kind: 'phase' as const },
    }));
}

const SINCE = 'since its start';

function loadOverlays(overlay: Overlay): string {
  const line = (
    side: 'a' | 'b',
    { name, of }: (typeof LOAD_CURVES)[number]['lines'][number],
    alone: boolean,
  ): ChartLine => {
    const { summary, from, to } = overlay[side];
    const inside = summary.series.filter(
      (point) => point.afterSeconds + point.seconds > from && point.afterSeconds < to,
    );
    return {
      name: alone ? side.toUpperCase() : `${side.toUpperCase()} ${name}`,
      points: inside.map((point) => ({ x: point.afterSeconds + point.seconds - from, y: of(point) })),
    };
  };
  const charts = LOAD_CURVES.map(({ title, unit, lines }) =>
    figureOf({
      ...{ title, unit, seconds: seconds(overlay), bands: stepBands(overlay), since: SINCE },
      lines: lines.flatMap((one) => [line('a', one, lines.length === 1), line('b', one, lines.length === 1)]),
    }),
  );
  return grid(charts);
}

function serverOverlays(overlay: Overlay, most: number): string {
  const others = figureGroups(overlay.b.summary.servers.figures);
  const charts = figureGroups(overlay.a.summary.servers.figures).flatMap((group) => {
    const other = others.find(({ figure, source }) => figure === group.figure && source === group.source);
    const pairs = group.members.flatMap((one) => {
      const twin = other?.members.find(({ labels }) => labelText(labels) === labelText(one.labels));
      return twin ? [[one, twin] as const] : [];
    });
    const lines = pairs.slice(0, MOST_LINES / 2).flatMap((pair) =>
      pair.map(({ labels, points }, at): ChartLine => {
        const { from, to } = at === 0 ? overlay.a : overlay.b;
        const inside = points.filter(({ afterSeconds }) => afterSeconds >= from && afterSeconds <= to);
        return {
          name: `${'AB'[at]} ${labelText(labels)}`.trimEnd(),
          points: inside.map(({ afterSeconds, value }) => ({ x: afterSeconds - from, y: value })),
        };
      }),
    );
    if (!lines.some(({ points }) => points.length > 1)) return [];
    const title = `${group.figure}${DRAWN[group.kind]}`;
    return [
      figureOf({
        title,
        unit: unitOfPoints(group),
        lines,
        seconds: seconds(overlay),
        bands: stepBands(overlay),
        since: SINCE,
      }),
    ];
  });
  return grid(charts.slice(0, most));
}
