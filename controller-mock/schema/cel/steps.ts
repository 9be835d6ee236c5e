/** What an evaluation is made of. */
import { CostFault, noSuchOverload } from './fault.ts';
import type { Value } from './values.ts';

/** Steps that one evaluation may take: k8s.io/apiserver, pkg/apis/cel/config.go PerCallLimit. */
const CALL_LIMIT = 1_000_000;

/** Variables by their places, and what has been spent. */
export interface Frame {
  readonly variables: (Value | undefined)[];
  cost: number;
}

/** A part of an expression, ready to be evaluated. @throws EvaluationFault or CostFault */
export type Step = (frame: Frame) => Value;

/** @param cost in steps. @throws CostFault */
export function spend(frame: Frame, cost: number): void {
  frame.cost += cost;
  if (frame.cost > CALL_LIMIT) throw new CostFault();
}

/** @throws EvaluationFault for what is neither true nor false */
export function truth(value: Value): boolean {
  if (typeof value !== 'boolean') throw noSuchOverload();
  return value;
}
