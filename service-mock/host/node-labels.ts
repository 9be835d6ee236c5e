/**
 * Labels as Kubernetes takes them, and what it says of others. Upstream: k8s.io/apimachinery,
 * pkg/apis/meta/v1/validation/validation.go, ValidateLabels, and pkg/util/validation/validation.go.
 */

const MAX_LENGTH = 63;
const MAX_PREFIX_LENGTH = 253;
const NAME_PATTERN = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const VALUE_PATTERN = `(${NAME_PATTERN})?`;
const PREFIX_PATTERN = '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*';

const expected = (rule: string, examples: readonly string[], pattern: string) =>
  `${rule} (e.g. ${examples.map((example) => `'${example}', `).join(' or ')}regex used for validation is '${pattern}')`;
const tooLong = (most: number) => `must be no more than ${most} characters`;
const follows = (pattern: string, text: string) => new RegExp(`^${pattern}$`).test(text);

const NAME_RULE = expected(
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyName', 'my.name', '123-abc'],
  NAME_PATTERN,
);
const VALUE_RULE = expected(
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character",
  ['MyValue', 'my_value', '12345'],
  VALUE_PATTERN,
);
const PREFIX_RULE = expected(
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character",
  ['example.com'],
  PREFIX_PATTERN,
);

/** What is wrong with labels, as one text; undefined for good ones. @param path how the field is called. */
export function labelsProblem(labels: Readonly<Record<string, string>>, path: string): string | undefined {
  const invalid = (value: string) => (problem: string) =>
    `${path}: Invalid value: ${JSON.stringify(value)}: ${problem}`;
  const problems = new Set(
    Object.entries(labels).flatMap(([key, value]) => [
      ...keyProblems(key).map(invalid(key)),
      ...valueProblems(value).map(invalid(value)),
    ]),
  );
  if (problems.size <= 1) return [...problems][0];
  return `[${[...problems].join(', ')}]`;
}

function keyProblems(key: string): string[] {
  const parts = key.split('/');
  if (parts.length > 2)
    return [`a qualified name ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  const name = parts.at(-1)!;
  return [
    ...(parts.length === 2 ? prefixProblems(parts[0]!).map((problem) => `prefix part ${problem}`) : []),
    ...nameProblems(name).map((problem) => `name part ${problem}`),
  ];
}

function prefixProblems(prefix: string): string[] {
  if (prefix === '') return ['must be non-empty'];
  return [
    ...(prefix.length > MAX_PREFIX_LENGTH ? [tooLong(MAX_PREFIX_LENGTH)] : []),
    ...(follows(PREFIX_PATTERN, prefix) ? [] : [PREFIX_RULE]),
  ];
}

function nameProblems(name: string): string[] {
  return [
    ...(name === '' ? ['must be non-empty'] : name.length > MAX_LENGTH ? [tooLong(MAX_LENGTH)] : []),
    ...(follows(NAME_PATTERN, name) ? [] : [NAME_RULE]),
  ];
}

function valueProblems(value: string): string[] {
  return [
    ...(value.length > MAX_LENGTH ? [tooLong(MAX_LENGTH)] : []),
    ...(follows(VALUE_PATTERN, value) ? [] : [VALUE_RULE]),
  ];
}
