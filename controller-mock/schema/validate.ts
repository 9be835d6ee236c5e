/**
 * Checks an object against a structural schema, with the API server's causes and wording: kubernetes/kube-openapi,
 * pkg/validation/validate; kubernetes/apiextensions-apiserver, pkg/apiserver/validation/validation.go ValidateCustomResource.
 */
import {
  causeDuplicate,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTooMany,
  causeTypeInvalid,
  type StatusCause,
} from '../api/causes.ts';
import { goFloat } from '../api/go-values.ts';
import { isInt64 } from '../api/int64.ts';
import { equalJson, isPlainObject } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';
import { formatCheck, matchesPattern } from './formats.ts';
import { type EntryKind, type Holder, SchemaVisitor } from './visitor.ts';

/** Causes reported at most; an absurd object shall not get an absurd answer. */
const CAUSES_LIMIT = 50;

/** What stood where a value is now. */
export interface Before {
  value: unknown;
}

/**
 * Faults of what an update has left as it was do not count (pkg/apiserver/validation/ratcheting.go).
 * @param before absent for what is new
 * @returns one cause a fault, at most 50; empty when the value is fine. CEL rules are not evaluated.
 */
export function validateSchema(object: unknown, schema: Schema, before?: Before): StatusCause[] {
  const causes = validator.check(object, schema, before);
  if (causes.length === 0) return causes;
  // Items that occur twice are looked for when the rest has been checked.
  const others = causes.filter((cause) => !isDuplicate(cause));
  const duplicates = causes.filter(isDuplicate);
  // An object that had such items before may have more of them.
  const count = !before || duplicates.length === 0 || !validator.check(before.value, schema).some(isDuplicate);
  return [...others, ...(count ? duplicates : [])].slice(0, CAUSES_LIMIT);
}

const isDuplicate = ({ reason }: StatusCause) => reason === 'FieldValueDuplicate';

function typeOfJson(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'number':
    case 'bigint':
      return isInt64(value) ? 'integer' : 'number';
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    default:
      return 'object';
  }
}

function typeFits(actual: string, expected: string | undefined): boolean {
  if (expected === 'integer,string') return actual === 'integer' || actual === 'string';
  return !expected || actual === expected || (expected === 'number' && actual === 'integer');
}

/** In the order of kubernetes/kube-openapi, pkg/validation/validate SchemaValidator: much of it holds for values of a wrong type, too. */
class SchemaValidator extends SchemaVisitor {
  #causes: StatusCause[] = [];

  #root: { value: unknown; schema: Schema; before: Before } | undefined;

  /** Faults of a value at the root. */
  check(value: unknown, schema: Schema, before?: Before): StatusCause[] {
    this.path.length = 0;
    this.#root = before && { value, schema, before };
    return this.#causesOf(value, schema);
  }

