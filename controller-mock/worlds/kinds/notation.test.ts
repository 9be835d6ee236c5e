import { describe, expect, it } from 'vitest';
import { fields, parts } from './notation.ts';

const read = (text: string) => fields(text)();

describe('fields', () => {
  it('reads a field a line, with what is below it', () => {
    expect(
      read(`
spec!: object  # What is wanted.
  online!: boolean
  size: quantity
status: object open
`),
    ).toEqual({
      type: 'object',
      required: ['spec'],
      properties: {
        spec: {
          type: 'object',
          description: 'What is wanted.',
          required: ['online'],
          properties: {
            online: { type: 'boolean' },
            size: {
              'x-kubernetes-int-or-string': true,
              anyOf: [{ type: 'integer' }, { type: 'string' }],
              pattern: expect.stringContaining('[KMGTPE]i'),
            },
          },
        },
        status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    });
  });

  it.each([
    ['string', { type: 'string' }],
    ['string:byte', { type: 'string', format: 'byte' }],
    ['time nullable', { type: 'string', format: 'date-time', nullable: true }],
    ['int32 min=-1 max=7', { type: 'integer', format: 'int32', minimum: -1, maximum: 7 }],
    ['int64', { type: 'integer', format: 'int64' }],
    ['integer default=0', { type: 'integer', default: 0 }],
    ['boolean default=false', { type: 'boolean', default: false }],
    ['boolean enum=true|false', { type: 'boolean', enum: [true, false] }],
    ['string default=""', { type: 'string', default: '' }],
    ['string default=1', { type: 'string', default: '1' }],
    ['string enum=""|a,b|"c d|e"', { type: 'string', enum: ['', 'a,b', 'c d|e'] }],
    ['object default={"a":"b c"}', { type: 'object', default: { a: 'b c' } }],
    [String.raw`string /^/[^ "]+ #\d$/ maxLength=9 # note`, 'pattern', String.raw`^/[^ "]+ #\d$`],
    [
      'object embedded open',
      { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
    ],
    ['atomic object', { type: 'object', 'x-kubernetes-map-type': 'atomic' }],
    ['int-or-string', { anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true }],
    ['map of int-or-string nullable', 'additionalProperties', expect.objectContaining({ nullable: true })],
    [
      'atomic map of string',
      { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
    ],
    [
      'set of string minLength=1',
      { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string', minLength: 1 } },
    ],
    ['atomic list of string', { type: 'array', 'x-kubernetes-list-type': 'atomic', items: { type: 'string' } }],
    [
      'list maxItems=2 of list of object',
      { type: 'array', maxItems: 2, items: { type: 'array', items: { type: 'object' } } },
    ],
  ] as const)('reads %s', (type, expected: unknown, value?: unknown) => {
    const schema = read(`field: ${type}`).properties!.field as Record<string, unknown>;
    if (typeof expected === 'string') expect(schema[expected]).toEqual(value);
    else expect(schema).toEqual(expected);
  });

  it('gives deeper lines to the innermost object', () => {
    const { list } = read(`
list: list by=name,port minItems=1 of object  # Places.
  name!: string
  port: int32 default=443
`).properties!;
    expect(list).toEqual({
      type: 'array',
      description: 'Places.',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name', 'port'],
      minItems: 1,
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, port: { type: 'integer', format: 'int32', default: 443 } },
      },
    });
  });

  it('reads rules and alternatives', () => {
    const schema = read(`
@rule self.a == oldSelf.a || size(self.b) > 0
  @message "two\\nlines"
  @reason FieldValueInvalid
@rule has(self.b)
a: list
  @rule self.all(x, x != '')
  []: string
b: object
  @oneOf git | zip
  git: string
  zip: string
c: string
  @allOf [{"enum":["x"]}]
`);
    expect(schema['x-kubernetes-validations']).toEqual([
      { rule: 'self.a == oldSelf.a || size(self.b) > 0', message: 'two\nlines', reason: 'FieldValueInvalid' },
      { rule: 'has(self.b)' },
    ]);
    expect(schema.properties!.a).toEqual({
      type: 'array',
      'x-kubernetes-validations': [{ rule: "self.all(x, x != '')" }],
      items: { type: 'string' },
    });
    expect(schema.properties!.b!.oneOf).toEqual([{ required: ['git'] }, { required: ['zip'] }]);
    expect(schema.properties!.c).toEqual({ type: 'string', allOf: [{ enum: ['x'] }] });
  });

  it.each([
    ['a: strin', 'line 1 of the schema, "a: strin": strin is not a type'],
    ['a: string minLenght=1', '"minLenght=" is not known'],
    ['a: string nulable', '"nulable" is not known'],
    ['a: int32 min=few', 'few is not valid JSON'],
    ['a: int32 min=true', '"min=true" must be a number'],
    ['a: integer default=x', 'line 1 of the schema, "a: integer default=x": x is not valid JSON'],
    ['@anyOf [{]', '[{] is not valid JSON'],
    ['a string', 'must be a name, a colon and a type'],
    ['a: list of', 'has no type'],
    ['a: string of string', 'neither list, set nor map'],
    ['a: string default="x', 'without its counterpart'],
    ['a: object\n   b: string', 'line 2 of the schema, "b: string": must be indented by two spaces'],
    ['  a: string', 'must be indented'],
    ['a: string\na: string', 'line 2 of the schema, "a: string": the field is there twice'],
    ['a: $Nobody', '$Nobody is not known'],
    ['@some a', 'must be @rule, @oneOf, @anyOf or @allOf'],
    ['@rule a\n  @massage b', 'must be one of @message'],
  ])('refuses %j', (text, why) => {
    expect(() => read(text)).toThrow(why);
  });
});

describe('parts', () => {
  const known = parts(`
$Pair: object  # Two of them.
  left: $Name  # The first.
  right: $Name
$Name: string minLength=1
`);

  it('are found from fields and from other parts, and share one schema', () => {
    const more = parts('$Pairs: list of $Pair', known);
    const { one, two, many } = fields('one: $Pair\ntwo: $Pair nullable  # Both.\nmany: $Pairs', more)().properties!;
    expect(one).toMatchObject({ type: 'object', description: 'Two of them.' });
    expect(one!.properties).toEqual({
      left: { type: 'string', minLength: 1, description: 'The first.' },
      right: { type: 'string', minLength: 1 },
    });
    expect(two).toEqual({ ...one, nullable: true, description: 'Both.' });
    expect(one).not.toHaveProperty('nullable');
    expect(many!.items).toBe(one);
  });

  it.each([
    ['$A: object\n  b: $B\n$B: list of $A', 'is not known, or part of itself'],
    ['$A: string\n$A: string', '$A is there twice'],
    ['A: string', 'must begin with $Name:'],
    ['$A: object\n$B: $A\n  c: string', 'cannot have lines below it'],
  ])('refuses %j', (text, why) => {
    expect(() => parts(text)()).toThrow(why);
  });
});
