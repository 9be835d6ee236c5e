/**
 * A short way to write the structural schemas of kinds, one line a field:
 *
 *     spec!: object                       # What the machine shall be.
 *       online!: boolean                  # It shall be switched on.
 *       bootMode: string enum=UEFI|UEFISecureBoot|legacy
 *       bootMACAddress: string /[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}/
 *       labels: map of string
 *       addresses: list minItems=1 by=type,address of object
 *         type!: string minLength=1
 *         address!: string
 *       storage: $VolumeClaim
 *
 * - `!` after a name: the field is required. Deeper lines belong to the innermost object of the line above them.
 * - Types: string, boolean, integer, int32, int64, number, time (RFC 3339), quantity, int-or-string, object, `list of …`,
 *   `set of …` (list type set), `map of …` (keys of the user's choice) and `$Name` (a part written down elsewhere).
 *   `string:byte` adds a format. `atomic` or `granular` before object, list or map is its map or list type.
 * - Words after a type: `/pattern/`, `enum=a|b`, `default=…` (text as it is, else JSON), `min=`, `max=`, `minLength=`,
 *   `maxLength=`, `minItems=`, `maxItems=`, `by=` (list type map with these keys), `nullable`, `open` (unknown fields are
 *   kept) and `embedded` (an object of its own, with apiVersion, kind and metadata). An empty text is `""`.
 * - `# …`: what `kubectl explain` says about the field; a line of its own is for readers of the table alone.
 * - Lines that begin with `@` say more about the node above: `@rule` (CEL) with `@message` and others below it,
 *   `@oneOf a | b` (exactly one of these fields is there) or JSON, `@anyOf` and `@allOf` with JSON.
 * - `[]: …` and `{}: …` are the items of a list and the values of a map that have such lines of their own.
 */
import type { Schema, ValidationRule } from '../../api/schema.ts';

/** Named parts of schemas, read when they are first needed. */
export type Parts = () => ReadonlyMap<string, Schema>;

/** An object schema with the fields of a table, read when it is first needed. */
export type Fields = () => Schema;

interface Line {
  /** Counted from 1 within its table. */
  number: number;
  content: string;
  below: Line[];
}

type Find = (name: string) => Schema | undefined;

/**
 * @param text lines `$Name: …`; parts may refer to each other, in any order and not in circles.
 * @param more parts that these ones refer to; they are found through the result, too.
 * @returns what reads the text at its first call, and throws an Error with the line when it is not in the notation.
 */
export function parts(text: string, more?: Parts): Parts {
  let known: ReadonlyMap<string, Schema> | undefined;
  return () => {
    known ??= readParts(text, more?.() ?? new Map());
    return known;
  };
}

/** @returns what reads the text at its first call, and throws an Error with the line when it is not in the notation. */
export function fields(text: string, known?: Parts): Fields {
  let schema: Schema | undefined;
  return () => {
    if (!schema) {
      const found = known?.();
      schema = { type: 'object' };
      readBelow(schema, linesOf(text), (name) => found?.get(name));
    }
    return schema;
  };
}

function readParts(text: string, more: ReadonlyMap<string, Schema>): ReadonlyMap<string, Schema> {
  const result = new Map(more);
  const open = new Map<string, Line>();
  for (const line of linesOf(text)) {
    const name = /^\$([A-Za-z0-9]+): /.exec(line.content)?.[1];
    if (!name || open.has(name)) throw fault(line, name ? `$${name} is there twice` : 'must begin with $Name:');
    open.set(name, line);
  }
  const find: Find = (name) => {
    const line = open.get(name);
    if (!line) return result.get(name);
    // Taken away first, so that a circle ends in an unknown part instead of without end.
    open.delete(name);
    const schema = readType(line, line.content.slice(name.length + 3), find);
    result.set(name, schema);
    return schema;
  };
  for (const name of [...open.keys()]) find(name);
  return result;
}

/** The lines without empty ones and comments, each with the deeper ones that follow it. */
function linesOf(text: string): Line[] {
  const top: Line[] = [];
  /** Lists that lines of a depth go to. */
  const stack = [top];
  for (const [index, raw] of text.split('\n').entries()) {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const line: Line = { number: index + 1, content, below: [] };
    const spaces = raw.length - raw.trimStart().length;
    const depth = spaces / 2;
    if (!Number.isInteger(depth) || depth >= stack.length) {
      throw fault(line, 'must be indented by two spaces more than the line it belongs to');
    }
    stack.length = depth + 1;
    stack[depth]!.push(line);
    stack.push(line.below);
  }
  return top;
}

