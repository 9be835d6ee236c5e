/** Containers of pods: regular ones, those that run before, and those that are put in to look around. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotFound,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { configKeyFaults, nameFaults, portNameFaults, prefixFaults } from '../../api/names.ts';
import { type Fields, items, number, text } from '../fields.ts';
import { first, forbidden, name, oneOf, port, required, textWithout } from './checks.ts';
import { coreSource, outerPath, podOf, refused } from './pod-facts.ts';
import { fieldOfPod, resourceOfContainer } from './pod-files.ts';
import { MOUNT_RULES } from './pod-mounts.ts';
import { PROBED, PROBED_RULES } from './pod-probes.ts';
import { RESOURCE_RULES } from './pod-resources.ts';
import { SECURITY_RULES } from './pod-security.ts';
import { below, type Check, type Rule, rows } from './rule.ts';

const portName: Check = (value, place) => {
  const given = text({ value }, 'value');
  if (given === '') return undefined;
  const faults = portNameFaults(given);
  if (faults.length > 0) return faults.map((fault) => causeInvalid(place.path, given, fault));
  const ports = items(place.up(1), 'ports');
  const earlier = ports.slice(0, ports.indexOf(place.holder)).some((other) => other.name === given);
  return earlier ? causeDuplicate(place.path, given) : undefined;
};

const PORT_RULES = rows(coreSource('validateContainerPorts'), [
  ['name', portName],
  ['containerPort', (value, { path }) => (value === undefined || value === 0 ? causeRequired(path) : undefined)],
  ['containerPort', (value, place) => (value === 0 ? undefined : port(value, place))],
  ['hostPort', (value, place) => (value === 0 ? undefined : port(value, place))],
  ['protocol', first(required(), oneOf('SCTP', 'TCP', 'UDP'))],
]);

/** IsRelaxedEnvVarName */
const variableFaults = (variable: string): string[] =>
  /^[ -<>-~]+$/.test(variable)
    ? []
    : ["a valid environment variable name must consist only of printable ASCII characters other than '='"];

const VALUES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef'] as const;

