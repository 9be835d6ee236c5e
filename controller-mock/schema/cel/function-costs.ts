/** Costs of calls, estimated: google/cel-go, checker/cost.go functionCost; k8s.io/apiserver, pkg/cel/library/cost.go EstimateCallCost. */
import type { Expression } from './expression.ts';
import { ONE, plus, type Range, scaled, times, union } from './ranges.ts';
import { type CelType, isExactType } from './types.ts';

/** A part of an expression, as costs of calls need to know it. */
export interface Part {
  readonly type: CelType;
  readonly size: Range;
  readonly node: Expression | undefined;
  /** Where its value is below a variable; empty for values that are made. */
  readonly path: readonly string[];
  /** Of lists. */
  readonly element: () => Part | undefined;
  /** Whether {@link size} is known from the expression itself. */
  readonly isComputed: boolean;
}

/** A call of one overload. */
export interface PricedCall {
  readonly name: string;
  readonly id: string;
  readonly target: Part | undefined;
  readonly args: readonly Part[];
  /** Of the arguments. */
  readonly costs: readonly Range[];
}

interface Price {
  readonly cost: Range;
  /** Of the result; undefined for results of a fixed size and those that nothing is known of. */
  readonly size?: Range;
}

/** Steps a character that is looked at once. */
const TEXT = 0.1;
/** Steps a character of a regular expression, for each of the text. */
const REGEXP = 0.25;
/** Characters of the pattern that a named format is. */
const FORMAT_PATTERN = 128;

const NOTHING: Range = { min: 0, max: 0 };
const flat: Price = { cost: ONE };

const sum = (costs: readonly Range[]) => costs.reduce(plus, NOTHING);

/** Without the target's own cost. */
export function callCost(call: PricedCall): Price {
  const sets = SETS[call.id];
  const own = sets === undefined ? libraryCost(call) : setCost(call, sets);
  if (own) return { ...own, cost: plus(own.cost, sum(call.costs)) };
  return standardCost(call);
}

const SETS: Readonly<Record<string, number>> = {
  list_sets_contains_list: 1,
  list_sets_intersects_list: 1,
  list_sets_equivalent_list: 2,
};

const setCost = ({ args: [a, b] }: PricedCall, factor: number): Price => ({
  cost: plus(scaled(times(a!.size, b!.size), factor), ONE),
});

/** Functions whose cost is one step. */
const FLAT: ReadonlySet<string> = new Set(
  (
    'masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast ' +
    'format.named sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub ' +
    'getScheme getHostname getHost getPort getEscapedPath getQuery'
  ).split(' '),
);

