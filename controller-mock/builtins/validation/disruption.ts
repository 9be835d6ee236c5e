/** PodDisruptionBudgets. */
import {
  causeDuplicate,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooLong,
  type StatusCause,
} from '../../api/causes.ts';
import { structLiteral } from '../../api/go-values.ts';
import { labelKeyFaults } from '../../api/names.ts';
import { type Fields, items, number, text } from '../fields.ts';
import { nonNegative, oneOf } from './checks.ts';
import { type Check, type Rule, rows } from './rule.ts';
import { intOrPercent, noMoreThanAll } from './scaling.ts';
import { labelSelector } from './selectors.ts';

const SOURCE = (name: string) => `pkg/apis/policy/validation/validation.go ${name}`;

const oneLimit: Check = (value, { path }) => {
  const spec = (value ?? {}) as Fields;
  if (spec.minAvailable === undefined || spec.maxUnavailable === undefined) return undefined;
  const shown = structLiteral('policy.PodDisruptionBudgetSpec', [
    ['MinAvailable', '*intstr.IntOrString', spec.minAvailable],
    ['Selector', '*v1.LabelSelector', spec.selector],
    ['MaxUnavailable', '*intstr.IntOrString', spec.maxUnavailable],
    ['UnhealthyPodEvictionPolicy', '*policy.UnhealthyPodEvictionPolicyType', spec.unhealthyPodEvictionPolicy],
  ]);
  return causeInvalid(path, shown, 'minAvailable and maxUnavailable cannot be both set');
};

const STATUSES = ['False', 'True', 'Unknown'];
const REASON = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const REASON_FAULT = `a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '${REASON}')`;
const REASON_LIMIT_BYTES = 1024;
const MESSAGE_LIMIT_BYTES = 32 * 1024;

/** apimachinery, pkg/apis/meta/v1/validation/validation.go ValidateCondition */
function conditionFaults(condition: Fields, path: string): StatusCause[] {
  const type = text(condition, 'type');
  const causes = labelKeyFaults(type).map((fault) => causeInvalid(`${path}.type`, type, fault));
  const status = text(condition, 'status');
  if (!STATUSES.includes(status)) causes.push(causeNotSupported(`${path}.status`, status, STATUSES));
  const generation = number(condition, 'observedGeneration');
  if (generation < 0) {
    causes.push(causeInvalid(`${path}.observedGeneration`, generation, 'must be greater than or equal to zero'));
  }
  if (!condition.lastTransitionTime) causes.push(causeRequired(`${path}.lastTransitionTime`, 'must be set'));
  const reason = text(condition, 'reason');
  if (reason === '') causes.push(causeRequired(`${path}.reason`, 'must be set'));
  else if (!new RegExp(`^${REASON}$`).test(reason)) causes.push(causeInvalid(`${path}.reason`, reason, REASON_FAULT));
  if (Buffer.byteLength(reason) > REASON_LIMIT_BYTES) causes.push(causeTooLong(`${path}.reason`, REASON_LIMIT_BYTES));
  if (Buffer.byteLength(text(condition, 'message')) > MESSAGE_LIMIT_BYTES) {
    causes.push(causeTooLong(`${path}.message`, MESSAGE_LIMIT_BYTES));
  }
  return causes;
}

const conditions: Check = (value, { path }) => {
  const list = items({ value }, 'value');
  return list.flatMap((condition, index) => {
    const type = text(condition, 'type');
    const here = `${path}[${index}]`;
    const isDouble = list.slice(0, index).some((other) => text(other, 'type') === type);
    const double = causeDuplicate(`${here}.type`, type);
    return [...(isDouble ? [double] : []), ...conditionFaults(condition, here)];
  });
};

export const DISRUPTION_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'policy/v1 PodDisruptionBudget': rows(SOURCE('ValidatePodDisruptionBudgetSpec'), [
    ['spec', oneLimit],
    ['spec.minAvailable', intOrPercent],
    ['spec.minAvailable', noMoreThanAll],
    ['spec.maxUnavailable', intOrPercent],
    ['spec.maxUnavailable', noMoreThanAll],
    ['spec.selector', labelSelector],
    ['spec.unhealthyPodEvictionPolicy', oneOf('AlwaysAllow', 'IfHealthyBudget')],
  ]),
  'policy/v1 PodDisruptionBudget/status': rows(SOURCE('ValidatePodDisruptionBudgetStatusUpdate'), [
    ['status.conditions', conditions],
    ['status.disruptionsAllowed', nonNegative],
    ['status.currentHealthy', nonNegative],
    ['status.desiredHealthy', nonNegative],
    ['status.expectedPods', nonNegative],
  ]),
};
