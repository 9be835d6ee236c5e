/** Specs of pods, and the templates that have them. */
import { causeForbidden, causeInvalid, causeRequired } from '../../api/causes.ts';
import { stringsLiteral } from '../../api/go-values.ts';
import { nameFaults } from '../../api/names.ts';
import { strings, text } from '../fields.ts';
import { ipAddress } from './addresses.ts';
import { labels, name, oneOf, qualifiedNameOrEmpty, renamed } from './checks.ts';
import { ANNOTATION_RULES, annotatedProfiles, TEMPLATE_ANNOTATION_RULES } from './pod-annotations.ts';
import { CONTAINER_RULES } from './pod-containers.ts';
import { coreSource } from './pod-facts.ts';
import { AFFINITY_RULES, gates, SPREAD_RULES, TOLERATION_RULES } from './pod-scheduling.ts';
import { POD_SECURITY_RULES } from './pod-security.ts';
import { VOLUME_RULES } from './pod-volumes.ts';
import { HOST_PROCESS_RULES, SYSTEM_RULES } from './pod-windows.ts';
import { podOverhead } from './resources.ts';
import { below, type Check, type Rule, rows, Stop } from './rule.ts';

const NAMESERVERS_LIMIT = 3;
const SEARCHES_LIMIT = 32;
const SEARCHES_LIMIT_CHARACTERS = 2048;

const neededDns: Check = (value, { path, holder }) => {
  if (holder.dnsPolicy !== 'None') return undefined;
  if (value === undefined) return new Stop(causeRequired(path, 'must provide `dnsConfig` when `dnsPolicy` is None'));
  if (strings(value, 'nameservers').length > 0) return undefined;
  const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
  return new Stop(causeRequired(`${path}.nameservers`, detail));
};

const fewNameservers: Check = (value, { path }) =>
  Array.isArray(value) && value.length > NAMESERVERS_LIMIT
    ? causeInvalid(path, stringsLiteral(value), `must not have more than ${NAMESERVERS_LIMIT} nameservers`)
    : undefined;

const fewSearches: Check = (value, { path }) => {
  const searches = strings({ value }, 'value');
  const faults: string[] = [];
  if (searches.length > SEARCHES_LIMIT) faults.push(`must not have more than ${SEARCHES_LIMIT} search paths`);
  if (searches.join(' ').length > SEARCHES_LIMIT_CHARACTERS) {
    faults.push(
      `must not have more than ${SEARCHES_LIMIT_CHARACTERS} characters (including spaces) in the search list`,
    );
  }
  return faults.map((fault) => causeInvalid(path, stringsLiteral(searches), fault));
};

/** A domain, with or without the dot at its end. */
const search: Check = (value, { path }) => {
  const domain = text({ value }, 'value').replace(/\.$/, '');
  return nameFaults(domain, 'dns-subdomain').map((fault) => causeInvalid(path, domain, fault));
};

const DNS_RULES = rows(coreSource('validatePodDNSConfig'), [
  ['', neededDns],
  ['nameservers', fewNameservers],
  ['nameservers[*]', ipAddress],
  ['searches', fewSearches],
  ['searches[*]', search],
  [
    'options[*]',
    (value, { path }) => (text(value, 'name') === '' ? causeRequired(path, 'must not be empty') : undefined),
  ],
]);

const HOST_ALIAS_RULES = rows(coreSource('ValidateHostAliases'), [
  ['ip', (value, place) => ipAddress(value ?? '', place)],
  [
    'hostnames[*]',
    (value, { path }) => nameFaults(String(value), 'dns-subdomain').map((fault) => causeInvalid(path, value, fault)),
  ],
]);

const LONGEST_SECONDS = 2 ** 31 - 1;

const deadline: Check = (value, { path }) =>
  value === undefined || (Number(value) >= 1 && Number(value) <= LONGEST_SECONDS)
    ? undefined
    : causeInvalid(path, value, `must be between 1 and ${LONGEST_SECONDS}, inclusive`);

/** A name behind a pointer, which may be an empty text. */
const className: Check = (value, { path }) =>
  value === undefined
    ? undefined
    : nameFaults(String(value), 'dns-subdomain').map((fault) => causeInvalid(path, value, fault));

