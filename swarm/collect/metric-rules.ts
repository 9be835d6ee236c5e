/** How figures are made from the metrics of a program: rules as data, and what they find in the text of one look. */
import type { CumulativeBucket } from '../telemetry/server-reading.ts';
import type { Reading } from './collector.ts';
import type { PrometheusSample } from './prometheus-text.ts';

type Labels = Readonly<Record<string, string>>;

export interface MetricRule {
  /** Name without `_bucket` and `_sum`. */
  metric: string;
  figure: string;
  kind: Reading['kind'];
  /** The program's values times this are the figure's: 1000 for seconds. Default 1. */
  scale?: number;
  /** The figure's labels; null where the sample does not count. None when absent. */
  labels?: (labels: Labels) => Record<string, string> | null;
}

/** Names of samples that rules want. */
export function wantedBy(rules: readonly MetricRule[]): (name: string) => boolean {
  const names = new Set(
    rules.flatMap(({ metric, kind }) => (kind === 'histogram' ? [`${metric}_bucket`, `${metric}_sum`] : [metric])),
  );
  return (name) => names.has(name);
}

/** What rules make of samples. Of several that give one figure with the same labels, values are summed. */
export function readingsOf(samples: readonly PrometheusSample[], rules: readonly MetricRule[]): Reading[] {
  const byName = new Map<string, PrometheusSample[]>();
  for (const sample of samples) {
    const known = byName.get(sample.name);
    if (known) known.push(sample);
    else byName.set(sample.name, [sample]);
  }
  const of = (name: string) => byName.get(name) ?? [];
  return rules.flatMap((rule) =>
    rule.kind === 'histogram'
      ? histograms(rule, of(`${rule.metric}_bucket`), of(`${rule.metric}_sum`))
      : numbers(rule, rule.kind, of(rule.metric)),
  );
}

function numbers(rule: MetricRule, kind: 'gauge' | 'counter', samples: readonly PrometheusSample[]): Reading[] {
  const { figure, scale = 1, labels: labelsOf } = rule;
  const found = new Map<string, Extract<Reading, { kind: 'gauge' | 'counter' }>>();
  for (const { labels: given, value } of samples) {
    const labels = labelsOf ? labelsOf(given) : {};
    // A gauge without a value is none: Go programs write NaN, and so do quantiles of nothing.
    if (labels === null || !Number.isFinite(value)) continue;
    const key = JSON.stringify(labels);
    const known = found.get(key);
    if (known) known.value += value * scale;
    else found.set(key, { figure, labels, kind, value: value * scale });
  }
  return [...found.values()];
}

function histograms(
  { figure, scale = 1, labels: labelsOf }: MetricRule,
  buckets: readonly PrometheusSample[],
  sums: readonly PrometheusSample[],
): Reading[] {
  const found = new Map<string, { labels: Record<string, string>; counts: Map<number, number>; sumMs: number }>();
  const at = (given: Labels) => {
    const { le, ...rest } = given;
    const labels = labelsOf ? labelsOf(rest) : {};
    if (labels === null) return null;
    const key = JSON.stringify(labels);
    let one = found.get(key);
    if (!one) {
      one = { labels, counts: new Map(), sumMs: 0 };
      found.set(key, one);
    }
    return one;
  };
  for (const { labels, value } of buckets) {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le) * scale;
    const one = Number.isNaN(bound) || !Number.isFinite(value) ? null : at(labels);
    one?.counts.set(bound, (one.counts.get(bound) ?? 0) + value);
  }
  for (const { labels, value } of sums) {
    const one = Number.isFinite(value) ? at(labels) : null;
    if (one) one.sumMs += value * scale;
  }
  return [...found.values()]
    .filter(({ counts }) => counts.size > 0)
    .map(({ labels, counts, sumMs }) => ({ figure, labels, kind: 'histogram', buckets: ascending(counts), sumMs }));
}

function ascending(counts: ReadonlyMap<number, number>): CumulativeBucket[] {
  return [...counts].map(([upToMs, count]) => ({ upToMs, count })).sort((a, b) => a.upToMs - b.upToMs);
}

/** The named labels, as they are. */
export function keep(...names: string[]): (labels: Labels) => Record<string, string> {
  return (labels) => Object.fromEntries(names.map((name) => [name, labels[name] ?? '']));
}

/** `503` → `5xx`; what is no status stays. */
export function codeClass(code: string | undefined): string {
  return /^\d{3}$/.test(code ?? '') ? `${code![0]}xx` : (code ?? '');
}