function fault(line: Line, what: string): Error {
  return new Error(`line ${line.number} of the schema, "${line.content}": ${what}`);
}

/** Adds fields, items and `@` lines to a node. */
function readBelow(node: Schema, lines: readonly Line[], find: Find): void {
  const required: string[] = [];
  for (const line of lines) {
    if (line.content.startsWith('@')) {
      readDirective(node, line);
      continue;
    }
    const [, name, mark, rest] = /^([\w.-]+|\[\]|\{\})(!?): (.*)$/.exec(line.content) ?? [];
    if (name === undefined || rest === undefined) throw fault(line, 'must be a name, a colon and a type');
    const schema = readType(line, rest, find);
    if (name === '[]') node.items = schema;
    else if (name === '{}') node.additionalProperties = schema;
    else {
      node.properties ??= {};
      if (Object.hasOwn(node.properties, name)) throw fault(line, 'the field is there twice');
      node.properties[name] = schema;
      if (mark) required.push(name);
    }
  }
  if (required.length > 0) node.required = required;
}

const RULE_KEYS = ['message', 'messageExpression', 'reason', 'fieldPath'] as const;

function readDirective(node: Schema, line: Line): void {
  const [, name = '', rest = ''] = /^@(\w+) (.*)$/.exec(line.content) ?? [];
  switch (name) {
    case 'rule': {
      const rule: ValidationRule = { rule: textOf(line, rest) };
      for (const detail of line.below) {
        const [, key = '', value = ''] = /^@(\w+) (.*)$/.exec(detail.content) ?? [];
        const known = RULE_KEYS.find((entry) => entry === key);
        if (!known) throw fault(detail, `must be one of @${RULE_KEYS.join(', @')}`);
        rule[known] = textOf(detail, value);
      }
      node['x-kubernetes-validations'] = [...(node['x-kubernetes-validations'] ?? []), rule];
      return;
    }
    case 'oneOf':
    case 'anyOf':
    case 'allOf':
      if (line.below.length > 0) throw fault(line, 'cannot have lines below it');
      node[name] = rest.startsWith('[')
        ? (jsonOf(line, rest) as Schema[])
        : rest.split(' | ').map((field) => ({ required: [field] }));
      return;
    default:
      throw fault(line, 'must be @rule, @oneOf, @anyOf or @allOf');
  }
}

/** A JSON string where the text could be misread, else the text itself. */
function textOf(line: Line, value: string): string {
  return value.startsWith('"') ? (jsonOf(line, value) as string) : value;
}

function jsonOf(line: Line, value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw fault(line, `${value} is not valid JSON`);
  }
}

/** A note, a pattern, or a word in which quoted parts may have spaces. */
const WORD = /\s*(?:# *(?<note>.*)$|\/(?<pattern>.*?)\/(?=\s|$)|(?<word>(?:"(?:[^"\\]|\\.)*"|[^\s"])+))/y;

interface Word {
  text: string;
  isPattern: boolean;
}

/** @param text everything after the colon. */
function readType(line: Line, text: string, find: Find): Schema {
  const segments: Word[][] = [[]];
  let note: string | undefined;
  WORD.lastIndex = 0;
  while (WORD.lastIndex < text.trimEnd().length) {
    const groups = WORD.exec(text)?.groups;
    if (!groups) throw fault(line, 'has a quotation mark without its counterpart');
    if (groups.note !== undefined) {
      note = groups.note;
      break;
    }
    if (groups.word === 'of') segments.push([]);
    else {
      const isPattern = groups.pattern !== undefined;
      segments.at(-1)!.push({ text: (isPattern ? groups.pattern : groups.word) ?? '', isPattern });
    }
  }
  const innermost = segments.pop()!;
  let schema = readSegment(line, innermost, find);
  if (line.below.length > 0) {
    if (innermost.some(({ text: word, isPattern }) => !isPattern && word.startsWith('$'))) {
      throw fault(line, 'is a part written down elsewhere and cannot have lines below it');
    }
    readBelow(schema, line.below, find);
  }
  for (const words of segments.reverse()) {
    const container = readSegment(line, words, find);
    if (container.type === 'array') container.items = schema;
    else if (container.type === 'object') container.additionalProperties = schema;
    else throw fault(line, 'has "of" after something that is neither list, set nor map');
    schema = container;
  }
  return note === undefined ? schema : { ...schema, description: note };
}

/** A type with the words that belong to it. */
function readSegment(line: Line, words: readonly Word[], find: Find): Schema {
  const [first, second] = words;
  if (!first || first.isPattern) throw fault(line, 'has no type');
  const kind = first.text === 'atomic' || first.text === 'granular' ? first.text : undefined;
  const type = kind ? second?.text : first.text;
  if (!type) throw fault(line, 'has no type');
  const more = words.slice(kind ? 2 : 1);
  const part = type.startsWith('$') ? find(type.slice(1)) : undefined;
  if (type.startsWith('$') && !part) throw fault(line, `${type} is not known, or part of itself`);
  if (part && more.length === 0) return part;
  const schema: Schema = { ...(part ?? baseOf(line, type)) };
  if (kind && schema.type === 'array') schema['x-kubernetes-list-type'] = 'atomic';
  else if (kind) schema['x-kubernetes-map-type'] = kind;
  for (const word of more) addWord(schema, word, line);
  return schema;
}

const INT_OR_STRING: Schema = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  'x-kubernetes-int-or-string': true,
};