/** What an API server asks of the spec of a pod, be it of a pod or of a template: ValidatePodSpec. */
const SPEC_RULES: readonly Rule[] = [
  ...VOLUME_RULES,
  ...CONTAINER_RULES,
  ...rows(coreSource('validateRestartPolicy'), [['restartPolicy', oneOf('Always', 'OnFailure', 'Never')]]),
  ...rows(coreSource('validateDNSPolicy'), [
    ['dnsPolicy', oneOf('ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None')],
  ]),
  ...rows(coreSource('ValidatePodSpec'), [['nodeSelector', labels]]),
  ...below('securityContext', POD_SECURITY_RULES),
  ...AFFINITY_RULES,
  ...below('dnsConfig', DNS_RULES),
  ...rows(coreSource('validateReadinessGates'), [
    ['readinessGates[*].conditionType', (value, place) => qualifiedNameOrEmpty(value ?? '', place)],
  ]),
  ...rows(coreSource('validateSchedulingGates'), [['schedulingGates', gates]]),
  ...SPREAD_RULES,
  ...HOST_PROCESS_RULES,
  ...rows(coreSource('ValidatePodSpec'), [
    ['serviceAccountName', name('dns-subdomain')],
    ['nodeName', name('dns-subdomain')],
    ['activeDeadlineSeconds', deadline],
    ['hostname', name('dns-label')],
    ['subdomain', name('dns-label')],
  ]),
  ...TOLERATION_RULES,
  ...below('hostAliases[*]', HOST_ALIAS_RULES),
  ...rows(coreSource('ValidatePodSpec'), [
    ['priorityClassName', name('dns-subdomain')],
    ['runtimeClassName', className],
  ]),
  ...rows(coreSource('ValidatePreemptionPolicy'), [['preemptionPolicy', oneOf('PreemptLowerPriority', 'Never')]]),
  ...rows(coreSource('validateOverhead'), [['overhead', podOverhead]]),
  ...SYSTEM_RULES,
];

/** Of a pod at whatever time: validatePodMetadataAndSpec. */
export const POD_RULES: readonly Rule[] = [...ANNOTATION_RULES, ...below('spec!', SPEC_RULES)];

const ephemeralAtCreation: Check = (value, { path }) =>
  value ? causeForbidden(path, 'cannot be set on create') : undefined;

const nodeBehindGates: Check = (value, { path, holder }) =>
  !value || !Array.isArray(holder.schedulingGates)
    ? undefined
    : causeForbidden(path, 'cannot be set until all schedulingGates have been cleared');

/** Of a pod when it is made. */
export const NEW_POD_RULES: readonly Rule[] = [
  ...rows(coreSource('ValidatePodCreate'), [
    ['spec.ephemeralContainers', ephemeralAtCreation],
    ['spec.nodeName', nodeBehindGates],
  ]),
  ...rows(coreSource('validateSeccompAnnotationsAndFields'), [['spec', annotatedProfiles('seccomp')]]),
  ...rows(coreSource('validateAppArmorAnnotationsAndFieldsMatchOnCreate'), [['spec', annotatedProfiles('apparmor')]]),
];

const noEphemeral: Check = (value, { path }) =>
  value ? causeForbidden(path, 'ephemeral containers not allowed in pod template') : undefined;

/** Of a template: ValidatePodTemplateSpec. Its labels are said to be its own, and not its metadata's. */
export const TEMPLATE_RULES: readonly Rule[] = [
  ...rows(coreSource('ValidatePodTemplateSpec'), [['metadata.labels', renamed('.metadata.labels', '.labels', labels)]]),
  ...TEMPLATE_ANNOTATION_RULES,
  ...below('spec!', SPEC_RULES),
  ...rows(coreSource('validateSeccompAnnotationsAndFields'), [['spec', annotatedProfiles('seccomp')]]),
  ...rows(coreSource('validateAppArmorAnnotationsAndFieldsMatchOnCreate'), [['spec', annotatedProfiles('apparmor')]]),
  ...rows(coreSource('ValidatePodTemplateSpec'), [['spec.ephemeralContainers', noEphemeral]]),
];

/** Of a template whose pods are not looked at: ValidatePodTemplateSpecForStatefulSet. */
export const TEMPLATE_META_RULES: readonly Rule[] = [
  ...rows('pkg/apis/apps/validation/validation.go ValidatePodTemplateSpecForStatefulSet', [
    ['metadata.labels', renamed('.metadata.labels', '.labels', labels)],
  ]),
  ...TEMPLATE_ANNOTATION_RULES,
];
