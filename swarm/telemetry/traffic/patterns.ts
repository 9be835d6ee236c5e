/** What is the same in the requests of all hosts: texts with ids, secrets and the like taken out, and the fields of JSON texts. */

/** What differs, by the words for it. Each stands alone: neither letter nor digit is beside it. The earlier of two that begin alike counts. */
const VARIABLE = {
  id: '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}',
  mac: '[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}',
  address: '\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d+)?',
  number: '\\d{5,}',
  hex: '[0-9a-f]{16,}',
};
const ANY = new RegExp(
  `(?<![0-9a-z])(?:${Object.entries(VARIABLE)
    .map(([word, expression]) => `(?<${word}>${expression})`)
    .join('|')})(?![0-9a-z])`,
  'gi',
);

/** Replaces ids, addresses, random texts and long numbers by words for them, such as `{id}`. */
export function replaceIds(text: string): string {
  return text.replace(ANY, (...args: unknown[]) => {
    const found = args.at(-1) as Record<keyof typeof VARIABLE, string | undefined>;
    const word = Object.entries(found).find(([, value]) => value !== undefined)![0];
    return `{${word}}`;
  });
}

/** Their values are nobody's business. */
const SECRET_HEADERS = new Set(['x-secret-key', 'authorization', 'proxy-authorization', 'cookie']);
/** Their values follow from where the service is and how long the body is. */
const VARIABLE_HEADERS = new Set(['host', 'content-length']);

/** What of a header's value is the same for all hosts. */
export function headerPattern(name: string, value: string): string {
  const lower = name.toLowerCase();
  if (SECRET_HEADERS.has(lower)) return value === '' ? '' : '{secret}';
  if (VARIABLE_HEADERS.has(lower)) return '{any}';
  return replaceIds(value);
}

/** Names and values of a query, in their order; '' for none. */
export function queryPattern(target: string): string {
  const at = target.indexOf('?');
  return at < 0 ? '' : replaceIds(target.slice(at + 1));
}

const MOST_DEPTH = 12;

/**
 * Paths of the fields of a JSON value, such as `disks[].size_bytes`. Texts that are JSON themselves are gone into, as outputs
 * of steps are.
 */
export function fieldPaths(value: unknown): Set<string> {
  const paths = new Set<string>();
  collect(value, '', 0, paths);
  return paths;
}

function collect(value: unknown, path: string, depth: number, paths: Set<string>): void {
  if (depth > MOST_DEPTH) return;
  if (typeof value === 'string' && /^[[{]/.test(value)) {
    collect(parsed(value), path, depth + 1, paths);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, `${path}[]`, depth + 1, paths);
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      const below = `${path}${path === '' ? '' : '.'}${replaceIds(name)}`;
      paths.add(below);
      collect(inner, below, depth + 1, paths);
    }
  }
}

/** Undefined for what is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
