/**
 * What was read of the servers under load, over the whole run, in windows of it, and over time.
 *
 *    looks      │  │  │  │  │ …      cumulative values; differences of two looks count
 *    windows    [ idle  ][ deploy, step 1 ][ deploy, step 2 ] …
 *    points     [  ][  ][  ] …       at most 120 of a series; two neighbours become one when there are more
 */
import { BucketCounts } from './bucket-counts.ts';
import type { ServerReading } from './server-reading.ts';

const MOST_POINTS = 120;
/** Labels of servers are theirs to choose; beyond so many series further ones are left out and counted. */
const MOST_SERIES = 2000;

/** What a window of a run is known by. */
export interface WindowKey {
  phase: string;
  step: number | null;
}

/** Windows of a phase, of a step, or of both; all of the run when it is empty. */
export interface TimeOfWindows {
  phase?: string;
  step?: number;
}

/** Of gauges, and of the rates of counters. */
export interface GaugeValues {
  last: number;
  min: number;
  max: number;
  mean: number;
  looks: number;
}

/** What is known of a series in some time. Null parts where nothing was read. */
export interface ServerValues {
  gauge: GaugeValues | null;
  /** Growth of a counter, and the wall-clock seconds in which it grew. */
  counted: { count: number; seconds: number } | null;
  trend: BucketCounts | null;
}

export interface ServerPoint {
  /** Wall-clock milliseconds. */
  startMs: number;
  endMs: number;
  values: ServerValues;
}

/** One figure with its labels, of one source. */
export interface ServerSeries {
  readonly figure: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: string;
  readonly kind: ServerReading['kind'];
  readonly whole: ServerValues;
  readonly points: readonly ServerPoint[];
  /** In the order in which they began; those in which nothing was read are absent. */
  readonly windows: readonly { key: WindowKey; values: ServerValues }[];
}

export class ServerFigures {
  readonly #series = new Map<string, Series>();
  /** Wall-clock milliseconds of the last look at each source. */
  readonly #looks = new Map<string, number>();
  #window: WindowKey | null = null;
  #leftOut = 0;

  /** Begins a window, which ends when the next one begins. What was read before the first is in none. */
  window(key: WindowKey): void {
    this.#window = { ...key };
  }

  /** Readings for which there was no room. */
  get leftOut(): number {
    return this.#leftOut;
  }

