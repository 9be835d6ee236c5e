import fc from 'fast-check';
import { expect, it } from 'vitest';
import { duplicateFields } from './json-duplicates.ts';

it.each([
  ['{}', []],
  ['{"a":1,"b":{"a":1}}', []],
  ['{"a":1,"a":2}', ['a']],
  ['{"a":{"b":1,"b":2,"b":3}}', ['a.b']],
  ['{"l":[{"x":1},{"x":1,"x":2}]}', ['l[1].x']],
  ['{"l":[[{"x":1}],[1,{"x":1,"x":"a\\"x"}]],"m":"l","l":1}', ['l[1][1].x', 'l']],
  ['{"a\\u0062":1,"ab":2,"v":"{\\"v\\":1,\\"v\\":1}"}', ['ab']],
])('%s has %j', (text, expected) => {
  expect(duplicateFields(text)).toEqual(expected);
});

it('finds nothing in what JSON.stringify writes', () => {
  fc.assert(
    fc.property(fc.json(), (text) => {
      expect(duplicateFields(JSON.stringify(JSON.parse(text)))).toEqual([]);
    }),
  );
});
