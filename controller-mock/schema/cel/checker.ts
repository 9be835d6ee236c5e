/** Types of expressions: google/cel-go, checker/checker.go. */
import {
  type Call,
  type Expression,
  type Fold,
  type ListLiteral,
  type MapLiteral,
  partsOf,
  qualifiedName,
  type Selection,
} from './expression.ts';
import type { SourceFault } from './fault.ts';
import { FUNCTIONS, TYPE_NAMES } from './functions/index.ts';
import type { Overload } from './functions/overload.ts';
import {
  assignable,
  assignableAll,
  BOOL,
  type CelType,
  DYN,
  ERROR,
  formatType,
  isDynOrError,
  isExactType,
  listOf,
  mapOf,
  mostGeneral,
  optionalOf,
  paramType,
  type Substitutions,
  substitute,
  unwrapOptional,
} from './types.ts';
import { literalType, validateExpression } from './validators.ts';
import type { Value } from './values.ts';

/** Names of variables and their types. */
export type Scope = ReadonlyMap<string, CelType>;

/**
 * Types are set on the nodes.
 * @returns what is wrong; names that the expression uses
 */
export function checkExpression(root: Expression, variables: Scope): { faults: SourceFault[]; names: Set<string> } {
  const checker = new Checker(variables);
  checker.check(root);
  checker.settle(root);
  const { faults, names } = checker;
  if (faults.length === 0) validateExpression(root, faults);
  return { faults, names };
}

class Checker {
  readonly faults: SourceFault[] = [];
  readonly names = new Set<string>();
  #known: Substitutions = new Map();
  #scopes: Scope[];
  #freeTypes = 0;

  constructor(variables: Scope) {
    this.#scopes = [variables];
  }

  check(node: Expression): CelType {
    node.type = this.#typeOf(node);
    return node.type;
  }

  /** Puts what became of type variables in their places. */
  settle(node: Expression): void {
    node.type = substitute(this.#known, node.type, true);
    for (const part of partsOf(node)) this.settle(part);
  }

  #fault(at: number, message: string): CelType {
    this.faults.push({ at, message });
    return ERROR;
  }

