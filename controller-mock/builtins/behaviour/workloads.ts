/** apps, batch, autoscaling, policy and ReplicationController. */

import { causeForbidden, causeInvalid, causeNotSupported, causeRequired, type StatusCause } from '../../api/causes.ts';
import { equalJson, isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Subresource } from '../../api/resource-type.ts';
import { parseLabelSelector } from '../../api/selector.ts';
import { at, ensure, type Fields, fields, fill, items, number, text } from '../fields.ts';
import { selectorText } from '../printers/columns.ts';
import { type Behaviours, defaulted, immutable, READ_AND_WRITE } from './behaviour.ts';
import { HPA_V1 } from './hpa-versions.ts';
import { fillTemplate } from './pod-defaults.ts';
import { podSpecFaults } from './pod-validation.ts';

const SCALE: Subresource = {
  name: 'scale',
  kind: 'Scale',
  group: 'autoscaling',
  version: 'v1',
  verbs: READ_AND_WRITE,
  scale: {
    specReplicasPath: '.spec.replicas',
    statusReplicasPath: '.status.replicas',
    labelSelectorPath: '.spec.selector',
  },
};

const REVISIONS_KEPT = 10;

/** The selector must be given and must match the template. */
function selectorFaults(object: KubeObject): StatusCause[] {
  const selector = at(object, 'spec', 'selector');
  const labels = fields(object, 'spec', 'template', 'metadata', 'labels') as Record<string, string>;
  if (!isPlainObject(selector)) return [causeRequired('spec.selector')];
  const terms = selectorText(selector);
  if (terms === '<none>') {
    return [causeInvalid('spec.selector', selector, 'empty selector is invalid for deployment')];
  }
  if (parseLabelSelector(terms)(labels)) return [];
  return [causeInvalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')];
}

function negativeFaults(object: KubeObject, ...names: string[]): StatusCause[] {
  return names
    .filter((name) => number(object, 'spec', name) < 0)
    .map((name) => causeInvalid(`spec.${name}`, at(object, 'spec', name), 'must be greater than or equal to 0'));
}

/** What workloads with endless pods have in common. */
function workloadFaults(object: KubeObject, old: KubeObject | undefined): StatusCause[] {
  return [
    ...negativeFaults(object, 'replicas', 'minReadySeconds', 'revisionHistoryLimit', 'progressDeadlineSeconds'),
    ...selectorFaults(object),
    ...(old ? immutable(object, old, 'spec.selector') : []),
    ...podSpecFaults(at(object, 'spec', 'template', 'spec'), 'spec.template.spec', ['Always']),
  ];
}

function fillClaimTemplates(spec: Fields): void {
  for (const claim of items(spec, 'volumeClaimTemplates')) {
    fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    fill(ensure(claim, 'spec'), { volumeMode: 'Filesystem' });
    fill(ensure(claim, 'status'), { phase: 'Pending' });
  }
}

const STATEFUL_SET_CHANGEABLE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
  'revisionHistoryLimit',
];

function statefulSetUpdateFaults(object: KubeObject, old: KubeObject): StatusCause[] {
  const fixed = (set: KubeObject) =>
    Object.fromEntries(Object.entries(fields(set, 'spec')).filter(([name]) => !STATEFUL_SET_CHANGEABLE.includes(name)));
  if (equalJson(fixed(object), fixed(old))) return [];
  const detail =
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";
  return [causeForbidden('spec', detail)];
}

/** Counts changes of the template, as it did before there were ControllerRevisions. */
const TEMPLATE_GENERATION = 'deprecated.daemonset.template.generation';

function fillDaemonSet(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  fill(spec, { revisionHistoryLimit: REVISIONS_KEPT });
  const strategy = ensure(spec, 'updateStrategy');
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate') fill(ensure(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 });
  fillTemplate(spec);
  object.metadata.annotations = { [TEMPLATE_GENERATION]: '0', ...object.metadata.annotations };
}

/** The pods a workload makes. */
const templateOf = (object: KubeObject): unknown => at(object, 'spec', 'template');

const JOB_LABEL = 'batch.kubernetes.io/job-name';
const JOB_UID_LABEL = 'batch.kubernetes.io/controller-uid';

