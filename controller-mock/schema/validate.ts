/** Checks an object against a structural schema, with the API server's causes and wording. */
import { isIPv4, isIPv6 } from 'node:net';
import {
  causeDuplicate,
  causeInvalid,
  causeNotSupported,
  causeRequired,
  causeTypeInvalid,
  type StatusCause,
} from '../api/causes.ts';
import { equalJson } from '../api/json.ts';
import type { Schema } from '../api/schema.ts';

/** Causes reported at most; an absurd object shall not get an absurd answer. */
const CAUSES_LIMIT = 50;

/** @returns one cause a fault, at most 50; empty when the object is fine. CEL rules are not evaluated. */
export function validateSchema(object: Record<string, unknown>, schema: Schema): StatusCause[] {
  const causes: StatusCause[] = [];
  check(object, schema, '', causes);
  if (causes.length === 0) return causes;
  // Items that occur twice are looked for when the rest has been checked.
  const isDuplicate = ({ reason }: StatusCause) => reason === 'FieldValueDuplicate';
  const ordered = [...causes.filter((cause) => !isDuplicate(cause)), ...causes.filter(isDuplicate)];
  return ordered.slice(0, CAUSES_LIMIT);
}

export function typeOfJson(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  switch (typeof value) {
    case 'number':
      // What no int64 holds is a float to Go.
      return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'integer' : 'number';
    case 'string':
      return 'string';
    case 'boolean':
      return 'boolean';
    default:
      return 'object';
  }
}

function typeFits(actual: string, expected: string): boolean {
  return actual === expected || (expected === 'number' && actual === 'integer');
}

const shown = (path: string) => path || '<nil>';

/** Patterns compiled once, and forgotten with their schema. */
const patterns = new WeakMap<Schema, RegExp>();

/** Matches everything: stands for what cannot be used, such as RE2 syntax that JavaScript lacks. */
const ANYTHING = /(?:)/;

function compiled(schema: Schema, pattern: string): RegExp {
  let regex = patterns.get(schema);
  if (!regex) {
    regex = regexOf(pattern, 'u') ?? regexOf(pattern, '') ?? ANYTHING;
    patterns.set(schema, regex);
  }
  return regex;
}

function regexOf(pattern: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}

const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/\s]{4})*(?:[A-Za-z0-9+/\s]{2}==|[A-Za-z0-9+/\s]{3}=)?$/;

/** Formats of strings that are checked; unknown ones are not. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => DATE_TIME.test(text) && !Number.isNaN(Date.parse(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text),
  byte: (text) => BASE64.test(text),
  ipv4: isIPv4,
  ipv6: isIPv6,
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  mac: (text) => /^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/.test(text),
  cidr: (text) => /^[0-9a-fA-F:.]+\/\d{1,3}$/.test(text),
  duration: (text) => /^[-+]?(\d+(\.\d*)?(ns|us|µs|ms|s|m|h|d|w)\s*)+$|^0$/.test(text),
};

/** In the order of kube-openapi, pkg/validation/validate SchemaValidator: much of it holds for values of a wrong type, too. */
function check(value: unknown, schema: Schema, path: string, causes: StatusCause[]): void {
  if (causes.length > CAUSES_LIMIT) return;
  if (value === null && schema.nullable) return;
  const actual = typeOfJson(value);
  const expected = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type;
  const fits =
    expected === 'integer,string'
      ? actual === 'integer' || actual === 'string'
      : !expected || typeFits(actual, expected);
  if (!fits) {
    const detail = `${path} in body must be of type ${expected}: ${JSON.stringify(actual)}`;
    causes.push(causeTypeInvalid(shown(path), actual, detail));
  }
  if (value !== null && (schema.allOf || schema.anyOf || schema.oneOf || schema.not)) {
    checkLogic(value, schema, path, causes);
  }
  if (typeof value === 'string' && fits) checkString(value, schema, path, causes);
  else if (typeof value === 'number' && (fits || schema.type === 'integer')) checkNumber(value, schema, path, causes);
  else if (Array.isArray(value) && fits) checkArray(value, schema, path, causes);
  if (schema.enum && !schema.enum.some((allowed) => equalJson(allowed, value))) {
    causes.push(causeNotSupported(shown(path), value, schema.enum));
  }
  if (actual === 'object' && fits) checkObject(value as Record<string, unknown>, schema, path, causes);
}

