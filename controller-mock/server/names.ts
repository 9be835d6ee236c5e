/** Rules for names, label keys and label values, with the API server's wording of what is wrong. */
import type { ResourceType, StatusCause } from './resource.ts';
import { causeInvalid } from './status.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const DNS_LABEL = new RegExp(`^${LABEL}$`);
const DNS_1035 = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*$`);
const QUALIFIED_NAME = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

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

/** @returns what is wrong; undefined when the name is fine. */
export function nameFault(name: string, rule: ResourceType['nameRule']): string | undefined {
  switch (rule) {
    case 'dns-subdomain':
      if (name.length > 253) return tooLong(253);
      return DNS_SUBDOMAIN.test(name) ? undefined : SUBDOMAIN_TEXT;
    case 'dns-label':
      if (name.length > 63) return tooLong(63);
      return DNS_LABEL.test(name) ? undefined : LABEL_TEXT;
    case 'dns-1035-label':
      if (name.length > 63) return tooLong(63);
      return DNS_1035.test(name) ? undefined : LABEL_1035_TEXT;
    case 'path-segment':
      if (name === '.' || name === '..') return `may not be '${name}'`;
      if (name.includes('/')) return "may not contain '/'";
      if (name.includes('%')) return "may not contain '%'";
      return undefined;
  }
}

/** A label, annotation or finalizer key: `[prefix/]name`. */
export function labelKeyFault(key: string): string | undefined {
  const slash = key.indexOf('/');
  const prefix = slash < 0 ? undefined : key.slice(0, slash);
  const name = key.slice(slash + 1);
  if (name.includes('/'))
    return `a qualified name ${QUALIFIED_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`;
  if (prefix !== undefined) {
    if (prefix === '') return 'prefix part must be non-empty';
    const fault = nameFault(prefix, 'dns-subdomain');
    if (fault) return `prefix part ${fault}`;
  }
  if (name === '') return 'name part must be non-empty';
  if (name.length > 63) return `name part ${tooLong(63)}`;
  return QUALIFIED_NAME.test(name) ? undefined : `name part ${QUALIFIED_TEXT}`;
}

export function labelValueFault(value: string): string | undefined {
  if (value.length > 63) return tooLong(63);
  return value === '' || QUALIFIED_NAME.test(value) ? undefined : VALUE_TEXT;
}

/** Finalizers of Kubernetes itself; all others are to have a domain and a path. */
const STANDARD_FINALIZERS = new Set(['foregroundDeletion', 'kubernetes', 'orphan']);

/** Total size of keys and values that annotations of one object may have. */
const ANNOTATIONS_LIMIT_BYTES = 256 * 1024;

/** What an owner reference must have; the API server does not say which of the references it means. */
const OWNER_FIELDS = [
  ['apiVersion', 'version'],
  ['kind', 'kind'],
  ['name', 'name'],
  ['uid', 'uid'],
] as const;

/** Faults of labels, annotations, finalizers and owner references; their JSON types have been checked before. */
export function metadataFaults(
  metadata: {
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    finalizers?: string[];
    ownerReferences?: { apiVersion: string; kind: string; name: string; uid: string; controller?: boolean }[];
  },
  isBuiltin: boolean,
): StatusCause[] {
  const causes: StatusCause[] = [];
  for (const [key, value] of Object.entries(metadata.labels ?? {})) {
    const keyFault = labelKeyFault(key);
    if (keyFault) causes.push(causeInvalid('metadata.labels', key, keyFault));
    const valueFault = labelValueFault(value);
    if (valueFault) causes.push(causeInvalid('metadata.labels', value, valueFault));
  }
  let size = 0;
  for (const [key, value] of Object.entries(metadata.annotations ?? {})) {
    const fault = labelKeyFault(key.toLowerCase());
    if (fault) causes.push(causeInvalid('metadata.annotations', key, fault));
    size += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (size > ANNOTATIONS_LIMIT_BYTES) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${ANNOTATIONS_LIMIT_BYTES} bytes`,
      field: 'metadata.annotations',
    });
  }
  for (const finalizer of metadata.finalizers ?? []) {
    const fault = labelKeyFault(finalizer);
    if (fault) causes.push(causeInvalid('metadata.finalizers', finalizer, fault));
  }
  if (isBuiltin) {
    for (const [index, finalizer] of (metadata.finalizers ?? []).entries()) {
      if (finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)) continue;
      const detail = 'name is neither a standard finalizer name nor is it fully qualified';
      causes.push(causeInvalid(`metadata.finalizers[${index}]`, finalizer, detail));
    }
  }
  let controllers = 0;
  for (const owner of metadata.ownerReferences ?? []) {
    for (const [key, what] of OWNER_FIELDS) {
      if (!owner[key]) causes.push(causeInvalid(`metadata.ownerReferences.${key}`, '', `${what} must not be empty`));
    }
    if (owner.controller) controllers++;
  }
  if (controllers > 1) {
    causes.push(
      causeInvalid(
        'metadata.ownerReferences',
        metadata.ownerReferences,
        'Only one reference can have Controller set to true',
      ),
    );
  }
  return causes;
}

/**
 * What the API server warns of when a custom resource gets finalizers that could be anybody's (apiextensions-apiserver,
 * pkg/registry/customresource generateWarningsFromObj).
 */
export function finalizerWarnings(now: readonly string[] | undefined, before: readonly string[] | undefined): string[] {
  if (!now) return [];
  return now
    .filter((name) => !name.includes('/') && !STANDARD_FINALIZERS.has(name) && !before?.includes(name))
    .sort()
    .map(
      (name) =>
        `metadata.finalizers: ${JSON.stringify(name)}: prefer a domain-qualified finalizer name to avoid accidental conflicts with other finalizer writers`,
    );
}

const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const GENERATED_NAME_LIMIT = 63;

/** `generateName` plus five letters; a long prefix is cut so that the name stays a label. */
export function generatedName(prefix: string): string {
  let suffix = '';
  for (let index = 0; index < 5; index++) suffix += SUFFIX_LETTERS[Math.floor(Math.random() * SUFFIX_LETTERS.length)];
  return prefix.slice(0, GENERATED_NAME_LIMIT - 5) + suffix;
}
