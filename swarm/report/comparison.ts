/**
 * Two runs beside each other: each figure with its change, judged by stated bands. Only what is of the same phase and step is compared, and
 * only what was measured often enough is judged. Bands and method are those of the public performance teams of OpenShift (same, minor,
 * notable, significant; no word of causes).
 */
import { askedRows } from './asked.ts';
import { type Measure, measuresOf } from './comparison-figures.ts';
import type { KeptSummary } from './kept-summary.ts';

/** Percent of change from which it has the next name. */
export interface Bands {
  /** minor, notable, significant */
  resources: readonly [number, number, number];
  /** notable, significant */
  times: readonly [number, number];
}
export const USUAL_BANDS: Bands = { resources: [5, 10, 25], times: [5, 15] };

export type Level = 'same' | 'minor' | 'notable' | 'significant';

export interface ComparedFigure extends Omit<Measure, 'value' | 'samples' | 'events' | 'needed'> {
  /** Null when nothing was measured. */
  a: number | null;
  b: number | null;
  /** What it was measured of: samples, or the whole that a share is of. Null where that is no count. */
  samplesA: number | null;
  samplesB: number | null;
  /** Of `a`: 0.1 is ten percent more. Null when `a` is 0 and `b` is not, and where one of them is not known. */
  change: number | null;
  /** Null when it is not judged. */
  level: Level | null;
  /** `neither`: it is another, and that is neither good nor bad. */
  direction: 'better' | 'worse' | 'same' | 'neither' | null;
  /** Why it is not judged; null when it is. */
  notJudged: string | null;
}

/** A figure that one of the runs does not have. */
export interface MissingFigure extends Pick<Measure, 'phase' | 'step' | 'figure' | 'labels'> {
  missingIn: 'a' | 'b';
}

/** One of two runs, as its folder has it. */
export interface ComparedRun {
  summary: KeptSummary;
  /** Contents of plan.resolved.json; null when it is not there. */
  plan: unknown;
}

export interface Comparison {
  a: Pick<KeptSummary, 'run' | 'plan' | 'seed' | 'verdict'>;
  b: Pick<KeptSummary, 'run' | 'plan' | 'seed' | 'verdict'>;
  bands: Bands;
  /** What should be known before anything else, in sentences. */
  warnings: string[];
  figures: ComparedFigure[];
  missing: MissingFigure[];
  /** Figures that are significantly worse in B, and the verdict where B failed and A passed: none for an exit code of 0. */
  worse: string[];
}

export function compareRuns(a: ComparedRun, b: ComparedRun, bands: Bands = USUAL_BANDS): Comparison {
  const byPhase = a.summary.phases.length > 0 && b.summary.phases.length > 0;
  const measuresA = byKey(measuresOf(a.summary, byPhase));
  const measuresB = byKey(measuresOf(b.summary, byPhase));
  const figures: ComparedFigure[] = [];
  const missing = new Map<string, MissingFigure>();
  const lacks = ({ phase, step, figure, labels }: Measure, missingIn: 'a' | 'b') =>
    missing.set(`${missingIn} ${keyOf({ phase, step, figure, labels, statistic: '' })}`, {
      phase,
      step,
      figure,
      labels,
      missingIn,
    });
  for (const [key, one] of measuresA) {
    const other = measuresB.get(key);
    if (other) figures.push(compared(one, other, bands));
    else lacks(one, 'b');
  }
  for (const [key, one] of measuresB) if (!measuresA.has(key)) lacks(one, 'a');
  const worse = figures.filter(isWorse).map(figureName);
  if (a.summary.verdict === 'passed' && b.summary.verdict === 'failed') worse.unshift('verdict');
  return {
    ...{ a: named(a.summary), b: named(b.summary), bands },
    warnings: warningsOf(a, b),
    ...{ figures, missing: [...missing.values()], worse },
  };
}

const named = ({ run, plan, seed, verdict }: KeptSummary) => ({ run, plan, seed, verdict });

/** What an exit code of 1 rests on. */
export function isWorse({ direction, level }: ComparedFigure): boolean {
  return direction === 'worse' && level === 'significant';
}

/** `deploy 2: request_duration{client:agent} p99` */
export function figureName(one: Pick<ComparedFigure, 'phase' | 'step' | 'figure' | 'labels' | 'statistic'>): string {
  const { figure, labels, statistic } = one;
  const pairs = Object.entries(labels).map(([name, value]) => `${name}:${value}`);
  return `${phaseName(one)}: ${figure}${pairs.length > 0 ? `{${pairs.join(',')}}` : ''} ${statistic}`.trimEnd();
}

export function phaseName({ phase, step }: Pick<Measure, 'phase' | 'step'>): string {
  return step === null ? phase : `${phase} ${step}`;
}

