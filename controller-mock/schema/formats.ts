/** Patterns and formats of strings, as Go reads them. */
import { isIP } from 'node:net';
import type { RE2JS } from 're2js';
import type { Schema } from '../api/schema.ts';
import { compileGoRegexp } from './go-regexp.ts';

/** Patterns compiled once, and forgotten with their schema. */
const patterns = new WeakMap<Schema, RE2JS>();

/** Whether the pattern of a schema, which has been checked before, is found in a text. */
export function matchesPattern(schema: Schema, pattern: string, text: string): boolean {
  let regexp = patterns.get(schema);
  if (!regexp) {
    regexp = compileGoRegexp(pattern);
    patterns.set(schema, regexp);
  }
  return regexp.matcher(text).find();
}

/** Day of a month that there is. */
function isDate(text: string): boolean {
  const parts = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number);
  if (!parts) return false;
  const [, year = 0, month = 0, day = 0] = parts;
  const days = new Date(Date.UTC(2000, month, 0));
  days.setUTCFullYear(year, month, 0);
  return month >= 1 && month <= 12 && day >= 1 && day <= days.getUTCDate();
}

function isDateTime(text: string): boolean {
  const [date = '', time = ''] = text.toLowerCase().split('t');
  const parts = /^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$/.exec(time);
  return isDate(date) && parts !== null && parts[1]! <= '23' && parts[2]! <= '59' && parts[3]! <= '59';
}

