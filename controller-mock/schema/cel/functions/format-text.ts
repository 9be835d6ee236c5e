/** `text.format([…])`: google/cel-go, ext/formatting.go. */
import { EvaluationFault } from '../fault.ts';
import { goFixed, goScientific } from '../go-numbers.ts';
import { Dictionary, Duration, List, Timestamp, typeNameOf, Uint, type Value } from '../values.ts';
import { textOf } from './conversions.ts';

/** What stands for an argument, such as `%.2f`. */
export interface Clause {
  readonly letter: string;
  readonly precision: number | undefined;
}

const DEFAULT_PRECISION = 6;
const LETTERS = 'sdfebxXo';

/** @returns texts and clauses in their order. @throws EvaluationFault */
export function readFormat(text: string, argumentCount: number): (string | Clause)[] {
  const parts: (string | Clause)[] = [];
  let used = 0;
  for (const [whole, escaped, precision, digits, letter] of text.matchAll(/[^%]+|%(?:(%)|(\.(\d*))?(.)?)/gsu)) {
    if (whole[0] !== '%') parts.push(whole);
    else if (escaped) parts.push('%');
    else {
      if (whole === '%') throw new EvaluationFault('unexpected end of string');
      if (used >= argumentCount) throw new EvaluationFault(`index ${used} out of range`);
      used++;
      parts.push(readClause(precision, digits, letter));
    }
  }
  return parts;
}

function readClause(precision: string | undefined, digits = '', letter: string | undefined): Clause {
  const fault = (detail: string) => new EvaluationFault(`could not parse formatting clause: ${detail}`);
  const ofPrecision = (detail: string) => fault(`error while parsing precision: ${detail}`);
  if (letter === undefined) throw ofPrecision('could not find end of precision specifier');
  if (precision !== undefined && digits === '') {
    throw ofPrecision('error while converting precision to integer: strconv.Atoi: parsing "": invalid syntax');
  }
  if (!LETTERS.includes(letter)) throw fault(`unrecognized formatting clause "${letter}"`);
  return { letter, precision: precision === undefined ? undefined : Number(digits) };
}

/** @throws EvaluationFault for a clause that its argument does not fit */
export function formatText(text: string, args: readonly Value[]): string {
  let used = 0;
  return readFormat(text, args.length)
    .map((part) => (typeof part === 'string' ? part : formatClause(part, args[used++]!)))
    .join('');
}

const REFUSED: Readonly<Record<string, string>> = {
  s: 'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps',
  d: 'decimal clause can only be used on integers',
  f: 'fixed-point clause can only be used on doubles',
  e: 'scientific clause can only be used on doubles',
  b: 'only integers and bools can be formatted as binary',
  x: 'only integers, byte buffers, and strings can be formatted as hex',
  o: 'octal clause can only be used on integers',
};

/** @param type name of the argument's */
export const clauseFault = ({ letter }: Clause, type: string): string =>
  `error during formatting: ${REFUSED[letter.toLowerCase()]}, was given ${type}`;

const integer = (value: Value): bigint | undefined => {
  if (typeof value === 'bigint') return value;
  return value instanceof Uint ? value.value : undefined;
};

function formatClause(clause: Clause, value: Value): string {
  const text = clauseText(clause, value);
  if (text === undefined) throw new EvaluationFault(clauseFault(clause, typeNameOf(value)));
  return text;
}

function clauseText({ letter, precision = DEFAULT_PRECISION }: Clause, value: Value): string | undefined {
  switch (letter) {
    case 's':
      return plainText(value);
    case 'd':
      return integer(value)?.toString();
    case 'f':
    case 'e': {
      const number = doubleOf(value);
      if (number === undefined) return undefined;
      return letter === 'f' ? goFixed(number, precision, true) : goScientific(number, precision);
    }
    case 'b':
      return typeof value === 'boolean' ? String(Number(value)) : integer(value)?.toString(2);
    case 'o':
      return integer(value)?.toString(8);
    default: {
      const isText = typeof value === 'string' || value instanceof Uint8Array;
      const hex = isText ? Buffer.from(value as string).toString('hex') : integer(value)?.toString(16);
      return letter === 'X' ? hex?.toUpperCase() : hex;
    }
  }
}

function doubleOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
}

function plainText(value: Value): string | undefined {
  if (value === null) return 'null';
  if (value instanceof List) return `[${value.items.map(literalText).join(', ')}]`;
  if (!(value instanceof Dictionary)) return textOf(value);
  const entries = value.keys().map((key) => [literalText(key), literalText(value.find(key)!)] as const);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, entry]) => `${key}:${entry}`).join(', ')}}`;
}

/** As it would be written in an expression. @throws EvaluationFault */
function literalText(value: Value): string {
  if (typeof value === 'number') {
    const text = goFixed(value, DEFAULT_PRECISION, false);
    return Number.isFinite(value) ? text : JSON.stringify(text);
  }
  const text = plainText(value);
  if (text === undefined) throw new EvaluationFault(`no formatting function for ${typeNameOf(value)}`);
  if (typeof value === 'string') return JSON.stringify(text);
  if (value instanceof Uint8Array) return `b${JSON.stringify(text)}`;
  if (value instanceof Timestamp) return `timestamp(${JSON.stringify(text)})`;
  return value instanceof Duration ? `duration(${JSON.stringify(text)})` : text;
}
