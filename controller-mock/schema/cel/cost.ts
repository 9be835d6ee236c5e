/**
 * What an expression may cost at worst: google/cel-go, checker/cost.go; k8s.io/apiserver, pkg/cel/library/cost.go. Costs are numbers of
 * steps; sizes, of characters, items or entries.
 */
import type { Call, Expression, Fold, Selection } from './expression.ts';
import { callCost, type Part } from './function-costs.ts';
import { ONE, plus, type Range, times, union } from './ranges.ts';
import type { DeclaredType } from './schema-types.ts';
import type { CelType } from './types.ts';
import { runeCount, type Value } from './values.ts';

const NOTHING: Range = { min: 0, max: 0 };
const LIST_BASE: Range = { min: 10, max: 10 };
const MAP_BASE: Range = { min: 30, max: 30 };
const ENDLESS: Range = { min: 0, max: Number.POSITIVE_INFINITY };

/** @param root type of `self`. @returns cost at worst */
export function estimateCost(node: Expression, root: DeclaredType): number {
  return new Estimate(root).cost(node).max;
}

class Estimate {
  readonly #root: DeclaredType;
  readonly #paths = new Map<Expression, readonly string[]>();
  readonly #sizes = new Map<Expression, Range>();
  /** Ranges that variables of comprehensions go over. */
  readonly #ranges = new Map<string, Expression[]>();

  constructor(root: DeclaredType) {
    this.#root = root;
  }

  cost(node: Expression): Range {
    switch (node.kind) {
      case 'literal':
        return NOTHING;
      case 'name':
        this.#paths.set(node, this.#pathOf(node.name));
        return ONE;
      case 'select':
        return this.#select(node);
      case 'call':
        return this.#call(node);
      case 'list':
        return this.#sum(node.elements, LIST_BASE);
      case 'map':
        return this.#sum(node.entries.flat(), MAP_BASE);
      case 'fold':
        return this.#fold(node);
    }
  }

  #pathOf(name: string): readonly string[] {
    const range = this.#ranges.get(name)?.at(-1);
    if (!range) return [name];
    const base = this.#paths.get(range) ?? [];
    if (range.type.kind === 'list') return [...base, '@items'];
    return range.type.kind === 'map' ? [...base, '@keys'] : [];
  }

  #sum(nodes: readonly Expression[], base: Range): Range {
    return nodes.reduce((sum, node) => plus(sum, this.cost(node)), base);
  }

  #select(node: Selection): Range {
    if (node.constant !== undefined) {
      this.#paths.set(node, [node.field]);
      return ONE;
    }
    const operand = this.cost(node.operand);
    if (node.test) return operand;
    this.#paths.set(node, [...(this.#paths.get(node.operand) ?? []), node.field]);
    const { kind } = node.operand.type;
    return kind === 'map' || kind === 'struct' || kind === 'param' ? plus(operand, ONE) : operand;
  }

  #call(node: Call): Range {
    const costs = node.args.map((arg) => this.cost(arg));
    const args = node.args.map((arg) => this.#part(arg));
    // Optional selections have no overload, and cost nothing.
    if (node.overloads.length === 0) return NOTHING;
    const targetCost = node.target ? this.cost(node.target) : NOTHING;
    const target = node.target && this.#part(node.target);
    let cost: Range | undefined;
    let size: Range | undefined;
    for (const { id } of node.overloads) {
      const call = callCost({ name: node.name, id, target, args, costs });
      cost = cost ? union(cost, call.cost) : call.cost;
      if (call.size) size = size ? union(size, call.size) : call.size;
      const path = args[0] && (this.#paths.get(args[0].node!) ?? []);
      if (path && id === 'index_list') this.#paths.set(node, [...path, '@items']);
      if (path && id === 'index_map') this.#paths.set(node, [...path, '@values']);
    }
    if (size) this.#sizes.set(node, size);
    return plus(targetCost, cost!);
  }

  #fold(node: Fold): Range {
    let sum = plus(this.cost(node.range), this.cost(node.init));
    const outer = this.#ranges.get(node.variable) ?? [];
    this.#ranges.set(node.variable, [...outer, node.range]);
    const loop = plus(this.cost(node.condition), this.cost(node.step));
    this.#ranges.set(node.variable, outer);
    sum = plus(sum, this.cost(node.result));
    const { size } = this.#part(node.range);
    this.#sizes.set(node, size);
    return plus(sum, times(size, loop));
  }

  #part(node: Expression): Part {
    const known = this.#paths.get(node) ?? [];
    const path = known[0] === '__result__' ? [] : known;
    const computed = this.#sizes.get(node) ?? literalSize(node);
    return {
      type: node.type,
      node,
      path,
      size: computed ?? this.#declaredSize(path) ?? (isScalar(node.type) ? ONE : ENDLESS),
      isComputed: computed !== undefined,
      element: () => this.#element(node.type, path),
    };
  }

  #element({ params: [type] }: CelType, path: readonly string[]): Part | undefined {
    if (!type) return undefined;
    const below = path.length > 0 ? [...path, '@items'] : [];
    const size = this.#declaredSize(below) ?? ENDLESS;
    return { type, node: undefined, path: below, size, isComputed: false, element: () => this.#element(type, below) };
  }

  #declaredSize([variable, ...steps]: readonly string[]): Range | undefined {
    if (variable === undefined) return undefined;
    let declared: DeclaredType | undefined = this.#root;
    for (const step of steps) {
      if (step === '@items' || step === '@values') declared = declared.element;
      else declared = step === '@keys' ? declared.key : declared.fields?.get(step);
      if (!declared) return undefined;
    }
    return { min: 0, max: declared.maxElements };
  }
}

function literalSize(node: Expression): Range | undefined {
  const exactly = (size: number): Range => ({ min: size, max: size });
  if (node.kind === 'list') return exactly(node.elements.length);
  if (node.kind === 'map') return exactly(node.entries.length);
  return node.kind === 'literal' ? exactly(constantSize(node.value)) : undefined;
}

function constantSize(value: Value): number {
  if (typeof value === 'string') return runeCount(value);
  return value instanceof Uint8Array ? value.length : 1;
}

const SCALARS: readonly string[] = ['bool', 'double', 'duration', 'int', 'timestamp', 'uint'];

const isScalar = ({ kind }: CelType) => SCALARS.includes(kind);
