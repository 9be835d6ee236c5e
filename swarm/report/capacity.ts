/** What a search for a service's capacity came to: how much was held, what broke first, and what would have been next. */
import { figureNamed } from '../plan/figures.ts';
import { formatFigure, parseExpression } from '../plan/thresholds.ts';
import { bar, formatCount, type Style, table } from './style.ts';
import type { RunSummary, ThresholdSummary } from './summary.ts';
import { formatFigureValue } from './verdict.ts';

/** One trial of the search, in the order in which they were made. */
export interface CapacityTrial {
  /** Hosts, or clusters that arrive in a simulated hour. */
  level: number;
  held: boolean;
  /** Tried to confirm what had held before. */
  confirmation: boolean;
  run: string;
  directory: string | null;
  /** Why it did not hold. */
  reasons: string[];
  thresholds: ThresholdSummary[];
}

/** A figure over the levels of the load. */
export interface CapacityCurve {
  /** With its labels, as a plan writes it. */
  figure: string;
  expression: string;
  /** In the order of the levels; of a level that was tried twice the last value. In the unit of the expression's limit. */
  points: { level: number; value: number }[];
}

/** A figure that would break next, if it goes on as it went between the two highest levels. */
export interface NextToBreak extends CapacityCurve {
  atLevel: number;
}

export interface CapacityResult {
  plan: string;
  seed: string;
  service: string;
  unit: 'hosts' | 'clusters/h';
  /** Null when not even one was held. */
  held: number | null;
  /** The lowest that was not; null when all that the plan has were held. */
  failed: number | null;
  /** The search was ended by its user: `held` is what was known then. */
  interrupted: boolean;
  /** Why the search ended by itself before the border was known, a sentence; null when it did not. */
  gaveUp: string | null;
  /** What broke first: a figure with its curve, or (null) something that is no figure, in `reasons`. */
  brokeFirst: CapacityCurve | null;
  /** Of the lowest level that failed. */
  reasons: string[];
  /** This machine broke, and not the service: that holds more. */
  generator: boolean;
  nextToBreak: NextToBreak[];
  trials: CapacityTrial[];
}

/** Figures of this machine. */
const OF_GENERATOR: readonly string[] = ['generator_saturation', 'generator_errors', 'poll_lateness'];
const TOLD_NEXT = 2;
const BAR = 30;

export interface CapacityFacts extends Pick<CapacityResult, 'plan' | 'seed' | 'service' | 'unit' | 'held' | 'failed'> {
  interrupted: boolean;
  gaveUp: string | null;
  trials: CapacityTrial[];
}

/** A trial as its run's summary tells of it. */
export function trialOf(
  { level, confirmation }: Pick<CapacityTrial, 'level' | 'confirmation'>,
  summary: Pick<RunSummary, 'run' | 'verdict' | 'reasons' | 'thresholds'>,
  directory: string | null,
): CapacityTrial {
  const { run, verdict, reasons, thresholds } = summary;
  return { level, held: verdict === 'passed', confirmation, run, directory, reasons, thresholds };
}

export function summarizeCapacity(facts: CapacityFacts): CapacityResult {
  const { trials, failed } = facts;
  const broken = trials.findLast(({ level, held }) => !held && level === failed);
  const first = broken?.thresholds.find(({ ok }) => ok === false);
  const brokeFirst = first ? curveOf(first, trials) : null;
  const next = (trials[0]?.thresholds ?? [])
    .map((one) => curveOf(one, trials))
    .filter(({ figure, expression }) => figure !== brokeFirst?.figure || expression !== brokeFirst.expression)
    .flatMap((curve) => {
      const atLevel = crossingOf(curve);
      return atLevel === null ? [] : [{ ...curve, atLevel }];
    })
    .sort((a, b) => a.atLevel - b.atLevel);
  return {
    ...facts,
    brokeFirst,
    reasons: broken?.reasons ?? [],
    generator: first !== undefined && OF_GENERATOR.includes(first.figure),
    nextToBreak: next.slice(0, TOLD_NEXT),
  };
}

