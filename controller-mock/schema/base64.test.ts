import fc from 'fast-check';
import { expect, it } from 'vitest';
import { base64Fault } from './base64.ts';

// As Go's encoding/base64 says.
it.each([
  ['', undefined],
  ['YQ==', undefined],
  ['YWI=\n', undefined],
  ['Y\nQ=\r\n=', undefined],
  ['x', 0],
  ['YQ', 0],
  ['YWJjYW', 4],
  ['=', 0],
  ['Y===', 1],
  ['YQ=', 3],
  ['YQ=a', 2],
  ['YQ==YQ==', 4],
  ['YWI=x', 4],
  ['2001:db8::/32', 4],
  ['YW é', 2],
])('finds where %j stops being base64', (text, at) => {
  expect(base64Fault(text)).toBe(at);
});

it('takes what is base64, with line breaks anywhere', () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (bytes, at) => {
      const text = Buffer.from(bytes).toString('base64');
      const cut = at % (text.length + 1);
      expect(base64Fault(`${text.slice(0, cut)}\n${text.slice(cut)}`)).toBeUndefined();
      expect(base64Fault(`${text.slice(0, cut)}!${text.slice(cut)}`)).toBeGreaterThanOrEqual(0);
    }),
  );
});
