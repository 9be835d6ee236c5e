/** What a server says of pods that it takes: kubernetes, pkg/api/pod/warnings.go warningsForPodSpecAndMeta. */

import { quantityNanos } from '../../api/quantity.ts';
import { at, type Fields, fields, items, number, text } from '../fields.ts';
import { expressionAdvice, OLD_LABELS } from './old-labels.ts';
import { APP_ARMOR, POD_SECCOMP, SECCOMP } from './pod-annotations.ts';
import { overlapAdvice } from './pod-overlaps.ts';
import { containersOf } from './pod-windows.ts';

/** Advice is collected for a pod, or for the template at a path. */
interface Pod {
  readonly spec: Readonly<Fields>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Of what has metadata and spec; '' for a pod. */
  readonly path: string;
  /** Of the spec. */
  readonly specPath: string;
  /** All of them, with their paths. */
  readonly containers: ReturnType<typeof containersOf>;
}

/** Most pods give no reason for any advice, and are asked of with few new lists. */
const NONE: readonly string[] = [];

const joined = (path: string, field: string): string => (path === '' ? field : `${path}.${field}`);

function labelAdvice({ spec, specPath }: Pod): readonly string[] {
  if (!spec.nodeSelector && !spec.affinity) return NONE;
  const advice = Object.keys(fields(spec, 'nodeSelector'))
    .filter((key) => Object.hasOwn(OLD_LABELS, key))
    .map((key) => `${specPath}.nodeSelector[${key}]: ${OLD_LABELS[key]}`);
  const affinity = fields(spec, 'affinity', 'nodeAffinity');
  const path = `${specPath}.affinity.nodeAffinity`;
  const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution';
  const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution';
  for (const [index, term] of items(affinity, REQUIRED, 'nodeSelectorTerms').entries()) {
    advice.push(...expressionAdvice(term, `${path}.${REQUIRED}.nodeSelectorTerms[${index}]`));
  }
  for (const [index, term] of items(affinity, PREFERRED).entries()) {
    advice.push(...expressionAdvice(term.preference, `${path}.${PREFERRED}[${index}].preference`));
  }
  return advice;
}

const MATCHES_NONE = 'a null labelSelector results in matching no pod';

function spreadAdvice({ spec, specPath }: Pod): readonly string[] {
  if (!spec.topologySpreadConstraints) return NONE;
  return items(spec, 'topologySpreadConstraints').flatMap((constraint, index) => {
    const path = `${specPath}.topologySpreadConstraints[${index}]`;
    const key = text(constraint, 'topologyKey');
    const advice = Object.hasOwn(OLD_LABELS, key) ? [`${path}.topologyKey: ${key} is ${OLD_LABELS[key]}`] : [];
    if (constraint.labelSelector === undefined) advice.push(`${path}.labelSelector: ${MATCHES_NONE}`);
    return advice;
  });
}

const OLD_ANNOTATIONS: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};

const annotationAdvice = ({ annotations, path }: Pod): string[] =>
  Object.keys(OLD_ANNOTATIONS)
    .filter((key) => Object.hasOwn(annotations, key))
    .map((key) => `${joined(path, 'metadata.annotations')}[${key}]: ${OLD_ANNOTATIONS[key]}`);

/** Kinds of volumes by field: what they are called, since when they are not to be used, and since when they are nothing. */
const OLD_VOLUMES: Readonly<Record<string, string>> = {
  photonPersistentDisk: 'photonPersistentDisk: deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'gitRepo: deprecated in v1.11',
  scaleIO: 'scaleIO: deprecated in v1.16, non-functional in v1.22+',
  flocker: 'flocker: deprecated in v1.22, non-functional in v1.25+',
  storageos: 'storageOS: deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'quobyte: deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'glusterfs: deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'cephfs: deprecated in v1.28, non-functional in v1.31+',
  rbd: 'rbd: deprecated in v1.28, non-functional in v1.31+',
};

/** What Go has as thousandths must be whole. */
const isFractional = (quantity: unknown): boolean => {
  if (/^\d+(?:[KMGTPE]i?|k)?$/.test(String(quantity))) return false;
  const millis = (quantityNanos(quantity) + 999_999n) / 1_000_000n;
  return millis % 1000n !== 0n;
};

