import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { boundaryOf, FileMeter, MultipartError } from './multipart.ts';

const part = (field: string, content: Buffer) =>
  Buffer.concat([
    Buffer.from(`--b\r\nContent-Disposition: form-data; name="${field}"; filename="x"\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ]);
const measure = (chunks: readonly Buffer[]) => {
  const meter = new FileMeter('b', 'upfile');
  for (const chunk of chunks) meter.push(chunk);
  return meter.end();
};
/** Bytes that like to look like delimiters. */
const content = fc
  .array(fc.constantFrom('\r\n', '--', 'b', '\r', '\n--', 'x', '\u0000'), { maxLength: 40 })
  .map((pieces) => pieces.join(''))
  .filter((text) => !`\r\n${text}`.includes('\r\n--b'))
  .map((text) => Buffer.from(text));

describe('FileMeter', () => {
  test('finds the length of the file however the body is cut', () => {
    fc.assert(
      fc.property(content, content, fc.array(fc.nat(200), { maxLength: 8 }), (other, file, cuts) => {
        const body = Buffer.concat([part('note', other), part('upfile', file), Buffer.from('--b--\r\n')]);
        const at = [0, ...cuts.map((cut) => cut % body.length).toSorted((a, b) => a - b), body.length];
        expect(measure(at.slice(1).map((end, i) => body.subarray(at[i], end)))).toBe(file.length);
      }),
    );
  });

  test('any other body is a number or a MultipartError', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(content, fc.constant(Buffer.from('--b\r\n\r\n')), fc.constant(Buffer.from('\r\n--b--')))),
        (chunks) => {
          try {
            expect(measure(chunks)).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect(error).toBeInstanceOf(MultipartError);
          }
        },
      ),
    );
  });

  test.each([
    ['', 'multipart: NextPart: EOF'],
    ['no boundary here', 'multipart: NextPart: EOF'],
    ['--b\r\nContent-Disposition: form-data; name="upfile"\r\n\r\nabc', 'unexpected EOF'],
    ['--bogus', 'multipart: expecting a new Part; got line "ogus"'],
    [`--b\r\n${'x'.repeat(20_000)}`, 'multipart: message too large'],
  ])('%j', (body, message) => {
    expect(() => measure([Buffer.from(body)])).toThrow(new MultipartError(message));
  });
});

test.each([
  ['multipart/form-data; boundary=abc', 'abc'],
  ['multipart/form-data; charset=x; Boundary="a b;c"', 'a b;c'],
  ['multipart/form-data', null],
])('boundaryOf %j', (header, boundary) => {
  expect(boundaryOf(header)).toBe(boundary);
});
