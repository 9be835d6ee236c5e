/** Values of an expression of PromQL over samples, as Prometheus reckons them: what dashboards ask, and nothing else of the language. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export interface Series {
  name: string;
  labels: Readonly<Record<string, string>>;
  /** Of a counter: by so much it has risen within a window of one minute. */
  value: number;
}

type Vector = Omit<Series, 'name'>[];
type Value = Vector | number;

const keyOf = (labels: Readonly<Record<string, string>>, names: readonly string[] = Object.keys(labels)) =>
  JSON.stringify([...names].sort().map((name) => [name, labels[name] ?? '']));
const only = (labels: Readonly<Record<string, string>>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => labels[name] !== undefined).map((name) => [name, labels[name]!]));

/** @throws Error for what this evaluator does not know */
export function evaluate(text: string, samples: readonly Series[]): Vector {
  const textOf = (node: SyntaxNode) => text.slice(node.from, node.to);
  const childrenOf = (node: SyntaxNode): SyntaxNode[] => {
    const found: SyntaxNode[] = [];
    for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
    return found;
  };
  const names = (group: SyntaxNode | null | undefined) => group?.getChildren('LabelName').map(textOf) ?? [];
  const givenTo = (node: SyntaxNode) =>
    childrenOf(node.getChild('FunctionCallBody')!).filter(({ name }) => !/^[(),]$/.test(name));

  const selected = (node: SyntaxNode): Vector => {
    const matchers = (node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []).map((matcher) => {
      const [label, operator, value] = childrenOf(matcher).map(textOf) as [string, string, string];
      const wanted = JSON.parse(value) as string;
      const regex = new RegExp(`^(?:${wanted})$`);
      const fits = (given: string) => (operator.endsWith('~') ? regex.test(given) : given === wanted);
      return ({ labels }: Series) => fits(labels[label] ?? '') === !operator.startsWith('!');
    });
    const name = textOf(node.getChild('Identifier')!);
    return samples.filter((one) => one.name === name && matchers.every((matches) => matches(one)));
  };

  const aggregated = (node: SyntaxNode): Vector => {
    const how = /^\w+/.exec(textOf(node))![0];
    const by = names(node.getChild('AggregateModifier')?.getChild('GroupingLabels'));
    const groups = new Map<string, Vector>();
    for (const one of vectorOf(givenTo(node).at(-1)!)) {
      const key = keyOf(one.labels, by);
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    const joined: Record<string, (values: number[]) => number> = {
      sum: (values) => values.reduce((sum, value) => sum + value, 0),
      max: (values) => Math.max(...values),
    };
    if (!joined[how]) throw new Error(`this evaluator does not know ${how}: ${text}`);
    return [...groups.values()].map((group) => ({
      labels: only(group[0]!.labels, by),
      value: joined[how]!(group.map(({ value }) => value)),
    }));
  };

  /** promql/quantile.go BucketQuantile, of buckets that begin at zero. */
  const quantile = (q: number, buckets: Vector): Vector => {
    const groups = new Map<string, Vector>();
    for (const one of buckets) {
      const { le: _, ...labels } = one.labels;
      groups.set(keyOf(labels), [...(groups.get(keyOf(labels)) ?? []), one]);
    }
    return [...groups.values()].map((group) => {
      const bounds = group
        .map(({ labels, value }) => ({
          le: labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le),
          value,
        }))
        .sort((a, b) => a.le - b.le);
      const rank = q * bounds.at(-1)!.value;
      const at = bounds.findIndex(({ value }) => value >= rank);
      const { le: _, ...labels } = group[0]!.labels;
      const below = bounds[at - 1] ?? { le: 0, value: 0 };
      const { le, value } = bounds[at]!;
      if (le === Number.POSITIVE_INFINITY) return { labels, value: below.le };
      return { labels, value: below.le + (le - below.le) * ((rank - below.value) / (value - below.value)) };
    });
  };

  const called = (node: SyntaxNode): Vector => {
    const name = textOf(node.getChild('FunctionIdentifier')!);
    const given = givenTo(node);
    if (name === 'histogram_quantile') return quantile(valueAt(given[0]!) as number, vectorOf(given[1]!));
    if (name === 'rate') return vectorOf(given[0]!).map((one) => ({ ...one, value: one.value / 60 }));
    if (/^(avg|last)_over_time$/.test(name)) return vectorOf(given[0]!);
    throw new Error(`this evaluator does not know ${name}: ${text}`);
  };

  const binary = (node: SyntaxNode): Value => {
    const [left, right] = [valueAt(node.firstChild!), valueAt(node.lastChild!)];
    const operator = childrenOf(node).find(({ name }) => /^(And|Or|Mul|Div|Gtr)$/.test(name))?.name;
    const compute = (a: number, b: number) => (operator === 'Mul' ? a * b : operator === 'Div' ? a / b : a);
    if (typeof left === 'number' || typeof right === 'number') {
      if (typeof left === 'number' && typeof right === 'number') return compute(left, right);
      if (operator === 'Gtr') return (left as Vector).filter(({ value }) => value > (right as number));
      if (typeof left === 'number')
        return (right as Vector).map((one) => ({ ...one, value: compute(left, one.value) }));
      return left.map((one) => ({ ...one, value: compute(one.value, right as number) }));
    }
    // on (…), and what group_left (…) takes over.
    const [on, taken] = node.getChild('MatchingModifierClause')?.getChildren('GroupingLabels') ?? [];
    const key = (one: Vector[number]) => (on ? keyOf(one.labels, names(on)) : keyOf(one.labels));
    const known = new Map(right.map((one) => [key(one), one]));
    if (operator === 'And') return left.filter((one) => known.has(key(one)));
    if (operator === 'Or') {
      const there = new Set(left.map(key));
      return [...left, ...right.filter((one) => !there.has(key(one)))];
    }
    if (operator !== 'Mul' && operator !== 'Div')
      throw new Error(`this evaluator does not know this operator: ${text}`);
    return left.flatMap((one) => {
      const other = known.get(key(one));
      if (!other) return [];
      return [
        { labels: { ...one.labels, ...only(other.labels, names(taken)) }, value: compute(one.value, other.value) },
      ];
    });
  };

  const vectorOf = (node: SyntaxNode): Vector => {
    const value = valueAt(node);
    if (typeof value === 'number') throw new Error(`a number stands where series are meant: ${text}`);
    return value;
  };
  const valueAt = (node: SyntaxNode): Value => {
    switch (node.name) {
      case 'NumberDurationLiteral':
        return Number(textOf(node));
      case 'VectorSelector':
        return selected(node);
      case 'MatrixSelector':
        return valueAt(node.firstChild!);
      case 'ParenExpr':
        return valueAt(childrenOf(node).find(({ name }) => !/^[()]$/.test(name))!);
      case 'FunctionCall':
        return called(node);
      case 'AggregateExpr':
        return aggregated(node);
      case 'BinaryExpr':
        return binary(node);
      default:
        throw new Error(`this evaluator does not know ${node.name}: ${text}`);
    }
  };
  return vectorOf(parser.parse(text).topNode.firstChild!);
}
