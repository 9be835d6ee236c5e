/** What is allowed, in the project's words, where a rule of a schema (zod) has none of its own. */

/** As much of an issue of zod as words are made of. */
interface Issue {
  readonly code?: string | undefined;
  readonly expected?: unknown;
  readonly origin?: unknown;
  readonly minimum?: unknown;
  readonly maximum?: unknown;
  readonly inclusive?: unknown;
  readonly divisor?: unknown;
  readonly pattern?: unknown;
  readonly values?: unknown;
  readonly keys?: unknown;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
};

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  string: [' character', ' characters'],
  array: [' entry', ' entries'],
  object: [' key', ' keys'],
};

/** Words that stand behind "allowed: "; handed to zod as the `error` of a whole parse, which asks for rules without their own. */
export function allowedWords(issue: Issue): string {
  const bound = (limit: unknown, within: string, beyond: string) =>
    `${issue.inclusive === false ? beyond : within} ${String(limit)}${UNITS[String(issue.origin)]?.[Number(limit) === 1 ? 0 : 1] ?? ''}`;
  switch (issue.code) {
    case 'invalid_type':
      return TYPES[String(issue.expected)] ?? String(issue.expected);
    case 'too_big':
      return bound(issue.maximum, 'at most', 'less than');
    case 'too_small':
      return bound(issue.minimum, 'at least', 'more than');
    case 'not_multiple_of':
      return `a multiple of ${String(issue.divisor)}`;
    case 'invalid_format':
      return issue.pattern === undefined ? 'a text of another form' : `a text that matches ${String(issue.pattern)}`;
    case 'invalid_value':
      return `one of ${(issue.values as readonly unknown[]).map(String).join(', ')}`;
    case 'unrecognized_keys':
      return `known keys, which ${(issue.keys as readonly string[]).join(', ')} is not`;
    case 'invalid_key':
      return 'another key';
    default:
      return 'a value of another form';
  }
}
