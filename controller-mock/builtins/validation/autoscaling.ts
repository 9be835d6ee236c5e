/** HorizontalPodAutoscalers: one list of rules for both versions, since the first is stored as the second. */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { nameFaults } from '../../api/names.ts';
import { quantityNanos } from '../../api/quantity.ts';
import { at, type Fields, items } from '../fields.ts';
import { first, name, nonNegative, oneOf, renamed, required, textWithout } from './checks.ts';
import { onlyOneOf } from './pod-facts.ts';
import { containerResourceFaults, quantityLiteral } from './resources.ts';
import { below, type Check, type Rule, rows } from './rule.ts';

const SOURCE = (name: string) => `pkg/apis/autoscaling/validation/validation.go ${name}`;

const LONGEST_PERIOD_SECONDS = 1800;
const LONGEST_WINDOW_SECONDS = 3600;

const segment = textWithout((text) => nameFaults(text, 'path-segment'));

const REFERENCE_RULES = rows(SOURCE('ValidateCrossVersionObjectReference'), [
  ['kind', first(required(), segment)],
  ['name', first(required(), segment)],
]);

const atLeastOne: Check = (value, { path }) =>
  typeof value === 'number' && value < 1 ? causeInvalid(path, value, 'must be greater than or equal to 1') : undefined;

const most: Check = (value, { path, holder }) => {
  const given = Number(value ?? 0);
  const causes: StatusCause[] = [];
  if (given < 1) causes.push(causeInvalid(path, given, 'must be greater than 0'));
  if (typeof holder.minReplicas === 'number' && given < holder.minReplicas) {
    causes.push(causeInvalid(path, given, 'must be greater than or equal to `minReplicas`'));
  }
  return causes;
};

const TARGETS = ['Utilization', 'Value', 'AverageValue'];

const targetType: Check = (value, { path }) => {
  const causes: StatusCause[] = value ? [] : [causeRequired(path, 'must specify a metric target type')];
  if (!TARGETS.includes(String(value))) {
    causes.push(causeInvalid(path, value ?? '', 'must be either Utilization, Value, or AverageValue'));
  }
  return causes;
};

const positiveAmount: Check = (value, { path }) =>
  value === undefined || quantityNanos(value) > 0n
    ? undefined
    : causeInvalid(path, quantityLiteral(value), 'must be positive');

const utilization: Check = (value, { path }) =>
  typeof value === 'number' && value < 1 ? causeInvalid(path, value, 'must be greater than 0') : undefined;

const TARGET_RULES = rows(SOURCE('validateMetricTarget'), [
  ['target!.type', targetType],
  ['target!.value', positiveAmount],
  ['target!.averageValue', positiveAmount],
  ['target!.averageUtilization', utilization],
]);

const METRIC_RULES = rows(SOURCE('validateMetricIdentifier'), [
  ['metric!.name', first(required('must specify a metric name'), segment)],
]);

/** Which values of a target there must be; those that are there. */
const amounts =
  (
    fault: (
      has: (field: string) => boolean,
    ) => readonly [field: string, detail: string, forbidden?: boolean] | undefined,
  ): Check =>
  (value, { path }) => {
    const found = fault((field) => at(value, field) !== undefined);
    if (!found) return undefined;
    const [field, detail, forbidden] = found;
    return forbidden ? causeForbidden(`${path}.${field}`, detail) : causeRequired(`${path}.${field}`, detail);
  };

const ofObject = amounts((has) =>
  has('value') || has('averageValue') ? undefined : ['averageValue', 'must set either a target value or averageValue'],
);

const ofExternal = amounts((has) => {
  if (!has('value') && !has('averageValue')) {
    return ['averageValue', 'must set either a target value for metric or a per-pod target'];
  }
  if (!has('value') || !has('averageValue')) return undefined;
  return ['value', 'may not set both a target value for metric and a per-pod target', true];
});

const ofPods = amounts((has) =>
  has('averageValue') ? undefined : ['averageValue', 'must specify a positive target averageValue'],
);

const ofResource = amounts((has) => {
  if (!has('averageUtilization') && !has('averageValue')) {
    return ['averageUtilization', 'must set either a target raw value or a target utilization'];
  }
  if (!has('averageUtilization') || !has('averageValue')) return undefined;
  return ['averageValue', 'may not set both a target raw value and a target utilization', true];
});

const containerResource: Check = (value, { path }) => containerResourceFaults(String(value), path);

/** In the order in which they are looked at; only the first is looked into. */
const SOURCES = ['object', 'external', 'pods', 'resource', 'containerResource'] as const;
const TYPES: Readonly<Record<string, (typeof SOURCES)[number]>> = {
  ContainerResource: 'containerResource',
  External: 'external',
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
};

const sourceType: Check = (value, { path }) => {
  const known = Object.keys(TYPES);
  const causes: StatusCause[] = value ? [] : [causeRequired(path, 'must specify a metric source type')];
  // It is asked twice.
  if (!known.includes(String(value))) causes.push(causeNotSupported(path, value ?? '', known));
  return causes;
};