const fractional = (quantity: unknown, path: string): readonly string[] =>
  quantity !== undefined && isFractional(quantity)
    ? [`${path}: fractional byte value ${JSON.stringify(quantity)} is invalid, must be an integer`]
    : NONE;

/** pkg/api/persistentvolumeclaim/util.go GetWarningsForPersistentVolumeClaimSpec */
export const claimSpecAdvice = (spec: unknown, path: string): string[] =>
  ['requests', 'limits'].flatMap((list) =>
    fractional(at(spec, 'resources', list, 'storage'), `${path}.resources.${list}[storage]`),
  );

const volumeAdvice = ({ spec, specPath }: Pod): string[] =>
  items(spec, 'volumes').flatMap((volume, index) => {
    const path = `${specPath}.volumes[${index}]`;
    if (volume.ephemeral) {
      const inner = 'ephemeral.volumeClaimTemplate.spec';
      return claimSpecAdvice(at(volume, ...inner.split('.')), `${path}.${inner}`);
    }
    const old = Object.keys(volume).find((field) => Object.hasOwn(OLD_VOLUMES, field));
    return old === undefined ? NONE : [`${path}.${OLD_VOLUMES[old]}`];
  });

/** Items of a list that are like one before. */
function doubled(list: readonly Fields[], field: string, path: string): string[] {
  const seen = new Set<string>();
  return list.flatMap((item, index) => {
    const value = text(item, field);
    if (seen.has(value)) return [`${path}[${index}].${field}: duplicate ${field} ${JSON.stringify(value)}`];
    seen.add(value);
    return [];
  });
}

function listAdvice({ spec, specPath }: Pod): readonly string[] {
  if (!spec.hostAliases && !spec.imagePullSecrets && !spec.overhead) return NONE;
  const secrets = items(spec, 'imagePullSecrets');
  return [
    ...doubled(items(spec, 'hostAliases'), 'ip', `${specPath}.hostAliases`),
    ...doubled(secrets, 'name', `${specPath}.imagePullSecrets`),
    ...secrets.flatMap((secret, index) =>
      text(secret, 'name') === '' ? [`${specPath}.imagePullSecrets[${index}].name: invalid empty name ""`] : [],
    ),
    ...['memory', 'ephemeral-storage'].flatMap((resource) =>
      fractional(at(spec, 'overhead', resource), `${specPath}.overhead[${resource}]`),
    ),
  ];
}