const keyOf = ({
  phase,
  step,
  figure,
  labels,
  statistic,
}: Pick<Measure, 'phase' | 'step' | 'figure' | 'labels' | 'statistic'>) =>
  JSON.stringify([phase, step, figure, Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)), statistic]);

function byKey(measures: readonly Measure[]): Map<string, Measure> {
  return new Map(measures.map((one) => [keyOf(one), one]));
}

function compared(one: Measure, other: Measure, bands: Bands): ComparedFigure {
  const { value: a, samples: samplesA, events: _events, needed: _needed, ...rest } = one;
  const { value: b, samples: samplesB } = other;
  const known = { ...rest, a, b, samplesA, samplesB };
  const notJudged = whyNot(one, other);
  if (a === null || b === null || notJudged !== null) {
    return { ...known, change: changeOf(a, b), level: null, direction: null, notJudged };
  }
  const change = changeOf(a, b);
  const level =
    a === b
      ? 'same'
      : levelOf(change === null ? Number.POSITIVE_INFINITY : Math.abs(change) * 100, one.judgedAs, bands);
  const isGood = one.more === 'better' ? b > a : b < a;
  const direction = level === 'same' ? 'same' : one.more === 'neither' ? 'neither' : isGood ? 'better' : 'worse';
  return { ...known, change, level, direction, notJudged: null };
}

function changeOf(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return null;
  if (a === b) return 0;
  return a === 0 ? null : (b - a) / Math.abs(a);
}

function whyNot(one: Measure, other: Measure): string | null {
  if (one.value === null || other.value === null) {
    const where = one.value !== null ? 'in B' : other.value !== null ? 'in A' : 'in either';
    return `nothing measured ${where}`;
  }
  if (one.events !== null && other.events !== null) {
    // Events that are rare on one side and frequent on the other have changed; none on both sides are none.
    const most = Math.max(one.events, other.events);
    return most === 0 || most >= one.needed ? null : `fewer than ${one.needed} on both sides`;
  }
  if (one.samples === null || other.samples === null) return null;
  return Math.min(one.samples, other.samples) >= one.needed ? null : `fewer than ${one.needed} samples`;
}

function levelOf(percent: number, judgedAs: Measure['judgedAs'], { resources, times }: Bands): Level {
  if (judgedAs === 'time') return percent < times[0] ? 'same' : percent <= times[1] ? 'notable' : 'significant';
  const [minor, notable, significant] = resources;
  if (percent < minor) return 'same';
  return percent < notable ? 'minor' : percent <= significant ? 'notable' : 'significant';
}

function warningsOf(a: ComparedRun, b: ComparedRun): string[] {
  const saturated = [a, b].flatMap(({ summary }, at) =>
    summary.generator.saturated
      ? [`the generator was the bottleneck for a part of ${'AB'[at]}: latencies measured then are too high`]
      : [],
  );
  const phases = [a, b].map(({ summary }) => summary.phases.length > 0);
  return [
    ...planDifferences(a, b).map((text) => `the plans differ: ${text}`),
    ...(phases[0] === phases[1] ? [] : [`only ${phases[0] ? 'A' : 'B'} has phases: whole runs are compared`]),
    ...saturated,
  ];
}

/** Parts of a plan that {@link askedRows} has in words, and those that change nothing. */
const TOLD: ReadonlySet<string> = new Set([
  ...['name', 'seed', 'shard', 'service', 'hub', 'openshiftVersion', 'hostCount', 'clusters', 'clockSpeed'],
  ...['spokeProfile', 'connections', 'pollIntervalSeconds', 'userPollSeconds', 'keep', 'whole'],
]);

/** `Clock: compressed 40 times in A, real time in B`, one for each difference. */
function planDifferences(a: ComparedRun, b: ComparedRun): string[] {
  const both = a.plan !== null && b.plan !== null;
  const told = (run: ComparedRun) => new Map(askedRows(run.summary, both ? run.plan : null));
  const texts = differencesOf(told(a), told(b));
  if (!both) return texts;
  return [...texts, ...differencesOf(leaves(a.plan), leaves(b.plan))];
}

function differencesOf(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) => {
    const [one, other] = [a.get(name), b.get(name)];
    return one === other ? [] : [`${name}: ${shown(one)} in A, ${shown(other)} in B`];
  });
}

const shown = (text: string | undefined) =>
  text === undefined ? 'none' : text.length > 80 ? `${text.slice(0, 79)}…` : text;

/** Values of a plan by their path, one level deep. */
function leaves(plan: unknown): Map<string, string> {
  const isObject = (value: unknown): value is object =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(plan)) return new Map();
  const top = Object.entries(plan).filter(([key]) => !TOLD.has(key));
  return new Map(
    top.flatMap(([key, value]): [string, string][] =>
      isObject(value)
        ? Object.entries(value).map(([inner, one]) => [`${key}.${inner}`, JSON.stringify(one)])
        : [[key, JSON.stringify(value)]],
    ),
  );
}
