/** What Go's encoding/json says of text that is not JSON. */

/** Text that is not JSON; the message is the decoder's. */
export class JsonSyntaxError extends Error {
  readonly #at: number;

  constructor(message: string, at = Number.POSITIVE_INFINITY) {
    super(message);
    this.name = 'JsonSyntaxError';
    this.#at = at;
  }

  /** Index of the character that cannot be there, in UTF-16 units; Infinity at the end of the text. */
  get at(): number {
    return this.#at;
  }
}

/** Deepest nesting the decoder follows. */
const MAX_DEPTH = 10_000;

/** @returns what is wrong with a text that is to be one JSON value, as json.Unmarshal says it; undefined when it is one. */
export function jsonFault(text: string): string | undefined {
  return locatedJsonFault(text)?.message;
}

/** As {@link jsonFault}, with how many UTF-8 bytes were read until then: the Offset of Go's SyntaxError. */
export function locatedJsonFault(text: string): { message: string; offset: number } | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    // Told below, in other words.
  }
  try {
    // At its end the text is read as if a space came: a number or a literal that is cut off there is told by it.
    const padded = `${text} `;
    let at = endOfFirstValue(padded);
    while (isSpace(padded[at])) at++;
    fail(padded, at, 'after top-level value');
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    const message = error.message === UNEXPECTED_END ? 'unexpected end of JSON input' : error.message;
    // The one that cannot be there has been read as well.
    const read = error.at < text.length ? Buffer.byteLength(text.slice(0, error.at)) + 1 : Buffer.byteLength(text);
    return { message, offset: read };
  }
}

/** Of a decoder that waits for more. */
const UNEXPECTED_END = 'unexpected EOF';

const isSpace = (c: string | undefined) => c === ' ' || c === '\t' || c === '\n' || c === '\r';
const isDigit = (c: string | undefined) => c !== undefined && c >= '0' && c <= '9';
const isHex = (c: string | undefined) => c !== undefined && /^[0-9a-fA-F]$/.test(c);

function fail(text: string, at: number, context: string): never {
  const code = text.codePointAt(at);
  if (code === undefined) throw new JsonSyntaxError(UNEXPECTED_END);
  const c = String.fromCodePoint(code);
  const quoted = c === "'" ? `'\\''` : c === '"' ? `'"'` : `'${escaped(c)}'`;
  throw new JsonSyntaxError(`invalid character ${quoted} ${context}`, at);
}

/** A character as Go quotes it: control characters by the number of their byte. */
function escaped(c: string): string {
  if (c === '\v') return '\\v';
  if (c === '\u0007') return '\\a';
  const code = c.codePointAt(0)!;
  const isNamed = '\b\f\n\r\t'.includes(c);
  if (!isNamed && (code < 0x20 || code === 0x7f)) return `\\x${code.toString(16).padStart(2, '0')}`;
  return JSON.stringify(c).slice(1, -1);
}

/**
 * Position behind the first value of `text`. The walk keeps its own stack, so that depth costs no call frames.
 * @throws JsonSyntaxError
 */
export function endOfFirstValue(text: string): number {
  const open: ('{' | '[')[] = [];
  let at = 0;
  const skipSpace = () => {
    while (isSpace(text[at])) at++;
  };
  skipSpace();
  for (;;) {
    // Here a value begins.
    const c = text[at];
    if (c === '{' || c === '[') {
      if (open.push(c) > MAX_DEPTH) throw new JsonSyntaxError(`invalid character '${c}' exceeded max depth`);
      at++;
      skipSpace();
      if (text[at] === (c === '{' ? '}' : ']')) {
        open.pop();
        at++;
      } else if (c === '{') {
        at = endOfKey(text, at);
        continue;
      } else {
        continue;
      }
    } else if (c === '"') {
      at = endOfString(text, at);
    } else if (c === '-' || isDigit(c)) {
      at = endOfNumber(text, at);
    } else if (c === 't' || c === 'f' || c === 'n') {
      at = endOfLiteral(text, at, c === 't' ? 'true' : c === 'f' ? 'false' : 'null');
    } else {
      fail(text, at, 'looking for beginning of value');
    }
    // Here a value has ended: close what closes, or go on to the next member.
    for (;;) {
      const around = open.at(-1);
      if (around === undefined) return at;
      skipSpace();
      if (text[at] === ',') {
        at++;
        skipSpace();
        if (around === '{') at = endOfKey(text, at);
        break;
      }
      if (text[at] !== (around === '{' ? '}' : ']')) {
        fail(text, at, around === '{' ? 'after object key:value pair' : 'after array element');
      }
      open.pop();
      at++;
    }
  }
}

/** Passes `"key" :` and the white space behind it. */
function endOfKey(text: string, start: number): number {
  if (text[start] !== '"') fail(text, start, 'looking for beginning of object key string');
  let at = endOfString(text, start);
  while (isSpace(text[at])) at++;
  if (text[at] !== ':') fail(text, at, 'after object key');
  at++;
  while (isSpace(text[at])) at++;
  return at;
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; ; at++) {
    const c = text[at];
    if (c === undefined || c < ' ') fail(text, at, 'in string literal');
    if (c === '"') return at + 1;
    if (c !== '\\') continue;
    at++;
    const escaped = text[at];
    if (escaped === 'u') {
      for (let digit = 1; digit <= 4; digit++) {
        if (!isHex(text[at + digit])) fail(text, at + digit, 'in \\u hexadecimal character escape');
      }
      at += 4;
    } else if (escaped === undefined || !'"\\/bfnrt'.includes(escaped)) {
      fail(text, at, 'in string escape code');
    }
  }
}

function endOfNumber(text: string, start: number): number {
  let at = start;
  if (text[at] === '-') at++;
  if (!isDigit(text[at])) fail(text, at, 'in numeric literal');
  if (text[at] === '0') at++;
  else while (isDigit(text[at])) at++;
  if (text[at] === '.') {
    at++;
    if (!isDigit(text[at])) fail(text, at, 'after decimal point in numeric literal');
    while (isDigit(text[at])) at++;
  }
  if (text[at] === 'e' || text[at] === 'E') {
    at++;
    if (text[at] === '+' || text[at] === '-') at++;
    if (!isDigit(text[at])) fail(text, at, 'in exponent of numeric literal');
    while (isDigit(text[at])) at++;
  }
  return at;
}

function endOfLiteral(text: string, start: number, literal: string): number {
  for (let i = 1; i < literal.length; i++) {
    if (text[start + i] !== literal[i]) fail(text, start + i, `in literal ${literal} (expecting '${literal[i]}')`);
  }
  return start + literal.length;
}
