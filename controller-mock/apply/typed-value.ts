/** Values with a {@link Shape}: which fields they have, merging two of them, and taking fields away. */

import { goSyntax, goText, goType } from '../api/go-values.ts';
import { isPlainObject } from '../api/json.ts';
import {
  type FieldSet,
  fieldElement,
  hasChildren,
  insertPath,
  isMember,
  keyElement,
  shownElement,
  valueElement,
} from './field-set.ts';
import type { ListShape, MapShape, Shape } from './merge-shape.ts';

/** A value does not fit its shape in a way that keeps it from being merged. The message is the API server's. */
export class TypedValueError extends Error {}

export type Handling = 'map' | 'scalar' | 'list';

/** As what a value is handled. Null, and what does not fit, take the first that the shape allows. */
export function handlingOf(value: unknown, shape: Shape): Handling {
  if (value !== undefined && value !== null) {
    if (typeof value !== 'object') {
      if (shape.scalar) return 'scalar';
    } else if (Array.isArray(value)) {
      if (shape.list) return 'list';
    } else if (shape.map) return 'map';
  }
  return shape.map ? 'map' : shape.scalar ? 'scalar' : 'list';
}

/** Whether {@link handlingOf} was decided by the value; if not, another value's handling prevails. */
export function isDecided(value: unknown, shape: Shape): boolean {
  const choices = Number(!!shape.map) + Number(!!shape.scalar) + Number(!!shape.list);
  return choices === 1 || (value !== undefined && value !== null);
}

export const asList = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined);
export const asMap = (value: unknown): Record<string, unknown> | undefined =>
  isPlainObject(value) ? value : undefined;

export const isEmptyList = (list: readonly unknown[] | undefined) => list === undefined || list.length === 0;
export function isEmptyMap(map: Record<string, unknown> | undefined): boolean {
  for (const key in map) if (map[key] !== undefined) return false;
  return true;
}

/** Shape of a map's entry; undefined when the schema does not know it. */
export const entryShape = (shape: MapShape, key: string): Shape | undefined => shape.field(key)?.shape ?? shape.element;

/**
 * Path element of an item of a list that is owned item by item.
 * @throws TypedValueError when the item cannot be told from others.
 */
export function itemElement(item: unknown, shape: ListShape): string {
  if (shape.keys.length === 0) {
    if (item === null)
      throw new TypedValueError("associative list without keys has an element that's an explicit null");
    if (Array.isArray(item)) throw new TypedValueError('not supported: associative list with lists as elements');
    if (typeof item === 'object') {
      throw new TypedValueError("associative list without keys has an element that's a map type");
    }
    return valueElement(item);
  }
  if (item === null) throw new TypedValueError('associative list with keys may not have a null element');
  const map = asMap(item);
  if (!map) throw new TypedValueError('associative list with keys may not have non-map elements');
  return keyElement(
    shape.keys.map(({ name, default: fallback }) => {
      const value = map[name] ?? fallback;
      if (value === undefined) {
        throw new TypedValueError(
          `associative list with keys has an element that omits key field "${name}" (and doesn't have default value)`,
        );
      }
      return [name, value] as const;
    }),
  );
}

/** What is wrong with a value that is to be applied: one line a fault, such as `.spec.replicas: expected …`. */
export function typeFaults(value: unknown, shape: Shape): string[] {
  const faults: string[] = [];
  checkValue(value, shape, '', faults);
  return faults;
}

function checkValue(value: unknown, shape: Shape, path: string, faults: string[]): void {
  const fault = (text: string) => faults.push(path === '' ? text : `${path}: ${text}`);
  if (value === null) return;
  switch (handlingOf(value, shape)) {
    case 'scalar': {
      const expected = shape.scalar!;
      if (expected === 'numeric' && typeof value !== 'number' && typeof value !== 'bigint') {
        fault(`expected numeric (int or float), got ${goType(value)}`);
      } else if (expected === 'string' && typeof value !== 'string') {
        fault(`expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`);
      } else if (expected === 'boolean' && typeof value !== 'boolean') {
        fault(`expected boolean, got &{${goText(value)}}`);
      } else if (typeof value === 'object') fault(`expected any scalar, got &{${goText(value)}}`);
      return;
    }
    case 'list': {
      const list = asList(value);
      if (list) checkItems(list, shape.list!, path, faults);
      else fault(`expected list, got &{${goText(value)}}`);
      return;
    }
    case 'map': {
      const map = asMap(value);
      if (!map) {
        fault(`expected map, got &{${goText(value)}}`);
        return;
      }
      for (const key of Object.keys(map).sort()) {
        const entry = entryShape(shape.map!, key);
        if (entry) checkValue(map[key], entry, `${path}.${key}`, faults);
        else faults.push(`${path}.${key}: field not declared in schema`);
      }
    }
  }
}

