/**
 * Reproducible numbers. Everything a simulated machine "happens" to be is derived from texts and small integers through
 * the functions here, so that the same plan and seed give the same bytes on every machine and in every shard.
 *
 * Algorithm, fixed for ever (changing it changes every identity):
 * - {@link hashWords} feeds UTF-16 code units into two 32-bit lanes (xor, multiply by an odd constant) and finishes each lane
 *   with the avalanche steps of MurmurHash3.
 * - {@link mixWords} folds integers into such a pair; {@link unitNumber} turns a pair into 53 bits in [0, 1).
 * - {@link permute} is a four-round Feistel network: a bijection, so different indices can never meet.
 */
import { randomBytes } from 'node:crypto';

/** Something with numbers of its own, such as a host: the same for every call with the same arguments. */
export interface Draws {
  /** A number in [0, 1). */
  random(purpose: string, ordinal: number): number;
}

/** 64 bits of hash as two unsigned 32-bit integers. */
export interface HashWords {
  readonly a: number;
  readonly b: number;
}

/** Finishing steps of MurmurHash3 (32 bit). */
function avalanche(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** Hash of a text; the empty text is allowed. */
export function hashWords(text: string): HashWords {
  let a = 0x9e3779b9 ^ text.length;
  let b = 0x7f4a7c15 ^ text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    a = Math.imul(a ^ unit, 0x01000193);
    a ^= a >>> 15;
    b = Math.imul(b ^ unit, 0x5bd1e995);
    b ^= b >>> 13;
  }
  return { a: avalanche(a ^ (b >>> 7)), b: avalanche(b ^ (a >>> 5)) };
}

/** Folds an unsigned 32-bit integer into a pair of words. */
export function mixWords(words: HashWords, value: number): HashWords {
  const a = avalanche(words.a ^ Math.imul(value + 1, 0x9e3779b1));
  return { a, b: avalanche(words.b ^ Math.imul(a ^ value, 0x85ebca77)) };
}

/** A number in [0, 1) with 53 random bits. */
export function unitNumber(words: HashWords): number {
  return ((words.a >>> 5) * 0x4000000 + (words.b >>> 6)) / 2 ** 53;
}

/**
 * A bijection of [0, 2^bits) onto itself, chosen by `key`.
 * @param bits even, 2 to 30
 * @throws RangeError when `index` lies outside.
 */
export function permute(index: number, bits: number, key: HashWords): number {
  const half = bits / 2;
  const mask = 2 ** half - 1;
  if (!Number.isInteger(index) || index < 0 || index >= 2 ** bits) {
    throw new RangeError(`index ${index} does not fit ${bits} bits`);
  }
  let left = index >>> half;
  let right = index & mask;
  for (let round = 0; round < 4; round++) {
    const next = left ^ (avalanche(Math.imul(right + 1, 0x9e3779b1) ^ (round & 1 ? key.b : key.a) ^ round) & mask);
    left = right;
    right = next;
  }
  return ((left << half) | right) >>> 0;
}

/** A shuffled copy (Fisher-Yates) that depends on nothing but the list's length and `words`. */
export function shuffled<T>(list: readonly T[], words: HashWords): T[] {
  const copy = [...list];
  shuffle(copy, words);
  return copy;
}

/** {@link shuffled} in place. */
export function shuffle<T>(list: { readonly length: number; [index: number]: T }, words: HashWords): void {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(unitNumber(mixWords(words, i)) * (i + 1));
    const last = list[i]!;
    list[i] = list[j]!;
    list[j] = last;
  }
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/** Fixed-width text of the low `5 * width` bits in lower-case Crockford base 32. */
export function base32(value: number, width: number): string {
  let text = '';
  let rest = value;
  for (let i = 0; i < width; i++) {
    text = ALPHABET[rest & 31] + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

/** A seed for a run whose plan names none: eight letters and digits. */
export function randomSeed(): string {
  return base32(randomBytes(5).readUIntBE(0, 5), 8);
}
