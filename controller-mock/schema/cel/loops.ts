/** Macros over lists and maps, as they run. */
import type { Fold } from './expression.ts';
import { EvaluationFault, noSuchOverload } from './fault.ts';
import { type Frame, type Step, spend, truth } from './steps.ts';
import { Dictionary, List, type Value } from './values.ts';

/** What a macro does to each item. */
export interface Loop {
  /** Of the variable. */
  readonly place: number;
  readonly predicate: Step | undefined;
  readonly transform: Step | undefined;
}

/** What a macro goes over: items, or keys. @throws EvaluationFault */
export function itemsOf(range: Value): readonly Value[] {
  if (range instanceof List) return range.items;
  if (range instanceof Dictionary) return range.keys();
  throw noSuchOverload();
}

type RunMacro = (loop: Loop, items: readonly Value[], frame: Frame) => Value;

/** `all` and `exists`, which some failing items do not matter to. @param cost steps an item */
const quantified =
  (decisive: boolean, cost: number): RunMacro =>
  ({ place, predicate }, items, frame) => {
    let fault: EvaluationFault | undefined;
    for (const item of items) {
      frame.variables[place] = item;
      spend(frame, cost);
      try {
        if (truth(predicate!(frame)) === decisive) return decisive;
      } catch (error) {
        if (!(error instanceof EvaluationFault)) throw error;
        fault ??= error;
      }
    }
    if (fault) throw fault;
    return !decisive;
  };

/** `filter` and `map`. */
const gathered: RunMacro = ({ place, predicate, transform }, items, frame) => {
  const made: Value[] = [];
  for (const item of items) {
    frame.variables[place] = item;
    spend(frame, 1);
    if (predicate && !truth(predicate(frame))) continue;
    spend(frame, 11);
    made.push(transform ? transform(frame) : item);
  }
  return new List(made);
};

/** By the macro. */
export const MACROS: Readonly<Record<Exclude<Fold['macro'], 'bind'>, RunMacro>> = {
  all: quantified(false, 3),
  exists: quantified(true, 4),
  exists_one: ({ place, predicate }, items, frame) => {
    let count = 0;
    for (const item of items) {
      frame.variables[place] = item;
      spend(frame, 2);
      if (truth(predicate!(frame))) count++;
    }
    return count === 1;
  },
  map: gathered,
  filter: gathered,
};
