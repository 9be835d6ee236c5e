/**
 * What rules ask of a value, worded as the API server words it. Unless told otherwise a check has nothing to say of a value that is not
 * there; `required` is what misses it.
 */
import {
  causeDuplicate,
  causeForbidden,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  type StatusCause,
} from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import { labelKeyFault, labelValueFault, nameFault } from '../../api/names.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import { type Fields, items } from '../fields.ts';
import type { Check, Place } from './rule.ts';

/** Go does not tell an empty value from none. */
const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

/** Neither missing, nor an empty text, list or map. */
export const required =
  (detail = ''): Check =>
  (value, { path }) => {
    const empty = isAbsent(value) || (typeof value === 'object' && Object.keys(value as object).length === 0);
    return empty ? causeRequired(path, detail) : undefined;
  };

/** @param allowed in the order of the message, which sorts them. */
export const oneOf =
  (...allowed: readonly string[]): Check =>
  (value, { path }) =>
    isAbsent(value) || allowed.includes(value as string) ? undefined : causeNotSupported(path, value, allowed);

/** A whole number between two others, inclusive; what is missing counts as 0 where `zero` says so. */
export const between =
  (low: number, high: number, { zero = false } = {}): Check =>
  (value, { path }) => {
    const given = value ?? (zero ? 0 : undefined);
    if (typeof given !== 'number' || (given >= low && given <= high)) return undefined;
    return causeInvalid(path, given, `must be between ${low} and ${high}, inclusive`);
  };

/** A number of a port. */
export const port = between(1, 65_535);

export const nonNegative: Check = (value, { path }) =>
  typeof value === 'number' && value < 0 ? causeInvalid(path, value, 'must be greater than or equal to 0') : undefined;

export const positive: Check = (value, { path }) =>
  typeof value === 'number' && value <= 0 ? causeInvalid(path, value, 'must be greater than 0') : undefined;

export const name =
  (rule: ResourceType['nameRule']): Check =>
  (value, { path }) => {
    if (isAbsent(value) || typeof value !== 'string') return undefined;
    const fault = nameFault(value, rule);
    return fault ? causeInvalid(path, value, fault) : undefined;
  };

/** `[prefix/]name`, as keys of labels are. */
export const qualifiedName: Check = (value, { path }) => {
  if (isAbsent(value) || typeof value !== 'string') return undefined;
  const fault = labelKeyFault(value);
  return fault ? causeInvalid(path, value, fault) : undefined;
};

/** A map of labels; causes name the map. */
export const labels: Check = (value, { path }) => {
  const causes: StatusCause[] = [];
  for (const [key, entry] of Object.entries((value ?? {}) as Record<string, string>)) {
    const keyFault = labelKeyFault(key);
    if (keyFault) causes.push(causeInvalid(path, key, keyFault));
    const valueFault = labelValueFault(entry);
    if (valueFault) causes.push(causeInvalid(path, entry, valueFault));
  }
  return causes;
};

/** What must not change once the object is there. */
export const immutable =
  (detail = 'field is immutable'): Check =>
  (value, { path, old, before }) =>
    !old || equalJson(value, before) ? undefined : causeInvalid(path, value ?? null, detail);

/** Must not be there. @param when only where it is true of the place. */
export const forbidden =
  (detail: string, when: (place: Place) => boolean = () => true): Check =>
  (value, place) =>
    isAbsent(value) || !when(place) ? undefined : causeForbidden(place.path, detail);

/** Items of a list that have the same text in a field; those without it may be many. */
export const uniqueBy =
  (field: string): Check =>
  (value, { path }) => {
    const seen = new Set<unknown>();
    return items({ value }, 'value').flatMap((item: Fields, index) => {
      const key = item[field];
      if (isAbsent(key)) return [];
      if (seen.has(key)) return [causeDuplicate(`${path}[${index}].${field}`, key)];
      seen.add(key);
      return [];
    });
  };

/** A check that is asked only where a condition holds. */
export const when =
  (holds: (place: Place) => boolean, check: Check): Check =>
  (value, place) =>
    holds(place) ? check(value, place) : undefined;

/** Asked in turn until one has something to say, as Go's chains of `else if` are. */
export const first =
  (...checks: readonly Check[]): Check =>
  (value, place) => {
    for (const check of checks) {
      const found = check(value, place);
      if (found && (!Array.isArray(found) || found.length > 0)) return found;
    }
    return undefined;
  };
