/** Evaluation of expressions that the checker has seen: google/cel-go, interpreter. */
import { goRegexpFault } from '../go-regexp.ts';
import type { Call, Expression, Fold, Selection } from './expression.ts';
import { CostFault, EvaluationFault, noSuchOverload } from './fault.ts';
import { indexed, lookUp } from './functions/core.ts';
import type { Overload } from './functions/overload.ts';
import { itemsOf, type Loop, MACROS } from './loops.ts';
import { pricingOf } from './runtime-costs.ts';
import { type Frame, type Step, spend, truth } from './steps.ts';
import type { CelType } from './types.ts';
import { List, LiteralMap, Optional, typeNameOf, type Value } from './values.ts';

/** What an evaluation came to. */
export interface Outcome {
  /** Undefined when it failed. */
  readonly value: Value | undefined;
  readonly fault: EvaluationFault | CostFault | undefined;
  /** In steps. */
  readonly cost: number;
}

/** An expression that can be evaluated. */
export class Program {
  readonly #step: Step;

  /**
   * @param variables names, in the order of the values
   * @param trusted whether values are sure to have the types that the checker was told
   * @throws EvaluationFault for a conversion of a constant that fails
   */
  constructor(root: Expression, variables: readonly string[], trusted: boolean) {
    this.#step = new Compiler(variables, trusted).compile(root);
  }

  /** @param values of the variables; undefined for one that there is not */
  run(values: readonly (Value | undefined)[]): Outcome {
    const frame: Frame = { variables: [...values], cost: 0 };
    try {
      return { value: this.#step(frame), fault: undefined, cost: frame.cost };
    } catch (error) {
      // Texts that are too long, numbers that are too large: JavaScript gives up where Go would pay.
      if (error instanceof RangeError) return { value: undefined, fault: new CostFault(), cost: frame.cost };
      if (error instanceof EvaluationFault || error instanceof CostFault) {
        return { value: undefined, fault: error, cost: frame.cost };
      }
      throw error;
    }
  }
}

class Compiler {
  readonly #scope: string[];
  readonly #trusted: boolean;

  constructor(variables: readonly string[], trusted: boolean) {
    this.#scope = [...variables];
    this.#trusted = trusted;
  }

  compile(node: Expression): Step {
    switch (node.kind) {
      case 'literal':
        return constant(node.value);
      case 'name': {
        if (node.constant !== undefined) return constant(node.constant);
        const place = this.#scope.lastIndexOf(node.name);
        return (frame) => {
          frame.cost += 1;
          const value = frame.variables[place];
          if (value === undefined) throw new EvaluationFault(`no such attribute(s): ${node.name}`);
          return value;
        };
      }
      case 'select':
        return this.#select(node);
      case 'list':
        return this.#list(node.elements);
      case 'map':
        return this.#map(node.entries);
      case 'call':
        return this.#call(node);
      case 'fold':
        return this.#fold(node);
    }
  }

  #select(node: Selection): Step {
    if (node.constant !== undefined) return constant(node.constant);
    const operand = this.compile(node.operand);
    const { field } = node;
    if (node.test) return (frame) => has(operand(frame), field);
    return (frame) => {
      const holder = operand(frame);
      frame.cost += 1;
      return indexed(holder, field);
    };
  }

  #list(elements: readonly Expression[]): Step {
    if (elements.every(({ kind }) => kind === 'literal')) {
      return constant(new List(elements.map((node) => (node as { value: Value }).value)));
    }
    const steps = elements.map((element) => this.compile(element));
    return (frame) => {
      const items = steps.map((step) => step(frame));
      spend(frame, 10);
      return new List(items);
    };
  }

  #map(entries: readonly (readonly [Expression, Expression])[]): Step {
    const steps = entries.map(([key, value]) => [this.compile(key), this.compile(value)] as const);
    return (frame) => {
      const made = new LiteralMap(steps.map(([key, value]) => [key(frame), value(frame)] as const));
      spend(frame, 30);
      return made;
    };
  }

  #call(node: Call): Step {
    const nodes = node.target ? [node.target, ...node.args] : node.args;
    const steps = nodes.map((part) => this.compile(part));
    const [a, b, c] = steps;
    switch (node.name) {
      case '_&&_':
        return logic(a!, b!, false);
      case '_||_':
        return logic(a!, b!, true);
      case '_?_:_':
        return (frame) => (truth(a!(frame)) ? b! : c!)(frame);
      case 'or':
        return (frame) => {
          const optional = a!(frame);
          return optional instanceof Optional && optional.value === undefined ? b!(frame) : optional;
        };
      case 'orValue':
        return (frame) => {
          const optional = a!(frame);
          return optional instanceof Optional ? (optional.value ?? b!(frame)) : optional;
        };
      case '@in':
        return membership(node, a!) ?? this.#function(node, nodes, steps);
      default:
        return this.#function(node, nodes, steps);
    }
  }

  #function(node: Call, nodes: readonly Expression[], steps: readonly Step[]): Step {
    const { overloads, name } = node;
    const [only] = overloads;
    const known = constants.get(steps[0]!);
    if (known !== undefined && CONVERSIONS.has(name)) return constant(call(pick(name, overloads, [known]), [known]));
    if (name === 'find' || name === 'findAll') checkPattern(constants.get(steps[1]!));
    const isSure =
      this.#trusted &&
      overloads.length === 1 &&
      !only!.args.some(mayBeNull) &&
      !nodes.some(({ type }) => mayBeAny(type));
    const pricings = new Map(overloads.map((overload) => [overload, pricingOf(name, overload.id)]));
    return (frame) => {
      const args = steps.map((step) => step(frame));
      const overload = isSure ? only! : pick(name, overloads, args);
      const result = call(overload, args);
      spend(frame, pricings.get(overload)?.(args, result) ?? 1);
      return result;
    };
  }

  #fold(node: Fold): Step {
    const range = this.compile(node.range);
    const place = this.#scope.length;
    this.#scope.push(node.macro === 'bind' ? node.accumulator : node.variable);
    const predicate = node.predicate && this.compile(node.predicate);
    const transform = node.transform && this.compile(node.transform);
    this.#scope.pop();
    if (node.macro === 'bind') {
      const init = this.compile(node.init);
      return (frame) => {
        frame.variables[place] = init(frame);
        return transform!(frame);
      };
    }
    const loop: Loop = { place, predicate, transform };
    const run = MACROS[node.macro];
    return (frame) => run(loop, itemsOf(range(frame)), frame);
  }
}

