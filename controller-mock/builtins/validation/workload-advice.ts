/** What a server says of kinds that make pods: the strategies of pkg/registry, WarningsOnCreate and WarningsOnUpdate. */
import { nameFaults } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, items, number, text } from '../fields.ts';
import { claimSpecAdvice, podAdvice } from './pod-advice.ts';
import { podIn } from './pod-facts.ts';

type Advice = (object: KubeObject, old: KubeObject | undefined) => readonly string[];

/** Names that become those of hosts. @param what is named after it */
function nameAdvice({ metadata }: KubeObject, what: string): string[] {
  const faults = nameFaults(metadata.name ?? '', 'dns-label');
  if (faults.length === 0) return [];
  const surprise = `which can result in surprising behavior; a DNS label is recommended: [${faults.join(' ')}]`;
  return [`metadata.name: this is used in ${what}, ${surprise}`];
}

const HOSTS = 'Pod names and hostnames';

/** A change of metadata or status alone says nothing new. */
const isChanged = (object: KubeObject, old: KubeObject | undefined): boolean =>
  !old || object.metadata.generation !== old.metadata.generation;

/** @param named whether its name is looked at when it is made */
const workload =
  (named: boolean, path = 'spec.template'): Advice =>
  (object, old) => [
    ...(named && !old ? nameAdvice(object, HOSTS) : []),
    ...(isChanged(object, old) ? podAdvice(podIn(object), path) : []),
  ];

const claims = (object: KubeObject, old: KubeObject | undefined): string[] =>
  items(object, 'spec', 'volumeClaimTemplates').flatMap((claim, index) =>
    claimSpecAdvice(claim.spec, `spec.volumeClaimTemplates[${index}]${old ? '.Spec' : ''}`),
  );

const COMPLETIONS = 100_000;
const PARALLELISM = 10_000;

/** pkg/api/job/warnings.go WarningsForJobSpec. @param path of the spec */
function jobAdvice(spec: unknown, path: string): string[] {
  const isLarge = number(spec, 'completions') > COMPLETIONS && number(spec, 'parallelism') > PARALLELISM;
  const lost =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
  return at(spec, 'completionMode') === 'Indexed' && isLarge ? [`${path}: ${lost}`] : [];
}

const job =
  (path: string): Advice =>
  (object, old) => [
    ...(old ? [] : nameAdvice(object, HOSTS)),
    ...(isChanged(object, old)
      ? [...jobAdvice(at(object, ...path.split('.')), path), ...podAdvice(podIn(object), `${path}.template`)]
      : []),
  ];

const cronJob: Advice = (object, old) => [
  ...job('spec.jobTemplate.spec')(object, old),
  ...(old && text(object, 'spec', 'schedule').includes('TZ')
    ? [
        'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
      ]
    : []),
];

/** pkg/registry/core/node/strategy.go fieldIsDeprecatedWarnings */
const node: Advice = (object) =>
  text(object, 'spec', 'externalID') === ''
    ? []
    : ['spec.externalID: this field is deprecated, and is unused by Kubernetes'];

export const WORKLOAD_ADVICE: Readonly<Record<string, Advice>> = {
  // Of changes of pods, which programs write, nothing is said.
  'v1 Pod': (pod, old) => (old ? [] : [...nameAdvice(pod, "the Pod's hostname"), ...podAdvice(pod, '')]),
  'v1 PodTemplate': workload(false, 'template'),
  'v1 ReplicationController': workload(true),
  'v1 Node': node,
  'apps/v1 ReplicaSet': workload(true),
  'apps/v1 Deployment': workload(true),
  'apps/v1 DaemonSet': workload(false),
  'apps/v1 StatefulSet': (object, old) => [...workload(false)(object, old), ...claims(object, old)],
  'batch/v1 Job': job('spec'),
  'batch/v1 CronJob': cronJob,
};
