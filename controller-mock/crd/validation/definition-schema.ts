/**
 * The schema of a definition, whole: kubernetes/apiextensions-apiserver, pkg/apis/apiextensions/validation/validation.go
 * validateCustomResourceDefinitionValidation.
 */
import { causeForbidden, causeInvalid, type StatusCause } from '../../api/causes.ts';
import { defaultFaults } from './defaults.ts';
import type { JsonSchema } from './json-schema.ts';
import { openApiFaults } from './open-api-schema.ts';
import { RuleScope } from './rule-scope.ts';
import { totalCostFaults } from './rules.ts';
import { structuralFaults } from './structural.ts';

/** What the root of a schema may say where status is a subresource, by the names of the fields in Go, as the message lists them. */
const AT_ROOT: Readonly<Record<string, string>> = {
  description: 'Description',
  type: 'Type',
  format: 'Format',
  title: 'Title',
  maximum: 'Maximum',
  exclusiveMaximum: 'ExclusiveMaximum',
  minimum: 'Minimum',
  exclusiveMinimum: 'ExclusiveMinimum',
  maxLength: 'MaxLength',
  minLength: 'MinLength',
  pattern: 'Pattern',
  maxItems: 'MaxItems',
  minItems: 'MinItems',
  uniqueItems: 'UniqueItems',
  multipleOf: 'MultipleOf',
  required: 'Required',
  items: 'Items',
  properties: 'Properties',
  externalDocs: 'ExternalDocs',
  example: 'Example',
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
};

/** @param path of the holder of `openAPIV3Schema` */
export function definitionSchemaFaults(schema: JsonSchema, path: string, hasStatus: boolean): StatusCause[] {
  const at = `${path}.openAPIV3Schema`;
  const causes = hasStatus ? rootFaults(schema, at) : [];
  if (schema.nullable) causes.push(causeForbidden(`${at}.nullable`, 'nullable cannot be true at the root'));
  const faults = structuralFaults(schema, at);
  if (faults.length === 0) faults.push(...defaultFaults(schema, at));
  const scope = faults.length === 0 ? RuleScope.root(schema) : undefined;
  causes.push(...faults, ...openApiFaults(schema, at, scope));
  if (scope) causes.push(...totalCostFaults(scope.total, at));
  return causes;
}

function rootFaults(schema: JsonSchema, at: string): StatusCause[] {
  if (schema.type && schema.type !== 'object') {
    const detail =
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    return [causeInvalid(`${at}.type`, schema.type, detail)];
  }
  const isSet = (value: unknown) => value !== undefined && value !== false && value !== '' && value !== null;
  const others = Object.entries(schema).filter(([key, value]) => isSet(value) && !Object.hasOwn(AT_ROOT, key));
  if (others.length === 0) return [];
  const allowed = Object.values(AT_ROOT).join(' ');
  const detail = `only [${allowed}] fields are allowed at the root of the schema if the status subresource is enabled`;
  return [causeInvalid(at, schema, detail)];
}
