/** Which rules cost too much; the factors are those that a kube-apiserver 1.32 tells. */
import { describe, expect, it } from 'vitest';
import { type Case, int, list, map, obj, rules, said, str } from './testing/rule-schemas.ts';

const CASES: Record<string, Case> = {
  'lists that are endless and nested': [
    obj({ a: { ...list(list(str)), ...rules('self.all(x, x.all(y, y == "a"))') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'an endless list of endless texts': [
    obj({ a: { ...list(str), ...rules('self.all(x, x.contains("abc"))') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'an endless list in a rule about each': [
    obj({ a: list({ ...str, ...rules('self.matches("^a+$")') }) }),
    '.properties[a].items.…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].items.…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'a bounded list of bounded texts': [
    obj({
      a: { ...list({ ...str, maxLength: 63 }, { maxItems: 100 }), ...rules('self.all(x, x.matches("^[a-z]+$"))') },
    }),
  ],
  'pairs in an endless list': [
    obj({ a: { ...list(int), ...rules('self.all(x, self.exists(y, x == y))') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'pairs in a bounded list': [
    obj({ a: { ...list(int, { maxItems: 1000 }), ...rules('self.all(x, self.exists(y, x == y))') } }),
  ],
  'triples in a bounded list': [
    obj({ a: { ...list(int, { maxItems: 100 }), ...rules('self.all(x, self.all(y, self.all(z, x + y == z)))') } }),
  ],
  'an endless map': [obj({ a: { ...map(str), ...rules('self.all(k, self[k] != "")') } })],
  'a map of endless texts': [
    obj({ a: { ...map(str, { maxProperties: 20 }), ...rules('self.all(k, self[k].startsWith("a"))') } }),
  ],
  'an enumeration': [
    obj({ a: list({ type: 'string', enum: ['abc', 'de'], ...rules('self.contains("b")') }, { maxItems: 500 }) }),
  ],
  'a regular expression on endless text': [
    obj({ a: { ...str, ...rules('self.matches("^(a|b)*cccccccccccccccccccccc$")') } }),
  ],
  'a text compared with another': [obj({ a: { ...obj({ x: str, y: str }), ...rules('self.x == self.y') } })],
  'split and join': [
    obj({ a: { ...str, ...rules('self.split(",").map(x, x.trim()).join("-") != ""') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  sorting: [
    obj({ a: { ...list(str), ...rules('self.isSorted()') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'a sum of lists': [
    obj({ a: { ...obj({ x: list(int), y: list(int) }), ...rules('(self.x + self.y).all(i, i > 0)') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of 1.6x',
  ],
  sets: [
    obj({ a: { ...obj({ x: list(str), y: list(str) }), ...rules('sets.intersects(self.x, self.y)') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'quantities and addresses': [
    obj({
      a: {
        ...list({ ...str, maxLength: 40 }, { maxItems: 50 }),
        ...rules('self.all(x, isIP(x) || isCIDR(x) || isQuantity(x) || isURL(x))'),
      },
    }),
  ],
  'optional selections': [
    obj({ a: { ...obj({ b: list(str) }), ...rules('self.?b.orValue([]).all(x, x != "")') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'a message that costs too much': [
    obj({
      a: {
        ...list(str),
        ...rules({ rule: 'self.size() < 5', messageExpression: 'self.map(x, self.map(y, x + y).join(",")).join(",")' }),
      },
    }),
    '.properties[a].…[0].messageExpression Forbidden: Forbidden: estimated messageExpression cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].messageExpression Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'many rules that cost too much together': [
    obj(
      Object.fromEntries(
        Array.from({ length: 20 }, (_, i) => [
          `a${i}`,
          {
            ...list({ ...str, maxLength: 1000 }, { maxItems: 1000 }),
            ...rules('self.all(x, x.contains("abcdefghijkl"))'),
          },
        ]),
      ),
    ),
  ],
  'cost of size': [obj({ a: list({ ...list(str), ...rules('self.size() < 5') }) })],
  'cost of has': [obj({ a: list({ ...obj({ x: int, y: int }), ...rules('has(self.x) || has(self.y)') }) })],
  'exists_one over endless': [obj({ a: { ...list(obj({ k: str })), ...rules('self.exists_one(x, x.k == "a")') } })],
  'filter and size': [
    obj({
      a: {
        ...list(obj({ k: { ...str, maxLength: 10 } }), { maxItems: 1000 }),
        ...rules('self.filter(x, x.k == "a").size() < 2'),
      },
    }),
  ],
  'map keys': [obj({ a: { ...map(int), ...rules('self.all(k, k.matches("^[a-z]+$"))') } })],
  conditional: [
    obj({
      a: {
        ...obj({ x: str, y: list(str) }),
        ...rules('self.x == "" ? self.y.all(v, v == "") : self.y.exists(v, v == self.x)'),
      },
    }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  'nested maps': [obj({ a: map(map({ ...str, ...rules('self != ""') })) })],
  replace: [
    obj({
      a: {
        ...list({ ...str, maxLength: 100 }, { maxItems: 100 }),
        ...rules('self.all(x, x.replace("a", "bbbb").contains("b"))'),
      },
    }),
  ],
  findAll: [
    obj({
      a: {
        ...list({ ...str, maxLength: 1000 }, { maxItems: 100 }),
        ...rules('self.all(x, x.findAll("[a-z]+").size() > 0)'),
      },
    }),
  ],
  'lowerAscii of endless': [
    obj({ a: list({ ...str, ...rules('self.lowerAscii() == self') }) }),
    '.properties[a].items.…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].items.…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x',
  ],
  indexOf: [
    obj({ a: { ...list(str, { maxItems: 100 }), ...rules('self.all(x, self.indexOf(x) == self.lastIndexOf(x))') } }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of more than 100x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of 62.9x',
  ],
  'string of int': [obj({ a: { ...list(int, { maxItems: 100000 }), ...rules('self.all(x, string(x).size() < 5)') } })],
  'charAt substring': [
    obj({
      a: { ...list(str, { maxItems: 1000 }), ...rules('self.all(x, x.charAt(0) == "a" && x.substring(1) != "")') },
    }),
    '.properties[a].…[0].rule Forbidden: Forbidden: estimated rule cost exceeds budget by factor of 31.5x',
    '.properties[a].…[0].rule Forbidden: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
    'Forbidden: Forbidden: … estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of 3.1x',
  ],
  'in list': [obj({ a: { ...list(str), ...rules('"a" in self') } })],
  'in list nested': [obj({ a: { ...list(str, { maxItems: 1000 }), ...rules('self.all(x, x in self)') } })],
};

describe('costs of rules', () => {
  it.each(Object.entries(CASES))('%s', (_what, [schema, ...expected]) => {
    expect(said(schema).sort()).toEqual(expected.sort());
  });
});
