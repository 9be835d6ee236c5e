/** CEL rules of structural schemas, as far as an object can be judged without evaluating them. */

import { causeInvalid, type StatusCause } from '../api/causes.ts';
import type { Schema } from '../api/schema.ts';

/** Whether a node or anything below it has rules; decided once a node. */
const withRules = new WeakMap<Schema, boolean>();

function hasRules(schema: Schema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  // Taken as "no" while its own descendants are looked at: a cycle adds nothing new.
  withRules.set(schema, false);
  const { additionalProperties, items, properties } = schema;
  const found =
    (schema['x-kubernetes-validations']?.length ?? 0) > 0 ||
    (properties !== undefined && Object.values(properties).some(hasRules)) ||
    (typeof additionalProperties === 'object' && hasRules(additionalProperties)) ||
    (items !== undefined && hasRules(items));
  withRules.set(schema, found);
  return found;
}

/** Faults after which the API server does not evaluate rules (apiextensions-apiserver, registry/customresource, hasBlockingErr). */
const BLOCKING: ReadonlySet<string> = new Set([
  'FieldValueNotSupported',
  'FieldValueRequired',
  'FieldValueTooLong',
  'FieldValueTooMany',
  'FieldValueTypeInvalid',
]);

/** @returns what the API server adds to the faults of an object whose kind has rules that it then does not evaluate. */
export function uncheckedRules(schema: Schema, faults: readonly StatusCause[]): StatusCause[] {
  if (!faults.some(({ reason }) => BLOCKING.has(reason)) || !hasRules(schema)) return [];
  const detail =
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  // Neither path nor value: Go prints them like this.
  return [causeInvalid('<nil>', 'null', detail)];
}