const oneValue: Check = (value, { path, holder }) => {
  if (!value) return undefined;
  const count = VALUES.filter((source) => (value as Fields)[source] !== undefined).length;
  if (count === 0) {
    const detail = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef` or `secretKeyRef`';
    return causeInvalid(path, '', detail);
  }
  if (holder.value) return causeInvalid(path, '', 'may not be specified when `value` is not empty');
  return count > 1 ? causeInvalid(path, '', 'may not have more than one field specified at a time') : undefined;
};

/** The name of an object, which an empty text is not. */
const objectName: Check = (value, { path }) => {
  const given = text({ value }, 'value');
  return nameFaults(given, 'dns-subdomain').map((fault) => causeInvalid(path, given, fault));
};

const keyRules = (upstream: string) =>
  rows(coreSource(upstream), [
    ['name', objectName],
    ['key', first(required(), textWithout(configKeyFaults))],
  ]);

const VARIABLE_RULES: readonly Rule[] = [
  ...rows(coreSource('ValidateEnv'), [['name', first(required(), textWithout(variableFaults))]]),
  ...rows(coreSource('validateObjectFieldSelector'), [['valueFrom.fieldRef', fieldOfPod]]),
  ...rows(coreSource('validateContainerResourceFieldSelector'), [['valueFrom.resourceFieldRef', resourceOfContainer]]),
  ...below('valueFrom.configMapKeyRef', keyRules('validateConfigMapKeySelector')),
  ...below('valueFrom.secretKeyRef', keyRules('validateSecretKeySelector')),
  ...rows(coreSource('validateEnvVarValueFrom'), [['valueFrom', oneValue]]),
];

const beginning: Check = first(
  required(),
  textWithout((given) => prefixFaults(given, 'dns-subdomain')),
);

const oneSource: Check = (value, { path }) => {
  const { configMapRef, secretRef } = value as Fields;
  if (configMapRef === undefined && secretRef === undefined) {
    return causeInvalid(outerPath(path), '', 'must specify one of: `configMapRef` or `secretRef`');
  }
  if (configMapRef === undefined || secretRef === undefined) return undefined;
  return causeInvalid(outerPath(path), '', 'may not have more than one field specified at a time');
};

const VARIABLES_RULES = rows(coreSource('ValidateEnvFrom'), [
  ['prefix', textWithout(variableFaults)],
  ['configMapRef.name', beginning],
  ['secretRef.name', beginning],
  ['', oneSource],
]);

const COMMON_RULES: readonly Rule[] = [
  ...rows(coreSource('validateContainerCommon'), [
    ['name', first(required(), name('dns-label'))],
    ['image', required()],
    ['terminationMessagePolicy', oneOf('File', 'FallbackToLogsOnError')],
  ]),
  ...below('ports[*]', PORT_RULES),
  ...below('env[*]', VARIABLE_RULES),
  ...below('envFrom[*]', VARIABLES_RULES),
  ...MOUNT_RULES,
  ...rows(coreSource('validatePullPolicy'), [['imagePullPolicy', oneOf('Always', 'IfNotPresent', 'Never')]]),
  ...RESOURCE_RULES,
  ...below('securityContext', SECURITY_RULES),
];

/** Names that containers of one pod have, all lists together. */
const otherName =
  (countsEmpty: boolean): Check =>
  (value, place) => {
    const given = text({ value }, 'value');
    const { containerNames } = podOf(place);
    if (containerNames.has(given)) return causeDuplicate(place.path, given);
    if (given !== '' || countsEmpty) containerNames.add(given);
    return undefined;
  };

/** A template may have what it will. */
const padded: Check = (value, place) => {
  const image = text({ value }, 'value');
  if (image === image.trim() || !podOf(place).isPod) return undefined;
  return causeInvalid(place.path, image, 'must not have leading or trailing whitespace');
};

/** AccumulateUniqueHostPorts. @param path of the list that the containers are said to be of */
function hostPortFaults(containers: readonly Fields[], path: string): StatusCause[] {
  const seen = new Set<string>();
  const causes: StatusCause[] = [];
  for (const [index, container] of containers.entries()) {
    for (const [at, entry] of items(container, 'ports').entries()) {
      const hostPort = number(entry, 'hostPort');
      if (hostPort === 0) continue;
      const taken = `${text(entry, 'protocol')}/${text(entry, 'hostIP')}/${hostPort}`;
      if (seen.has(taken)) causes.push(causeDuplicate(`${path}[${index}].ports[${at}].hostPort`, taken));
      seen.add(taken);
    }
  }
  return causes;
}

const hostPorts: Check = (value, { path }) => hostPortFaults(items({ value }, 'value'), path);

/** Init containers run one by one; whichever it is, the first is blamed. */
const ownHostPorts: Check = (value, { path }) => hostPortFaults([value as Fields], outerPath(path));

/** A pod on the network of its machine has the ports that it says. */
const samePorts: Check = (value, place) => {
  const { spec, isPod } = podOf(place);
  if (spec.hostNetwork !== true) return undefined;
  return items({ value }, 'value').flatMap((container, index) =>
    items(container, 'ports').flatMap((entry, at) => {
      const hostPort = number(entry, 'hostPort');
      if (hostPort === number(entry, 'containerPort') || (!isPod && hostPort === 0)) return [];
      const here = `${place.path}[${index}].ports[${at}].hostPort`;
      return [causeInvalid(here, hostPort, 'must match `containerPort` when `hostNetwork` is true')];
    }),
  );
};

const WITHOUT_RESTART = 'may not be set for init containers without restartPolicy=Always';
const IN_EPHEMERAL = 'cannot be set for an Ephemeral Container';

const restartAlways: Check = (value, { path }) =>
  value === undefined || value === 'Always' ? undefined : causeNotSupported(path, value, ['Always']);

const target: Check = (value, place) => {
  const { spec } = podOf(place);
  const others = [...items(spec, 'containers'), ...items(spec, 'initContainers')];
  if (!value || others.some((other) => other.name === value)) return undefined;
  return causeNotFound(place.path, value);
};

/** What is empty is not there. */
const notInEphemeral: Check = (value, place) =>
  value !== undefined && Object.keys(Object(value)).length === 0 && typeof value === 'object'
    ? undefined
    : forbidden(IN_EPHEMERAL)(value, place);

/** Of the spec of a pod. */
export const CONTAINER_RULES: readonly Rule[] = [
  ...rows(coreSource('validateContainers'), [['containers', required()]]),
  ...below('containers[*]', [
    ...COMMON_RULES,
    ...rows(coreSource('validateContainers'), [['name', otherName(true)]]),
    ...PROBED_RULES,
    ...rows(coreSource('validateContainers'), [
      [
        'restartPolicy',
        (value, { path }) =>
          value === undefined ? undefined : causeForbidden(path, 'may not be set for non-init containers'),
      ],
    ]),
    ...rows(coreSource('validateContainerOnlyForPod'), [['image', padded]]),
  ]),
  ...rows(coreSource('checkHostPortConflicts'), [['containers', hostPorts]]),
  ...below('initContainers[*]', [
    ...COMMON_RULES,
    ...rows(coreSource('validateInitContainerRestartPolicy'), [['restartPolicy', restartAlways]]),
    ...rows(coreSource('validateInitContainers'), [
      ['name', otherName(false)],
      ['', ownHostPorts],
      ...PROBED.map(
        (field) => [field, refused(WITHOUT_RESTART, ({ restartPolicy }) => restartPolicy !== 'Always')] as const,
      ),
    ]),
    ...PROBED_RULES,
    ...rows(coreSource('validateContainerOnlyForPod'), [['image', padded]]),
  ]),
  ...below('ephemeralContainers[*]', [
    ...COMMON_RULES,
    ...rows(coreSource('validateContainerOnlyForPod'), [['image', padded]]),
    ...rows(coreSource('validateEphemeralContainers'), [
      ['name', otherName(true)],
      ['targetContainerName', target],
    ]),
    ...rows(coreSource('validateFieldAllowList'), [
      ['ports', notInEphemeral],
      ['resources', notInEphemeral],
      ['restartPolicy', notInEphemeral],
      ...(['livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle'] as const).map(
        (field) => [field, refused(IN_EPHEMERAL)] as const,
      ),
    ]),
    ...rows(coreSource('validateEphemeralContainers'), [
      ['volumeMounts[*].subPath', forbidden(IN_EPHEMERAL)],
      ['volumeMounts[*].subPathExpr', forbidden(IN_EPHEMERAL)],
    ]),
  ]),
  ...rows(coreSource('validatePodHostNetworkDeps'), [['containers', samePorts]]),
];
