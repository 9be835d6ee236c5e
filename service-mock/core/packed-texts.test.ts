import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { inventoryOf } from '../testing/test-site.ts';
import { TextPacker, unpackedText } from './packed-texts.ts';

/** What a packed text takes of its own, in characters. */
function ownSize(packed: ReturnType<TextPacker['pack']>): number {
  return typeof packed === 'string' ? packed.length : packed.values.length;
}

const inventory = (index: number) => JSON.stringify(inventoryOf(index, '192.168.10'));

describe('packed texts', () => {
  test('are read back as they were, whatever they are', () => {
    const piece = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\"', '\ud800', 'é', '', '{"a":1}'));
    const long = fc.array(piece, { minLength: 100, maxLength: 200 }).map((pieces) => pieces.join('"'));
    fc.assert(
      fc.property(fc.array(fc.oneof(long, fc.string()), { maxLength: 6 }), (texts) => {
        const packer = new TextPacker();
        const packed = texts.map((text) => packer.pack(text));
        expect(packed.map(unpackedText)).toEqual(texts);
      }),
      { numRuns: 50 },
    );
  });

  test('of machines of one kind take what differs', () => {
    const packer = new TextPacker();
    packer.pack(inventory(0));
    const texts = Array.from({ length: 300 }, (_, index) => inventory(index));
    const packed = texts.map((text) => packer.pack(text));
    expect(packed.map(unpackedText)).toEqual(texts);
    expect(Math.max(...packed.map(ownSize))).toBeLessThan(inventory(0).length / 4);
  });

  test('that differ in the same places share the list of these', () => {
    const packer = new TextPacker();
    const [, one, other] = [0, 1, 2].map((index) => packer.pack(inventory(index)));
    expect((one as { places: object }).places).toBe((other as { places: object }).places);
  });

  test('like no other are kept as they are when enough is known', () => {
    const packer = new TextPacker();
    const strange = (seed: number) => `"${String(seed).repeat(300)}"`.repeat(20);
    const packed = Array.from({ length: 200 }, (_, seed) => packer.pack(strange(seed)));
    expect(packed.filter((text) => typeof text !== 'string').length).toBeLessThan(100);
    expect(packed.map(unpackedText)).toEqual(Array.from({ length: 200 }, (_, seed) => strange(seed)));
  });
});
