/** apps, batch, autoscaling, policy and ReplicationController. */

import { cloneJson, equalJson, isPlainObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Subresource } from '../../api/resource-type.ts';
import { at, ensure, type Fields, fields, fill, items, number } from '../fields.ts';
import { podIn } from '../validation/pod-facts.ts';
import { type Behaviour, type Behaviours, defaulted, READ_AND_WRITE } from './behaviour.ts';
import { HPA_V1 } from './hpa-versions.ts';
import { fillTemplate } from './pod-defaults.ts';
import { dropDisabledFields } from './pod-features.ts';

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

function fillClaimTemplates(spec: Fields): void {
  for (const claim of items(spec, 'volumeClaimTemplates')) {
    fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim' });
    fill(ensure(claim, 'spec'), { volumeMode: 'Filesystem' });
    fill(ensure(claim, 'status'), { phase: 'Pending' });
  }
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

/** Of every kind that makes pods. */
function dropDisabled(object: KubeObject): void {
  const spec = at(podIn(object), 'spec');
  if (isPlainObject(spec)) dropDisabledFields(spec);
}

/** A kind that makes pods, and what the server does with it beyond defaults. */
const workload = (setDefaults: (object: KubeObject) => void, more: Behaviour = {}): Behaviour => ({
  setDefaults,
  ...more,
  prepareCreate(object, context) {
    more.prepareCreate?.(object, context);
    dropDisabled(object);
  },
  prepareUpdate(object, old, context) {
    dropDisabled(object);
    more.prepareUpdate?.(object, old, context);
  },
});

/** Longest value of a label. */
const NAME_LIMIT = 63;
const JOB_LABEL = 'batch.kubernetes.io/job-name';
const JOB_UID_LABEL = 'batch.kubernetes.io/controller-uid';

/**
 * The labels by which a Job knows its pods; the short ones are for old clients. What the user has set stays, and is refused where it is
 * something else: kubernetes, pkg/registry/batch/job/strategy.go generateSelector.
 */
function fillJobSelector(job: KubeObject): void {
  const spec = ensure(job, 'spec');
  if (spec.manualSelector === true) return;
  const { name = '', uid = '' } = job.metadata;
  const labels = ensure(ensure(ensure(spec, 'template'), 'metadata'), 'labels');
  fill(labels, { [JOB_UID_LABEL]: uid, [JOB_LABEL]: name, 'controller-uid': uid, 'job-name': name });
  // A name that is too long for the value of a label is only blamed in the template.
  if (name.length <= NAME_LIMIT) job.metadata.labels ??= { ...labels } as Record<string, string>;
  fill(ensure(ensure(spec, 'selector'), 'matchLabels'), { [JOB_UID_LABEL]: uid });
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
  for (const rule of items(spec, 'podFailurePolicy', 'rules')) {
    for (const pattern of items(rule, 'onPodConditions')) if (!pattern.status) pattern.status = 'True';
  }
  fillTemplate(spec);
}

const statusReplicas = { 'status.replicas': (object: KubeObject) => String(number(object, 'status', 'replicas')) };

function fillController(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  fill(spec, { replicas: 1 });
  if (spec.template !== undefined) fillTemplate(spec);
  const labels = at(spec, 'template', 'metadata', 'labels');
  if (!isPlainObject(labels)) return;
  if (Object.keys(fields(spec, 'selector')).length === 0) spec.selector = { ...labels };
  if (!object.metadata.labels) object.metadata.labels = { ...labels } as Record<string, string>;
}

function fillStatefulSet(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  fill(spec, { replicas: 1, revisionHistoryLimit: REVISIONS_KEPT, podManagementPolicy: 'OrderedReady' });
  const strategy = ensure(spec, 'updateStrategy');
  if (!strategy.type) fill(strategy, { type: 'RollingUpdate', rollingUpdate: {} });
  if (strategy.type === 'RollingUpdate' && isPlainObject(strategy.rollingUpdate)) {
    fill(strategy.rollingUpdate, { partition: 0 });
  }
  fill(ensure(spec, 'persistentVolumeClaimRetentionPolicy'), { whenDeleted: 'Retain', whenScaled: 'Retain' });
  fillClaimTemplates(spec);
  fillTemplate(spec);
}

/** Of version 1.32 unless its feature is switched on. */
function dropStatefulSetFields(object: KubeObject): void {
  delete (fields(object, 'spec', 'updateStrategy', 'rollingUpdate') as Fields).maxUnavailable;
}

const PERIOD = { periodSeconds: 15 };
const GROWTH = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, ...PERIOD },
    { type: 'Percent', value: 100, ...PERIOD },
  ],
};
const SHRINKAGE = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, ...PERIOD }] };