function checkItems(list: readonly unknown[], shape: ListShape, path: string, faults: string[]): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let element = `i:${index}`;
    if (shape.relation !== 'atomic') {
      try {
        element = itemElement(item, shape);
      } catch (error) {
        faults.push(`${path}: element ${index}: ${(error as Error).message}`);
        return;
      }
      if (seen.has(element)) faults.push(`${path}: duplicate entries for key ${shownElement(element)}`);
      seen.add(element);
    }
    checkValue(item, shape.item, path + shownElement(element), faults);
  }
}

/**
 * All fields of a value: leaves, list items, and entries of maps whose keys the schema does not name. Items that occur
 * twice count as one, without their content.
 */
export function fieldSetOf(value: unknown, shape: Shape): FieldSet {
  const set: FieldSet = {};
  collectFields(value, shape, [], set);
  return set;
}

function collectFields(value: unknown, shape: Shape, path: string[], set: FieldSet): void {
  switch (handlingOf(value, shape)) {
    case 'scalar':
      insertPath(set, path);
      return;
    case 'list': {
      if (shape.list!.relation === 'atomic') insertPath(set, path);
      else collectItems(asList(value) ?? [], shape.list!, path, set);
      return;
    }
    case 'map': {
      if (shape.map!.atomic) {
        insertPath(set, path);
        return;
      }
      const map = asMap(value) ?? {};
      for (const key of Object.keys(map)) {
        const entry = map[key];
        const field = shape.map!.field(key);
        const shapeOfEntry = field?.shape ?? shape.map!.element;
        if (entry === undefined || !shapeOfEntry) continue;
        path.push(field?.element ?? fieldElement(key));
        collectFields(entry, shapeOfEntry, path, set);
        if (!field || entry === null || (isPlainObject(entry) && isEmptyMap(entry))) insertPath(set, path);
        path.pop();
      }
    }
  }
}

function collectItems(list: readonly unknown[], shape: ListShape, path: string[], set: FieldSet): void {
  const elements = list.map((item) => itemElement(item, shape));
  for (const [index, element] of elements.entries()) {
    path.push(element);
    if (elements.indexOf(element) === elements.lastIndexOf(element)) collectFields(list[index], shape.item, path, set);
    insertPath(set, path);
    path.pop();
  }
}

/**
 * `applied` laid over `live`. What `applied` leaves out stays; of lists that are owned item by item, live items stay and
 * the order of `applied` prevails. Unchanged parts are shared with `live`.
 * @returns undefined when there is nothing to return.
 * @throws TypedValueError when items of a list cannot be told from each other.
 */
export function mergeValues(live: unknown, applied: unknown, shape: Shape): unknown {
  if (applied === undefined) return live;
  if (live === undefined) return applied;
  const handling = isDecided(applied, shape) ? handlingOf(applied, shape) : handlingOf(live, shape);
  if (handling === 'list' && shape.list!.relation !== 'atomic') {
    const left = asList(live);
    const right = asList(applied);
    if (isEmptyList(left) && isEmptyList(right)) return applied;
    return mergeLists(left ?? [], right ?? [], shape.list!);
  }
  if (handling === 'map' && !shape.map!.atomic) {
    const left = asMap(live);
    const right = asMap(applied);
    if (isEmptyMap(left) && isEmptyMap(right)) return applied;
    const merged: Record<string, unknown> = { ...left };
    for (const key of Object.keys(right ?? {})) {
      const entry = entryShape(shape.map!, key);
      if (entry)
        merged[key] = mergeValues(left && Object.hasOwn(left, key) ? left[key] : undefined, right![key], entry);
    }
    return merged;
  }
  return applied;
}

