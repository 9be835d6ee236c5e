/** Curves of a run over one axis of time: what the load saw, and beside it what the servers said of themselves. */
import type { SeriesPointSummary } from './answer-summary.ts';
import { formatValue, unitOfPoints, unitWord } from './chart-scale.ts';
import { escapeText } from './html-text.ts';
import type { KeptSummary } from './kept-summary.ts';
import type { ServerFigureSummary } from './server-summary.ts';
import { type ChartBand, type ChartLine, type LineChart, lineChart, MOST_LINES } from './svg-chart.ts';

/** Figures of servers that are drawn; the table has them all. */
const MOST_CHARTS = 40;

/** End of the common axis, in wall-clock seconds from the start. */
export function lengthOf({ wallSeconds, series, phases }: KeptSummary): number {
  const ends = [...series, ...phases].map(({ afterSeconds, seconds }) => afterSeconds + seconds);
  return ends.reduce((most, one) => Math.max(most, one), wallSeconds);
}

/** Phases, steps and outages, as they lie behind every curve. */
export function bandsOf({ phases, outages }: Pick<KeptSummary, 'phases' | 'outages'>): ChartBand[] {
  return [
    ...phases.map(({ phase, step, afterSeconds, seconds }) => ({
      ...{ from: afterSeconds, to: afterSeconds + seconds, kind: 'phase' as const },
      label: step === null ? phase : `${phase} ${step}`,
    })),
    ...outages.map(({ afterSeconds, seconds }) => ({
      ...{ from: afterSeconds, to: afterSeconds + seconds, label: '', kind: 'outage' as const },
    })),
  ];
}

/** What the load itself saw, as curves: also for comparisons. */
export interface LoadCurve {
  title: string;
  unit: string;
  lines: { name: string; of: (point: SeriesPointSummary) => number | null }[];
}

const perSecond = (name: 'requests' | 'refused' | 'failed' | 'ownErrors') => (point: SeriesPointSummary) =>
  point.seconds > 0 ? point[name] / point.seconds : null;
/** 0 stands for "nothing was answered". */
const answered = (name: 'p50' | 'p99' | 'max') => (point: SeriesPointSummary) => point[name] || null;

export const LOAD_CURVES: readonly LoadCurve[] = [
  { title: 'Requests', unit: '/s', lines: [{ name: 'requests', of: perSecond('requests') }] },
  {
    title: 'Latency since due, of what was answered',
    unit: 'ms',
    lines: [
      { name: 'p50', of: answered('p50') },
      { name: 'p99', of: answered('p99') },
      { name: 'max', of: answered('max') },
    ],
  },
  {
    title: 'Refused, failed, own errors',
    unit: '/s',
    lines: [
      { name: 'refused (4xx)', of: perSecond('refused') },
      { name: 'failed (5xx, no answer)', of: perSecond('failed') },
      { name: "the generator's own", of: perSecond('ownErrors') },
    ],
  },
  { title: 'Requests in flight', unit: '', lines: [{ name: 'most at once', of: ({ underWay }) => underWay }] },
  {
    title: 'Oldest request without an answer',
    unit: 'seconds',
    lines: [{ name: 'its age', of: ({ oldestSeconds }) => oldestSeconds }],
  },
];

/** A line's points stand at the end of their stretch: what is counted in it is known then. */
export function curveLine({ name, of }: LoadCurve['lines'][number], series: readonly SeriesPointSummary[]): ChartLine {
  return { name, points: series.map((point) => ({ x: point.afterSeconds + point.seconds, y: of(point) })) };
}

export function figureOf(chart: LineChart, note = ''): string {
  return `<figure><h3>${escapeText(chart.title + unitWord(chart.unit))}</h3>${lineChart(chart)}${note}</figure>`;
}

/** What stands behind the lines. */
function bandsNote({ phases, outages }: KeptSummary): string {
  const texts = [
    ...(phases.length > 0 ? ['shaded: phases and steps'] : []),
    ...(outages.length > 0 ? ['red: outages'] : []),
  ];
  return texts.length === 0 ? '' : `<p class="soft">Behind the curves: ${texts.join('; ')}.</p>`;
}

