/** Expressions as the checker, the cost estimate and the evaluator see them: macros are spelt out. */
import type { Overload } from './functions/overload.ts';
import type { CelType } from './types.ts';
import type { Value } from './values.ts';

interface Node {
  /** Where the API server says a fault of it is: offset in UTF-16 units. */
  readonly at: number;
  /** Set by the checker. */
  type: CelType;
}

export interface Literal extends Node {
  readonly kind: 'literal';
  readonly value: Value;
}

export interface Identifier extends Node {
  readonly kind: 'name';
  readonly name: string;
  /** Set by the checker: its value, where it names a type. */
  constant?: Value;
}

export interface Selection extends Node {
  readonly kind: 'select';
  readonly operand: Expression;
  readonly field: string;
  /** `has(operand.field)` */
  readonly test: boolean;
  /** Set by the checker where it is a qualified name and no field. */
  constant?: Value;
}

export interface Call extends Node {
  readonly kind: 'call';
  /** Set by the checker to `a.b.f` where it is no method of `a.b`. */
  name: string;
  target: Expression | undefined;
  readonly args: readonly Expression[];
  /** Set by the checker: which of the function could be meant. */
  overloads: readonly Overload[];
}

export interface ListLiteral extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expression[];
}

export interface MapLiteral extends Node {
  readonly kind: 'map';
  readonly entries: readonly (readonly [key: Expression, value: Expression])[];
}

/** What a macro over a list or map is made of. */
export type Macro = 'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'bind';

/** google/cel-go, common/ast Comprehension. */
export interface Fold extends Node {
  readonly kind: 'fold';
  readonly macro: Macro;
  readonly range: Expression;
  readonly variable: string;
  readonly accumulator: string;
  readonly init: Expression;
  readonly condition: Expression;
  readonly step: Expression;
  readonly result: Expression;
  /** Of all macros but `map` and `bind`, and of `map` with three arguments. */
  readonly predicate: Expression | undefined;
  /** Of `map` and `bind`. */
  readonly transform: Expression | undefined;
}

export type Expression = Literal | Identifier | Selection | Call | ListLiteral | MapLiteral | Fold;

/** All direct parts, in the order of evaluation. */
export function partsOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'select':
      return [node.operand];
    case 'call':
      return node.target ? [node.target, ...node.args] : node.args;
    case 'list':
      return node.elements;
    case 'map':
      return node.entries.flat();
    case 'fold':
      return [node.range, node.init, node.condition, node.step, node.result];
    default:
      return [];
  }
}

/** The name that a chain of selections spells, such as `a.b.c`; undefined for anything else. */
export function qualifiedName(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name;
  if (node.kind !== 'select' || node.test) return undefined;
  const prefix = qualifiedName(node.operand);
  return prefix === undefined ? undefined : `${prefix}.${node.field}`;
}