const GO_DURATION = /^[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
/** Units beyond Go's own; of long ones the beginning is enough. */
const WORDY_DURATION = /\d+\s*(?:(?:ns|us|µs|ms|s|m|h|hr|d|w|wk)(?![a-zµ])|nano|micro|milli|sec|min|hour|day|week)/i;

const isDuration = (text: string) => GO_DURATION.test(text) || WORDY_DURATION.test(text);

/** Go's sloppy parsers take zeros before the numbers of IPv4. */
const withoutZeros = (text: string) => text.replace(/(^|[.:])0+(?=\d{1,3}(\.|$))/g, '$1');

function isCidr(text: string): boolean {
  const parts = /^(.+)\/(\d{1,3})$/.exec(text);
  const family = parts ? isIP(withoutZeros(parts[1]!)) : 0;
  return family !== 0 && Number(parts![2]) <= (family === 4 ? 32 : 128);
}

const isIPv4 = (text: string) => isIP(withoutZeros(text)) !== 0 && text.includes('.');
const isIPv6 = (text: string) => !text.includes('%') && isIP(text) === 6;

/** 6, 8 or 20 bytes, written as pairs or as groups of four digits (net.ParseMAC). */
const isMac = (text: string) =>
  [6, 8, 20].some((bytes) =>
    new RegExp(
      `^(?:[0-9a-f]{2}(?:(:)|(-)))(?:[0-9a-f]{2}(?:\\1|\\2)){${bytes - 2}}[0-9a-f]{2}$|^(?:[0-9a-f]{4}\\.){${bytes / 2 - 1}}[0-9a-f]{4}$`,
      'i',
    ).test(text),
  );

function isIsbn10(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  if (!/^(?:[0-9]{9}X|[0-9]{10})$/.test(digits)) return false;
  const sum = [...digits].reduce((total, digit, at) => total + (at + 1) * (digit === 'X' ? 10 : Number(digit)), 0);
  return sum % 11 === 0;
}

function isIsbn13(text: string): boolean {
  const digits = text.replace(/[\s-]+/g, '');
  if (!/^[0-9]{13}$/.test(digits)) return false;
  return [...digits].reduce((total, digit, at) => total + (at % 2 === 0 ? 1 : 3) * Number(digit), 0) % 10 === 0;
}

const CREDIT_CARD =
  /^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$/;

function isCreditCard(text: string): boolean {
  const digits = text.replace(/[^0-9]+/g, '');
  if (!CREDIT_CARD.test(digits)) return false;
  const sum = [...digits].reverse().reduce((total, digit, at) => {
    const value = Number(digit) * (at % 2 === 0 ? 1 : 2);
    return total + (value >= 10 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

const HOSTNAME =
  /^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9\-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$/u;

const isHostname = (text: string) =>
  HOSTNAME.test(text) &&
  Buffer.byteLength(text) <= 255 &&
  text.split('.').every((label) => Buffer.byteLength(label) <= 63);

/** net/url ParseRequestURI: what could stand in the first line of a request, or names a scheme. */
const isRequestUri = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what Go refuses.
  !/[\x00-\x1f\x7f]/.test(text) &&
  !/%(?![0-9a-f]{2})/i.test(text) &&
  /^(?:[a-z][a-z0-9+.-]*:(?:\/\/(?:[^/?#@\s]*@)?(?:\[[0-9a-f:.%]+\]|[^/?#\s:[\]<>"]*)(?::\d*)?(?:[/?].*)?$|(?!\/\/).*$)|\/.*$|\*$)/is.test(
    text,
  );

const ATOM = "[\\w!#$%&'*+/=?^`{|}~\\u0080-\\uffff-]+";
const ADDRESS = `(?:${ATOM}(?:\\.${ATOM})*|"(?:[^"\\\\\\r\\n]|\\\\.)*")@(?:${ATOM}(?:\\.${ATOM})*|\\[[^\\[\\]\\s]*\\])`;
/** net/mail ParseAddress: with a name before it, or not. */
const EMAIL = new RegExp(
  `^\\s*(?:${ADDRESS}|(?:(?:${ATOM}|"(?:[^"\\\\]|\\\\.)*"|\\.)\\s*)*<${ADDRESS}>)\\s*(?:\\([^()]*\\)\\s*)?$`,
);

/** Without line breaks, and not empty. */
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/;

const BYTE = '(0|[1-9]\\d?|1\\d\\d?|2[0-4]\\d|25[0-5])';
const RGB = new RegExp(`^rgb\\(\\s*${BYTE}\\s*,\\s*${BYTE}\\s*,\\s*${BYTE}\\s*\\)$`);

/** @param variant its digit in the third group, and what begins the fourth */
const uuid = (variant = '[0-9a-f]', fourth = '[0-9a-f]') => {
  const regexp = new RegExp(
    `^[0-9a-f]{8}-?[0-9a-f]{4}-?${variant}[0-9a-f]{3}-?${fourth}[0-9a-f]{3}-?[0-9a-f]{12}$`,
    'i',
  );
  return (text: string) => regexp.test(text);
};

/**
 * Formats that are checked, by their names without hyphens; unknown ones are not (kubernetes/kube-openapi, pkg/validation/strfmt/default.go;
 * kubernetes/apiextensions-apiserver, pkg/apiserver/validation/formats.go).
 */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  bsonobjectid: (text) => /^[0-9a-f]{24}$/i.test(text),
  uri: isRequestUri,
  email: (text) => EMAIL.test(text),
  hostname: isHostname,
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: isCidr,
  mac: isMac,
  uuid: uuid(),
  uuid3: uuid('3'),
  uuid4: uuid('4', '[89ab]'),
  uuid5: uuid('5', '[89ab]'),
  isbn: (text) => isIsbn10(text) || isIsbn13(text),
  isbn10: isIsbn10,
  isbn13: isIsbn13,
  creditcard: isCreditCard,
  ssn: (text) => /^\d{3}[- ]\d{2}[- ]\d{4}$/.test(text),
  hexcolor: (text) => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(text),
  rgbcolor: (text) => RGB.test(text),
  byte: (text) => BASE64.test(text),
  password: () => true,
  date: isDate,
  duration: isDuration,
  datetime: isDateTime,
};

/** The check of a format; undefined for one that is not checked. */
export function formatCheck(format: string): ((text: string) => boolean) | undefined {
  const name = format.replaceAll('-', '');
  return Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
}
