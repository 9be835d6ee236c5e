/** Small schemas with rules, and what is said of them. */
import type { Schema, ValidationRule } from '../../../api/schema.ts';
import { definitionSchemaFaults } from '../definition-schema.ts';

export const str: Schema = { type: 'string' };
export const int: Schema = { type: 'integer' };
/** To be spread into a schema. A text is a rule with nothing else. */
export const rules = (...given: (string | Record<string, unknown>)[]): Schema => ({
  'x-kubernetes-validations': given.map(
    (rule) => (typeof rule === 'string' ? { rule } : rule) as unknown as ValidationRule,
  ),
});
export const obj = (properties: Record<string, Schema>, extra: Schema = {}): Schema => ({
  type: 'object',
  properties,
  ...extra,
});
export const list = (items: Schema, extra: Schema = {}): Schema => ({ type: 'array', items, ...extra });
export const map = (additionalProperties: Schema, extra: Schema = {}): Schema => ({
  type: 'object',
  additionalProperties,
  ...extra,
});

/** A schema, and what is said of it. */
export type Case = readonly [schema: Schema, ...said: string[]];

/** Fields without what all have, reasons without their first word, messages without the rule as Go prints it and without advice. */
export function said(schema: Schema): string[] {
  const faults = definitionSchemaFaults(schema, 'spec.validation', false);
  return faults.map(({ field, reason, message }) => {
    const at = field.replace('spec.validation.openAPIV3Schema', '');
    const text = message.replace(RULE, 'RULE').replace(ADVICE, '');
    return `${at} ${reason.replace('FieldValue', '')}: ${text}`.replaceAll('x-kubernetes-validations', '…').trim();
  });
}

const RULE = /apiextensions\.ValidationRule\{.*?\(\*bool\)\(\w+\)\}/s;
const ADVICE =
  ' (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
