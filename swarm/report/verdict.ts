/** What a run came to: passed or not, and why, in plain sentences. */
import type { Threshold } from '../plan/expanded-plan.ts';
import { type FigureName, figureNamed } from '../plan/figures.ts';
import { serverFigureNamed } from '../plan/server-figures.ts';
import { formatFigure, type RunThreshold } from '../plan/thresholds.ts';
import type { LongestWait, Outage } from '../telemetry/answer-monitor.ts';
import { countOf, formatBytes, formatCount, formatMs, formatShare } from './style.ts';
import type { Evaluated } from './thresholds.ts';

export type Verdict = 'passed' | 'failed' | 'interrupted';

/** What a verdict is reached from. */
export interface VerdictFacts {
  /** What spoilt the run: a part of it died, a thread was lost. */
  causes: readonly string[];
  /** The run was given up for the last cause; what was measured until then says nothing more. */
  givenUp: boolean;
  thresholds: readonly Evaluated<RunThreshold>[];
  /** What could not be brought to a clean end. */
  leftovers: readonly string[];
  /** Ended early by its user. */
  stopped: boolean;
  details: VerdictDetails;
}

/** What sentences are made more telling with. */
export interface VerdictDetails {
  startedAt: Date;
  /** Clusters that failed, in the order of the plan. */
  failures: readonly { name: string; reason: string }[];
  /** Faults of the plan that led to something else; a few of them. */
  unexpected: readonly UnexpectedOutcome[];
  outages: readonly Outage[];
  longestWaits: readonly LongestWait[];
  /** Wall-clock milliseconds since which a threshold is crossed; null, or absent, where nobody saw it. */
  crossedSinceMs?: (threshold: RunThreshold) => number | null;
}

/** A fault that led to something else than what follows from it. */
export interface UnexpectedOutcome {
  fault: string;
  /** The host, or the cluster. */
  name: string;
  expected: string;
  was: string;
}

/** `swarm-1: no-boot, expected …, but …`. */
export function unexpectedText({ fault, name, expected, was }: UnexpectedOutcome): string {
  return `${name}: fault ${fault} (${expected}), but ${was}`;
}

/** Failed clusters and outages repeated in a reason. */
const NAMED = 3;

/**
 * Causes come first, then crossed thresholds in their order, then what was left undone. Of a run that was given up, only what servers
 * showed says more than why, and comes before it.
 */
export function reachVerdict(facts: VerdictFacts): { verdict: Verdict; reasons: string[] } {
  const crossed = facts.thresholds.filter(({ ok, figure }) => ok === false && (!facts.givenUp || isOfServer(figure)));
  const sentences = crossed.map((one) => describeCrossing(one, facts.details));
  const reasons = facts.givenUp ? [...sentences, ...facts.causes] : [...facts.causes, ...sentences];
  // Whoever stops a run knows of it what its exit code says; what could not be removed then is named beside it.
  if (facts.stopped && reasons.length === 0)
    return { verdict: 'interrupted', reasons: ['the run was stopped before its end', ...facts.leftovers] };
  reasons.push(...facts.leftovers);
  if (reasons.length > 0) return { verdict: 'failed', reasons };
  return { verdict: 'passed', reasons: [] };
}

/** A crossed threshold as one sentence: figure, value, limit. */
export function describeCrossing(crossed: Evaluated<RunThreshold>, details: VerdictDetails): string {
  const special = SENTENCES[crossed.figure as FigureName]?.(crossed, details);
  if (special === undefined && isOfServer(crossed.figure)) return describeServer(crossed, details);
  const worst = worstText(crossed);
  return (
    special ??
    `${subjectOf(crossed)}: ${aggregationOf(crossed)} is ${valueText(crossed)}${worst}, ${limitText(crossed)}`
  );
}

const isOfServer = (figure: string) => serverFigureNamed(figure) !== undefined;

/** `service_monitor_period{what:hosts}: max is 12 s, limit 8.0 s, crossed 10 s after the start (From the end …)`. */
function describeServer(crossed: Evaluated<RunThreshold>, { startedAt, crossedSinceMs }: VerdictDetails): string {
  const since = crossedSinceMs?.(crossed) ?? null;
  const when = since === null ? '' : `, crossed ${formatMs(Math.max(0, since - startedAt.getTime()))} after the start`;
  const { help } = serverFigureNamed(crossed.figure)!;
  const value = `${valueText(crossed)}${worstText(crossed)}`;
  const what = `${formatFigure(crossed.figure, crossed.labels)}: ${aggregationOf(crossed)} is ${value}`;
  return `${what}, ${limitText(crossed)}${when} (${help})`;
}

