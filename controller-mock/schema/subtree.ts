import type { Schema } from '../api/schema.ts';

/**
 * Whether something holds for a node or anything below it; decided once a node, so that most values are not walked at all.
 * @param holds looks at one node alone.
 */
export function anywhereBelow(holds: (schema: Schema) => boolean): (schema: Schema) => boolean {
  const decided = new WeakMap<Schema, boolean>();
  const decide = (schema: Schema): boolean => {
    const known = decided.get(schema);
    if (known !== undefined) return known;
    // Taken as "no" while its own descendants are looked at: a cycle adds nothing new.
    decided.set(schema, false);
    const { additionalProperties, items, properties } = schema;
    const found =
      holds(schema) ||
      (properties !== undefined && Object.values(properties).some(decide)) ||
      (typeof additionalProperties === 'object' && decide(additionalProperties)) ||
      (items !== undefined && decide(items));
    decided.set(schema, found);
    return found;
  };
  return decide;
}
