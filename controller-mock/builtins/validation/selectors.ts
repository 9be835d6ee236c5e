/** Selectors of labels and of nodes. */
import { causeDuplicate, causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { labelFaults, labelKeyFaults, labelValueFaults, nameFaults } from '../../api/names.ts';
import { at, type Fields, items, strings, text } from '../fields.ts';
import type { Check } from './rule.ts';

interface SelectorOptions {
  /** Whether values of expressions may be no values of labels. */
  readonly anyValue?: boolean;
  /** Whether operators may be of a later version. */
  readonly anyOperator?: boolean;
}

const NEED_VALUES = "must be specified when `operator` is 'In' or 'NotIn'";
const NEED_NO_VALUES = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
const BAD_OPERATOR = 'not a valid selector operator';

/** Faults of operator and number of values, which selectors of all sorts share. */
function operatorFaults(requirement: Fields, path: string, anyOperator: boolean): StatusCause[] {
  const operator = text(requirement, 'operator');
  const { length } = strings(requirement, 'values');
  if (operator === 'In' || operator === 'NotIn') {
    return length === 0 ? [causeRequired(`${path}.values`, NEED_VALUES)] : [];
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    return length > 0 ? [causeForbidden(`${path}.values`, NEED_NO_VALUES)] : [];
  }
  return anyOperator ? [] : [causeInvalid(`${path}.operator`, operator, BAD_OPERATOR)];
}

/** apimachinery, pkg/apis/meta/v1/validation/validation.go ValidateLabelSelectorRequirement */
export function requirementFaults(requirement: Fields, path: string, options: SelectorOptions = {}): StatusCause[] {
  const causes = operatorFaults(requirement, path, options.anyOperator === true);
  const key = text(requirement, 'key');
  for (const fault of labelKeyFaults(key)) causes.push(causeInvalid(`${path}.key`, key, fault));
  if (options.anyValue) return causes;
  for (const [index, value] of strings(requirement, 'values').entries()) {
    for (const fault of labelValueFaults(value)) causes.push(causeInvalid(`${path}.values[${index}]`, value, fault));
  }
  return causes;
}

/** apimachinery, pkg/apis/meta/v1/validation/validation.go ValidateLabelSelector. @param selector none has no faults */
export function selectorFaults(selector: unknown, path: string, options: SelectorOptions = {}): StatusCause[] {
  const causes = labelFaults((at(selector, 'matchLabels') ?? {}) as Record<string, string>, `${path}.matchLabels`);
  for (const [index, requirement] of items(selector, 'matchExpressions').entries()) {
    causes.push(...requirementFaults(requirement, `${path}.matchExpressions[${index}]`, options));
  }
  return causes;
}

/** A selector of labels. Once the object has one that is wrong, values of expressions may be. */
export const labelSelector: Check = (value, place) => {
  if (value === undefined) return undefined;
  const wasWrong = place.old !== undefined && selectorFaults(place.before, '').length > 0;
  return selectorFaults(value, place.path, { anyValue: wasWrong });
};

/** The same, where what was there before does not count. */
export const strictLabelSelector: Check = (value, place) =>
  value === undefined ? undefined : selectorFaults(value, place.path);

/** pkg/apis/core/validation/validation.go ValidateNodeSelectorRequirement, with any values */
export const nodeRequirement: Check = (value, place) => {
  const { path } = place;
  const operator = text(value, 'operator');
  const causes =
    operator === 'Gt' || operator === 'Lt'
      ? strings(value, 'values').length === 1
        ? []
        : [causeRequired(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'")]
      : operatorFaults(value as Fields, path, false);
  const key = text(value, 'key');
  for (const fault of labelKeyFaults(key)) causes.push(causeInvalid(`${path}.key`, key, fault));
  return causes;
};

/** pkg/apis/core/validation/validation.go ValidateNodeFieldSelectorRequirement */
export const nodeFieldRequirement: Check = (value, place) => {
  const { path } = place;
  const causes: StatusCause[] = [];
  const operator = text(value, 'operator');
  const values = strings(value, 'values');
  if (operator !== 'In' && operator !== 'NotIn') {
    causes.push(causeInvalid(`${path}.operator`, operator, BAD_OPERATOR));
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
    causes.push(causeRequired(`${path}.values`, detail));
  }
  const key = text(value, 'key');
  if (key !== 'metadata.name') causes.push(causeInvalid(`${path}.key`, key, 'not a valid field selector key'));
  else {
    for (const [index, name] of values.entries()) {
      const faults = nameFaults(name, 'dns-subdomain');
      causes.push(...faults.map((fault) => causeInvalid(`${path}.values[${index}]`, name, fault)));
    }
  }
  return causes;
};

/** pkg/apis/core/validation/validation.go ValidateTopologySelectorTerm */
export const topologyTerm: Check = (value, place) => {
  const path = `${place.path}.matchLabelExpressions`;
  const causes: StatusCause[] = [];
  const keys = new Set<string>();
  for (const [index, expression] of items(value, 'matchLabelExpressions').entries()) {
    const here = `${path}[${index}]`;
    const values = strings(expression, 'values');
    if (values.length === 0) causes.push(causeRequired(`${here}.values`));
    for (const [at, entry] of values.entries()) {
      if (values.indexOf(entry) < at) causes.push(causeDuplicate(`${here}.values[${at}]`, entry));
    }
    const key = text(expression, 'key');
    for (const fault of labelKeyFaults(key)) causes.push(causeInvalid(`${here}.key`, key, fault));
    if (keys.has(key)) causes.push(causeDuplicate(`${here}.key`, key));
    keys.add(key);
  }
  return causes;
};