type Sentence = (crossed: Evaluated<RunThreshold>, details: VerdictDetails) => string | null;

/** Sentences of figures that have something more to say. Null: the general one does. */
const SENTENCES: Partial<Record<FigureName, Sentence>> = {
  clusters_failed: (crossed, { failures }) => {
    if (crossed.sample?.kind !== 'rate') return null;
    const limit = crossed.default ? '' : ` (${limitText(crossed)})`;
    const named = failures.slice(0, NAMED).map(({ name, reason }) => `; ${name}: ${reason}`);
    return `${crossed.sample.hits} of ${crossed.sample.of} clusters failed${limit}${named.join('')}`;
  },
  unexpected_outcomes: (crossed, { unexpected }) => {
    if (crossed.sample?.kind !== 'rate') return null;
    const limit = crossed.default ? '' : ` (${limitText(crossed)})`;
    const named = unexpected.slice(0, NAMED).map((one) => `; ${unexpectedText(one)}`);
    return `${crossed.sample.hits} of ${crossed.sample.of} faults led to something else than expected${limit}${named.join('')}`;
  },
  request_errors: (crossed, { outages, startedAt }) => {
    const { kind } = crossed.labels;
    if (crossed.sample?.kind !== 'rate') return null;
    const { hits, of } = crossed.sample;
    const isShare = crossed.aggregation === 'rate';
    const counts = isShare
      ? `${formatShare(hits, of)} (${formatCount(hits)} of ${formatCount(of)})`
      : `${formatCount(hits)} of ${formatCount(of)}`;
    if (kind !== undefined) {
      const what = `${counts} ${KIND_WORDS[kind] ?? `ended in ${kind}`}${worstText(crossed)}`;
      return `${formatFigure(crossed.figure, crossed.labels)}: ${what}, ${limitText(crossed)}`;
    }
    const burst = outages.toSorted((a, b) => b.failed - a.failed)[0];
    // Outages count failures of all clients, so this is said only of one that may hold most of these.
    const when =
      burst && burst.failed * 2 > hits ? `; most while the service was out ${spanText(burst, startedAt)}` : '';
    const lost = isShare
      ? `${formatShare(hits, of)} failed or were refused (${formatCount(hits)} of ${formatCount(of)})`
      : `${counts} failed or were refused`;
    return `${subjectOf(crossed)}: ${lost}${worstText(crossed)}, ${limitText(crossed)}${when}`;
  },
  endpoint_errors: (crossed) => {
    if (crossed.worst == null || crossed.sample?.kind !== 'rate' || crossed.aggregation !== 'rate') return null;
    const { hits, of } = crossed.sample;
    return `${requestsOf({ ...crossed.labels, ...crossed.worst.labels })}: ${formatShare(hits, of)} failed or were refused (${formatCount(hits)} of ${formatCount(of)}), ${limitText(crossed)} of any endpoint`;
  },
  endpoint_duration: (crossed) => {
    if (crossed.worst == null) return null;
    return `${requestsOf({ ...crossed.labels, ...crossed.worst.labels })}: ${aggregationOf(crossed)} is ${valueText(crossed)}, ${limitText(crossed)} of any endpoint`;
  },
  boot_wait: (crossed) =>
    `${formatFigure(crossed.figure, crossed.labels)}: ${aggregationOf(crossed)} of what booting hosts waited for an answer of the image service is ${valueText(crossed)}${worstText(crossed)}, ${limitText(crossed)}`,
  boot_errors: (crossed) => {
    if (crossed.sample?.kind !== 'rate' || crossed.aggregation !== 'rate') return null;
    const { hits, of } = crossed.sample;
    return `${formatFigure(crossed.figure, crossed.labels)}: ${formatShare(hits, of)} of what booting hosts asked for failed (${formatCount(hits)} of ${formatCount(of)})${worstText(crossed)}, ${limitText(crossed)}`;
  },
  errors: (crossed) => {
    if (crossed.labels.kind !== 'malformed-answer' || crossed.aggregation !== 'count') return null;
    const counts = `${countOf(crossed.value ?? 0, 'answer')} of the service could not be read`;
    return `${formatFigure(crossed.figure, crossed.labels)}: ${counts}, as they are no JSON or miss what they must have, ${limitText(crossed)}`;
  },
  request_age: (crossed, { longestWaits }) => {
    if (crossed.aggregation !== 'max') return null;
    const waits = longestWaits.filter(({ client }) => (crossed.labels.client ?? client) === client);
    const longest = waits.toSorted((a, b) => b.ms - a.ms)[0];
    const when = longest ? ` (${waitText(longest)})` : '';
    return `${subjectOf(crossed)} were unanswered for up to ${valueText(crossed)}${when}: ${limitText(crossed)}`;
  },
  service_outage: (crossed, { outages, startedAt }) => {
    if (crossed.aggregation !== 'max') return null;
    const longest = outages.toSorted((a, b) => lengthOf(b) - lengthOf(a)).slice(0, NAMED);
    const list = longest.map((outage) => `; ${outageText(outage, startedAt)}`).join('');
    return `the service gave no good answer for up to ${valueText(crossed)}: ${limitText(crossed)}${list}`;
  },
  reaction_duration: (crossed) => {
    const { from, to } = crossed.labels;
    if (from === undefined || to === undefined || crossed.aggregation !== 'max') return null;
    return `${formatFigure(crossed.figure, crossed.labels)}: up to ${valueText(crossed)} of simulated time passed from '${from}' without '${to}'${REACTION_WORDS[`${from} ${to}`] ?? ''}, ${limitText(crossed)}`;
  },
  state_duration: (crossed) => {
    const { of, state } = crossed.labels;
    if (of !== 'host' || !state?.startsWith('disconnected') || crossed.aggregation !== 'count') return null;
    return `${formatFigure(crossed.figure, crossed.labels)}: ${countOf(crossed.value ?? 0, 'time')} the service had no poll of a host for three minutes, ${limitText(crossed)}`;
  },
  generator_saturation: (crossed) => {
    if (crossed.sample?.kind !== 'rate' || crossed.aggregation !== 'rate') return null;
    const { hits, of } = crossed.sample;
    return `the generator itself was the bottleneck for ${formatShare(hits, of)} of the time (${formatMs(hits)} of ${formatMs(of)}), ${limitText(crossed)}: latencies measured then are too high`;
  },
};

