/**
 * PromQL of the usual questions about one metric. Each of them names only what the table of metrics has, and asks a counter for its
 * rate, a histogram for its quantiles, a gauge for its value.
 *
 * Counters belong to a run and begin anew with the next one of the same daemon, which `rate` takes for a reset: for one window after the
 * start of a run, rates are those of both. Series of the daemon do not carry their run's name: `swarm_run_info` of the same scrape does,
 * hence the join.
 */
import type { Metric } from './metric.ts';
import { metricNamed } from './metric-table.ts';
import { rateUnitOf, type Unit, unitOf } from './units.ts';

export interface Query {
  /** PromQL. */
  readonly expr: string;
  readonly unit: Unit;
  /** What it asks for. */
  readonly metrics: readonly Metric[];
}

export interface Question {
  /** Labels that are kept. */
  readonly by?: readonly string[];
  /** Such as `result="answered"`. */
  readonly where?: string;
}

export interface QueryScope {
  /** Range of rates. */
  readonly window: string;
  /** Put behind each instant vector, such as `and on (instance) …`. */
  readonly join?: string;
  /** Matchers of every selector. */
  readonly where?: string;
  /** Labels that are always kept. */
  readonly by?: readonly string[];
  /** So long the last value of a gauge counts while scrapes fail; absent: not at all. */
  readonly bridge?: string;
}

export interface Queries {
  /** Of a counter, or of the count of a histogram, per second of the wall clock. */
  rate(name: string, question?: Question): Query;
  /** Value of a gauge, of a counter or of the count of a histogram so far, summed up. */
  total(name: string, question?: Question): Query;
  /** Greatest value of a gauge, or of the count of a histogram so far: what several shards see of one thing does not add up. */
  most(name: string, question?: Question): Query;
  /** Greatest mean that a gauge has had over the window. */
  lasting(name: string, question?: Question): Query;
  /** Of what has come within the window. @param q 0 … 1 */
  quantile(q: number, name: string, question?: Question): Query;
  /** Of all that has come since the load began, for what is too rare for windows. @param q 0 … 1 */
  quantileSoFar(q: number, name: string, question?: Question): Query;
  /** Mean of a histogram. */
  mean(name: string, question?: Question): Query;
}

export function queries(scope: QueryScope): Queries {
  const select = (series: string, { where }: Question) => {
    const matchers = [scope.where, where].filter((one) => one !== undefined).join(', ');
    return matchers === '' ? series : `${series}{${matchers}}`;
  };
  const latest = (series: string, question: Question) =>
    scope.bridge ? `last_over_time(${select(series, question)}[${scope.bridge}])` : select(series, question);
  const aggregate = (how: 'sum' | 'max', vector: string, { by = [] }: Question, more: readonly string[] = []) => {
    const kept = [...(scope.by ?? []), ...by, ...more];
    const joined = scope.join ? `${vector} ${scope.join}` : vector;
    return kept.length === 0 ? `${how} (${joined})` : `${how} by (${kept.join(', ')}) (${joined})`;
  };
  const rateOf = (series: string, question: Question, more: readonly string[] = []) =>
    aggregate('sum', `rate(${select(series, question)}[${scope.window}])`, question, more);
  return {
    rate(name, question = {}) {
      const metric = asked(name, 'counter', 'histogram');
      const series = metric.type === 'histogram' ? `${name}_count` : name;
      return { expr: rateOf(series, question), unit: rateUnitOf(metric), metrics: [metric] };
    },
    total(name, question = {}) {
      const metric = asked(name, 'gauge', 'counter', 'histogram');
      const histogram = metric.type === 'histogram';
      const expr = aggregate('sum', latest(histogram ? `${name}_count` : name, question), question);
      return { expr, unit: histogram ? 'short' : unitOf(metric), metrics: [metric] };
    },
    most(name, question = {}) {
      const metric = asked(name, 'gauge', 'histogram');
      const histogram = metric.type === 'histogram';
      const unit = histogram ? 'short' : unitOf(metric);
      const expr = aggregate('max', latest(histogram ? `${name}_count` : name, question), question);
      // Grafana's moments are milliseconds.
      return { expr: unit === 'dateTimeAsIso' ? `1000 * ${expr}` : expr, unit, metrics: [metric] };
    },
    lasting(name, question = {}) {
      const metric = asked(name, 'gauge');
      const mean = `avg_over_time(${select(name, question)}[${scope.window}])`;
      return { expr: aggregate('max', mean, question), unit: unitOf(metric), metrics: [metric] };
    },
    quantile(q, name, question = {}) {
      const metric = asked(name, 'histogram');
      const expr = `histogram_quantile(${q}, ${rateOf(`${name}_bucket`, question, ['le'])})`;
      return { expr, unit: unitOf(metric), metrics: [metric] };
    },
    quantileSoFar(q, name, question = {}) {
      const metric = asked(name, 'histogram');
      const buckets = aggregate('sum', select(`${name}_bucket`, question), question, ['le']);
      return { expr: `histogram_quantile(${q}, ${buckets})`, unit: unitOf(metric), metrics: [metric] };
    },
    mean(name, question = {}) {
      const metric = asked(name, 'histogram');
      const expr = `${rateOf(`${name}_sum`, question)} / ${rateOf(`${name}_count`, question)}`;
      return { expr, unit: unitOf(metric), metrics: [metric] };
    },
  };
}

/** @throws Error where the type of the metric does not fit what is asked of it */
function asked(name: string, ...types: Metric['type'][]): Metric {
  const metric = metricNamed(name);
  if (!types.includes(metric.type)) throw new Error(`${name} is a ${metric.type}, and no ${types.join(' or ')}`);
  return metric;
}

/** How much of the whole the part is: 0 where there is no series of it yet, and no value where there is nothing of the whole. */
export function shareOf(part: Query, whole: Query): Query {
  return {
    expr: `(${part.expr} or 0 * ${whole.expr}) / (${whole.expr} > 0)`,
    unit: 'percentunit',
    metrics: [...new Set([...part.metrics, ...whole.metrics])],
  };
}
