/** Where pods may run, and beside whom. */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { labelKeyFaults, labelValueFaults, nameFaults } from '../../api/names.ts';
import { at, type Fields, items, strings, text } from '../fields.ts';
import { exactlyOneOf, required } from './checks.ts';
import { coreSource, outerPath } from './pod-facts.ts';
import { below, type Check, type Rule, rows } from './rule.ts';
import { nodeFieldRequirement, nodeRequirement, strictLabelSelector } from './selectors.ts';

const keyFaults = (key: string, path: string): StatusCause[] =>
  labelKeyFaults(key).map((fault) => causeInvalid(path, key, fault));

const weight: Check = (value, { path }) => {
  const given = value ?? 0;
  return Number(given) > 0 && Number(given) <= 100
    ? undefined
    : causeInvalid(path, given, 'must be in the range 1-100');
};

/** Of a term of a selector of nodes. */
const NODE_TERM_RULES: readonly Rule[] = [
  ...rows(coreSource('ValidateNodeSelectorRequirement'), [['matchExpressions[*]', nodeRequirement]]),
  ...rows(coreSource('ValidateNodeFieldSelectorRequirement'), [['matchFields[*]', nodeFieldRequirement]]),
];

const NODE_AFFINITY_RULES: readonly Rule[] = [
  ...rows(coreSource('ValidateNodeSelector'), [
    [
      'requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms',
      required('must have at least one node selector term'),
    ],
  ]),
  ...below('requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[*]', NODE_TERM_RULES),
  ...rows(coreSource('ValidatePreferredSchedulingTerms'), [
    ['preferredDuringSchedulingIgnoredDuringExecution[*].weight', weight],
  ]),
  ...below('preferredDuringSchedulingIgnoredDuringExecution[*].preference', NODE_TERM_RULES),
];

/** Keys of labels whose values are those of the pod. */
const labelKeys: Check = (value, { path, holder }) => {
  const keys = strings({ value }, 'value');
  if (keys.length === 0) return undefined;
  if (holder.labelSelector === undefined) {
    return causeForbidden(path, 'must not be specified when labelSelector is not set');
  }
  return keys.flatMap((key, index) => keyFaults(key, `${path}[${index}]`));
};

const doubledKeys: Check = (value, { path }) => {
  const match = strings(value, 'matchLabelKeys');
  if (match.length === 0) return undefined;
  const causes: StatusCause[] = [];
  const seen = new Set(Object.keys(Object(at(value, 'labelSelector', 'matchLabels'))));
  for (const { key } of items(value, 'labelSelector', 'matchExpressions') as { key: string }[]) {
    // The server itself has put one expression in for each key.
    if (match.includes(key) && seen.has(key)) {
      causes.push(
        causeInvalid(`${path}[${match.lastIndexOf(key)}]`, key, 'exists in both matchLabelKeys and labelSelector'),
      );
    }
    seen.add(key);
  }
  const mismatch = strings(value, 'mismatchLabelKeys');
  for (const [index, key] of match.entries()) {
    if (!mismatch.includes(key)) continue;
    const detail = 'exists in both matchLabelKeys and mismatchLabelKeys';
    causes.push(causeInvalid(`${path}.matchLabelKeys[${index}]`, key, detail));
  }
  return causes;
};

const namespaces: Check = (value, { path }) =>
  strings({ value }, 'value').flatMap((name) =>
    nameFaults(name, 'dns-label').map((fault) => causeInvalid(`${outerPath(path)}.namespace`, name, fault)),
  );

const topologyKey: Check = (value, { path }) => {
  const key = text({ value }, 'value');
  return [...(key === '' ? [causeRequired(path, 'can not be empty')] : []), ...keyFaults(key, path)];
};

const POD_TERM_RULES = rows(coreSource('validatePodAffinityTerm'), [
  ['labelSelector', strictLabelSelector],
  ['namespaceSelector', strictLabelSelector],
  ['namespaces', namespaces],
  ['matchLabelKeys', labelKeys],
  ['mismatchLabelKeys', labelKeys],
  ['', doubledKeys],
  ['topologyKey', topologyKey],
]);

const POD_AFFINITY_RULES: readonly Rule[] = [
  ...below('requiredDuringSchedulingIgnoredDuringExecution[*]', POD_TERM_RULES),
  ...rows(coreSource('validateWeightedPodAffinityTerms'), [
    ['preferredDuringSchedulingIgnoredDuringExecution[*].weight', weight],
  ]),
  ...below('preferredDuringSchedulingIgnoredDuringExecution[*].podAffinityTerm!', POD_TERM_RULES),
];

/** Of the spec of a pod. */
export const AFFINITY_RULES: readonly Rule[] = [
  ...below('affinity.nodeAffinity', NODE_AFFINITY_RULES),
  ...below('affinity.podAffinity', POD_AFFINITY_RULES),
  ...below('affinity.podAntiAffinity', POD_AFFINITY_RULES),
];