  /** Adds what a look found. @param nowMs wall clock */
  add(source: string, readings: readonly ServerReading[], nowMs: number): void {
    const lookedAt = this.#looks.get(source) ?? null;
    this.#looks.set(source, nowMs);
    for (const reading of readings) {
      if (!isKnown(reading)) continue;
      const key = seriesKey(source, reading);
      let series = this.#series.get(key);
      if (!series) {
        if (this.#series.size >= MOST_SERIES) {
          this.#leftOut++;
          continue;
        }
        series = new Series(source, reading, lookedAt);
        this.#series.set(key, series);
      }
      if (series.kind === reading.kind) series.add(reading, this.#window, nowMs);
    }
  }

  /** In the order in which they were first seen. */
  series(): readonly ServerSeries[] {
    return [...this.#series.values()];
  }

  /**
   * What is known of a figure whose labels are at least these, in a part of the run or in all of it. Of several series the
   * highest gauge counts (`last`, `max` and `mean` are each the highest, `min` the lowest), counts are summed, and trends joined.
   * Null when nothing was read.
   */
  read(figure: string, labels: Readonly<Record<string, string>>, time: TimeOfWindows = {}): ServerValues | null {
    return readSeries(this.#series.values(), figure, labels, time);
  }
}

/** As {@link ServerFigures.read}, of series that were kept. */
export function readSeries(
  series: Iterable<ServerSeries>,
  figure: string,
  labels: Readonly<Record<string, string>>,
  time: TimeOfWindows = {},
): ServerValues | null {
  const found = [...series]
    .filter((one) => one.figure === figure && Object.entries(labels).every(([key, of]) => one.labels[key] === of))
    .flatMap((one) => valuesIn(one, time));
  return found.length === 0 ? null : joinedSeries(found);
}

/** What is known of these windows as one time; nothing when nothing was read in them. */
function valuesIn({ whole, windows }: ServerSeries, { phase, step }: TimeOfWindows): ServerValues[] {
  if (phase === undefined && step === undefined) return [whole];
  const found = windows.filter(
    ({ key }) => (phase ?? key.phase) === key.phase && (step === undefined || step === key.step),
  );
  if (found.length === 0) return [];
  const values = nothing();
  for (const window of found) append(values, window.values);
  return [values];
}

class Series implements ServerSeries {
  readonly figure: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly source: string;
  readonly kind: ServerReading['kind'];
  readonly whole: ServerValues = nothing();
  points: ServerPoint[] = [];
  readonly windows: { key: WindowKey; values: ServerValues }[] = [];
  #before: { reading: ServerReading; atMs: number } | null = null;
  /** Looks that a full point takes in, and those of the last point; 0 when the next look begins one. */
  #looksPerPoint = 1;
  #looks = 0;

  /** @param lookedAt when its source was last looked at, without this series: what is counted then began at 0; null for never */
  constructor(source: string, { figure, labels, kind }: ServerReading, lookedAt: number | null) {
    if (lookedAt !== null && kind !== 'gauge') {
      const none = kind === 'counter' ? { kind, value: 0 } : { kind, buckets: [], sumMs: 0 };
      this.#before = { reading: { figure, labels, ...none }, atMs: lookedAt };
    }
    this.source = source;
    this.figure = figure;
    this.labels = labels;
    this.kind = kind;
  }

  add(reading: ServerReading, window: WindowKey | null, nowMs: number): void {
    const before = this.#before;
    this.#before = { reading, atMs: nowMs };
    const values = difference(before, reading, nowMs);
    if (!values) return;
    append(this.whole, values);
    if (window) {
      if (this.windows.at(-1)?.key !== window) this.windows.push({ key: window, values: nothing() });
      append(this.windows.at(-1)!.values, values);
    }
    this.#point({ startMs: before?.atMs ?? nowMs, endMs: nowMs, values });
  }

  #point({ startMs, endMs, values }: ServerPoint): void {
    if (this.#looks === 0) this.points.push({ startMs, endMs, values: nothing() });
    const last = this.points.at(-1)!;
    append(last.values, values);
    last.endMs = endMs;
    this.#looks = (this.#looks + 1) % this.#looksPerPoint;
    if (this.#looks !== 0 || this.points.length < MOST_POINTS) return;
    const halved: ServerPoint[] = [];
    for (let i = 0; i < this.points.length; i += 2) {
      const one = this.points[i]!;
      const next = this.points[i + 1];
      if (next) {
        append(one.values, next.values);
        one.endMs = next.endMs;
      }
      halved.push(one);
    }
    this.points = halved;
    this.#looksPerPoint *= 2;
  }
}

/** Prometheus' text has NaN for what is not known. */
function isKnown(reading: ServerReading): boolean {
  if (reading.kind !== 'histogram') return Number.isFinite(reading.value);
  return Number.isFinite(reading.sumMs) && reading.buckets.every(({ count }) => Number.isFinite(count));
}

function nothing(): ServerValues {
  return { gauge: null, counted: null, trend: null };
}

function seriesKey(source: string, { figure, labels }: ServerReading): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([source, figure, pairs]);
}

/** What a look adds to what was known; null for the first of a counter or histogram. */
function difference(
  before: { reading: ServerReading; atMs: number } | null,
  reading: ServerReading,
  nowMs: number,
): ServerValues | null {
  if (reading.kind === 'gauge') {
    const { value } = reading;
    return { ...nothing(), gauge: { last: value, min: value, max: value, mean: value, looks: 1 } };
  }
  if (!before) return null;
  const seconds = (nowMs - before.atMs) / 1000;
  const earlier = before.reading;
  if (reading.kind === 'counter') {
    if (earlier.kind !== 'counter') return null;
    // One that shrinks began again, as Prometheus' rate() takes it.
    const count = reading.value < earlier.value ? reading.value : reading.value - earlier.value;
    const rate = seconds > 0 ? count / seconds : 0;
    return {
      ...nothing(),
      counted: { count, seconds },
      gauge: { last: rate, min: rate, max: rate, mean: rate, looks: 1 },
    };
  }
  if (earlier.kind !== 'histogram') return null;
  const total = (one: Extract<ServerReading, { kind: 'histogram' }>) => one.buckets.at(-1)?.count ?? 0;
  const restarted = total(reading) < total(earlier);
  return { ...nothing(), trend: BucketCounts.between(restarted ? null : earlier, reading) };
}

/** Adds what came after. */
function append(values: ServerValues, next: ServerValues): void {
  if (next.gauge) {
    const { gauge } = values;
    values.gauge = gauge
      ? {
          last: next.gauge.last,
          min: Math.min(gauge.min, next.gauge.min),
          max: Math.max(gauge.max, next.gauge.max),
          mean: (gauge.mean * gauge.looks + next.gauge.mean * next.gauge.looks) / (gauge.looks + next.gauge.looks),
          looks: gauge.looks + next.gauge.looks,
        }
      : { ...next.gauge };
  }
  if (next.counted) {
    values.counted ??= { count: 0, seconds: 0 };
    values.counted.count += next.counted.count;
    values.counted.seconds += next.counted.seconds;
  }
  if (next.trend) {
    values.trend ??= new BucketCounts();
    values.trend.add(next.trend);
  }
}

/** Of several series in the same time. */
function joinedSeries(found: readonly ServerValues[]): ServerValues {
  const result = nothing();
  for (const { gauge, counted, trend } of found) {
    if (gauge) {
      const { last, min, max, mean, looks } = result.gauge ?? gauge;
      result.gauge = {
        last: Math.max(last, gauge.last),
        min: Math.min(min, gauge.min),
        max: Math.max(max, gauge.max),
        mean: Math.max(mean, gauge.mean),
        looks: Math.max(looks, gauge.looks),
      };
    }
    if (counted) {
      const { count, seconds } = result.counted ?? { count: 0, seconds: 0 };
      result.counted = { count: count + counted.count, seconds: Math.max(seconds, counted.seconds) };
    }
    if (trend) append(result, { ...nothing(), trend });
  }
  return result;
}
