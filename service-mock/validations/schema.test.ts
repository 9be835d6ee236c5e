import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OPERATIONS } from '../http/operations.ts';
import type { Json } from '../service-api.ts';
import { boolean, choice, DecodeError, decode, integer, list, map, object, string, uuid, validate } from './schema.ts';

const MODEL = object('Model', {
  'name*': string({ minLength: 2 }),
  count: integer({ minimum: 1, maximum: 3 }),
  strict: integer({ minimum: 1, pointer: true }),
  on: boolean,
  id: uuid(),
  when: string({ format: 'date-time' }),
  parts: list(object('Part', { 'key*': string(), kind: choice(['a', 'b']) })),
  words: list(string()),
  free: map,
});

const check = (value: unknown): string | null => validate(MODEL, decode(MODEL, value as Json, true).value);

describe('validate', () => {
  test.each<[unknown, string | null]>([
    [{ name: 'ab' }, null],
    [{}, 'name in body is required'],
    [{ name: null }, 'name in body is required'],
    [{ name: 'a' }, 'name in body should be at least 2 chars long'],
    [{ name: '🦊' }, 'name in body should be at least 2 chars long'],
    [{ name: 'ab', count: 4 }, 'count in body should be less than or equal to 3'],
    [{ name: 'ab', count: -1 }, 'count in body should be greater than or equal to 1'],
    // Zero and empty are how an absent value looks, unless the model holds a pointer.
    [{ name: 'ab', count: 0, id: '', parts: [{ key: '', kind: '' }] }, null],
    [{ name: 'ab', strict: 0 }, 'strict in body should be greater than or equal to 1'],
    // By name, not by position.
    [{ name: 'a', count: 4 }, 'count in body should be less than or equal to 3'],
    [{ name: 'ab', parts: [{ key: 'k' }, { kind: 'b' }] }, 'parts.1.key in body is required'],
    [{ name: 'ab', parts: [{ key: 'k', kind: 'c' }] }, 'parts.0.kind in body should be one of [a b]'],
    [{ name: 'ab', id: 'A8B268B7-AABD-4F8B-B175-7598DF49A8DA' }, null],
    [{ name: 'ab', free: { any: [1, { thing: null }] }, words: ['', null] }, null],
  ])('%j', (value, violation) => {
    expect(check(value)).toBe(violation);
  });
});

describe('decode', () => {
  test('only the first failure is told, except that types which parse themselves come first', () => {
    expect(() => check({ on: 1, nope: 2 })).toThrow(
      new DecodeError('json: cannot unmarshal number into Go struct field Model.on of type bool'),
    );
    expect(() => check({ on: 1, when: 'soon' })).toThrow(/^parsing time "soon"/);
    expect(() => check({ on: 1, id: 7 })).toThrow(/field Model\.id of type string$/);
  });

  test('a field that comes twice in different case takes the last value', () => {
    expect(decode(MODEL, { NAME: 'first', name: 'second' }, true).value).toEqual({ name: 'second' });
    expect(decode(MODEL, { name: 'first', NAME: 'second' }, true).value).toEqual({ name: 'second' });
  });

  test('any value is taken or refused, for every body of the service, and what is taken holds no null', () => {
    const schemas = OPERATIONS.flatMap(({ body }) => (body === undefined ? [] : [body.schema]));
    const names = schemas.flatMap((schema) => (schema.kind === 'object' ? [...schema.fields.keys()] : []));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<Json>(null, '', 'x', 0, 1, 1.5, true, 'a8b268b7-aabd-4f8b-b175-7598df49a8da'),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(fc.oneof(fc.constantFrom(...names, 'ip', 'type', 'key', 'nope'), fc.string()), tie('value'), {
          maxKeys: 4,
        }),
      ),
    }));
    fc.assert(
      fc.property(fc.constantFrom(...schemas), value, fc.boolean(), (schema, given, strict) => {
        try {
          const { value: decoded } = decode(schema, structuredClone(given) as Json, strict);
          const violation = validate(schema, decoded);
          expect(violation === null || violation.includes(' in body ')).toBe(true);
          if (schema.kind === 'object') expect(Object.values(decoded as object)).not.toContain(null);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
