/** Strategic merge patch: a merge patch that knows which lists are merged item by item, and by which key. */

import { goText, goType } from '../api/go-values.ts';
import { isPlainObject } from '../api/json.ts';
import type { KubeObject } from '../api/object.ts';
import type { Schema } from '../api/schema.ts';
import { ApiStatusError, badRequest } from '../api/status.ts';

type Json = Record<string, unknown>;

/** Keys of a patch that say what to do instead of what to set. */
const PATCH = '$patch';
const RETAIN_KEYS = '$retainKeys';
const DELETE_FROM_LIST = '$deleteFromPrimitiveList';
const SET_ORDER = '$setElementOrder';

const badList = () => badRequest('invalid patch format of primitive list');
const badOrder = () => badRequest('invalid patch format of setElementOrder list');
const badRetainKeys = () => badRequest('invalid patch format of retainKeys');
/** The API server answers a 500 without reason to patches that are well formed but do not fit the object. */
const misfit = (message: string) => new ApiStatusError(500, '', message);

const badType = (expected: string, actual: unknown) =>
  misfit(`expected a ${expected}, but received a ${goType(actual)}`);
const unknownDirective = (directive: unknown, map: Json) =>
  misfit(`unknown patch type: ${goText(directive)} in map: ${goText(map)}`);
const noMergeKey = (map: Json, key: string) =>
  misfit(`map: ${goText(map)} does not contain declared merge key: ${key}`);

/**
 * Applies a strategic merge patch. `live` is not changed; unchanged parts are shared with the result.
 * @throws ApiStatusError 400 when a directive is malformed, 422 for lists of lists, and 500, as the API server does,
 * when the patch does not fit the object: items without their merge key, unknown `$patch` values, lists of mixed types.
 */
export function strategicMergePatch(live: KubeObject, patch: Json, schema: Schema): KubeObject {
  return mergeMap(live, patch, schema) as KubeObject;
}

function mergeMap(live: Json, patch: Json, schema: Schema | undefined): Json {
  if (Object.hasOwn(patch, PATCH)) {
    const directive = patch[PATCH];
    if (directive === 'replace') return plain(patch) as Json;
    if (directive === 'delete') return {};
    throw unknownDirective(directive, patch);
  }
  const merged = retainedOf(live, patch);
  const handled = mergeOrderedLists(merged, patch, schema);
  for (const key of Object.keys(patch)) {
    if (key === RETAIN_KEYS || handled.has(key)) continue;
    const value = patch[key];
    if (key.startsWith(DELETE_FROM_LIST)) {
      deleteFromList(merged, listNamed(key, DELETE_FROM_LIST, badList), value, schema);
    } else if (value === null) {
      delete merged[key];
    } else {
      const result = mergeValue(
        Object.hasOwn(merged, key) ? merged[key] : undefined,
        value,
        schema && fieldOf(schema, key),
      );
      if (result === undefined) delete merged[key];
      else merged[key] = result;
    }
  }
  return merged;
}

/** @returns undefined when the field is to go. */
function mergeValue(live: unknown, patch: unknown, schema: Schema | undefined): unknown {
  const strategy = strategyOf(schema);
  if (isPlainObject(live) && isPlainObject(patch)) {
    return strategy === 'replace' ? plain(patch) : mergeMap(live, patch, schema);
  }
  if (Array.isArray(live) && Array.isArray(patch)) {
    return strategy === 'merge' ? mergeList(live, patch, schema!) : plain(patch);
  }
  return withoutDirectives(patch);
}

/** `retainKeys` only tells clients to send `$retainKeys`. */
const strategyOf = (schema: Schema | undefined): string | undefined =>
  schema?.['x-kubernetes-patch-strategy']?.split(',').find((strategy) => strategy !== 'retainKeys');

function fieldOf(schema: Schema, key: string): Schema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
}

/** What is set where nothing was: whatever carries a `$patch` is left out. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDirectives).filter((item) => item !== undefined);
  if (!isPlainObject(value)) return value;
  if (Object.hasOwn(value, PATCH)) return undefined;
  const result: Json = {};
  for (const key of Object.keys(value)) {
    const entry = value[key] === null || isDirective(key) ? undefined : withoutDirectives(value[key]);
    if (entry !== undefined) result[key] = entry;
  }
  return result;
}

/** What replaces something: directives and nulls in it mean nothing. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isPlainObject(value)) return value;
  const result: Json = {};
  for (const key of Object.keys(value)) {
    if (value[key] !== null && !isDirective(key)) result[key] = plain(value[key]);
  }
  return result;
}

const isDirective = (key: string) =>
  key === PATCH || key === RETAIN_KEYS || key.startsWith(`${DELETE_FROM_LIST}/`) || key.startsWith(`${SET_ORDER}/`);

/** A copy of the live map, without the keys that `$retainKeys` does not name. */
function retainedOf(live: Json, patch: Json): Json {
  if (!Object.hasOwn(patch, RETAIN_KEYS)) return { ...live };
  const retained = patch[RETAIN_KEYS];
  if (!Array.isArray(retained)) throw badRetainKeys();
  for (const key of Object.keys(patch)) {
    if (key === RETAIN_KEYS || patch[key] === null) continue;
    if (key.startsWith(DELETE_FROM_LIST) || key.startsWith(SET_ORDER)) continue;
    if (!retained.includes(key)) throw badRetainKeys();
  }
  return Object.fromEntries(Object.entries(live).filter(([key]) => retained.includes(key)));
}

