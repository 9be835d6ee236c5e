/** What a server does with a new pod or template beyond defaults: leaves out what it has no feature for, and writes out what is short. */
import type { RequestContext } from '../../api/cluster-access.ts';
import type { KubeObject } from '../../api/object.ts';
import { at, ensure, type Fields, fields, items, strings, text } from '../fields.ts';
import { CONTAINER_LISTS } from '../validation/pod-facts.ts';

const containersOf = (spec: Readonly<Fields>): Fields[] => CONTAINER_LISTS.flatMap((list) => items(spec, list));

/** Looks before it deletes, which is slow and makes objects slow. */
function drop(holder: Readonly<Fields>, ...names: readonly string[]): void {
  for (const name of names) if (holder[name] !== undefined) delete (holder as Fields)[name];
}

/** Volumes that are images, and where they would have been mounted. */
function dropImageVolumes(spec: Fields): void {
  const images = new Set(items(spec, 'volumes').flatMap((volume) => (volume.image ? [volume.name] : [])));
  if (images.size === 0) return;
  spec.volumes = items(spec, 'volumes').filter(({ name }) => !images.has(name));
  for (const container of containersOf(spec)) {
    if (!container.volumeMounts) continue;
    container.volumeMounts = items(container, 'volumeMounts').filter(({ name }) => !images.has(name));
  }
}

/**
 * Fields of features that version 1.32 has switched off unless told otherwise, in place: kubernetes, pkg/api/pod/util.go
 * dropDisabledFields. None is in use, since none is ever stored.
 */
export function dropDisabledFields(spec: Fields): void {
  drop(spec, 'hostUsers', 'resources', 'resourceClaims');
  drop(fields(spec, 'securityContext'), 'supplementalGroupsPolicy', 'seLinuxChangePolicy');
  for (const container of containersOf(spec)) {
    drop(container, 'resizePolicy');
    drop(fields(container, 'resources'), 'claims');
    const own = fields(container, 'securityContext') as Fields;
    if (own.procMount !== undefined) own.procMount = 'Default';
  }
  for (const volume of items(spec, 'volumes')) {
    if (!volume.projected) continue;
    for (const source of items(volume, 'projected', 'sources')) drop(source, 'clusterTrustBundle');
  }
  dropImageVolumes(spec);
}

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

function annotationOf(profile: unknown): string {
  switch (at(profile, 'type')) {
    case 'Unconfined':
      return 'unconfined';
    case 'RuntimeDefault':
      return 'runtime/default';
    case 'Localhost':
      return at(profile, 'localhostProfile') === undefined ? '' : `localhost/${at(profile, 'localhostProfile')}`;
    default:
      return '';
  }
}

function profileOf(annotation: string): Fields | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const localhostProfile = annotation.startsWith('localhost/') ? annotation.slice('localhost/'.length) : '';
  const isPadded = localhostProfile !== localhostProfile.trim();
  return localhostProfile === '' || isPadded ? undefined : { type: 'Localhost', localhostProfile };
}

/**
 * Profiles of AppArmor are fields, and were annotations: each says what the other does. kubernetes, pkg/registry/core/pod/strategy.go
 * applyAppArmorVersionSkew.
 */
export function writeOutProfiles(pod: KubeObject, context: RequestContext): void {
  const spec = ensure(pod, 'spec');
  if (at(spec, 'os', 'name') === 'windows') return;
  const ofPod = at(spec, 'securityContext', 'appArmorProfile');
  for (const container of containersOf(spec)) {
    const key = `${APP_ARMOR}${text(container, 'name')}`;
    const annotation = pod.metadata.annotations?.[key];
    const own = at(container, 'securityContext', 'appArmorProfile');
    if (annotation === undefined) {
      const written = annotationOf(own ?? ofPod);
      if (written !== '') pod.metadata.annotations = { ...pod.metadata.annotations, [key]: written };
    } else if (own === undefined) {
      const profile = profileOf(annotation);
      const isOther = profile && annotationOf(ofPod) !== annotation;
      if (isOther) ensure(container, 'securityContext').appArmorProfile = profile;
      if (profile && !isOther) continue;
      const field = `metadata.annotations[${key}]`;
      context.warn(`${field}: deprecated since v1.30; use the "appArmorProfile" field instead`);
    }
  }
}

function writeOutTerm(term: Fields, labels: Readonly<Record<string, string>>): void {
  const selector = term.labelSelector as Fields | undefined;
  const keys = [
    ['In', strings(term, 'matchLabelKeys')],
    ['NotIn', strings(term, 'mismatchLabelKeys')],
  ] as const;
  if (!selector) return;
  for (const [operator, names] of keys) {
    for (const key of names) {
      const value = labels[key];
      if (value === undefined) continue;
      selector.matchExpressions = [...items(selector, 'matchExpressions'), { key, operator, values: [value] }];
    }
  }
}

/** Keys of labels in affinities become expressions: kubernetes, pkg/registry/core/pod/strategy.go mutatePodAffinity. */
export function writeOutLabelKeys(pod: KubeObject): void {
  const labels = pod.metadata.labels ?? {};
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const affinity = at(pod, 'spec', 'affinity', kind);
    if (!affinity) continue;
    for (const term of items(affinity, 'preferredDuringSchedulingIgnoredDuringExecution')) {
      writeOutTerm(ensure(term, 'podAffinityTerm'), labels);
    }
    for (const term of items(affinity, 'requiredDuringSchedulingIgnoredDuringExecution')) writeOutTerm(term, labels);
  }
}

/** kubernetes, pkg/registry/core/pod/strategy.go applySchedulingGatedCondition */
export function markGated(pod: KubeObject): void {
  if (items(pod, 'spec', 'schedulingGates').length === 0) return;
  const status = ensure(pod, 'status');
  if (items(status, 'conditions').some(({ type }) => type === 'PodScheduled')) return;
  status.conditions = [
    ...items(status, 'conditions'),
    {
      type: 'PodScheduled',
      status: 'False',
      lastProbeTime: null,
      lastTransitionTime: pod.metadata.creationTimestamp ?? null,
      reason: 'SchedulingGated',
      message: 'Scheduling is blocked due to non-empty scheduling gates',
    },
  ];
}
