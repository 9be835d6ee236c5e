/** Rules for names, label keys and label values, with the API server's wording of what is wrong. */

import type { ResourceType } from './resource-type.ts';

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