/** Name of the list that a directive such as `$setElementOrder/containers` is about. */
function listNamed(key: string, prefix: string, fault: () => ApiStatusError): string {
  if (!key.startsWith(`${prefix}/`)) throw fault();
  return key.slice(prefix.length + 1);
}

function deleteFromList(merged: Json, key: string, items: unknown, schema: Schema | undefined): void {
  if (items === null) {
    delete merged[key];
    return;
  }
  const live = merged[key];
  if (!Array.isArray(live) || !Array.isArray(items)) return;
  if (live.length === 0 && items.length === 0) return;
  const mergeKey = schema && fieldOf(schema, key)?.['x-kubernetes-patch-merge-key'];
  if (elementType([live, items]) === MAP)
    merged[key] = mergeMaps(live, items, mergeKey, schema && fieldOf(schema, key)?.items);
  else merged[key] = live.filter((item) => !items.includes(item));
}

/**
 * Lists that come with a `$setElementOrder` directive: they are merged, and put in the order of the directive.
 * @returns the keys of the patch that are done with.
 */
function mergeOrderedLists(merged: Json, patch: Json, schema: Schema | undefined): Set<string> {
  const handled = new Set<string>();
  for (const directive of Object.keys(patch)) {
    if (!directive.startsWith(SET_ORDER)) continue;
    handled.add(directive);
    const order = patch[directive];
    if (!Array.isArray(order)) throw badType('[]interface {}', order);
    const key = listNamed(directive, SET_ORDER, badOrder);
    const live = Object.hasOwn(merged, key) ? merged[key] : undefined;
    const change = Object.hasOwn(patch, key) ? patch[key] : undefined;
    for (const list of [live, change]) {
      if (list !== undefined && !Array.isArray(list)) throw badType('[]interface {}', list);
    }
    const field = schema && fieldOf(schema, key);
    const mergeKey = field?.['x-kubernetes-patch-merge-key'];
    if (change !== undefined) checkOrder(change as unknown[], order, mergeKey);
    let list: unknown[];
    if (change === undefined) {
      if (live === undefined) continue;
      list = live as unknown[];
    } else if (live === undefined) list = withoutDirectives(change) as unknown[];
    else
      list =
        strategyOf(field) === 'merge'
          ? mergeList(live as unknown[], change as unknown[], field!)
          : (plain(change) as unknown[]);
    const liveList = (live ?? []) as unknown[];
    if (elementType([liveList, (change ?? []) as unknown[]]) === undefined) {
      throw misfit('no elements in any of the given slices');
    }
    const before =
      mergeKey === undefined ? liveList : orderAfterDeletions(liveList, (change ?? []) as Json[], mergeKey);
    merged[key] = ordered(list, order, before, mergeKey);
    handled.add(key);
  }
  return handled;
}

/**
 * The live order that an order directive starts from: new items take the places that deleted ones leave at the end,
 * so that a last item that is replaced by another stays the last.
 */
function orderAfterDeletions(live: readonly unknown[], change: readonly Json[], mergeKey: string): readonly unknown[] {
  const deleted = change.filter((item) => item[PATCH] === 'delete').map((item) => item[mergeKey]);
  const kept = (live as Json[]).filter((item) => !deleted.includes(item[mergeKey]));
  if (kept.length === live.length) return live;
  const known = new Set(kept.map((item) => item[mergeKey]));
  const added = change.filter((item) => !Object.hasOwn(item, PATCH) && !known.has(item[mergeKey]));
  return [...kept, ...added.slice(0, live.length - kept.length)];
}

/** Items of the patch must come in the order of the directive and be named by it. */
function checkOrder(change: readonly unknown[], order: readonly unknown[], mergeKey: string | undefined): void {
  if (order.length === 0 || change.length === 0) return;
  const named = change.filter((item) => !(isPlainObject(item) && item[PATCH] === 'delete'));
  let next = 0;
  let at = 0;
  while (next < named.length && at < order.length) {
    const item = named[next];
    if (isPlainObject(item) && Object.hasOwn(item, PATCH)) next++;
    else if (keyOf(item, mergeKey) === keyOf(order[at++], mergeKey)) next++;
  }
  if (next < named.length) {
    throw misfit(`The order in patch list:\n${goText(change)}\n doesn't match ${SET_ORDER} list:\n${goText(order)}\n`);
  }
}

