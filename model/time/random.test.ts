import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { base32, hashWords, mixWords, permute, randomSeed, shuffled, unitNumber } from './random.ts';

describe('reproducible numbers', () => {
  test('the algorithm never changes', () => {
    expect(hashWords('')).toEqual(hashWords(''));
    expect([hashWords('demo'), hashWords('demp'), mixWords(hashWords('demo'), 7)]).toMatchInlineSnapshot(`
      [
        {
          "a": 1147235830,
          "b": 274280906,
        },
        {
          "a": 1423469262,
          "b": 2597135677,
        },
        {
          "a": 4103276056,
          "b": 1802369797,
        },
      ]
    `);
  });

  test('unit numbers are even: mean, thirds and neighbours', () => {
    const words = hashWords('evenness');
    const numbers = Array.from({ length: 30_000 }, (_, i) => unitNumber(mixWords(words, i)));
    expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
    const share = (from: number, to: number) => numbers.filter((n) => n >= from && n < to).length / numbers.length;
    for (const third of [0, 1, 2]) expect(share(third / 3, (third + 1) / 3)).toBeCloseTo(1 / 3, 1);
    const rising = numbers.filter((n, i) => i > 0 && n > numbers[i - 1]!).length / numbers.length;
    expect(rising).toBeCloseTo(0.5, 1);
    expect(new Set(numbers).size).toBe(numbers.length);
  });

  test('permute is a bijection for every key', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(2, 6, 10), (key, bits) => {
        const seen = new Set(Array.from({ length: 2 ** bits }, (_, i) => permute(i, bits, hashWords(key))));
        return seen.size === 2 ** bits && Math.max(...seen) === 2 ** bits - 1;
      }),
      { numRuns: 30 },
    );
    expect(() => permute(1024, 10, hashWords(''))).toThrow('index 1024 does not fit 10 bits');
  });

  test('shuffled keeps every element and depends on the words', () => {
    const list = Array.from({ length: 50 }, (_, i) => i);
    const one = shuffled(list, hashWords('a'));
    expect(one.toSorted((a, b) => a - b)).toEqual(list);
    expect(one).not.toEqual(list);
    expect(shuffled(list, hashWords('a'))).toEqual(one);
    expect(shuffled(list, hashWords('b'))).not.toEqual(one);
  });

  test('base32 has a fixed width and keeps the low bits', () => {
    expect(base32(0, 3)).toBe('000');
    expect(base32(31, 2)).toBe('0z');
    expect(base32(2 ** 40 - 1, 8)).toBe('zzzzzzzz');
    expect(randomSeed()).toMatch(/^[0-9a-z]{8}$/);
    expect(randomSeed()).not.toBe(randomSeed());
  });
});
