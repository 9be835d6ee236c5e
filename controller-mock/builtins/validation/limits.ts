/** Quotas and limit ranges. */
import { causeDuplicate, causeForbidden, causeInvalid, causeRequired, type StatusCause } from '../../api/causes.ts';
import { GoLiteral, stringsLiteral } from '../../api/go-values.ts';
import { labelKeyFaults } from '../../api/names.ts';
import { quantityNanos } from '../../api/quantity.ts';
import { at, type Fields, fields, items, strings, text } from '../fields.ts';
import {
  containerResourceFaults,
  isPodResource,
  isQuotaResource,
  mayBeOvercommitted,
  quantityLiteral,
  quotaResources,
  resourceNameFaults,
} from './resources.ts';
import { type Check, type Rule, rows } from './rule.ts';

const SOURCE = 'pkg/apis/core/validation/validation.go';

const scopesLiteral = (scopes: readonly string[]) =>
  new GoLiteral(stringsLiteral(scopes).text.replace('[]string', '[]core.ResourceQuotaScope'));

const EXISTING = ['Terminating', 'NotTerminating', 'BestEffort', 'NotBestEffort', 'CrossNamespacePodAffinity'];
const SCOPES = [...EXISTING, 'PriorityClass'];
const OPPOSITES = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
];

/** Resources of the quota that are not of pods of a scope. */
function strangers(scope: string, quota: unknown): string[] {
  if (!SCOPES.includes(scope)) return [];
  const countOnly = scope === 'BestEffort';
  const names = Object.keys(fields(quota, 'spec', 'hard'));
  return names.filter((name) => isQuotaResource(name) && !isPodResource(name, { countOnly }));
}

const hasOpposites = (scopes: readonly string[]) =>
  OPPOSITES.filter((pair) => pair.every((scope) => scopes.includes(scope))).length;

const quotaScopes: Check = (value, { path, object }) => {
  const scopes = strings({ value }, 'value');
  const fault = (detail: string) => causeInvalid(path, scopesLiteral(scopes), detail);
  return [
    ...scopes.flatMap((scope) => [
      ...(SCOPES.includes(scope) ? [] : [fault('unsupported scope')]),
      ...strangers(scope, object).map(() => fault('unsupported scope applied to resource')),
    ]),
    ...Array.from({ length: hasOpposites(scopes) }, () => fault('conflicting scopes')),
  ];
};

const MUST_EXIST =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function scopeRequirementFaults(requirement: Fields, path: string, quota: unknown): StatusCause[] {
  const scope = text(requirement, 'scopeName');
  const operator = text(requirement, 'operator');
  const values = strings(requirement, 'values');
  const causes: StatusCause[] = [];
  if (!SCOPES.includes(scope)) causes.push(causeInvalid(`${path}.scopeName`, scope, 'unsupported scope'));
  for (const _name of strangers(scope, quota)) {
    causes.push(causeInvalid(path, at(quota, 'spec', 'scopeSelector'), 'unsupported scope applied to resource'));
  }
  if (EXISTING.includes(scope) && operator !== 'Exists') {
    causes.push(causeInvalid(`${path}.operator`, operator, MUST_EXIST));
  }
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    if (values.length === 0) causes.push(causeRequired(`${path}.values`, detail));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    if (values.length > 0) causes.push(causeInvalid(`${path}.values`, stringsLiteral(values), detail));
  } else causes.push(causeInvalid(`${path}.operator`, operator, 'not a valid selector operator'));
  return causes;
}

const scopeSelector: Check = (value, { path, object }) => {
  const requirements = items({ value }, 'value');
  const scopes = requirements.map((requirement) => text(requirement, 'scopeName'));
  const literal = scopesLiteral(strings(object, 'spec', 'scopes'));
  return [
    // Which of the requirements is meant, Go does not say.
    ...requirements.flatMap((requirement) => scopeRequirementFaults(requirement, path, object)),
    ...Array.from({ length: hasOpposites(scopes) }, () => causeInvalid(path, literal, 'conflicting scopes')),
  ];
};

const sameScopes: Check = (value, { path, old }) => {
  if (!old) return undefined;
  const scopes = strings({ value }, 'value');
  const before = strings(old, 'spec', 'scopes');
  const isSame = scopes.every((scope) => before.includes(scope)) && before.every((scope) => scopes.includes(scope));
  return isSame ? undefined : causeInvalid(path, scopesLiteral(scopes), 'field is immutable');
};

