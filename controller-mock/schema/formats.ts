/** Patterns and formats of strings. */
import { isIPv4, isIPv6 } from 'node:net';
import type { Schema } from '../api/schema.ts';

/** Patterns compiled once, and forgotten with their schema. */
const patterns = new WeakMap<Schema, RegExp>();

/** Matches everything: stands for what cannot be used, such as RE2 syntax that JavaScript lacks. */
const ANYTHING = /(?:)/;

/** The pattern of a schema. */
export function compiledPattern(schema: Schema, pattern: string): RegExp {
  let regex = patterns.get(schema);
  if (!regex) {
    regex = regexOf(pattern, 'u') ?? regexOf(pattern, '') ?? ANYTHING;
    patterns.set(schema, regex);
  }
  return regex;
}

function regexOf(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}

const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/\s]{4})*(?:[A-Za-z0-9+/\s]{2}==|[A-Za-z0-9+/\s]{3}=)?$/;

/** Formats of strings that are checked; unknown ones are not (kubernetes/kube-openapi, pkg/validation/strfmt). */
export const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text),
  byte: (text) => BASE64.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  mac: (text) => /^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/.test(text),
  cidr: (text) => /^[0-9a-fA-F:.]+\/\d{1,3}$/.test(text),
  duration: (text) => /^[-+]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h|d|w)\s*)+$|^0$/.test(text),
};