function checkString(text: string, schema: Schema, path: string, causes: StatusCause[]): void {
  const { minLength, maxLength, pattern, format } = schema;
  // Of these only the first is told.
  if (maxLength !== undefined && [...text].length > maxLength) {
    causes.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${maxLength} bytes`,
      field: shown(path),
    });
  } else if (minLength !== undefined && [...text].length < minLength) {
    causes.push(causeInvalid(shown(path), text, `${path} in body should be at least ${minLength} chars long`));
  } else if (pattern !== undefined && !compiled(schema, pattern).test(text)) {
    causes.push(causeInvalid(shown(path), text, `${path} in body should match '${pattern}'`));
  }
  if (format !== undefined && !schema['x-kubernetes-int-or-string'] && Object.hasOwn(FORMATS, format)) {
    if (!FORMATS[format]!(text)) {
      causes.push(
        causeTypeInvalid(shown(path), text, `${path} in body must be of type ${format}: ${JSON.stringify(text)}`),
      );
    }
  }
}

function checkNumber(value: number, schema: Schema, path: string, causes: StatusCause[]): void {
  const { minimum, maximum, multipleOf } = schema;
  const fault = (detail: string) => causes.push(causeInvalid(shown(path), value, `${path} in body ${detail}`));
  if (multipleOf !== undefined && Math.abs(value / multipleOf - Math.round(value / multipleOf)) > 1e-9) {
    fault(`should be a multiple of ${multipleOf}`);
  }
  if (minimum !== undefined) {
    if (schema.exclusiveMinimum ? value <= minimum : value < minimum) {
      fault(`should be greater than ${schema.exclusiveMinimum ? '' : 'or equal to '}${minimum}`);
    }
  }
  if (maximum !== undefined) {
    if (schema.exclusiveMaximum ? value >= maximum : value > maximum) {
      fault(`should be less than ${schema.exclusiveMaximum ? '' : 'or equal to '}${maximum}`);
    }
  }
}

function checkArray(list: unknown[], schema: Schema, path: string, causes: StatusCause[]): void {
  const { items, minItems, maxItems } = schema;
  if (maxItems !== undefined && list.length > maxItems) {
    causes.push({
      reason: 'FieldValueTooMany',
      message: `Too many: ${list.length}: must have at most ${maxItems} items`,
      field: shown(path),
    });
  }
  if (minItems !== undefined && list.length < minItems) {
    causes.push(causeInvalid(shown(path), list.length, `${path} in body should have at least ${minItems} items`));
  }
  if (items) for (let index = 0; index < list.length; index++) check(list[index], items, `${path}[${index}]`, causes);
  const listType = schema['x-kubernetes-list-type'];
  if (listType === 'set' || schema.uniqueItems) {
    checkUnique(list, (item) => item, path, causes);
  } else if (listType === 'map') {
    const keys = schema['x-kubernetes-list-map-keys'] ?? [];
    const properties = items?.properties;
    checkUnique(
      list,
      (item) =>
        Object.fromEntries(
          keys
            .map((key) => [key, (item as Record<string, unknown> | null)?.[key] ?? properties?.[key]?.default] as const)
            .filter(([, part]) => part !== undefined),
        ),
      path,
      causes,
    );
  }
}

function checkUnique(list: unknown[], keyOf: (item: unknown) => unknown, path: string, causes: StatusCause[]): void {
  const seen = new Set<string>();
  for (let index = 0; index < list.length; index++) {
    const key = keyOf(list[index]);
    const text = JSON.stringify(key);
    if (seen.has(text)) causes.push(causeDuplicate(`${path}[${index}]`, key));
    seen.add(text);
  }
}

function checkObject(object: Record<string, unknown>, schema: Schema, path: string, causes: StatusCause[]): void {
  const { properties, additionalProperties, required, minProperties, maxProperties } = schema;
  if (required) {
    for (const key of required) {
      if (!Object.hasOwn(object, key) || object[key] === undefined) {
        causes.push(causeRequired(path === '' ? key : `${path}.${key}`));
      }
    }
  }
  const keys = Object.keys(object);
  if (maxProperties !== undefined && keys.length > maxProperties) {
    causes.push({
      reason: 'FieldValueTooMany',
      message: `Too many: ${keys.length}: must have at most ${maxProperties} items`,
      field: shown(path),
    });
  }
  if (minProperties !== undefined && keys.length < minProperties) {
    causes.push(
      causeInvalid(shown(path), keys.length, `${path} in body should have at least ${minProperties} properties`),
    );
  }
  if (!properties && typeof additionalProperties !== 'object') return;
  for (const key of keys) {
    const value = object[key];
    if (value === undefined) continue;
    const child =
      properties && Object.hasOwn(properties, key)
        ? properties[key]
        : typeof additionalProperties === 'object'
          ? additionalProperties
          : undefined;
    if (child) check(value, child, path === '' ? key : `${path}.${key}`, causes);
  }
}

function faults(value: unknown, schema: Schema, path: string): StatusCause[] {
  const causes: StatusCause[] = [];
  check(value, schema, path, causes);
  return causes;
}

/** Faults that have neither path nor value but in their text, and what is wrong with the first of the alternatives. */
function checkLogic(value: unknown, schema: Schema, path: string, causes: StatusCause[]): void {
  const fault = (detail: string) => causes.push(causeInvalid('<nil>', '', `${JSON.stringify(path)} ${detail}`));
  const { anyOf, oneOf, allOf } = schema;
  if (anyOf && !schema['x-kubernetes-int-or-string']) {
    const outcomes = anyOf.map((part) => faults(value, part, path));
    if (outcomes.every(({ length }) => length > 0)) {
      fault('must validate at least one schema (anyOf)');
      for (const cause of outcomes[0] ?? []) causes.push(cause);
    }
  }
  if (oneOf) {
    const outcomes = oneOf.map((part) => faults(value, part, path));
    const fitting = outcomes.filter(({ length }) => length === 0).length;
    if (fitting !== 1) {
      const found = fitting === 0 ? 'Found none valid' : `Found ${fitting} valid alternatives`;
      fault(`must validate one and only one schema (oneOf). ${found}`);
    }
    if (fitting === 0) for (const cause of outcomes[0] ?? []) causes.push(cause);
  }
  if (allOf) {
    const outcomes = allOf.map((part) => faults(value, part, path));
    for (const cause of outcomes.flat()) causes.push(cause);
    const failing = outcomes.filter(({ length }) => length > 0).length;
    if (failing > 0)
      fault(`must validate all the schemas (allOf)${failing === allOf.length ? '. None validated' : ''}`);
  }
  if (schema.not && faults(value, schema.not, path).length === 0) fault('must not validate the schema (not)');
}