  #typeOf(node: Expression): CelType {
    switch (node.kind) {
      case 'literal':
        return literalType(node.value);
      case 'name': {
        const found = this.#lookUp(node.name, node);
        return found ?? this.#fault(node.at, `undeclared reference to '${node.name}' (in container '')`);
      }
      case 'select':
        return this.#selection(node);
      case 'call':
        return this.#call(node);
      case 'list':
        return this.#list(node);
      case 'map':
        return this.#map(node);
      case 'fold':
        return this.#fold(node);
    }
  }

  #lookUp(name: string, node: { constant?: Value }): CelType | undefined {
    for (let depth = this.#scopes.length - 1; depth >= 0; depth--) {
      const type = this.#scopes[depth]!.get(name);
      if (!type) continue;
      if (depth === 0) this.names.add(name);
      return type;
    }
    const named = TYPE_NAMES.get(name);
    if (named) node.constant = named.value;
    return named?.type;
  }

  #selection(node: Selection): CelType {
    const name = qualifiedName(node);
    const named = name === undefined ? undefined : this.#lookUp(name, node);
    if (named) return named;
    const type = this.#field(node.at, node.operand, node.field, false);
    return node.test ? BOOL : substitute(this.#known, type, false);
  }

  #field(at: number, operand: Expression, field: string, optional: boolean): CelType {
    const given = substitute(this.#known, this.check(operand), false);
    const held = unwrapOptional(given);
    const type = this.#fieldOf(at, held ?? given, field);
    return held || optional ? optionalOf(type) : type;
  }

  #fieldOf(at: number, holder: CelType, field: string): CelType {
    switch (holder.kind) {
      case 'map':
        return holder.params[1]!;
      case 'struct':
        return holder.fields?.get(field) ?? this.#fault(at, `undefined field '${field}'`);
      case 'param':
        this.#assign(DYN, holder);
        return DYN;
      default:
        if (!isDynOrError(holder)) {
          this.#fault(at, `type '${formatType(holder)}' does not support field selection`);
        }
        return DYN;
    }
  }

  #call(node: Call): CelType {
    if (node.name === '_?._') {
      const [operand, field] = node.args;
      node.overloads = FUNCTIONS.get(node.name)!;
      const name = field?.kind === 'literal' ? String(field.value) : '';
      return substitute(this.#known, this.#field(node.at, operand!, name, true), false);
    }
    for (const arg of node.args) this.check(arg);
    if (node.target) {
      const prefix = qualifiedName(node.target);
      const name = `${prefix}.${node.name}`;
      if (prefix !== undefined && FUNCTIONS.has(name)) {
        node.name = name;
        node.target = undefined;
      } else this.check(node.target);
    }
    const declared = FUNCTIONS.get(node.name);
    if (declared) return this.#resolve(node, declared);
    return this.#fault(node.at, `undeclared reference to '${node.name}' (in container '')`);
  }

  #resolve(node: Call, declared: readonly Overload[]): CelType {
    const args = (node.target ? [node.target, ...node.args] : node.args).map(({ type }) => type);
    if (node.name === '_&&_' || node.name === '_||_') return this.#logic(node, declared);
    const found: Overload[] = [];
    let result: CelType | undefined;
    for (const overload of declared) {
      if (overload.method !== (node.target !== undefined)) continue;
      const fresh: Substitutions = new Map(overload.params.map((name) => [name, this.#newType()]));
      const known = assignableAll(
        this.#known,
        args,
        overload.args.map((arg) => substitute(fresh, arg, false)),
      );
      if (!known) continue;
      this.#known = known;
      found.push(overload);
      const type = substitute(known, substitute(fresh, overload.result, false), false);
      if (!result) result = type;
      else if (result.kind !== 'dyn' && !isExactType(type, result)) result = DYN;
    }
    node.overloads = found;
    if (result) return result;
    const types = args.map((type) => formatType(substitute(this.#known, type, true)));
    const target = node.target ? `${types.shift()}.` : '';
    return this.#fault(
      node.at,
      `found no matching overload for '${node.name}' applied to '${target}(${types.join(', ')})'`,
    );
  }

  #logic(node: Call, declared: readonly Overload[]): CelType {
    node.overloads = declared;
    let good = true;
    for (const arg of node.args) {
      if (this.#assign(arg.type, BOOL)) continue;
      good = false;
      this.#mismatch(arg, BOOL, arg.type);
    }
    return good ? BOOL : ERROR;
  }

  #mismatch({ at }: Expression, wanted: CelType, given: CelType): CelType {
    const type = (of: CelType) => formatType(of);
    return this.#fault(at, `expected type '${type(wanted)}' but found '${type(given)}'`);
  }

  #newType(): CelType {
    return paramType(`_var${this.#freeTypes++}`);
  }

  #assign(from: CelType, to: CelType): boolean {
    const known = assignable(this.#known, from, to);
    if (known) this.#known = known;
    return known !== undefined;
  }

  /** Literals of mixed types are refused later, where they are no arguments of `format`. */
  #join(node: Expression, before: CelType | undefined): CelType {
    if (!before) return node.type;
    return this.#assign(before, node.type) ? mostGeneral(before, node.type) : DYN;
  }

  #list(node: ListLiteral): CelType {
    let element: CelType | undefined;
    for (const item of node.elements) {
      this.check(item);
      element = this.#join(item, element);
    }
    return listOf(element ?? this.#newType());
  }

  #map(node: MapLiteral): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const [key, value] of node.entries) {
      this.check(key);
      keys = this.#join(key, keys);
      this.check(value);
      values = this.#join(value, values);
    }
    return mapOf(keys ?? this.#newType(), values ?? this.#newType());
  }

  #fold(node: Fold): CelType {
    const range = substitute(this.#known, this.check(node.range), false);
    const gathered = this.check(node.init);
    this.#scopes.push(new Map([[node.accumulator, gathered]]));
    this.#scopes.push(new Map([[node.variable, this.#itemOf(node.range, range)]]));
    if (!this.#assign(BOOL, this.check(node.condition))) this.#mismatch(node.condition, BOOL, node.condition.type);
    if (!this.#assign(gathered, this.check(node.step))) this.#mismatch(node.step, gathered, node.step.type);
    this.#scopes.pop();
    const result = this.check(node.result);
    this.#scopes.pop();
    return substitute(this.#known, result, false);
  }

  #itemOf({ at }: Expression, range: CelType): CelType {
    switch (range.kind) {
      case 'list':
      case 'map':
        return range.params[0]!;
      case 'dyn':
      case 'error':
      case 'param':
        this.#assign(DYN, range);
        return DYN;
      default: {
        const detail = 'cannot be range of a comprehension (must be list, map, or dynamic)';
        return this.#fault(at, `expression of type '${formatType(range)}' ${detail}`);
      }
    }
  }
}