const sameThreshold = (a: ThresholdSummary, b: ThresholdSummary) =>
  formatFigure(a.figure, a.labels) === formatFigure(b.figure, b.labels) && a.expression === b.expression;

function curveOf(threshold: ThresholdSummary, trials: readonly CapacityTrial[]): CapacityCurve {
  const values = new Map<number, number>();
  for (const { level, thresholds } of trials) {
    const value = thresholds.find((one) => sameThreshold(one, threshold))?.value ?? null;
    if (value !== null) values.set(level, value);
  }
  return {
    figure: formatFigure(threshold.figure, threshold.labels),
    expression: threshold.expression,
    points: [...values].sort(([a], [b]) => a - b).map(([level, value]) => ({ level, value })),
  };
}

/** The level at which a straight line through the two highest ones reaches the limit; null where it never does. */
function crossingOf({ figure, expression, points }: CapacityCurve): number | null {
  const [one, other] = points.slice(-2);
  if (!one || !other) return null;
  const { operator, limit } = read(figure, expression);
  const upwards = operator === '<' || operator === '<=';
  if (!upwards && operator !== '>' && operator !== '>=') return null;
  const slope = (other.value - one.value) / (other.level - one.level);
  const crossed = upwards ? other.value > limit : other.value < limit;
  if (crossed) return other.level;
  if (upwards ? slope <= 0 : slope >= 0) return null;
  return Math.round(other.level + (limit - other.value) / slope);
}

function read(figure: string, expression: string) {
  return parseExpression(expression, figureNamed(figure.replace(/\{.*/, ''))!);
}

const valueText = ({ figure, expression }: CapacityCurve, value: number) =>
  formatFigureValue(read(figure, expression), value);

/** For a terminal. */
export function renderCapacity(result: CapacityResult, style: Style): string {
  const { unit, held, failed, brokeFirst, nextToBreak, trials, generator } = result;
  const amount = (level: number) =>
    unit === 'hosts' ? `${formatCount(level)} hosts` : `${formatCount(level)} clusters/h`;
  const lines = [''];
  const section = (title: string, body: readonly string[]) => {
    if (body.length > 0) lines.push(style.bold(title), ...body.map((line) => `  ${line}`), '');
  };
  const border = failed === null ? ', all that the plan has' : `, and not ${amount(failed)}`;
  lines.push(
    `${style.bold(held === null ? style.bad('✗ NOTHING HELD') : style.good(`✓ ${amount(held)} HELD`))}${held === null ? '' : border}  ${style.dim(`${result.plan}, seed ${result.seed}, ${trials.length} trials`)}`,
    '',
  );
  if (result.interrupted) section('Ended early', ['the search was stopped: what stands here is what was known then']);
  if (result.gaveUp !== null) section('Ended early', [style.warn(result.gaveUp)]);
  if (generator) {
    section('The generator broke first', [
      style.warn(
        'this machine was the limit and not the service, which may hold more: use a bigger one, or several shards',
      ),
    ]);
  }
  section('Broke first', [...result.reasons.slice(0, 1), ...(brokeFirst ? curveLines(brokeFirst, amount) : [])]);
  section('Broke with it', result.reasons.slice(1));
  section(
    'Next to break, if they go on as they went',
    nextToBreak.flatMap((curve) => [
      `${curve.figure} ${curve.expression} at about ${amount(curve.atLevel)}`,
      ...curveLines(curve, amount),
    ]),
  );
  section(
    'Trials',
    table(
      trials.map(({ level, held: ok, confirmation, run, reasons }) => [
        ok ? style.good('✓') : style.bad('✗'),
        amount(level),
        confirmation ? 'once more' : '',
        `run ${run}`,
        reasons[0] ?? '',
      ]),
      [1],
    ),
  );
  return lines.join('\n');
}

function curveLines(curve: CapacityCurve, amount: (level: number) => string): string[] {
  const most = Math.max(...curve.points.map(({ value }) => value));
  return table(
    curve.points.map(({ level, value }) => [amount(level), bar(value, most || 1, BAR), valueText(curve, value)]),
    [0, 2],
  );
}