/** What tells an item from others: itself, or the value of its merge key. */
function keyOf(item: unknown, mergeKey: string | undefined): unknown {
  if (mergeKey === undefined) return item;
  if (!isPlainObject(item)) throw badType('map[string]interface {}', item);
  if (!Object.hasOwn(item, mergeKey)) throw noMergeKey(item, mergeKey);
  return item[mergeKey];
}

const MAP = 'map[string]interface {}';

/** Go type that all items of some lists have. */
function elementType(lists: readonly (readonly unknown[])[]): string | undefined {
  let type: string | undefined;
  for (const list of lists) {
    for (const item of list) {
      if (type === undefined && Array.isArray(item)) {
        throw new ApiStatusError(422, '', 'lists of lists are not supported');
      }
      const itemType = goType(item);
      if (type !== undefined && type !== itemType) {
        throw misfit(`list element types are not identical: ${goText(lists)}`);
      }
      type = itemType;
    }
  }
  return type;
}

function mergeList(live: readonly unknown[], patch: readonly unknown[], schema: Schema): unknown[] {
  if (live.length === 0 && patch.length === 0) return [];
  const mergeKey = schema['x-kubernetes-patch-merge-key'];
  if (elementType([live, patch]) === MAP) return mergeMaps(live, patch, mergeKey, schema.items);
  return ordered([...new Set([...live, ...patch])], patch, live, undefined);
}

/** Merges lists of maps, item by item. */
function mergeMaps(
  live: readonly unknown[],
  patch: readonly unknown[],
  mergeKey: string | undefined,
  schema: Schema | undefined,
): unknown[] {
  if (mergeKey === undefined) throw misfit(`cannot merge lists without merge key for ${schema?.type ?? 'map'}`);
  let kept = [...live] as Json[];
  let changes: Json[] = [];
  let replace = false;
  for (const item of patch as Json[]) {
    if (!Object.hasOwn(item, PATCH)) {
      changes.push(item);
      continue;
    }
    switch (item[PATCH]) {
      case 'delete': {
        const key = keyOf(item, mergeKey);
        kept = kept.filter((other) => other[mergeKey] !== key);
        break;
      }
      case 'replace':
        replace = true;
        break;
      case 'merge':
        throw misfit('merging lists cannot yet be specified in the patch');
      default:
        throw unknownDirective(item[PATCH], item);
    }
  }
  if (replace) {
    kept = changes;
    changes = [];
  }
  const merged = [...kept];
  for (const change of changes) {
    const key = keyOf(change, mergeKey);
    const index = merged.findIndex((item) => Object.hasOwn(item, mergeKey) && item[mergeKey] === key);
    if (index < 0) merged.push(change);
    else merged[index] = mergeMap(merged[index]!, change, schema);
  }
  const added = new Set<unknown>(replace ? kept : changes);
  return ordered(merged, changes, kept, mergeKey).map((item) => (added.has(item) ? plain(item) : item));
}

/**
 * A merged list in its order: items that the patch (or the order directive) names come as named there; the others keep
 * the order they have in the live list, each before the first named item that it precedes there.
 */
function ordered(
  merged: readonly unknown[],
  order: readonly unknown[],
  live: readonly unknown[],
  mergeKey: string | undefined,
): unknown[] {
  const orderOf = placesOf(order, mergeKey);
  const liveOf = placesOf(live, mergeKey);
  const place = (places: ReadonlyMap<unknown, number>, item: unknown) => places.get(keyOf(item, mergeKey));
  const by = (places: ReadonlyMap<unknown, number>) => (a: unknown, b: unknown) =>
    (place(places, a) ?? 0) - (place(places, b) ?? 0);
  const named = merged.filter((item) => place(orderOf, item) !== undefined).sort(by(orderOf));
  const others = merged.filter((item) => place(orderOf, item) === undefined).sort(by(liveOf));
  const result: unknown[] = [];
  let next = 0;
  for (const item of named) {
    const at = place(liveOf, item);
    while (next < others.length && at !== undefined && (place(liveOf, others[next]) ?? Number.POSITIVE_INFINITY) < at) {
      result.push(others[next++]);
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function placesOf(list: readonly unknown[], mergeKey: string | undefined): Map<unknown, number> {
  const places = new Map<unknown, number>();
  for (const [index, item] of list.entries()) {
    const key = keyOf(item, mergeKey);
    if (!places.has(key)) places.set(key, index);
  }
  return places;
}
