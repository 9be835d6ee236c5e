import { type Draws, hashWords, mixWords, unitNumber } from '../random.ts';

/** Numbers of something that a test made up; the same for the same seed. */
export function seededDraws(seed: string): Draws {
  return { random: (purpose, ordinal) => unitNumber(mixWords(hashWords(`${seed}\n${purpose}`), ordinal)) };
}