const EFFECTS = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** Of a toleration. @param path of it; also in annotations */
export function tolerationFaults(toleration: Fields, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  const key = text(toleration, 'key');
  const operator = text(toleration, 'operator');
  const value = text(toleration, 'value');
  const effect = text(toleration, 'effect');
  if (key !== '') causes.push(...keyFaults(key, `${path}.key`));
  else if (operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
    causes.push(causeInvalid(`${path}.operator`, operator, detail));
  }
  if (toleration.tolerationSeconds !== undefined && effect !== 'NoExecute') {
    const detail = "effect must be 'NoExecute' when `tolerationSeconds` is set";
    causes.push(causeInvalid(`${path}.effect`, effect, detail));
  }
  if (operator === 'Equal' || operator === '') {
    const faults = labelValueFaults(value);
    if (faults.length > 0) causes.push(causeInvalid(`${path}.operator`, value, faults.join(';')));
  } else if (operator !== 'Exists') {
    causes.push(causeNotSupported(`${path}.operator`, operator, ['Equal', 'Exists']));
  } else if (value !== '') {
    causes.push(causeInvalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"));
  }
  if (effect !== '' && !EFFECTS.includes(effect)) causes.push(causeNotSupported(`${path}.effect`, effect, EFFECTS));
  return causes;
}

/** Of the spec of a pod. */
export const TOLERATION_RULES = rows(coreSource('ValidateTolerations'), [
  ['tolerations[*]', (value, { path }) => tolerationFaults(value as Fields, path)],
]);

const onlyOnce: Check = (value, place) => {
  const constraints = items(place.up(0), 'topologySpreadConstraints');
  const { topologyKey: key, whenUnsatisfiable: action } = value as Fields;
  const later = constraints.slice(constraints.indexOf(value as Fields) + 1);
  if (!later.some((other) => other.topologyKey === key && other.whenUnsatisfiable === action)) return undefined;
  return causeDuplicate(`${place.path}.{topologyKey, whenUnsatisfiable}`, `{${key}, ${action}}`);
};

const minDomains: Check = (value, { path, holder }) => {
  if (value === undefined) return undefined;
  const causes: StatusCause[] = [];
  if (Number(value) <= 0) causes.push(causeInvalid(path, value, 'must be greater than zero'));
  const action = text(holder, 'whenUnsatisfiable');
  if (action !== 'DoNotSchedule') {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`;
    causes.push(causeInvalid(path, value, detail));
  }
  return causes;
};

const spreadKeys: Check = (value, { path, holder }) => {
  const keys = strings({ value }, 'value');
  if (keys.length === 0) return undefined;
  const selector = holder.labelSelector;
  const selected = new Set([
    ...Object.keys(Object(at(selector, 'matchLabels'))),
    ...items(selector, 'matchExpressions').map(({ key }) => key),
  ]);
  const causes: StatusCause[] = [];
  if (selector === undefined) causes.push(causeForbidden(path, 'must not be specified when labelSelector is not set'));
  for (const [index, key] of keys.entries()) {
    causes.push(...keyFaults(key, `${path}[${index}]`));
    if (!selected.has(key)) continue;
    causes.push(causeInvalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector'));
  }
  return causes;
};

const inclusion: Check = (value, { path }) =>
  value === undefined || value === 'Honor' || value === 'Ignore'
    ? undefined
    : causeNotSupported(path, value, ['Honor', 'Ignore']);

/** Of the spec of a pod. */
export const SPREAD_RULES = below(
  'topologySpreadConstraints[*]',
  rows(coreSource('validateTopologySpreadConstraints'), [
    [
      'maxSkew',
      (value, { path }) =>
        Number(value ?? 0) > 0 ? undefined : causeInvalid(path, value ?? 0, 'must be greater than zero'),
    ],
    ['topologyKey', required('can not be empty')],
    ['whenUnsatisfiable', exactlyOneOf('DoNotSchedule', 'ScheduleAnyway')],
    ['', onlyOnce],
    ['minDomains', minDomains],
    ['nodeAffinityPolicy', inclusion],
    ['nodeTaintsPolicy', inclusion],
    ['matchLabelKeys', spreadKeys],
    ['labelSelector', strictLabelSelector],
  ]),
);

/** Names of gates, of which none comes twice. */
export const gates: Check = (value, { path }) => {
  const names = items({ value }, 'value').map((gate) => text(gate, 'name'));
  return names.flatMap((name, index) => [
    ...keyFaults(name, `${path}[${index}]`),
    ...(names.indexOf(name) < index ? [causeDuplicate(`${path}[${index}]`, name)] : []),
  ]);
};

/** validateOnlyDeletedSchedulingGates */
export function addedGateFaults(gatesNow: readonly Fields[], before: readonly Fields[], path: string): StatusCause[] {
  const known = new Set(before.map((gate) => text(gate, 'name')));
  return gatesNow.flatMap((gate, index) => {
    const name = text(gate, 'name');
    if (known.has(name)) return [];
    return [
      causeForbidden(`${path}[${index}].name`, `only deletion is allowed, but found new scheduling gate '${name}'`),
    ];
  });
}