/** The labels by which a Job knows its pods; the short ones are for old clients. */
function fillJobSelector(job: KubeObject): void {
  const spec = ensure(job, 'spec');
  if (spec.manualSelector === true) return;
  const { name = '', uid = '' } = job.metadata;
  const labels = ensure(ensure(ensure(spec, 'template'), 'metadata'), 'labels');
  Object.assign(labels, { [JOB_UID_LABEL]: uid, [JOB_LABEL]: name, 'controller-uid': uid, 'job-name': name });
  job.metadata.labels ??= { ...labels } as Record<string, string>;
  spec.selector = { matchLabels: { [JOB_UID_LABEL]: uid } };
}

function fillJobSpec(spec: Fields): void {
  if (spec.completions === undefined && spec.parallelism === undefined) fill(spec, { completions: 1, parallelism: 1 });
  fill(spec, {
    parallelism: 1,
    backoffLimit: spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1,
    completionMode: 'NonIndexed',
    suspend: false,
    manualSelector: false,
    podReplacementPolicy: spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed',
  });
  fillTemplate(spec);
}

const JOB_RESTART_POLICIES = ['OnFailure', 'Never'];

function jobFaults(job: KubeObject, old: KubeObject | undefined): StatusCause[] {
  const causes = [
    ...negativeFaults(
      job,
      'completions',
      'parallelism',
      'backoffLimit',
      'activeDeadlineSeconds',
      'ttlSecondsAfterFinished',
    ),
    ...podSpecFaults(at(job, 'spec', 'template', 'spec'), 'spec.template.spec', JOB_RESTART_POLICIES),
  ];
  const name = job.metadata.name ?? '';
  if (name.length > 63) causes.push(causeInvalid('metadata.name', name, 'must be no more than 63 characters'));
  if (old) {
    const suspended = at(old, 'spec', 'suspend') === true && at(old, 'status', 'startTime') === undefined;
    if (!suspended && !equalJson(templateOf(job), templateOf(old))) {
      causes.push(causeInvalid('spec.template', templateOf(job), 'field is immutable'));
    }
    causes.push(...immutable(job, old, 'spec.selector'), ...immutable(job, old, 'spec.completionMode'));
    const elastic =
      at(job, 'spec', 'completionMode') === 'Indexed' &&
      at(job, 'spec', 'completions') === at(job, 'spec', 'parallelism');
    if (!elastic) causes.push(...immutable(job, old, 'spec.completions'));
  }
  return causes;
}

const CRON_MACROS = ['@yearly', '@annually', '@monthly', '@weekly', '@daily', '@midnight', '@hourly'];

function scheduleFaults(cronJob: KubeObject): StatusCause[] {
  const schedule = text(cronJob, 'spec', 'schedule');
  if (schedule === '') return [causeRequired('spec.schedule')];
  if (CRON_MACROS.includes(schedule) || /^@every \S+$/.test(schedule)) return [];
  const parts = schedule.trim().split(/\s+/);
  const fault =
    parts.length !== 5
      ? `expected exactly 5 fields, found ${parts.length}: [${parts.join(' ')}]`
      : parts.every((part) => /^[\w*/,?-]+$/.test(part))
        ? undefined
        : 'fields may have numbers, names, and the signs * / , - ?';
  return fault ? [causeInvalid('spec.schedule', schedule, fault)] : [];
}

function hpaFaults(hpa: KubeObject): StatusCause[] {
  const most = number(hpa, 'spec', 'maxReplicas');
  if (most < 1) return [causeInvalid('spec.maxReplicas', most, 'must be greater than 0')];
  if (most < number(hpa, 'spec', 'minReplicas')) {
    return [causeInvalid('spec.maxReplicas', most, 'must be greater than or equal to `minReplicas`')];
  }
  return [];
}

const statusReplicas = { 'status.replicas': (object: KubeObject) => String(number(object, 'status', 'replicas')) };

