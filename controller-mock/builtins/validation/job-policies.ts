/** When a Job has failed, and when it has done what it was for. */
import {
  causeDuplicate,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
  causeTooMany,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral, structLiteral } from '../../api/go-values.ts';
import { at, type Fields, items, number } from '../fields.ts';
import { atMostItems, first, qualifiedNameOrEmpty } from './checks.ts';
import { indexCount } from './job-indexes.ts';
import { CONTAINER_LISTS } from './pod-facts.ts';
import { type Check, type Rule, rows, Stop } from './rule.ts';

const SOURCE = (name: string) => `pkg/apis/batch/validation/validation.go ${name}`;

const RULES_LIMIT = 20;
const CODES_LIMIT = 255;
const PATTERNS_LIMIT = 20;
const INDEXES_LIMIT_BYTES = 64 * 1024;

/** A choice that must be made; the causes for none and for another word it alike. */
const choice =
  (...allowed: readonly string[]): Check =>
  (value, { path }) => {
    if (!value)
      return causeRequired(path, `valid values: [${allowed.map((entry) => JSON.stringify(entry)).join(' ')}]`);
    return allowed.includes(String(value)) ? undefined : causeNotSupported(path, value, allowed);
  };

const indexAction: Check = (value, place) =>
  value === 'FailIndex' && at(place.object, ...jobPath(place.object), 'backoffLimitPerIndex') === undefined
    ? causeInvalid(place.path, value, 'requires the backoffLimitPerIndex to be set')
    : undefined;

const jobPath = (object: unknown): string[] =>
  at(object, 'kind') === 'CronJob' ? ['spec', 'jobTemplate', 'spec'] : ['spec'];

/** A cause that shows no value. */
const omitted = (path: string, detail: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${detail}`,
  field: path,
});

const oneCondition: Check = (value, { path }) => {
  const codes = at(value, 'onExitCodes') !== undefined;
  const conditions = items(value, 'onPodConditions').length > 0;
  if (codes && conditions) return omitted(path, 'specifying both OnExitCodes and OnPodConditions is not supported');
  if (codes || conditions) return undefined;
  return omitted(path, 'specifying one of OnExitCodes and OnPodConditions is required');
};

const containerName: Check = (value, { path, object }) => {
  if (value === undefined) return undefined;
  const spec = at(object, ...jobPath(object), 'template', 'spec');
  const known = CONTAINER_LISTS.slice(0, 2).flatMap((list) => items(spec, list));
  if (known.some((container) => container.name === value)) return undefined;
  const detail = 'must be one of the container or initContainer names in the pod template';
  return causeInvalid(path, value, detail);
};

const codesLiteral = (codes: readonly unknown[]) => new GoLiteral(`[]int32{${codes.join(', ')}}`);

const codes: Check = (value, { path, holder }) => {
  const given = Array.isArray(value) ? (value as number[]) : [];
  const causes: StatusCause[] = [];
  if (given.length === 0) causes.push(causeInvalid(path, codesLiteral(given), 'at least one value is required'));
  else if (given.length > CODES_LIMIT) causes.push(causeTooMany(path, given.length, CODES_LIMIT));
  for (const [index, code] of given.entries()) {
    const here = `${path}[${index}]`;
    if (holder.operator === 'In' && code === 0)
      causes.push(causeInvalid(here, code, 'must not be 0 for the In operator'));
    if (given.indexOf(code) < index) causes.push(causeDuplicate(here, code));
  }
  const isOrdered = given.every((code, index) => index === 0 || given[index - 1]! <= code);
  if (!isOrdered) causes.push(causeInvalid(path, codesLiteral(given), 'must be ordered'));
  return causes;
};

/** Of the `podFailurePolicy` of a Job. */
export const FAILURE_POLICY_RULES: readonly Rule[] = [
  ...rows(SOURCE('validatePodFailurePolicy'), [['rules', atMostItems(RULES_LIMIT)]]),
  ...rows(SOURCE('validatePodFailurePolicyRule'), [
    ['rules[*].action', choice('Count', 'FailIndex', 'FailJob', 'Ignore')],
    ['rules[*].action', indexAction],
  ]),
  ...rows(SOURCE('validatePodFailurePolicyRuleOnExitCodes'), [
    ['rules[*].onExitCodes.operator', choice('In', 'NotIn')],
    ['rules[*].onExitCodes.containerName', containerName],
    ['rules[*].onExitCodes.values', codes],
  ]),
  ...rows(SOURCE('validatePodFailurePolicyRuleOnPodConditions'), [
    ['rules[*].onPodConditions', atMostItems(PATTERNS_LIMIT)],
    ['rules[*].onPodConditions[*].type', (value, place) => qualifiedNameOrEmpty(value ?? '', place)],
    ['rules[*].onPodConditions[*].status', choice('False', 'True', 'Unknown')],
  ]),
  ...rows(SOURCE('validatePodFailurePolicyRule'), [['rules[*]', oneCondition]]),
];

const successLiteral = (policy: unknown): GoLiteral => {
  const rules = items(policy, 'rules').map((rule) => {
    const fields = [
      ['SucceededIndexes', '*string', rule.succeededIndexes],
      ['SucceededCount', '*int32', rule.succeededCount],
    ] as const;
    return structLiteral('batch.SuccessPolicyRule', fields).text;
  });
  return new GoLiteral(`batch.SuccessPolicy{Rules:[]batch.SuccessPolicyRule{${rules.join(', ')}}}`);
};

const indexedOnly: Check = (value, { path, holder }) =>
  value === undefined || holder.completionMode === 'Indexed'
    ? undefined
    : new Stop(causeInvalid(path, successLiteral(value), 'requires indexed completion mode'));

const someRules: Check = (value, { path }) =>
  Array.isArray(value) && value.length > 0
    ? undefined
    : causeRequired(path, 'at least one rules must be specified when the successPolicy is specified');

const successRule: Check = (value, { path, object }) => {
  const rule = value as Fields;
  const causes: StatusCause[] = [];
  const { succeededIndexes: indexes, succeededCount: count } = rule;
  const completions = number(object, ...jobPath(object), 'completions');
  if (indexes === undefined && count === undefined) {
    causes.push(causeRequired(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  }
  let total = 0;
  if (typeof indexes === 'string') {
    const field = `${path}.succeededIndexes`;
    if (Buffer.byteLength(indexes) > INDEXES_LIMIT_BYTES) causes.push(causeTooLong(field, INDEXES_LIMIT_BYTES));
    const read = indexCount(indexes, completions);
    if (typeof read === 'string') causes.push(causeInvalid(field, indexes, `error parsing succeededIndexes: ${read}`));
    else total = read;
  }
  if (typeof count !== 'number') return causes;
  const say = (detail: string) => causes.push(causeInvalid(`${path}.succeededCount`, count, detail));
  if (count < 0) say('must be greater than or equal to 0');
  if (count > completions) say(`must be less than or equal to ${completions} (the number of specified completions)`);
  if (indexes !== undefined && count > total) {
    say(`must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`);
  }
  return causes;
};

/** Of the `successPolicy` of a Job. */
export const SUCCESS_POLICY_RULES: readonly Rule[] = [
  ...rows(SOURCE('validateJobSpec'), [['', indexedOnly]]),
  ...rows(SOURCE('validateSuccessPolicy'), [['rules', first(someRules, atMostItems(RULES_LIMIT))]]),
  ...rows(SOURCE('validateSuccessPolicyRule'), [['rules[*]', successRule]]),
];
