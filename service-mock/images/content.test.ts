import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Content } from './content.ts';

it('any part of a content is that part of the whole', () => {
  const overlays = [
    { at: 1_500_000, bytes: Buffer.from('second') },
    { at: 10, bytes: Buffer.from('first') },
    { at: 2_999_996, bytes: Buffer.from('last') },
  ];
  const content = new Content(3_000_000, overlays);
  const whole = Buffer.concat([...content.chunks(0, content.size)]);
  expect(whole.length).toBe(content.size);
  for (const { at, bytes } of overlays) expect(whole.subarray(at, at + bytes.length)).toEqual(bytes);
  // Between them it is not all the same.
  expect(new Set(whole.subarray(100, 1100)).size).toBeGreaterThan(200);
  const edges = fc.oneof(
    fc.nat(content.size),
    fc.constantFrom(9, 10, 11, 15, 1_048_576, 1_499_999, 1_500_003, 2_999_998),
  );
  fc.assert(
    fc.property(edges, edges, (a, b) => {
      const [start, end] = a < b ? [a, b] : [b, a];
      expect(Buffer.concat([...content.chunks(start, end)]).equals(whole.subarray(start, end))).toBe(true);
    }),
  );
});
