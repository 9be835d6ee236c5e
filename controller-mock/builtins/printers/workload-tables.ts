/** Tables of the groups apps, batch, autoscaling and policy, and of ReplicationControllers. */
import { humanDuration } from '../../api/human-duration.ts';
import type { KubeObject } from '../../api/object.ts';
import type { TablePrinter } from '../../api/resource-type.ts';
import { HPA_V1 } from '../behaviour/hpa-versions.ts';
import { at, conditionTrue, type Fields, items, number, text } from '../fields.ts';
import {
  ageColumn,
  asText,
  column,
  containerColumns,
  field,
  integer,
  labelsText,
  length,
  nameColumn,
  printerOf,
  selectorText,
  since,
  wide,
} from './columns.ts';

const selector = wide('Selector', (object) => selectorText(at(object, 'spec', 'selector')));

const readyOf = (object: KubeObject) =>
  `${number(object, 'status', 'readyReplicas')}/${number(object, 'spec', 'replicas')}`;

const replicaColumns = [
  integer('Desired', 'spec.replicas'),
  integer('Current', 'status.replicas'),
  integer('Ready', 'status.readyReplicas'),
  ageColumn,
  ...containerColumns('spec', 'template'),
];

function jobStatus(job: KubeObject): string {
  if (conditionTrue(job, 'Complete')) return 'Complete';
  if (conditionTrue(job, 'Failed')) return 'Failed';
  if (job.metadata.deletionTimestamp) return 'Terminating';
  if (conditionTrue(job, 'Suspended')) return 'Suspended';
  return conditionTrue(job, 'FailureTarget') ? 'FailureTarget' : 'Running';
}

