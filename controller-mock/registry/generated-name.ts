const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const GENERATED_NAME_LIMIT = 63;

/** `generateName` plus five letters; a long prefix is cut so that the name stays a label. */
export function generatedName(prefix: string): string {
  let suffix = '';
  for (let index = 0; index < 5; index++) suffix += SUFFIX_LETTERS[Math.floor(Math.random() * SUFFIX_LETTERS.length)];
  return prefix.slice(0, GENERATED_NAME_LIMIT - 5) + suffix;
}
