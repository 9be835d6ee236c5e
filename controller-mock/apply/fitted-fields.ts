import { differenceBelow, type FieldSet, hasChildren, insertPath, isEmptySet, union } from './field-set.ts';
import type { Shape } from './merge-shape.ts';

/** A set with the fields below something that the schema has made atomic since replaced by that. */
export function fittedFields(fields: FieldSet, shape: Shape): FieldSet {
  const atoms: FieldSet = {};
  collectAtoms(fields, shape, [], atoms);
  return isEmptySet(atoms) ? fields : union(differenceBelow(fields, atoms), atoms);
}

function collectAtoms(fields: FieldSet, shape: Shape, path: string[], atoms: FieldSet): void {
  for (const element in fields) {
    if (element === '.') continue;
    const node = fields[element]!;
    if (!hasChildren(node)) continue;
    let below: Shape | undefined;
    if (element.startsWith('f:')) {
      const name = element.slice(2);
      below = shape.map?.field(name)?.shape ?? shape.map?.element;
    } else below = shape.list?.item;
    if (!below) continue;
    path.push(element);
    const isAtomic = below.map ? below.map.atomic : below.scalar === undefined && below.list?.relation === 'atomic';
    if (isAtomic) insertPath(atoms, path);
    else collectAtoms(node, below, path, atoms);
    path.pop();
  }
}
