/** What an expression of PromQL asks for, by the grammar of Prometheus: which series, and which labels of them. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

/** Labels of the series of a name. @returns undefined for a name that nobody exports or records */
export type LabelsOf = (series: string) => ReadonlySet<string> | undefined;

export interface Matcher {
  series: string;
  label: string;
  operator: string;
  value: string;
}

export interface Understood {
  /** Of what the expression yields. */
  labels: ReadonlySet<string>;
  series: string[];
  matchers: Matcher[];
}

/** Functions that keep the labels of their vector. */
const KEEPING = new Set(['rate', 'avg_over_time', 'last_over_time']);

/**
 * Reads an expression as Prometheus would, and follows labels from its selectors to its result.
 * @throws Error for what is no PromQL, for names and labels that do not exist, and for what this reader does not know
 */
export function understand(text: string, labelsOf: LabelsOf): Understood {
  const series: string[] = [];
  const matchers: Matcher[] = [];
  const tree = parser.parse(text);
  tree.iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text.slice(from, to + 20)} in ${text}`);
    },
  });
  const textOf = (node: SyntaxNode) => text.slice(node.from, node.to);
  const childrenOf = (node: SyntaxNode): SyntaxNode[] => {
    const found: SyntaxNode[] = [];
    for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
    return found;
  };
  const namesIn = (node: SyntaxNode | null) =>
    node ? node.getChild('GroupingLabels')!.getChildren('LabelName').map(textOf) : [];
  const demand = (labels: ReadonlySet<string>, wanted: readonly string[]) => {
    for (const label of wanted) if (!labels.has(label)) throw new Error(`no label ${label} here: ${text}`);
  };
  const selector = (node: SyntaxNode): ReadonlySet<string> => {
    const name = textOf(node.getChild('Identifier')!);
    const labels = labelsOf(name);
    if (!labels) throw new Error(`nobody exports ${name}: ${text}`);
    series.push(name);
    for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
      const [label, operator, value] = childrenOf(matcher).map(textOf) as [string, string, string];
      demand(labels, [label]);
      matchers.push({ series: name, label, operator, value: JSON.parse(value) });
    }
    return labels;
  };
  const without = (labels: ReadonlySet<string>, ...gone: string[]) =>
    new Set([...labels].filter((label) => !gone.includes(label)));
  const call = (node: SyntaxNode): ReadonlySet<string> => {
    const name = textOf(node.getChild('FunctionIdentifier')!);
    const given = childrenOf(node.getChild('FunctionCallBody')!).filter(({ name: kind }) => !/^[(),]$/.test(kind));
    if (KEEPING.has(name)) return labels(given[0]!);
    if (name !== 'histogram_quantile') throw new Error(`this reader does not know ${name}: ${text}`);
    const buckets = labels(given[1]!);
    demand(buckets, ['le']);
    return without(buckets, 'le');
  };
  const binary = (node: SyntaxNode): ReadonlySet<string> => {
    const [left, right] = [labels(node.firstChild!), labels(node.lastChild!)];
    const modifier = node.getChild('MatchingModifierClause');
    if (modifier) {
      if (!modifier.getChild('On')) throw new Error(`this reader knows on () alone: ${text}`);
      const [on, included] = modifier.getChildren('GroupingLabels');
      const names = (group: SyntaxNode | undefined) => group?.getChildren('LabelName').map(textOf) ?? [];
      demand(left, names(on));
      demand(right, [...names(on), ...names(included)]);
      return new Set([...left, ...names(included)]);
    }
    if (isNumber(node.firstChild!)) return right;
    if (isNumber(node.lastChild!)) return left;
    // `or` of series with and without a label keeps both kinds.
    if (node.getChild('Or')) return new Set([...left, ...right]);
    if ([...left].sort().join() !== [...right].sort().join()) throw new Error(`sides never match: ${text}`);
    return left;
  };
  const isNumber = ({ name }: SyntaxNode) => name === 'NumberDurationLiteral';
  const labels = (node: SyntaxNode): ReadonlySet<string> => {
    switch (node.name) {
      case 'VectorSelector':
        return selector(node);
      case 'MatrixSelector':
        return labels(node.firstChild!);
      case 'ParenExpr':
        return labels(childrenOf(node).find(({ name }) => !/^[()]$/.test(name))!);
      case 'FunctionCall':
        return call(node);
      case 'BinaryExpr':
        return binary(node);
      case 'AggregateExpr': {
        const modifier = node.getChild('AggregateModifier');
        if (modifier && !modifier.getChild('By')) throw new Error(`this reader knows by () alone: ${text}`);
        const inner = labels(node.getChild('FunctionCallBody')!.getChildren('Expr').at(-1) ?? lastOf(node));
        const kept = namesIn(modifier);
        demand(inner, kept);
        // What is chosen stays as it is.
        if (/^topk\b/.test(textOf(node))) return inner;
        return new Set(kept);
      }
      case 'NumberDurationLiteral':
        return new Set();
      default:
        throw new Error(`this reader does not know ${node.name}: ${text}`);
    }
  };
  const lastOf = (node: SyntaxNode) =>
    childrenOf(node.getChild('FunctionCallBody')!)
      .filter(({ name }) => !/^[(),]$/.test(name))
      .at(-1)!;
  return { labels: labels(tree.topNode.firstChild!), series, matchers };
}
