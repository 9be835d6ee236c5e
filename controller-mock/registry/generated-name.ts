import type { ResourceType } from '../api/resource-type.ts';
import type { ObjectStorage } from './object-storage.ts';

const SUFFIX_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';
const GENERATED_NAME_LIMIT = 63;

/** How many names are tried for a generateName before the client is told of a clash. */
const ATTEMPTS = 8;

/**
 * `generateName` plus five letters; a long prefix is cut so that the name stays a label (kubernetes/apiserver,
 * pkg/storage/names/generate.go GenerateName).
 */
function generatedName(prefix: string): string {
  let suffix = '';
  for (let index = 0; index < 5; index++) suffix += SUFFIX_LETTERS[Math.floor(Math.random() * SUFFIX_LETTERS.length)];
  return prefix.slice(0, GENERATED_NAME_LIMIT - 5) + suffix;
}

/** A name for a `generateName`, free as far as a few attempts find one. */
export function freeName(objects: ObjectStorage, type: ResourceType, namespace: string, prefix: string): string {
  const collection = objects.collection(type);
  for (let attempt = 0; ; attempt++) {
    const name = generatedName(prefix);
    if (attempt === ATTEMPTS || !collection.get(namespace, name)) return name;
  }
}
