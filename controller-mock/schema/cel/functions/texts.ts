/** Functions on texts: google/cel-go, common/types/string.go, ext/strings.go; k8s.io/apiserver, pkg/cel/library/regex.go. */
import type { RE2JS } from 're2js';
import { compileGoRegexp, goRegexpFault } from '../../go-regexp.ts';
import { EvaluationFault } from '../fault.ts';
import { List, shortText } from '../values.ts';
import { formatText } from './format-text.ts';
import { type Functions, global, method } from './overload.ts';

const outOfRange = (index: bigint | number) => new EvaluationFault(`index out of range: ${index}`);

function charAt(text: string, index: bigint): string {
  const runes = [...text];
  if (index < 0n || index > BigInt(runes.length)) throw outOfRange(index);
  return runes[Number(index)] ?? '';
}

const matchesAt = (runes: readonly string[], part: readonly string[], at: number) =>
  part.every((rune, index) => runes[at + index] === rune);

function indexOf(text: string, part: string, from = 0n): bigint {
  if (part === '') return from;
  if (from < 0n) throw outOfRange(from);
  const runes = [...text];
  const wanted = [...part];
  for (let at = Number(from); at + wanted.length <= runes.length; at++)
    if (matchesAt(runes, wanted, at)) return BigInt(at);
  return -1n;
}

function lastIndexOf(text: string, part: string, from?: bigint): bigint {
  const runes = [...text];
  if (part === '') return from ?? BigInt(runes.length);
  const start = from ?? BigInt(runes.length - 1);
  if (start < 0n) throw outOfRange(start);
  if (start >= BigInt(runes.length)) return -1n;
  const wanted = [...part];
  for (let at = Math.min(Number(start), runes.length - wanted.length); at >= 0; at--) {
    if (matchesAt(runes, wanted, at)) return BigInt(at);
  }
  return -1n;
}

function substring(text: string, start: bigint, end?: bigint): string {
  const runes = [...text];
  if (end !== undefined && start > end) {
    throw new EvaluationFault(`invalid substring range. start: ${start}, end: ${end}`);
  }
  for (const index of end === undefined ? [start] : [start, end]) {
    if (index < 0n || index > BigInt(runes.length)) throw outOfRange(index);
  }
  return runes.slice(Number(start), end === undefined ? undefined : Number(end)).join('');
}

/** strings.Replace: an empty text is found before every character and at the end. */
function replace(text: string, old: string, by: string, limit = -1n): string {
  if (limit < 0n) return text.replaceAll(old, () => by);
  let left = limit;
  return text.replaceAll(old, () => (left-- > 0n ? by : old));
}

/** strings.SplitN */
function split(text: string, separator: string, limit = -1n): List {
  if (limit === 0n) return new List([]);
  const parts = separator === '' ? [...text] : text.split(separator);
  const count = Number(limit);
  if (limit < 0n || parts.length <= count) return new List(parts);
  return new List([...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)]);
}

function join({ items }: List, separator = ''): string {
  for (const item of items)
    if (typeof item !== 'string') throw new EvaluationFault(`join: invalid input: ${shortText(item)}`);
  return items.join(separator);
}

const QUOTED: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

const quote = (text: string) =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is quoted.
  `"${text.toWellFormed().replaceAll(/[\x07-\r\\"]/g, (rune) => QUOTED[rune]!)}"`;

/** What Go's unicode.IsSpace takes, at both ends. */
const trim = (text: string) => text.replaceAll(/^[\p{White_Space}]+|[\p{White_Space}]+$/gu, '');

const ASCII_UPPER = /[A-Z]+/g;
const ASCII_LOWER = /[a-z]+/g;

/** Compiled patterns; those of rules are few and always the same. */
const patterns = new Map<string, RE2JS>();
const PATTERNS_KEPT = 1000;

/** @throws EvaluationFault */
function pattern(text: string, prefix: string): RE2JS {
  const known = patterns.get(text);
  if (known) return known;
  const fault = goRegexpFault(text);
  if (fault !== undefined) throw new EvaluationFault(`${prefix}${fault}`);
  if (patterns.size >= PATTERNS_KEPT) patterns.clear();
  const compiled = compileGoRegexp(text);
  patterns.set(text, compiled);
  return compiled;
}

const matches = (text: string, expression: string) => pattern(expression, '').matcher(text).find();

function findAll(text: string, expression: string, limit = -1n): List {
  const matcher = pattern(expression, 'Illegal regex: ').matcher(text);
  const found: string[] = [];
  while ((limit < 0n || BigInt(found.length) < limit) && matcher.find()) found.push(matcher.group() ?? '');
  return new List(found);
}

function find(text: string, expression: string): string {
  const matcher = pattern(expression, 'Illegal regex: ').matcher(text);
  return matcher.find() ? (matcher.group() ?? '') : '';
}

export const TEXTS: Functions = {
  contains: [method('contains_string', 'string, string -> bool', (text: string, part: string) => text.includes(part))],
  endsWith: [method('ends_with_string', 'string, string -> bool', (text: string, part: string) => text.endsWith(part))],
  startsWith: [
    method('starts_with_string', 'string, string -> bool', (text: string, part: string) => text.startsWith(part)),
  ],
  matches: [
    global('matches', 'string, string -> bool', matches),
    method('matches_string', 'string, string -> bool', matches),
  ],
  find: [method('string_find_string', 'string, string -> string', find)],
  findAll: [
    method('string_find_all_string', 'string, string -> list(string)', findAll),
    method('string_find_all_string_int', 'string, string, int -> list(string)', findAll),
  ],
  charAt: [method('string_char_at_int', 'string, int -> string', charAt)],
  indexOf: [
    method('string_index_of_string', 'string, string -> int', indexOf),
    method('string_index_of_string_int', 'string, string, int -> int', indexOf),
  ],
  lastIndexOf: [
    method('string_last_index_of_string', 'string, string -> int', lastIndexOf),
    method('string_last_index_of_string_int', 'string, string, int -> int', lastIndexOf),
  ],
  lowerAscii: [
    method('string_lower_ascii', 'string -> string', (text: string) =>
      text.replaceAll(ASCII_UPPER, (part) => part.toLowerCase()),
    ),
  ],
  upperAscii: [
    method('string_upper_ascii', 'string -> string', (text: string) =>
      text.replaceAll(ASCII_LOWER, (part) => part.toUpperCase()),
    ),
  ],
  replace: [
    method('string_replace_string_string', 'string, string, string -> string', replace),
    method('string_replace_string_string_int', 'string, string, string, int -> string', replace),
  ],
  split: [
    method('string_split_string', 'string, string -> list(string)', split),
    method('string_split_string_int', 'string, string, int -> list(string)', split),
  ],
  substring: [
    method('string_substring_int', 'string, int -> string', substring),
    method('string_substring_int_int', 'string, int, int -> string', substring),
  ],
  trim: [method('string_trim', 'string -> string', trim)],
  join: [
    method('list_join', 'list(string) -> string', join),
    method('list_join_string', 'list(string), string -> string', join),
  ],
  format: [
    method('string_format', 'string, list(dyn) -> string', (text: string, { items }: List) => formatText(text, items)),
  ],
  'strings.quote': [global('strings_quote', 'string -> string', quote)],
};
