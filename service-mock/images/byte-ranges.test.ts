import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseByteRanges, UnservableRange } from './byte-ranges.ts';

/** What Go's net/http makes of it: fs_test.go, ParseRangeTests. */
describe('a range header', () => {
  it.each<[string, number, [number, number][]]>([
    ['', 1, []],
    ['bytes=0-4', 10, [[0, 5]]],
    ['bytes=2-', 10, [[2, 8]]],
    ['bytes=-5', 10, [[5, 5]]],
    ['bytes=-15', 10, [[0, 10]]],
    ['bytes=5-50', 10, [[5, 5]]],
    [
      'bytes=0-0, -3 ,9-9,,',
      10,
      [
        [0, 1],
        [7, 3],
        [9, 1],
      ],
    ],
    ['bytes=20-,0-4', 10, [[0, 5]]],
    ['bytes=-0', 10, [[10, 0]]],
    ['bytes= 1 - 2 ', 10, [[1, 2]]],
  ])('%s of %i bytes is %j', (header, size, expected) => {
    expect(parseByteRanges(header, size).map(({ start, length }) => [start, length])).toEqual(expected);
  });

  it.each([
    ['keks=0-5', 'invalid range'],
    ['bytes=5-4', 'invalid range'],
    ['bytes=5', 'invalid range'],
    ['bytes=x-', 'invalid range'],
    ['bytes=0-x', 'invalid range'],
    ['bytes=--1', 'invalid range'],
    ['bytes=-', 'invalid range'],
    ['bytes=10-', 'invalid range: failed to overlap'],
    ['bytes=10-11,20-', 'invalid range: failed to overlap'],
  ])('%s is refused: %s', (header, message) => {
    expect(() => parseByteRanges(header, 10)).toThrow(expect.objectContaining({ message }));
  });

  it('whatever it is, gives ranges within the size or an UnservableRange', () => {
    const piece = fc.stringMatching(/^[\d ,-]{0,6}$/);
    fc.assert(
      fc.property(
        fc.oneof(
          piece.map((text) => `bytes=${text}`),
          fc.string(),
        ),
        fc.nat(100),
        (header, size) => {
          try {
            for (const { start, length } of parseByteRanges(header, size)) {
              expect(start).toBeGreaterThanOrEqual(0);
              expect(length).toBeGreaterThanOrEqual(0);
              expect(start + length).toBeLessThanOrEqual(size);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(UnservableRange);
          }
        },
      ),
    );
  });
});
