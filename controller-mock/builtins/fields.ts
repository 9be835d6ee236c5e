/** Reading objects whose shape the schema has checked, without believing it. */
import { isPlainObject } from '../api/json.ts';

export type Fields = Record<string, unknown>;

const EMPTY: Readonly<Fields> = {};

/** The value at a path of field names; undefined when anything on the way is missing. */
export function at(value: unknown, ...path: string[]): unknown {
  let here = value;
  for (const name of path) here = isPlainObject(here) && Object.hasOwn(here, name) ? here[name] : undefined;
  return here;
}

export function fields(value: unknown, ...path: string[]): Readonly<Fields> {
  const found = at(value, ...path);
  return isPlainObject(found) ? found : EMPTY;
}

/** A list of objects; what is no object is left out. */
export function items(value: unknown, ...path: string[]): Fields[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter(isPlainObject) : [];
}

export function strings(value: unknown, ...path: string[]): string[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found.filter((item) => typeof item === 'string') : [];
}

/** '' when there is no text. */
export function text(value: unknown, ...path: string[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** 0 when there is no number. */
export function number(value: unknown, ...path: string[]): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
}

/** The object at `name`, made if it is not there. */
export function ensure(parent: Fields, name: string): Fields {
  const found = parent[name];
  if (isPlainObject(found)) return found;
  const made: Fields = {};
  parent[name] = made;
  return made;
}

/** Sets what is missing; null counts as missing. */
export function fill(target: Fields, values: Readonly<Fields>): void {
  for (const [name, value] of Object.entries(values)) target[name] ??= value;
}

/** Whether a list of conditions has one of this type with status True. */
export function conditionTrue(object: unknown, type: string): boolean {
  return items(object, 'status', 'conditions').some((entry) => entry.type === type && entry.status === 'True');
}
