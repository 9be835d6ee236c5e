/**
 * Text of systemd units as systemd reads it: sections, settings that may come several times, lists that an empty value clears, lines
 * continued by a backslash, quoted words (systemd.syntax(7), systemd.exec(5) Environment=, systemd.service(5) "Command lines").
 */

/** Values of one setting of a section in the order of the text; an empty value has cleared those before it. */
export function unitSettings(text: string, section: string, key: string): string[] {
  let values: string[] = [];
  let current = '';
  for (const line of logicalLines(text)) {
    const header = /^\[(.*)\]$/.exec(line);
    if (header) {
      current = header[1]!;
      continue;
    }
    const equals = line.indexOf('=');
    if (current !== section || equals < 0 || line.slice(0, equals).trim() !== key) continue;
    const value = line.slice(equals + 1).trim();
    if (value === '') values = [];
    else values.push(value);
  }
  return values;
}

/** Lines without comments and with continuations joined by a space. */
function* logicalLines(text: string): Generator<string> {
  let held: string | null = null;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    // A comment inside a continued line is left out of it; an empty line ends it.
    if (/^[#;]/.test(line)) continue;
    const joined: string = held === null ? line : `${held} ${line}`;
    held = null;
    if (joined.endsWith('\\')) held = joined.slice(0, -1).trimEnd();
    else if (joined !== '') yield joined;
  }
  if (held) yield held;
}

/** What a backslash and a letter stand for. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  s: ' ',
  t: '\t',
  v: '\v',
};

/** Words of a value: separated by white space, quotes removed, escapes and `%%` resolved. A quote that is not closed ends with the text. */
export function unitWords(value: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote = '';
  for (let at = 0; at < value.length; at++) {
    const character = value[at]!;
    if (quote === '' && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (character === '\\' && at + 1 < value.length) {
      const { text, length } = unescapeAt(value, at + 1);
      word = (word ?? '') + text;
      at += length;
    } else {
      // Another specifier than that of the percent sign depends on the machine; it is left as it is.
      if (character === '%' && value[at + 1] === '%') at++;
      word = (word ?? '') + character;
    }
  }
  if (word !== null) words.push(word);
  return words;
}

function unescapeAt(value: string, at: number): { text: string; length: number } {
  const hex = /^x([0-9a-f]{2})/i.exec(value.slice(at, at + 3))?.[1];
  if (hex) return { text: String.fromCharCode(Number.parseInt(hex, 16)), length: 3 };
  const character = value[at]!;
  return { text: ESCAPES[character] ?? character, length: 1 };
}

/** Variables of the service's `Environment=` settings; a later one replaces an earlier one of that name. */
export function unitEnvironment(text: string): Map<string, string> {
  const variables = new Map<string, string>();
  for (const value of unitSettings(text, 'Service', 'Environment')) {
    for (const word of unitWords(value)) {
      const equals = word.indexOf('=');
      if (equals > 0) variables.set(word.slice(0, equals), word.slice(equals + 1));
    }
  }
  return variables;
}
