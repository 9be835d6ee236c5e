/** Annotations of pods that mean something to the server, or once did. */
import { causeInvalid, type StatusCause } from '../../api/causes.ts';
import { annotationFaults } from '../../api/names.ts';
import { at, type Fields, fields, items, text } from '../fields.ts';
import { renamed } from './checks.ts';
import { coreSource, podOf } from './pod-facts.ts';
import { descendingFaults } from './pod-files.ts';
import { tolerationFaults } from './pod-scheduling.ts';
import { profileMismatch } from './pod-security.ts';
import { containersOf } from './pod-windows.ts';
import { type Check, type Rule, valueRows } from './rule.ts';

export const MIRROR = 'kubernetes.io/config.mirror';
export const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';
const TOLERATIONS = 'scheduler.alpha.kubernetes.io/tolerations';
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';
export const POD_SECCOMP = 'seccomp.security.alpha.kubernetes.io/pod';
export const SECCOMP = 'container.seccomp.security.alpha.kubernetes.io/';

type Annotations = Readonly<Record<string, string>>;

const mirror: Check = (value, place) => {
  const mark = (value as Annotations | undefined)?.[MIRROR];
  if (mark === undefined || text(podOf(place).spec, 'nodeName') !== '') return undefined;
  return causeInvalid(`${place.path}[${MIRROR}]`, mark, 'must set spec.nodeName if mirror pod annotation is set');
};

const tolerations: Check = (value, { path }) => {
  const given = (value as Annotations | undefined)?.[TOLERATIONS];
  if (!given) return undefined;
  let read: unknown;
  try {
    read = JSON.parse(given);
  } catch {
    return causeInvalid(path, TOLERATIONS, 'invalid character in JSON');
  }
  return items({ read }, 'read').flatMap((entry, index) => tolerationFaults(entry, `${path}.${TOLERATIONS}[${index}]`));
};

const deletionCost: Check = (value, { path }) => {
  const cost = (value as Annotations | undefined)?.[DELETION_COST];
  if (cost === undefined) return undefined;
  const number = /^(?:0|-\d+|[1-9]\d*)$/.test(cost) ? Number(cost) : Number.NaN;
  if (number >= -(2 ** 31) && number < 2 ** 31) return undefined;
  return causeInvalid(`${path}[${DELETION_COST}]`, cost, 'must be a 32bit integer');
};

function seccompFaults(profile: string): string[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(profile)) return [];
  if (profile.startsWith('localhost/')) return descendingFaults(profile.slice('localhost/'.length));
  return ['must be a valid seccomp profile'];
}

const seccomp: Check = (value, { path }) =>
  Object.entries((value ?? {}) as Annotations).flatMap(([key, profile]) =>
    key === POD_SECCOMP || key.startsWith(SECCOMP)
      ? seccompFaults(profile).map((fault) => {
          const shown = fault.startsWith('must be a valid') ? profile : profile.slice('localhost/'.length);
          return causeInvalid(`${path}.${key}`, shown, fault);
        })
      : [],
  );

const appArmor: Check = (value, place) =>
  Object.entries((value ?? {}) as Annotations).flatMap(([key, profile]) => {
    if (!key.startsWith(APP_ARMOR)) return [];
    const field = `${place.path}[${key}]`;
    const name = key.slice(APP_ARMOR.length);
    const causes: StatusCause[] = [];
    if (!containersOf(podOf(place).spec, '').some(([container]) => container.name === name)) {
      causes.push(causeInvalid(field, name, 'container not found'));
    }
    if (!['', 'runtime/default', 'unconfined'].includes(profile) && !profile.startsWith('localhost/')) {
      causes.push(causeInvalid(field, profile, `invalid AppArmor profile name: ${JSON.stringify(profile)}`));
    }
    return causes;
  });

const CHECKS = [
  ['ValidatePodSpecificAnnotations', mirror],
  ['ValidateTolerationsInPodAnnotations', tolerations],
  ['ValidatePodSpecificAnnotations', deletionCost],
  ['ValidateSeccompPodAnnotations', seccomp],
  ['ValidateAppArmorPodAnnotations', appArmor],
] as const;

/** Of a pod. */
export const ANNOTATION_RULES: readonly Rule[] = CHECKS.flatMap(([upstream, check]) =>
  valueRows(coreSource(upstream), [['metadata.annotations', check]]),
);

const anyAnnotations: Check = (value, { path }) => (value ? annotationFaults(value as Annotations, path) : undefined);

/** Of a template, whose annotations causes call its own, and not its metadata's. */
export const TEMPLATE_ANNOTATION_RULES: readonly Rule[] = (
  [['ValidateAnnotations', anyAnnotations], ...CHECKS] as const
).flatMap(([upstream, check]) =>
  valueRows(coreSource(upstream), [['metadata.annotations', renamed('.metadata.annotations', '.annotations', check)]]),
);

/** That annotations say of profiles what the fields say, where both are there. Of a spec. */
export const annotatedProfiles =
  (what: 'seccomp' | 'apparmor'): Check =>
  (value, place) => {
    const { metadata } = podOf(place);
    const annotations = fields(metadata, 'annotations') as Annotations;
    const keys = Object.keys(annotations);
    if (what === 'seccomp') {
      if (!keys.some((key) => key === POD_SECCOMP || key.startsWith(SECCOMP))) return undefined;
      return seccompMismatches(value, annotations, place.path);
    }
    if (!keys.some((key) => key.startsWith(APP_ARMOR)) || at(value, 'os', 'name') === 'windows') return undefined;
    const ofPod = at(value, 'securityContext', 'appArmorProfile');
    return containersOf(value, place.path).flatMap(([container, path]) => {
      const profile = at(container, 'securityContext', 'appArmorProfile') ?? ofPod;
      const annotation = annotations[`${APP_ARMOR}${container.name}`];
      if (!profile || annotation === undefined) return [];
      return profileMismatch('apparmor', annotation, profile, `${path}.securityContext.appArmorProfile`);
    });
  };

function seccompMismatches(spec: unknown, annotations: Annotations, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  const compare = (holder: Fields, where: string, key: string) => {
    const profile = at(holder, 'securityContext', 'seccompProfile');
    const annotation = annotations[key];
    if (!profile || annotation === undefined) return;
    causes.push(...profileMismatch('seccomp', annotation, profile, `${where}.securityContext.seccompProfile`));
  };
  compare(spec as Fields, path, POD_SECCOMP);
  for (const [container, where] of containersOf(spec, path)) compare(container, where, `${SECCOMP}${container.name}`);
  return causes;
}
