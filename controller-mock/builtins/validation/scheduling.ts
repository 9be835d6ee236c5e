/** Priorities, ways to run containers, leases, and groups of other servers. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { labelKeyFaults, labelValueFaults } from '../../api/names.ts';
import { type Fields, items, number, text } from '../fields.ts';
import {
  atCreation,
  first,
  immutable,
  labels,
  name,
  nonNegative,
  oneOf,
  positive,
  required,
  unchanged,
  unless,
} from './checks.ts';
import { podOverhead } from './resources.ts';
import { type Check, type Rule, rows } from './rule.ts';

const PRIORITY = 'pkg/apis/scheduling/validation/validation.go';

const HIGHEST = 1_000_000_000;
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-cluster-critical': 2 * HIGHEST,
  'system-node-critical': 2 * HIGHEST + 1000,
};

const priorityValue: Check = (_value, { object }) => {
  const named = object.metadata.name ?? '';
  const value = number(object, 'value');
  if (!named.startsWith('system-')) {
    const detail = `maximum allowed value of a user defined priority is ${HIGHEST}`;
    return value > HIGHEST ? causeForbidden('value', detail) : undefined;
  }
  const wanted = SYSTEM_CLASSES[named];
  const fault =
    wanted === undefined
      ? `${named} is not a known system priority class`
      : wanted !== value
        ? `value of ${named} PriorityClass must be ${wanted}`
        : object.globalDefault === true
          ? `globalDefault of ${named} PriorityClass must be false`
          : undefined;
  if (fault === undefined) return undefined;
  const detail = `priority class names with 'system-' prefix are reserved for system use only. error: ${fault}`;
  return causeForbidden('metadata.name', detail);
};

export const PRIORITY_CLASS_RULES: readonly Rule[] = [
  ...rows(`${PRIORITY} ValidatePriorityClass`, [
    ['', atCreation(priorityValue)],
    ['preemptionPolicy', atCreation(first(required(), oneOf('PreemptLowerPriority', 'Never')))],
  ]),
  ...rows(`${PRIORITY} ValidatePriorityClassUpdate`, [
    ['value', unchanged('may not be changed in an update.')],
    ['preemptionPolicy', immutable()],
  ]),
];

const RUNTIME = 'pkg/apis/node/validation/validation.go';
const CORE = 'pkg/apis/core/validation/validation.go';

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** pkg/apis/core/validation/validation.go ValidateTolerations */
function tolerationFaults(toleration: Fields, path: string): StatusCause[] {
  const [key, operator, value, effect] = ['key', 'operator', 'value', 'effect'].map((field) =>
    text(toleration, field),
  ) as [string, string, string, string];
  const causes = key === '' ? [] : labelKeyFaults(key).map((fault) => causeInvalid(`${path}.key`, key, fault));
  const here = `${path}.operator`;
  if (key === '' && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    causes.push(causeInvalid(here, operator, detail));
  }
  if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
    causes.push(causeInvalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  }
  if (operator === 'Equal' || operator === '') {
    const faults = labelValueFaults(value);
    if (faults.length > 0) causes.push(causeInvalid(here, value, faults.join(';')));
  } else if (operator === 'Exists') {
    if (value !== '') causes.push(causeInvalid(here, value, "value must be empty when `operator` is 'Exists'"));
  } else causes.push(causeNotSupported(here, operator, ['Equal', 'Exists']));
  if (effect !== '' && !EFFECTS.includes(effect)) causes.push(causeNotSupported(`${path}.effect`, effect, EFFECTS));
  return causes;
}

/** Upstream calls the list by its name twice. */
const tolerations: Check = (value, { path }) => {
  const list = items({ value }, 'value');
  const keys = list.map(({ key, operator, value: given, effect }) => JSON.stringify([key, operator, given, effect]));
  return [
    ...list.flatMap((toleration, index) => tolerationFaults(toleration, `${path}.tolerations[${index}]`)),
    ...list.flatMap((toleration, index) =>
      keys.indexOf(keys[index]!) < index ? [causeDuplicate(`${path}[${index}]`, tolerationLiteral(toleration))] : [],
    ),
  ];
};

const tolerationLiteral = (toleration: Fields) => {
  const [key, operator, value, effect] = ['key', 'operator', 'value', 'effect'].map((field) =>
    JSON.stringify(text(toleration, field)),
  );
  return new GoLiteral(
    `core.Toleration{Key:${key}, Operator:${operator}, Value:${value}, Effect:${effect}, TolerationSeconds:(*int64)(nil)}`,
  );
};