  /** Faults of the value at the path that has been reached, and of what is below it. */
  #causesOf(value: unknown, schema: Schema): StatusCause[] {
    const outer = this.#causes;
    const causes: StatusCause[] = [];
    this.#causes = causes;
    this.#check(value, schema);
    this.#causes = outer;
    return causes;
  }

  protected override entry(holder: Holder, key: string | number, schema: Schema, kind: EntryKind): void {
    const value = holder[key];
    if (value !== undefined || kind === 'item') this.#check(value, schema);
  }

  /** The path as causes name it. */
  get #field(): string {
    return this.pathText || '<nil>';
  }

  #invalid(value: unknown, detail: string): void {
    this.#causes.push(causeInvalid(this.#field, value, `${this.pathText} in body ${detail}`));
  }

  #check(value: unknown, schema: Schema): void {
    const known = this.#causes.length;
    if (known > CAUSES_LIMIT) return;
    this.#checkAll(value, schema);
    if (this.#root && this.#causes.length > known && this.#isAsBefore(value)) this.#causes.length = known;
  }

  /** Whether the value at the path is what stood there before: items of lists are only known again by their keys. */
  #isAsBefore(value: unknown): boolean {
    let { value: now, before, schema } = this.#root! as { value: unknown; before: Before; schema: Schema | undefined };
    let old = before.value;
    for (const key of this.path) {
      if (Array.isArray(now)) {
        if (!Array.isArray(old) || schema?.['x-kubernetes-list-type'] !== 'map') return false;
        const keyOf = keyReader(schema['x-kubernetes-list-map-keys'] ?? [], schema.items);
        const wanted = keyOf(now[key as number]);
        old = old.find((item) => equalJson(keyOf(item), wanted));
        if (old === undefined) return false;
        schema = schema.items;
      } else {
        if (!isPlainObject(old) || !Object.hasOwn(old, key)) return false;
        old = old[key];
        schema = schema?.properties?.[key] ?? elementOf(schema);
      }
      now = (now as Holder)[key];
    }
    return equalJson(old, value);
  }

  #checkAll(value: unknown, schema: Schema): void {
    if (value === null && schema.nullable) return;
    const actual = typeOfJson(value);
    const expected = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type;
    // What a format speaks of may be a list as far as its type goes.
    const isFormatted = Array.isArray(value) && expected === 'string' && formatCheck(schema.format ?? '') !== undefined;
    const fits = isFormatted || typeFits(actual, expected);
    if (!fits) {
      const detail = `${this.pathText} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
      this.#causes.push(causeTypeInvalid(this.#field, actual, detail));
    }
    if (value !== null && (schema.allOf || schema.anyOf || schema.oneOf || schema.not)) this.#checkLogic(value, schema);
    if (typeof value === 'string' && fits) this.#checkString(value, schema);
    else if ((typeof value === 'number' || typeof value === 'bigint') && (fits || schema.type === 'integer')) {
      this.#checkNumber(value, schema);
    } else if (Array.isArray(value) && fits) this.#checkArray(value, schema);
    if (schema.enum && !schema.enum.some((allowed) => equalJson(allowed, value))) {
      this.#causes.push(causeNotSupported(this.#field, value, schema.enum));
    }
    if (actual === 'object' && fits) this.#checkObject(value as Holder, schema);
  }

  #checkString(text: string, schema: Schema): void {
    const { minLength, maxLength, pattern, format } = schema;
    // Of these only the first is told.
    if (maxLength !== undefined && [...text].length > maxLength) {
      const message = `Too long: may not be more than ${maxLength} bytes`;
      this.#causes.push({ reason: 'FieldValueTooLong', message, field: this.#field });
    } else if (minLength !== undefined && [...text].length < minLength) {
      this.#invalid(text, `should be at least ${minLength} chars long`);
    } else if (pattern !== undefined && !matchesPattern(schema, pattern, text)) {
      this.#invalid(text, `should match '${pattern}'`);
    }
    if (format === undefined || schema['x-kubernetes-int-or-string']) return;
    if (formatCheck(format)?.(text) === false) {
      const detail = `${this.pathText} in body must be of type ${format}: ${JSON.stringify(text)}`;
      this.#causes.push(causeTypeInvalid(this.#field, text, detail));
    }
  }

  #checkNumber(value: number | bigint, schema: Schema): void {
    const { minimum, maximum, multipleOf } = schema;
    if (multipleOf !== undefined && !isMultiple(value, multipleOf)) {
      this.#invalid(value, `should be a multiple of ${multipleOf}`);
    }
    if (minimum !== undefined && (schema.exclusiveMinimum ? value <= minimum : value < minimum)) {
      this.#invalid(
        value,
        `should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${boundText(minimum, value)}`,
      );
    }
    if (maximum !== undefined && (schema.exclusiveMaximum ? value >= maximum : value > maximum)) {
      this.#invalid(
        value,
        `should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${boundText(maximum, value)}`,
      );
    }
  }

  #checkArray(list: unknown[], schema: Schema): void {
    const { items, minItems, maxItems } = schema;
    if (maxItems !== undefined && list.length > maxItems)
      this.#causes.push(causeTooMany(this.#field, list.length, maxItems));
    if (minItems !== undefined && list.length < minItems) {
      this.#invalid(list.length, `should have at least ${minItems} items`);
    }
    this.items(list, schema);
    const listType = schema['x-kubernetes-list-type'];
    if (listType === 'set' || schema.uniqueItems) this.#checkUnique(list, (item) => item);
    else if (listType === 'map') this.#checkUnique(list, keyReader(schema['x-kubernetes-list-map-keys'] ?? [], items));
  }

  #checkUnique(list: unknown[], keyOf: (item: unknown) => unknown): void {
    const seen = new Set<string>();
    for (let index = 0; index < list.length; index++) {
      const key = keyOf(list[index]);
      const text = JSON.stringify(key);
      if (seen.has(text)) this.#causes.push(causeDuplicate(`${this.pathText}[${index}]`, key));
      seen.add(text);
    }
  }

  #checkObject(object: Holder, schema: Schema): void {
    const { required, minProperties, maxProperties } = schema;
    for (const key of required ?? []) {
      if (Object.hasOwn(object, key) && object[key] !== undefined) continue;
      const path = this.pathText;
      this.#causes.push(causeRequired(path === '' ? key : `${path}.${key}`));
    }
    if (minProperties !== undefined || maxProperties !== undefined) {
      const { length } = Object.keys(object);
      if (maxProperties !== undefined && length > maxProperties) {
        this.#causes.push(causeTooMany(this.#field, length, maxProperties));
      }
      if (minProperties !== undefined && length < minProperties) {
        this.#invalid(length, `should have at least ${minProperties} properties`);
      }
    }
    this.fields(object, schema);
  }

  /** Faults that have neither path nor value but in their text, and what is wrong with the first of the alternatives. */
  #checkLogic(value: unknown, schema: Schema): void {
    const fault = (detail: string) =>
      this.#causes.push(causeInvalid('<nil>', '', `${JSON.stringify(this.pathText)} ${detail}`));
    const outcomesOf = (parts: Schema[]) => parts.map((part) => this.#causesOf(value, part));
    const { anyOf, oneOf, allOf, not } = schema;
    if (anyOf && !schema['x-kubernetes-int-or-string']) {
      const outcomes = outcomesOf(anyOf);
      if (outcomes.every(({ length }) => length > 0)) {
        fault('must validate at least one schema (anyOf)');
        for (const cause of outcomes[0] ?? []) this.#causes.push(cause);
      }
    }
    if (oneOf) {
      const outcomes = outcomesOf(oneOf);
      const fitting = outcomes.filter(({ length }) => length === 0).length;
      if (fitting !== 1) {
        const found = fitting === 0 ? 'Found none valid' : `Found ${fitting} valid alternatives`;
        fault(`must validate one and only one schema (oneOf). ${found}`);
      }
      if (fitting === 0) for (const cause of outcomes[0] ?? []) this.#causes.push(cause);
    }
    if (allOf) {
      const outcomes = outcomesOf(allOf);
      for (const cause of outcomes.flat()) this.#causes.push(cause);
      const failing = outcomes.filter(({ length }) => length > 0).length;
      if (failing > 0) {
        fault(`must validate all the schemas (allOf)${failing === allOf.length ? '. None validated' : ''}`);
      }
    }
    if (not && this.#causesOf(value, not).length === 0) fault('must not validate the schema (not)');
  }
}

const elementOf = (schema: Schema | undefined): Schema | undefined =>
  typeof schema?.additionalProperties === 'object' ? schema.additionalProperties : undefined;

/** A bound is written as what it bounds: as an integer, or as a float. */
const boundText = (bound: number, value: number | bigint) => (isInt64(value) ? String(bound) : goFloat(bound));

/** Integers that no number holds are multiples of an integer exactly; beyond those Go does not find floats to be any. */
function isMultiple(value: number | bigint, factor: number): boolean {
  if (typeof value === 'bigint' && Number.isInteger(factor)) return value % BigInt(factor) === 0n;
  const times = Number(value) / factor;
  return Math.abs(times) < 2 ** 53 && Math.abs(times - Math.round(times)) <= 1e-9;
}

/** Reads the keys that items of a list of type map are told apart by. */
function keyReader(keys: readonly string[], items: Schema | undefined): (item: unknown) => unknown {
  const properties = items?.properties;
  return (item) =>
    Object.fromEntries(
      keys
        .map((key) => [key, (item as Holder | null)?.[key] ?? properties?.[key]?.default] as const)
        .filter(([, part]) => part !== undefined),
    );
}

const validator = new SchemaValidator();