function fillAutoscaler(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  const utilization = { type: 'Utilization', averageUtilization: 80 };
  fill(spec, { minReplicas: 1, metrics: [{ type: 'Resource', resource: { name: 'cpu', target: utilization } }] });
  if (!isPlainObject(spec.behavior)) return;
  fill(ensure(spec.behavior, 'scaleUp'), cloneJson(GROWTH));
  fill(ensure(spec.behavior, 'scaleDown'), cloneJson(SHRINKAGE));
}

function fillDeployment(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  fill(spec, { replicas: 1, revisionHistoryLimit: REVISIONS_KEPT, progressDeadlineSeconds: 600 });
  const strategy = ensure(spec, 'strategy');
  fill(strategy, { type: 'RollingUpdate' });
  if (strategy.type === 'RollingUpdate') {
    fill(ensure(strategy, 'rollingUpdate'), { maxUnavailable: '25%', maxSurge: '25%' });
  }
  fillTemplate(spec);
}

function fillReplicaSet(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  fill(spec, { replicas: 1 });
  fillTemplate(spec);
}

function fillCronJob(object: KubeObject): void {
  const spec = ensure(object, 'spec');
  fill(spec, { concurrencyPolicy: 'Allow', suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 });
  fillTemplate(ensure(ensure(spec, 'jobTemplate'), 'spec'));
}

export const WORKLOAD_BEHAVIOUR: Behaviours = {
  'v1 PodTemplate': workload((object) => fillTemplate(object)),
  'v1 ReplicationController': workload(fillController, { subresources: [SCALE], selectableFields: statusReplicas }),
  'apps/v1 Deployment': workload(fillDeployment, { subresources: [SCALE] }),
  'apps/v1 ReplicaSet': workload(fillReplicaSet, { subresources: [SCALE], selectableFields: statusReplicas }),
  'apps/v1 StatefulSet': workload(fillStatefulSet, {
    subresources: [SCALE],
    prepareCreate: dropStatefulSetFields,
    prepareUpdate: dropStatefulSetFields,
  }),
  'apps/v1 DaemonSet': workload(fillDaemonSet, {
    prepareCreate(object) {
      object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: '1' };
    },
    prepareUpdate(object, old) {
      const before = Number(old.metadata.annotations?.[TEMPLATE_GENERATION] ?? 0);
      const changed = !equalJson(templateOf(object), templateOf(old));
      const generation = String(changed ? before + 1 : before);
      object.metadata.annotations = { ...object.metadata.annotations, [TEMPLATE_GENERATION]: generation };
    },
  }),
  'batch/v1 Job': workload((job) => fillJobSpec(ensure(job, 'spec')), {
    prepareCreate: fillJobSelector,
    selectableFields: { 'status.successful': (job) => String(number(job, 'status', 'succeeded')) },
  }),
  'batch/v1 CronJob': workload(fillCronJob),
  'autoscaling/v1 HorizontalPodAutoscaler': {
    ...defaulted((object) => fill(ensure(object, 'spec'), { minReplicas: 1 })),
    storedAs: HPA_V1,
  },
  'autoscaling/v2 HorizontalPodAutoscaler': defaulted(fillAutoscaler),
};
