/** Formats by their names: k8s.io/apiserver, pkg/cel/library/format.go. */
import { labelKeyFault, labelValueFault, nameFault } from '../../../api/names.ts';
import { formatCheck } from '../../formats.ts';
import { List, Opaque, Optional } from '../values.ts';
import { type Functions, global, method } from './overload.ts';
import { urlFault } from './urls.ts';

type Check = (text: string) => string | undefined;

class NamedFormat extends Opaque {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  readonly check: Check;

  constructor(name: string, check: Check) {
    super();
    this.name = name;
    this.check = check;
  }

  override get size(): number {
    return this.name.length;
  }

  equals(other: Opaque): boolean {
    return other instanceof NamedFormat && this.name === other.name;
  }
}

/** What a name may end with where more is to follow. */
const asPrefix = (text: string) => (text.length > 1 && text.endsWith('-') ? `${text.slice(0, -2)}a` : text);

const name =
  (rule: 'dns-label' | 'dns-subdomain' | 'dns-1035-label', prefix: boolean): Check =>
  (text) =>
    nameFault(prefix ? asPrefix(text) : text, rule);

const format =
  (of: string, fault: string): Check =>
  (text) =>
    formatCheck(of)!(text) ? undefined : fault;

const FORMATS: Readonly<Record<string, NamedFormat>> = Object.fromEntries(
  (
    [
      ['dns1123Label', 'DNS1123Label', name('dns-label', false)],
      ['dns1123Subdomain', 'DNS1123Subdomain', name('dns-subdomain', false)],
      ['dns1035Label', 'DNS1035Label', name('dns-1035-label', false)],
      ['qualifiedName', 'QualifiedName', labelKeyFault],
      ['dns1123LabelPrefix', 'DNS1123LabelPrefix', name('dns-label', true)],
      ['dns1123SubdomainPrefix', 'DNS1123SubdomainPrefix', name('dns-subdomain', true)],
      ['dns1035LabelPrefix', 'DNS1035LabelPrefix', name('dns-1035-label', true)],
      ['labelValue', 'LabelValue', labelValueFault],
      ['uri', 'URI', urlFault],
      ['uuid', 'uuid', format('uuid', 'does not match the UUID format')],
      ['byte', 'byte', format('byte', 'invalid base64')],
      ['date', 'date', format('date', 'invalid date')],
      ['datetime', 'datetime', format('datetime', 'invalid datetime')],
    ] as const
  ).map(([key, title, check]) => [key, new NamedFormat(title, check)]),
);

const named = (key: string) => (Object.hasOwn(FORMATS, key) ? new Optional(FORMATS[key]!) : Optional.NONE);

function validate({ check }: NamedFormat, text: string): Optional {
  const fault = check(text);
  return fault === undefined ? Optional.NONE : new Optional(new List([fault]));
}

export const NAMED_FORMATS: Functions = {
  validate: [method('format-validate', 'format, string -> optional(list(string))', validate)],
  'format.named': [global('format-named', 'string -> optional(format)', named)],
  ...Object.fromEntries(
    Object.entries(FORMATS).map(([key, value]) => [
      `format.${key}`,
      [global(`format.${key}`, ' -> format', () => value)],
    ]),
  ),
};