export const RUNTIME_CLASS_RULES: readonly Rule[] = [
  ...rows(`${RUNTIME} ValidateRuntimeClass`, [
    ['handler', atCreation((value, place) => name('dns-label', { empty: true })(value ?? '', place))],
  ]),
  ...rows(`${RUNTIME} validateOverhead`, [
    [
      'overhead',
      atCreation((value, place) => (value === undefined ? undefined : podOverhead((value as Fields).podFixed, place))),
    ],
  ]),
  ...rows(`${RUNTIME} validateScheduling`, [['scheduling.nodeSelector', atCreation(labels)]]),
  ...rows(`${RUNTIME} validateTolerations, ${CORE} ValidateTolerations`, [
    ['scheduling.tolerations', atCreation(tolerations)],
  ]),
  ...rows(`${RUNTIME} ValidateRuntimeClassUpdate`, [['handler', immutable('field is immutable', '')]]),
];

export const LEASE_RULES: readonly Rule[] = rows('pkg/apis/coordination/validation/validation.go ValidateLeaseSpec', [
  ['spec.leaseDurationSeconds', positive],
  ['spec.leaseTransitions', nonNegative],
]);

const API_SERVICE = 'staging/src/k8s.io/kube-aggregator/pkg/apis/apiregistration/validation/validation.go';

const isWithin = (limit: number) =>
  unless(
    (value) => typeof value !== 'number' || value <= 0 || value > limit,
    `must be positive and less than ${limit}`,
  );

const orZero =
  (check: Check): Check =>
  (value, place) =>
    check(value ?? 0, place);

const apiServiceName: Check = (value, { path, object }) => {
  const wanted = `${text(object, 'spec', 'version')}.${text(object, 'spec', 'group')}`;
  if (typeof value !== 'string' || value === wanted || value.includes('/') || value.includes('%')) return undefined;
  return causeInvalid(path, value, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`);
};

const apiGroup: Check = (value, place) =>
  !value && text(place.object, 'spec', 'version') !== 'v1'
    ? causeRequired(place.path, 'only v1 may have an empty group and it better be legacy kube')
    : name('dns-subdomain')(value, place);

const trust: Check = (_value, { object }) => {
  const { service, caBundle, insecureSkipTLSVerify: insecure } = object.spec as Fields;
  const bytes = Buffer.from(String(caBundle ?? ''), 'base64').length;
  const causes: StatusCause[] = [];
  if (service !== undefined) {
    if (insecure !== true || bytes === 0) return undefined;
    return causeInvalid('spec.insecureSkipTLSVerify', true, 'may not be true if caBundle is present');
  }
  if (bytes > 0)
    causes.push(causeInvalid('spec.caBundle', `${bytes} bytes`, 'local APIServices may not have a caBundle'));
  if (insecure === true) {
    const detail = 'local APIServices may not have insecureSkipTLSVerify';
    causes.push(causeInvalid('spec.insecureSkipTLSVerify', true, detail));
  }
  return causes;
};

export const API_SERVICE_RULES: readonly Rule[] = rows(`${API_SERVICE} ValidateAPIService`, [
  ['metadata.name', apiServiceName],
  ['spec.group', apiGroup],
  ['spec.version', (value, place) => name('dns-1035-label', { empty: true })(value ?? '', place)],
  ['spec.groupPriorityMinimum', orZero(isWithin(20_000))],
  ['spec.versionPriority', orZero(isWithin(1000))],
  ['spec.service.namespace', required()],
  ['spec.service.name', required()],
  [
    'spec.service.port',
    orZero((value, { path }) => {
      const isPort = typeof value === 'number' && value >= 1 && value <= 65_535;
      return isPort
        ? undefined
        : causeInvalid(path, value, 'port is not valid: must be between 1 and 65535, inclusive');
    }),
  ],
  ['', trust],
]);

export const API_SERVICE_STATUS_RULES: readonly Rule[] = rows(`${API_SERVICE} ValidateAPIServiceStatus`, [
  ['status.conditions[*].status', (value, { path }) => statusFault(value, path)],
]);

const STATUSES = ['True', 'False', 'Unknown'];
const statusFault = (value: unknown, path: string) =>
  STATUSES.includes(String(value)) ? undefined : causeNotSupported(path, value ?? '', STATUSES);
