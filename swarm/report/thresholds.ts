/**
 * The one evaluator of thresholds. It knows expressions and kinds of figures, and asks a {@link FigureSource} for the numbers: those of a
 * run are in figures.ts; whatever else is judged brings its own source.
 */
import type { FigureThresholds, Threshold } from '../plan/expanded-plan.ts';
import type { Distribution } from '../telemetry/histogram.ts';

/** What is known of a figure. */
export type Sample =
  /** Values of a trend: milliseconds, as a rule. `ifNone`: what stands for all of them when there are none, where that is known. */
  | {
      kind: 'trend';
      distribution: Pick<Distribution, 'count' | 'mean' | 'min' | 'max' | 'quantile'>;
      ifNone?: number;
    }
  /** `hits` of `of`. */
  | { kind: 'rate'; hits: number; of: number }
  /** So many in so many wall-clock seconds. */
  | { kind: 'counter'; count: number; seconds: number }
  /** At the end of the time; extremes and mean where it was looked at more than once. */
  | { kind: 'gauge'; value: number; min?: number; max?: number; avg?: number };

/** A part of a figure by its labels, and its value in the unit of the limit. */
export interface WorstPart {
  labels: Readonly<Record<string, string>>;
  value: number;
}

export interface FigureSource {
  /** What is known of a figure narrowed down by labels; null when nothing is known yet. @throws for a figure it does not have. */
  read(figure: string, labels: FigureThresholds['labels']): Sample | null;
  /** Its parts by the labels that the threshold leaves open; none where there are no such labels. */
  parts?(figure: string, labels: FigureThresholds['labels']): readonly FigurePart[];
}

export interface FigurePart {
  labels: Readonly<Record<string, string>>;
  sample: Sample;
}

/** A threshold with what came of it. */
export type Evaluated<T extends Threshold = Threshold> = T & {
  /** In the unit of the limit; null when the figure has no sample. */
  value: number | null;
  /** Whether the threshold is kept; null when it could not be evaluated. */
  ok: boolean | null;
  sample: Sample | null;
  /** Of a crossed one: the part of the figure that speaks most against it; null, or absent, where it has no parts. */
  worst?: WorstPart | null;
};

const COMPARE: Record<Threshold['operator'], (value: number, limit: number) => boolean> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
  '==': (value, limit) => value === limit,
  '!=': (value, limit) => value !== limit,
};

/**
 * Evaluates thresholds, in their order. A figure without a sample has a count of 0 and no other value: what nobody measured is neither
 * good nor bad.
 * @throws TypeError when the source gives another kind of figure than the expression is about.
 */
export function evaluate<T extends Threshold>(thresholds: readonly T[], source: FigureSource): Evaluated<T>[] {
  return thresholds.map((threshold) => {
    const sample = source.read(threshold.figure, threshold.labels);
    const value = sample === null ? null : measuredValue(threshold, sample);
    const ok = value === null ? null : COMPARE[threshold.operator](value, threshold.limit);
    return { ...threshold, value, ok, sample, worst: ok === false ? worstPart(threshold, value!, source) : null };
  });
}

/**
 * The part that speaks most against a threshold: that of whose value the whole is (the highest of several gauges), else of those that
 * would cross it by themselves that with most samples, as one slow answer to a rare request says little, else that with the worst value.
 */
function worstPart(threshold: Threshold, whole: number, source: FigureSource): WorstPart | null {
  const parts = (source.parts?.(threshold.figure, threshold.labels) ?? []).flatMap(({ labels, sample }) => {
    const value = measuredValue(threshold, sample);
    if (value === null) return [];
    const crosses = !COMPARE[threshold.operator](value, threshold.limit);
    return { labels, value, isWhole: value === whole, weight: crosses ? weightOf(sample) : 0 };
  });
  const sign = threshold.operator.startsWith('>') ? -1 : 1;
  parts.sort((a, b) => Number(b.isWhole) - Number(a.isWhole) || b.weight - a.weight || sign * (b.value - a.value));
  const [worst] = parts;
  return worst ? { labels: worst.labels, value: worst.value } : null;
}

/** Of a share what was hit: one failure of one request is a higher share and says less. */
function weightOf(sample: Sample): number {
  if (sample.kind === 'rate') return sample.hits;
  return sample.kind === 'trend' ? sample.distribution.count : 1;
}

function measuredValue({ figure, aggregation, percentile }: Threshold, sample: Sample): number | null {
  if (sample.kind === 'trend') {
    const { distribution } = sample;
    if (aggregation === 'count') return distribution.count;
    const known = (value: number) => (distribution.count === 0 ? (sample.ifNone ?? null) : value);
    switch (aggregation) {
      case 'avg':
        return known(distribution.mean);
      case 'min':
        return known(distribution.min);
      case 'med':
        return known(distribution.quantile(0.5));
      case 'max':
        return known(distribution.max);
      case 'p':
        return known(distribution.quantile(percentile! / 100));
    }
  } else if (sample.kind === 'rate') {
    if (aggregation === 'count') return sample.hits;
    if (aggregation === 'rate') return sample.of === 0 ? null : sample.hits / sample.of;
  } else if (sample.kind === 'counter') {
    if (aggregation === 'count') return sample.count;
    if (aggregation === 'rate') return sample.seconds === 0 ? null : sample.count / sample.seconds;
  } else if (aggregation === 'value') return sample.value;
  else if (aggregation === 'min' || aggregation === 'max' || aggregation === 'avg')
    return sample[aggregation] ?? sample.value;
  throw new TypeError(`figure ${figure} is a ${sample.kind} and has no ${aggregation}`);
}
