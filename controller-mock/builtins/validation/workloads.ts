/** Kinds that keep pods running: ReplicationController, ReplicaSet, Deployment, StatefulSet, DaemonSet, ControllerRevision. */
import { causeForbidden, causeInvalid, causeNotSupported, causeRequired } from '../../api/causes.ts';
import { GoLiteral } from '../../api/go-values.ts';
import { equalJson } from '../../api/json.ts';
import { at, type Fields, fields, items, number } from '../fields.ts';
import { nonNegative, present } from './checks.ts';
import { coreSource } from './pod-facts.ts';
import { TEMPLATE_META_RULES, TEMPLATE_RULES } from './pod-spec.ts';
import { below, type Check, type Rule, rows, Stop } from './rule.ts';
import {
  intOrPercent,
  intOrStringLiteral,
  isZero,
  labelsLiteral,
  noMoreThanAll,
  selectorLiteral,
  selects,
} from './scaling.ts';
import { selectorFaults, strictLabelSelector } from './selectors.ts';

const appsSource = (name: string) => `pkg/apis/apps/validation/validation.go ${name}`;

const isEmptySelector = (selector: unknown): boolean =>
  Object.keys(fields(selector, 'matchLabels')).length + items(selector, 'matchExpressions').length === 0;

const notEmpty =
  (kind: string): Check =>
  (value, { path }) =>
    value !== undefined && isEmptySelector(value)
      ? causeInvalid(path, selectorLiteral(value), `empty selector is invalid for ${kind}`)
      : undefined;

/** What has no meaning is said once more, and the template is then not looked at. @param detail of that; '' for none */
const parsable =
  (detail: string): Check =>
  (value, { path }) => {
    if (selectorFaults(value, '').length === 0) return undefined;
    const cause = causeInvalid(path, selectorLiteral(value), detail);
    return { ...cause, message: cause.message.replace(/: $/, '') };
  };

/** Of `spec.template`, beside `spec.selector`: no selector selects nothing, and an empty one everything. */
const selected: Check = (value, { path, holder }) => {
  const { selector } = holder;
  if (selectorFaults(selector, '').length > 0) return new Stop();
  const labels = fields(value, 'metadata', 'labels');
  if (selector !== undefined && selects(selector, labels)) return undefined;
  return causeInvalid(`${path}.metadata.labels`, labelsLiteral(labels), '`selector` does not match template `labels`');
};

/** The template is looked at even where its selector means nothing. */
const selectedOrUnreadable: Check = (value, place) => {
  const found = selected(value, place);
  return found instanceof Stop ? undefined : found;
};

const alwaysRestarted: Check = (value, { path }) =>
  value === 'Always' ? undefined : causeNotSupported(path, value ?? '', ['Always']);

const endless = (kind: string): [string, Check][] => [
  ['spec.template!.spec!.restartPolicy', alwaysRestarted],
  [
    'spec.template!.spec!.activeDeadlineSeconds',
    (value, { path }) =>
      value === undefined ? undefined : causeForbidden(path, `activeDeadlineSeconds in ${kind} is not Supported`),
  ],
];

const sameSelector: Check = (value, { path, old, before }) =>
  !old || equalJson(value, before) ? undefined : causeInvalid(path, selectorLiteral(value), 'field is immutable');

/** Selector and template of what is like a ReplicaSet. */
const REPLICA_SET_RULES: readonly Rule[] = [
  ...rows(appsSource('ValidateReplicaSetSpec'), [
    ['spec.selector', present()],
    ['spec.selector', strictLabelSelector],
    ['spec.selector', notEmpty('deployment')],
    ['spec.selector', parsable('invalid label selector')],
  ]),
  ...rows(appsSource('ValidatePodTemplateSpecForReplicaSet'), [['spec.template!', selected]]),
  ...below('spec.template!', TEMPLATE_RULES),
  ...rows(appsSource('ValidatePodTemplateSpecForReplicaSet'), endless('ReplicaSet')),
];

const rollingDeployment: Check = (value, { path }) => {
  if (!value) return undefined;
  const { maxUnavailable, maxSurge } = value as Fields;
  if (!isZero(maxUnavailable) || !isZero(maxSurge)) return undefined;
  return causeInvalid(
    `${path}.maxUnavailable`,
    intOrStringLiteral(maxUnavailable),
    'may not be 0 when `maxSurge` is 0',
  );
};

const strategy: Check = (value, { path }) => {
  const type = at(value, 'type');
  if (type === 'RollingUpdate') return undefined;
  const given = at(value, 'rollingUpdate') !== undefined;
  if (type === 'Recreate') {
    const detail = "may not be specified when strategy `type` is 'Recreate'";
    return given ? new Stop(causeForbidden(`${path}.rollingUpdate`, detail)) : undefined;
  }
  const shown = new GoLiteral(
    `apps.DeploymentStrategy{Type:${JSON.stringify(type ?? '')}, RollingUpdate:(*apps.RollingUpdateDeployment)(nil)}`,
  );
  return new Stop(causeNotSupported(path, shown, ['Recreate', 'RollingUpdate']));
};

