/** What is written to the status of kinds that keep pods running, and ControllerRevision, which is what they were. */
import { causeInvalid, causeRequired } from '../../api/causes.ts';
import { equalJson, isPlainObject } from '../../api/json.ts';
import { number } from '../fields.ts';
import { nonNegative } from './checks.ts';
import { coreSource } from './pod-facts.ts';
import { type Check, type Rule, rows } from './rule.ts';

const appsSource = (name: string) => `pkg/apis/apps/validation/validation.go ${name}`;

const noMoreThan =
  (other: string, shown: string): Check =>
  (value, { path, holder }) =>
    Number(value ?? 0) > number(holder, other)
      ? causeInvalid(path, value ?? 0, `cannot be greater than ${shown}`)
      : undefined;

/** Counts of a status, each not negative, and those that are part of another count. */
function statusRules(source: string, counts: readonly string[], parts: readonly string[], ready = ''): Rule[] {
  const checks: [string, Check][] = counts.map((field) => [`status!.${field}`, nonNegative]);
  for (const part of parts) checks.push([`status!.${part}`, noMoreThan('replicas', 'status.replicas')]);
  if (ready !== '') checks.push(['status!.availableReplicas', noMoreThan('readyReplicas', ready)]);
  return rows(source, checks);
}

const neverFewer: Check = (value, { path, before }) =>
  typeof before === 'number' && (value === undefined || Number(value) < before)
    ? causeInvalid(path, value ?? 0, 'cannot be decremented')
    : undefined;

const collisions = (upstream: string): Rule[] => rows(appsSource(upstream), [['status!.collisionCount', neverFewer]]);

const SET_COUNTS = ['replicas', 'fullyLabeledReplicas', 'readyReplicas', 'availableReplicas', 'observedGeneration'];
const SET_PARTS = ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'];

const revisionData: Check = (value, { path, old, before }) => {
  if (old) return equalJson(value, before) ? undefined : causeInvalid(path, value ?? null, 'field is immutable');
  if (value === undefined || value === null) return causeRequired(path, 'data is mandatory');
  return isPlainObject(value) ? undefined : causeRequired(path, 'data must be a valid JSON object');
};

export const WORKLOAD_STATUS_RULES: Readonly<Record<string, readonly Rule[]>> = {
  'v1 ReplicationController/status': statusRules(
    coreSource('ValidateReplicationControllerStatus'),
    SET_COUNTS,
    SET_PARTS,
    'readyReplicas',
  ),
  'apps/v1 ReplicaSet/status': statusRules(
    appsSource('ValidateReplicaSetStatus'),
    SET_COUNTS,
    SET_PARTS,
    'readyReplicas',
  ),
  'apps/v1 Deployment/status': [
    ...statusRules(
      appsSource('ValidateDeploymentStatus'),
      [
        'observedGeneration',
        'replicas',
        'updatedReplicas',
        'readyReplicas',
        'availableReplicas',
        'unavailableReplicas',
        'collisionCount',
      ],
      ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
      'readyReplicas',
    ),
    ...collisions('ValidateDeploymentStatusUpdate'),
  ],
  'apps/v1 StatefulSet/status': [
    ...statusRules(
      appsSource('ValidateStatefulSetStatus'),
      [
        'replicas',
        'readyReplicas',
        'currentReplicas',
        'updatedReplicas',
        'availableReplicas',
        'observedGeneration',
        'collisionCount',
      ],
      ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
      'status.readyReplicas',
    ),
    ...collisions('ValidateStatefulSetStatusUpdate'),
  ],
  'apps/v1 DaemonSet/status': [
    ...statusRules(
      appsSource('validateDaemonSetStatus'),
      [
        'currentNumberScheduled',
        'numberMisscheduled',
        'desiredNumberScheduled',
        'numberReady',
        'observedGeneration',
        'updatedNumberScheduled',
        'numberAvailable',
        'numberUnavailable',
        'collisionCount',
      ],
      [],
    ),
    ...collisions('ValidateDaemonSetStatusUpdate'),
  ],
  'apps/v1 ControllerRevision': [
    ...rows(appsSource('validateControllerRevision'), [['revision', nonNegative]]),
    ...rows(appsSource('ValidateControllerRevisionCreate'), [['data', revisionData]]),
  ],
};
