/** Pods, what makes them, and what is about them: as `base-objects.ts` has other kinds. Rows of answers-workloads.jsonl change them. */
const LABELS = { app: 'x' };
const CONTAINERS = [{ name: 'c', image: 'a:1' }];
const TEMPLATE = { metadata: { labels: LABELS }, spec: { containers: CONTAINERS } };
const WORKLOAD = { spec: { selector: { matchLabels: LABELS }, template: TEMPLATE } };
const TASK = { template: { spec: { restartPolicy: 'Never', containers: CONTAINERS } } };
const SCALER = { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' } } };

/** By apiVersion and kind. */
export const BASE_WORKLOADS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'v1 Pod': { metadata: { labels: LABELS }, spec: { containers: CONTAINERS } },
  'v1 PodTemplate': { template: TEMPLATE },
  'v1 ReplicationController': { spec: { replicas: 1, selector: LABELS, template: TEMPLATE } },
  'apps/v1 ReplicaSet': WORKLOAD,
  'apps/v1 Deployment': WORKLOAD,
  'apps/v1 StatefulSet': { spec: { serviceName: 's', ...WORKLOAD.spec } },
  'apps/v1 DaemonSet': WORKLOAD,
  'apps/v1 ControllerRevision': { data: { a: 1 }, revision: 1 },
  'batch/v1 Job': { spec: TASK },
  'batch/v1 CronJob': { spec: { schedule: '* * * * *', jobTemplate: { spec: TASK } } },
  'autoscaling/v2 HorizontalPodAutoscaler': SCALER,
  'autoscaling/v1 HorizontalPodAutoscaler': SCALER,
  'policy/v1 PodDisruptionBudget': { spec: { minAvailable: 1, selector: { matchLabels: LABELS } } },
  'v1 Node': { spec: {} },
};
