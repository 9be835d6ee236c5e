import { createHash } from 'node:crypto';
import type { Draws } from '../time/random.ts';

/** Numbers and names that a spoke happens to have: the same in every process. */
export interface SpokeDraws extends Draws {
  uuid(purpose: string): string;
  /** Five letters and digits, as generated names end. */
  suffix(purpose: string): string;
}

export function drawsOf(seed: string): SpokeDraws {
  const digest = (purpose: string) => createHash('sha256').update(`${seed}\n${purpose}`).digest();
  return {
    random: (purpose, ordinal) => digest(`${purpose}\n${ordinal}`).readUIntBE(0, 6) / 2 ** 48,
    uuid: (purpose) => {
      const hex = digest(purpose).toString('hex');
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
    },
    suffix: (purpose) => {
      const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
      return [...digest(purpose).subarray(0, 5)].map((byte) => alphabet[byte % alphabet.length]).join('');
    },
  };
}