const beyondReady: Check = (value, { path, holder }) =>
  typeof value === 'number' && value <= number(holder, 'minReadySeconds')
    ? causeInvalid(path, value, 'must be greater than minReadySeconds')
    : undefined;

const DEPLOYMENT_RULES: readonly Rule[] = [
  ...rows(appsSource('ValidateDeploymentSpec'), [['spec.replicas', nonNegative]]),
  ...REPLICA_SET_RULES,
  ...rows(appsSource('ValidateDeploymentStrategy'), [['spec.strategy', strategy]]),
  ...rows(appsSource('ValidateRollingUpdateDeployment'), [
    ['spec.strategy.rollingUpdate.maxUnavailable', intOrPercent],
    ['spec.strategy.rollingUpdate.maxSurge', intOrPercent],
    ['spec.strategy.rollingUpdate', rollingDeployment],
    ['spec.strategy.rollingUpdate.maxUnavailable', noMoreThanAll],
  ]),
  ...rows(appsSource('ValidateDeploymentSpec'), [
    ['spec.minReadySeconds', nonNegative],
    ['spec.revisionHistoryLimit', nonNegative],
    ['spec.progressDeadlineSeconds', nonNegative],
    ['spec.progressDeadlineSeconds', beyondReady],
  ]),
  ...rows('pkg/registry/apps/deployment/strategy.go ValidateUpdate', [['spec.selector', sameSelector]]),
];

const rollingDaemons: Check = (value, { path }) => {
  if (!value) return undefined;
  const { maxUnavailable, maxSurge } = value as Fields;
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    return causeRequired(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0');
  }
  if (isZero(maxUnavailable) || isZero(maxSurge)) return undefined;
  return causeInvalid(
    `${path}.maxSurge`,
    intOrStringLiteral(maxSurge),
    'may not be set when maxUnavailable is non-zero',
  );
};

const daemonStrategy: Check = (value, { path }) => {
  const type = at(value, 'type');
  if (type === 'RollingUpdate') return undefined;
  if (type === 'OnDelete') return new Stop();
  const shown = new GoLiteral(
    `apps.DaemonSetUpdateStrategy{Type:${JSON.stringify(type ?? '')}, RollingUpdate:(*apps.RollingUpdateDaemonSet)(nil)}`,
  );
  return new Stop(causeNotSupported(path, shown, ['RollingUpdate', 'OnDelete']));
};

const DAEMON_SET_RULES: readonly Rule[] = [
  ...rows(appsSource('ValidateDaemonSetSpec'), [
    ['spec.selector', strictLabelSelector],
    ['spec.template!', selectedOrUnreadable],
    ['spec.selector', notEmpty('daemonset')],
  ]),
  ...below('spec.template!', TEMPLATE_RULES),
  ...rows(appsSource('ValidateDaemonSetSpec'), [...endless('DaemonSet'), ['spec.minReadySeconds', nonNegative]]),
  ...rows(appsSource('ValidateDaemonSetUpdateStrategy'), [['spec.updateStrategy', daemonStrategy]]),
  ...rows(appsSource('ValidateRollingUpdateDaemonSet'), [
    ['spec.updateStrategy.rollingUpdate.maxUnavailable', intOrPercent],
    ['spec.updateStrategy.rollingUpdate.maxSurge', intOrPercent],
    ['spec.updateStrategy.rollingUpdate.maxUnavailable', noMoreThanAll],
    ['spec.updateStrategy.rollingUpdate.maxSurge', noMoreThanAll],
    ['spec.updateStrategy.rollingUpdate', rollingDaemons],
  ]),
  ...rows(appsSource('ValidateDaemonSetSpec'), [['spec.revisionHistoryLimit', nonNegative]]),
  ...rows('pkg/registry/apps/daemonset/strategy.go ValidateUpdate', [['spec.selector', sameSelector]]),
];

/** What of a StatefulSet may change. */
const CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
] as const;

const onlyChangeable: Check = (value, { path, old, before }) => {
  if (!old) return undefined;
  const rest = (spec: unknown) =>
    Object.fromEntries(Object.entries(fields(spec)).filter(([key]) => !CHANGEABLE.includes(key as 'replicas')));
  if (equalJson(rest(value), rest(before))) return undefined;
  const detail = `updates to statefulset spec for fields other than ${CHANGEABLE.slice(0, -1)
    .map((field) => `'${field}'`)
    .join(', ')} and 'minReadySeconds' are forbidden`;
  return causeForbidden(path, detail);
};