/** By both sides, what it means that the second does not come. */
const REACTION_WORDS: Readonly<Record<string, string>> = {
  'machine registered machine discovered':
    ' (hosts registered and poll: they were not told to send their inventory, or could not)',
  'cluster ready cluster preparing-for-installation':
    ' (the installation was to begin: its request was refused, or nothing came of it)',
  'machine discovered host judged':
    ' (hosts sent their inventory with success: the service did not take or judge it, or shows its users an old state)',
};

/** Of FAILURE_KINDS, what happened to requests. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  '429': 'were refused with 429, too many requests',
  '401': 'were refused with 401, without the right login or token',
  '403': 'were refused with 403, without the right to it',
  '4xx': 'were refused with another status of 400 to 499',
  '5xx': 'were answered with 500 or more',
  refused: 'met a port on which nobody listens',
  reset: 'had their connection reset',
  eof: 'had their connection closed before the answer was whole',
  'dial-timeout': 'got no connection in time',
  'tls-timeout': 'got no TLS handshake in time',
  unreachable: 'found no way to the service',
  dns: 'found no address of the service',
  tls: 'failed at the TLS handshake',
  protocol: 'got what is no HTTP',
  decode: 'got an answer that cannot be read',
};

/** `agent requests to get-instructions`, or the figure's name with its labels. */
function subjectOf({ figure, labels }: Threshold): string {
  const { client, endpoint, result, phase, step, ...others } = labels;
  const time = `${phase ? ` in ${phase}` : ''}${step ? ` in step ${step}` : ''}`;
  if (figure.startsWith('request')) return `${requestsOf(labels)}${time}`;
  const rest = Object.values({ ...(client && { client }), ...(endpoint && { endpoint }), ...others });
  return `${figure.replaceAll('_', ' ')}${rest.length > 0 ? ` of ${rest.join(', ')}` : ''}${time}`;
}

/** `agent requests to get-instructions`. */
function requestsOf({ client, endpoint, result }: Readonly<Record<string, string>>): string {
  const which = [...(result ? [result] : []), ...(client ? [client] : []), 'requests'].join(' ');
  return `${which}${endpoint ? ` to ${endpoint}` : ''}`;
}

/** `, worst agent requests to get-instructions with 4.0 s`; nothing where it is not known or says nothing more. */
function worstText({ figure, aggregation, labels, worst }: Evaluated<RunThreshold>): string {
  if (worst == null) return '';
  const ofRequests = 'endpoint' in worst.labels;
  const name = ofRequests
    ? requestsOf({ ...labels, ...worst.labels })
    : Object.values(worst.labels)
        .filter((value) => value !== '')
        .join(' ');
  const kind = figureNamed(figure)?.kind;
  return `, ${kind === 'rate' || kind === 'counter' ? 'most' : 'worst'} ${name} with ${formatFigureValue({ figure, aggregation }, worst.value)}`;
}