const TYPES: Readonly<Record<string, Schema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  integer: { type: 'integer' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number' },
  time: { type: 'string', format: 'date-time' },
  object: { type: 'object' },
  list: { type: 'array' },
  set: { type: 'array', 'x-kubernetes-list-type': 'set' },
  map: { type: 'object' },
  'int-or-string': INT_OR_STRING,
  // The pattern that controller-gen gives to fields of type resource.Quantity.
  quantity: {
    ...INT_OR_STRING,
    pattern:
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
  },
};

function baseOf(line: Line, type: string): Schema {
  const [name = '', format] = type.split(':');
  const base = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
  if (!base) throw fault(line, `${name} is not a type; there are ${Object.keys(TYPES).join(', ')} and $Name`);
  return format === undefined ? base : { ...base, format };
}

const NUMBERS: Readonly<Record<string, keyof Schema>> = {
  min: 'minimum',
  max: 'maximum',
  minLength: 'minLength',
  maxLength: 'maxLength',
  minItems: 'minItems',
  maxItems: 'maxItems',
};

const FLAGS: Readonly<Record<string, keyof Schema>> = {
  nullable: 'nullable',
  open: 'x-kubernetes-preserve-unknown-fields',
  embedded: 'x-kubernetes-embedded-resource',
};

function addWord(schema: Schema, { text, isPattern }: Word, line: Line): void {
  if (isPattern) {
    schema.pattern = text;
    return;
  }
  const at = text.indexOf('=');
  const key = at < 0 ? text : text.slice(0, at);
  const value = text.slice(at + 1);
  if (at < 0 && Object.hasOwn(FLAGS, key)) Object.assign(schema, { [FLAGS[key]!]: true });
  else if (at < 0)
    throw fault(line, `"${text}" is not known; there are ${Object.keys(FLAGS).join(', ')} and key=value`);
  else if (Object.hasOwn(NUMBERS, key)) {
    const number = jsonOf(line, value);
    if (typeof number !== 'number') throw fault(line, `"${text}" must be a number`);
    Object.assign(schema, { [NUMBERS[key]!]: number });
  } else if (key === 'default') schema.default = readValue(line, schema, value);
  else if (key === 'enum') schema.enum = choicesOf(value).map((choice) => readValue(line, schema, choice));
  else if (key === 'by') {
    schema['x-kubernetes-list-type'] = 'map';
    schema['x-kubernetes-list-map-keys'] = value.split(',');
  } else
    throw fault(
      line,
      `"${key}=" is not known; there are ${Object.keys(NUMBERS).join('=, ')}=, default=, enum= and by=`,
    );
}

/** Parts between bars that are not in quotation marks. */
function choicesOf(value: string): string[] {
  return value.match(/(?:"(?:[^"\\]|\\.)*"|[^|"])+/g) ?? [];
}

/** Text as it is where the type is string; JSON otherwise, and where the text is quoted. */
function readValue(line: Line, schema: Schema, value: string): unknown {
  return schema.type === 'string' ? textOf(line, value) : jsonOf(line, value);
}
