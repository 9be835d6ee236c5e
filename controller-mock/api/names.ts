/** Rules for names, label keys and label values, with the API server's wording of what is wrong. */

import { causeInvalid, causeTooLong, type StatusCause } from './causes.ts';
import type { ResourceType } from './resource-type.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;

const tooLong = (limit: number) => `must be no more than ${limit} characters`;
const notMatching = (what: string, example: string, regex: string) =>
  `${what} (e.g. ${example}, regex used for validation is '${regex}')`;

const SUBDOMAIN_TEXT = notMatching(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  "'example.com'",
  `${LABEL}(\\.${LABEL})*`,
);
const LABEL_TEXT = notMatching(
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character",
  "'my-name',  or '123-abc'",
  LABEL,
);
const NO_DOTS = 'must not contain dots';
const LABEL_1035_TEXT = notMatching(
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character",
  "'my-name',  or 'abc-123'",
  '[a-z]([-a-z0-9]*[a-z0-9])?',
);
const QUALIFIED_TEXT = notMatching(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "'MyName',  or 'my.name',  or '123-abc'",
  '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]',
);
const VALUE_TEXT = notMatching(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  "'MyValue',  or 'my_value',  or '12345'",
  '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?',
);

/** All that is wrong with a name: kubernetes/apimachinery, pkg/util/validation/validation.go and pkg/api/validation/path/name.go. */
export function nameFaults(name: string, rule: ResourceType['nameRule']): readonly string[] {
  switch (rule) {
    case 'dns-subdomain':
      return faultsOf(name, 253, DNS_SUBDOMAIN, SUBDOMAIN_TEXT);
    case 'dns-label':
      return faultsOf(name, 63, DNS_LABEL, name.includes('.') && DNS_SUBDOMAIN.test(name) ? NO_DOTS : LABEL_TEXT);
    case 'dns-1035-label':
      return faultsOf(name, 63, DNS_1035, LABEL_1035_TEXT);
    case 'path-segment':
      if (name === '.' || name === '..') return [`may not be '${name}'`];
      return ['/', '%'].filter((part) => name.includes(part)).map((part) => `may not contain '${part}'`);
  }
}

/** @returns the first of what is wrong; undefined when the name is fine. */
export const nameFault = (name: string, rule: ResourceType['nameRule']): string | undefined =>
  nameFaults(name, rule)[0];

/** What is wrong with a beginning of names, to which letters will be added (generic.go maskTrailingDash). */
export function prefixFaults(prefix: string, rule: ResourceType['nameRule']): readonly string[] {
  const isMasked = rule !== 'path-segment' && prefix.length > 1 && prefix.endsWith('-');
  return nameFaults(isMasked ? `${prefix.slice(0, -2)}a` : prefix, rule);
}

function faultsOf(text: string, limit: number, pattern: RegExp, fault: string): readonly string[] {
  const isLong = text.length > limit;
  if (pattern.test(text)) return isLong ? [tooLong(limit)] : NONE;
  return isLong ? [tooLong(limit), fault] : [fault];
}

const NONE: readonly string[] = [];

/** All that is wrong with a label, annotation or finalizer key, `[prefix/]name` (IsQualifiedName). */
export function labelKeyFaults(key: string): readonly string[] {
  const slash = key.indexOf('/');
  const name = key.slice(slash + 1);
  if (name.includes('/'))
    return [
      `a qualified name ${QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`,
    ];
  let faults: readonly string[] = NONE;
  if (slash === 0) faults = ['prefix part must be non-empty'];
  else if (slash > 0) faults = nameFaults(key.slice(0, slash), 'dns-subdomain').map((fault) => `prefix part ${fault}`);
  if (QUALIFIED_NAME.test(name) && name.length <= 63) return faults;
  const nameParts = name === '' ? ['must be non-empty'] : name.length > 63 ? [tooLong(63)] : [];
  if (!QUALIFIED_NAME.test(name)) nameParts.push(QUALIFIED_TEXT);
  return [...faults, ...nameParts.map((fault) => `name part ${fault}`)];
}

export const labelKeyFault = (key: string): string | undefined => labelKeyFaults(key)[0];

/** IsValidLabelValue */
export const labelValueFaults = (value: string): readonly string[] => faultsOf(value, 63, LABEL_VALUE, VALUE_TEXT);

export const labelValueFault = (value: string): string | undefined => labelValueFaults(value)[0];

/** Faults of a map of labels, all at its path (pkg/apis/meta/v1/validation/validation.go ValidateLabels). */
export function labelFaults(labels: Readonly<Record<string, string>>, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const key of Object.keys(labels)) {
    for (const fault of labelKeyFaults(key)) causes.push(causeInvalid(path, key, fault));
    for (const fault of labelValueFaults(labels[key]!)) causes.push(causeInvalid(path, labels[key], fault));
  }
  return causes;
}

/** Total size of keys and values that annotations of one object may have. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/** Faults of annotations, all at their path (apimachinery, pkg/api/validation/objectmeta.go ValidateAnnotations). */
export function annotationFaults(annotations: Readonly<Record<string, string>>, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(annotations)) {
    for (const fault of labelKeyFaults(key.toLowerCase())) causes.push(causeInvalid(path, key, fault));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > ANNOTATIONS_LIMIT_BYTES) causes.push(causeTooLong(path, ANNOTATIONS_LIMIT_BYTES));
  return causes;
}

const WILDCARD_SUBDOMAIN = new RegExp(`^\\*\\.${LABEL}(\\.${LABEL})*$`);
const WILDCARD_TEXT = notMatching(
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character",
  "'*.example.com'",
  `\\*\\.${LABEL}(\\.${LABEL})*`,
);

/** Names of hosts that may begin with `*.` (IsWildcardDNS1123Subdomain). */
export const wildcardFaults = (name: string): readonly string[] =>
  faultsOf(name, 253, WILDCARD_SUBDOMAIN, WILDCARD_TEXT);

/** IsValidPortName */
export function portNameFaults(name: string): string[] {
  const faults = name.length > 15 ? [tooLong(15)] : [];
  if (!/^[-a-z0-9]+$/.test(name)) {
    faults.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(name)) faults.push('must contain at least one letter (a-z)');
  if (name.includes('--')) faults.push('must not contain consecutive hyphens');
  if (name.startsWith('-') || name.endsWith('-')) faults.push('must not begin or end with a hyphen');
  return faults;
}

const CONFIG_KEY = /^[-._a-zA-Z0-9]+$/;
const CONFIG_KEY_TEXT = notMatching(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  "'key.name',  or 'KEY_NAME',  or 'key-name'",
  '[-._a-zA-Z0-9]+',
);

/** Keys of ConfigMaps and Secrets (IsConfigMapKey). */
export function configKeyFaults(key: string): readonly string[] {
  const faults = faultsOf(key, 253, CONFIG_KEY, CONFIG_KEY_TEXT);
  if (!key.startsWith('.')) return faults;
  if (key === '.' || key === '..') return [...faults, `must not be '${key}'`];
  return key.startsWith('..') ? [...faults, "must not start with '..'"] : faults;
}
