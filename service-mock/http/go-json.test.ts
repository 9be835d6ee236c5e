import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonSyntaxError, parseFirstValue } from './go-json.ts';

describe('parseFirstValue', () => {
  test('the first value counts, the rest is ignored', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((value) => typeof value === 'object' || typeof value === 'string'),
        fc.string(),
        (value, rest) => {
          expect(parseFirstValue(` ${JSON.stringify(value)}${rest}`)).toEqual(JSON.parse(JSON.stringify(value)));
        },
      ),
    );
  });

  test('whatever the text, it is a value or a JsonSyntaxError', () => {
    const broken = fc
      .tuple(fc.json(), fc.nat(), fc.string({ maxLength: 2 }))
      .map(
        ([text, at, noise]) => text.slice(0, at % (text.length + 1)) + noise + text.slice((at % (text.length + 1)) + 1),
      );
    fc.assert(
      fc.property(fc.oneof(fc.string(), broken), (text) => {
        try {
          parseFirstValue(text);
        } catch (error) {
          expect(error).toBeInstanceOf(JsonSyntaxError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  // Messages as Go's decoder words them.
  test.each([
    ['', 'unexpected EOF'],
    ['{"name":', 'unexpected EOF'],
    ['"zz', 'unexpected EOF'],
    ['x', "invalid character 'x' looking for beginning of value"],
    ['{x', "invalid character 'x' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 "b"}', "invalid character '\"' after object key:value pair"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['"\n"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['nothing', "invalid character 'o' in literal null (expecting 'u')"],
    ['-', 'unexpected EOF'],
    ['-a', "invalid character 'a' in numeric literal"],
    ['1.x', "invalid character 'x' after decimal point in numeric literal"],
    ['1ex', "invalid character 'x' in exponent of numeric literal"],
    ["'a'", "invalid character '\\'' looking for beginning of value"],
    ['['.repeat(10_001), "invalid character '[' exceeded max depth"],
  ])('%j', (text, message) => {
    expect(() => parseFirstValue(text)).toThrow(new JsonSyntaxError(message));
  });
});
