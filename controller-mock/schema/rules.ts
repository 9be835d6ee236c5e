/** CEL rules of structural schemas, as far as an object can be judged without evaluating them. */

import { causeInvalid, type StatusCause } from '../api/causes.ts';
import type { Schema } from '../api/schema.ts';
import { anywhereBelow } from './subtree.ts';

const hasRules = anywhereBelow((schema) => (schema['x-kubernetes-validations']?.length ?? 0) > 0);

/**
 * Faults after which the API server does not evaluate rules (kubernetes/apiextensions-apiserver,
 * pkg/registry/customresource/strategy.go hasBlockingErr).
 */
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
