/**
 * Line charts as text: SVG that needs no script, follows the colours of the page (light, dark, print) through its classes, and says in
 * words what it shows.
 *
 *    title                          unit of the figures is in the labels of the axis
 *    ┌──────────────┬──────────┐
 *    │ band         │ band     │    phases and steps behind the lines, outages above them
 *    │   ╱╲___  ╱╲  │          │    a gap where nothing is known
 *    └──────────────┴──────────┘
 *    ─ first  ┄ second              colours that the colour-blind tell apart, and a dash pattern for each
 */
import { type Axis, formatSeconds, formatValue, linearAxis, logAxis, tickText, timeAxis } from './chart-scale.ts';
import { escapeText } from './html-text.ts';

export interface ChartLine {
  name: string;
  /** In the order of time; `x` in seconds, `y` null where nothing is known. */
  points: readonly { x: number; y: number | null }[];
}

/** A stretch of time that the lines run through. */
export interface ChartBand {
  from: number;
  to: number;
  /** '' for none. */
  label: string;
  kind: 'phase' | 'outage';
}

export interface LineChart {
  title: string;
  /** Of all lines. */
  unit: string;
  /** The first ones are drawn: see {@link MOST_LINES}. */
  lines: readonly ChartLine[];
  /** End of the axis of time, in seconds; charts of one page share it. */
  seconds: number;
  bands?: readonly ChartBand[];
  /** Values that must not be passed. */
  limits?: readonly { value: number; label: string }[];
  /** What the axis of time counts from. */
  since?: string;
}

/** Lines that can be told apart in one chart. */
export const MOST_LINES = 6;

const WIDTH = 440;
const LEFT = 58;
const RIGHT = 12;
const TOP = 26;
const PLOT = 150;
const LEGEND_LINE = 17;
/** Widths of characters of the legend, about. */
const CHARACTER = 6.3;
/** Positive values that lie further apart than this are drawn by their powers of ten. */
const LOG_FROM = 200;

