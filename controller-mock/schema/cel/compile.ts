/** Rules compiled: kubernetes/apiextensions-apiserver, pkg/apiserver/schema/cel/compilation.go. */
import type { Schema, ValidationRule } from '../../api/schema.ts';
import { checkExpression } from './checker.ts';
import { estimateCost } from './cost.ts';
import { Program } from './evaluator.ts';
import { describeFaults, EvaluationFault } from './fault.ts';
import { resolveFieldPath } from './field-path.ts';
import { parseExpression, TOO_DEEP } from './parser.ts';
import { type DeclaredType, MAX_REQUEST_BYTES } from './schema-types.ts';
import { BOOL, type CelType, isExactType, optionalOf, STRING } from './types.ts';

/** Variables of rules, in the order of the values that {@link Program.run} takes. */
const VARIABLES = ['self', 'oldSelf'] as const;

/** An expression, or why it is none. */
export interface CompiledExpression {
  readonly program: Program | undefined;
  /** As a cause has it. */
  readonly fault: string | undefined;
  /** In steps, at worst. */
  readonly cost: number;
}

export interface CompiledRule {
  readonly rule: ValidationRule;
  /** Without a program and without a fault when the rule is blank. */
  readonly condition: CompiledExpression;
  /** Undefined without `messageExpression`, and when the rule itself is at fault. */
  readonly message: CompiledExpression | undefined;
  /** Whether it compares with what was before. */
  readonly usesOldSelf: boolean;
  /** Below the value, as causes have it. */
  readonly fieldPath: string | undefined;
}

const BLANK: CompiledExpression = { program: undefined, fault: undefined, cost: 0 };

/** @param declared type of the schema's values */
export function compileRules(schema: Schema, declared: DeclaredType): CompiledRule[] {
  return (schema['x-kubernetes-validations'] ?? []).map((rule) => compileRule(rule, schema, declared));
}

function compileRule(rule: ValidationRule, schema: Schema, declared: DeclaredType): CompiledRule {
  if (rule.rule.trim() === '') {
    return { rule, condition: BLANK, message: undefined, usesOldSelf: false, fieldPath: undefined };
  }
  const { type } = declared;
  const optional = rule.optionalOldSelf === true;
  const scope = new Map<string, CelType>([
    ['self', type],
    ['oldSelf', optional ? optionalOf(type) : type],
  ]);
  const condition = compileExpression(rule.rule, scope, declared, RULE);
  let message: CompiledExpression | undefined;
  if (condition.fault === undefined && rule.messageExpression) {
    // The API server gives it the old value as it is, even if it is optional to the rule.
    message = compileExpression(rule.messageExpression, scope, declared, { ...MESSAGE, trusted: !optional });
  }
  const path = rule.fieldPath ? resolveFieldPath(rule.fieldPath, schema, true) : undefined;
  return {
    rule,
    condition,
    message,
    usesOldSelf: condition.names.has('oldSelf'),
    fieldPath: path && 'text' in path ? path.text : undefined,
  };
}

/** What an expression is for. */
interface Purpose {
  readonly result: CelType;
  readonly what: string;
  readonly prefix: string;
  readonly wrongResult: string;
  readonly trusted: boolean;
}

const RULE: Purpose = {
  result: BOOL,
  what: 'program',
  prefix: 'compilation failed: ',
  wrongResult: 'cel expression must evaluate to a bool',
  trusted: true,
};

const MESSAGE: Purpose = {
  result: STRING,
  what: 'messageExpression',
  prefix: 'messageExpression compilation failed: ',
  wrongResult: 'messageExpression must evaluate to a string',
  trusted: true,
};

function compileExpression(
  source: string,
  scope: ReadonlyMap<string, CelType>,
  declared: DeclaredType,
  { result, what, prefix, wrongResult, trusted }: Purpose,
): CompiledExpression & { names: ReadonlySet<string> } {
  const failed = (fault: string, names: ReadonlySet<string> = new Set()) => ({
    program: undefined,
    fault,
    cost: 0,
    names,
  });
  const parsed = parseExpression(source);
  if ('faults' in parsed) return failed(prefix + describeFaults(source, parsed.faults));
  const { expression } = parsed;
  let names: ReadonlySet<string> | undefined;
  try {
    const checked = checkExpression(expression, scope);
    names = checked.names;
    if (checked.faults.length > 0) return failed(prefix + describeFaults(source, checked.faults));
    if (!isExactType(expression.type, result)) return failed(wrongResult, names);
    const program = new Program(expression, VARIABLES, trusted);
    return { program, fault: undefined, cost: estimateCost(expression, declared), names };
  } catch (error) {
    if (error instanceof EvaluationFault) return failed(`${what} instantiation failed: ${error.message}`, names);
    // The stack has its end.
    if (error instanceof RangeError) return failed(prefix + describeFaults(source, [TOO_DEEP]));
    throw error;
  }
}

/** How many values of a type a request can hold at most. */
export const maxCardinality = ({ minBytes }: DeclaredType): number => Math.floor(MAX_REQUEST_BYTES / (minBytes + 1));
