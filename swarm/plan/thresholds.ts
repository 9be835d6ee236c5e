/**
 * Thresholds as plans write them, in k6's form: a figure, perhaps narrowed down by labels, and expressions about it.
 *
 *     request_duration{client:agent,endpoint:get-instructions}:   p(99.9) <= 2000
 *     └── figure ────┘└── labels ────────────────────────────┘    │       │  └ limit, a number
 *                                                                 │       └ operator
 *                                                                 └ aggregation, with a percentile
 *
 * Grammar: grafana/k6, metrics/thresholds_parser.go (expressions) and metrics/metric.go, ParseMetricName (labels). `report/thresholds.ts`
 * evaluates them.
 */
import { nearest } from '../../model/text/nearest.ts';
import { defaultRows, type JudgedLoad } from './default-thresholds.ts';
import { type ExpandedPlan, type FigureThresholds, RUN_PHASES, type Threshold } from './expanded-plan.ts';
import { AGGREGATIONS, type Aggregation, FIGURES, type Figure, figureNamed } from './figures.ts';
import { linkAllowance } from './link-allowance.ts';
import type { ConnectingPlan } from './open-connections.ts';
import { SERVER_FIGURES } from './server-figures.ts';
import { longestLookIntervalMs } from './user-looks.ts';

/** What takes the defaults of a figure away, in the place of an expression. */
export const OFF = 'off';

/** Longest first, so that none is found inside another. */
const OPERATORS = ['===', '==', '!=', '<=', '>=', '<', '>'] as const;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** What narrows every figure down to a time of the run: a phase of it, a step of its load (a number from 1). */
export const TIME_LABELS = { phase: RUN_PHASES, step: ['1', '2', '3', '…'] } as const;

/** A figure or an expression that is none. The message says what was given and what is allowed. */
export class ThresholdError extends Error {}

/**
 * Reads `figure` or `figure{label:value,…}`.
 * @throws ThresholdError
 */
export function parseFigure(text: string): { figure: Figure; labels: Record<string, string> } {
  const match = /^\s*([^{}\s]*)\s*(?:\{([^{}]*)\})?\s*$/.exec(text);
  if (!match) throw new ThresholdError(`${quote(text)} is not a figure; allowed: figure or figure{label:value,…}`);
  const name = match[1]!;
  const figure = figureNamed(name);
  if (!figure) {
    const own = FIGURES.map((one) => one.name);
    // Of the many that servers have only those are told that may be meant.
    const known = nearest(name, own) === undefined ? SERVER_FIGURES.map((one) => one.name) : own;
    const near = nearest(name, known);
    throw new ThresholdError(
      `unknown figure ${quote(name)}; ${near === undefined ? `allowed: ${own.join(', ')}, and those of servers in docs/plan.md` : `did you mean ${near}?`}`,
    );
  }
  const labels: Record<string, string> = {};
  for (const part of match[2] === undefined ? [] : match[2].split(',')) {
    const colon = part.indexOf(':');
    const label = part.slice(0, colon === -1 ? undefined : colon).trim();
    const value = colon === -1 ? '' : part.slice(colon + 1).trim();
    const known = [...Object.keys(figure.labels), ...Object.keys(TIME_LABELS)];
    const ofTime = Object.hasOwn(TIME_LABELS, label) ? TIME_LABELS[label as keyof typeof TIME_LABELS] : undefined;
    const values = Object.hasOwn(figure.labels, label) ? figure.labels[label]! : ofTime;
    if (values === undefined)
      throw new ThresholdError(`unknown label ${quote(label)} of ${name}; ${meant(label, known)}`);
    if (Object.hasOwn(labels, label)) throw new ThresholdError(`${name} has the label ${label} twice; allowed: once`);
    if (values === null) {
      if (value === '')
        throw new ThresholdError(`${name} has ${quote(label)} without a value; allowed: ${label}:value`);
    } else if (label === 'step' ? !/^[1-9]\d{0,3}$/.test(value) : !values.includes(value)) {
      throw new ThresholdError(`unknown ${label} ${quote(value)} of ${name}; ${meant(value, values)}`);
    }
    labels[label] = value;
  }
  return { figure, labels };
}

/** The one way to write a figure with its labels: sorted by name, without blanks. */
export function formatFigure(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  return pairs.length === 0 ? name : `${name}{${pairs.map((pair) => pair.join(':')).join(',')}}`;
}

/**
 * Reads an expression about a figure, such as `p(95)<500`.
 * @throws ThresholdError
 */