/*
 * Items in both lists come in the order of `right`; those of `left` alone stay beside their left neighbours:
 *
 *   left   a  b  x  c          left is read until the next item that both lists have;
 *   right  c  a  y             items right alone has follow their predecessor in right
 *   result b  x  c  a  y       (b and x come before c, as they do in left)
 */
function mergeLists(left: readonly unknown[], right: readonly unknown[], shape: ListShape): unknown[] {
  const leftElements = left.map((item) => itemElement(item, shape));
  const rightElements = right.map((item) => itemElement(item, shape));
  const leftItems = new Map<string, unknown>();
  for (const [index, element] of leftElements.entries()) {
    // An item that occurs twice is not merged into: nobody could say which of them is meant.
    leftItems.set(element, leftItems.has(element) ? null : left[index]);
  }
  const rightItems = new Map<string, unknown>();
  for (const [index, element] of rightElements.entries()) {
    if (rightItems.has(element)) throw new TypedValueError(`duplicate entries for key ${shownElement(element)}`);
    rightItems.set(element, right[index]);
  }
  const shared = rightElements.filter((element) => leftItems.has(element));
  let nextShared = shared.shift();
  const merged = new Set<string>();
  const result: unknown[] = [];
  const take = (element: string) => {
    merged.add(element);
    result.push(mergeValues(leftItems.get(element), rightItems.get(element), shape.item));
    if (element === nextShared) nextShared = shared.shift();
  };
  let l = 0;
  let r = 0;
  while (l < left.length || r < right.length) {
    const leftElement = leftElements[l];
    const rightElement = rightElements[r];
    if (leftElement !== undefined && rightElement !== undefined) {
      if (leftElement === rightElement) {
        take(rightElement);
        l++;
        r++;
        continue;
      }
      if (rightItems.has(leftElement) && nextShared !== undefined && nextShared !== leftElement) {
        l++;
        continue;
      }
    }
    if (leftElement !== undefined) {
      if (!rightItems.has(leftElement)) {
        result.push(left[l]);
        l++;
        continue;
      }
      if (merged.has(leftElement)) l++;
    }
    if (rightElement !== undefined) {
      take(rightElement);
      r++;
    }
  }
  return result;
}

/** The value without the members of `set`; null when nothing of a list or map remains. */
export function withoutFields(value: unknown, set: FieldSet, shape: Shape): unknown {
  switch (handlingOf(value, shape)) {
    case 'scalar':
      return value;
    case 'list': {
      const list = asList(value);
      if (isEmptyList(list) || shape.list!.relation === 'atomic') return null;
      const kept: unknown[] = [];
      for (const item of list!) {
        const node = set[itemElement(item, shape.list!)];
        if (node && isMember(node)) continue;
        kept.push(node ? withoutFields(item, node, shape.list!.item) : item);
      }
      return kept.length > 0 ? kept : null;
    }
    case 'map': {
      const map = asMap(value);
      if (isEmptyMap(map) || shape.map!.atomic) return null;
      const kept: Record<string, unknown> = {};
      for (const key of Object.keys(map!)) {
        const field = shape.map!.field(key);
        const node = set[field?.element ?? fieldElement(key)];
        if (node && isMember(node)) continue;
        const entryOfShape = field?.shape ?? shape.map!.element;
        kept[key] = node && entryOfShape ? withoutFields(map![key], node, entryOfShape) : map![key];
      }
      return isEmptyMap(kept) ? null : kept;
    }
  }
}

/** The set with every field that the schema names and that has members below it as a member of its own. */
export function withNamedFields(set: FieldSet, shape: Shape | undefined): FieldSet {
  const result: FieldSet = {};
  for (const element in set) {
    const node = set[element]!;
    if (element === '.') {
      result[element] = node;
      continue;
    }
    const named = element.startsWith('f:') ? shape?.map?.field(element.slice(2)) : undefined;
    let below: Shape | undefined;
    if (element.startsWith('f:')) below = named?.shape ?? shape?.map?.element;
    else if (element.startsWith('k:')) below = shape?.list?.item;
    const children = withNamedFields(node, below);
    result[element] = named && hasChildren(node) && !isMember(node) ? { '.': {}, ...children } : children;
  }
  return result;
}