/** One chart as an `<svg>` element. A chart without any value says so in place of lines. */
export function lineChart(chart: LineChart): string {
  const lines = chart.lines.slice(0, MOST_LINES);
  const values = lines.flatMap(({ points }) => points.map(({ y }) => y).filter((y) => y !== null));
  const x = timeAxis(chart.seconds);
  const y = valueAxis(chart, values);
  const { rows, height: legendHeight } = legend(lines);
  const bottom = TOP + PLOT;
  const height = bottom + 36 + legendHeight;
  const parts = [
    ...bands(chart.bands ?? [], x),
    ...grid(x, y, chart.unit),
    ...limits(chart, y),
    ...lines.map((line, at) => drawn(line, at, x, y)),
    ...(values.length === 0
      ? [`<text class="t" x="${(LEFT + WIDTH) / 2}" y="${TOP + PLOT / 2}" text-anchor="middle">nothing measured</text>`]
      : []),
    `<text class="t" x="${WIDTH - RIGHT}" y="${bottom + 29}" text-anchor="end">${escapeText(chart.since ?? 'since the start of the run')}</text>`,
    ...rows.map((row) => `<g transform="translate(0 ${bottom + 42})">${row}</g>`),
  ];
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img"><title>${escapeText(chart.title)}</title><desc>${escapeText(inWords(chart, lines))}</desc>
${parts.join('\n')}
</svg>`;
}

function valueAxis({ limits = [], unit }: LineChart, values: readonly number[]): Axis {
  const all = [...values, ...limits.map(({ value }) => value)];
  let lowest = Number.POSITIVE_INFINITY;
  let highest = 0;
  for (const value of all) {
    if (value > 0) lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  const below = Math.min(0, ...all);
  const isTime = unit === 'ms' || unit === 'seconds' || unit === 's';
  if (isTime && below === 0 && highest / lowest > LOG_FROM) return logAxis(lowest, highest);
  return linearAxis(below, highest);
}

const atX = (x: Axis, value: number) => round(LEFT + Math.min(1, Math.max(0, x.place(value))) * (WIDTH - LEFT - RIGHT));
const atY = (y: Axis, value: number) => round(TOP + (1 - Math.min(1, y.place(value))) * PLOT);
const round = (value: number) => Math.round(value * 10) / 10;

function bands(list: readonly ChartBand[], x: Axis): string[] {
  let phases = 0;
  return list.flatMap(({ from, to, label, kind }) => {
    const left = atX(x, from);
    const width = round(Math.max(kind === 'outage' ? 1.5 : 0, atX(x, to) - left));
    const name = kind === 'outage' ? 'outage' : `band${phases++ % 2}`;
    const rect = `<rect class="${name}" x="${left}" y="${TOP}" width="${width}" height="${PLOT}"/>`;
    // A label that does not fit would run into the next one.
    const fits = label !== '' && label.length * CHARACTER <= width + 4;
    return fits ? [rect, `<text class="t" x="${left + 3}" y="${TOP - 6}">${escapeText(label)}</text>`] : [rect];
  });
}

function grid(x: Axis, y: Axis, unit: string): string[] {
  const bottom = TOP + PLOT;
  const rows = y.ticks.map((tick) => {
    const at = atY(y, tick);
    return `<path class="grid" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/><text class="t" x="${LEFT - 6}" y="${round(at + 4)}" text-anchor="end">${escapeText(tickText(tick, unit))}</text>`;
  });
  const columns = x.ticks.map((tick) => {
    const at = atX(x, tick);
    const anchor = at > WIDTH - RIGHT - 16 ? 'end' : 'middle';
    return `<path class="axis" d="M${at} ${bottom}v4"/><text class="t" x="${at}" y="${bottom + 16}" text-anchor="${anchor}">${escapeText(formatSeconds(tick))}</text>`;
  });
  return [...rows, `<path class="axis" d="M${LEFT} ${bottom}H${WIDTH - RIGHT}"/>`, ...columns];
}

function limits({ limits: list = [] }: LineChart, y: Axis): string[] {
  return list.map(({ value, label }) => {
    const at = atY(y, value);
    return `<path class="limit" d="M${LEFT} ${at}H${WIDTH - RIGHT}"/><text class="t bad" x="${WIDTH - RIGHT}" y="${round(at - 4)}" text-anchor="end">${escapeText(label)}</text>`;
  });
}

/** Stretches of known values are joined; one that stands alone is a dot. */
function drawn({ points }: ChartLine, at: number, x: Axis, y: Axis): string {
  const stretches: string[][] = [];
  let open: string[] | null = null;
  for (const point of points) {
    if (point.y === null) {
      open = null;
      continue;
    }
    if (open === null) {
      open = [];
      stretches.push(open);
    }
    open.push(`${atX(x, point.x)} ${atY(y, point.y)}`);
  }
  const path = stretches.filter((one) => one.length > 1).map((one) => `M${one.join('L')}`);
  const dots = stretches
    .filter((one) => one.length === 1)
    .map(([place]) => {
      const [cx, cy] = place!.split(' ');
      return `<circle class="d${at}" cx="${cx}" cy="${cy}" r="2"/>`;
    });
  return `${path.length > 0 ? `<path class="l l${at}" d="${path.join('')}"/>` : ''}${dots.join('')}`;
}

/** Names under the plot, in as many lines as they need. */
function legend(lines: readonly ChartLine[]): { rows: string[]; height: number } {
  let left = LEFT;
  let top = 0;
  const rows = lines.map(({ name }, at) => {
    const shown = name.length > 58 ? `${name.slice(0, 57)}…` : name;
    const width = 34 + shown.length * CHARACTER;
    if (left > LEFT && left + width > WIDTH) {
      left = LEFT;
      top += LEGEND_LINE;
    }
    const x = Math.max(4, Math.min(left, WIDTH - width));
    left += width;
    return `<path class="l l${at}" d="M${round(x)} ${top + 6}h22"/><text class="t" x="${round(x + 27)}" y="${top + 10}">${escapeText(shown)}</text>`;
  });
  return { rows, height: lines.length === 0 ? 0 : top + LEGEND_LINE };
}

/** What somebody who cannot see the chart should know of it. */
function inWords({ title, unit, seconds }: LineChart, lines: readonly ChartLine[]): string {
  const texts = lines.map(({ name, points }) => {
    const known = points.filter((point): point is { x: number; y: number } => point.y !== null);
    const [first] = known;
    if (!first) return `${name}: nothing measured`;
    const highest = known.reduce((most, one) => (one.y > most.y ? one : most), first);
    const lowest = known.reduce((least, one) => (one.y < least.y ? one : least), first);
    const last = known.at(-1)!;
    return `${name}: from ${formatValue(first.y, unit)} to ${formatValue(last.y, unit)}, lowest ${formatValue(lowest.y, unit)}, highest ${formatValue(highest.y, unit)} at ${formatSeconds(highest.x)}`;
  });
  return `${title} over ${formatSeconds(seconds)}. ${texts.join('. ')}.`;
}