/** Functions that are called once and for all when their argument is a constant (interpreter/decorators.go). */
const CONVERSIONS: ReadonlySet<string> = new Set(
  'bool bytes double duration dyn int string timestamp type uint'.split(' '),
);

/** Steps that always come to the same. */
const constants = new WeakMap<Step, Value>();

function constant(value: Value): Step {
  const step: Step = () => value;
  constants.set(step, value);
  return step;
}

function has(holder: Value, field: string): boolean {
  const from = holder instanceof Optional ? holder.value : holder;
  return from !== undefined && lookUp(from, field) !== undefined;
}

/** @param decisive the value of one side that decides, whatever the other is, even if that one fails */
function logic(left: Step, right: Step, decisive: boolean): Step {
  return (frame) => {
    let fault: EvaluationFault | undefined;
    for (const side of [left, right]) {
      try {
        if (truth(side(frame)) === decisive) return decisive;
      } catch (error) {
        if (!(error instanceof EvaluationFault)) throw error;
        fault ??= error;
      }
    }
    if (fault) throw fault;
    return !decisive;
  };
}

/** Whether a text is one of some that are known: the most frequent rule. */
function membership({ args: [, list] }: Call, text: Step): Step | undefined {
  if (list?.kind !== 'list' || list.elements.length === 0) return undefined;
  const values = list.elements.map((node) => (node.kind === 'literal' ? node.value : undefined));
  if (!values.every((value) => typeof value === 'string')) return undefined;
  const known: ReadonlySet<Value> = new Set(values);
  return (frame) => known.has(text(frame));
}

const mayBeAny = ({ kind, params }: CelType): boolean =>
  kind === 'dyn' || (kind !== 'list' && kind !== 'map' && params.some(mayBeAny));

/** Null is a value of these types to the checker. */
const mayBeNull = ({ kind }: CelType): boolean =>
  kind === 'opaque' || kind === 'struct' || kind === 'duration' || kind === 'timestamp';

function call({ run }: Overload, args: readonly Value[]): Value {
  if (!run) throw noSuchOverload();
  return (run as (...values: Value[]) => Value)(...args);
}

function pick(name: string, overloads: readonly Overload[], args: readonly Value[]): Overload {
  // What an index may be depends on what there is at run time, and so does what is said of others.
  if (name === '_[_]') return overloads[0]!;
  const fitting = overloads.find(({ args: types }) => types.every((type, index) => fits(type, args[index]!)));
  if (fitting) return fitting;
  if (name === 'size') throw noSuchOverload(name);
  throw noSuchOverload(SIGNED.has(name) ? `${name}(${args.map(typeNameOf).join(', ')})` : undefined);
}

/** Functions of which it is said what they were called with. */
const SIGNED: ReadonlySet<string> = new Set(
  (
    'bool bytes double duration int string timestamp uint charAt lowerAscii upperAscii replace split substring trim join format ' +
    'getFullYear getMonth getDayOfYear getDayOfMonth getDate getDayOfWeek getHours getMinutes getSeconds getMilliseconds ' +
    'family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast prefixLength masked'
  ).split(' '),
);

/** A pattern that is known is looked at when the program is made. @throws EvaluationFault */
function checkPattern(pattern: Value | undefined): void {
  const fault = typeof pattern === 'string' ? goRegexpFault(pattern) : undefined;
  if (fault !== undefined) throw new EvaluationFault(fault);
}

function fits({ kind, name, params }: CelType, value: Value): boolean {
  if (kind === 'dyn' || kind === 'param') return true;
  if (kind === 'opaque' && name === 'optional_type' && value instanceof Optional) {
    return value.value === undefined || fits(params[0]!, value.value);
  }
  return typeNameOf(value) === name;
}
