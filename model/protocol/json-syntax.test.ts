import fc from 'fast-check';
import { expect, it } from 'vitest';
import { jsonFault, locatedJsonFault } from './json-syntax.ts';

// The texts of a kube-apiserver 1.32.13, told about a Secret with registries.
it.each([
  ['', 'unexpected end of JSON input'],
  [' ', 'unexpected end of JSON input'],
  ['{', 'unexpected end of JSON input'],
  ['{"', 'unexpected end of JSON input'],
  ['"a', 'unexpected end of JSON input'],
  ['a', "invalid character 'a' looking for beginning of value"],
  ['\u0000', "invalid character '\\x00' looking for beginning of value"],
  ['\n\u0007', "invalid character '\\a' looking for beginning of value"],
  ['{a}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['nul', "invalid character ' ' in literal null (expecting 'l')"],
  ['tru', "invalid character ' ' in literal true (expecting 'e')"],
  ['-', "invalid character ' ' in numeric literal"],
  ['1.', "invalid character ' ' after decimal point in numeric literal"],
  ['1e', "invalid character ' ' in exponent of numeric literal"],
  ['"\\x"', "invalid character 'x' in string escape code"],
  ['"\\u12x"', "invalid character 'x' in \\u hexadecimal character escape"],
  ['1 2', "invalid character '2' after top-level value"],
  ['{}x', "invalid character 'x' after top-level value"],
])('tells what is wrong with %j', (text, fault) => {
  expect(jsonFault(text)).toBe(fault);
});

it('finds nothing wrong with JSON, and something with what is cut off', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, cut) => {
      expect(jsonFault(text)).toBeUndefined();
      const part = text.slice(0, cut % text.length);
      let isJson = true;
      try {
        JSON.parse(part);
      } catch {
        isJson = false;
      }
      expect(jsonFault(part) === undefined).toBe(isJson);
    }),
  );
});

it.each([
  ['{bad', 2],
  ['{', 1],
  ['', 0],
  ['-', 1],
  ['"\u00e4" x', 6],
])('counts the bytes until the fault in %j', (text, offset) => {
  expect(locatedJsonFault(text)?.offset).toBe(offset);
});
