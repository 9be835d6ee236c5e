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
  causeTooLong,
  causeTooMany,
} from '../../api/causes.ts';
import { equalJson } from '../../api/json.ts';
import { labelFaults, labelKeyFaults, nameFaults } from '../../api/names.ts';
import type { ResourceType } from '../../api/resource-type.ts';
import type { Fields } from '../fields.ts';
import { type Check, causesOf, ofValues, type Place } from './rule.ts';

/** Go does not tell an empty value from none. */
const isAbsent = (value: unknown): boolean => value === undefined || value === null || value === '';

/** Neither missing, nor an empty text, list or map. */
export const required =
  (detail = ''): Check =>
  (value, place) => {
    const empty = isAbsent(value) || (typeof value === 'object' && Object.keys(value as object).length === 0);
    return empty ? causeRequired(place.path, detail) : undefined;
  };

/** There, be it empty: what is a pointer in Go. */
export const present =
  (detail = ''): Check =>
  (value, place) =>
    value === undefined || value === null ? causeRequired(place.path, detail) : undefined;

/** @param allowed in the order of the message, which sorts them. */
export const oneOf = (...allowed: readonly string[]): Check =>
  ofValues((value, place) =>
    isAbsent(value) || allowed.includes(value as string) ? undefined : causeNotSupported(place.path, value, allowed),
  );

/** The same of a value that an empty text is no less wrong for than another. */
export const exactlyOneOf =
  (...allowed: readonly string[]): Check =>
  (value, place) =>
    allowed.includes((value ?? '') as string) ? undefined : causeNotSupported(place.path, value ?? '', allowed);

/** A whole number between two others, inclusive; what is missing counts as 0 where `zero` says so. */
export const between = (low: number, high: number, { zero = false } = {}): Check =>
  ofValues((value, place) => {
    const given = value ?? (zero ? 0 : undefined);
    if (typeof given !== 'number' || (given >= low && given <= high)) return undefined;
    return causeInvalid(place.path, given, `must be between ${low} and ${high}, inclusive`);
  }, !zero);

/** A number of a port. */
export const port = between(1, 65_535);

/** A value for which something does not hold. */
export const unless =
  (isWrong: (value: unknown, place: Place) => boolean, detail: string): Check =>
  (value, place) =>
    isWrong(value, place) ? causeInvalid(place.path, value, detail) : undefined;

export const nonNegative: Check = ofValues(
  unless((value) => typeof value === 'number' && value < 0, 'must be greater than or equal to 0'),
);

export const positive: Check = ofValues(
  unless((value) => typeof value === 'number' && value <= 0, 'must be greater than 0'),
);

/** A text, and all that a function finds wrong with it. @param empty whether it is asked of an empty text: a pointer in Go */
export const textWithout = (faults: (text: string) => readonly string[], { empty = false } = {}): Check =>
  ofValues((value, place) => {
    if (typeof value !== 'string' || (value === '' && !empty)) return undefined;
    const found = faults(value);
    return found.length === 0 ? undefined : found.map((fault) => causeInvalid(place.path, value, fault));
  });

export const name = (rule: ResourceType['nameRule'], options?: { empty?: boolean }): Check =>
  textWithout((text) => nameFaults(text, rule), options);

/** `[prefix/]name`, as keys of labels are; an empty text is none. */
export const qualifiedNameOrEmpty: Check = textWithout(labelKeyFaults, { empty: true });

/** A map of labels; causes name the map. */
export const labels: Check = ofValues((value, place) => {
  if (!value) return undefined;
  // Most maps have no fault, and need no path.
  const causes = labelFaults(value as Record<string, string>, '');
  return causes.map((cause) => ({ ...cause, field: place.path }));
});

/** @param limitBytes of a text, in UTF-8. */
export const atMost = (limitBytes: number): Check =>
  ofValues((value, place) =>
    typeof value === 'string' && value.length * 3 > limitBytes && Buffer.byteLength(value) > limitBytes
      ? causeTooLong(place.path, limitBytes)
      : undefined,
  );

/** Items of a list. */
export const atMostItems = (limit: number): Check =>
  ofValues((value, place) =>
    Array.isArray(value) && value.length > limit ? causeTooMany(place.path, value.length, limit) : undefined,
  );

/** What must not change once the object is there. @param none what Go has where there is nothing */
export const immutable =
  (detail = 'field is immutable', none: unknown = null): Check =>
  (value, place) =>
    !place.old || equalJson(value ?? none, place.before ?? none)
      ? undefined
      : causeInvalid(place.path, value ?? none, detail);

/** The same, as a prohibition. */
export const unchanged =
  (detail: string): Check =>
  (value, place) =>
    !place.old || equalJson(value, place.before) ? undefined : causeForbidden(place.path, detail);

/** Must not be there. @param when only where it is true of the place. */
export const forbidden = (detail: string, when: (place: Place) => boolean = () => true): Check =>
  ofValues((value, place) => (isAbsent(value) || !when(place) ? undefined : causeForbidden(place.path, detail)));

/** Items of a list that have the same text in a field; those without it may be many. */
export const uniqueBy = (field: string): Check =>
  ofValues((value, place) => {
    if (!Array.isArray(value) || value.length < 2) return undefined;
    const seen = new Set<unknown>();
    return (value as Fields[]).flatMap((item, index) => {
      const key = item[field];
      if (isAbsent(key)) return [];
      if (seen.has(key)) return [causeDuplicate(`${place.path}[${index}].${field}`, key)];
      seen.add(key);
      return [];
    });
  });

/** Items of a list of texts or numbers. */
export const uniqueItems: Check = ofValues((value, place) => {
  if (!Array.isArray(value) || value.length < 2) return undefined;
  return value.flatMap((item, index) =>
    value.indexOf(item) < index ? [causeDuplicate(`${place.path}[${index}]`, item)] : [],
  );
});

/** A check that is asked only where a condition holds. */
export const when = (holds: (place: Place) => boolean, check: Check): Check =>
  ofValues((value, place) => (holds(place) ? check(value, place) : undefined), check.ofValues === true);

/** Asked at creation alone. */
export const atCreation = (check: Check): Check => when(({ old }) => old === undefined, check);

/** Asked in turn until one has something to say, as Go's chains of `else if` are. */
export const first = (...checks: readonly Check[]): Check =>
  ofValues(
    (value, place) => {
      for (const check of checks) {
        const found = check(value, place);
        if (found && (!Array.isArray(found) || found.length > 0)) return found;
      }
      return undefined;
    },
    checks.every(({ ofValues }) => ofValues),
  );

/** All that several checks have to say. */
export const all = (...checks: readonly Check[]): Check =>
  ofValues(
    (value, place) => checks.flatMap((check) => causesOf(check(value, place))),
    checks.every(({ ofValues }) => ofValues),
  );

/** Causes that name a field otherwise than JSON does: the first `from` in their paths is `to`. */
export const renamed = (from: string, to: string, check: Check): Check =>
  ofValues((value, place) => {
    const causes = causesOf(check(value, place));
    return causes.map((cause) => ({ ...cause, field: cause.field.replace(from, to) }));
  }, check.ofValues === true);