/** A variable that is set twice is right where the second time says what the first one was. */
function variableAdvice(container: Fields, path: string): readonly string[] {
  if (!Array.isArray(container.env) || container.env.length < 2) return NONE;
  const seen = new Set<string>();
  return items(container, 'env').flatMap((variable, index) => {
    const name = text(variable, 'name');
    if (!seen.has(name)) {
      seen.add(name);
      return [];
    }
    const reference = `$(${name})`;
    const value = text(variable, 'value');
    const keeps = variable.valueFrom === undefined && value !== reference && value.includes(reference);
    if (keeps) return [];
    const hidden = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`;
    return [`${path}.env[${index}]: ${hidden}`];
  });
}

const USE_SECCOMP = 'non-functional in v1.27+; use the "seccompProfile" field instead';

/** Profiles of a container that are said in annotations. */
function oldProfileAdvice({ spec, annotations, path }: Pod, container: Fields): readonly string[] {
  if (Object.keys(annotations).length === 0) return NONE;
  const advice: string[] = [];
  const annotated = (key: string, why: string) => {
    if (Object.hasOwn(annotations, key)) advice.push(`${joined(path, 'metadata.annotations')}[${key}]: ${why}`);
  };
  if (!at(container, 'securityContext', 'seccompProfile')) annotated(`${SECCOMP}${container.name}`, USE_SECCOMP);
  const profile = at(spec, 'securityContext', 'appArmorProfile') ?? at(container, 'securityContext', 'appArmorProfile');
  // Of a pod that is said when its annotation becomes a field.
  if (path !== '' && !profile) {
    annotated(`${APP_ARMOR}${container.name}`, 'deprecated since v1.30; use the "appArmorProfile" field instead');
  }
  return advice;
}

function containerAdvice(pod: Pod, container: Fields, path: string): readonly string[] {
  const advice: string[] = [];
  if (container.resources) {
    for (const resource of ['memory', 'ephemeral-storage']) {
      for (const list of ['limits', 'requests']) {
        const quantity = at(container, 'resources', list, resource);
        advice.push(...fractional(quantity, `${path}.resources.${list}[${resource}]`));
      }
    }
  }
  return [...oldProfileAdvice(pod, container), ...advice, ...variableAdvice(container, path)];
}

const portText = (port: Fields): string =>
  `{Name:${text(port, 'name')} HostPort:${number(port, 'hostPort')} ContainerPort:${number(port, 'containerPort')} Protocol:${text(port, 'protocol')} HostIP:${text(port, 'hostIP')}}`;

function clash(port: Fields, other: Fields): string | undefined {
  const [ip, otherIp] = [text(port, 'hostIP'), text(other, 'hostIP')];
  const [own, others] = [number(port, 'hostPort'), number(other, 'hostPort')];
  if (ip === otherIp && own === others) return 'duplicate';
  if (own === 0 || others === 0) return 'overlapping';
  return own === others && (ip === '') !== (otherIp === '') ? 'dangerously ambiguous' : undefined;
}

function portAdvice({ containers }: Pod): string[] {
  const known = new Map<string, { path: string; port: Fields }[]>();
  const advice: string[] = [];
  for (const [container, where] of containers) {
    if (!container.ports) continue;
    for (const [index, port] of items(container, 'ports').entries()) {
      const path = `${where}.ports[${index}]`;
      if (text(port, 'hostIP') !== '' && number(port, 'hostPort') === 0) {
        advice.push(`${path}: hostIP set without hostPort: ${portText(port)}`);
      }
      const key = `${number(port, 'containerPort')}/${text(port, 'protocol')}`;
      const others = known.get(key) ?? [];
      for (const other of others) {
        const what = clash(port, other.port);
        if (what) advice.push(`${path}: ${what} port definition with ${other.path}`);
      }
      known.set(key, [...others, { path, port }]);
    }
  }
  return advice;
}

function affinityAdvice({ spec, specPath }: Pod): readonly string[] {
  if (!spec.affinity) return NONE;
  const advice: string[] = [];
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    const affinity = at(spec, 'affinity', kind);
    if (affinity === undefined) continue;
    for (const list of [
      'requiredDuringSchedulingIgnoredDuringExecution',
      'preferredDuringSchedulingIgnoredDuringExecution',
    ]) {
      const inner = list.startsWith('preferred') ? 'podAffinityTerm' : '';
      for (const [index, term] of items(affinity, list).entries()) {
        const held = inner === '' ? term : fields(term, inner);
        if (held.labelSelector !== undefined) continue;
        const field = joined(
          `${specPath}.affinity.${kind}.${list}[${index}]`,
          inner === '' ? 'labelSelector' : `${inner}.labelSelector`,
        );
        advice.push(`${field}: ${MATCHES_NONE}`);
      }
    }
  }
  return advice;
}

/** @param pod or template of one. @param path of it, '' for a pod */
export function podAdvice(template: unknown, path: string): string[] {
  const spec = fields(template, 'spec');
  const annotations = fields(template, 'metadata', 'annotations') as Record<string, string>;
  const specPath = joined(path, 'spec');
  const pod: Pod = { spec, annotations, path, specPath, containers: containersOf(spec, specPath) };
  const unused = annotations[POD_SECCOMP] !== undefined && !at(spec, 'securityContext', 'seccompProfile');
  return [
    ...labelAdvice(pod),
    ...spreadAdvice(pod),
    ...annotationAdvice(pod),
    ...volumeAdvice(pod),
    ...overlapAdvice(items(spec, 'volumes')),
    ...listAdvice(pod),
    ...(unused ? [`${joined(path, 'metadata.annotations')}[${POD_SECCOMP}]: ${USE_SECCOMP}`] : []),
    ...pod.containers.flatMap(([container, where]) => containerAdvice(pod, container, where)),
    ...portAdvice(pod),
    ...(number(spec, 'terminationGracePeriodSeconds') < 0
      ? [
          `${specPath}.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1`,
        ]
      : []),
    ...affinityAdvice(pod),
  ];
}