const TREND_WORDS: Readonly<Record<string, string>> = {
  request_duration: 'duration since due',
  endpoint_duration: 'duration since due',
  request_send_duration: 'duration since sent',
  request_success_duration: 'duration until success',
  request_age: 'age of the oldest without an answer',
};

function aggregationOf({ figure, aggregation, percentile }: Threshold): string {
  const words = TREND_WORDS[figure];
  const name = aggregation === 'p' ? `p(${percentile})` : aggregation;
  return words && aggregation !== 'count' ? `${name} of the ${words}` : name;
}

/** A number of the threshold's figure, in its unit. */
export function formatFigureValue(
  { figure, aggregation }: Pick<Threshold, 'figure' | 'aggregation'>,
  value: number,
): string {
  const { kind, unit } = figureNamed(figure) ?? {};
  const ofItself = (kind === 'trend' && aggregation !== 'count') || kind === 'gauge';
  if (unit === 'ms' && ofItself) return formatMs(value);
  if (unit === 'share' && (ofItself || aggregation === 'rate')) return formatShare(value, 1);
  if (unit === 'bytes' && ofItself) return formatBytes(value);
  if (unit === 'cores') return value.toFixed(2);
  if (aggregation === 'rate') return `${value.toFixed(1)}/s`;
  return Number.isInteger(value) ? formatCount(value) : value.toFixed(1);
}

/** What was measured, in the figure's unit: with as many digits as it takes to tell it from the limit. */
export function valueText({ value, ...threshold }: Threshold & { value: number | null }): string {
  return tellingText(threshold, value ?? 0, threshold.limit);
}

/** A value that is not `other`, and does not look like it. */
function tellingText(threshold: Threshold, value: number, other: number): string {
  const text = formatFigureValue(threshold, value);
  if (value === other || text !== formatFigureValue(threshold, other)) return text;
  const digits = (amount: number) =>
    Number(amount.toPrecision(8)).toLocaleString('en-US', { maximumFractionDigits: 8 });
  if (text.endsWith('%')) return `${digits(100 * value)}%`;
  if (text.endsWith('/s')) return `${digits(value)}/s`;
  const { unit } = figureNamed(threshold.figure) ?? {};
  if (unit === 'ms') return `${digits(value)} ms`;
  return unit === 'bytes' ? `${digits(value)} B` : digits(value);
}

const LIMIT_WORDS: Record<Threshold['operator'], string> = {
  '<': 'limit below',
  '<=': 'limit',
  '>': 'wanted more than',
  '>=': 'wanted at least',
  '==': 'wanted',
  '!=': 'wanted anything but',
};

function limitText({ value, ...threshold }: Evaluated): string {
  const { operator, limit } = threshold;
  return `${LIMIT_WORDS[operator]} ${tellingText(threshold, limit, value ?? limit)}`;
}

const lengthOf = (outage: Outage) => outage.endMs - outage.startMs;
const clock = (ms: number) => new Date(ms).toISOString().slice(11, 19);

/** `from 45 s to 1m46s of the run (03:12:10 to 03:13:11 UTC)`. */
function spanText({ startMs, endMs }: Outage, startedAt: Date): string {
  const after = (ms: number) => formatMs(Math.max(0, ms - startedAt.getTime()));
  return `from ${after(startMs)} to ${after(endMs)} of the run (${clock(startMs)} to ${clock(endMs)} UTC)`;
}

/** An outage as one clause: how long, when, what was lost. */
export function outageText(outage: Outage, startedAt: Date): string {
  const lost = [
    ...(outage.failed > 0 ? [`${countOf(outage.failed, 'request')} failed`] : []),
    ...(outage.waiting > 0 ? [`up to ${formatCount(outage.waiting)} waited at once`] : []),
  ];
  return `${formatMs(lengthOf(outage))} ${spanText(outage, startedAt)}, ${lost.join(', ')}`;
}

/** `at 03:12:10 UTC, 214 requests`. */
export function waitText({ atMs, underWay }: Pick<LongestWait, 'atMs' | 'underWay'>): string {
  return `at ${clock(atMs)} UTC, ${formatCount(underWay)} ${underWay === 1 ? 'request' : 'requests'}`;
}
