/** Thresholds of a summary in sentences, from what a summary keeps of them. */
import { figureNamed } from '../plan/figures.ts';
import { formatFigure, parseExpression, ThresholdError } from '../plan/thresholds.ts';
import type { KeptSummary, KeptThreshold } from './kept-summary.ts';
import { describeCrossing, valueText } from './verdict.ts';

/** Crossed ones first, then those that were not evaluated, then those that were kept; each group in its order. */
export function crossedFirst(thresholds: readonly KeptThreshold[]): KeptThreshold[] {
  const place = ({ ok }: KeptThreshold) => (ok === false ? 0 : ok === null ? 1 : 2);
  return thresholds.toSorted((a, b) => place(a) - place(b));
}

/** `request_duration{client:agent}` */
export function thresholdName({ figure, labels }: KeptThreshold): string {
  return formatFigure(figure, labels);
}

/** What was measured, in the figure's unit. */
export function measuredText(threshold: KeptThreshold): string {
  if (threshold.value === null) return 'not evaluated';
  const parsed = parse(threshold);
  return parsed ? valueText({ ...parsed, value: threshold.value }) : String(threshold.value);
}

/** A crossed threshold as one sentence: figure, value, limit. */
export function crossingSentence(threshold: KeptThreshold, summary: KeptSummary): string {
  const parsed = parse(threshold);
  if (!parsed) return `${thresholdName(threshold)} is ${threshold.value}, wanted ${threshold.expression}`;
  const { value, ok, default: isDefault, worst = null } = threshold;
  const startedAt = new Date(summary.startedAt);
  return describeCrossing(
    { ...parsed, value, ok, default: isDefault, sample: null, worst },
    {
      startedAt,
      crossedSinceMs: () =>
        typeof threshold.crossedAfterSeconds === 'number'
          ? startedAt.getTime() + threshold.crossedAfterSeconds * 1000
          : null,
      failures: summary.failures,
      unexpected: summary.faults.flatMap(({ fault, examples }) => examples.map((one) => ({ fault, ...one }))),
      outages: summary.outages.map(({ afterSeconds, seconds, failed, waiting }) => {
        const startMs = startedAt.getTime() + afterSeconds * 1000;
        return { startMs, endMs: startMs + seconds * 1000, failed, waiting };
      }),
      longestWaits: summary.unanswered.map(({ client, seconds, at, underWay }) => ({
        ...{ client, ms: seconds * 1000, atMs: Date.parse(at), underWay },
      })),
    },
  );
}

/** Null for a figure, or an expression, that this version does not know. */
function parse({ figure, labels, expression }: KeptThreshold) {
  const known = figureNamed(figure);
  if (!known) return null;
  try {
    return parseExpression(expression, known, labels);
  } catch (error) {
    if (error instanceof ThresholdError) return null;
    throw error;
  }
}
