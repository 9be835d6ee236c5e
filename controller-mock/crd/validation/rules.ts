/** Rules in CEL of a definition's schema: kubernetes/apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go. */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import type { ValidationRule } from '../../api/schema.ts';
import { type CompiledExpression, type CompiledRule, compileRules, maxCardinality } from '../../schema/cel/compile.ts';
import { fieldPathFault } from '../../schema/cel/field-path.ts';
import type { JsonSchema } from './json-schema.ts';
import type { RuleScope, TotalCost } from './rule-scope.ts';

/** Steps that one expression may cost at worst, and all of a schema. */
const EXPRESSION_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];
const hasNewlines = (text: string) => /[\n\r]/.test(text);

/** Of rules, all but their expressions. */
export function checkRules(schema: JsonSchema, path: string, causes: StatusCause[]): void {
  for (const [index, entry] of (schema['x-kubernetes-validations'] ?? []).entries()) {
    const { rule = '', message = '', messageExpression = '', reason, fieldPath = '' } = entry;
    const at = `${path}.x-kubernetes-validations[${index}]`;
    const words = message.trim();
    if (rule.trim() === '') causes.push(causeRequired(`${at}.rule`, 'rule is not specified'));
    else if (message !== '' && words === '') {
      causes.push(causeInvalid(`${at}.message`, message, 'message must be non-empty if specified'));
    } else if (hasNewlines(words)) {
      causes.push(causeInvalid(`${at}.message`, message, 'message must not contain line breaks'));
    } else if (hasNewlines(rule.trim()) && words === '') {
      causes.push(causeRequired(`${at}.message`, 'message must be specified if rule contains line breaks'));
    }
    if (messageExpression !== '' && messageExpression.trim() === '') {
      causes.push(causeRequired(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'));
    }
    if (reason !== undefined && !REASONS.includes(reason)) {
      causes.push(causeNotSupported(`${at}.reason`, reason, REASONS));
    }
    if (fieldPath !== '' && fieldPath.trim() === '') {
      causes.push(causeInvalid(`${at}.fieldPath`, fieldPath, 'fieldPath must be non-empty if specified'));
    }
    if (hasNewlines(fieldPath)) {
      causes.push(causeInvalid(`${at}.fieldPath`, fieldPath, 'fieldPath must not contain line breaks'));
    }
    if (fieldPath !== '' && fieldPathFault(fieldPath, schema) !== undefined) {
      causes.push(causeInvalid(`${at}.fieldPath`, fieldPath, 'fieldPath must be a valid path'));
    }
  }
}

/**
 * Of rules, the expressions.
 * @param uncorrelatable path of the nearest list or map around whose values are not found again after an update; undefined for none
 */
export function expressionFaults(
  schema: JsonSchema,
  path: string,
  scope: RuleScope,
  uncorrelatable: string | undefined,
): StatusCause[] {
  const at = `${path}.x-kubernetes-validations`;
  const { type } = scope;
  if (!type) {
    const detail =
      'failed to construct type information for x-kubernetes-validations rules: unable to convert structural schema to CEL declarations';
    return [{ reason: 'InternalError', message: `Internal error: internal error: ${detail}`, field: at }];
  }
  const times = scope.cardinality ?? maxCardinality(type);
  return compileRules(schema, type).flatMap((compiled, index) => [
    ...ruleFaults(compiled, `${at}[${index}]`, times, scope.total),
    ...oldSelfFaults(compiled, `${at}[${index}]`, uncorrelatable),
  ]);
}

function ruleFaults(
  { rule, condition, message }: CompiledRule,
  at: string,
  times: number,
  total: TotalCost,
): StatusCause[] {
  return [
    ...costFaults({ ...condition, cost: condition.cost * times }, 'estimated rule cost', `${at}.rule`, total),
    ...(condition.fault === undefined ? [] : [causeInvalid(`${at}.rule`, ruleLiteral(rule), condition.fault)]),
    ...(message?.fault === undefined
      ? []
      : [causeInvalid(`${at}.messageExpression`, ruleLiteral(rule), message.fault)]),
    ...(message?.program
      ? costFaults(message, 'estimated messageExpression cost', `${at}.messageExpression`, total)
      : []),
  ];
}

function costFaults({ cost }: CompiledExpression, what: string, at: string, total: TotalCost): StatusCause[] {
  total.add(at, cost);
  return cost > EXPRESSION_LIMIT ? [causeForbidden(at, costFault(what, cost, EXPRESSION_LIMIT))] : [];
}

function oldSelfFaults(
  { rule, usesOldSelf }: CompiledRule,
  at: string,
  uncorrelatable: string | undefined,
): StatusCause[] {
  if (!usesOldSelf) {
    if (rule.optionalOldSelf === undefined) return [];
    const detail = 'may not be set if oldSelf is not used in rule';
    return [causeInvalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, detail)];
  }
  if (uncorrelatable === undefined) return [];
  const detail = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${uncorrelatable}`;
  return [causeInvalid(`${at}.rule`, rule.rule, detail)];
}

/** What is said when the rules of a schema cost too much together. */
export function totalCostFaults(total: TotalCost, at: string): StatusCause[] {
  if (total.sum <= SCHEMA_LIMIT) return [];
  const part = 'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema';
  const whole = 'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema';
  return [
    ...total.mostExpensive(SCHEMA_LIMIT / 100).map(({ path }) => causeForbidden(path, part)),
    causeForbidden(at, costFault(whole, total.sum, SCHEMA_LIMIT)),
  ];
}

function costFault(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const text = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  const advice =
    'try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared';
  return `${what} exceeds budget by factor of ${text} (${advice})`;
}

/** A rule as Go prints it. What it only points to is at places of memory there, which nothing can be like. */
function ruleLiteral({
  rule,
  message,
  messageExpression,
  reason,
  fieldPath,
  optionalOldSelf,
}: ValidationRule): GoLiteral {
  const text = (value: string | undefined) => JSON.stringify(value ?? '');
  const pointer = (type: string, value: unknown) => `(*${type})(${value === undefined ? 'nil' : '0xc000000000'})`;
  return new GoLiteral(
    `apiextensions.ValidationRule{Rule:${text(rule)}, Message:${text(message)}, ` +
      `MessageExpression:${text(messageExpression)}, ` +
      `Reason:${pointer('apiextensions.FieldValueErrorReason', reason)}, FieldPath:${text(fieldPath)}, ` +
      `OptionalOldSelf:${pointer('bool', optionalOldSelf)}}`,
  );
}