function jobCompletions(job: KubeObject): string {
  const succeeded = number(job, 'status', 'succeeded');
  const completions = at(job, 'spec', 'completions');
  if (typeof completions === 'number') return `${succeeded}/${completions}`;
  const parallelism = number(job, 'spec', 'parallelism');
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(job: KubeObject, nowMs: number): string {
  const start = Date.parse(text(job, 'status', 'startTime'));
  if (Number.isNaN(start)) return '';
  const end = Date.parse(text(job, 'status', 'completionTime'));
  return humanDuration((Number.isNaN(end) ? nowMs : end) - start);
}

/** `current/target` of one metric of an autoscaler. */
function metricText(spec: Fields, status: Fields | undefined): string {
  const part = text(spec, 'type').replace(/^./, (letter) => letter.toLowerCase());
  const target = at(spec, part, 'target');
  const current = at(status, part, 'current');
  const shown = (value: unknown) => (value === undefined || value === null ? '<unknown>' : String(value));
  if (part === 'resource' || part === 'containerResource') {
    const name = text(spec, part, 'name');
    const average = at(target, 'averageValue');
    if (average !== undefined) return `${name}: ${shown(at(current, 'averageValue'))}/${average}`;
    const percent = (value: unknown, otherwise: string) => (typeof value === 'number' ? `${value}%` : otherwise);
    const used = percent(at(current, 'averageUtilization'), '<unknown>');
    return `${name}: ${used}/${percent(at(target, 'averageUtilization'), '<auto>')}`;
  }
  if (part === 'pods') return `${shown(at(current, 'averageValue'))}/${shown(at(target, 'averageValue'))}`;
  if (part !== 'object' && part !== 'external') return '<unknown type>';
  const average = at(target, 'averageValue');
  if (average !== undefined) return `${shown(at(current, 'averageValue'))}/${average} (avg)`;
  return `${shown(at(current, 'value'))}/${shown(at(target, 'value'))}`;
}

function metricsText(hpa: KubeObject): string {
  const specs = items(hpa, 'spec', 'metrics');
  const statuses = items(hpa, 'status', 'currentMetrics');
  if (specs.length === 0) return '<none>';
  const list = specs.map((spec, index) => metricText(spec, statuses[index]));
  return list.length > 2 ? `${list.slice(0, 2).join(', ')} + ${list.length - 2} more...` : list.join(', ');
}

function controllerOf(object: KubeObject): string {
  const owner = object.metadata.ownerReferences?.find((entry) => entry.controller);
  if (!owner) return '<none>';
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : '';
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`;
}

const scaler = printerOf(
  nameColumn,
  column(
    'Reference',
    (hpa) => `${text(hpa, 'spec', 'scaleTargetRef', 'kind')}/${text(hpa, 'spec', 'scaleTargetRef', 'name')}`,
  ),
  column('Targets', metricsText),
  column('MinPods', field('spec.minReplicas', '<unset>')),
  asText(integer('MaxPods', 'spec.maxReplicas')),
  asText(integer('Replicas', 'status.currentReplicas')),
  ageColumn,
);

/** By apiVersion and kind. */
export const WORKLOAD_TABLES: Readonly<Record<string, TablePrinter>> = {
  'v1 ReplicationController': printerOf(
    nameColumn,
    ...replicaColumns,
    wide('Selector', (object) => labelsText(at(object, 'spec', 'selector'))),
  ),
  'apps/v1 ReplicaSet': printerOf(nameColumn, ...replicaColumns, selector),
  'apps/v1 Deployment': printerOf(
    nameColumn,
    column('Ready', readyOf),
    asText(integer('Up-to-date', 'status.updatedReplicas')),
    asText(integer('Available', 'status.availableReplicas')),
    ageColumn,
    ...containerColumns('spec', 'template'),
    selector,
  ),
  'apps/v1 StatefulSet': printerOf(
    nameColumn,
    column('Ready', readyOf),
    ageColumn,
    ...containerColumns('spec', 'template'),
  ),
  'apps/v1 DaemonSet': printerOf(
    nameColumn,
    integer('Desired', 'status.desiredNumberScheduled'),
    integer('Current', 'status.currentNumberScheduled'),
    integer('Ready', 'status.numberReady'),
    integer('Up-to-date', 'status.updatedNumberScheduled'),
    integer('Available', 'status.numberAvailable'),
    column('Node Selector', (object) => labelsText(at(object, 'spec', 'template', 'spec', 'nodeSelector'))),
    ageColumn,
    ...containerColumns('spec', 'template'),
    selector,
  ),
  'apps/v1 ControllerRevision': printerOf(
    nameColumn,
    column('Controller', controllerOf),
    asText(integer('Revision', 'revision')),
    ageColumn,
  ),
  'batch/v1 Job': printerOf(
    nameColumn,
    column('Status', jobStatus),
    column('Completions', jobCompletions),
    column('Duration', jobDuration),
    ageColumn,
    ...containerColumns('spec', 'template'),
    selector,
  ),
  'batch/v1 CronJob': printerOf(
    nameColumn,
    column('Schedule', field('spec.schedule')),
    column('Timezone', field('spec.timeZone', '<none>')),
    column('Suspend', (object) => (at(object, 'spec', 'suspend') === true ? 'True' : 'False'), 'boolean'),
    column('Active', (object) => length(at(object, 'status', 'active')), 'integer'),
    column('Last Schedule', (object, nowMs) => {
      const last = at(object, 'status', 'lastScheduleTime');
      return last ? since(last, nowMs) : '<none>';
    }),
    ageColumn,
    ...containerColumns('spec', 'jobTemplate', 'spec', 'template'),
    wide('Selector', (object) => selectorText(at(object, 'spec', 'jobTemplate', 'spec', 'selector'))),
  ),
  'autoscaling/v1 HorizontalPodAutoscaler': {
    columns: scaler.columns,
    cells: (object, nowMs) => scaler.cells(HPA_V1.toStored(object), nowMs),
  },
  'autoscaling/v2 HorizontalPodAutoscaler': scaler,
  'policy/v1 PodDisruptionBudget': printerOf(
    nameColumn,
    column('Min Available', field('spec.minAvailable', 'N/A')),
    column('Max Unavailable', field('spec.maxUnavailable', 'N/A')),
    integer('Allowed Disruptions', 'status.disruptionsAllowed'),
    ageColumn,
  ),
};
