/** Which fields differ between two states of an object. Runs at every write. */

import { equalJson } from '../api/json.ts';
import { type FieldSet, fieldElement, insertPath } from './field-set.ts';
import type { ListShape, MapShape, NamedField, Shape } from './merge-shape.ts';
import { asList, asMap, handlingOf, isDecided, isEmptyList, isEmptyMap, itemElement } from './typed-value.ts';

export interface Comparison {
  /** Fields of the new state that are new or have another value. */
  changed: FieldSet;
  /** Fields that the new state has no more. */
  removed: FieldSet;
}

/** Fields of an object, and of its metadata, that no manager owns. They are not compared. */
const UNOWNED_FIELDS = new Set(['apiVersion', 'kind']);
const UNOWNED_METADATA = new Set([
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
]);

/** The same as a set, to be taken out of sets that come from whole objects. */
export const UNOWNED: FieldSet = {
  ...Object.fromEntries([...UNOWNED_FIELDS].map((name) => [fieldElement(name), {}])),
  'f:metadata': { '.': {}, ...Object.fromEntries([...UNOWNED_METADATA].map((name) => [fieldElement(name), {}])) },
};

/**
 * @param before `{}` for an object that is created.
 * @throws TypedValueError when items of a list that is owned item by item cannot be told from each other.
 */
export function compareObjects(before: object, after: object, shape: Shape & { map: MapShape }): Comparison {
  const walk = new ComparingWalk();
  walk.compareObject(before as Record<string, unknown>, after as Record<string, unknown>, shape.map);
  return walk;
}

class ComparingWalk implements Comparison {
  readonly changed: FieldSet = {};
  readonly removed: FieldSet = {};
  readonly #path: string[] = [];

  compareObject(before: Record<string, unknown>, after: Record<string, unknown>, shape: MapShape): void {
    this.#compareEntries(before, after, shape, UNOWNED_FIELDS);
  }

  /** At most one of the two is undefined, which means absent; null is a value. */
  #compare(before: unknown, after: unknown, shape: Shape): void {
    if (before === after) return;
    if (before === undefined) {
      if (!this.#handle(handlingOf(after, shape), before, after, shape)) insertPath(this.changed, this.#path);
    } else if (after === undefined) {
      if (!this.#handle(handlingOf(before, shape), before, after, shape)) insertPath(this.removed, this.#path);
    } else {
      const left = handlingOf(before, shape);
      const right = handlingOf(after, shape);
      if (left !== right || isDecided(before, shape) !== isDecided(after, shape))
        this.#handle(left, before, after, shape);
      this.#handle(right, before, after, shape);
    }
  }

  /** @returns whether the value was taken as a whole, so that nothing is to be said of the path itself any more. */
  #handle(handling: 'map' | 'scalar' | 'list', before: unknown, after: unknown, shape: Shape): boolean {
    if (handling === 'map') {
      const left = asMap(before);
      const right = asMap(after);
      if (shape.map!.atomic || (isEmptyMap(left) && isEmptyMap(right))) return this.#leaf(before, after);
      this.#compareEntries(
        left,
        right,
        shape.map!,
        this.#path.length === 1 && this.#path[0] === 'f:metadata' ? UNOWNED_METADATA : undefined,
      );
      return false;
    }
    if (handling === 'list') {
      const left = asList(before);
      const right = asList(after);
      if (shape.list!.relation === 'atomic' || (isEmptyList(left) && isEmptyList(right)))
        return this.#leaf(before, after);
      this.#compareItems(left ?? [], right ?? [], shape.list!);
      return false;
    }
    return this.#leaf(before, after);
  }

  #leaf(before: unknown, after: unknown): true {
    if (after === undefined) insertPath(this.removed, this.#path);
    else if (before === undefined || !equalJson(before, after)) insertPath(this.changed, this.#path);
    return true;
  }

  #compareEntries(
    before: Record<string, unknown> | undefined,
    after: Record<string, unknown> | undefined,
    shape: MapShape,
    unowned: ReadonlySet<string> | undefined,
  ): void {
    for (const key in after) {
      if (unowned?.has(key)) continue;
      this.#compareEntry(before, after, key, shape);
    }
    for (const key in before) {
      if (unowned?.has(key) || (after && Object.hasOwn(after, key))) continue;
      this.#compareEntry(before, after, key, shape);
    }
  }

  #compareEntry(
    before: Record<string, unknown> | undefined,
    after: Record<string, unknown> | undefined,
    key: string,
    shape: MapShape,
  ): void {
    const field = shape.field(key);
    const shapeOfEntry = field?.shape ?? shape.element;
    if (!shapeOfEntry) return;
    const left = before && valueIn(before, key, field);
    const right = after && valueIn(after, key, field);
    if (left === right) return;
    this.#path.push(field?.element ?? fieldElement(key));
    this.#compare(left, right, shapeOfEntry);
    this.#path.pop();
  }

  #compareItems(before: readonly unknown[], after: readonly unknown[], shape: ListShape): void {
    const left = itemsByElement(before, shape);
    const right = itemsByElement(after, shape);
    for (const [element, items] of right) this.#compareItem(element, left.get(element) ?? NONE, items, shape);
    for (const [element, items] of left) if (!right.has(element)) this.#compareItem(element, items, NONE, shape);
  }

  /** Items that occur more than once are compared as a whole. */
  #compareItem(element: string, before: readonly unknown[], after: readonly unknown[], shape: ListShape): void {
    this.#path.push(element);
    if (before.length <= 1 && after.length <= 1) {
      this.#compare(before[0], after[0], shape.item);
    } else if (before.length > 1 && after.length > 1) {
      if (!equalJson(before, after)) insertPath(this.changed, this.#path);
    } else if (before.length > 1) {
      if (after.length > 0) this.#compare(undefined, after[0], shape.item);
      insertPath(this.removed, this.#path);
    } else {
      if (before.length > 0) this.#compare(before[0], undefined, shape.item);
      insertPath(this.changed, this.#path);
    }
    this.#path.pop();
  }
}

const NONE: readonly unknown[] = [];

/** A present entry, or what its absence amounts to. */
function valueIn(map: Record<string, unknown>, key: string, field: NamedField | undefined): unknown {
  const value = Object.hasOwn(map, key) ? map[key] : undefined;
  return value === undefined ? field?.zero : value;
}

function itemsByElement(list: readonly unknown[], shape: ListShape): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = itemElement(item, shape);
    const known = items.get(element);
    if (known) known.push(item);
    else items.set(element, [item]);
  }
  return items;
}