export const WORKLOAD_BEHAVIOUR: Behaviours = {
  'v1 ReplicationController': {
    ...defaulted((object) => {
      const spec = ensure(object, 'spec');
      fill(spec, { replicas: 1 });
      fillTemplate(spec);
      const labels = fields(spec, 'template', 'metadata', 'labels');
      if (Object.keys(fields(spec, 'selector')).length === 0) spec.selector = { ...labels };
      if (!object.metadata.labels) object.metadata.labels = { ...labels } as Record<string, string>;
    }),
    subresources: [SCALE],
    selectableFields: statusReplicas,
    validate: (object) => [
      ...negativeFaults(object, 'replicas', 'minReadySeconds'),
      ...podSpecFaults(at(object, 'spec', 'template', 'spec'), 'spec.template.spec', ['Always']),
    ],
  },
  'apps/v1 Deployment': {
    ...defaulted((object) => {
      const spec = ensure(object, 'spec');
      fill(spec, { replicas: 1, revisionHistoryLimit: REVISIONS_KEPT, progressDeadlineSeconds: 600 });
      const strategy = ensure(spec, 'strategy');
      fill(strategy, { type: 'RollingUpdate' });
      if (strategy.type === 'RollingUpdate') {
        fill(ensure(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
      }
      fillTemplate(spec);
    }),
    subresources: [SCALE],
    validate(object, old) {
      const causes = workloadFaults(object, old);
      const type = text(object, 'spec', 'strategy', 'type');
      if (!['RollingUpdate', 'Recreate'].includes(type)) {
        causes.push(causeNotSupported('spec.strategy.type', type, ['Recreate', 'RollingUpdate']));
      } else if (type === 'Recreate' && at(object, 'spec', 'strategy', 'rollingUpdate') !== undefined) {
        const detail = "may not be specified when strategy `type` is 'Recreate'";
        causes.push(causeForbidden('spec.strategy.rollingUpdate', detail));
      }
      return causes;
    },
  },
  'apps/v1 ReplicaSet': {
    ...defaulted((object) => {
      const spec = ensure(object, 'spec');
      fill(spec, { replicas: 1 });
      fillTemplate(spec);
    }),
    subresources: [SCALE],
    selectableFields: statusReplicas,
    validate: workloadFaults,
  },
  'apps/v1 StatefulSet': {
    ...defaulted((object) => {
      const spec = ensure(object, 'spec');
      fill(spec, { replicas: 1, revisionHistoryLimit: REVISIONS_KEPT, podManagementPolicy: 'OrderedReady' });
      const strategy = ensure(spec, 'updateStrategy');
      fill(strategy, { type: 'RollingUpdate' });
      if (strategy.type === 'RollingUpdate') fill(ensure(strategy, 'rollingUpdate'), { partition: 0 });
      const retention = ensure(spec, 'persistentVolumeClaimRetentionPolicy');
      fill(retention, { whenDeleted: 'Retain', whenScaled: 'Retain' });
      fillClaimTemplates(spec);
      fillTemplate(spec);
    }),
    subresources: [SCALE],
    validate: (object, old) => [...workloadFaults(object, old), ...(old ? statefulSetUpdateFaults(object, old) : [])],
  },
  'apps/v1 DaemonSet': {
    setDefaults: fillDaemonSet,
    prepareCreate(object) {
      object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: '1' };
    },
    prepareUpdate(object, old) {
      const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
      const changed = !equalJson(templateOf(object), templateOf(old));
      const generation = String(changed ? before + 1 : before);
      object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: generation };
    },
    validate: workloadFaults,
  },
  'apps/v1 ControllerRevision': {
    validate: (object, old) => (old ? immutable(object, old, 'data') : []),
  },
  'batch/v1 Job': {
    setDefaults: (job) => fillJobSpec(ensure(job, 'spec')),
    prepareCreate: fillJobSelector,
    selectableFields: { 'status.successful': (job) => String(number(job, 'status', 'succeeded')) },
    validate: jobFaults,
  },
  'batch/v1 CronJob': {
    ...defaulted((object) => {
      const spec = ensure(object, 'spec');
      fill(spec, {
        concurrencyPolicy: 'Allow',
        suspend: false,
        successfulJobsHistoryLimit: 3,
        failedJobsHistoryLimit: 1,
      });
      fillTemplate(ensure(ensure(spec, 'jobTemplate'), 'spec'));
    }),
    validate: (object) => [
      ...scheduleFaults(object),
      ...podSpecFaults(
        at(object, 'spec', 'jobTemplate', 'spec', 'template', 'spec'),
        'spec.jobTemplate.spec.template.spec',
        JOB_RESTART_POLICIES,
      ),
    ],
  },
  'autoscaling/v1 HorizontalPodAutoscaler': {
    ...defaulted((object) => fill(ensure(object, 'spec'), { minReplicas: 1 })),
    storedAs: HPA_V1,
    validate: hpaFaults,
  },
  'autoscaling/v2 HorizontalPodAutoscaler': {
    ...defaulted((object) => {
      const utilization = { type: 'Utilization', averageUtilization: 80 };
      const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: utilization } }];
      fill(ensure(object, 'spec'), { minReplicas: 1, metrics });
    }),
    validate: hpaFaults,
  },
};
