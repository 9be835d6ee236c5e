/** What an expression of good types still must not have, such as constants that are none: google/cel-go, cel/validator.go, ext/formatting.go. */
import { goRegexpFault } from '../go-regexp.ts';
import { type Call, type Expression, partsOf } from './expression.ts';
import { EvaluationFault, type SourceFault } from './fault.ts';
import { CONVERSIONS } from './functions/conversions.ts';
import { type Clause, clauseFault, readFormat } from './functions/format-text.ts';
import { BOOL, BYTES, type CelType, DOUBLE, formatType, INT, isExactType, NULL, STRING, UINT } from './types.ts';
import { Uint, type Value } from './values.ts';

/** The type of a constant. */
export function literalType(value: Value): CelType {
  switch (typeof value) {
    case 'boolean':
      return BOOL;
    case 'bigint':
      return INT;
    case 'number':
      return DOUBLE;
    case 'string':
      return STRING;
  }
  if (value === null) return NULL;
  return value instanceof Uint ? UINT : BYTES;
}

/** @param root whose types are known and agree */
export const validateExpression = (root: Expression, faults: SourceFault[]): void => validate(root, false, faults);

/** @param exempt within arguments of `format`, which may be mixed */
function validate(node: Expression, exempt: boolean, faults: SourceFault[]): void {
  if (node.kind === 'call') validateCall(node, faults);
  if (!exempt && node.kind === 'list') validateEqualTypes(node.elements, faults);
  if (!exempt && node.kind === 'map') {
    validateEqualTypes(
      node.entries.map(([key]) => key),
      faults,
    );
    validateEqualTypes(
      node.entries.map(([, value]) => value),
      faults,
    );
  }
  const below = exempt || (node.kind === 'call' && node.name === 'format');
  for (const part of partsOf(node)) validate(part, below, faults);
}

function validateEqualTypes([first, ...others]: readonly Expression[], faults: SourceFault[]): void {
  if (!first) return;
  const other = others.find(({ type }) => !isExactType(first.type, type));
  if (!other) return;
  const message = `expected type '${formatType(first.type)}' but found '${formatType(other.type)}'`;
  faults.push({ at: other.at, message });
}

function validateCall(node: Call, faults: SourceFault[]): void {
  const [first] = node.args;
  if (first?.kind === 'literal' && !isGoodConstant(node.name, first.value)) {
    faults.push({ at: first.at, message: `invalid ${node.name} argument` });
  }
  if (node.name === 'format' && node.target?.kind === 'literal' && first?.kind === 'list') {
    const fault = formatFault(String(node.target.value), first.elements, node.at);
    if (fault) faults.push(fault);
  }
}

function isGoodConstant(name: string, value: Value): boolean {
  if (name === 'matches') return typeof value !== 'string' || goRegexpFault(value) === undefined;
  if (name !== 'duration' && name !== 'timestamp') return true;
  const overload = CONVERSIONS[name]!.find(({ args }) => args[0] === literalType(value));
  try {
    overload?.run?.(value as never);
    return true;
  } catch (error) {
    if (error instanceof EvaluationFault) return false;
    throw error;
  }
}

function formatFault(text: string, args: readonly Expression[], at: number): SourceFault | undefined {
  let parts: (string | Clause)[];
  try {
    parts = readFormat(text, args.length);
  } catch (error) {
    if (error instanceof EvaluationFault) return { at, message: error.message };
    throw error;
  }
  const clauses = parts.filter((part) => typeof part !== 'string');
  for (const [index, clause] of clauses.entries()) {
    const { type, at: argAt } = args[index]!;
    if (type.kind !== 'dyn' && !FITTING[clause.letter.toLowerCase()]!.includes(type.kind)) {
      return { at: argAt, message: clauseFault(clause, type.name) };
    }
  }
  if (args.length <= clauses.length) return undefined;
  const counts = `(expected ${clauses.length}, got ${args.length})`;
  return { at, message: `too many arguments supplied to string.format ${counts}` };
}

const FITTING: Readonly<Record<string, readonly string[]>> = {
  s: ['list', 'map', 'int', 'uint', 'double', 'bool', 'string', 'timestamp', 'bytes', 'duration', 'type', 'null'],
  d: ['int', 'uint'],
  f: ['double', 'string'],
  e: ['double', 'string'],
  b: ['int', 'uint', 'bool'],
  x: ['int', 'uint', 'string', 'bytes'],
  o: ['int', 'uint'],
};
