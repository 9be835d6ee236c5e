/** Macros, spelt out as the API server's checker and cost estimate see them: google/cel-go, parser/macro.go, cel/library.go. */
import type { Call, Expression, Fold } from './expression.ts';
import { DYN } from './types.ts';
import type { Value } from './values.ts';

/** A macro whose arguments are not what it takes. */
export class MacroFault extends Error {
  readonly at: number;

  constructor(at: number, message: string) {
    super(message);
    this.at = at;
  }
}

/** Name of what a comprehension has gathered. */
export const RESULT = '__result__';

/** Makes nodes that stand where the macro does. */
class Maker {
  readonly #at: number;

  constructor(at: number) {
    this.#at = at;
  }

  literal = (value: Value): Expression => ({ kind: 'literal', at: this.#at, type: DYN, value });

  name = (name: string): Expression => ({ kind: 'name', at: this.#at, type: DYN, name });

  result = (): Expression => this.name(RESULT);

  list = (elements: Expression[]): Expression => ({ kind: 'list', at: this.#at, type: DYN, elements });

  call = (name: string, ...args: Expression[]): Expression => newCall(this.#at, name, undefined, args);

  method = (name: string, target: Expression, ...args: Expression[]): Expression =>
    newCall(this.#at, name, target, args);

  fold = (parts: Omit<Fold, 'kind' | 'at' | 'type'>): Expression => ({
    kind: 'fold',
    at: this.#at,
    type: DYN,
    ...parts,
  });
}

export const newCall = (
  at: number,
  name: string,
  target: Expression | undefined,
  args: readonly Expression[],
): Call => ({ kind: 'call', at, type: DYN, name, target, args, overloads: [] });

function variableOf(node: Expression, detail: string): string {
  if (node.kind === 'name') return node.name;
  throw new MacroFault(node.at, detail);
}

/** @returns undefined for a call that is no macro. @throws MacroFault */
export function expandCall(at: number, name: string, args: readonly Expression[]): Expression | undefined {
  if (name !== 'has' || args.length !== 1) return undefined;
  const [arg] = args;
  if (arg?.kind === 'select' && !arg.test) return { ...arg, at, test: true };
  throw new MacroFault(arg!.at, 'invalid argument to has() macro');
}

/** The same for methods. */
export function expandMethod(
  at: number,
  name: string,
  range: Expression,
  args: readonly Expression[],
): Expression | undefined {
  const make = new Maker(at);
  const [first, second, third] = args;
  if (!first || !second) return undefined;
  if (args.length === 3) return name === 'map' ? mapping(make, range, first, second, third!) : undefined;
  if (args.length !== 2) return undefined;
  switch (name) {
    case 'all':
    case 'exists':
    case 'exists_one':
      return quantifier(make, name, range, first, second);
    case 'map':
      return mapping(make, range, first, undefined, second);
    case 'filter':
      return filter(make, range, first, second);
    case 'optMap':
    case 'optFlatMap':
      return optionalMapping(make, name, range, first, second);
    default:
      return undefined;
  }
}

function quantifier(
  make: Maker,
  macro: 'all' | 'exists' | 'exists_one',
  range: Expression,
  variable: Expression,
  predicate: Expression,
): Expression {
  const common = {
    macro,
    range,
    variable: variableOf(variable, 'argument must be a simple name'),
    accumulator: RESULT,
    predicate,
    transform: undefined,
  };
  switch (macro) {
    case 'all':
      return make.fold({
        ...common,
        init: make.literal(true),
        condition: make.call('@not_strictly_false', make.result()),
        step: make.call('_&&_', make.result(), predicate),
        result: make.result(),
      });
    case 'exists':
      return make.fold({
        ...common,
        init: make.literal(false),
        condition: make.call('@not_strictly_false', make.call('!_', make.result())),
        step: make.call('_||_', make.result(), predicate),
        result: make.result(),
      });
    default: {
      const more = make.call('_+_', make.result(), make.literal(1n));
      return make.fold({
        ...common,
        init: make.literal(0n),
        condition: make.literal(true),
        step: make.call('_?_:_', predicate, more, make.result()),
        result: make.call('_==_', make.result(), make.literal(1n)),
      });
    }
  }
}

const NO_IDENTIFIER = 'argument is not an identifier';

function mapping(
  make: Maker,
  range: Expression,
  variable: Expression,
  predicate: Expression | undefined,
  transform: Expression,
): Expression {
  const more = make.call('_+_', make.result(), make.list([transform]));
  return make.fold({
    macro: 'map',
    range,
    variable: variableOf(variable, NO_IDENTIFIER),
    accumulator: RESULT,
    init: make.list([]),
    condition: make.literal(true),
    step: predicate ? make.call('_?_:_', predicate, more, make.result()) : more,
    result: make.result(),
    predicate,
    transform,
  });
}

function filter(make: Maker, range: Expression, variable: Expression, predicate: Expression): Expression {
  const more = make.call('_+_', make.result(), make.list([variable]));
  return make.fold({
    macro: 'filter',
    range,
    variable: variableOf(variable, NO_IDENTIFIER),
    accumulator: RESULT,
    init: make.list([]),
    condition: make.literal(true),
    step: make.call('_?_:_', predicate, more, make.result()),
    result: make.result(),
    predicate,
    transform: undefined,
  });
}

/** The target is in it twice: once to see whether it has a value, once for the value. */
function optionalMapping(
  make: Maker,
  name: 'optMap' | 'optFlatMap',
  target: Expression,
  variable: Expression,
  transform: Expression,
): Expression {
  const bound = variableOf(variable, `${name}() variable name must be a simple identifier`);
  const value = make.fold({
    macro: 'bind',
    range: make.list([]),
    variable: '#unused',
    accumulator: bound,
    init: make.method('value', target),
    condition: make.literal(false),
    step: make.name(bound),
    result: transform,
    predicate: undefined,
    transform,
  });
  const mapped = name === 'optMap' ? make.call('optional.of', value) : value;
  return make.call('_?_:_', make.method('hasValue', target), mapped, make.call('optional.none'));
}