const statefulStrategy: Check = (value, { path }) => {
  const type = at(value, 'type');
  if (type === 'RollingUpdate') return undefined;
  const given = at(value, 'rollingUpdate');
  if (type === 'OnDelete') {
    if (given === undefined) return undefined;
    const shown = new GoLiteral(
      `apps.RollingUpdateStatefulSetStrategy{Partition:${number(given, 'partition')}, MaxUnavailable:(*intstr.IntOrString)(nil)}`,
    );
    return new Stop(causeInvalid(`${path}.rollingUpdate`, shown, "only allowed for updateStrategy 'RollingUpdate'"));
  }
  const shown = new GoLiteral(
    `apps.StatefulSetUpdateStrategy{Type:${JSON.stringify(type ?? '')}, RollingUpdate:(*apps.RollingUpdateStatefulSetStrategy)(nil)}`,
  );
  return new Stop(causeInvalid(path, shown, "must be 'RollingUpdate' or 'OnDelete'"));
};

const management: Check = (value, { path }) =>
  value === 'OrderedReady' || value === 'Parallel'
    ? undefined
    : causeInvalid(path, value, "must be 'OrderedReady' or 'Parallel'");

const retention: Check = (value, { path }) =>
  value === 'Retain' || value === 'Delete' ? undefined : causeNotSupported(path, value, ['Retain', 'Delete']);

const STATEFUL_SET_RULES: readonly Rule[] = [
  ...rows(appsSource('ValidateStatefulSetSpec'), [
    ['spec.podManagementPolicy', management],
    ['spec.updateStrategy', statefulStrategy],
  ]),
  ...rows(appsSource('validateRollingUpdateStatefulSet'), [
    ['spec.updateStrategy.rollingUpdate.partition', nonNegative],
  ]),
  ...rows(appsSource('ValidatePersistentVolumeClaimRetentionPolicyType'), [
    ['spec.persistentVolumeClaimRetentionPolicy.whenDeleted', retention],
    ['spec.persistentVolumeClaimRetentionPolicy.whenScaled', retention],
  ]),
  ...rows(appsSource('ValidateStatefulSetSpec'), [
    ['spec.replicas', nonNegative],
    ['spec.minReadySeconds', nonNegative],
    ['spec.ordinals.start', nonNegative],
    ['spec.selector', present()],
    ['spec.selector', strictLabelSelector],
    ['spec.selector', notEmpty('statefulset')],
    ['spec.selector', parsable('')],
  ]),
  ...rows(appsSource('ValidatePodTemplateSpecForStatefulSet'), [['spec.template!', selected]]),
  ...below('spec.template!', TEMPLATE_META_RULES),
  ...rows(appsSource('ValidateStatefulSetSpec'), endless('StatefulSet')),
  ...rows(appsSource('ValidateStatefulSetUpdate'), [['spec', onlyChangeable]]),
];

const controllerSelected: Check = (value, { path, holder }) => {
  const selector = fields(holder, 'selector');
  if (Object.keys(selector).length === 0) return undefined;
  const labels = fields(value, 'metadata', 'labels');
  if (Object.entries(selector).every(([key, entry]) => labels[key] === entry)) return undefined;
  return causeInvalid(`${path}.metadata.labels`, labelsLiteral(labels), '`selector` does not match template `labels`');
};

const CONTROLLER_RULES: readonly Rule[] = [
  ...rows(coreSource('ValidateReplicationControllerSpec'), [
    ['spec!.minReadySeconds', nonNegative],
    [
      'spec!.selector',
      (value, { path }) => (Object.keys(fields(value)).length === 0 ? causeRequired(path) : undefined),
    ],
    ['spec!.replicas', nonNegative],
  ]),
  ...rows(coreSource('ValidatePodTemplateSpecForRC'), [
    [
      'spec!.template',
      (_value, { path, holder }) => (holder.template === undefined ? new Stop(causeRequired(path)) : undefined),
    ],
    ['spec!.template', controllerSelected],
  ]),
  ...below('spec!.template', TEMPLATE_RULES),
  ...rows(coreSource('ValidatePodTemplateSpecForRC'), [
    ['spec!.template.spec!.restartPolicy', alwaysRestarted],
    [
      'spec!.template.spec!.activeDeadlineSeconds',
      (value, { path }) =>
        value === undefined
          ? undefined
          : causeForbidden(path, 'activeDeadlineSeconds in ReplicationController is not Supported'),
    ],
  ]),
];

/** Of ReplicaSets, which may have no history. */
const SET_RULES: readonly Rule[] = [
  ...rows(appsSource('ValidateReplicaSetSpec'), [
    ['spec.replicas', nonNegative],
    ['spec.minReadySeconds', nonNegative],
  ]),
  ...REPLICA_SET_RULES,
  ...rows('pkg/registry/apps/replicaset/strategy.go ValidateUpdate', [['spec.selector', sameSelector]]),
];

export const WORKLOAD_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'v1 PodTemplate': below('template!', TEMPLATE_RULES),
  'v1 ReplicationController': CONTROLLER_RULES,
  'apps/v1 ReplicaSet': SET_RULES,
  'apps/v1 Deployment': DEPLOYMENT_RULES,
  'apps/v1 StatefulSet': STATEFUL_SET_RULES,
  'apps/v1 DaemonSet': DAEMON_SET_RULES,
};
