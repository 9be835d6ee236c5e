/**
 * What a kind is made of, as data: field names, protobuf numbers, types, and how lists merge. Both the protobuf decoder
 * and the schemas of the built-in kinds are made from it.
 *
 * A message is written as fields joined by `;`, each `name number [type] [flag…]`. The type is `string` unless given:
 * a scalar, a message of the same table, `meta.…` or `core.…`; before it `[]` for a list, `{}` for a map from string,
 * `*` when absent and zero differ. `+ number Type` embeds the fields of another message. Flags:
 *
 *     !            must be given            map=a,b      list is a map with these keys; `set`; otherwise atomic
 *     =            always there, zero if not given       plain        list without a declared type
 *     -            not there unless given   patch=s:k    strategic merge patch strategy and key
 *     default=v    filled in                atomic       map or object is one value; `@atomic`: the whole message
 */
export interface MessageTable {
  /** Prefix of definition names in OpenAPI documents. */
  definitions: string;
  messages: Readonly<Record<string, string>>;
}

const SCALARS = [
  'string',
  'bool',
  'int32',
  'int64',
  'double',
  'bytes',
  'Time',
  'MicroTime',
  'Duration',
  'Quantity',
  'IntOrString',
  'RawExtension',
  'FieldsV1',
  'Json',
  'SchemaOrBool',
  'SchemaOrArray',
  'SchemaOrStrings',
  /** A list of strings as the value of a map. */
  'Strings',
] as const;

export type Scalar = (typeof SCALARS)[number];

const isScalar = (type: string): type is Scalar => (SCALARS as readonly string[]).includes(type);

export interface Field {
  name: string;
  /** Field number in protobuf. */
  number: number;
  /** Whether `type` is of the items of a list or of the values of a map from string. */
  shape: 'one' | 'list' | 'map';
  /** Exactly one of `scalar` and `message` is set. */
  scalar?: Scalar;
  message?: Message;
  /** Absent and zero differ. */
  pointer: boolean;
  /** Fields of `message` stand in the parent's JSON. */
  embedded: boolean;
  required: boolean;
  /** Present with its zero value when not given. */
  zero: boolean;
  /** An object that is not there when not given, although it is no pointer. */
  optional: boolean;
  default?: string;
  listType?: 'atomic' | 'set' | 'map';
  mapKeys?: string[];
  atomic: boolean;
  patchStrategy?: string;
  mergeKey?: string;
}

type RequiredList = { name: string; shape: Field['shape'] };

interface Parsed {
  atomic: boolean;
  fields: Field[];
  byNumber: Map<number, Field>;
  requiredLists: RequiredList[];
  byName?: Map<string, Field>;
}

function allFields(message: Message): Field[] {
  return message.fields.flatMap((field) => (field.embedded ? allFields(field.message!) : [field]));
}

/** A parsed message; its fields are parsed at the first look. */
export class Message {
  readonly table: MessageTable;
  readonly name: string;
  #parsed: Parsed | undefined;

  constructor(table: MessageTable, name: string) {
    this.table = table;
    this.name = name;
  }

  /** Name in OpenAPI documents. */
  get definition(): string {
    return `${this.table.definitions}.${this.name}`;
  }

  /** Whether the whole object is owned as one value in server-side apply. */
  get atomic(): boolean {
    return this.#parse().atomic;
  }

  get fields(): readonly Field[] {
    return this.#parse().fields;
  }

  field(number: number): Field | undefined {
    return this.#parse().byNumber.get(number);
  }

  /** Also fields of embedded messages, which stand in the same JSON object. */
  named(name: string): Field | undefined {
    const parsed = this.#parse();
    if (!parsed.byName) {
      parsed.byName = new Map();
      for (const field of allFields(this)) parsed.byName.set(field.name, field);
    }
    return parsed.byName.get(name);
  }

  /** Lists and maps that must be given: protobuf cannot tell an empty one from none. */
  get requiredLists(): readonly RequiredList[] {
    return this.#parse().requiredLists;
  }

  #parse(): Parsed {
    if (!this.#parsed) {
      const parts = this.table.messages[this.name]!.split(';').map((part) => part.trim().split(/\s+/));
      const atomic = parts[0]![0] === '@atomic';
      const fields = (atomic ? parts.slice(1) : parts)
        .filter((words) => words[0] !== '')
        .map((words) => parseField(this.table, words));
      const byNumber = new Map(fields.map((field) => [field.number, field]));
      const requiredLists = fields.filter((field) => field.required && field.shape !== 'one');
      this.#parsed = { atomic, fields, byNumber, requiredLists };
    }
    return this.#parsed;
  }
}

const messages = new WeakMap<MessageTable, Map<string, Message>>();
const shared = new Map<string, MessageTable>();

/** Makes a table known to the others under `prefix.`. */
export function shareTable(prefix: string, table: MessageTable): void {
  shared.set(prefix, table);
}

/** @returns the same object at every call; undefined when the table has no such message. */
export function messageOf(table: MessageTable, name: string): Message | undefined {
  if (!Object.hasOwn(table.messages, name)) return undefined;
  let known = messages.get(table);
  if (!known) {
    known = new Map();
    messages.set(table, known);
  }
  let message = known.get(name);
  if (!message) {
    message = new Message(table, name);
    known.set(name, message);
  }
  return message;
}

function referred(table: MessageTable, type: string): Message {
  const dot = type.indexOf('.');
  const home = dot < 0 ? table : shared.get(type.slice(0, dot));
  const message = home && messageOf(home, type.slice(dot + 1));
  if (!message) throw new Error(`${table.definitions} refers to ${type}, which is in no table`);
  return message;
}

function parseField(table: MessageTable, words: string[]): Field {
  const [name, number, ...rest] = words as [string, string, ...string[]];
  const given = rest[0] ?? 'string';
  const pointer = given.startsWith('*');
  const shape = given.startsWith('[]') ? 'list' : given.startsWith('{}') ? 'map' : 'one';
  const type = given.replace(/^(\*|\[\]|\{\})/, '');
  const field: Field = {
    name,
    number: Number(number),
    shape,
    pointer,
    embedded: name === '+',
    required: false,
    zero: false,
    optional: false,
    atomic: false,
  };
  if (isScalar(type)) field.scalar = type;
  else field.message = referred(table, type);
  if (shape === 'list') field.listType = 'atomic';
  for (const flag of rest.slice(1)) {
    const [key, value = ''] = flag.split(/=(.*)/, 2) as [string, string?];
    if (flag === '!') field.required = true;
    else if (flag === '=') field.zero = true;
    else if (flag === '-') field.optional = true;
    else if (flag === 'plain') delete field.listType;
    else if (flag === 'set') field.listType = 'set';
    else if (flag === 'atomic') field.atomic = true;
    else if (key === 'default') field.default = value;
    else if (key === 'map') {
      field.listType = 'map';
      field.mapKeys = value.split(',');
    } else if (key === 'patch') {
      const [strategy, mergeKey] = value.split(':');
      field.patchStrategy = strategy!;
      if (mergeKey) field.mergeKey = mergeKey;
    } else throw new Error(`${table.definitions}: ${name} has the unknown flag ${flag}`);
  }
  return field;
}