export function parseExpression(
  text: string,
  figure: Figure,
  labels: Readonly<Record<string, string>> = {},
): Threshold {
  if (/&&|\|\|/.test(text)) {
    throw new ThresholdError(`${quote(text)} holds several expressions; allowed: one, or a list of them`);
  }
  const place = text.search(/[=<>!]/);
  const given = place === -1 ? undefined : OPERATORS.find((operator) => text.startsWith(operator, place));
  if (!given) {
    throw new ThresholdError(
      `${quote(text)} is not an expression; allowed: ${aggregationsOf(figure)}, one of < <= > >= == !=, and a number, such as ${EXAMPLES[figure.kind]}`,
    );
  }
  const operator = given === '===' ? '==' : given;
  const { aggregation, percentile } = parseAggregation(text.slice(0, place).trim(), figure);
  const number = text.slice(place + given.length).trim();
  const limit = NUMBER.test(number) ? Number(number) : Number.NaN;
  if (!Number.isFinite(limit)) {
    const unit = figure.kind === 'trend' && aggregation !== 'count' ? ' of milliseconds' : '';
    throw new ThresholdError(
      `the limit of ${quote(text)} is ${quote(number)}; allowed: a number${unit} without a unit`,
    );
  }
  const share = figure.unit === 'share' && (figure.kind === 'gauge' || aggregation === 'rate');
  if (share && (limit < 0 || limit > 1)) {
    throw new ThresholdError(
      `the limit of ${quote(text)} is ${number}; allowed: a share from 0 to 1, because ${figure.name} is one (5% is 0.05)`,
    );
  }
  const named = percentile === null ? aggregation : `p(${percentile})`;
  return {
    figure: figure.name,
    labels: { ...labels },
    expression: `${named}${operator}${limit}`,
    aggregation,
    percentile,
    operator,
    limit,
    abortAfterSeconds: null,
  };
}

/** An example of an expression for each kind. */
const EXAMPLES: Record<Figure['kind'], string> = {
  trend: 'p(95)<500',
  rate: 'rate<0.01',
  counter: 'count==0',
  gauge: 'value>=0.95',
};

function parseAggregation(text: string, figure: Figure): { aggregation: Aggregation; percentile: number | null } {
  const allowed: readonly Aggregation[] = AGGREGATIONS[figure.kind];
  const quantile = /^p\s*\((.*)\)$/.exec(text);
  if (quantile && allowed.includes('p')) {
    const percentile = NUMBER.test(quantile[1]!.trim()) ? Number(quantile[1]) : Number.NaN;
    if (!(percentile >= 0 && percentile <= 100)) {
      throw new ThresholdError(`${quote(text)} is not a percentile; allowed: p(N) with N from 0 to 100`);
    }
    return { aggregation: 'p', percentile };
  }
  const aggregation = allowed.find((one) => one !== 'p' && one === text);
  if (aggregation) return { aggregation, percentile: null };
  throw new ThresholdError(
    `${figure.name} is a ${figure.kind} and has no ${quote(text)}; allowed: ${aggregationsOf(figure)}`,
  );
}

function aggregationsOf(figure: Figure): string {
  return AGGREGATIONS[figure.kind].map((one) => (one === 'p' ? 'p(N)' : one)).join(', ');
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}

function meant(given: string, known: readonly string[]): string {
  const near = nearest(given, known);
  return near === undefined ? `allowed: ${known.join(', ')}` : `did you mean ${near}?`;
}

/** A threshold of a run, and whether the plan gave it. */
export interface RunThreshold extends Threshold {
  default: boolean;
}

function defaultThresholds(load: JudgedLoad): RunThreshold[] {
  return defaultRows(load).map(([text, expression]) => {
    const { figure, labels } = parseFigure(text);
    return { ...parseExpression(expression, figure, labels), default: true };
  });
}

/** Figures of the worst endpoint, and what is the same of all. */
const OF_ALL_ENDPOINTS: Readonly<Record<string, string>> = {
  endpoint_errors: 'request_errors',
  endpoint_duration: 'request_duration',
};

/**
 * The thresholds of a run: the defaults, and what its plan says. An entry with labels replaces the defaults of the same figure with the
 * same labels, one without labels all defaults of its figure; one of all failures of a client those of kinds of failures too, and one of
 * requests those of the worst endpoint.
 */
export function thresholdsOf(plan: JudgedPlan & Pick<ExpandedPlan, 'thresholds'>): RunThreshold[] {
  return thresholdsFor(judgedLoad(plan), plan.thresholds);
}

type JudgedPlan = ConnectingPlan & Pick<ExpandedPlan, 'hostCount' | 'userPollSeconds' | 'links' | 'shard'>;

/** What the limits of a plan depend on. */
export function judgedLoad(plan: JudgedPlan): JudgedLoad {
  return {
    clockSpeed: plan.clockSpeed,
    hosts: plan.hostCount,
    pollSeconds: plan.pollIntervalSeconds,
    installs: plan.clusters.some(({ justInfraEnv }) => !justInfraEnv),
    lookMs: longestLookIntervalMs(plan),
    links: linkAllowance(plan),
  };
}

/** As {@link thresholdsOf}. @param given by the plan */
export function thresholdsFor(load: JudgedLoad, given: readonly FigureThresholds[]): RunThreshold[] {
  const replaces = (entry: FigureThresholds, one: Threshold) => {
    // Who says what requests may be like says it of those to each endpoint.
    if (entry.figure !== one.figure && entry.figure !== OF_ALL_ENDPOINTS[one.figure]) return false;
    const labels = Object.keys(entry.labels);
    // Who says how many requests of a client may fail says it of all kinds of failures.
    const ofClient = labels.length === 1 && labels[0] === 'client' && one.labels.kind !== undefined;
    return labels.length === 0 || ofClient || formatFigure('', entry.labels) === formatFigure('', one.labels);
  };
  return [
    ...defaultThresholds(load).filter((one) => !given.some((entry) => replaces(entry, one))),
    ...given.flatMap(({ thresholds }) => thresholds.map((one) => ({ ...one, default: false }))),
  ];
}