/** Functions of lists that look at each item once. */
const TRAVERSALS: ReadonlySet<string> = new Set(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf']);

/** What Kubernetes adds to CEL; undefined for everything else. */
function libraryCost(call: PricedCall): Price | undefined {
  const { name, target, args } = call;
  const [first] = args;
  if (FLAT.has(name)) return flat;
  if (TRAVERSALS.has(name)) return target && { cost: traversal(target) };
  switch (name) {
    case 'url':
      return { cost: scaled(first!.size, TEXT), size: first!.size };
    case 'lowerAscii':
    case 'upperAscii':
    case 'substring':
    case 'trim':
      return { cost: scaled(target!.size, TEXT), size: target!.size };
    case 'replace':
      return { cost: scaled(target!.size, 2 * TEXT), size: replacedSize(target!.size, args[0]!.size, args[1]!.size) };
    case 'split':
      return { cost: scaled(target!.size, 2 * TEXT), size: { min: 0, max: splitLimit(args[1]) ?? target!.size.max } };
    case 'join':
      return joinCost(target!, first);
    case 'find':
    case 'findAll':
      return { cost: regexpCost(target!.size, first!.size), size: { min: 0, max: target!.size.max } };
    case 'validate':
      return { cost: scaled(scaled(first!.size, TEXT), FORMAT_PATTERN * REGEXP) };
    case '_==_':
      return isCheapEquality(call) ? flat : undefined;
    default:
      return addressCost(call);
  }
}

function addressCost({ name, id, args: [first] }: PricedCall): Price | undefined {
  const address: Range = { min: 4, max: 16 };
  switch (name) {
    case 'ip':
    case 'cidr':
    case 'isIP':
    case 'isCIDR':
    case 'quantity':
    case 'isQuantity':
      return { cost: first ? scaled(first.size, TEXT) : ONE };
    case 'ip.isCanonical':
      return { cost: scaled(first!.size, 2 * TEXT) };
    case 'containsIP':
    case 'containsCIDR': {
      let cost = scaled(plus(address, address), TEXT);
      if (name === 'containsCIDR') cost = plus(cost, plus(scaled(address, TEXT), ONE));
      return { cost: id.endsWith('_string') ? plus(cost, scaled(first!.size, TEXT)) : cost };
    }
    default:
      return undefined;
  }
}

const CHEAP: readonly string[] = [
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.URL',
  'kubernetes.NamedFormat',
];

const isCheapEquality = ({ args: [a, b] }: PricedCall) => isExactType(a!.type, b!.type) && CHEAP.includes(a!.type.name);

function traversal(target: Part): Range {
  const element = target.element();
  if (!element) return scaled(target.size, TEXT);
  const { kind } = element.type;
  const each = kind === 'string' || kind === 'bytes' ? plus(ONE, scaled(element.size, TEXT)) : ONE;
  return times(target.size, each);
}

const regexpCost = (text: Range, pattern: Range) => times(scaled(plus(text, ONE), TEXT), scaled(pattern, REGEXP));

function splitLimit(limit: Part | undefined): number | undefined {
  const value = limit?.node?.kind === 'literal' ? limit.node.value : undefined;
  // A negative limit is a very large one as an unsigned integer.
  return typeof value === 'bigint' ? Number(BigInt.asUintN(64, value)) : undefined;
}

function joinCost(target: Part, separator: Part | undefined): Price {
  const element = target.element();
  let size = element ? times(target.size, element.size) : NOTHING;
  if (separator) {
    const gaps: Range = { min: Math.max(0, target.size.min - 1), max: Math.max(0, target.size.max - 1) };
    size = plus(size, times(separator.size, gaps));
  }
  return { cost: scaled(size, TEXT), size };
}

/** The longest and the shortest text that replacing can make. */
function replacedSize(text: Range, old: Range, by: Range): Range {
  const most = old.min === 0 ? text.max + 1 : by.max <= old.min ? 0 : Math.ceil(text.max / old.min);
  const keptMost = old.min === 0 || by.max <= old.min ? text.max : 0;
  const least = old.max === 0 ? text.min + 1 : old.max <= by.min ? 0 : Math.ceil(text.min / old.max);
  const keptLeast = old.max === 0 || old.max <= by.min ? text.min : 0;
  return plus(times({ min: least, max: most }, by), { min: keptLeast, max: keptMost });
}

/** What CEL itself has. */
function standardCost({ id, target, args, costs }: PricedCall): Price {
  const [first, second, third] = args;
  const priced = (cost: Range, size?: Range): Price => ({ cost: plus(cost, sum(costs)), ...(size && { size }) });
  switch (id) {
    case 'string_format':
      return priced(scaled(target!.size, TEXT));
    case 'string_to_bytes':
      return priced(scaled(first!.size, TEXT), { min: first!.size.min, max: first!.size.max * 4 });
    case 'bytes_to_string':
      return priced(scaled(first!.size, TEXT), { min: Math.floor(first!.size.min / 4), max: first!.size.max });
    case 'strings_quote':
      return priced(scaled(first!.size, TEXT), { min: first!.size.min + 2, max: first!.size.max * 2 + 2 });
    case 'starts_with_string':
    case 'ends_with_string':
      return priced(scaled(first!.size, TEXT));
    case 'in_list':
      return priced(second!.size);
    case 'matches_string':
      return priced(regexpCost(target!.size, first!.size));
    case 'contains_string':
      return priced(times(scaled(target!.size, TEXT), scaled(first!.size, TEXT)));
    case 'logical_or':
    case 'logical_and':
      return { cost: { min: costs[0]!.min, max: plus(costs[0]!, costs[1]!).max } };
    case 'conditional':
      return { cost: plus(costs[0]!, union(costs[1]!, costs[2]!)), size: union(second!.size, third!.size) };
    case 'add_list':
      return priced(ONE, plus(first!.size, second!.size));
    case 'add_string':
    case 'add_bytes': {
      const size = plus(first!.size, second!.size);
      return priced(scaled(size, TEXT), size);
    }
    default:
      return priced(COMPARISON.test(id) ? comparisonCost(first!.size, second!.size) : ONE);
  }
}

const COMPARISON = /^(?:equals|not_equals|(?:less|greater)(?:_equals)?_(?:string|bytes))$/;

function comparisonCost(a: Range, b: Range): Range {
  const max = Math.min(a.max, b.max);
  return scaled({ min: max > 0 ? 1 : 0, max }, TEXT);
}
