/**
 * Writes values as YAML that means exactly them, on one line and wherever a value may stand: after `key: `, after `- `, inside
 * `[…]` and `{…}`. Readers of YAML 1.1 (kubectl, go-yaml) and 1.2 agree on the result.
 */

/** A value that YAML cannot carry. The message does not show it. */
export class UnwritableValueError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'UnwritableValueError';
  }
}

/** Texts that need no quotes: they begin with a letter, so that no reader takes them for a number, a date or a sign. */
const PLAIN = /^[A-Za-z]([A-Za-z0-9._/-]*[A-Za-z0-9])?$/;
/** Words that readers of YAML 1.1 take for something else than text; some even an exponent without a number, as in `e6` and `e-6`. */
const WORDS = /^(y|yes|n|no|on|off|true|false|null|nan|inf|e-?\d+)$/i;
/**
 * What JSON leaves as it is but YAML 1.1 does not allow, or takes for the end of a line: DEL, C1 controls, line and paragraph
 * separators, the byte order mark and non-characters.
 */
const UNPRINTABLE = /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g;

/**
 * @param value anything that JSON can say
 * @returns plain text where that is safe, else the JSON form, which is YAML flow style
 * @throws UnwritableValueError for what YAML cannot say: undefined, functions, half of a surrogate pair, circles.
 */
export function yamlText(value: unknown): string {
  return write(value, 0);
}

/** Deeper than any object of Kubernetes; a circle ends here. */
const MAX_DEPTH = 100;

function write(value: unknown, depth: number): string {
  if (depth > MAX_DEPTH) throw new UnwritableValueError(`a value that is nested more than ${MAX_DEPTH} levels deep`);
  switch (typeof value) {
    case 'string':
      return PLAIN.test(value) && !WORDS.test(value) ? value : quoted(value);
    case 'boolean':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) throw new UnwritableValueError(`the number ${value}`);
      return numeral(value);
    case 'object':
      if (value === null) return 'null';
      if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(', ')}]`;
      return `{${Object.entries(value)
        .map(([key, item]) => `${quoted(key)}: ${write(item, depth + 1)}`)
        .join(', ')}}`;
    default:
      throw new UnwritableValueError(value === undefined ? 'an undefined value' : `a ${typeof value}`);
  }
}

/** YAML 1.1 wants a point before an exponent: `1e+21` would be text. */
function numeral(value: number): string {
  const text = Object.is(value, -0) ? '-0.0' : String(value);
  return text.includes('e') && !text.includes('.') ? text.replace('e', '.0e') : text;
}

function quoted(text: string): string {
  if (!text.isWellFormed()) throw new UnwritableValueError('a text with half of a surrogate pair');
  return JSON.stringify(text).replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
