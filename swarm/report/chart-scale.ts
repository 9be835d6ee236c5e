/** Axes of charts: where their ticks stand, and how values are written in their units. */
import type { ServerFigureSummary } from './server-summary.ts';
import { formatBytes, formatMs } from './style.ts';

export interface Axis {
  from: number;
  to: number;
  ticks: number[];
  /** Place of a value, from 0 to 1. */
  place: (value: number) => number;
}

/** From 0 (or the lowest, where that is below 0) to a round value not below the highest, with about `wanted` ticks. */
export function linearAxis(lowest: number, highest: number, wanted = 4): Axis {
  const low = Math.min(0, lowest);
  const span = highest - low;
  // No figure is so small; a step of it would be none.
  const step = span > 1e-200 ? niceStep(span / wanted) : 1;
  const from = Math.floor(low / step) * step;
  const to = Math.max(from + step, Math.ceil((highest - step * 1e-9) / step) * step);
  const ticks = Array.from({ length: Math.round((to - from) / step) + 1 }, (_, at) => clean(from + at * step));
  return { from, to, ticks, place: (value) => (value - from) / (to - from) };
}

/** Whole powers of ten around positive values, five at most; values below the first stand at its foot. */
export function logAxis(lowest: number, highest: number): Axis {
  const first = Math.floor(Math.log10(Math.max(lowest, highest / 1e5)) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(highest) - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => clean(10 ** (first + at)));
  return {
    from: 10 ** first,
    to: 10 ** last,
    ticks,
    place: (value) => Math.max(0, (Math.log10(Math.max(value, 10 ** first)) - first) / (last - first)),
  };
}

/** Steps of clocks, in seconds. */
const TIME_STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400];

/** Seconds from 0 to the end, which need not be a tick. */
export function timeAxis(seconds: number, wanted = 5): Axis {
  const to = Math.max(seconds, 1);
  const days = 86_400 * Math.ceil(to / wanted / 86_400);
  const step = TIME_STEPS.find((one) => to / one <= wanted) ?? days;
  const ticks = Array.from({ length: Math.floor(to / step) + 1 }, (_, at) => at * step);
  return { from: 0, to, ticks, place: (value) => value / to };
}

/** 1, 2 or 5 times a power of ten, not below the value. */
function niceStep(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const digit = [1, 2, 5, 10].find((one) => value <= one * power * (1 + 1e-9)) ?? 10;
  return digit * power;
}

/** Without the rounding errors of sums of fractions. */
const clean = (value: number) => Number(value.toPrecision(12));

/** `0`, `45 s`, `1m30s`, `2h05m`. */
export function formatSeconds(seconds: number): string {
  if (seconds === 0) return '0';
  return seconds < 60 ? `${Number(seconds.toFixed(1))} s` : formatMs(seconds * 1000);
}

/** `1,234`, `12.3k`, `4.5M`: four characters or so for any number. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(3))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 });
}

/** Units that are written as a sign, or change with the size of a value. */
const SIGNS: ReadonlySet<string> = new Set(['ms', 'seconds', 's', 'bytes', 'bytes/s', 'share', '%', '/s', 'count', '']);

/** Where a unit is a word, axes have the numbers alone, and this stands beside the title: ` (requests)`. */
export function unitWord(unit: string): string {
  return SIGNS.has(unit) ? '' : ` (${unit})`;
}

/** A value at an axis. */
export function tickText(value: number, unit: string): string {
  return formatValue(value, SIGNS.has(unit) ? unit : '');
}

/** A value in its unit, for people. Units are those of figures; one that is not known stands behind the number. */
export function formatValue(value: number, unit: string): string {
  if (unit === 'ms') return value === 0 ? '0' : Math.abs(value) < 0.1 ? `${formatNumber(value)} ms` : formatMs(value);
  if (unit === 'seconds' || unit === 's') return formatValue(value * 1000, 'ms');
  if (unit === 'bytes') return formatBytes(value);
  if (unit === 'bytes/s') return `${formatBytes(value)}/s`;
  if (unit === 'share') return `${Number((value * 100).toPrecision(3))}%`;
  if (unit === '%') return `${formatNumber(value)}%`;
  if (unit === '/s') return `${formatNumber(value)}/s`;
  return unit === '' || unit === 'count' ? formatNumber(value) : `${formatNumber(value)} ${unit}`;
}

/** Unit of a figure's points: a counter's are its rates. */
export function unitOfPoints({ kind, unit }: Pick<ServerFigureSummary, 'kind' | 'unit'>): string {
  if (kind !== 'counter') return unit;
  return unit === '' || unit === 'count' ? '/s' : `${unit}/s`;
}