/** '' for a run too short for a curve. */
export function loadCharts(summary: KeptSummary): string {
  if (summary.series.length < 2) return '';
  const common = { seconds: lengthOf(summary), bands: bandsOf(summary) };
  const charts = LOAD_CURVES.map(({ title, unit, lines }) =>
    figureOf({ title, unit, lines: lines.map((line) => curveLine(line, summary.series)), ...common }),
  );
  return bandsNote(summary) + grid(charts);
}

/** Figures of one name, with the labels that tell them apart. */
export interface FigureGroup {
  figure: string;
  source: string;
  kind: ServerFigureSummary['kind'];
  unit: string;
  members: ServerFigureSummary[];
}

/** In the order in which they came; members with the highest values first. */
export function figureGroups(figures: readonly ServerFigureSummary[]): FigureGroup[] {
  const groups = new Map<string, FigureGroup>();
  for (const one of figures) {
    const key = JSON.stringify([one.source, one.figure]);
    const group = groups.get(key) ?? {
      figure: one.figure,
      source: one.source,
      kind: one.kind,
      unit: one.unit,
      members: [],
    };
    group.members.push(one);
    groups.set(key, group);
  }
  for (const { members } of groups.values()) members.sort((a, b) => highest(b) - highest(a));
  return [...groups.values()];
}

const highest = ({ points }: ServerFigureSummary) => points.reduce((most, { value }) => Math.max(most, value), 0);

/** `200, GET`: values of labels; the source where there are none. */
export function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

/** What a curve of a server's figure shows. */
export const DRAWN: Readonly<Record<ServerFigureSummary['kind'], string>> = {
  gauge: '',
  counter: ', in a second',
  trend: ', p99',
};

/** Aggregations of thresholds that are on the axis of a figure's curve. */
const DRAWN_LIMIT = /^(?:value|max|p\(99\)|rate)[<>]=?([\d.e+-]+)$/;
/** A limit so many times above the curves would make a line of them. */
const LIMIT_IN_SIGHT = 3;

/** Limits that the highest value comes near to. */
function limitsOf(group: FigureGroup, { thresholds }: KeptSummary): { value: number; label: string }[] {
  const most = Math.max(...group.members.map(highest));
  const limits = thresholds.flatMap(({ figure, expression }) => {
    const value = figure === group.figure ? Number(DRAWN_LIMIT.exec(expression)?.[1] ?? Number.NaN) : Number.NaN;
    return value <= most * LIMIT_IN_SIGHT ? [[value, expression] as const] : [];
  });
  return [...new Map(limits)].map(([value, label]) => ({ value, label }));
}

/** Figures whose thresholds were crossed come first. */
function crossedGroupsFirst({ servers, thresholds }: KeptSummary): FigureGroup[] {
  const crossed = new Set(thresholds.filter(({ ok }) => ok === false).map(({ figure }) => figure));
  const place = ({ figure }: FigureGroup) => (crossed.has(figure) ? 0 : 1);
  return figureGroups(servers.figures).sort((a, b) => place(a) - place(b));
}

/** What the servers said, on the axis of the load. */
export function serverCharts(summary: KeptSummary): string {
  const groups = crossedGroupsFirst(summary).filter(({ members }) => members.some((one) => one.points.length > 1));
  const common = { seconds: lengthOf(summary), bands: bandsOf(summary) };
  const charts = groups.slice(0, MOST_CHARTS).map((group) => {
    const unit = unitOfPoints(group);
    const drawn = group.members.slice(0, MOST_LINES);
    const lines = drawn.map(({ labels, points }) => ({
      name: labelText(labels) || group.source,
      points: points.map(({ afterSeconds, value }) => ({ x: afterSeconds, y: value })),
    }));
    const more = group.members.length - drawn.length;
    const note =
      more > 0
        ? `<p class="soft">and ${more} more, none higher than ${escapeText(formatValue(highest(group.members[drawn.length]!), unit))}</p>`
        : '';
    return figureOf(
      { title: `${group.figure}${DRAWN[group.kind]}`, unit, lines, limits: limitsOf(group, summary), ...common },
      note,
    );
  });
  const left = groups.length - charts.length;
  const rest =
    left > 0
      ? `<p class="soft">${left} more figures are in the table below, and their curves in the time series (--csv, --ndjson).</p>`
      : '';
  return grid(charts) + rest;
}

/** Charts side by side; '' without any. */
export function grid(charts: readonly string[]): string {
  return charts.length === 0 ? '' : `<div class="charts">\n${charts.join('\n')}\n</div>`;
}