export const RESOURCE_QUOTA_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} ValidateResourceQuotaSpec`, [['spec.hard', quotaResources]]),
  ...rows(`${SOURCE} validateResourceQuotaScopes`, [['spec.scopes', quotaScopes]]),
  ...rows(`${SOURCE} validateScopedResourceSelectorRequirement`, [
    ['spec.scopeSelector.matchExpressions', scopeSelector],
  ]),
  ...rows(`${SOURCE} ValidateResourceQuotaUpdate`, [['spec.scopes', sameScopes]]),
];

export const RESOURCE_QUOTA_STATUS_RULES: readonly Rule[] = rows(`${SOURCE} ValidateResourceQuotaStatusUpdate`, [
  ['status.hard', quotaResources],
  ['status.used', quotaResources],
]);

const LIMIT_TYPES = ['Pod', 'Container', 'PersistentVolumeClaim'];

const limitType: Check = (value, place) => {
  const type = String(value ?? '');
  const faults = [...labelKeyFaults(type)];
  if (faults.length === 0 && !type.includes('/') && !LIMIT_TYPES.includes(type)) {
    faults.push('must be a standard limit type or fully qualified');
  }
  const causes = faults.map((fault) => causeInvalid(place.path, type, fault));
  const limits = items(place.object, 'spec', 'limits');
  const isSecond = limits.findIndex((other) => (other.type ?? '') === type) < limits.indexOf(place.holder);
  return isSecond ? [...causes, causeDuplicate(place.path, type)] : causes;
};

/** Of one resource, in the fields of a limit. */
type Amounts = Readonly<Record<'min' | 'max' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio', unknown>>;

/** What must not be greater than what, in the order in which it is looked at, and the words for it. */
const ORDER: readonly (readonly [
  low: keyof Amounts,
  high: keyof Amounts,
  at: keyof Amounts,
  shown: keyof Amounts,
  words: [string, string],
])[] = [
  ['min', 'max', 'min', 'min', ['min value', 'is greater than max value']],
  ['min', 'defaultRequest', 'defaultRequest', 'defaultRequest', ['min value', 'is greater than default request value']],
  ['defaultRequest', 'max', 'defaultRequest', 'defaultRequest', ['default request value', 'is greater than max value']],
  [
    'defaultRequest',
    'default',
    'defaultRequest',
    'defaultRequest',
    ['default request value', 'is greater than default limit value'],
  ],
  ['min', 'default', 'default', 'min', ['min value', 'is greater than default value']],
  ['default', 'max', 'default', 'max', ['default value', 'is greater than max value']],
];

function amountFaults(name: string, amounts: Amounts, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [low, high, where, shown, [what, relation]] of ORDER) {
    const [least, most] = [amounts[low], amounts[high]];
    if (least === undefined || most === undefined || quantityNanos(least) <= quantityNanos(most)) continue;
    causes.push(
      causeInvalid(
        `${path}.${where}[${name}]`,
        quantityLiteral(amounts[shown]),
        `${what} ${least} ${relation} ${most}`,
      ),
    );
  }
  const { min, max, maxLimitRequestRatio: ratio, default: limit, defaultRequest: request } = amounts;
  if (ratio !== undefined) {
    const here = `${path}.maxLimitRequestRatio[${name}]`;
    const value = quantityNanos(ratio);
    if (value < 10n ** 9n) causes.push(causeInvalid(here, quantityLiteral(ratio), `ratio ${ratio} is less than 1`));
    const most = Number(quantityNanos(max)) / Number(quantityNanos(min));
    if (min !== undefined && max !== undefined && Number(value) / 1e9 > most) {
      causes.push(
        causeInvalid(here, quantityLiteral(ratio), `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`),
      );
    }
  }
  if (
    !mayBeOvercommitted(name) &&
    limit !== undefined &&
    request !== undefined &&
    quantityNanos(limit) !== quantityNanos(request)
  ) {
    const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    causes.push(causeInvalid(`${path}.defaultRequest[${name}]`, quantityLiteral(request), detail));
  }
  return causes;
}

const limit: Check = (value, { path }) => {
  const type = text(value, 'type');
  const isPod = type === 'Pod';
  const nameFaults = isPod || type === 'Container' ? containerResourceFaults : resourceNameFaults;
  const names = new Set<string>();
  const causes: StatusCause[] = [];
  const ask = (field: string) => {
    for (const name of Object.keys(fields(value, field))) {
      names.add(name);
      causes.push(...nameFaults(name, `${path}.${field}[${name}]`));
    }
  };
  ask('max');
  ask('min');
  for (const field of ['default', 'defaultRequest']) {
    if (!isPod) ask(field);
    else if (Object.keys(fields(value, field)).length > 0) {
      causes.push(causeForbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
    }
  }
  if (
    type === 'PersistentVolumeClaim' &&
    at(value, 'min', 'storage') === undefined &&
    at(value, 'max', 'storage') === undefined
  ) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    causes.push(causeRequired(`${path}.limits`, detail));
  }
  ask('maxLimitRequestRatio');
  const read = (field: string, name: string) => at(value, field, name);
  for (const name of names) {
    const amounts: Amounts = {
      min: read('min', name),
      max: read('max', name),
      default: isPod ? undefined : read('default', name),
      defaultRequest: isPod ? undefined : read('defaultRequest', name),
      maxLimitRequestRatio: read('maxLimitRequestRatio', name),
    };
    causes.push(...amountFaults(name, amounts, path));
  }
  return causes;
};

export const LIMIT_RANGE_RULES: readonly Rule[] = [
  ...rows(`${SOURCE} validateLimitRangeTypeName`, [['spec.limits[*].type', limitType]]),
  ...rows(`${SOURCE} ValidateLimitRange`, [['spec.limits[*]', limit]]),
];
