/** Numbers of pods as they are or as a share of others, selectors of pods, and how Go shows them. */
import { causeInvalid } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { type Fields, fields, items, strings, text } from '../fields.ts';
import type { Check } from './rule.ts';

const PERCENT = /^[0-9]+%$/;
const PERCENT_FAULT =
  "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";

export const intOrStringLiteral = (value: unknown): GoLiteral =>
  typeof value === 'string'
    ? new GoLiteral(`intstr.IntOrString{Type:1, IntVal:0, StrVal:${JSON.stringify(value)}}`)
    : new GoLiteral(`intstr.IntOrString{Type:0, IntVal:${value}, StrVal:""}`);

/** pkg/apis/apps/validation/validation.go ValidatePositiveIntOrPercent */
export const intOrPercent: Check = (value, { path }) => {
  if (typeof value === 'string')
    return PERCENT.test(value) ? undefined : causeInvalid(path, intOrStringLiteral(value), PERCENT_FAULT);
  return typeof value === 'number' && value < 0
    ? causeInvalid(path, value, 'must be greater than or equal to 0')
    : undefined;
};

/** pkg/apis/apps/validation/validation.go IsNotMoreThan100Percent */
export const noMoreThanAll: Check = (value, { path }) =>
  typeof value === 'string' && PERCENT.test(value) && Number.parseInt(value, 10) > 100
    ? causeInvalid(path, intOrStringLiteral(value), 'must not be greater than 100%')
    : undefined;

/** Neither a number of pods nor a share of them: pkg/apis/apps/validation/validation.go getIntOrPercentValue. */
export function isZero(value: unknown): boolean {
  if (typeof value !== 'string') return (value ?? 0) === 0;
  return !/^[-+]?\d+%?$/.test(value) || Number.parseInt(value, 10) === 0;
}

/** A map of labels: `map[string]string{"a":"b"}`. */
export function labelsLiteral(labels: Readonly<Fields>): GoLiteral {
  const entries = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return new GoLiteral('map[string]string(nil)');
  const pairs = entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
  return new GoLiteral(`map[string]string{${pairs.join(', ')}}`);
}

/** A LabelSelector; nothing for none. */
export function selectorLiteral(selector: unknown): GoLiteral | null {
  if (selector === undefined || selector === null) return null;
  const expressions = items(selector, 'matchExpressions').map((entry) => {
    const values = strings(entry, 'values');
    const list =
      values.length === 0 ? '[]string(nil)' : `[]string{${values.map((value) => JSON.stringify(value)).join(', ')}}`;
    return `v1.LabelSelectorRequirement{Key:${JSON.stringify(text(entry, 'key'))}, Operator:${JSON.stringify(text(entry, 'operator'))}, Values:${list}}`;
  });
  const type = '[]v1.LabelSelectorRequirement';
  const list = expressions.length === 0 ? `${type}(nil)` : `${type}{${expressions.join(', ')}}`;
  return new GoLiteral(
    `v1.LabelSelector{MatchLabels:${labelsLiteral(fields(selector, 'matchLabels')).text}, MatchExpressions:${list}}`,
  );
}

/** Whether a LabelSelector that has no fault selects what has these labels; an empty one selects everything. */
export function selects(selector: unknown, labels: Readonly<Fields>): boolean {
  const matches = Object.entries(fields(selector, 'matchLabels')).every(([key, value]) => labels[key] === value);
  return (
    matches &&
    items(selector, 'matchExpressions').every((entry) => {
      const value = labels[text(entry, 'key')];
      switch (entry.operator) {
        case 'In':
          return strings(entry, 'values').includes(String(value));
        case 'NotIn':
          return value === undefined || !strings(entry, 'values').includes(String(value));
        case 'Exists':
          return value !== undefined;
        default:
          return value === undefined;
      }
    })
  );
}
