/** CEL rules of custom resources: their objects are asked here, after all other checks. The room `cel/` has the language. */
import { causeInvalid, type StatusCause } from '../api/causes.ts';
import type { ObjectRules } from '../api/resource-type.ts';
import type { Schema } from '../api/schema.ts';
import { CompiledSchema } from './cel/validate.ts';
import { anywhereBelow } from './subtree.ts';

/** Whether a schema has rules. */
export const hasRules = anywhereBelow((schema) => (schema['x-kubernetes-validations']?.length ?? 0) > 0);

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

/** @param schema of a resource. @returns its rules, compiled when they are first asked; undefined without any */
export function rulesOf(schema: Schema): ObjectRules | undefined {
  if (!hasRules(schema)) return undefined;
  let compiled: CompiledSchema | undefined;
  return {
    faults: (object, old, warn) => {
      compiled ??= new CompiledSchema(schema, true);
      return compiled.faults(object, old, warn);
    },
  };
}

/** @param known faults that an object has. @returns what rules add to them, or that they were not asked */
export function ruleFaults(known: readonly StatusCause[], ask: () => StatusCause[]): StatusCause[] {
  if (!known.some(({ reason }) => BLOCKING.has(reason))) return ask();
  const detail =
    'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation';
  // Neither path nor value: Go prints them like this.
  return [causeInvalid('<nil>', 'null', detail)];
}
