/** OpenAPI v2 as protobuf, the only form that Go clients ask for: google/gnostic-models, openapiv2/OpenAPIv2.proto. */

type Json = Record<string, unknown>;

/** Bytes of a value after its tag, without those of Go's default values; undefined where nothing is written. */
type Encode = (value: unknown) => { wire: 0 | 1 | 2; bytes: Buffer } | undefined;

/** A field of a message: its number, the encoding of one value, and whether it may be there many times. */
type Field = readonly [number: number, encode: Encode, repeated?: 'repeated'];

type Message = Readonly<Record<string, Field>>;

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

/** @param wire 2: the bytes have their length before them */
function field(number: number, { wire, bytes }: { wire: 0 | 1 | 2; bytes: Buffer }): Buffer[] {
  const tag = varint(number * 8 + wire);
  return wire === 2 ? [tag, varint(bytes.length), bytes] : [tag, bytes];
}

const text: Encode = (value) => ({ wire: 2, bytes: Buffer.from(String(value)) });
const bool: Encode = (value) => (value === true ? { wire: 0, bytes: varint(1) } : undefined);
const integer: Encode = (value) => ({ wire: 0, bytes: varint(Number(value)) });
const double: Encode = (value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(Number(value));
  return { wire: 1, bytes };
};

/** Any: a value as YAML, which JSON is. */
const any: Encode = (value) => ({ wire: 2, bytes: Buffer.concat(field(2, text(`${JSON.stringify(value)}\n`)!)) });

/** A message whose fields are looked up when they are needed: some hold messages of their own sort. */
const message =
  (fields: () => Message): Encode =>
  (value) => ({ wire: 2, bytes: encodeMessage(value as Json, fields()) });

/** A message with one field, which holds the value itself. */
const wrapped =
  (number: number, encode: Encode): Encode =>
  (value) => {
    const inner = encode(value);
    return { wire: 2, bytes: inner ? Buffer.concat(field(number, inner)) : Buffer.alloc(0) };
  };

/** The message of a map: entries of name and value. */
const named =
  (number: number, encode: Encode): Encode =>
  (value) => {
    const entries = Object.entries(value as Json).flatMap(([name, entry]) => {
      const inner = encode(entry);
      const parts = [...field(1, text(name)!), ...(inner ? field(2, inner) : [])];
      return field(number, { wire: 2, bytes: Buffer.concat(parts) });
    });
    return { wire: 2, bytes: Buffer.concat(entries) };
  };

/** Number under which a message keeps the fields that begin with `x-`. */
const VENDOR = 'x-';

function encodeMessage(value: Json, fields: Message): Buffer {
  const parts: Buffer[] = [];
  for (const [key, entry] of Object.entries(value)) {
    if (entry === undefined || entry === null) continue;
    if (key.startsWith(VENDOR)) {
      const [number] = fields[VENDOR] ?? [0];
      const both = Buffer.concat([...field(1, text(key)!), ...field(2, any(entry)!)]);
      if (number > 0) parts.push(...field(number, { wire: 2, bytes: both }));
      continue;
    }
    const known = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (!known) continue;
    const [number, encode, repeated] = known;
    for (const one of repeated ? (entry as unknown[]) : [entry]) {
      const encoded = encode(one);
      if (encoded) parts.push(...field(number, encoded));
    }
  }
  return Buffer.concat(parts);
}

const schema = message(() => SCHEMA);

const additionalProperties: Encode = (value) =>
  typeof value === 'boolean' ? wrapped(2, bool)(value) : wrapped(1, schema)(value);

const SCHEMA: Message = {
  $ref: [1, text],
  format: [2, text],
  title: [3, text],
  description: [4, text],
  default: [5, any],
  multipleOf: [6, double],
  maximum: [7, double],
  exclusiveMaximum: [8, bool],
  minimum: [9, double],
  exclusiveMinimum: [10, bool],
  maxLength: [11, integer],
  minLength: [12, integer],
  pattern: [13, text],
  maxItems: [14, integer],
  minItems: [15, integer],
  uniqueItems: [16, bool],
  maxProperties: [17, integer],
  minProperties: [18, integer],
  required: [19, text, 'repeated'],
  enum: [20, any, 'repeated'],
  additionalProperties: [21, additionalProperties],
  type: [22, wrapped(1, text)],
  items: [23, wrapped(1, schema)],
  properties: [25, named(1, schema)],
  [VENDOR]: [31, any],
};

/** Fields that parameters of both places have, by number of the type in each. */
const parameterFields = (shift: number): Message => ({
  required: [1, bool],
  in: [2, text],
  description: [3, text],
  name: [4, text],
  type: [5 + shift, text],
  format: [6 + shift, text],
  uniqueItems: [19 + shift, bool],
  [VENDOR]: [22 + shift, any],
});

const PATH_PARAMETER = parameterFields(0);
// These have a field more, before the type.
const QUERY_PARAMETER = parameterFields(1);

/** ParametersItem ─ Parameter ─ NonBodyParameter ─ one of them. */
const parameter: Encode = (value) => {
  const [number, fields] = (value as Json).in === 'path' ? [4, PATH_PARAMETER] : [3, QUERY_PARAMETER];
  return wrapped(
    1,
    wrapped(
      2,
      wrapped(
        number,
        message(() => fields),
      ),
    ),
  )(value);
};

const RESPONSE: Message = { description: [1, text] };

const OPERATION: Message = {
  tags: [1, text, 'repeated'],
  description: [3, text],
  operationId: [5, text],
  produces: [6, text, 'repeated'],
  consumes: [7, text, 'repeated'],
  parameters: [8, parameter, 'repeated'],
  responses: [
    9,
    named(
      1,
      wrapped(
        1,
        message(() => RESPONSE),
      ),
    ),
  ],
  [VENDOR]: [13, any],
};

const operation = message(() => OPERATION);

const PATH_ITEM: Message = {
  get: [2, operation],
  put: [3, operation],
  post: [4, operation],
  delete: [5, operation],
  patch: [8, operation],
  parameters: [9, parameter, 'repeated'],
};

const DOCUMENT: Message = {
  swagger: [1, text],
  info: [2, message(() => ({ title: [1, text], version: [2, text] }))],
  paths: [
    8,
    named(
      2,
      message(() => PATH_ITEM),
    ),
  ],
  definitions: [9, named(1, schema)],
};

/** @param document in its JSON form, with what this server says */
export const openApiV2Protobuf = (document: Json): Buffer => encodeMessage(document, DOCUMENT);