const ownSource: Check = (value, { path }) => {
  const metric = value as Fields;
  const expected = TYPES[String(metric.type)];
  const given = SOURCES.filter((source) => metric[source] !== undefined);
  const causes: StatusCause[] = [];
  if (expected && !given.includes(expected)) {
    causes.push(causeRequired(`${path}.${expected}`, 'must populate information for the given metric source'));
  }
  if (given.length === 1) return causes;
  for (const source of given.filter((entry) => entry !== expected)) {
    causes.push(causeForbidden(`${path}.${source}`, 'must populate the given metric source only'));
  }
  return causes;
};

const source = (field: (typeof SOURCES)[number], upstream: string, rules: readonly Rule[], target: Check): Rule[] => [
  ...(field === SOURCES[0] ? [] : rows(SOURCE('validateMetricSpec'), [[field, onlyOneOf(SOURCES)]])),
  ...below(field, rules),
  ...below(field, TARGET_RULES),
  ...rows(SOURCE(upstream), [[`${field}.target!`, target]]),
];

const SPEC_RULES: readonly Rule[] = [
  ...rows(SOURCE('validateMetricSpec'), [['type', sourceType]]),
  ...source(
    'object',
    'validateObjectSource',
    [...below('describedObject!', REFERENCE_RULES), ...METRIC_RULES],
    ofObject,
  ),
  ...source('external', 'validateExternalSource', METRIC_RULES, ofExternal),
  ...source('pods', 'validatePodsSource', METRIC_RULES, ofPods),
  ...source(
    'resource',
    'validateResourceSource',
    rows(SOURCE('validateResourceSource'), [['name', required('must specify a resource name')]]),
    ofResource,
  ),
  ...source(
    'containerResource',
    'validateContainerResourceSource',
    rows(SOURCE('validateContainerResourceSource'), [
      ['name', first(required('must specify a resource name'), containerResource)],
      ['container', first(required('must specify a container'), name('dns-label'))],
    ]),
    ofResource,
  ),
  ...rows(SOURCE('validateMetricSpec'), [['', ownSource]]),
];

const within =
  (limit: number): Check =>
  (value, { path }) =>
    typeof value === 'number' && value > limit
      ? causeInvalid(path, value, `must be less than or equal to ${limit}`)
      : undefined;

const aboveZero: Check = (value, { path }) =>
  Number(value ?? 0) > 0 ? undefined : causeInvalid(path, value ?? 0, 'must be greater than zero');

const window: Check = (value, { path }) =>
  typeof value === 'number' && value < 0
    ? causeInvalid(path, value, 'must be greater than or equal to zero')
    : undefined;

const policyType: Check = (value, { path }) =>
  value === 'Pods' || value === 'Percent' ? undefined : causeNotSupported(path, value ?? '', ['Percent', 'Pods']);

const SCALING_RULES: readonly Rule[] = [
  ...rows(SOURCE('validateScalingRules'), [
    ['stabilizationWindowSeconds', window],
    ['stabilizationWindowSeconds', within(LONGEST_WINDOW_SECONDS)],
    ['selectPolicy', oneOf('Disabled', 'Max', 'Min')],
  ]),
  ...rows(SOURCE('validateScalingPolicy'), [
    ['policies[*].type', policyType],
    ['policies[*].value', aboveZero],
    ['policies[*].periodSeconds', aboveZero],
    ['policies[*].periodSeconds', within(LONGEST_PERIOD_SECONDS)],
  ]),
];

/** Of both versions: validateHorizontalPodAutoscalerSpec. */
const SHARED_RULES: readonly Rule[] = [
  ...rows(SOURCE('validateHorizontalPodAutoscalerSpec'), [
    ['spec!.minReplicas', atLeastOne],
    ['spec!.maxReplicas', most],
  ]),
  ...below('spec!.scaleTargetRef!', REFERENCE_RULES),
];

/** Of the spec. */
const toZero: Check = (value, { path }) => {
  if (at(value, 'minReplicas') !== 0) return undefined;
  const types = items(value, 'metrics').map((metric) => metric.type);
  if (types.includes('Object') || types.includes('External')) return undefined;
  return causeForbidden(
    `${path}.metrics`,
    'must specify at least one Object or External metric to support scaling to zero replicas',
  );
};

const STATUS_RULES = rows(SOURCE('ValidateHorizontalPodAutoscalerStatusUpdate'), [
  ['status.currentReplicas', nonNegative],
  ['status.desiredReplicas', nonNegative],
]);

export const AUTOSCALING_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'autoscaling/v1 HorizontalPodAutoscaler': [
    ...SHARED_RULES,
    ...rows(SOURCE('validateMetricTarget'), [
      [
        'spec.targetCPUUtilizationPercentage',
        renamed('.targetCPUUtilizationPercentage', '.metrics[0].resource.target.averageUtilization', utilization),
      ],
    ]),
    ...rows(SOURCE('validateMetrics'), [['spec', toZero]]),
  ],
  'autoscaling/v2 HorizontalPodAutoscaler': [
    ...SHARED_RULES,
    ...below('spec.metrics[*]', SPEC_RULES),
    ...rows(SOURCE('validateMetrics'), [['spec', toZero]]),
    ...below('spec.behavior.scaleUp', SCALING_RULES),
    ...below('spec.behavior.scaleDown', SCALING_RULES),
  ],
  'autoscaling/v1 HorizontalPodAutoscaler/status': STATUS_RULES,
  'autoscaling/v2 HorizontalPodAutoscaler/status': STATUS_RULES,
};
